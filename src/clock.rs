//! The only place that asks the machine for the time.
//!
//! Everything else takes `now` as an argument, so that tests choose it.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

/// Tells the time and waits.
pub trait Clock: Send + Sync {
    /// The present instant, UTC.
    fn now(&self) -> Timestamp;

    /// Resolves after `wait`.
    fn sleep(&self, wait: Duration) -> impl Future<Output = ()> + Send;
}

/// Seconds by which [`SystemClock`] is wrong: tests and measurements have clocks jump, and days and months pass.
static SHIFT: AtomicI64 = AtomicI64::new(0);

/// Has [`SystemClock`] tell the time `seconds` later than it is, for the rest of the process.
pub fn shift(seconds: i64) {
    SHIFT.store(seconds, Ordering::Relaxed);
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that may")]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        now.saturating_add(SignedDuration::from_secs(SHIFT.load(Ordering::Relaxed))).unwrap_or(now)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that may")]
    async fn sleep(&self, wait: Duration) {
        tokio::time::sleep(wait).await;
    }
}
