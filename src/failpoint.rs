//! Dying on purpose: the named points of the work at which a debug build can be told to kill itself, so that
//! tests need not hope to hit them (docs/explain/decisions/0012-failpoints-only-in-debug-builds.md).
//!
//! A release build has the names and nothing else: [`reach`] is empty there, and nothing can arm it.

/// Every point, in the order a first run comes by. Where a name says "in", a transaction is open.
pub const FAILPOINTS: &[&str] = &[
    // A database is made and brought up to date.
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
    "in-binding",
    "bound",
    "attempt-noted",
    "message-sent",
    "in-settling",
    "settled",
    "in-cycle-end",
    "cycle-ended",
    // A damaged database is mended.
    "damaged-kept",
    "rows-recovered",
    "mended",
];

/// The work has come to `point`. A debug build that was armed for it ends here as if the power had failed.
#[inline]
pub fn hit(point: &str) {
    #[cfg(debug_assertions)]
    armed::reach(point);
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

    /// Has the process killed when it comes to `point` for the `nth` time, from 1. The first call holds.
    ///
    /// # Errors
    /// When there is no such point.
    pub fn arm(point: &str, nth: u32) -> Result<(), String> {
        if !FAILPOINTS.contains(&point) {
            return Err(format!("no point {point:?}; there are {}", FAILPOINTS.join(", ")));
        }
        // A process is armed once, by its command line.
        let _ = ARMED.set((point.to_owned(), AtomicU32::new(nth)));
        Ok(())
    }

    pub fn reach(point: &str) {
        debug_assert!(FAILPOINTS.contains(&point), "{point:?} is not in the list of points");
        let Some((armed, left)) = ARMED.get() else { return };
        if armed == point && left.fetch_sub(1, Ordering::SeqCst) == 1 {
            die();
        }
    }

    /// Nothing is flushed, dropped or said.
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
    fn points_have_names_of_their_own() {
        let unique: std::collections::BTreeSet<_> = FAILPOINTS.iter().collect();
        assert_eq!(unique.len(), FAILPOINTS.len());
        #[cfg(debug_assertions)]
        assert!(arm("nowhere", 1).unwrap_err().contains("cycle-begun"));
    }
}
