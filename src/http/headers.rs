//! Reads and builds headers. Pure.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{
    AGE, CACHE_CONTROL, CONTENT_TYPE, DATE, ETAG, EXPIRES, HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED,
};

use super::{Headers, waits::header_date};
use crate::model::Validators;

/// Validators as sent, content type, and the remaining lifetime.
pub fn read(headers: &HeaderMap, now: Timestamp) -> Headers {
    let bytes = |name: HeaderName| headers.get(name).map(|value| value.as_bytes().to_vec());
    Headers {
        validators: Validators { etag: bytes(ETAG), last_modified: bytes(LAST_MODIFIED) },
        content_type: text(headers, &CONTENT_TYPE).map(str::to_owned),
        fresh_for: fresh_for(headers, now),
        broken_off: false,
    }
}

/// All headers whose values are text; names in lower case.
pub(super) fn text_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    headers.iter().filter_map(text).collect()
}

/// `headers` that the settings add, without those that cannot be sent. They may hold secrets: no debug output shows
/// their values.
pub(super) fn secret_headers(
    headers: &[(String, String)],
) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
    headers.iter().filter_map(|(name, value)| {
        let (name, mut value) = (name.parse().ok()?, HeaderValue::from_str(value).ok()?);
        value.set_sensitive(true);
        Some((name, value))
    })
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
        let expires = header_date(headers, &EXPIRES)?;
        let sent = header_date(headers, &DATE).unwrap_or(now);
        u64::try_from(expires.duration_since(sent).as_secs()).ok()?
    };
    (life > 0).then(|| Duration::from_secs(life))
}
