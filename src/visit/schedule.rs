//! When a source is requested again, and how a response changes its stored state. Pure.
//!
//! The rules: docs/reference/feeds.md#next-request and docs/reference/http.md#pauses.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, ZonedDateTime, tz::TimeZone};

use crate::{
    clock::jitter,
    feed::Feed,
    http::{Failure, FetchStats, Headers},
    model::{FailureKind, HostWait, Skips, SourceState, Validators},
};

use super::Settings;

mod addresses;
mod poll_bounds;

pub use addresses::{addresses, next_address, none_answered, one_answered};
pub use poll_bounds::PollBounds;

/// A source due this soon is due now; otherwise a 10-minute cron with a 10-minute lifetime would poll every
/// 20 minutes (docs/reference/settings.md#due-window).
pub const SLACK: Duration = Duration::from_mins(1);
/// Longest wait, chosen or requested (docs/reference/feeds.md#next-request, docs/reference/http.md#pauses).
pub const LONGEST: Duration = Duration::from_hours(24);
/// A feed without validators costs a whole body each time: requested this many times less often (docs/reference/feeds.md#next-request).
const UNCONDITIONAL_FACTOR: u32 = 6;
/// 429 without `Retry-After` (docs/reference/http.md#pauses).
const RATE_LIMIT_WAIT: Duration = Duration::from_hours(1);
/// A browser challenge (docs/reference/http.md#pauses).
const CHALLENGE_WAIT: Duration = Duration::from_hours(6);
/// 304s for this many mean intervals, and at least [`STUCK_AFTER`], are ignored (docs/reference/feeds.md#false-304).
const STUCK_GAPS: u32 = 10;
/// Longest mean interval.
const LONGEST_GAP: Duration = Duration::from_hours(30 * 24);
/// See [`STUCK_GAPS`]; also the least time between two plain GETs.
const STUCK_AFTER: Duration = Duration::from_hours(168);

/// When a source is requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Now.
    Now,
    /// Not yet: fresh until then.
    Fresh(Timestamp),
    /// Not yet: its host is paused, or it failed.
    Waiting(Timestamp),
    /// Never: it answered 410.
    Gone,
}

/// When the source in `state` is due, given the pause of its host. `every` is the interval that the user set; the stored
/// time may come from before that.
#[must_use]
pub fn due(
    state: &SourceState,
    every: Option<Duration>,
    host_pause: Option<Timestamp>,
    now: Timestamp,
) -> Due {
    if state.gone_at.is_some() {
        return Due::Gone;
    }
    if let Some(until) = state.not_before.max(host_pause).filter(|until| *until > now) {
        return Due::Waiting(until);
    }
    let by_user = every.filter(|_| state.failures == 0).and_then(|every| Some(state.checked_at? + every));
    let due_at = state.due_at.map(|at| by_user.map_or(at, |by_user| at.min(by_user)));
    match due_at.filter(|at| *at > now + SLACK) {
        Some(at) if state.failures > 0 => Due::Waiting(at),
        Some(at) => Due::Fresh(at),
        None => Due::Now,
    }
}

/// The validators of the next request: none where other rules parsed the last body, or where 304s have gone on for too long
/// (docs/reference/feeds.md#false-304). The second value is whether it is the latter.
pub fn validators(state: &SourceState, rules: u64, now: Timestamp) -> (Validators, bool) {
    let since = |at: Option<Timestamp>| at.map(|at| elapsed(at, now));
    let patience =
        STUCK_AFTER.max(Duration::from_secs(u64::from(state.mean_interval_s.unwrap_or(0))) * STUCK_GAPS);
    let stuck = since(state.unmodified_since).is_some_and(|long| long >= patience)
        && since(state.plain_get_at).is_none_or(|long| long >= STUCK_AFTER);
    if state.rules != rules || stuck {
        (Validators::default(), stuck)
    } else {
        (state.validators.clone(), false)
    }
}

/// The changes common to all responses.
fn asked(state: &SourceState, stats: &FetchStats, now: Timestamp) -> SourceState {
    let moved_to = stats.permanent_url.as_ref().map(ToString::to_string);
    let moved_seen = match &moved_to {
        Some(to) if state.moved_to.as_ref() == Some(to) => state.moved_seen.saturating_add(1),
        Some(_) => 1,
        None => 0,
    };
    let took = u32::try_from(stats.elapsed.as_millis()).unwrap_or(u32::MAX);
    SourceState {
        checked_at: Some(now),
        status: stats.status,
        moved_to,
        moved_seen,
        // A quarter of the newest value: smooth, and fast enough to follow a host that becomes slow.
        mean_ms: if state.mean_ms == 0 { took } else { state.mean_ms / 4 * 3 + took / 4 },
        ..state.clone()
    }
}

