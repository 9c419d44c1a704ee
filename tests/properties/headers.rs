use std::time::Duration;

use reqwest::header::{ETAG, HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED, RETRY_AFTER};
use tge_scrape::{
    feed,
    http::{read_headers, retry_after, robots, unpack},
    x::limits::Seen,
};

use super::{Message, now};

/// Bytes that a body may grow to.
const LIMIT: u64 = 1 << 16;

/// Validators come back as they went, no wait is longer than a day, no life time is nothing, no body outgrows its limit.
pub fn headers(input: &[u8]) {
    let message = Message::read(input);
    let mut headers = HeaderMap::new();
    for (name, value) in &message.fields {
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value))
        {
            headers.append(name, value);
        }
    }
    let read = read_headers(&headers, now());
    let sent = |name: HeaderName| headers.get(name).map(|value| value.as_bytes().to_vec());
    assert_eq!((read.validators.etag, read.validators.last_modified), (sent(ETAG), sent(LAST_MODIFIED)));
    assert!(read.fresh_for.is_none_or(|life| life > Duration::ZERO));
    let wait = retry_after(&headers, now());
    assert!(wait.is_none_or(|wait| wait <= Duration::from_hours(24)));
    assert!(wait.is_none() || headers.contains_key(RETRY_AFTER));

    let (text, _) = feed::decode(message.body, read.content_type.as_deref());
    let rules = robots::Rules::parse(&text, "tge-scrape/1.0");
    let _ = rules.allow(&"https://news.example/a/b?c".parse().unwrap());
    assert_eq!(robots::Rules::parse(&rules.to_text(), "another"), rules);
    let codings = message.text("content-encoding").unwrap_or_default();
    if let Ok(Some(body)) = unpack(message.body, codings, LIMIT) {
        assert!(body.len() as u64 <= LIMIT);
    }
    let pairs: Vec<(String, String)> = headers
        .iter()
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .collect();
    let seen = Seen::read(&pairs);
    assert!(seen.limit.is_none() || headers.contains_key("x-rate-limit-limit"));
}
