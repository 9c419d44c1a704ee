//! Rate limits: decides from response headers whether a call may be sent, before X refuses it
//! (docs/reference/x-api.md#rate-limits). Pure.

use jiff::{SignedDuration, Timestamp};

use crate::model::{RateState, XLimit};

const WINDOW: SignedDuration = XLimit::WINDOW;
/// The longest wait that is accepted (docs/reference/x-api.md#rate-limits).
pub(super) const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(24);
/// The largest correction by the server's clock: a machine set to its local time is up to 14 hours off. Beyond that,
/// one of the clocks is wrong and X is not read (docs/explain/decisions/0031-x-uses-the-local-clock.md).
pub const SKEW: SignedDuration = SignedDuration::from_hours(24);
/// Added to the wait for a reset: the `Date` header and the reset have whole seconds.
const MARGIN: SignedDuration = SignedDuration::from_secs(2);
/// Seconds by which a reset may be outside its window.
const SLACK: i64 = 60;
/// The wait after a second refusal in a row, doubled with each further one (docs/reference/x-api.md#rate-limits).
const PENALTY: SignedDuration = SignedDuration::from_secs(60);
/// One part in so many of each window stays free for other programs with the same token.
const RESERVE: u32 = 10;
/// One run takes at most one part in three of a window: ten minutes of fifteen, halved, so that a second run fits (docs/reference/x-api.md#rate-limits).
const RUN_SHARE: u32 = 3;

/// Calls per window and route, until the server states another number (docs/reference/x-api.md#endpoints).
pub const ROUTES: [(&str, u32); 5] =
    [(SEARCH, 450), (TIMELINE, 10_000), (USERS_BY, 300), (USERS, 300), (USAGE, 50)];
/// Recent search.
pub const SEARCH: &str = "GET /2/tweets/search/recent";
/// The posts of one account.
pub const TIMELINE: &str = "GET /2/users/{id}/tweets";
/// Accounts by handle.
pub const USERS_BY: &str = "GET /2/users/by";
/// Accounts by id.
pub const USERS: &str = "GET /2/users";
/// X's count of the posts it delivered.
pub const USAGE: &str = "GET /2/usage/tweets";

/// The headers of a response that concern limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// `x-rate-limit-limit`.
    pub limit: Option<u32>,
    /// `x-rate-limit-remaining`.
    pub remaining: Option<u32>,
    /// `x-rate-limit-reset`, seconds since 1970.
    pub reset: Option<i64>,
    /// The reset of a used-up 24-hour limit, seconds since 1970.
    pub day_reset: Option<i64>,
    /// The `Date` header.
    pub date: Option<Timestamp>,
}

impl Seen {
    /// Reads headers; names in lower case.
    #[must_use]
    pub fn read(headers: &[(String, String)]) -> Self {
        let text =
            |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim());
        let number = |name: &str| text(name).and_then(|value| value.parse::<i64>().ok());
        let small = |name: &str| number(name).and_then(|value| u32::try_from(value).ok());
        let day = ["app", "user"].into_iter().find_map(|who| {
            (number(&format!("x-{who}-limit-24hour-remaining")) == Some(0))
                .then(|| number(&format!("x-{who}-limit-24hour-reset")))
                .flatten()
        });
        let date = text("date").and_then(|value| httpdate::parse_http_date(value).ok());
        Self {
            limit: small("x-rate-limit-limit"),
            remaining: small("x-rate-limit-remaining"),
            reset: number("x-rate-limit-reset"),
            day_reset: day,
            date: date.and_then(|date| Timestamp::try_from(date).ok()),
        }
    }
}

/// Kinds of refusal (docs/reference/x-api.md#rate-limits).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The window, or the 24 hours that the headers name.
    Window,
    /// The plan's cap: no header states its end.
    UsageCap,
}

