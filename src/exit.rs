//! Every exit code (docs/reference/commands.md#exit-codes).

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The work is done; single sources may have failed.
    Success = 0,
    /// An unexpected failure: unreadable state, full disk.
    Failure = 1,
    /// Wrong command line.
    Usage = 2,
    /// Wrong settings, or a database of a newer program.
    Settings = 3,
    /// More sources failed than `max_failed_ratio` permits; with `--strict` or `--strict-targets` any failure or miss.
    Degraded = 4,
    /// Alerts are overdue.
    Undelivered = 5,
    /// Another run holds the lock.
    Locked = 75,
    /// Stopped by SIGINT after a clean commit.
    Interrupted = 130,
    /// Stopped by SIGTERM after a clean commit.
    Terminated = 143,
}

impl Exit {
    pub fn code(self) -> u8 {
        self as u8
    }
}
