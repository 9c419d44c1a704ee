//! Turns: how many requests at once, over all hosts and at each; and how far apart at each.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Who may send when.
#[derive(Debug)]
pub struct Pace {
    all: Arc<Semaphore>,
    per_host: usize,
    interval: Duration,
    hosts: Mutex<HashMap<String, Arc<Host>>>,
}

#[derive(Debug)]
struct Host {
    turns: Arc<Semaphore>,
    spacing: Option<DefaultDirectRateLimiter>,
    paused: Mutex<Option<Timestamp>>,
}

/// Leave to send; given back when dropped.
#[derive(Debug)]
pub struct Turn {
    _host: Option<OwnedSemaphorePermit>,
    _all: Option<OwnedSemaphorePermit>,
    /// How long it took to get.
    pub waited: Duration,
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
                turns: Arc::new(Semaphore::new(self.per_host)),
                spacing: quota.map(RateLimiter::direct),
                paused: Mutex::default(),
            })
        }))
    }

    /// Waits for a turn at `key`. The host's own turn comes first, so that a request that waits for a slow
    /// host holds no place others could use.
    pub async fn turn(&self, key: &str) -> Turn {
        let start = Instant::now();
        let host = self.host(key);
        let own = Arc::clone(&host.turns).acquire_owned().await.ok();
        if let Some(spacing) = &host.spacing {
            spacing.until_ready().await;
        }
        let all = Arc::clone(&self.all).acquire_owned().await.ok();
        Turn { _host: own, _all: all, waited: start.elapsed() }
    }

    pub fn pause(&self, key: &str, until: Timestamp) {
        *self.host(key).paused.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
    }

    pub fn is_paused(&self, key: &str, now: Timestamp) -> bool {
        self.host(key).paused.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|until| until > now)
    }
}
