//! A clock that is far ahead for a while, and comes back.

use super::*;
use crate::model::{Alert, BoundMessage, ChannelState, Settled};

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

/// Ten years.
fn ahead() -> SignedDuration {
    days(3_653)
}

#[test]
fn a_time_is_accepted_once_earlier_cycles_confirm_it() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        let confirmed = async |at: Timestamp| store.confirmed_time(at).await.unwrap();
        assert_eq!(confirmed(now()).await, now(), "without cycles");
        store.begin_cycle(now()).await.unwrap();
        assert_eq!(confirmed(now()).await, now());
        assert_eq!(confirmed(now() + hours(20)).await, now() + hours(20));
        for hour in 1..=72 {
            store.begin_cycle(now() + hours(hour)).await.unwrap();
            assert!(confirmed(now() + hours(hour)).await >= now() + hours(hour - 3), "hour {hour}");
        }
        let last = now() + hours(72);
        assert_eq!(confirmed(last + ahead()).await, last + hours(22));
        // Two cycles with clocks of different years confirm nothing.
        store.begin_cycle(last + ahead()).await.unwrap();
        store.begin_cycle(last + ahead() + days(400)).await.unwrap();
        assert_eq!(confirmed(last + ahead() + days(900)).await, last + hours(24));
        // A computer that was off for years: a day later the time is accepted.
        for hour in 0..=30 {
            store.begin_cycle(last + ahead() + days(900) + hours(hour)).await.unwrap();
        }
        let now = last + ahead() + days(900) + hours(30);
        assert!(confirmed(now).await >= now - hours(5));
    });
}

#[test]
fn one_cycle_ten_years_ahead_forgets_nothing() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        for hour in 0..30 {
            store.begin_cycle(now() + hours(hour)).await.unwrap();
        }
        // The source has brought something new since, so entry 1 may be forgotten in 90 days.
        save(&store, vec![entry(1, EntryState::Judged { score: 1 }), dropped(2)]).await;
        let later = now() + days(40);
        let state = SourceState { changed_at: Some(later), ..source(later) };
        store.commit(Commit { source: Some(state), ..Commit::default() }).await.unwrap();
        let pause = HostWait {
            host: "a.example".to_owned(),
            not_before: now() + days(2),
            reason: FailureKind::RateLimited,
        };
        store.commit(Commit { host_waits: vec![pause.clone()], ..Commit::default() }).await.unwrap();
        store.begin_cycle(now() + ahead()).await.unwrap();
        store.prune(now() + ahead(), 100, Retention::default()).await.unwrap();
        assert_eq!(new_under(&store, 7, &[1, 2]).await, []);
        store.begin_cycle(now() + days(1) + hours(6)).await.unwrap();
        assert_eq!(store.host_waits(now() + days(1) + hours(6)).await.unwrap(), [pause]);
    });
}

#[test]
fn times_stored_with_the_wrong_clock_move_back_and_no_others() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        store.begin_cycle(now()).await.unwrap();
        let asked_to_wait = SourceState {
            url: "https://waits.example/feed".to_owned(),
            checked_at: Some(now()),
            not_before: Some(now() + hours(20)),
            ..SourceState::default()
        };
        store.commit(Commit { source: Some(asked_to_wait.clone()), ..Commit::default() }).await.unwrap();
        let wrong = now() + ahead();
        store.begin_cycle(wrong).await.unwrap();
        let asked = SourceState { due_at: Some(wrong + hours(1)), changed_at: Some(wrong), ..source(wrong) };
        let mut seen = vec![entry(1, EntryState::Judged { score: 1 }), waiting(2)];
        for entry in &mut seen {
            entry.first_seen = wrong;
        }
        let mut finding = finding("d", "s", &[]);
        finding.record.detection.detected_at = wrong;
        finding.story.updated_at = wrong;
        finding.alerts = vec![queued("a1", wrong, wrong + hours(9))];
        let commit =
            Commit { source: Some(asked), entries: seen, findings: vec![finding], ..Commit::default() };
        store.commit(commit).await.unwrap();
        let back = now() + hours(1);
        store.begin_cycle(back).await.unwrap();

        let sources = store.sources().await.unwrap();
        assert_eq!(sources[0], asked_to_wait, "a server's pause from before");
        assert_eq!(
            (sources[1].checked_at, sources[1].due_at, sources[1].changed_at),
            (Some(back), Some(back + hours(1)), Some(back))
        );
        assert_eq!(store.backlog(now(), 9).await.unwrap()[0].first_seen, back);
        let filter = EventFilter { limit: 9, ..EventFilter::default() };
        assert_eq!(store.events(filter).await.unwrap()[0].detected_at, back);
        assert_eq!(store.recent_stories(back + hours(1)).await.unwrap(), []);
        let alert = &store.queued("a".to_owned()).await.unwrap()[0];
        assert_eq!((alert.created_at, alert.due_at), (back, back + hours(9)));
        // Sightings too: an entry is forgotten in 90 days, not in ten years.
        for day in 1..=5 {
            store.begin_cycle(back + days(94 + day)).await.unwrap();
        }
        let later = back + days(100);
        let state = SourceState { changed_at: Some(later), ..source(later) };
        store.commit(Commit { source: Some(state), ..Commit::default() }).await.unwrap();
        store.prune(later, 9, Retention::default()).await.unwrap();
        assert_eq!(new_under(&store, 7, &[1, 2]).await, [EntryKey([1; 16])]);
    });
}

#[test]
fn an_alert_deferred_with_the_wrong_clock_does_not_wait_ten_years() {
    block(async {
        let wrong = now() + ahead();
        let store = with_alert_before(wrong).await;
        store.bind(Vec::new(), vec![("a1".to_owned(), wrong + hours(9))]).await.unwrap();
        store.begin_cycle(now() + hours(1)).await.unwrap();
        let alert = &store.queued("a".to_owned()).await.unwrap()[0];
        assert_eq!((alert.created_at, alert.due_at), (now(), now() + hours(10)));
    });
}

#[test]
fn a_message_that_arrived_with_the_wrong_clock_is_forgotten_in_time() {
    block(async {
        let wrong = now() + ahead();
        let store = with_alert_before(wrong).await;
        let message = BoundMessage {
            id: "m".to_owned(),
            channel: "a".to_owned(),
            created_at: wrong,
            document: "{}".to_owned(),
            alerts: vec!["a1".to_owned()],
        };
        store.bind(vec![message], Vec::new()).await.unwrap();
        let channel = ChannelState { name: "a".to_owned(), ..ChannelState::default() };
        store.settle("m".to_owned(), Settled::Delivered, channel, wrong).await.unwrap();
        for day in 0..40 {
            store.begin_cycle(now() + hours(1) + days(day)).await.unwrap();
        }
        store.prune(now() + days(40), 9, Retention::default()).await.unwrap();
        assert_eq!(store.outbox(false, 9).await.unwrap(), []);
    });
}

/// A store with a cycle and an alert of now, in which a cycle at `wrong` has begun.
async fn with_alert_before(wrong: Timestamp) -> Store {
    let store = Store::open_in_memory().unwrap();
    store.begin_cycle(now()).await.unwrap();
    let mut finding = finding("d", "s", &[]);
    finding.alerts = vec![queued("a1", now(), now())];
    store.commit(Commit { findings: vec![finding], ..Commit::default() }).await.unwrap();
    store.begin_cycle(wrong).await.unwrap();
    store
}

fn queued(id: &str, created_at: Timestamp, due_at: Timestamp) -> Alert {
    Alert { instant: false, due_at, created_at, ..samples::alert(id, detection("d", "s", 80).detection) }
}
