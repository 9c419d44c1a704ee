//! One POST to an address the user configured: a channel of theirs, never anything a feed named.
//!
//! Same address guard and time limits as a GET, but no redirects (the body is signed for one address), no
//! pacing (each channel has its own) and no retry (the outbox has).

use std::{sync::OnceLock, time::Duration};

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

/// Bytes of an answer that are read: enough for any error a service describes.
const ANSWER: usize = 16 * 1024;

/// One POST.
#[derive(Clone)]
pub struct PostRequest {
    /// Where; may hold a secret, and is never repeated in an error.
    pub url: Url,
    /// Every header beside the user agent's.
    pub headers: Vec<(String, String)>,
    /// The exact bytes.
    pub body: Vec<u8>,
    /// Whether a private address is meant.
    pub allow_private: bool,
    /// Limit for the whole exchange.
    pub timeout: Duration,
}

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostResponse {
    /// Status code.
    pub status: u16,
    /// Header names in lower case, with values that are text.
    pub headers: Vec<(String, String)>,
    /// `Retry-After`, clamped to a day.
    pub retry_after: Option<Duration>,
    /// The beginning of the body.
    pub body: Vec<u8>,
}

impl PostResponse {
    /// Whether the status is 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The header `name`, which is in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The network; its clients are made when the first parcel needs them: most cycles send none.
pub struct Poster {
    settings: Settings,
    restricted: OnceLock<Result<reqwest::Client, String>>,
    open: OnceLock<Result<reqwest::Client, String>>,
}

impl Poster {
    /// One that behaves as `settings` say.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, restricted: OnceLock::new(), open: OnceLock::new() }
    }

    fn client(&self, allow_private: bool) -> Result<&reqwest::Client, Failure> {
        let slot = if allow_private { &self.open } else { &self.restricted };
        let made =
            slot.get_or_init(|| build(&self.settings, allow_private).map_err(|error| error.to_string()));
        made.as_ref().map_err(|error| Failure::Connect(error.clone()))
    }

    /// Sends `request` once. `now` serves `Retry-After` dates.
    pub async fn post(&self, request: PostRequest, now: Timestamp) -> Result<PostResponse, Failure> {
        let limit = request.timeout;
        let sent = tokio::time::timeout(limit, self.send(request, now)).await;
        sent.unwrap_or(Err(Failure::TotalTimeout))
    }

    async fn send(&self, request: PostRequest, now: Timestamp) -> Result<PostResponse, Failure> {
        let allow_private = request.allow_private || self.settings.allow_private_addresses;
        // The address may be a secret: no error is to repeat it.
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
