use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::*;
use crate::{
    feed::Repair,
    model::{Entry, Source, samples},
};

const DAY: Duration = Duration::from_hours(24);
const MINUTE: Duration = Duration::from_mins(1);

fn now() -> Timestamp {
    "2026-11-21T06:30:00Z".parse().unwrap()
}

pub(super) fn settings() -> Settings {
    Settings {
        memory_limit: 1 << 20,
        feed_ttl: 10 * MINUTE,
        feed_ttl_max: 30 * MINUTE,
        article_ttl: 3 * DAY,
        catch_up: 0,
        without_savings: false,
        refresh: crate::visit::Refresh::Nothing,
    }
}

fn source() -> Source {
    samples::source("https://news.example/feed", "News")
}

fn poll_bounds() -> PollBounds {
    PollBounds::of(&source(), &settings())
}

fn stats() -> FetchStats {
    let url = Url::parse("https://news.example/feed").unwrap();
    FetchStats { status: Some(200), requests: 1, elapsed: Duration::from_millis(80), ..FetchStats::new(url) }
}

fn headers(fresh_for: Option<Duration>, etag: Option<&str>) -> Headers {
    let etag = etag.map(|etag| etag.as_bytes().to_vec());
    Headers { validators: Validators { etag, last_modified: None }, fresh_for, ..Headers::default() }
}

fn read<'a>(feed: Option<&'a Feed>, headers: &'a Headers) -> Read<'a> {
    Read { feed, headers, hash: [1; 16], rules: 7, new: 0, plain: false }
}

fn known() -> SourceState {
    let headers = headers(None, Some("\"a\""));
    after_read(&SourceState::default(), read(None, &headers), &stats(), poll_bounds(), now())
}

fn wait(state: &SourceState) -> Duration {
    elapsed(now(), state.due_at.unwrap())
}

#[test]
fn a_source_due_within_a_minute_is_due_now() {
    let mut state = known();
    state.due_at = Some(now() + SignedDuration::from_secs(59));
    assert_eq!(due(&state, None, None, now()), Due::Now);
    state.due_at = Some(now() + SignedDuration::from_secs(61));
    assert!(matches!(due(&state, None, None, now()), Due::Fresh(_)));
    state.failures = 1;
    assert!(matches!(due(&state, None, None, now()), Due::Waiting(_)));
}

#[test]
fn what_a_server_asked_for_is_kept_to_the_second() {
    let soon = now() + SignedDuration::from_secs(1);
    assert_eq!(due(&known(), None, Some(soon), now() - SignedDuration::from_hours(1)), Due::Waiting(soon));
    let state = SourceState { not_before: Some(soon), ..SourceState::default() };
    assert_eq!(due(&state, None, None, now()), Due::Waiting(soon));
    assert_eq!(due(&state, None, None, soon), Due::Now);
}

#[test]
fn a_feed_without_validators_is_asked_less_often() {
    let bare =
        after_read(&SourceState::default(), read(None, &headers(None, None)), &stats(), poll_bounds(), now());
    assert_eq!((wait(&bare), wait(&known())), (60 * MINUTE, 10 * MINUTE));
}

#[test]
fn the_publisher_s_ttl_lengthens_the_wait_up_to_a_day() {
    let ttl = |ttl, fresh_for| {
        let feed = Feed { ttl, ..Feed::default() };
        let headers = headers(fresh_for, Some("e"));
        wait(&after_read(
            &SourceState::default(),
            read(Some(&feed), &headers),
            &stats(),
            poll_bounds(),
            now(),
        ))
    };
    assert_eq!(ttl(Some(30 * MINUTE), None), 30 * MINUTE);
    assert_eq!(ttl(Some(30 * MINUTE), Some(45 * MINUTE)), 45 * MINUTE);
    assert_eq!(ttl(None, Some(MINUTE)), 10 * MINUTE);
    assert_eq!(ttl(None, Some(30 * DAY)), DAY);
}

