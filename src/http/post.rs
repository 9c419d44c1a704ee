//! One POST to an address from the settings: an alert channel, never an address from a feed.
//!
//! The address check is that of a GET. There are no redirects (the body is signed for one address), no pacing (each channel
//! has its own) and no retry (the outbox does that).

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::Timestamp;
use url::Url;

use super::{
    Failure, Settings, SetupError,
    classify::classify,
    connections::builder,
    headers::{secret_headers, text_headers},
    resolve::AddressPolicy,
    waits,
};

/// Bytes of a response that are read: enough for any error message.
const ANSWER: usize = 16 * 1024;

#[derive(Clone)]
pub(crate) struct PostRequest {
    /// May contain a secret: no error message may contain it.
    pub url: Url,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub allow_private: bool,
    /// Limit for the whole exchange.
    pub timeout: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PostResponse {
    pub status: u16,
    /// Those whose values are text; names in lower case.
    pub headers: Vec<(String, String)>,
    /// `Retry-After`, clamped to a day.
    pub retry_after: Option<Duration>,
    /// The beginning of the body.
    pub body: Vec<u8>,
}

impl PostResponse {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// `name` is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Sends POST requests. Its clients are created for the first request: most cycles send none.
pub struct Poster {
    settings: Settings,
    restricted: OnceLock<Result<reqwest::Client, String>>,
    open: OnceLock<Result<reqwest::Client, String>>,
    sent: AtomicU64,
}

impl Poster {
    /// Creates a poster with these settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, restricted: OnceLock::new(), open: OnceLock::new(), sent: AtomicU64::new(0) }
    }

    fn client(&self, allow_private: bool) -> Result<&reqwest::Client, Failure> {
        let slot = if allow_private { &self.open } else { &self.restricted };
        let made =
            slot.get_or_init(|| build(&self.settings, allow_private).map_err(|error| error.to_string()));
        made.as_ref().map_err(|error| Failure::Connect(error.clone()))
    }

    /// Requests sent so far.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Sends `request` once. `now` serves `Retry-After` dates.
    pub(crate) async fn post(&self, request: PostRequest, now: Timestamp) -> Result<PostResponse, Failure> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        let limit = request.timeout;
        // The path may be a secret.
        let host = request.url.host_str().unwrap_or_default().to_owned();
        let (bytes, start) = (request.body.len(), Instant::now());
        let sent = tokio::time::timeout(limit, self.send(request, now)).await;
        let sent = sent.unwrap_or(Err(Failure::TotalTimeout));
        let (status, ms) = (sent.as_ref().ok().map(|answer| answer.status), start.elapsed().as_millis());
        tracing::debug!(purpose = "alert", host, status, bytes, ms, "POST");
        sent
    }

    async fn send(&self, request: PostRequest, now: Timestamp) -> Result<PostResponse, Failure> {
        let allow_private = request.allow_private || self.settings.allow_private_addresses;
        // The address may be a secret: no error message may contain it.
        if !request.url.has_host() {
            return Err(Failure::BadAddress(String::new()));
        }
        AddressPolicy::new(allow_private, &[]).check_literal(&request.url)?;
        let builder =
            self.client(allow_private)?.post(request.url).headers(secret_headers(&request.headers).collect());
        let failed = |error: reqwest::Error| classify(&error.without_url());
        let mut answer = builder.body(request.body).send().await.map_err(failed)?;
        let head = answer.headers();
        let mut response = PostResponse {
            status: answer.status().as_u16(),
            retry_after: waits::retry_after(head, now),
            headers: text_headers(head),
            body: Vec::new(),
        };
        // The status is the answer; what explains it may be missing or break off.
        while let Ok(Some(chunk)) = answer.chunk().await {
            let space_left = ANSWER - response.body.len();
            response.body.extend_from_slice(&chunk[..chunk.len().min(space_left)]);
            if response.body.len() >= ANSWER {
                break;
            }
        }
        Ok(response)
    }
}

fn build(settings: &Settings, allow_private: bool) -> Result<reqwest::Client, SetupError> {
    let client = builder(settings, AddressPolicy::new(allow_private, &[]))?.build();
    client.map_err(|error| SetupError::Tls(error.to_string()))
}
