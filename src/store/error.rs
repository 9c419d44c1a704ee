//! What can go wrong with the lasting memory.

use std::path::PathBuf;

/// Why the store cannot go on. Each says what to do about it ([`StoreError::hint`]).
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder or the file cannot be made, read or written.
    #[error("{path}: {cause}", path = path.display())]
    Access {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        cause: String,
    },
    /// A copy cannot be written there.
    #[error("{path}: {cause}", path = path.display())]
    Target {
        /// The file that was to be written.
        path: PathBuf,
        /// Why not.
        cause: String,
    },
    /// A reading command before the first cycle.
    #[error("there is no database in {path} yet", path = .0.display())]
    Missing(PathBuf),
    /// The file is not a database, or a damaged one.
    #[error("the database is damaged: {0}")]
    Corrupt(String),
    /// No space is left.
    #[error("the disk is full")]
    DiskFull,
    /// A newer program wrote this database.
    #[error("the database was written by a newer version of this program (schema {found}, known {known})")]
    Newer {
        /// Its schema.
        found: i64,
        /// The newest schema this program knows.
        known: i64,
    },
    /// The disk or the file system refuses.
    #[error("the database cannot be read or written: {0}")]
    Disk(String),
    /// Another program keeps the database to itself.
    #[error("another program has kept the database locked for 10 s")]
    Busy,
    /// Nothing can be recovered.
    #[error("nothing can be recovered from the database: {cause}{}", copies(.kept))]
    Lost {
        /// What was found instead.
        cause: String,
        /// Copies beside it, newest first.
        kept: Vec<PathBuf>,
    },
    /// Another cycle is at work.
    #[error("another cycle is at work{}", holder(*.0))]
    Locked(Option<u32>),
    /// A row breaks a rule of the database.
    #[error("the database refuses a row: {0}")]
    Refused(String),
    /// Something else.
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
    /// Whether the fault may lie in what is to be saved, so that other work can still be saved: not where the file, the
    /// disk or another program is the cause.
    #[must_use]
    pub fn concerns_data(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Other(_))
    }

    /// What to do about it, one sentence.
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
                "put a copy in its place as docs/reference/database.md says, or move tge-scrape.db away to start afresh"
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
            Self::Newer { .. } => "use the newer program, or name another folder with --state-dir",
            Self::Locked(_) => "wait for it with --wait-lock 30s, or leave it to the next run",
            Self::Refused(_) | Self::Other(_) => {
                "run `tge-scrape db check`; if it finds nothing this is a defect worth reporting"
            }
        }
    }
}
