//! The network itself: the only file that names reqwest's client.

use std::{
    collections::HashSet,
    net::IpAddr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue};
use url::{Host, Url};

use super::{
    Answer, ApiResponse, Counts, Failure, Fetch, Request, Settings,
    body::Bodies,
    classify::classify,
    connections::Connections,
    guard::is_private,
    pace::{Pace, Whom},
    resolve::AddressPolicy,
};
use crate::{clock::Clock, text::host::pace_key};

/// The one client of a run.
pub struct Client<C> {
    pub(super) connections: Connections,
    pub(super) settings: Settings,
    policy: AddressPolicy,
    pub(super) bodies: Bodies,
    pub(super) pace: Pace,
    pub(super) counted: Counted,
    pub(super) clock: C,
}

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The proxy's address is wrong.
    #[error("http.proxy is not a usable address: {0}")]
    Proxy(String),
    /// The user agent holds characters no header may.
    #[error("http.user_agent cannot be sent as a header")]
    UserAgent,
    /// TLS could not be set up.
    #[error("TLS could not be set up: {0}")]
    Tls(String),
}

impl From<SetupError> for Failure {
    fn from(error: SetupError) -> Self {
        Self::Connect(error.to_string())
    }
}

#[derive(Debug, Default)]
pub(super) struct Counted {
    pub(super) requests: AtomicU64,
    pub(super) retries: AtomicU64,
    pub(super) bytes: AtomicU64,
    pub(super) success: AtomicU64,
    pub(super) not_modified: AtomicU64,
    pub(super) client_error: AtomicU64,
    pub(super) rate_limited: AtomicU64,
    pub(super) server_error: AtomicU64,
    pub(super) error: AtomicU64,
    pub(super) origins: Mutex<HashSet<String>>,
    pub(super) conditional: AtomicU64,
}

impl Counted {
    pub(super) fn answered(&self, status: Option<u16>) {
        let counter = match status {
            Some(304) => &self.not_modified,
            Some(429) => &self.rate_limited,
            Some(200..=299) => &self.success,
            Some(400..=499) => &self.client_error,
            Some(500..=599) => &self.server_error,
            // A redirect is on its way to an answer and counts as a request only.
            Some(_) => return,
            None => &self.error,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl<C: Clock> Client<C> {
    /// A client that behaves as `settings` say and waits by `clock`.
    ///
    /// # Errors
    /// When the proxy's address or the user agent cannot be used, or TLS cannot be set up.
    pub fn new(settings: Settings, clock: C) -> Result<Self, SetupError> {
        Self::build(settings, clock, true)
    }

    /// A client that opens a connection for each request, to measure what keeping them saves.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn without_reuse(settings: Settings, clock: C) -> Result<Self, SetupError> {
        Self::build(settings, clock, false)
    }

    fn build(settings: Settings, clock: C, reuse: bool) -> Result<Self, SetupError> {
        let policy = AddressPolicy::new(settings.allow_private_addresses, &settings.private_hosts);
        let connections = Connections::new(settings.clone(), policy.clone(), reuse)?;
        let pace = Pace::new(settings.concurrency, settings.per_host_concurrency, settings.per_host_interval);
        let bodies = Bodies::new(settings.idle_timeout);
        Ok(Self { connections, settings, policy, bodies, pace, counted: Counted::default(), clock })
    }

    /// One exchange with an API.
    async fn api_get(&self, url: Url, headers: Vec<(String, String)>) -> Result<ApiResponse, Failure> {
        let host = self.checked_host(&url)?;
        let _turn = self.pace.acquire(&host).await;
        let start = Instant::now();
        self.counted.requests.fetch_add(1, Ordering::Relaxed);
        let mut status = None;
        let limit = self.settings.total_timeout;
        let answer = tokio::time::timeout(limit, self.send_api(url, &host, headers, &mut status)).await;
        self.counted.answered(status);
        let (status, headers, body) = answer.unwrap_or(Err(Failure::TotalTimeout))?;
        Ok(ApiResponse { status, headers, body, elapsed: start.elapsed() })
    }

    async fn send_api(
        &self,
        url: Url,
        host: &str,
        headers: Vec<(String, String)>,
        status: &mut Option<u16>,
    ) -> Result<(u16, Vec<(String, String)>, Bytes), Failure> {
        let mut head = HeaderMap::new();
        for (name, value) in &headers {
            if let (Ok(name), Ok(mut value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
                value.set_sensitive(true);
                head.insert(name, value);
            }
        }
        head.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let client = self.connections.to(host)?;
        let mut response = client.get(url).headers(head).send().await.map_err(|error| classify(&error))?;
        *status = Some(response.status().as_u16());
        let text = |(name, value): (&HeaderName, &HeaderValue)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        };
        let answer = response.headers().iter().filter_map(text).collect();
        let limit = self.settings.feed_body_limit;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| classify(&error))? {
            self.counted.bytes.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            if (body.len() + chunk.len()) as u64 > limit {
                return Err(Failure::too_large(limit));
            }
            body.extend_from_slice(&chunk);
        }
        Ok((response.status().as_u16(), answer, Bytes::from(body)))
    }

    pub(super) fn checked_host(&self, url: &Url) -> Result<String, Failure> {
        let literal = match url.host() {
            Some(Host::Ipv4(v4)) => Some(IpAddr::V4(v4)),
            Some(Host::Ipv6(v6)) => Some(IpAddr::V6(v6)),
            Some(Host::Domain(_)) => None,
            None => return Err(Failure::BadAddress(url.to_string())),
        };
        let host = url.host_str().unwrap_or_default();
        if literal.is_some_and(is_private) && !self.policy.admits(host) {
            return Err(Failure::PrivateAddress(host.to_owned()));
        }
        Ok(pace_key(host))
    }
}

impl<C: Clock> Fetch for Client<C> {
    fn fetch(
        &self,
        request: Request,
        now: Timestamp,
    ) -> std::pin::Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
        Box::pin(self.send_following_redirects(request, now))
    }

    fn pause(&self, host: &str, until: Timestamp) {
        self.pace.pause(host, Whom::All, until);
    }

    fn close_idle(&self, host: &str) {
        self.connections.close_idle(host);
    }

    fn call(
        &self,
        url: Url,
        headers: Vec<(String, String)>,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<ApiResponse, Failure>> + Send + '_>> {
        Box::pin(self.api_get(url, headers))
    }

    fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counted = &self.counted;
        Counts {
            requests: read(&counted.requests),
            connections_opened: self.connections.opened(),
            retries: read(&counted.retries),
            bytes_received: read(&counted.bytes),
            success: read(&counted.success),
            not_modified: read(&counted.not_modified),
            client_error: read(&counted.client_error),
            rate_limited: read(&counted.rate_limited),
            server_error: read(&counted.server_error),
            error: read(&counted.error),
            conditional: read(&counted.conditional),
            origins: counted.origins.lock().unwrap_or_else(PoisonError::into_inner).len() as u64,
        }
    }
}
