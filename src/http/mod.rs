//! One request in, one named outcome out: `retry(pace(guard(client)))`.
//!
//! Owns manners (pacing, caps, time limits, redirects, address checks) so that callers cannot forget
//! them. Knows nothing of feeds, articles or the database.

use std::time::Duration;

use bytes::Bytes;
use url::Url;

use crate::{
    model::{FailureKind, Validators},
    text::quantity::show_size,
};

/// How the room behaves (docs/reference/settings.md#http). Every value is resolved; none is optional.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Value of `User-Agent`.
    pub user_agent: String,
    /// Requests in flight over all hosts.
    pub concurrency: usize,
    /// Requests in flight at one host.
    pub per_host_concurrency: usize,
    /// Least time between the starts of two requests to one host; zero switches the wait off.
    pub per_host_interval: Duration,
    /// Limit for name, connection and TLS together.
    pub connect_timeout: Duration,
    /// Limit for silence between two chunks.
    pub idle_timeout: Duration,
    /// Limit for one request, body included.
    pub total_timeout: Duration,
    /// Bytes of a feed after decompression.
    pub feed_body_limit: u64,
    /// Bytes of a page after decompression.
    pub page_body_limit: u64,
    /// Hops followed.
    pub max_redirects: u32,
    /// Whether loopback, private and link-local addresses may be asked.
    pub allow_private_addresses: bool,
    /// Hosts that may lead to such addresses all the same, written as in a [`Url`].
    pub private_hosts: Vec<String>,
    /// Address of a proxy; empty for none.
    pub proxy: String,
}

#[cfg(test)]
impl Settings {
    /// Short limits, no waits.
    pub(crate) fn for_tests() -> Self {
        let limit = Duration::from_secs(5);
        Self {
            user_agent: "test".to_owned(),
            concurrency: 1,
            per_host_concurrency: 1,
            per_host_interval: Duration::ZERO,
            connect_timeout: limit,
            idle_timeout: limit,
            total_timeout: limit,
            feed_body_limit: 1024,
            page_body_limit: 1024,
            max_redirects: 5,
            allow_private_addresses: false,
            private_hosts: Vec::new(),
            proxy: String::new(),
        }
    }
}

/// What we call ourselves where the settings do not say (docs/reference/http.md#request-headers).
pub const USER_AGENT: &str = concat!("tge-scrape/", env!("CARGO_PKG_VERSION"), " (feed monitor)");

/// What a request is for; chooses its `Accept` header and its body limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A source's body.
    Feed,
    /// An article page.
    Article,
    /// A robots.txt.
    Robots,
}

/// One GET.
#[derive(Debug, Clone)]
pub struct Request {
    /// Where.
    pub url: Url,
    /// What for.
    pub purpose: Purpose,
    /// Sent as `If-None-Match` and `If-Modified-Since`, unchanged; dropped once a redirect leaves `validators_url`.
    pub validators: Validators,
    /// The address the validators belong to; sent only to it.
    pub validators_url: String,
    /// Further headers; never sent to another host than `url`'s.
    pub headers: Vec<(String, String)>,
    /// The source that it is made for: sources take turns where memory is scarce.
    pub source: String,
}

/// What came of a request.
#[derive(Debug)]
pub struct Answer {
    /// How it ended.
    pub outcome: Outcome,
    /// The way there.
    pub stats: FetchStats,
}

/// Every way a request can end.
#[derive(Debug)]
pub enum Outcome {
    /// A 2xx with its body, decompressed.
    Fetched {
        /// The body.
        body: Bytes,
        /// What the headers say.
        headers: Headers,
    },
    /// 304: what we have still holds.
    NotModified {
        /// What the headers say.
        headers: Headers,
    },
    /// Anything else.
    Failed(Failure),
}

/// The way to an outcome, in figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchStats {
    /// The last address asked.
    pub final_url: Url,
    /// Where only permanent redirects (301, 308) from the first address lead, if that is elsewhere.
    pub permanent_url: Option<Url>,
    /// The last status code.
    pub status: Option<u16>,
    /// Requests sent: the first, each hop, each retry.
    pub requests: u32,
    /// Of those, sent again after a failure.
    pub retries: u32,
    /// Body bytes received, before decompression where that is known.
    pub bytes: u64,
    /// From the first byte sent to the last received, pacing left out.
    pub elapsed: Duration,
    /// Time spent waiting for a turn.
    pub paced: Duration,
}

