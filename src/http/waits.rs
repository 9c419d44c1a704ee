//! How long a server asks us to wait, by the standard header and by those of single services. Pure.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, fmt::rfc2822, tz::TimeZone};
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

/// Longest wait that a server's request is followed for (docs/reference/http.md#pauses).
const LONGEST: Duration = Duration::from_hours(24);
/// Shortest wait until a limit is reset: the limit may not be open at once.
const SHORTEST_RESET: Duration = Duration::from_secs(1);
/// An earlier reset does not concern the present limit.
const STALE: Duration = Duration::from_mins(5);
/// Headers with the time when a limit is reset: as a date, in seconds from now or since 1970 (GitHub, reddit, X and others;
/// draft-ietf-httpapi-ratelimit-headers up to version 7).
const RESETS: [&str; 7] = [
    "ratelimit-reset",
    "x-ratelimit-reset",
    "x-rate-limit-reset",
    "rate-limit-reset",
    "x-ratelimit-reset-after",
    "x-ratelimit-retry-after",
    "x-retry-after",
];
/// Headers with structured values (the same draft; from version 8 on `"name";r=0;t=48`).
const STRUCTURED: [&str; 2] = ["ratelimit", "x-ratelimit"];
/// Headers with the requests that are left of a limit.
const REMAINING: [&str; 4] =
    ["ratelimit-remaining", "x-ratelimit-remaining", "x-rate-limit-remaining", "rate-limit-remaining"];
/// The same wait in milliseconds (Azure).
const RETRY_AFTER_MS: &str = "retry-after-ms";

/// The wait that a refusal asks for: `Retry-After`, else the time until a limit is reset; `None` without either.
/// `limited`: the refusal is for a limit (429); otherwise a reset counts only where nothing of the limit is left.
#[must_use]
pub fn wait(headers: &HeaderMap, now: Timestamp, limited: bool) -> Option<Duration> {
    retry_after(headers, now).or_else(|| reset(headers, now).filter(|_| limited || exhausted(headers)))
}

/// `Retry-After` in seconds or as a date, relative to the response's own `Date`; `None` where it is missing or invalid
/// (RFC 9110, section 10.2.3). Of several the longest.
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let sent = sent(headers, now);
    let all = headers.get_all(RETRY_AFTER).iter().filter_map(|value| value.to_str().ok());
    let waits = all.filter_map(|value| {
        let value = value.trim();
        let wait = match number(value) {
            Some(seconds) => seconds_of(seconds),
            None => until(value, sent).or_else(|| span(value))?,
        };
        Some(wait.min(LONGEST))
    });
    waits.max()
}

/// Time until a limit is reset; of several the longest.
fn reset(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let sent = sent(headers, now);
    let values = |name: &'static str| {
        headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).map(str::trim)
    };
    let in_ms = values(RETRY_AFTER_MS).filter_map(number).map(|ms| seconds_of(ms / 1000.0));
    let single = RESETS.into_iter().flat_map(values).filter_map(|value| reset_in(value, sent));
    let structured = STRUCTURED.into_iter().flat_map(values).filter_map(structured).map(seconds_of);
    let longest = in_ms.chain(single).chain(structured).max()?;
    Some(longest.clamp(SHORTEST_RESET, LONGEST))
}

/// Whether a header reports that nothing of a limit is left.
fn exhausted(headers: &HeaderMap) -> bool {
    let left = REMAINING.into_iter().filter_map(|name| number(headers.get(name)?.to_str().ok()?.trim()));
    left.fold(None, |least: Option<f64>, left| Some(least.map_or(left, |least| least.min(left))))
        .is_some_and(|left| left < 1.0)
}

fn sent(headers: &HeaderMap, now: Timestamp) -> Timestamp {
    header_date(headers, &DATE).unwrap_or(now)
}

/// A value of one of [`RESETS`]. The size of a number shows its unit: seconds from now, or seconds, milliseconds,
/// microseconds or nanoseconds since 1970.
fn reset_in(value: &str, sent: Timestamp) -> Option<Duration> {
    let Some(number) = number(value) else { return until(value, sent).or_else(|| span(value)) };
    let since_1970 = match number {
        ..1e8 => return Some(seconds_of(number)),
        ..1e11 => number,
        ..1e14 => number / 1e3,
        ..1e17 => number / 1e6,
        _ => number / 1e9,
    };
    let from_now = since_1970 - sent.as_second() as f64;
    (from_now > -STALE.as_secs_f64()).then(|| seconds_of(from_now))
}

