//! Answers with validators, kept until the database changes, and compressed once.

use std::{io::Write, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use moka::future::Cache;
use serde::Serialize;
use tokio::{sync::OnceCell, task::spawn_blocking};

use crate::{render, text::hash::sha256_hex};

/// Bytes of all kept answers at most, before compression. Their compressed copies add about a tenth.
const KEPT_BYTES: u64 = 16 << 20;
/// Age of a kept answer at most, because ages such as `since=24h` count from now.
const KEPT_FOR: Duration = Duration::from_secs(5);
/// Bytes from which a body is compressed: a smaller one fits into one packet as it is.
const COMPRESSED_FROM: usize = 1 << 10;
/// Stored, but asked about before each use: a document may change with each commit, and only for who may ask.
const CACHED: HeaderValue = HeaderValue::from_static("private, no-cache");

/// A document with its type and validator.
#[derive(Debug, Clone)]
pub struct Document {
    content_type: &'static str,
    body: Bytes,
    etag: HeaderValue,
    /// The same as gzip, made when it is first asked for. Each form has a validator of its own (RFC 9110, section 8.8.3.3).
    gzip: OnceCell<(Bytes, HeaderValue)>,
}

impl Document {
    pub fn new(content_type: &'static str, body: String) -> Self {
        let hash = sha256_hex::<12>(&body);
        Self { content_type, body: body.into(), etag: etag(&hash), gzip: OnceCell::new() }
    }

    pub fn json(body: String) -> Self {
        Self::new("application/json", body)
    }

    /// The answer to a request with these headers: 304 if it has this version.
    pub async fn answer(&self, request: &HeaderMap) -> Response<Body> {
        let gzip = if self.body.len() >= COMPRESSED_FROM && accepts_gzip(request) {
            Some(self.gzip.get_or_init(|| self.compress()).await)
        } else {
            None
        };
        let (body, etag) = gzip.map_or((&self.body, &self.etag), |(body, etag)| (body, etag));
        let is_known = request.get_all(header::IF_NONE_MATCH).iter().any(|value| has(value, etag));
        let mut response = Response::new(if is_known { Body::empty() } else { Body::from(body.clone()) });
        let headers = response.headers_mut();
        headers.insert(header::ETAG, etag.clone());
        headers.insert(header::CACHE_CONTROL, CACHED);
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if is_known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if gzip.is_some() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }

    /// The body as gzip, with its validator. A page of megabytes takes tens of milliseconds, so others do not wait for it.
    async fn compress(&self) -> (Bytes, HeaderValue) {
        let body = self.body.clone();
        let compressed = spawn_blocking(move || {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(&body).and_then(|()| encoder.finish())
        });
        // Writing to memory does not fail, and a task that has begun ends.
        let compressed = compressed.await.ok().and_then(Result::ok).unwrap_or_default();
        let hash = self.etag.to_str().unwrap_or_default().trim_matches('"');
        (compressed.into(), etag(&format!("{hash}-gzip")))
    }
}

/// `value` has only characters that a header may have.
fn etag(value: &str) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{value}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Whether a request prefers gzip to no coding (RFC 9110, section 12.5.3).
fn accepts_gzip(request: &HeaderMap) -> bool {
    let (mut gzip, mut identity, mut other) = (None, None, None);
    let values = request.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    for item in values.flat_map(|value| value.split(',')) {
        let (coding, weight) = item.split_once(';').unwrap_or((item, "q=1"));
        let weight = weight.trim().split_once('=').and_then(|(_, weight)| weight.trim().parse::<f32>().ok());
        match coding.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => gzip = weight,
            "identity" => identity = weight,
            "*" => other = weight,
            _ => {}
        }
    }
    let gzip = gzip.or(other).unwrap_or(0.0);
    gzip > 0.0 && gzip >= identity.unwrap_or(0.0)
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

/// An error (RFC 9457).
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Problem<'a> {
    /// The name of the status.
    title: &'a str,
    status: u16,
    /// One sentence.
    detail: &'a str,
}