/// The limit `known` after a response between `sent` and `received`; `refused` if it was a 429.
#[must_use]
pub fn learn(
    known: Option<&XLimit>,
    route: &str,
    seen: Seen,
    sent: Timestamp,
    received: Timestamp,
    refused: Option<Refusal>,
) -> XLimit {
    let mut limit = known.cloned().unwrap_or_else(|| unknown(route));
    if let Some(skew) = skew(seen, sent, received) {
        // The header is exact to a second.
        let exact = skew.abs() > SignedDuration::from_millis(1_500) && skew.abs() <= SKEW;
        limit.skew_ms = if exact { i64::try_from(skew.as_millis()).unwrap_or(0) } else { 0 };
    }
    let server_now = server_time(&limit, received).as_second();
    if !is_window(limit.reset, server_now) {
        limit.reset = 0;
    }
    let day = |reset: &i64| (server_now - SLACK..=server_now + LONGEST_WAIT.as_secs()).contains(reset);
    let window = seen.reset.filter(|reset| *reset >= server_now - SLACK && is_window(*reset, server_now));
    match (seen.remaining, window) {
        (Some(remaining), Some(reset)) if reset > limit.reset => {
            (limit.reset, limit.remaining) = (reset, remaining);
        }
        (Some(remaining), Some(reset)) if reset == limit.reset => {
            limit.remaining = limit.remaining.min(remaining);
        }
        // A response of an earlier window, which came late.
        (Some(_), Some(_)) => {}
        // Without headers, the call is counted here.
        _ => limit.remaining = limit.remaining.saturating_sub(1),
    }
    limit.limit = seen.limit.filter(|limit| *limit > 0).unwrap_or(limit.limit);
    match refused {
        None => {
            limit.strikes = 0;
            if limit.blocked_until.is_some_and(|until| until <= received) {
                (limit.blocked_until, limit.reason) = (None, None);
            }
        }
        Some(kind) => {
            let reset = seen.day_reset.filter(day).or(window);
            refuse(&mut limit, kind, reset, received);
        }
    }
    limit
}

/// Whether a window that is open at `server_now` can end at `reset`, or has ended by then.
fn is_window(reset: i64, server_now: i64) -> bool {
    reset <= server_now + WINDOW.as_secs() + SLACK
}

/// How far the server's clock is ahead, by a response between `sent` and `received`.
#[must_use]
pub fn skew(seen: Seen, sent: Timestamp, received: Timestamp) -> Option<SignedDuration> {
    let middle = sent + received.duration_since(sent) / 2;
    // The header drops half a second on average.
    Some(seen.date?.duration_since(middle) + SignedDuration::from_millis(500))
}

/// Blocks the route after a 429 that names `reset`, seconds since 1970 by the server's clock.
fn refuse(limit: &mut XLimit, kind: Refusal, reset: Option<i64>, received: Timestamp) {
    limit.remaining = 0;
    limit.strikes += 1;
    let local = |reset: i64| {
        let server = Timestamp::from_second(reset).unwrap_or(received);
        server - SignedDuration::from_millis(limit.skew_ms) + MARGIN
    };
    let reset = reset.map(local);
    let (until, reason) = match kind {
        Refusal::Window => (reset.unwrap_or(received + WINDOW), "X asked to slow down (429)"),
        Refusal::UsageCap => {
            (received + LONGEST_WAIT, "the plan's cap of posts is used up (429 usage-capped)")
        }
    };
    let doublings = limit.strikes.saturating_sub(2).min(10);
    let penalty = if limit.strikes > 1 { PENALTY * (1 << doublings) } else { SignedDuration::ZERO };
    let until = until.max(received + penalty).min(received + LONGEST_WAIT);
    limit.blocked_until = limit.blocked_until.max(Some(until));
    limit.reason = Some(reason.to_owned());
}

fn unknown(route: &str) -> XLimit {
    let limit = ROUTES.iter().find(|(name, _)| *name == route).map_or(1, |(_, limit)| *limit);
    XLimit { limit, remaining: limit, ..XLimit::default() }
}

/// The server's time at the local time `now`.
#[must_use]
pub fn server_time(limit: &XLimit, now: Timestamp) -> Timestamp {
    let skew = Some(SignedDuration::from_millis(limit.skew_ms)).filter(|skew| skew.abs() <= SKEW);
    now.checked_add(skew.unwrap_or_default()).unwrap_or(now)
}

