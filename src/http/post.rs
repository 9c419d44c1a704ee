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
    resolve::Admission, waits,
};

/// Bytes of an answer that are read: enough for any error a service describes.
const ANSWER: usize = 16 * 1024;

/// One POST.
#[derive(Clone)]
pub struct Parcel {
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
pub struct Receipt {
    /// Status code.
    pub status: u16,
    /// Header names in lower case, with values that are text.
    pub headers: Vec<(String, String)>,
    /// `Retry-After`, clamped to a day.
    pub retry_after: Option<Duration>,
    /// The beginning of the body.
    pub body: Vec<u8>,
}

impl Receipt {
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
        parcel: Parcel,
        now: Timestamp,
    ) -> Pin<Box<dyn Future<Output = Result<Receipt, Failure>> + Send + '_>>;
}

/// The network; its clients are made when the first parcel needs them: most cycles send none.
pub struct Poster {
    settings: Settings,
    guarded: OnceLock<Result<reqwest::Client, String>>,
    open: OnceLock<Result<reqwest::Client, String>>,
}

impl Poster {
    /// One that behaves as `settings` say.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, guarded: OnceLock::new(), open: OnceLock::new() }
    }

    fn client(&self, allow_private: bool) -> Result<&reqwest::Client, Failure> {
        let slot = if allow_private { &self.open } else { &self.guarded };
        let made =
            slot.get_or_init(|| build(&self.settings, allow_private).map_err(|error| error.to_string()));
        made.as_ref().map_err(|error| Failure::Connect(error.clone()))
    }

    async fn send(&self, parcel: Parcel, now: Timestamp) -> Result<Receipt, Failure> {
        let allow_private = parcel.allow_private || self.settings.allow_private_addresses;
        let literal = match parcel.url.host() {
            Some(Host::Ipv4(v4)) => Some(v4.into()),
            Some(Host::Ipv6(v6)) => Some(v6.into()),
            Some(Host::Domain(_)) => None,
            None => return Err(Failure::BadAddress(String::new())),
        };
        if !allow_private && literal.is_some_and(is_private) {
            return Err(Failure::PrivateAddress(parcel.url.host_str().unwrap_or_default().to_owned()));
        }
        let mut request = self.client(allow_private)?.post(parcel.url);
        for (name, value) in &parcel.headers {
            if let (Ok(name), Ok(mut value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
                value.set_sensitive(true);
                request = request.header(name, value);
            }
        }
        // The address may be a secret: no error is to repeat it.
        let failed = |error: reqwest::Error| classify(&error.without_url());
        let mut response = request.body(parcel.body).send().await.map_err(failed)?;
        let head = response.headers();
        let text = |(name, value): (&HeaderName, &HeaderValue)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        };
        let mut receipt = Receipt {
            status: response.status().as_u16(),
            retry_after: waits::retry_after(head, now),
            headers: head.iter().filter_map(text).collect(),
            body: Vec::new(),
        };
        // The status is the answer; what explains it may be missing or break off.
        while let Ok(Some(chunk)) = response.chunk().await {
            let room = ANSWER - receipt.body.len();
            receipt.body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if receipt.body.len() >= ANSWER {
                break;
            }
        }
        Ok(receipt)
    }
}

fn build(settings: &Settings, allow_private: bool) -> Result<reqwest::Client, SetupError> {
    let client = builder(settings, Admission::new(allow_private, &[]))?.build();
    client.map_err(|error| SetupError::Tls(error.to_string()))
}

impl Post for Poster {
    fn post(
        &self,
        parcel: Parcel,
        now: Timestamp,
    ) -> Pin<Box<dyn Future<Output = Result<Receipt, Failure>> + Send + '_>> {
        Box::pin(async move {
            let limit = parcel.timeout;
            let sent = tokio::time::timeout(limit, self.send(parcel, now)).await;
            sent.unwrap_or(Err(Failure::TotalTimeout))
        })
    }
}
