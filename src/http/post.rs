//! One POST to an address the user configured: a channel of theirs, never anything a feed named.
//!
//! Same address guard and time limits as a GET, but no redirects (the body is signed for one address), no
//! pacing (each channel has its own) and no retry (the outbox has).

use std::{future::Future, pin::Pin, sync::OnceLock, time::Duration};

use jiff::Timestamp;
use reqwest::header::{HeaderName, HeaderValue};
use url::{Host, Url};

use super::{
    Failure, Settings, SetupError, classify::classify, connections::builder, guard::is_private,
    resolve::AddressPolicy, waits,
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

/// The seam between channels and the network.
pub trait Post: Send + Sync {
    /// Sends `parcel` once. `now` serves `Retry-After` dates.
    fn post(
        &self,
        request: PostRequest,
        now: Timestamp,
    ) -> Pin<Box<dyn Future<Output = Result<PostResponse, Failure>> + Send + '_>>;
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

    async fn send(&self, request: PostRequest, now: Timestamp) -> Result<PostResponse, Failure> {
        let allow_private = request.allow_private || self.settings.allow_private_addresses;
        let literal = match request.url.host() {
            Some(Host::Ipv4(v4)) => Some(v4.into()),
            Some(Host::Ipv6(v6)) => Some(v6.into()),
            Some(Host::Domain(_)) => None,
            None => return Err(Failure::BadAddress(String::new())),
        };
        if !allow_private && literal.is_some_and(is_private) {
            return Err(Failure::PrivateAddress(request.url.host_str().unwrap_or_default().to_owned()));
        }
        let mut builder = self.client(allow_private)?.post(request.url);
        for (name, value) in &request.headers {
            if let (Ok(name), Ok(mut value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
                value.set_sensitive(true);
                builder = builder.header(name, value);
            }
        }
        // The address may be a secret: no error is to repeat it.
        let failed = |error: reqwest::Error| classify(&error.without_url());
        let mut answer = builder.body(request.body).send().await.map_err(failed)?;
        let head = answer.headers();
        let text = |(name, value): (&HeaderName, &HeaderValue)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        };
        let mut response = PostResponse {
            status: answer.status().as_u16(),
            retry_after: waits::retry_after(head, now),
            headers: head.iter().filter_map(text).collect(),
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

impl Post for Poster {
    fn post(
        &self,
        request: PostRequest,
        now: Timestamp,
    ) -> Pin<Box<dyn Future<Output = Result<PostResponse, Failure>> + Send + '_>> {
        Box::pin(async move {
            let limit = request.timeout;
            let sent = tokio::time::timeout(limit, self.send(request, now)).await;
            sent.unwrap_or(Err(Failure::TotalTimeout))
        })
    }
}