/// An error as a problem document (RFC 9457); `detail` is one sentence.
pub fn problem(status: StatusCode, detail: &str) -> Response<Body> {
    let title = status.canonical_reason().unwrap_or("Error");
    let text = render::json(&Problem { title, status: status.as_u16(), detail });
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

    #[tokio::test]
    async fn a_known_version_is_answered_without_a_body() {
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
            assert_eq!(document.answer(&request).await.status(), status, "{value}");
        }
        let answer = document.answer(&HeaderMap::new()).await;
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/json");
    }

    #[tokio::test]
    async fn each_form_of_a_document_has_its_own_validator_and_is_made_once() {
        let text = "token launches ".repeat(1_000);
        let document = Document::json(text.clone());
        let ask = |pairs: &[(header::HeaderName, &str)]| {
            pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect::<HeaderMap>()
        };
        let body =
            async |answer: Response<Body>| axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        let plain = document.answer(&HeaderMap::new()).await;
        let gzip = document.answer(&ask(&[(header::ACCEPT_ENCODING, "gzip")])).await;
        let etags = [plain.headers()[header::ETAG].clone(), gzip.headers()[header::ETAG].clone()];
        assert_ne!(etags[0], etags[1]);
        assert!(!plain.headers().contains_key(header::CONTENT_ENCODING));
        assert_eq!(gzip.headers()[header::CONTENT_ENCODING], "gzip");
        assert_eq!(gzip.headers()[header::VARY], "accept-encoding");
        let (first, mut read) = (body(gzip).await, String::new());
        assert!(first.len() < text.len() / 10, "{} bytes", first.len());
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&first[..]), &mut read).unwrap();
        assert_eq!(read, text);
        let again = body(document.answer(&ask(&[(header::ACCEPT_ENCODING, "gzip")])).await).await;
        assert_eq!(again.as_ptr(), first.as_ptr(), "compressed once");
        for (coding, statuses) in [("gzip", [200, 304]), ("identity", [304, 200])] {
            for (etag, status) in etags.iter().zip(statuses) {
                let request = ask(&[
                    (header::ACCEPT_ENCODING, coding),
                    (header::IF_NONE_MATCH, etag.to_str().unwrap()),
                ]);
                let answer = document.answer(&request).await;
                assert_eq!(answer.status(), status, "{coding} {etag:?}");
                assert!(!answer.headers().contains_key(header::CONTENT_ENCODING) || status == 200);
            }
        }
        let small = Document::json("{}".to_owned()).answer(&ask(&[(header::ACCEPT_ENCODING, "gzip")])).await;
        assert!(!small.headers().contains_key(header::CONTENT_ENCODING), "one packet anyway");
    }

    #[test]
    fn gzip_is_sent_to_those_who_want_it() {
        for (value, wanted) in [
            ("gzip", true),
            ("gzip, deflate, br, zstd", true),
            ("br;q=1.0, GZIP;q=0.8, *;q=0.1", true),
            ("x-gzip", true),
            ("*", true),
            ("gzip; q=0.5, identity; q=0.5", true),
            ("gzip;q=0", false),
            ("gzip;q=0.000, *", false),
            ("*;q=0", false),
            ("gzip;q=0.5, identity", false),
            ("identity", false),
            ("br", false),
            ("gzip;q=much", false),
            ("", false),
        ] {
            let mut request = HeaderMap::new();
            request.insert(header::ACCEPT_ENCODING, value.parse().unwrap());
            assert_eq!(accepts_gzip(&request), wanted, "{value}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    #[tokio::test]
    async fn an_answer_is_kept_for_its_version_only() {
        let kept = Kept::new();
        kept.put("/a".to_owned(), 1, Arc::new(Document::json("{}".to_owned()))).await;
        assert!(kept.get("/a", 1).await.is_some());
        assert!(kept.get("/a", 2).await.is_none() && kept.get("/b", 1).await.is_none());
    }
}