fn succeeded(state: SourceState, now: Timestamp) -> SourceState {
    SourceState { succeeded_at: Some(now), failures: 0, last_failure: None, not_before: None, ..state }
}

/// After a 304. A shorter lifetime is adopted, a longer one is not (docs/reference/feeds.md#next-request).
pub fn after_not_modified(
    state: &SourceState,
    headers: &Headers,
    stats: &FetchStats,
    bounds: PollBounds,
    now: Timestamp,
) -> SourceState {
    let ttl_s = headers
        .fresh_for
        .map_or(state.publisher_ttl_s, |fresh| state.publisher_ttl_s.min(whole_seconds(fresh)));
    let life = seconds(ttl_s).max(bounds.next(state, now)).min(LONGEST);
    let due_at = bounds.fixed().map_or_else(|| skip(now + life, state.skips), |every| now + every);
    let changed = |new: &Option<Vec<u8>>, old: &Option<Vec<u8>>| new.clone().or_else(|| old.clone());
    SourceState {
        validators: Validators {
            etag: changed(&headers.validators.etag, &state.validators.etag),
            last_modified: changed(&headers.validators.last_modified, &state.validators.last_modified),
        },
        conditional: true,
        unmodified_since: state.unmodified_since.or(Some(now)),
        due_at: Some(due_at),
        publisher_ttl_s: ttl_s,
        ..succeeded(asked(state, stats, now), now)
    }
}

/// A body that was parsed, or one equal to the last.
#[derive(Debug, Clone, Copy)]
pub struct Read<'a> {
    /// `None` where the body is equal to the last.
    pub feed: Option<&'a Feed>,
    pub headers: &'a Headers,
    pub hash: [u8; 16],
    pub rules: u64,
    /// New entries.
    pub new: u32,
    /// Whether this was the plain GET that ends a stuck 304.
    pub plain: bool,
}

/// After a 200 whose entries are about to be saved together with this.
pub fn after_read(
    state: &SourceState,
    read: Read<'_>,
    stats: &FetchStats,
    bounds: PollBounds,
    now: Timestamp,
) -> SourceState {
    let conditional = state.conditional || !read.headers.validators.is_empty();
    let stated = read.feed.map_or(Some(seconds(state.publisher_ttl_s)), |feed| feed.ttl);
    let ttl = stated.max(read.headers.fresh_for).unwrap_or_default();
    let doubted = read.feed.is_some_and(|feed| {
        read.headers.broken_off || feed.repairs.iter().any(|repair| repair.may_lose_entries())
    });
    let learned = SourceState {
        validators: if doubted { Validators::default() } else { read.headers.validators.clone() },
        validators_url: stats.final_url.to_string(),
        rules: read.rules,
        body_hash: Some(read.hash),
        first_read_at: state.first_read_at.or(Some(now)),
        read_at: Some(now),
        changed_at: if read.new > 0 { Some(now) } else { state.changed_at },
        conditional,
        publisher_ttl_s: whole_seconds(ttl.min(LONGEST)),
        unmodified_since: None,
        plain_get_at: if read.plain { Some(now) } else { state.plain_get_at },
        mean_interval_s: read.feed.and_then(|feed| mean_interval(feed, now)).or(state.mean_interval_s),
        repaired: read.feed.map_or(state.repaired, |feed| !feed.repairs.is_empty()),
        skips: read.feed.map_or(state.skips, skipped_times),
        ..succeeded(asked(state, stats, now), now)
    };
    let costly = if conditional || !bounds.is_request() {
        Duration::ZERO
    } else {
        bounds.min() * UNCONDITIONAL_FACTOR
    };
    let next =
        now + seconds(learned.publisher_ttl_s).max(bounds.next(&learned, now)).max(costly).min(LONGEST);
    let due_at = bounds.fixed().map_or_else(|| skip(next, learned.skips), |every| now + every);
    SourceState { due_at: Some(due_at), ..learned }
}

fn whole_seconds(time: Duration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX)
}

fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}

#[derive(Debug, Clone, Copy)]
pub enum Problem<'a> {
    /// The request failed.
    Fetch(&'a Failure),
    /// The body could not be read.
    Body(&'a FailureKind),
}

impl Problem<'_> {
    /// For outputs and the database.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Fetch(failure) => failure.kind(),
            Self::Body(kind) => (*kind).clone(),
        }
    }
}

