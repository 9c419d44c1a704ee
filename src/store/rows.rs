//! Parameters and results of the store's methods.

mod cycles;
mod feeds;

use std::path::PathBuf;

use jiff::{Timestamp, civil::Date};

use crate::model::{
    AlertState, Class, Commit, Detection, EntryKey, EntryMarks, EntryRecord, Event, Kind, Rewordings, Stage,
    XPage,
};

pub use cycles::{
    CycleRecord, CycleRow, EarlierCycles, PeriodSums, SourceLine, SourceResult, SourceYield, StatementTimes,
};

/// Alerts of a time, and those that are still to be sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AlertCounts {
    pub sent: u64,
    pub waiting: u64,
    /// Those whose last attempt failed, and those that were given up.
    pub failed: u64,
    /// When the first of the waiting is due.
    pub next: Option<Timestamp>,
}

/// Numbers of the sources that were requested before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SourceCounts {
    pub all: u64,
    /// Removed by their publishers.
    pub gone: u64,
    /// Of the others, those that failed last.
    pub failing: u64,
}

impl SourceCounts {
    pub fn add(&mut self, is_gone: bool, is_failing: bool) {
        self.all += 1;
        self.gone += u64::from(is_gone);
        self.failing += u64::from(is_failing && !is_gone);
    }

    pub fn remove(&mut self, is_gone: bool, is_failing: bool) {
        self.all -= 1;
        self.gone -= u64::from(is_gone);
        self.failing -= u64::from(is_failing && !is_gone);
    }
}

pub use feeds::{IdleFeeds, PlannedFeeds, WantedFeeds};

/// What identifies a feed's entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// Keys it may be stored under, best first.
    pub keys: Vec<EntryKey>,
    /// Further hashes that identify it.
    pub marks: EntryMarks,
}

/// State of a stored entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownState {
    /// It cannot be a launch.
    Dropped {
        /// Whether other rules dropped it: then it is filtered again.
        by_other_rules: bool,
    },
    /// Its page is still to be read.
    Waiting,
    Judged,
}

/// Marks as the database stores them ([`EntryKey::short`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ShortMarks {
    pub id: Option<i64>,
    pub link: Option<i64>,
    pub title: Option<i64>,
    pub text: Option<i64>,
}

impl From<EntryMarks> for ShortMarks {
    fn from(marks: EntryMarks) -> Self {
        let [id, link, title, text] =
            [marks.id, marks.link, marks.title, marks.text].map(|mark| mark.map(EntryKey::short));
        Self { id, link, title, text }
    }
}

impl ShortMarks {
    /// Whether storing `newer` would change nothing. A mark that `newer` lacks changes nothing.
    pub fn holds(&self, newer: &Self) -> bool {
        let holds = |own: Option<i64>, newer: Option<i64>| newer.is_none() || own == newer;
        holds(self.id, newer.id)
            && holds(self.link, newer.link)
            && holds(self.title, newer.title)
            && holds(self.text, newer.text)
    }
}

/// The words that an entry was judged on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    pub title: String,
    pub link: Option<String>,
    pub text: String,
}

/// A stored entry with the data that identifies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownEntry {
    pub key: EntryKey,
    /// Where it stands.
    pub state: KnownState,
    /// Whether its last-seen day is old enough to be renewed.
    pub is_stale: bool,
    /// `None` for an entry stored by schema 8 or older and not seen since.
    pub marks: Option<ShortMarks>,
    /// How often it was judged again because its words had changed.
    pub rewordings: Rewordings,
    /// `None` if it was dropped, or nothing of it changed.
    pub words: Option<Words>,
}

/// Selects stories.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Heard of at that time or later.
    pub since: Option<Timestamp>,
    /// With a mention that was detected at that time or later.
    pub found_since: Option<Timestamp>,
    /// After this story, which was heard of then, in the order of the times. For pages.
    pub before: Option<(Timestamp, String)>,
    /// Heard of before that time.
    pub until: Option<Timestamp>,
    /// Parts of the project's name or ticker, in any case; an empty list selects all, as in the next four.
    pub projects: Vec<String>,
    pub events: Vec<Event>,
    pub stages: Vec<Stage>,
    pub classes: Vec<Class>,
    /// Parts of the names of outlets that carry the story, in any case.
    pub sources: Vec<String>,
    pub min_score: Option<u8>,
    pub watched: bool,
    /// Ends on that day or later.
    pub dated_from: Option<Date>,
    pub order: Order,
    pub reverse: bool,
    pub limit: usize,
    /// The day for which stages are given; `None` keeps those of the detection.
    pub today: Option<Date>,
}

/// The order of stories.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// Last heard of first.
    #[default]
    Heard,
    /// Earliest date of the event first, without a date last.
    Date,
    /// Highest score first.
    Score,
    /// Highest class first.
    Class,
}

