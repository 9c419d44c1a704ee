//! What an answer's headers mean to us. Pure.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use reqwest::header::{
    AGE, CACHE_CONTROL, CONTENT_TYPE, DATE, ETAG, EXPIRES, HeaderMap, HeaderName, LAST_MODIFIED, RETRY_AFTER,
};

use super::Headers;
use crate::model::Validators;

/// No wait that a server asks for is kept longer (feed-fetching, rule 11).
const LONGEST: Duration = Duration::from_hours(24);

/// Validators as sent, content type, and the life time left.
pub fn read(headers: &HeaderMap, now: Timestamp) -> Headers {
    let bytes = |name: HeaderName| headers.get(name).map(|value| value.as_bytes().to_vec());
    Headers {
        validators: Validators { etag: bytes(ETAG), last_modified: bytes(LAST_MODIFIED) },
        content_type: text(headers, &CONTENT_TYPE).map(str::to_owned),
        fresh_for: fresh_for(headers, now),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn fresh_for(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let control = text(headers, &CACHE_CONTROL).unwrap_or_default().to_ascii_lowercase();
    let mut directives = control.split(',').map(str::trim);
    if directives.clone().any(|directive| matches!(directive, "no-store" | "no-cache")) {
        return None;
    }
    let seconds = |value: &str| value.trim_matches('"').parse::<u64>().ok();
    let life = if let Some(life) =
        directives.find_map(|directive| directive.strip_prefix("max-age=")).and_then(seconds)
    {
        life.saturating_sub(text(headers, &AGE).and_then(seconds).unwrap_or(0))
    } else {
        let expires = date(text(headers, &EXPIRES)?)?;
        let sent = text(headers, &DATE).and_then(date).unwrap_or(now);
        u64::try_from(expires.duration_since(sent).as_secs()).ok()?
    };
    (life > 0).then(|| Duration::from_secs(life))
}

/// `Retry-After` in seconds or as a date held against the answer's own `Date`; `None` where it is missing
/// or makes no sense (RFC 9110, section 10.2.3).
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = text(headers, &RETRY_AFTER)?.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number holds still mean "very long".
        return Some(value.parse().map_or(LONGEST, |seconds| Duration::from_secs(seconds).min(LONGEST)));
    }
    let sent = text(headers, &DATE).and_then(date).unwrap_or(now);
    let wait = date(value)?.duration_since(sent).max(SignedDuration::ZERO);
    Some(wait.unsigned_abs().min(LONGEST))
}

fn date(value: &str) -> Option<Timestamp> {
    let parsed = httpdate::parse_http_date(value.trim()).ok()?;
    Timestamp::try_from(parsed).ok().map(|at| at.to_zoned(TimeZone::UTC).timestamp())
}
