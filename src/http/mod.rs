//! One request in, one named outcome out: `retry(pace(guard(client)))`.
//!
//! Every request gets pacing, size and time limits, redirect rules and address checks here, so that callers cannot forget
//! them. This module does not depend on feeds, articles or the database.

use std::time::Duration;

use bytes::Bytes;
use url::Url;

use crate::model::Validators;

/// The resolved settings (docs/reference/settings.md#http).
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
    /// Further requests after a failure that may pass.
    pub retries: u32,
    /// Whether requests may go to loopback, private and link-local addresses.
    pub allow_private_addresses: bool,
    /// Hosts that may have such addresses all the same, written as in a [`Url`].
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
            retries: 1,
            allow_private_addresses: false,
            private_hosts: Vec::new(),
            proxy: String::new(),
        }
    }
}

/// The default user agent (docs/reference/http.md#request-headers).
pub const USER_AGENT: &str = concat!("tge-scrape/", env!("CARGO_PKG_VERSION"), " (feed monitor)");

/// `url` as a log line shows it: without login, query and fragment, which may be secret.
fn shown(url: &Url) -> String {
    let mut shown = url.clone();
    shown.set_query(None);
    shown.set_fragment(None);
    crate::text::login::without_login(shown.as_str())
}

/// What is requested; decides the `Accept` header and the body limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Purpose {
    /// A source's body.
    Feed,
    /// An article page.
    Article,
    /// A robots.txt.
    Robots,
}

/// One GET, or one POST that reads.
#[derive(Debug, Clone)]
pub struct Request {
    /// Address.
    pub url: Url,
    /// What it is.
    pub purpose: Purpose,
    /// Sent unchanged as `If-None-Match` and `If-Modified-Since`, to `validators_url` only.
    pub validators: Validators,
    /// The address that sent the validators.
    pub validators_url: String,
    /// Further headers; never sent to another host than `url`'s.
    pub headers: Vec<(String, String)>,
    /// JSON that is sent with POST; `None` for a GET. It never goes to another host than `url`'s.
    pub body: Option<String>,
    /// The source that needs it: sources alternate where memory is scarce.
    pub source: String,
}

/// The end of a request.
#[derive(Debug)]
pub struct Answer {
    /// How it ended.
    pub outcome: Outcome,
    /// Its statistics.
    pub stats: FetchStats,
}

/// Every way a request can end.
#[derive(Debug)]
pub enum Outcome {
    /// A 2xx with its body, decompressed.
    Fetched {
        /// The body.
        body: Bytes,
        /// The relevant headers.
        headers: Headers,
    },
    /// 304.
    NotModified {
        /// The relevant headers.
        headers: Headers,
    },
    /// Anything else.
    Failed(Failure),
}

/// Statistics of one request with its redirects and its retry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchStats {
    /// The last address requested.
    pub final_url: Url,
    /// The address at the end of the permanent redirects (301, 308) from the first address, if it is another one.
    pub permanent_url: Option<Url>,
    /// The last status code.
    pub status: Option<u16>,
    /// Requests sent: the first, each hop, each retry.
    pub requests: u32,
    /// Those of them that were sent again after a failure.
    pub retries: u32,
    /// Body bytes received, before decompression where that is known.
    pub bytes: u64,
    /// From the first byte sent to the last received, pacing left out.
    pub elapsed: Duration,
    /// Time spent waiting for a permit.
    pub paced: Duration,
}

impl FetchStats {
    /// Those before the first request.
    pub(crate) fn new(final_url: Url) -> Self {
        Self {
            final_url,
            permanent_url: None,
            status: None,
            requests: 0,
            retries: 0,
            bytes: 0,
            elapsed: Duration::ZERO,
            paced: Duration::ZERO,
        }
    }
}

/// The response headers that the program uses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Headers {
    /// Validators exactly as sent.
    pub validators: Validators,
    /// `Content-Type` as sent.
    pub content_type: Option<String>,
    /// Remaining lifetime: `max-age` − `Age`, else `Expires` − `Date`; `None` for `no-store`, `no-cache`, `Expires: 0` and
    /// no such header.
    pub fresh_for: Option<Duration>,
    /// Whether the connection broke although the body is complete: its validators must not be used.
    pub broken_off: bool,
}

/// Counts over all requests of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "docs/reference/outputs.md describes them")]
pub struct Counts {
    pub requests: u64,
    pub connections_opened: u64,
    pub retries: u64,
    pub bytes_received: u64,
    pub success: u64,
    pub not_modified: u64,
    /// 4xx other than 429.
    pub client_error: u64,
    pub rate_limited: u64,
    pub server_error: u64,
    /// Requests without a status.
    pub error: u64,
    /// Different triples of scheme, host and port.
    pub origins: u64,
    /// Requests with a validator.
    pub conditional: u64,
    /// Requests by what they were for, redirects and retries included.
    pub feeds: u64,
    pub pages: u64,
    pub robots: u64,
    pub api: u64,
    /// Of the bodies that were read, before and after decompression.
    pub bytes_encoded: u64,
    pub bytes_decoded: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct ApiResponse {
    pub status: u16,
    /// Those whose values are text; names in lower case.
    pub headers: Vec<(String, String)>,
    /// Decompressed.
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
mod failure;
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
mod width;
pub use body::SMALL_BODY;
pub use client::{Client, SetupError};
pub use connections::check;
pub use cookies::Jar;
pub use failure::Failure;
pub use headers::read as read_headers;
pub use magic::unpack_unlabelled;
pub use ping::Monitor;
pub use post::Poster;
pub(crate) use post::{PostRequest, PostResponse};
pub use redirect::target as redirect_target;
pub use unpack::unpack;
pub use waits::{retry_after, wait as wait_asked};
pub use width::{Bound, Permitted, width};
