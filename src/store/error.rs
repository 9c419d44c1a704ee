//! Errors of the store.

use std::path::PathBuf;

/// Each error has a hint ([`StoreError::hint`]).
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A folder or file cannot be created, read or written.
    #[error("{path}: {cause}", path = path.display())]
    Access {
        /// The folder or file.
        path: PathBuf,
        /// The system's error.
        cause: String,
    },
    /// A copy cannot be written.
    #[error("{path}: {cause}", path = path.display())]
    Target {
        /// The file to write.
        path: PathBuf,
        /// The reason.
        cause: String,
    },
    /// No cycle has run yet.
    #[error("there is no database in {path} yet", path = .0.display())]
    Missing(PathBuf),
    /// The file is damaged, or is no database.
    #[error("the database is damaged: {0}")]
    Corrupt(String),
    /// No space is left on the disk.
    #[error("the disk is full")]
    DiskFull,
    /// The disk has too little space for a task.
    #[error("this needs {} MB of free space, the disk has {} MB", needed.div_ceil(1_000_000), free / 1_000_000)]
    NeedsSpace {
        /// Bytes that the task needs.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// A newer program wrote this database.
    #[error("the database was written by a newer version of this program (schema {found}, known {known})")]
    Newer {
        /// Schema of the database.
        found: i64,
        /// The newest schema that this program supports.
        known: i64,
    },
    /// An older program wrote this database, and it is opened for reading.
    #[error("the database was written by an older version of this program (schema {found}, known {known})")]
    Older {
        /// Schema of the database.
        found: i64,
        /// The newest schema that this program supports.
        known: i64,
    },
    /// The disk or the file system refuses.
    #[error("the database cannot be read or written: {0}")]
    Disk(String),
    /// Another program has locked the database.
    #[error("another program has kept the database locked for 10 s")]
    Busy,
    /// A repair can recover nothing.
    #[error("nothing can be recovered from the database: {cause}{}", copies(.kept))]
    Lost {
        /// The reason.
        cause: String,
        /// Copies in the state folder, newest first.
        kept: Vec<PathBuf>,
    },
    /// Another cycle is running; its process id.
    #[error("another cycle is at work{}", holder(*.0))]
    Locked(Option<u32>),
    /// A row violates a constraint.
    #[error("the database refuses a row: {0}")]
    Refused(String),
    /// Any other error.
    #[error("the database failed: {0}")]
    Other(String),
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (process {pid})"))
}

fn copies(kept: &[PathBuf]) -> String {
    let names: Vec<String> = kept.iter().map(|copy| copy.display().to_string()).collect();
    if names.is_empty() { String::new() } else { format!("; there are older copies: {}", names.join(", ")) }
}

impl StoreError {
    /// Whether the data to save may be the cause, so that other data can still be saved. The file, the disk or another
    /// program is not the cause then.
    #[must_use]
    pub fn concerns_data(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Other(_))
    }

    /// What to do, one sentence.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Access { .. } => {
                "give the user of the program this folder, or name another with --state-dir"
            }
            Self::Target { .. } => "name a new file, in a folder that this user may write to",
            Self::Missing(_) => "run `tge-scrape cycle` first, or name the right folder with --state-dir",
            Self::Corrupt(_) => {
                "`tge-scrape db check --repair` recovers what can be read and keeps the damaged file; or restore a copy (docs/reference/database.md)"
            }
            Self::Lost { .. } => {
                "put a copy in its place (docs/reference/database.md), or move tge-scrape.db away to start afresh"
            }
            Self::Disk(_) => {
                "look at the disk, its quota and limits on the size of files; what was saved is whole and the next cycle goes on from here"
            }
            Self::Busy => {
                "close the program that has tge-scrape.db open (a database browser, a copying job); nothing is lost and the next cycle does the work"
            }
            Self::DiskFull => {
                "free some space; nothing half-written was kept and the next cycle goes on from here"
            }
            Self::NeedsSpace { .. } => {
                "free some space, or move the state folder to a larger disk; nothing was changed"
            }
            Self::Older { .. } => {
                "run `tge-scrape cycle`: it changes the schema, and keeps a copy of the database as it is"
            }
            Self::Newer { .. } => "use the newer program, or name another folder with --state-dir",
            Self::Locked(_) => "wait for it with --wait-lock 30s, or let the next run do the work",
            Self::Refused(_) | Self::Other(_) => {
                "run `tge-scrape db check`; if it finds nothing this is a defect worth reporting"
            }
        }
    }
}