#[test]
fn skipped_hours_and_days_are_left_out() {
    let skipping = |hours: &[u8], days: &[u8]| {
        let feed = Feed { skip_hours: hours.to_vec(), skip_days: days.to_vec(), ..Feed::default() };
        let headers = headers(None, Some("e"));
        after_read(&SourceState::default(), read(Some(&feed), &headers), &stats(), poll_bounds(), now())
            .due_at
            .unwrap()
    };
    // 06:40 on a Saturday.
    assert_eq!(skipping(&[6, 7], &[]).to_string(), "2026-11-21T08:00:00Z");
    assert_eq!(skipping(&[], &[6]).to_string(), "2026-11-22T00:00:00Z");
    let all: Vec<u8> = (0..24).collect();
    assert!(skipping(&all, &[]) <= now() + SignedDuration::from_hours(25));
}

#[test]
fn skipped_hours_of_the_last_body_count_after_a_304_and_after_an_equal_body_too() {
    let feed = Feed { skip_hours: vec![6, 7, 24], skip_days: vec![7, 8], ..Feed::default() };
    let tagged = headers(None, Some("e"));
    let first =
        after_read(&SourceState::default(), read(Some(&feed), &tagged), &stats(), poll_bounds(), now());
    let due = |state: SourceState| state.due_at.unwrap().to_string();
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    // A Saturday; Sunday is unwanted.
    for (asked, due_at) in [
        ("2026-11-21T05:55:00Z", "2026-11-21T08:00:00Z"),
        ("2026-11-21T12:00:00Z", "2026-11-21T12:10:00Z"),
        ("2026-11-21T23:55:00Z", "2026-11-23T00:00:00Z"),
    ] {
        let asked = at(asked);
        assert_eq!(due(after_not_modified(&first, &tagged, &stats(), poll_bounds(), asked)), due_at);
        assert_eq!(due(after_read(&first, read(None, &tagged), &stats(), poll_bounds(), asked)), due_at);
    }
    let without = Feed::default();
    let next = after_read(&first, read(Some(&without), &tagged), &stats(), poll_bounds(), now());
    assert_eq!(
        due(after_not_modified(&next, &tagged, &stats(), poll_bounds(), now())),
        "2026-11-21T06:40:00Z"
    );
}

#[test]
fn a_304_shortens_a_life_time_and_never_lengthens_it() {
    let state = SourceState { publisher_ttl_s: 2 * 60 * 60, ..known() };
    let after = |fresh_for| {
        wait(&after_not_modified(&state, &headers(fresh_for, None), &stats(), poll_bounds(), now()))
    };
    assert_eq!(after(None), 120 * MINUTE);
    assert_eq!(after(Some(30 * MINUTE)), 30 * MINUTE);
    assert_eq!(after(Some(600 * MINUTE)), 120 * MINUTE);
    let shortened =
        after_not_modified(&state, &headers(Some(30 * MINUTE), None), &stats(), poll_bounds(), now());
    let later =
        after_not_modified(&shortened, &headers(None, None), &stats(), poll_bounds(), now() + 30 * MINUTE);
    assert_eq!(elapsed(now() + 30 * MINUTE, later.due_at.unwrap()), 30 * MINUTE, "and it stays short");
}

#[test]
fn what_sleeps_is_asked_less_often_and_at_once_as_often_when_it_wakes() {
    let asked = |state: &SourceState, at: Timestamp| {
        let state = after_not_modified(state, &headers(None, None), &stats(), poll_bounds(), at);
        elapsed(at, state.due_at.unwrap())
    };
    let state = SourceState { mean_interval_s: Some(45 * 60), changed_at: Some(now()), ..known() };
    assert_eq!(asked(&state, now()), 15 * MINUTE);
    assert_eq!(asked(&state, now() + 12 * 60 * MINUTE), 30 * MINUTE);
    let lesson = headers(None, Some("\"b\""));
    let woken = Read { new: 1, ..read(None, &lesson) };
    let at = now() + 12 * 60 * MINUTE;
    let state = after_read(&state, woken, &stats(), poll_bounds(), at);
    assert_eq!(elapsed(at, state.due_at.unwrap()), 15 * MINUTE);
}

