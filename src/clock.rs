//! The only module that reads the system clock. Everything else takes `now` as an argument, so tests can choose it.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

use crate::text::hash::sha256;

/// The time, and waits. Tests have clocks of their own.
pub trait Clock: Send + Sync {
    /// The present instant, UTC.
    fn now(&self) -> Timestamp;

    /// Resolves after `wait`.
    fn sleep(&self, wait: Duration) -> BoxFuture<'_, ()>;
}

/// A fraction from 0 up to 1 that is always the same for `seed`, to spread waits that would end at one moment.
pub(crate) fn jitter(seed: &str) -> f64 {
    f64::from(u32::from_be_bytes(sha256(seed))) / 2_f64.powi(32)
}

/// Seconds added to the time of [`SystemClock`]: tests and measurements simulate clock jumps and longer periods.
static SHIFT: AtomicI64 = AtomicI64::new(0);

/// Sets the time of [`SystemClock`] forward by `seconds` for the rest of the process.
pub fn shift(seconds: i64) {
    SHIFT.store(seconds, Ordering::Relaxed);
}

/// The system clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that may")]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        now.saturating_add(SignedDuration::from_secs(SHIFT.load(Ordering::Relaxed))).unwrap_or(now)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that may")]
    fn sleep(&self, wait: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(wait))
    }
}
