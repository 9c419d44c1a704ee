//! Pacing: how many requests at once, overall and for each host, and the interval between two for one host.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Purpose, body::placed};

/// The requests that a pause stops. Any feed can link to a page, and so use up the limit of its host. So a 429 for a page
/// does not stop the host's own feeds (docs/explain/decisions/0023-a-429-for-a-page-pauses-pages-only.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    All,
    /// Pages and robots.txt.
    Pages,
}

impl Whom {
    pub fn of(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Feed => Self::All,
            Purpose::Article | Purpose::Robots => Self::Pages,
        }
    }
}

#[derive(Debug)]
pub struct Pace {
    all: Arc<Semaphore>,
    per_host: usize,
    interval: Duration,
    hosts: Mutex<HashMap<String, Arc<Host>>>,
}

#[derive(Debug)]
struct Host {
    permits: Arc<Semaphore>,
    /// Requests that redirects of other hosts lead here wait for each other before they wait for a permit.
    guests: Arc<Semaphore>,
    spacing: Option<DefaultDirectRateLimiter>,
    paused: Mutex<Pauses>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Pauses {
    all: Option<Timestamp>,
    pages: Option<Timestamp>,
}

/// Permission to send; dropping it returns it.
#[derive(Debug)]
pub struct Permit {
    _host: Option<OwnedSemaphorePermit>,
    all: Option<OwnedSemaphorePermit>,
    pub waited: Duration,
}

impl Permit {
    /// Ties the overall permit to `body`, until `body` is dropped. So there are at most as many unread bodies as requests.
    /// The host's permit is free after the response.
    pub fn keep_for(&mut self, body: Bytes) -> Bytes {
        match self.all.take() {
            Some(place) => placed(body, place),
            None => body,
        }
    }
}

impl Pace {
    pub fn new(concurrency: usize, per_host: usize, interval: Duration) -> Self {
        Self { all: Arc::new(Semaphore::new(concurrency)), per_host, interval, hosts: Mutex::default() }
    }

    fn host(&self, key: &str) -> Arc<Host> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(hosts.entry(key.to_owned()).or_insert_with(|| {
            let quota = Quota::with_period(self.interval).map(|quota| quota.allow_burst(NonZeroU32::MIN));
            Arc::new(Host {
                permits: Arc::new(Semaphore::new(self.per_host)),
                guests: Arc::new(Semaphore::new(1)),
                spacing: quota.map(RateLimiter::direct),
                paused: Mutex::default(),
            })
        }))
    }

    /// Waits for a permit for `key`. The host's permit comes first, so that a request that waits for a slow host does not
    /// block others.
    pub async fn acquire(&self, key: &str) -> Permit {
        let start = Instant::now();
        let host = self.host(key);
        let own = Arc::clone(&host.permits).acquire_owned().await.ok();
        if let Some(spacing) = &host.spacing {
            spacing.until_ready().await;
        }
        let all = Arc::clone(&self.all).acquire_owned().await.ok();
        Permit { _host: own, all, waited: start.elapsed() }
    }

    /// Waits for a permit for a request that a redirect of another host leads to `key`. At most one of them waits with the
    /// host's own requests, so a thousand links of one publisher do not delay the feed of another.
    pub async fn acquire_as_guest(&self, key: &str) -> Permit {
        let start = Instant::now();
        let guests = Arc::clone(&self.host(key).guests);
        let _next = guests.acquire_owned().await.ok();
        let turn = self.acquire(key).await;
        Permit { waited: start.elapsed(), ..turn }
    }

    /// Stops these requests to `key` until then. A longer pause stays.
    pub fn pause(&self, key: &str, whom: Whom, until: Timestamp) {
        let host = self.host(key);
        let mut paused = host.paused.lock().unwrap_or_else(PoisonError::into_inner);
        let pause = match whom {
            Whom::All => &mut paused.all,
            Whom::Pages => &mut paused.pages,
        };
        *pause = Some(until).max(*pause);
    }

    pub fn is_paused(&self, key: &str, whom: Whom, now: Timestamp) -> bool {
        let paused = *self.host(key).paused.lock().unwrap_or_else(PoisonError::into_inner);
        let until = match whom {
            Whom::All => paused.all,
            Whom::Pages => paused.all.max(paused.pages),
        };
        until.is_some_and(|until| until > now)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_body_keeps_its_place_until_it_has_been_read() {
        let pace = Pace::new(1, 1, Duration::ZERO);
        let mut turn = pace.acquire("a").await;
        let body = turn.keep_for(Bytes::from_static(b"news"));
        drop(turn);
        let copy = body.clone();
        drop(body);
        assert!(pace.acquire("b").now_or_never().is_none(), "the body is not read yet");
        assert_eq!(&copy[..], b"news");
        drop(copy);
        assert!(pace.acquire("b").now_or_never().is_some());
    }

    #[test]
    fn a_page_that_is_refused_stops_pages_and_a_feed_that_is_refused_stops_all() {
        let pace = Pace::new(1, 1, Duration::ZERO);
        let (now, later) = (Timestamp::UNIX_EPOCH, "1970-01-01T01:00:00Z".parse().unwrap());
        let paused = |whom| pace.is_paused("a", whom, now);
        pace.pause("a", Whom::Pages, later);
        assert_eq!((paused(Whom::All), paused(Whom::Pages)), (false, true));
        pace.pause("a", Whom::All, later);
        pace.pause("a", Whom::All, now);
        assert_eq!((paused(Whom::All), paused(Whom::Pages)), (true, true));
        assert!(!pace.is_paused("a", Whom::Pages, later) && !pace.is_paused("b", Whom::Pages, now));
    }

    #[tokio::test]
    async fn a_host_s_own_request_waits_for_one_that_was_redirected_there_at_most() {
        let pace = Pace::new(9, 1, Duration::ZERO);
        let under_way = pace.acquire("a").await;
        let (mut first, mut second) =
            (Box::pin(pace.acquire_as_guest("a")), Box::pin(pace.acquire_as_guest("a")));
        assert!(first.as_mut().now_or_never().is_none() && second.as_mut().now_or_never().is_none());
        let mut own = Box::pin(pace.acquire("a"));
        assert!(own.as_mut().now_or_never().is_none());
        drop(under_way);
        let guest = first.await;
        assert!(second.as_mut().now_or_never().is_none() && own.as_mut().now_or_never().is_none());
        drop(guest);
        assert!(second.as_mut().now_or_never().is_none(), "the host's own request came first");
        drop(own.await);
        second.await;
    }
}