/// The longest `t` (older form: `reset`) of the limits with nothing left, else the shortest of all.
fn structured(value: &str) -> Option<f64> {
    let (mut spent, mut open): (Option<f64>, Option<f64>) = (None, None);
    for limit in value.split(',') {
        let field = |names: &[&str]| {
            limit.split([';', ' ']).find_map(|field| {
                let (name, value) = field.split_once('=')?;
                names
                    .iter()
                    .any(|known| name.trim().eq_ignore_ascii_case(known))
                    .then(|| number(value.trim()))?
            })
        };
        let Some(time) = field(&["t", "reset"]) else { continue };
        if field(&["r", "remaining"]).is_some_and(|left| left >= 1.0) {
            open = Some(open.map_or(time, |least| least.min(time)));
        } else {
            spent = Some(spent.map_or(time, |most| most.max(time)));
        }
    }
    spent.or(open)
}

/// A decimal number of any length.
fn number(value: &str) -> Option<f64> {
    let value = value.trim_matches('"');
    let digits = value.strip_prefix(['-', '+']).unwrap_or(value);
    let plain = digits.starts_with(|first: char| first.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if plain { value.parse().ok() } else { None }
}

/// `seconds` rounded up, from zero to [`LONGEST`].
fn seconds_of(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.ceil().clamp(0.0, LONGEST.as_secs_f64())).unwrap_or(LONGEST)
}

/// From `sent` to the date `value`.
fn until(value: &str, sent: Timestamp) -> Option<Duration> {
    let Some(at) = date(value) else { return far_ahead(value).then_some(LONGEST) };
    Some(at.duration_since(sent).max(SignedDuration::ZERO).unsigned_abs())
}

/// A duration in words or in short forms: `48s`, `6m0s`, `2 minutes`.
fn span(value: &str) -> Option<Duration> {
    let span = value.to_ascii_lowercase().parse::<SignedDuration>().ok()?;
    Some(seconds_of(span.as_secs_f64()))
}

/// A date in one of the forms of RFC 9110, of mail or of ISO 8601. Dates beyond the supported range become its end.
fn date(value: &str) -> Option<Timestamp> {
    static MAIL: rfc2822::DateTimeParser = rfc2822::DateTimeParser::new().relaxed_weekday(true);
    let value = value.trim().trim_matches('"');
    if let Ok(parsed) = httpdate::parse_http_date(value) {
        let at = Timestamp::try_from(parsed).unwrap_or(Timestamp::MAX);
        return Some(at.to_zoned_datetime(TimeZone::UTC).timestamp());
    }
    let mail = value.strip_suffix("UTC").map_or_else(|| value.to_owned(), |rest| format!("{rest}GMT"));
    MAIL.parse_timestamp(&mail).ok().or_else(|| value.parse().ok())
}

/// Whether `value` looks like a date of the year 9999 or later: no parser reads those, and they mean "not for a long
/// time".
fn far_ahead(value: &str) -> bool {
    let dated = value.contains([':', '-', '/', ' ']) || value.contains("GMT");
    let longest = value.split(|letter: char| !letter.is_ascii_digit());
    dated && longest.map(str::trim).any(|digits| digits.len() > 4 || digits == "9999")
}

