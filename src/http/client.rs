//! The network itself: the only file that names reqwest's client.

use std::{
    collections::HashSet,
    net::IpAddr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::{
    StatusCode,
    header::{
        ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH,
        LOCATION,
    },
};
use url::{Host, Url};

use super::{
    Answer, Counts, Failure, Fetch, Outcome, Purpose, Request, Settings, Told, Trail,
    body::{Bodies, Deadline},
    classify::classify,
    connections::Connections,
    guard::is_private,
    headers,
    pace::Pace,
    redirect,
    resolve::Admission,
    retry,
    unpack::ACCEPTED,
};
use crate::{clock::Clock, text::host::pace_key};

/// What a feed may come as (feed-fetching, rule 16).
const FEED_ACCEPT: &str = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1";
const PAGE_ACCEPT: &str = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1";
const ROBOTS_ACCEPT: &str = "text/plain, */*;q=0.1";
/// A robots.txt is read up to here (RFC 9309, section 2.5).
const ROBOTS_LIMIT: u64 = 500 * 1024;

/// The one client of a run.
pub struct Client<C> {
    connections: Connections,
    settings: Settings,
    admission: Admission,
    bodies: Bodies,
    pace: Pace,
    counted: Counted,
    clock: C,
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
struct Counted {
    requests: AtomicU64,
    retries: AtomicU64,
    bytes: AtomicU64,
    success: AtomicU64,
    not_modified: AtomicU64,
    client_error: AtomicU64,
    rate_limited: AtomicU64,
    server_error: AtomicU64,
    error: AtomicU64,
    origins: Mutex<HashSet<String>>,
    conditional: AtomicU64,
}

impl Counted {
    fn answered(&self, status: Option<u16>) {
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
        let admission = Admission::new(settings.allow_private_addresses, &settings.private_hosts);
        let connections = Connections::new(settings.clone(), admission.clone(), reuse)?;
        let pace = Pace::new(settings.concurrency, settings.per_host_concurrency, settings.per_host_interval);
        let bodies = Bodies::new(settings.idle_timeout);
        Ok(Self { connections, settings, admission, bodies, pace, counted: Counted::default(), clock })
    }

    /// The request, its redirects, and one retry where that helps.
    async fn run(&self, request: Request, now: Timestamp) -> Answer {
        let mut trail = Trail {
            final_url: request.url.clone(),
            permanent_url: None,
            status: None,
            requests: 0,
            retries: 0,
            bytes: 0,
            elapsed: Duration::ZERO,
            paced: Duration::ZERO,
        };
        let mut seen = vec![request.url.clone()];
        let mut permanent = true;
        loop {
            let mut reply = self.one(&request, &mut trail, now).await;
            if let Err(failure) = &reply
                && let Some(wait) =
                    retry::wait(failure, trail.final_url.as_str()).filter(|_| trail.retries == 0)
            {
                trail.retries += 1;
                self.counted.retries.fetch_add(1, Ordering::Relaxed);
                self.clock.sleep(wait).await;
                reply = self.one(&request, &mut trail, now).await;
            }
            let outcome = match reply {
                Ok(Reply::Answer(outcome)) => outcome,
                Err(failure) => Outcome::Failed(failure),
                Ok(Reply::Redirect { status, location }) => {
                    match redirect::next(
                        &trail.final_url,
                        location.as_deref(),
                        &seen,
                        self.settings.max_redirects,
                    ) {
                        Ok(to) => {
                            permanent &= redirect::is_permanent(status);
                            if permanent {
                                trail.permanent_url = Some(to.clone());
                            }
                            seen.push(to.clone());
                            trail.final_url = to;
                            continue;
                        }
                        Err(failure) => Outcome::Failed(failure),
                    }
                }
            };
            return Answer { outcome, trail };
        }
    }

    /// One request to `trail.final_url`, in its host's turn.
    async fn one(&self, request: &Request, trail: &mut Trail, now: Timestamp) -> Result<Reply, Failure> {
        let url = trail.final_url.clone();
        let host = self.checked_host(&url)?;
        if self.pace.is_paused(&host, now) {
            return Err(Failure::HostPaused);
        }
        let mut turn = self.pace.turn(&host).await;
        trail.paced += turn.waited;
        // The turn may have come after another request of this run was told to slow down.
        if self.pace.is_paused(&host, now) {
            return Err(Failure::HostPaused);
        }
        let start = Instant::now();
        trail.requests += 1;
        self.counted.requests.fetch_add(1, Ordering::Relaxed);
        let conditional = url.as_str() == request.validators_url && !request.validators.is_empty();
        self.counted.conditional.fetch_add(u64::from(conditional), Ordering::Relaxed);
        let origin = url.origin().ascii_serialization();
        self.counted.origins.lock().unwrap_or_else(PoisonError::into_inner).insert(origin);
        trail.status = None;
        // On the heap, and only now: whoever waits for a turn is to be small.
        let mut reply = Box::pin(self.exchange(request, &url, &host, conditional, trail, now)).await;
        trail.elapsed += start.elapsed();
        self.counted.answered(trail.status);
        if let Err(Failure::RateLimited { retry_after }) = &reply {
            self.pace.pause(&host, now + retry_after.unwrap_or(Duration::from_hours(1)));
        }
        if let Ok(Reply::Answer(Outcome::Fetched { body, .. })) = &mut reply {
            *body = turn.keep_for(std::mem::take(body));
        }
        reply
    }

    /// One exchange with an API.
    async fn told(&self, url: Url, headers: Vec<(String, String)>) -> Result<Told, Failure> {
        let host = self.checked_host(&url)?;
        let _turn = self.pace.turn(&host).await;
        let start = Instant::now();
        self.counted.requests.fetch_add(1, Ordering::Relaxed);
        let mut status = None;
        let limit = self.settings.total_timeout;
        let told = tokio::time::timeout(limit, self.tell(url, &host, headers, &mut status)).await;
        self.counted.answered(status);
        let (status, headers, body) = told.unwrap_or(Err(Failure::TotalTimeout))?;
        Ok(Told { status, headers, body, elapsed: start.elapsed() })
    }

    async fn tell(
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
        let told = response.headers().iter().filter_map(text).collect();
        let limit = self.settings.feed_body_limit;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| classify(&error))? {
            self.counted.bytes.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            if (body.len() + chunk.len()) as u64 > limit {
                return Err(Failure::TooLarge(limit));
            }
            body.extend_from_slice(&chunk);
        }
        Ok((response.status().as_u16(), told, Bytes::from(body)))
    }

    fn checked_host(&self, url: &Url) -> Result<String, Failure> {
        let literal = match url.host() {
            Some(Host::Ipv4(v4)) => Some(IpAddr::V4(v4)),
            Some(Host::Ipv6(v6)) => Some(IpAddr::V6(v6)),
            Some(Host::Domain(_)) => None,
            None => return Err(Failure::BadAddress(url.to_string())),
        };
        let host = url.host_str().unwrap_or_default();
        if literal.is_some_and(is_private) && !self.admission.admits(host) {
            return Err(Failure::PrivateAddress(host.to_owned()));
        }
        Ok(pace_key(host))
    }

    async fn exchange(
        &self,
        request: &Request,
        url: &Url,
        host: &str,
        conditional: bool,
        trail: &mut Trail,
        now: Timestamp,
    ) -> Result<Reply, Failure> {
        let deadline = Deadline::after(self.settings.total_timeout);
        let patience = self.settings.connect_timeout.saturating_add(self.settings.idle_timeout);
        let sending = self.connections.to(host)?.get(url.clone()).headers(headers_of(request, url)).send();
        let response = deadline.within(patience, sending).await?.map_err(|error| classify(&error))?;
        let status = response.status().as_u16();
        trail.status = Some(status);
        let head = response.headers();
        if redirect::is_redirect(status) {
            let location = head.get(LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
            return Ok(Reply::Redirect { status, location });
        }
        if head.get("cf-mitigated").is_some_and(|value| value == "challenge") {
            return Err(Failure::Challenge);
        }
        match response.status() {
            StatusCode::NOT_MODIFIED if !conditional => return Err(Failure::Unasked304),
            StatusCode::NOT_MODIFIED => {
                return Ok(Reply::Answer(Outcome::NotModified { headers: headers::read(head, now) }));
            }
            StatusCode::NOT_FOUND => return Err(Failure::NotFound),
            StatusCode::GONE => return Err(Failure::Gone),
            StatusCode::TOO_MANY_REQUESTS => {
                return Err(Failure::RateLimited { retry_after: headers::retry_after(head, now) });
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                return Err(Failure::Unavailable { retry_after: headers::retry_after(head, now) });
            }
            status if !status.is_success() => return Err(Failure::Status(status.as_u16())),
            _ => {}
        }
        let headers = headers::read(head, now);
        let limit = match request.purpose {
            Purpose::Feed => self.settings.feed_body_limit,
            Purpose::Article => self.settings.page_body_limit,
            Purpose::Robots => ROBOTS_LIMIT,
        };
        let count = |bytes| {
            trail.bytes += bytes;
            self.counted.bytes.fetch_add(bytes, Ordering::Relaxed);
        };
        let body = self.bodies.read(response, limit, deadline, count).await?;
        Ok(Reply::Answer(Outcome::Fetched { body, headers }))
    }
}

/// What one exchange gave.
enum Reply {
    Answer(Outcome),
    Redirect { status: u16, location: Option<String> },
}

/// What a request says beside its address.
fn headers_of(request: &Request, url: &Url) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let accept = match request.purpose {
        Purpose::Feed => FEED_ACCEPT,
        Purpose::Article => PAGE_ACCEPT,
        Purpose::Robots => ROBOTS_ACCEPT,
    };
    headers.insert(ACCEPT, HeaderValue::from_static(accept));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(ACCEPTED));
    if url.as_str() == request.validators_url {
        let mut echo = |name: HeaderName, value: &Option<Vec<u8>>| {
            if let Some(value) = value.as_ref().and_then(|value| HeaderValue::from_bytes(value).ok()) {
                headers.insert(name, value);
            }
        };
        echo(IF_NONE_MATCH, &request.validators.etag);
        echo(IF_MODIFIED_SINCE, &request.validators.last_modified);
    }
    // What the settings add may be secret: it stays with the host it was meant for.
    if url.origin() == request.url.origin() {
        for (name, value) in &request.headers {
            if let (Ok(name), Ok(mut value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
                value.set_sensitive(true);
                headers.insert(name, value);
            }
        }
    }
    headers
}

impl<C: Clock> Fetch for Client<C> {
    fn fetch(
        &self,
        request: Request,
        now: Timestamp,
    ) -> std::pin::Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
        Box::pin(self.run(request, now))
    }

    fn pause(&self, host: &str, until: Timestamp) {
        self.pace.pause(host, until);
    }

    fn leave(&self, host: &str) {
        self.connections.leave(host);
    }

    fn call(
        &self,
        url: Url,
        headers: Vec<(String, String)>,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Told, Failure>> + Send + '_>> {
        Box::pin(self.told(url, headers))
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