#[test]
fn a_304_keeps_the_validators_it_does_not_replace() {
    let state = after_not_modified(&known(), &headers(None, None), &stats(), poll_bounds(), now());
    assert_eq!(state.validators.etag.as_deref(), Some(b"\"a\"".as_slice()));
    let state = after_not_modified(&known(), &headers(None, Some("\"b\"")), &stats(), poll_bounds(), now());
    assert_eq!(state.validators.etag.as_deref(), Some(b"\"b\"".as_slice()));
    assert_eq!(state.unmodified_since, Some(now()));
}

#[test]
fn other_rules_ask_for_the_whole_body() {
    assert!(!validators(&known(), 7, now()).0.is_empty());
    assert_eq!(validators(&known(), 8, now()), (Validators::default(), false));
}

#[test]
fn a_304_that_goes_on_for_too_long_is_tested_once_a_week() {
    let week = SignedDuration::from_hours(7 * 24);
    let mut state = SourceState { unmodified_since: Some(now()), mean_interval_s: Some(3600), ..known() };
    assert!(!validators(&state, 7, now() + week - SignedDuration::from_secs(1)).1);
    assert!(validators(&state, 7, now() + week).1);
    state.plain_get_at = Some(now() + week);
    assert!(!validators(&state, 7, now() + week + SignedDuration::from_hours(1)).1);
    // A feed that speaks once a fortnight is believed for twenty weeks.
    state = SourceState { mean_interval_s: Some(14 * 24 * 3600), plain_get_at: None, ..state };
    assert!(!validators(&state, 7, now() + week * 10).1);
}

#[test]
fn failures_move_the_next_request_away_and_keep_the_validators() {
    let mut state = known();
    let mut waits = Vec::new();
    for _ in 0..12 {
        state = after_failure(
            &state,
            Problem::Fetch(&Failure::Reset),
            &stats(),
            "news.example",
            poll_bounds(),
            now(),
        )
        .0;
        waits.push(wait(&state).as_secs_f64() / 600.0);
    }
    for (doubling, wait) in [1.0, 2.0, 4.0, 8.0].into_iter().zip(&waits) {
        assert!((wait / doubling - 1.0).abs() <= 0.1001, "{waits:?}");
    }
    assert!(waits.iter().all(|wait| *wait <= 144.0), "{waits:?}");
    assert_eq!((state.failures, state.last_failure.as_ref()), (12, Some(&FailureKind::Reset)));
    assert_eq!(state.validators, known().validators);
    let state = after_not_modified(&state, &headers(None, None), &stats(), poll_bounds(), now());
    assert_eq!((state.failures, state.last_failure), (0, None));
}

#[test]
fn pauses_are_for_the_host_or_for_the_feed_as_the_server_means_them() {
    let fail = |failure: Failure| {
        after_failure(&known(), Problem::Fetch(&failure), &stats(), "news.example", poll_bounds(), now())
    };
    let (_, pause) = fail(Failure::RateLimited { retry_after: Some(2 * MINUTE) });
    assert_eq!(pause.unwrap().not_before, now() + 2 * MINUTE);
    let (_, pause) = fail(Failure::RateLimited { retry_after: None });
    assert_eq!(pause.unwrap().not_before, now() + 60 * MINUTE);
    let (state, pause) = fail(Failure::Unavailable { retry_after: Some(3 * MINUTE) });
    assert_eq!((state.not_before, pause), (Some(now() + 3 * MINUTE), None));
    let (state, _) = fail(Failure::Challenge);
    assert_eq!(state.not_before, Some(now() + 360 * MINUTE));
    let (state, _) = fail(Failure::Gone);
    assert_eq!(due(&state, None, None, now() + 400 * DAY), Due::Gone);
}

#[test]
fn a_permanent_move_is_counted_over_runs_and_forgotten_when_it_ends() {
    let moved =
        FetchStats { permanent_url: Some(Url::parse("https://new.example/feed").unwrap()), ..stats() };
    let mut state = known();
    for _ in 0..3 {
        state = after_not_modified(&state, &headers(None, None), &moved, poll_bounds(), now());
    }
    assert_eq!((state.moved_seen, state.moved_to.as_deref()), (3, Some("https://new.example/feed")));
    state = after_not_modified(&state, &headers(None, None), &stats(), poll_bounds(), now());
    assert_eq!((state.moved_seen, state.moved_to), (0, None));
}