/// What an answer's headers mean to us.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Headers {
    /// Validators exactly as sent.
    pub validators: Validators,
    /// `Content-Type` as sent.
    pub content_type: Option<String>,
    /// Life time left: `max-age` − `Age`, else `Expires` − `Date`; `None` where the answer sets no lower bound
    /// (`no-store`, `no-cache`, `Expires: 0`, nothing at all).
    pub fresh_for: Option<Duration>,
    /// Whether the connection broke off although the body is whole: its validators are not to be trusted.
    pub broken_off: bool,
}

/// Every way a request can fail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The address cannot be asked.
    #[error("the address {0:?} is not an http or https address")]
    BadAddress(String),
    /// A private, loopback or otherwise local address.
    #[error("{0} is a private address; name its host in http.private_hosts if that is meant")]
    PrivateAddress(String),
    /// The name has no address.
    #[error("the name {0} could not be resolved")]
    Dns(String),
    /// No connection within `connect_timeout`.
    #[error("no connection within the time limit")]
    ConnectTimeout,
    /// Connection refused or broken before the request was sent.
    #[error("no connection: {0}")]
    Connect(String),
    /// The TLS handshake failed.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// The connection broke while the answer came.
    #[error("the connection was reset")]
    Reset,
    /// Silence for longer than `idle_timeout`.
    #[error("the server fell silent")]
    IdleTimeout,
    /// Not done within `total_timeout`.
    #[error("not done within the time limit")]
    TotalTimeout,
    /// More than the body limit.
    #[error("{}", too_large(*limit, *setting))]
    TooLarge {
        /// Bytes that a body may have after unpacking.
        limit: u64,
        /// Key of the setting that says so; `None` where the limit is fixed.
        setting: Option<&'static str>,
    },
    /// The body does not match its `Content-Encoding` or its length.
    #[error("the body is damaged: {0}")]
    BadBody(String),
    /// What came is no HTTP, or its head is too large: the client reads 100 headers and 400 KiB.
    #[error("the answer is no HTTP, or its head is too large: {0}")]
    BadAnswer(String),
    /// A 304 to a request without validators: there is nothing it could confirm.
    #[error("not modified (304), to a request that did not ask for that")]
    Unasked304,
    /// A 2xx without a byte.
    #[error("the body is empty")]
    EmptyBody,
    /// More hops than `max_redirects`.
    #[error("more than {0} redirects")]
    TooManyRedirects(u32),
    /// A redirect leads back to where we were.
    #[error("the redirects go round in a circle")]
    RedirectLoop,
    /// A redirect without a usable `Location`.
    #[error("a redirect leads nowhere: {0:?}")]
    BadRedirect(String),
    /// A redirect from https to http.
    #[error("a redirect leads from https to http")]
    Downgrade,
    /// 410.
    #[error("gone for good (410)")]
    Gone,
    /// 404.
    #[error("not found (404)")]
    NotFound,
    /// 429; the host asked for a pause.
    #[error("asked to slow down (429)")]
    RateLimited {
        /// How long, clamped to a day; `None` where the answer does not say.
        retry_after: Option<Duration>,
    },
    /// 503.
    #[error("unavailable (503)")]
    Unavailable {
        /// How long, clamped to a day; `None` where the answer does not say.
        retry_after: Option<Duration>,
    },
    /// The host asked for a pause that is not over: nothing was sent.
    #[error("the host asked for a pause")]
    HostPaused,
    /// A challenge, block or consent page that is meant for people with a browser.
    #[error("blocked: a challenge or consent page for browsers came instead")]
    Challenge,
    /// Any other status.
    #[error("status {0}")]
    Status(u16),
}

/// The sentence of [`Failure::TooLarge`].
fn too_large(limit: u64, setting: Option<&str>) -> String {
    let size = show_size(limit);
    match setting {
        Some(setting) => {
            format!("the body is larger than {setting} ({size}) allows; raise that setting to read it")
        }
        None => format!("the body is larger than {size}"),
    }
}

