//! The client of a run: settings, connections, pacing, counts.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
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
    shown,
};
use crate::{clock::Clock, text::host::pace_key};

/// The one client of a run.
pub struct Client {
    pub(super) connections: Connections,
    pub(super) settings: Settings,
    policy: AddressPolicy,
    pub(super) bodies: Bodies,
    pub(super) pace: Pace,
    counted: Mutex<Counts>,
    pub(super) origins: Mutex<HashSet<String>>,
    pub(super) clock: Arc<dyn Clock>,
}

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum SetupError {
    #[error("http.proxy is not a usable address: {0}")]
    Proxy(String),
    #[error("http.user_agent cannot be sent as a header")]
    UserAgent,
    #[error("TLS could not be set up: {0}")]
    Tls(String),
}

impl From<SetupError> for Failure {
    fn from(error: SetupError) -> Self {
        Self::Connect(error.to_string())
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
        Ok(Self {
            connections,
            settings,
            policy,
            bodies,
            pace,
            counted: Mutex::default(),
            origins: Mutex::default(),
            clock,
        })
    }

    /// Sends one GET to an API, after the wait for its host. It is neither repeated nor redirected; every status is
    /// an answer.
    pub(crate) async fn api_get(
        &self,
        url: Url,
        headers: Vec<(String, String)>,
    ) -> Result<ApiResponse, Failure> {
        let host = self.checked_host(&url)?;
        let _permit = self.pace.acquire(&host).await;
        let address = shown(&url);
        let start = Instant::now();
        self.count(|counts| {
            counts.requests += 1;
            counts.api += 1;
        });
        let mut status = None;
        let limit = self.settings.total_timeout;
        let answer = tokio::time::timeout(limit, self.send_api(url, &host, headers, &mut status)).await;
        self.count_status(status);
        let ms = start.elapsed().as_millis();
        let bytes =
            answer.as_ref().ok().and_then(|answer| answer.as_ref().ok()).map(|(_, _, body)| body.len());
        tracing::debug!(purpose = "x", address, status, bytes, ms, "GET");
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
            self.count(|counts| counts.bytes_received += chunk.len() as u64);
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
        let origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner).len() as u64;
        let counted = *self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        Counts { connections_opened: self.connections.opened(), origins, ..counted }
    }

    pub(super) fn count(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.counted.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Counts a response, or its absence, by status. A redirect counts as a request only.
    pub(super) fn count_status(&self, status: Option<u16>) {
        self.count(|counts| match status {
            Some(304) => counts.not_modified += 1,
            Some(429) => counts.rate_limited += 1,
            Some(200..=299) => counts.success += 1,
            Some(400..=499) => counts.client_error += 1,
            Some(500..=599) => counts.server_error += 1,
            Some(_) => {}
            None => counts.error += 1,
        });
    }
}