#[test]
fn the_mean_interval_is_the_mean_between_dated_entries() {
    let entry =
        |hours| Entry { published: Some(now() - SignedDuration::from_hours(hours)), ..Entry::default() };
    let feed = Feed { entries: vec![entry(0), entry(2), entry(6), Entry::default()], ..Feed::default() };
    assert_eq!(mean_interval(&feed, now()), Some(3 * 3600));
    assert_eq!(mean_interval(&Feed { entries: vec![entry(0), entry(2)], ..Feed::default() }, now()), None);
}

#[test]
fn a_feed_that_broke_off_is_asked_for_in_full_until_it_comes_again_as_it_was() {
    let tagged = headers(None, Some("\"a\""));
    let cut = Feed { repairs: vec![Repair::CutOff], ..Feed::default() };
    let first = after_read(&known(), read(Some(&cut), &tagged), &stats(), poll_bounds(), now());
    assert!(first.validators.is_empty() && first.conditional);
    let again = after_read(&first, read(None, &tagged), &stats(), poll_bounds(), now());
    assert_eq!(again.validators, tagged.validators);
    let broken = Headers { broken_off: true, ..tagged.clone() };
    let first = after_read(&known(), read(Some(&Feed::default()), &broken), &stats(), poll_bounds(), now());
    assert!(first.validators.is_empty() && first.conditional);
    let again = after_read(&first, read(None, &broken), &stats(), poll_bounds(), now());
    assert_eq!(again.validators, tagged.validators);
}

#[test]
fn dates_in_the_future_or_in_1970_do_not_make_304s_believable() {
    let gap = |dates: &[&str]| {
        let entry = |at: &&str| Entry { published: Some(at.parse().unwrap()), ..Entry::default() };
        mean_interval(&Feed { entries: dates.iter().map(entry).collect(), ..Feed::default() }, now())
    };
    let (old, new) = ("1970-01-01T00:00:00Z", "2026-11-20T00:00:00Z");
    assert_eq!(gap(&["2999-01-01T00:00:00Z", "2999-01-02T00:00:00Z", new]), None);
    assert_eq!(gap(&[old, old, new]), u32::try_from(LONGEST_GAP.as_secs()).ok());
    assert_eq!(gap(&["2026-11-18T00:00:00Z", "2026-11-19T00:00:00Z", new]), Some(24 * 3600));
}

fn every(every: Duration) -> PollBounds {
    PollBounds::of(&Source { every: Some(every), ..source() }, &settings())
}

#[test]
fn an_interval_of_the_user_replaces_the_planned_one() {
    let feed = Feed { ttl: Some(30 * MINUTE), skip_hours: vec![6, 7], ..Feed::default() };
    let slow = headers(Some(45 * MINUTE), None);
    for minutes in [2, 300] {
        let bounds = every(minutes * MINUTE);
        let state = after_read(&SourceState::default(), read(Some(&feed), &slow), &stats(), bounds, now());
        assert_eq!(wait(&state), minutes * MINUTE);
        let state = after_not_modified(&state, &slow, &stats(), bounds, now());
        assert_eq!(wait(&state), minutes * MINUTE);
    }
    // Pauses that a server asks for, and the delay after failures, stay.
    let limited = Failure::RateLimited { retry_after: Some(20 * MINUTE) };
    let (paused, _) =
        after_failure(&known(), Problem::Fetch(&limited), &stats(), "news.example", every(2 * MINUTE), now());
    let later = now() + SignedDuration::from_mins(10);
    assert!(matches!(due(&paused, Some(2 * MINUTE), None, later), Due::Waiting(_)));
    assert!(wait(&paused) < 3 * MINUTE, "the delay after a failure begins with the interval");
}

#[test]
fn an_interval_that_the_user_shortens_applies_to_the_next_request() {
    let state = SourceState { due_at: Some(now() + 30 * MINUTE), ..known() };
    let later = now() + SignedDuration::from_mins(5);
    assert!(matches!(due(&state, None, None, later), Due::Fresh(_)));
    assert_eq!(due(&state, Some(2 * MINUTE), None, later), Due::Now);
    let failing = SourceState { failures: 1, ..state };
    assert!(matches!(due(&failing, Some(2 * MINUTE), None, later), Due::Waiting(_)));
}
