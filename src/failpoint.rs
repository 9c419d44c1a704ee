//! Named points at which a test can have a debug build kill itself
//! (docs/explain/decisions/0012-failpoints-only-in-debug-builds.md). In a release build [`hit`] is empty.

/// Every failpoint, in the order of a first run. At those with "in" a transaction is open.
pub const FAILPOINTS: &[&str] = &[
    // A database is created and migrated.
    "database-built",
    "copy-written",
    "copy-kept",
    "schema-changed",
    // A cycle.
    "cycle-begun",
    "x-reserved",
    "in-visit",
    "in-visit-whole",
    "visit-saved",
    "pruned",
    "in-summary",
    "summary-queued",
    "in-binding",
    "bound",
    "attempt-noted",
    "message-sent",
    "in-settling",
    "settled",
    "in-cycle-end",
    "cycle-ended",
    // A damaged database is repaired.
    "damaged-kept",
    "rows-recovered",
    "mended",
    // The database file is compacted.
    "compacting",
    "compacted",
];

/// Marks `point`. A debug build that is armed for it is killed here, as in a power failure.
#[inline]
pub fn hit(point: &str) {
    #[cfg(debug_assertions)]
    armed::hit(point);
    #[cfg(not(debug_assertions))]
    let _ = point;
}

#[cfg(debug_assertions)]
pub use armed::arm;

#[cfg(debug_assertions)]
mod armed {
    use std::sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    };

    use super::FAILPOINTS;

    static ARMED: OnceLock<(String, AtomicU32)> = OnceLock::new();

    /// Kills the process at the `nth` hit of `point`, from 1. Only the first call counts.
    ///
    /// # Errors
    /// When there is no such failpoint.
    pub fn arm(point: &str, nth: u32) -> Result<(), String> {
        if !FAILPOINTS.contains(&point) {
            return Err(format!("no failpoint {point:?}; there are {}", FAILPOINTS.join(", ")));
        }
        // A process is armed once, by its command line.
        let _ = ARMED.set((point.to_owned(), AtomicU32::new(nth)));
        Ok(())
    }

    pub fn hit(point: &str) {
        debug_assert!(FAILPOINTS.contains(&point), "{point:?} is not in the list of points");
        let Some((armed, left)) = ARMED.get() else { return };
        if armed == point && left.fetch_sub(1, Ordering::SeqCst) == 1 {
            die();
        }
    }

    /// Flushes, drops and reports nothing.
    fn die() -> ! {
        #[cfg(unix)]
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        std::process::abort()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failpoints_have_different_names() {
        let unique: std::collections::BTreeSet<_> = FAILPOINTS.iter().collect();
        assert_eq!(unique.len(), FAILPOINTS.len());
        #[cfg(debug_assertions)]
        assert!(arm("nowhere", 1).unwrap_err().contains("cycle-begun"));
    }
}