/// The server's time, by the route with the latest window.
pub(crate) fn server_now(limits: &[(String, XLimit)], now: Timestamp) -> Timestamp {
    let latest = limits.iter().max_by_key(|(_, limit)| limit.reset);
    latest.map_or(now, |(_, limit)| server_time(limit, now))
}

/// Whether a call may be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RateDecision {
    /// It may be sent.
    Go,
    /// Not before this time, for this reason.
    NotBefore(Timestamp, String),
}

/// Decides at `now`; this run has sent `taken` calls to the route.
#[must_use]
pub fn rate_decision(view: &RateState, route: &str, taken: u32, now: Timestamp) -> RateDecision {
    for known in [&view.block, &view.limit].into_iter().flatten() {
        if let Some(until) = known.blocked_until.filter(|until| *until > now) {
            let reason = known.reason.clone().unwrap_or_else(|| "X asked to wait".to_owned());
            return RateDecision::NotBefore(until, reason);
        }
    }
    let limit = view.limit.clone().unwrap_or_else(|| unknown(route));
    let server_now = server_time(&limit, now).as_second();
    let over = server_now > limit.reset || !is_window(limit.reset, server_now);
    let remaining = if over { limit.limit } else { limit.remaining };
    let reset = Timestamp::from_second(limit.reset).unwrap_or(now);
    let until = if over {
        now + WINDOW
    } else {
        (now + reset.duration_since(server_time(&limit, now)) + MARGIN).max(now)
    };
    if remaining <= view.in_flight.saturating_add(limit.limit / RESERVE) {
        return RateDecision::NotBefore(until, "this window's calls are used up".to_owned());
    }
    if taken >= (limit.limit / RUN_SHARE).max(1) {
        return RateDecision::NotBefore(until, "this run's share of the window is used up".to_owned());
    }
    RateDecision::Go
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T10:00:00Z".parse().unwrap()
    }

    fn seen(remaining: u32, reset_in: i64) -> Seen {
        Seen {
            limit: Some(450),
            remaining: Some(remaining),
            reset: Some(now().as_second() + reset_in),
            date: Some(now()),
            ..Seen::default()
        }
    }

    fn known(remaining: u32, reset_in: i64) -> XLimit {
        learn(None, SEARCH, seen(remaining, reset_in), now(), now(), None)
    }

    fn view(limit: Option<XLimit>, in_flight: u32) -> RateState {
        RateState { limit, in_flight, ..RateState::default() }
    }

    #[test]
    fn answers_that_overtake_each_other_do_not_raise_what_is_left() {
        let late = learn(Some(&known(300, 600)), SEARCH, seen(305, 600), now(), now(), None);
        assert_eq!(late.remaining, 300);
        let older_window = learn(Some(&known(449, 900)), SEARCH, seen(3, 10), now(), now(), None);
        assert_eq!(older_window.remaining, 449);
        let silent = learn(Some(&known(300, 600)), SEARCH, Seen::default(), now(), now(), None);
        assert_eq!(silent.remaining, 299);
    }

    #[test]
    fn a_window_is_never_emptied_and_a_new_one_is_full() {
        assert_eq!(rate_decision(&view(None, 0), SEARCH, 0, now()), RateDecision::Go);
        assert_eq!(rate_decision(&view(Some(known(46, 600)), 0), SEARCH, 0, now()), RateDecision::Go);
        let until = now() + SignedDuration::from_secs(602);
        assert!(
            matches!(rate_decision(&view(Some(known(46, 600)), 1), SEARCH, 0, now()), RateDecision::NotBefore(at, _) if at == until)
        );
        let later = now() + SignedDuration::from_secs(602);
        assert_eq!(rate_decision(&view(Some(known(0, 600)), 0), SEARCH, 0, later), RateDecision::Go);
        assert!(matches!(rate_decision(&view(None, 0), SEARCH, 150, now()), RateDecision::NotBefore(..)));
    }

    #[test]
    fn a_refusal_holds_until_the_reset_whatever_remains() {
        let refused =
            learn(Some(&known(300, 600)), SEARCH, seen(14, 600), now(), now(), Some(Refusal::Window));
        assert_eq!(refused.remaining, 0);
        let reset = now() + SignedDuration::from_secs(600);
        assert!(matches!(
            rate_decision(&view(Some(refused.clone()), 0), SEARCH, 0, reset),
            RateDecision::NotBefore(..)
        ));
        assert_eq!(rate_decision(&view(Some(refused), 0), SEARCH, 0, reset + MARGIN), RateDecision::Go);
        let untold = learn(None, SEARCH, Seen::default(), now(), now(), Some(Refusal::Window));
        assert_eq!(untold.blocked_until, Some(now() + WINDOW));
        let absurd = Seen { reset: Some(7), ..Seen::default() };
        let absurd = learn(None, SEARCH, absurd, now(), now(), Some(Refusal::Window));
        assert_eq!(absurd.blocked_until, Some(now() + WINDOW));
    }

    #[test]
    fn refusals_in_a_row_wait_longer_and_a_success_forgives() {
        let soon =
            |limit: Option<&XLimit>| learn(limit, SEARCH, seen(0, 5), now(), now(), Some(Refusal::Window));
        let first = soon(None);
        let third = soon(Some(&soon(Some(&first))));
        assert_eq!(first.blocked_until, Some(now() + SignedDuration::from_secs(7)));
        assert_eq!(third.blocked_until, Some(now() + SignedDuration::from_secs(120)));
        let cap = learn(None, SEARCH, seen(400, 5), now(), now(), Some(Refusal::UsageCap));
        assert_eq!(cap.blocked_until, Some(now() + LONGEST_WAIT));
        let good = learn(Some(&third), SEARCH, seen(449, 900), now(), now() + WINDOW, None);
        assert_eq!((good.strikes, good.blocked_until), (0, None));
    }

    #[test]
    fn a_clock_that_is_wrong_is_reckoned_with() {
        let ahead = SignedDuration::from_mins(7);
        let seen_now = Seen { date: Some(now() + ahead), ..seen(0, 7 * 60 + 300) };
        let limit = learn(None, SEARCH, seen_now, now(), now(), Some(Refusal::Window));
        assert!((limit.skew_ms - 420_000).abs() <= 500);
        let until = limit.blocked_until.unwrap().duration_since(now()).as_secs();
        assert!((300..=303).contains(&until), "{until}");
    }

    #[test]
    fn no_date_and_no_reset_can_make_a_wait_longer_than_a_window() {
        for (date, reset) in [
            (now() + SignedDuration::from_hours(24 * 365), now().as_second() + 31_536_000 + 60),
            (now() - SignedDuration::from_hours(24 * 365), now().as_second() - 31_536_000 + 60),
            (now(), now().as_second() + 7_200),
            (now(), i64::MAX),
            (now(), i64::MIN),
            (now() + SKEW, (now() + SKEW).as_second() + 900),
        ] {
            let seen_now = Seen { date: Some(date), reset: Some(reset), ..seen(0, 0) };
            let limit = learn(None, SEARCH, seen_now, now(), now(), Some(Refusal::Window));
            let longest = now() + WINDOW + SignedDuration::from_secs(SLACK) + MARGIN;
            assert!(limit.blocked_until.unwrap() <= longest, "{date} {reset} {limit:?}");
            assert!(server_time(&limit, now()) <= now() + SKEW);
            let stored = XLimit { reset, skew_ms: 40_000_000_000, ..limit };
            let stored = XLimit { blocked_until: None, remaining: 0, ..stored };
            if let RateDecision::NotBefore(until, _) = rate_decision(&view(Some(stored), 0), SEARCH, 0, now())
            {
                assert!(until <= longest, "{until}");
            }
        }
    }

    #[test]
    fn a_day_limit_that_is_used_up_counts() {
        let pair = |name: &str, value: i64| (name.to_owned(), value.to_string());
        let reset = now().as_second() + 7_200;
        let headers = [
            pair("x-rate-limit-remaining", 14),
            pair("x-rate-limit-reset", now().as_second() + 60),
            pair("x-app-limit-24hour-remaining", 0),
            pair("x-app-limit-24hour-reset", reset),
        ];
        let limit = learn(None, SEARCH, Seen::read(&headers), now(), now(), Some(Refusal::Window));
        assert_eq!(limit.blocked_until.unwrap().as_second(), reset + 2);
    }
}
