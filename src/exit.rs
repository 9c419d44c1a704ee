//! Every exit code (docs/reference/commands.md#exit-codes).

/// How the program ends. The names say when; `docs/reference/commands.md` says what cron does with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done; single sources may have failed.
    Success = 0,
    /// Something that should not happen: state unreadable, disk full.
    Failure = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The settings are wrong, or the database is of a newer program.
    Settings = 3,
    /// Every source failed, or more than `max_failed_ratio`.
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
    /// The number the shell sees.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }
}
