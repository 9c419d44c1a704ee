//! Answers with validators, kept until the database changes.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
};
use bytes::Bytes;
use moka::future::Cache;
use serde_json::json;

use crate::text::hash::sha256_hex;

/// Bytes of all kept answers at most.
const KEPT_BYTES: u64 = 16 << 20;
/// Age of a kept answer at most, because ages such as `since=24h` count from now.
const KEPT_FOR: Duration = Duration::from_secs(5);

/// A document with its type and validator.
#[derive(Debug, Clone)]
pub struct Document {
    content_type: &'static str,
    body: Bytes,
    etag: HeaderValue,
}

impl Document {
    pub fn new(content_type: &'static str, body: String) -> Self {
        let etag = format!("\"{}\"", sha256_hex::<12>(&body));
        // Hexadecimal digits are valid in a header.
        let etag = HeaderValue::from_str(&etag).unwrap_or(HeaderValue::from_static("\"\""));
        Self { content_type, body: body.into(), etag }
    }

    pub fn json(body: String) -> Self {
        Self::new("application/json", body)
    }

    /// The answer to a request with these headers: 304 if it has this version.
    pub fn answer(&self, request: &HeaderMap) -> Response<Body> {
        let is_known = request.get_all(header::IF_NONE_MATCH).iter().any(|value| has(value, &self.etag));
        let mut response =
            Response::new(if is_known { Body::empty() } else { Body::from(self.body.clone()) });
        if is_known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let headers = response.headers_mut();
        headers.insert(header::ETAG, self.etag.clone());
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        if !is_known {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        }
        response
    }
}

/// Whether an `If-None-Match` header has the validator (RFC 9110, section 13.1.2: weakly compared).
fn has(value: &HeaderValue, etag: &HeaderValue) -> bool {
    let (Ok(value), Ok(etag)) = (value.to_str(), etag.to_str()) else { return false };
    value.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == etag)
}

/// Answers by path and query, each with the version of the database that it shows.
pub struct Kept(Cache<String, (i64, Arc<Document>)>);

impl Kept {
    pub fn new() -> Self {
        let weight = |key: &String, (_, document): &(i64, Arc<Document>)| {
            u32::try_from(key.len() + document.body.len()).unwrap_or(u32::MAX)
        };
        Self(Cache::builder().max_capacity(KEPT_BYTES).weigher(weight).time_to_live(KEPT_FOR).build())
    }

    pub async fn get(&self, key: &str, version: i64) -> Option<Arc<Document>> {
        self.0.get(key).await.filter(|(of, _)| *of == version).map(|(_, document)| document)
    }

    pub async fn put(&self, key: String, version: i64, document: Arc<Document>) {
        self.0.insert(key, (version, document)).await;
    }
}

/// An error as a problem document (RFC 9457); `detail` is one sentence.
pub fn problem(status: StatusCode, detail: &str) -> Response<Body> {
    let title = status.canonical_reason().unwrap_or("Error");
    let text = json!({ "title": title, "status": status.as_u16(), "detail": detail }).to_string() + "\n";
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_version_is_answered_without_a_body() {
        let document = Document::json("{}\n".to_owned());
        let etag = document.etag.to_str().unwrap();
        for (value, status) in [
            (etag.to_owned(), 304),
            (format!("\"x\", W/{etag}"), 304),
            ("*".to_owned(), 304),
            ("\"x\"".to_owned(), 200),
            (etag.trim_matches('"').to_owned(), 200),
        ] {
            let mut request = HeaderMap::new();
            request.insert(header::IF_NONE_MATCH, value.parse().unwrap());
            assert_eq!(document.answer(&request).status(), status, "{value}");
        }
        assert_eq!(document.answer(&HeaderMap::new()).headers()[header::CONTENT_TYPE], "application/json");
    }

    #[tokio::test]
    async fn an_answer_is_kept_for_its_version_only() {
        let kept = Kept::new();
        kept.put("/a".to_owned(), 1, Arc::new(Document::json("{}".to_owned()))).await;
        assert!(kept.get("/a", 1).await.is_some());
        assert!(kept.get("/a", 2).await.is_none() && kept.get("/b", 1).await.is_none());
    }
}
