//! The network itself: the only file that names reqwest's client.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use url::Url;

use super::{
    ApiResponse, Counts, Failure, Settings,
    body::Bodies,
    classify::classify,
    connections::Connections,
    headers::{secret_headers, text_headers},
    pace::{Pace, Whom},
    resolve::AddressPolicy,
};
use crate::{clock::Clock, text::host::pace_key};

/// The one client of a run.
pub struct Client {
    pub(super) connections: Connections,
    pub(super) settings: Settings,
    policy: AddressPolicy,
    pub(super) bodies: Bodies,
    pub(super) pace: Pace,
    pub(super) counted: Counted,
    pub(super) clock: Arc<dyn Clock>,
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

impl Client {
    /// A client that behaves as `settings` say and waits by `clock`.
    ///
    /// # Errors
    /// When the proxy's address or the user agent cannot be used, or TLS cannot be set up.
    pub fn new(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        Self::build(settings, clock, true)
    }

    /// A client that opens a connection for each request, to measure what keeping them saves.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn without_reuse(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        Self::build(settings, clock, false)
    }

    fn build(settings: Settings, clock: Arc<dyn Clock>, reuse: bool) -> Result<Self, SetupError> {
        let policy = AddressPolicy::new(settings.allow_private_addresses, &settings.private_hosts);
        let connections = Connections::new(settings.clone(), policy.clone(), reuse)?;
        let pace = Pace::new(settings.concurrency, settings.per_host_concurrency, settings.per_host_interval);
        let bodies = Bodies::new(settings.idle_timeout);
        Ok(Self { connections, settings, policy, bodies, pace, counted: Counted::default(), clock })
    }

    /// Sends one GET to an API, after the wait for its host. It is neither repeated nor redirected; every status is
    /// an answer.
    pub async fn api_get(&self, url: Url, headers: Vec<(String, String)>) -> Result<ApiResponse, Failure> {
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
        for (name, value) in secret_headers(&headers) {
            head.insert(name, value);
        }
        head.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let client = self.connections.to(host)?;
        let mut response = client.get(url).headers(head).send().await.map_err(|error| classify(&error))?;
        *status = Some(response.status().as_u16());
        let answer = text_headers(response.headers());
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
        self.policy.check_literal(url)?;
        Ok(pace_key(url.host_str().unwrap_or_default()))
    }

    /// Sends nothing to `host` (a name, or what groups names: see [`crate::text::host`]) before `until`.
    pub fn pause(&self, host: &str, until: Timestamp) {
        self.pace.pause(host, Whom::All, until);
    }

    /// Closes the idle connections to `host` (as for [`Self::pause`]).
    pub fn close_idle(&self, host: &str) {
        self.connections.close_idle(host);
    }

    /// The counts so far.
    pub fn counts(&self) -> Counts {
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
