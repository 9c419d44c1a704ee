//! The requests that one fetch sends: redirects with their cookies, one retry, and a second try for servers that refuse
//! the `Accept` header.

use std::{
    sync::PoisonError,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use reqwest::{
    Response, StatusCode,
    header::{
        ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE,
        IF_NONE_MATCH, LOCATION, SET_COOKIE,
    },
};
use url::Url;

use super::{
    Answer, Client, Failure, FetchStats, Outcome, Purpose, Request,
    body::{Deadline, Read},
    challenge,
    classify::classify,
    cookies::Jar,
    headers::{self, secret_headers},
    pace::Whom,
    redirect, retry, shown,
    unpack::ACCEPTED,
    waits::wait,
};
use crate::text::host::pace_key;

/// `Accept` for feeds (docs/reference/http.md#request-headers).
const FEED_ACCEPT: &str = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1";
const JSON_ACCEPT: &str = "application/json, */*;q=0.1";
const PAGE_ACCEPT: &str = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1";
const ROBOTS_ACCEPT: &str = "text/plain, */*;q=0.1";
/// Sent to a server that refuses the others (406, 415): what browsers send.
const ANY_ACCEPT: &str = "text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8";
/// Bytes of a robots.txt that are read (RFC 9309, section 2.5).
const ROBOTS_LIMIT: u64 = 500 * 1024;
/// Time limit for the page that comes with a refusal, which only explains it.
const REFUSAL_TIME: Duration = Duration::from_secs(5);

struct Chain {
    request: Request,
    jar: Jar,
    /// Whether a server has refused the usual `Accept` header.
    accepts_any: bool,
}

enum Reply {
    Answer(Outcome),
    Redirect { status: u16, location: Vec<u8> },
}

impl Client {
    /// Sends `request`, follows its redirects, and repeats it once where that helps. `now` serves `Retry-After` dates.
    pub async fn fetch(&self, request: Request, now: Timestamp) -> Answer {
        let mut stats = FetchStats::new(request.url.clone());
        let is_post = request.body.is_some();
        let mut chain = Chain { request, jar: Jar::default(), accepts_any: false };
        // The addresses requested so far, each with its cookies.
        let mut seen = vec![(stats.final_url.clone(), None)];
        let mut permanent = true;
        loop {
            let mut reply = self.send_once(&mut chain, &mut stats, now).await;
            while let Err(failure) = &reply
                && !(is_post && failure.may_have_arrived())
                && let Some(wait) = retry::wait(failure, stats.final_url.as_str())
                && stats.retries < self.settings.retries
            {
                stats.retries += 1;
                self.count(|counts| counts.retries += 1);
                self.clock.sleep(wait).await;
                reply = self.send_once(&mut chain, &mut stats, now).await;
            }
            let (status, location) = match reply {
                Ok(Reply::Redirect { status, location }) => (status, location),
                Ok(Reply::Answer(outcome)) => return Answer { outcome, stats },
                Err(Failure::Status(406 | 415))
                    if !chain.accepts_any && !is_post && chain.request.purpose != Purpose::Robots =>
                {
                    chain.accepts_any = true;
                    continue;
                }
                Err(failure) => return Answer { outcome: Outcome::Failed(failure), stats },
            };
            let to = redirect::target(&stats.final_url, &location).and_then(|to| {
                if is_post && !redirect::keeps_post(status, &stats.final_url, &to) {
                    let to = to.host_str().unwrap_or_default().to_owned();
                    return Err(Failure::PostRedirected { status, to });
                }
                let step = (to.clone(), chain.jar.header(&to, None));
                let limit = self.settings.max_redirects;
                if seen.contains(&step) {
                    return Err(Failure::RedirectLoop);
                }
                if seen.len() > usize::try_from(limit).unwrap_or(usize::MAX) {
                    return Err(Failure::TooManyRedirects(limit));
                }
                seen.push(step);
                Ok(to)
            });
            match to {
                Ok(to) => {
                    permanent &= redirect::is_permanent(status);
                    if permanent {
                        stats.permanent_url = Some(to.clone()).filter(|to| *to != chain.request.url);
                    }
                    stats.final_url = to;
                }
                Err(failure) => return Answer { outcome: Outcome::Failed(failure), stats },
            }
        }
    }

    /// Sends one request to `stats.final_url` when its host has a permit.
    async fn send_once(
        &self,
        chain: &mut Chain,
        stats: &mut FetchStats,
        now: Timestamp,
    ) -> Result<Reply, Failure> {
        let url = stats.final_url.clone();
        let host = self.checked_host(&url)?;
        let whom = Whom::of(chain.request.purpose);
        if self.pace.is_paused(&host, whom, now) {
            return Err(Failure::HostPaused);
        }
        let is_guest = host != pace_key(chain.request.url.host_str().unwrap_or_default());
        let mut permit =
            if is_guest { self.pace.acquire_as_guest(&host).await } else { self.pace.acquire(&host).await };
        stats.paced += permit.waited;
        // A response to another request may have paused the host in the meantime.
        if self.pace.is_paused(&host, whom, now) {
            return Err(Failure::HostPaused);
        }
        let start = Instant::now();
        stats.requests += 1;
        let request = &chain.request;
        let conditional = url.as_str() == request.validators_url && !request.validators.is_empty();
        self.count(|counts| {
            counts.requests += 1;
            counts.conditional += u64::from(conditional);
            match request.purpose {
                Purpose::Feed => counts.feeds += 1,
                Purpose::Article => counts.pages += 1,
                Purpose::Robots => counts.robots += 1,
            }
        });
        let origin = url.origin().ascii_serialization();
        self.origins.lock().unwrap_or_else(PoisonError::into_inner).insert(origin);
        stats.status = None;
        let bytes_before = stats.bytes;
        // On the heap, and only now, so that futures that wait for a permit are small.
        let mut reply = Box::pin(self.exchange(chain, &url, &host, conditional, stats, now)).await;
        let (took, bytes) = (start.elapsed(), stats.bytes - bytes_before);
        stats.elapsed += took;
        self.count_status(stats.status);
        let failure = reply.as_ref().err().map(|failure| failure.kind().to_string());
        let purpose: &str = chain.request.purpose.into();
        let (status, ms) = (stats.status, took.as_millis());
        if chain.request.body.is_some() {
            tracing::debug!(purpose, address = shown(&url), status, bytes, ms, conditional, failure, "POST");
        } else {
            tracing::debug!(purpose, address = shown(&url), status, bytes, ms, conditional, failure, "GET");
        }
        if let Err(Failure::RateLimited { retry_after }) = &reply {
            self.pace.pause(&host, whom, now + retry_after.unwrap_or(Duration::from_hours(1)));
        }
        if let Ok(Reply::Answer(Outcome::Fetched { body, .. })) = &mut reply {
            *body = permit.keep_for(std::mem::take(body));
        }
        reply
    }

    async fn exchange(
        &self,
        chain: &mut Chain,
        url: &Url,
        host: &str,
        conditional: bool,
        stats: &mut FetchStats,
        now: Timestamp,
    ) -> Result<Reply, Failure> {
        let deadline = Deadline::after(self.settings.total_timeout);
        let patience = self.settings.connect_timeout.saturating_add(self.settings.idle_timeout);
        let client = self.connections.to(host)?;
        let request = match &chain.request.body {
            Some(body) => client.post(url.clone()).body(body.clone()),
            None => client.get(url.clone()),
        };
        let sending = request.headers(chain.headers(url)).send();
        let response = deadline.within(patience, sending).await?.map_err(|error| classify(&error))?;
        let status = response.status().as_u16();
        stats.status = Some(status);
        let head = response.headers();
        chain.jar.take(url, head.get_all(SET_COOKIE).iter().map(HeaderValue::as_bytes), now);
        if redirect::is_redirect(status) {
            let location = head.get(LOCATION).map(|value| value.as_bytes().to_vec()).unwrap_or_default();
            return Ok(Reply::Redirect { status, location });
        }
        if challenge::is_announced(head) {
            return Err(Failure::Challenge);
        }
        let refusal = match response.status() {
            StatusCode::NOT_MODIFIED if !conditional => return Err(Failure::Unasked304),
            StatusCode::NOT_MODIFIED => {
                return Ok(Reply::Answer(Outcome::NotModified { headers: headers::read(head, now) }));
            }
            StatusCode::NOT_FOUND => return Err(Failure::NotFound),
            StatusCode::GONE => return Err(Failure::Gone),
            StatusCode::TOO_MANY_REQUESTS => {
                Some(Failure::RateLimited { retry_after: wait(head, now, true) })
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                Some(Failure::Unavailable { retry_after: wait(head, now, false) })
            }
            status if !status.is_success() => Some(Failure::Status(status.as_u16())),
            _ => None,
        };
        let mut encoded = 0;
        let mut count = |bytes| {
            encoded += bytes;
            stats.bytes += bytes;
            self.count(|counts| counts.bytes_received += bytes);
        };
        let purpose = chain.request.purpose;
        if let Some(refusal) = refusal {
            let challenged = self.is_challenge(response, url, purpose, &refusal, deadline, &mut count).await;
            return Err(if challenged { Failure::Challenge } else { refusal });
        }
        let mut headers = headers::read(head, now);
        let (limit, setting) = match purpose {
            Purpose::Feed => (self.settings.feed_body_limit, Some("http.feed_body_limit")),
            Purpose::Article => (self.settings.page_body_limit, Some("http.page_body_limit")),
            Purpose::Robots => (ROBOTS_LIMIT, None),
        };
        let Read { body, broken_off } =
            match self.bodies.read(&chain.request.source, response, limit, deadline, count).await {
                Err(Failure::TooLarge { limit, .. }) => return Err(Failure::TooLarge { limit, setting }),
                read => read?,
            };
        if purpose == Purpose::Feed && challenge::is_challenge(&body, url) {
            return Err(Failure::Challenge);
        }
        self.count(|counts| {
            counts.bytes_encoded += encoded;
            counts.bytes_decoded += body.len() as u64;
        });
        headers.broken_off = broken_off;
        Ok(Reply::Answer(Outcome::Fetched { body, headers }))
    }

    /// Whether the page that comes with `refusal` is a challenge. Not for 429, which pauses the host.
    async fn is_challenge(
        &self,
        response: Response,
        url: &Url,
        purpose: Purpose,
        refusal: &Failure,
        deadline: Deadline,
        count: impl FnMut(u64),
    ) -> bool {
        // These are sent again, so the page is not needed.
        let passing = matches!(refusal, Failure::Status(406 | 415 | 502 | 504));
        if purpose == Purpose::Robots || passing || matches!(refusal, Failure::RateLimited { .. }) {
            return false;
        }
        let deadline = deadline.at_most(REFUSAL_TIME);
        let page = self.bodies.read("", response, challenge::LONGEST, deadline, count).await;
        page.is_ok_and(|page| challenge::is_challenge(&page.body, url))
    }
}

impl Chain {
    /// The headers of the next request, to `url`.
    fn headers(&self, url: &Url) -> HeaderMap {
        let request = &self.request;
        let mut headers = HeaderMap::new();
        let accept = match request.purpose {
            _ if self.accepts_any => ANY_ACCEPT,
            Purpose::Feed if request.body.is_some() => JSON_ACCEPT,
            Purpose::Feed => FEED_ACCEPT,
            Purpose::Article => PAGE_ACCEPT,
            Purpose::Robots => ROBOTS_ACCEPT,
        };
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(ACCEPTED));
        if request.body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if url.as_str() == request.validators_url {
            let mut echo = |name: HeaderName, value: &Option<Vec<u8>>| {
                if let Some(value) = value.as_ref().and_then(|value| HeaderValue::from_bytes(value).ok()) {
                    headers.insert(name, value);
                }
            };
            echo(IF_NONE_MATCH, &request.validators.etag);
            echo(IF_MODIFIED_SINCE, &request.validators.last_modified);
        }
        // Headers from the settings may be secret: they go to their own host only.
        if url.origin() == request.url.origin() {
            for (name, value) in secret_headers(&request.headers) {
                headers.insert(name, value);
            }
        }
        if let Some(cookies) = self.jar.header(url, headers.get(COOKIE)) {
            headers.insert(COOKIE, cookies);
        }
        headers
    }
}