pub(super) fn header_date(headers: &HeaderMap, name: &HeaderName) -> Option<Timestamp> {
    headers.get(name).and_then(|value| value.to_str().ok()).and_then(date)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn now() -> Timestamp {
        "2026-11-21T10:00:00Z".parse().unwrap()
    }

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| {
            (name.parse::<HeaderName>().unwrap(), value.parse::<reqwest::header::HeaderValue>().unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    /// The wait after a 429 with these headers, seconds.
    fn waits(pairs: &[(&str, &str)]) -> Option<u64> {
        wait(&headers(pairs), now(), true).map(|wait| wait.as_secs())
    }

    #[test]
    fn retry_after_is_never_ignored_and_never_longer_than_a_day() {
        const DAY: u64 = 24 * 3600;
        for (value, expected) in [
            ("0", 0),
            ("120", 120),
            (" 120 ", 120),
            ("1.5", 2),
            ("-5", 0),
            ("\"30\"", 30),
            ("999999999999999999999999999999", DAY),
            ("Sat, 21 Nov 2026 10:02:00 GMT", 120),
            ("Saturday, 21-Nov-26 10:02:00 GMT", 120),
            ("Sat Nov 21 10:02:00 2026", 120),
            ("Sat, 21 Nov 2026 11:02:00 +0100", 120),
            ("21 Nov 2026 10:02:00 UTC", 120),
            ("2026-11-21T10:02:00Z", 120),
            ("Sat, 21 Nov 2026 09:00:00 GMT", 0),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Fri, 31 Dec 9999 23:59:59 GMT", DAY),
            ("Fri, 31 Dec 99999 23:59:59 GMT", DAY),
            ("9999-12-31T23:59:59Z", DAY),
            ("Wed, 01 Jan 2098 00:00:00 GMT", DAY),
            ("120s", 120),
            ("2 minutes", 120),
        ] {
            assert_eq!(waits(&[("retry-after", value)]), Some(expected), "{value}");
        }
        for nonsense in ["", "soon", "1e3", "--1", "Sat, 21 Nov", "::"] {
            assert_eq!(waits(&[("retry-after", nonsense)]), None, "{nonsense}");
        }
        let early =
            [("date", "Sat, 21 Nov 2026 09:00:00 GMT"), ("retry-after", "Sat, 21 Nov 2026 09:02:00 GMT")];
        assert_eq!(waits(&early), Some(120), "held against the server's own clock");
        assert_eq!(waits(&[("retry-after", "5"), ("retry-after", "60")]), Some(60));
    }

    #[test]
    fn a_limit_s_reset_counts_where_there_is_no_retry_after() {
        let at = |seconds: i64| (now().as_second() + seconds).to_string();
        let (epoch, ms, past, old) = (at(48), format!("{}123", at(48)), at(-10), at(-4000));
        for (name, value, expected) in [
            ("x-ratelimit-reset", "48", Some(48)),
            ("ratelimit-reset", "47.2", Some(48)),
            ("x-rate-limit-reset", epoch.as_str(), Some(48)),
            ("x-ratelimit-reset", ms.as_str(), Some(49)),
            ("x-ratelimit-reset", past.as_str(), Some(1)),
            ("x-ratelimit-reset", old.as_str(), None),
            ("x-ratelimit-reset", "0", Some(1)),
            ("x-ratelimit-reset", "99999999", Some(24 * 3600)),
            ("x-ratelimit-reset", "99999999999999999999", Some(24 * 3600)),
            ("x-ratelimit-reset", "Sat, 21 Nov 2026 10:00:48 GMT", Some(48)),
            ("x-ratelimit-reset", "2026-11-21T10:00:48Z", Some(48)),
            ("x-ratelimit-reset", "1m30s", Some(90)),
            ("x-ratelimit-reset-after", "0.25", Some(1)),
            ("retry-after-ms", "4500", Some(5)),
            ("ratelimit", "limit=100;r=0;t=48", Some(48)),
            ("ratelimit", "\"burst\";r=0;t=48", Some(48)),
            ("ratelimit", "\"burst\";r=0;t=48, \"day\";r=12;t=9000", Some(48)),
            ("ratelimit", "\"burst\";r=0;t=48, \"day\";r=0;t=9000", Some(9000)),
            ("ratelimit", "limit=100, remaining=0, reset=48", Some(48)),
            ("ratelimit", "\"burst\";r=0", None),
            ("x-ratelimit-reset", "later", None),
        ] {
            assert_eq!(waits(&[(name, value)]), expected, "{name}: {value}");
            let both = [(name, value), ("retry-after", "7")];
            assert_eq!(waits(&both), Some(7), "Retry-After comes first: {name}: {value}");
        }
        let nonsense = [("retry-after", "soon"), ("x-ratelimit-reset", "48")];
        assert_eq!(waits(&nonsense), Some(48));
    }

    #[test]
    fn another_refusal_waits_for_a_reset_only_where_nothing_is_left() {
        let wait = |left| {
            wait(&headers(&[("x-ratelimit-reset", "48"), ("x-ratelimit-remaining", left)]), now(), false)
        };
        assert_eq!((wait("0"), wait("0.0"), wait("12")), (Some(48 * SECOND), Some(48 * SECOND), None));
    }

    proptest! {
        #[test]
        fn no_wait_is_longer_than_a_day(value in "\\PC{0,30}|[0-9]{1,40}|[A-Za-z]{3}, [0-9]{1,3} [A-Za-z]{3} [0-9]{1,6} 2[0-9]:00:00 GMT") {
            for name in RESETS.into_iter().chain(STRUCTURED).chain([RETRY_AFTER_MS, "retry-after"]) {
                if let Ok(value) = reqwest::header::HeaderValue::from_str(&value) {
                    let all: HeaderMap = [(HeaderName::from_static(name), value)].into_iter().collect();
                    prop_assert!(wait(&all, now(), true).is_none_or(|wait| wait <= LONGEST));
                }
            }
        }
    }
}
