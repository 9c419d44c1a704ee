use std::time::Duration;

use reqwest::header::{
    ETAG, HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED, LOCATION, RETRY_AFTER, SET_COOKIE,
};
use tge_scrape::{
    feed,
    http::{Jar, read_headers, redirect_target, retry_after, robots, unpack, wait_asked},
    x::limits::Seen,
};

use url::Url;

use super::{Message, now};

/// Largest size of a body, bytes.
const LIMIT: u64 = 1 << 16;

/// Cookies and credentials stay with their owner. Validators are returned unchanged, no wait is longer than a day, no
/// freshness is zero, and no body exceeds its limit.
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
    for limited in [true, false] {
        let asked = wait_asked(&headers, now(), limited);
        assert!(asked.is_none_or(|wait| wait <= Duration::from_hours(24)));
        assert!(wait.is_none() || asked == wait, "Retry-After comes first");
    }
    let from: Url = "https://me:secret@news.example.co.uk/a/b?c".parse().unwrap();
    if let Some(Ok(to)) = headers.get(LOCATION).map(|value| redirect_target(&from, value.as_bytes())) {
        assert!(to.scheme() == "https" && to.has_host() && to.fragment().is_none(), "{to}");
        assert_eq!(to.password().is_some(), to.origin() == from.origin(), "{to}");
    }
    let mut jar = Jar::default();
    jar.take(&from, headers.get_all(SET_COOKIE).iter().map(HeaderValue::as_bytes), now());
    for (url, may) in
        [("https://x.example.co.uk/a/", true), ("https://other.co.uk/", false), ("https://co.uk/", false)]
    {
        let sent = jar.header(&url.parse().unwrap(), None);
        assert!(sent.is_none() || may && sent.as_ref().is_some_and(HeaderValue::is_sensitive), "{url}");
        assert!(sent.is_none_or(|sent| sent.len() <= 8192));
    }

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