/// After a failure: the validators stay, the next request is later (docs/reference/feeds.md#after-a-failure). The second
/// value is the pause that `host` asked for.
pub fn after_failure(
    state: &SourceState,
    problem: Problem<'_>,
    stats: &FetchStats,
    host: &str,
    bounds: PollBounds,
    now: Timestamp,
) -> (SourceState, Option<HostWait>) {
    let mut next = SourceState { last_failure: Some(problem.kind()), ..asked(state, stats, now) };
    let mut pause = None;
    match problem {
        // Another request of this run paused the host; this one was not sent.
        Problem::Fetch(Failure::HostPaused) => return (state.clone(), None),
        Problem::Fetch(Failure::RateLimited { retry_after }) => {
            let wait = retry_after.unwrap_or(RATE_LIMIT_WAIT).min(LONGEST);
            next.not_before = Some(now + wait);
            pause = Some(HostWait { host: host.to_owned(), not_before: now + wait, reason: problem.kind() });
        }
        Problem::Fetch(Failure::Unavailable { retry_after: Some(wait) }) => {
            next.not_before = Some(now + (*wait).min(LONGEST));
        }
        Problem::Fetch(Failure::Challenge) => next.not_before = Some(now + CHALLENGE_WAIT),
        Problem::Fetch(Failure::Gone) => next.gone_at = Some(now),
        Problem::Fetch(_) | Problem::Body(_) => {}
    }
    next.failures = state.failures.saturating_add(1);
    next.due_at = Some(now + back_off(bounds.min(), next.failures, &state.url));
    (next, pause)
}

/// After a visit whose results could not be saved: like a failure of the source. Nothing of the response is stored, so that
/// the next request returns all of it again.
#[must_use]
pub fn after_not_saved(state: &SourceState, bounds: PollBounds, now: Timestamp) -> SourceState {
    let failures = state.failures.saturating_add(1);
    SourceState {
        checked_at: Some(now),
        last_failure: Some(FailureKind::NotSaved),
        failures,
        due_at: Some(now + back_off(bounds.min(), failures, &state.url)),
        ..state.clone()
    }
}

/// 1, 2, 4 … intervals up to a day, ±10 % so that sources that failed together spread (docs/reference/feeds.md#after-a-failure).
fn back_off(interval: Duration, failures: u32, url: &str) -> Duration {
    let doubled = interval.saturating_mul(1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX));
    doubled.min(LONGEST).mul_f64(0.9 + 0.2 * jitter(&format!("{url} {failures}"))).min(LONGEST)
}

/// The hours and days without requests that `feed` asks for.
fn skipped_times(feed: &Feed) -> Skips {
    let hours = feed.skip_hours.iter().filter(|hour| **hour < 24);
    let days = feed.skip_days.iter().filter(|day| (1..=7).contains(*day));
    Skips {
        hours: hours.fold(0, |bits, hour| bits | 1 << hour),
        days: days.fold(0, |bits, day| bits | 1 << (day - 1)),
    }
}

/// Moves `at` out of the skipped hours and days, by a day at most (docs/reference/feeds.md#next-request).
fn skip(at: Timestamp, skips: Skips) -> Timestamp {
    let skipped = |time: &ZonedDateTime| {
        skips.hours >> time.hour() & 1 == 1 || skips.days >> time.weekday().to_monday_zero_offset() & 1 == 1
    };
    let start = at.to_zoned_datetime(TimeZone::UTC);
    if !skipped(&start) {
        return at;
    }
    let hour = SignedDuration::from_hours(1);
    let full = start.start_of_day().map_or(at, |day| day.timestamp() + hour * i32::from(start.hour()));
    (1..=24)
        .map(|hours| full + hour * hours)
        .find(|at| !skipped(&at.to_zoned_datetime(TimeZone::UTC)))
        .unwrap_or(at + LONGEST)
}

/// Mean time between a feed's entries, seconds; `None` with fewer than three dates that are not in the future. A month at
/// most, so that entries dated 1970 do not make every 304 plausible.
fn mean_interval(feed: &Feed, now: Timestamp) -> Option<u32> {
    let dates = feed.entries.iter().filter_map(|entry| entry.published).filter(|at| *at <= now);
    let dates: Vec<Timestamp> = dates.collect();
    let (first, last) = (dates.iter().min()?, dates.iter().max()?);
    let gaps = u64::try_from(dates.len()).ok()?.checked_sub(1).filter(|gaps| *gaps >= 2)?;
    u32::try_from((elapsed(*first, *last).as_secs() / gaps).min(LONGEST_GAP.as_secs())).ok()
}

/// From `from` to `to`; zero where the clock was set back.
fn elapsed(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