impl Failure {
    /// A body larger than `limit` bytes, whoever has set the limit.
    pub(crate) fn too_large(limit: u64) -> Self {
        Self::TooLarge { limit, setting: None }
    }

    /// Whether the server can have seen the request: then it may have counted, and charged, it.
    #[must_use]
    pub fn may_have_arrived(&self) -> bool {
        !matches!(
            self,
            Self::BadAddress(_)
                | Self::PrivateAddress(_)
                | Self::Dns(_)
                | Self::ConnectTimeout
                | Self::Connect(_)
                | Self::Tls(_)
                | Self::HostPaused
        )
    }

    /// For outputs and the database.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::BadAddress(_) => FailureKind::BadAddress,
            Self::PrivateAddress(_) => FailureKind::PrivateAddress,
            Self::Dns(_) => FailureKind::Dns,
            Self::ConnectTimeout => FailureKind::ConnectTimeout,
            Self::Connect(_) => FailureKind::Connect,
            Self::Tls(_) => FailureKind::Tls,
            Self::Reset => FailureKind::Reset,
            Self::IdleTimeout => FailureKind::IdleTimeout,
            Self::TotalTimeout => FailureKind::TotalTimeout,
            Self::TooLarge { .. } => FailureKind::TooLarge,
            Self::BadBody(_) => FailureKind::BadBody,
            Self::BadAnswer(_) => FailureKind::BadAnswer,
            Self::Unasked304 => FailureKind::Unasked304,
            Self::EmptyBody => FailureKind::EmptyBody,
            Self::TooManyRedirects(_) => FailureKind::TooManyRedirects,
            Self::RedirectLoop => FailureKind::RedirectLoop,
            Self::BadRedirect(_) => FailureKind::BadRedirect,
            Self::Downgrade => FailureKind::Downgrade,
            Self::Gone => FailureKind::Gone,
            Self::NotFound => FailureKind::NotFound,
            Self::RateLimited { .. } => FailureKind::RateLimited,
            Self::Unavailable { .. } => FailureKind::Unavailable,
            Self::HostPaused => FailureKind::HostPaused,
            Self::Challenge => FailureKind::Challenge,
            Self::Status(_) => FailureKind::Status,
        }
    }
}

/// What the room counted over all requests of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Requests sent.
    pub requests: u64,
    /// Connections opened, counted at the connector.
    pub connections_opened: u64,
    /// Requests sent again after a failure.
    pub retries: u64,
    /// Body bytes received.
    pub bytes_received: u64,
    /// Answers by kind: 2xx.
    pub success: u64,
    /// 304.
    pub not_modified: u64,
    /// 4xx other than 429.
    pub client_error: u64,
    /// 429.
    pub rate_limited: u64,
    /// 5xx.
    pub server_error: u64,
    /// No status at all.
    pub error: u64,
    /// Origins (scheme, host, port) asked.
    pub origins: u64,
    /// Requests that carried a validator.
    pub conditional: u64,
}

/// An API's answer.
#[derive(Debug, Clone)]
pub struct ApiResponse {
    /// Status code.
    pub status: u16,
    /// Headers that are text; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, decompressed.
    pub body: Bytes,
    /// From the first byte sent to the last received.
    pub elapsed: Duration,
}

mod body;
mod chain;
mod challenge;
mod classify;
mod client;
mod connections;
mod cookies;
mod guard;
mod headers;
mod magic;
mod pace;
mod ping;
mod post;
mod redirect;
mod resolve;
mod retry;
pub mod robots;
mod tls;
mod unpack;
mod waits;
mod whole;
pub use body::SMALL_BODY;
pub use client::{Client, SetupError};
pub use connections::check;
pub use cookies::Jar;
pub use headers::read as read_headers;
pub use magic::unpack_unlabelled;
pub use ping::Monitor;
pub use post::{PostRequest, PostResponse, Poster};
pub use redirect::target as redirect_target;
pub use unpack::unpack;
pub use waits::{retry_after, wait as wait_asked};
