//! The only place that asks the machine for the time.
//!
//! Everything else takes `now` as an argument, so that tests choose it.

#[cfg(debug_assertions)]
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;

/// Tells the time and waits.
pub trait Clock: Send + Sync {
    /// The present instant, UTC.
    fn now(&self) -> Timestamp;

    /// Resolves after `wait`.
    fn sleep(&self, wait: Duration) -> impl Future<Output = ()> + Send;
}

/// Seconds by which [`SystemClock`] is wrong: a debug build rehearses clocks that jump, and months that pass.
#[cfg(debug_assertions)]
static SHIFT: AtomicI64 = AtomicI64::new(0);

/// Has [`SystemClock`] tell the time `seconds` later than it is, for the rest of the process.
#[cfg(debug_assertions)]
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
        #[cfg(debug_assertions)]
        let now =
            now.saturating_add(jiff::SignedDuration::from_secs(SHIFT.load(Ordering::Relaxed))).unwrap_or(now);
        now
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that may")]
    async fn sleep(&self, wait: Duration) {
        tokio::time::sleep(wait).await;
    }
}