/// A judged entry with its detection.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedEntry {
    pub entry: EntryRecord,
    /// `None` if it is no launch.
    pub detection: Option<Detection>,
}

/// The results of judging stored entries again, saved in one transaction.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rejudged {
    /// The entries' new scores, and new findings with their stories.
    pub commit: Commit,
    /// Existing detections with their new values.
    pub changed: Vec<Detection>,
    /// Detections that are none any more.
    pub gone: Vec<Detection>,
}

/// The user's labels on detections.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Labels {
    pub yes: u32,
    /// Number of labelled detections.
    pub all: u32,
}

impl Labels {
    /// The share of labelled detections that are launches, 0–1; `None` if none is labelled.
    pub fn precision(self) -> Option<f64> {
        (self.all > 0).then(|| f64::from(self.yes) / f64::from(self.all))
    }

    pub fn sentence(self) -> String {
        match self.precision() {
            None => "precision by your labels: none yet (tge-scrape label ID yes|no)".to_owned(),
            Some(share) => {
                format!(
                    "precision by your labels: {} of {} right ({:.0} %)",
                    self.yes,
                    self.all,
                    share * 100.0
                )
            }
        }
    }
}

/// A mention of a labelled story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelledMention {
    /// ID of the labelled detection.
    pub label: String,
    pub yes: bool,
    pub id: String,
    pub kind: Kind,
    pub project: Option<String>,
    pub token: Option<String>,
    pub title: String,
    pub snippet: String,
    /// `None` if the current encoder has not made it.
    pub vector: Option<Vec<u8>>,
}

/// The text of a detection as a stored vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelVector {
    pub detection: String,
    pub bytes: Vec<u8>,
}

/// A story for output.
#[derive(Debug, Clone, PartialEq)]
pub struct StoryRow {
    /// The mention with the highest score, with the highest class of all, and all outlets.
    pub detection: Detection,
    pub opened_at: Timestamp,
    /// When its class or date last changed.
    pub changed_at: Timestamp,
    /// Number of those changes.
    pub revision: u32,
    /// See [`crate::model::Verdict::event_date`].
    pub event_date: Option<String>,
    /// Each date that a mention gave it, with the time of that mention, oldest first.
    pub dates: Vec<(Timestamp, String)>,
    /// Whether the project or venue itself gave that date.
    pub official: bool,
}

/// What became of an alert about a launch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// ID of the detection.
    pub detection: String,
    pub channel: String,
    pub state: AlertState,
    /// When it was delivered or given up, else when it was queued.
    pub at: Timestamp,
}

/// Number of a channel's alerts with one result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertTotal {
    pub channel: String,
    /// `Delivered` or `GivenUp`.
    pub result: AlertState,
    pub number: u64,
}

/// Size of the database file in bytes, before and after it was compacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compacted {
    pub before: u64,
    pub after: u64,
}

/// Size and version of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    pub schema: i64,
    pub bytes: u64,
    /// Bytes of `bytes` that are in free pages.
    pub free: u64,
    /// Entries ever seen.
    pub entries: u64,
    /// Detections stored.
    pub detections: u64,
}

/// Rows of a cache and the bytes of their content.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoredCache {
    pub entries: u64,
    pub bytes: u64,
}

/// What the caches in the database hold, and how many mentions are in how many stories.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheSizes {
    /// Sources with an entity tag or a date.
    pub validators: StoredCache,
    pub pages: StoredCache,
    pub robots: StoredCache,
    /// Accounts of X whose id is known.
    pub user_ids: StoredCache,
    pub mentions: u64,
    pub stories: u64,
}

/// The times of a stored alert about a launch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldAlert {
    pub channel: String,
    pub created_at: Timestamp,
    pub due_at: Timestamp,
    pub is_instant: bool,
    /// Whether the channel was notified of the story before.
    pub is_change: bool,
    pub published_at: Option<Timestamp>,
}

/// Result of a repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mended {
    /// The database is sound.
    Sound,
    /// Indexes were built again; no row was damaged.
    Indexes {
        /// Copy of the damaged file.
        kept: PathBuf,
    },
    /// Rows were copied into a new file.
    Rows {
        /// Copy of the damaged file.
        kept: PathBuf,
        /// What was recovered.
        tables: Vec<RecoveredTable>,
    },
}

/// A table of a repaired database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveredTable {
    pub table: String,
    /// Rows recovered.
    pub rows: u64,
    /// Whether those are all.
    pub whole: bool,
}

/// Result of a call to X that brought no page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum XEnding {
    /// It cost nothing.
    Free {
        status: Option<u16>,
        /// Stable name of the failure.
        note: String,
    },
    /// No response came: it may have been charged.
    Lost {
        /// Stable name of the failure.
        note: String,
    },
    /// It was answered and is charged, but nothing else of the page is used.
    Charged(Box<XPage>),
}

/// Which posts to delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PurgeWhat {
    Post(u64),
    Account(u64),
}
