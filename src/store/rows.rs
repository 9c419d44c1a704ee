//! What the store is asked for and what it answers with.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::{Timestamp, civil::Date};

use crate::model::{
    AlertState, Commit, Detection, EntryKey, EntryMarks, EntryRecord, Event, Rewordings, Stage, XPage,
};

/// What a feed's entry is looked for by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// Keys it may be kept under, best first.
    pub keys: Vec<EntryKey>,
    /// What else it may be recognised by.
    pub marks: EntryMarks,
}

/// Where a remembered entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownState {
    /// It cannot matter.
    Dropped {
        /// Whether other rules said so: then it is looked at again.
        by_other_rules: bool,
    },
    /// Its page is still to be read.
    Waiting,
    /// It has its verdict.
    Judged,
}

/// Marks as they are stored, in their short form ([`EntryKey::short`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ShortMarks {
    /// Of the guid.
    pub id: Option<i64>,
    /// Of the canonical link.
    pub link: Option<i64>,
    /// Of the title.
    pub title: Option<i64>,
    /// Of the text's opening.
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
    /// Whether storing `newer` would change nothing: a mark that is missing there changes none.
    pub fn holds(&self, newer: &Self) -> bool {
        let holds = |own: Option<i64>, newer: Option<i64>| newer.is_none() || own == newer;
        holds(self.id, newer.id)
            && holds(self.link, newer.link)
            && holds(self.title, newer.title)
            && holds(self.text, newer.text)
    }
}

/// The words an entry was last judged on, or is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// Headline.
    pub title: String,
    /// Address of the article.
    pub link: Option<String>,
    /// The feed's text.
    pub text: String,
}

/// A remembered entry, as far as recognising it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownEntry {
    /// Identity within the source.
    pub key: EntryKey,
    /// Where it stands.
    pub state: KnownState,
    /// Whether it was last seen so long ago that this is to be renewed.
    pub is_aging: bool,
    /// Its marks; `None` for one kept by schema 8 or older and not seen since.
    pub marks: Option<ShortMarks>,
    /// How often it was judged again for its words.
    pub rewordings: Rewordings,
    /// Its words, unless it was dropped or nothing of it changed.
    pub words: Option<Words>,
}

/// Which detections are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Found since then.
    pub since: Option<Timestamp>,
    /// Part of the project's name or ticker, in any case.
    pub project: Option<String>,
    /// Only this event.
    pub event: Option<Event>,
    /// Only this stage.
    pub stage: Option<Stage>,
    /// Scores from here up.
    pub min_score: Option<u8>,
    /// Only of the watch list.
    pub watched: bool,
    /// At most this many.
    pub limit: usize,
    /// The day as of which stages are given; `None` leaves them as they were when found.
    pub today: Option<Date>,
}

/// A judged entry with what it gave.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedEntry {
    /// The entry.
    pub entry: EntryRecord,
    /// The detection, if it is one.
    pub detection: Option<Detection>,
}

/// A later judgement of entries: saved whole or not at all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rejudged {
    /// The entries' new scores; what is found anew, with its stories.
    pub commit: Commit,
    /// Detections that stay, as they are now.
    pub changed: Vec<Detection>,
    /// Detections that are none any more.
    pub gone: Vec<Detection>,
}

/// The user's word on detections.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Labels {
    /// Launches.
    pub yes: u32,
    /// All that were labelled.
    pub all: u32,
}

impl Labels {
    /// The share of labelled detections that are launches, 0–1; `None` where none is labelled.
    pub fn precision(self) -> Option<f64> {
        (self.all > 0).then(|| f64::from(self.yes) / f64::from(self.all))
    }

    /// For people.
    pub fn sentence(self) -> String {
        match self.precision() {
            None => "no detection has been labelled yet (tge-scrape label ID yes|no)".to_owned(),
            Some(share) => {
                format!(
                    "precision as you see it: {} of {} labelled ({:.0} %)",
                    self.yes,
                    self.all,
                    share * 100.0
                )
            }
        }
    }
}

/// A story as it is told outside.
#[derive(Debug, Clone, PartialEq)]
pub struct StoryRow {
    /// The best-scored telling, as loud as the loudest, with all outlets.
    pub detection: Detection,
    /// When it was first found.
    pub opened_at: Timestamp,
    /// When its class or date last changed.
    pub changed_at: Timestamp,
    /// How often they did.
    pub revision: u32,
    /// Its date; see [`crate::model::Verdict::event_date`].
    pub event_date: Option<String>,
    /// Whether the project or venue itself gave that date.
    pub official: bool,
}

/// Alerts of one channel that ended in one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertTotal {
    /// The channel's name.
    pub channel: String,
    /// `Delivered` or `GivenUp`.
    pub result: AlertState,
    /// How many.
    pub number: u64,
}

/// How large the memory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// Version of the schema.
    pub schema: i64,
    /// Size of the file.
    pub bytes: u64,
    /// Entries ever seen.
    pub entries: u64,
    /// Detections kept.
    pub detections: u64,
}

/// What was done about a damaged database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mended {
    /// Nothing: it is sound.
    Sound,
    /// Indexes were built again; no row was damaged.
    Indexes {
        /// The damaged file as it was.
        kept: PathBuf,
    },
    /// Rows were copied into a new file.
    Rows {
        /// The damaged file as it was.
        kept: PathBuf,
        /// What came over.
        tables: Vec<RecoveredTable>,
    },
}

/// A table after its database was mended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveredTable {
    /// Its name.
    pub table: String,
    /// Rows that came over.
    pub rows: u64,
    /// Whether those are all.
    pub whole: bool,
}

/// A finished cycle, to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct CycleRecord {
    /// Its number, from [`super::Store::begin_cycle`].
    pub id: i64,
    /// How long it took.
    pub duration_ms: u64,
    /// `ok`, `degraded` or `failed`.
    pub status: String,
    /// What the process ended with.
    pub exit_code: u8,
    /// Its report (docs/reference/outputs.md#cycle-report) without detections and sources, which have rows of their own.
    pub report: String,
    /// Each stage's times, serialised.
    pub histograms: Vec<(String, Vec<u8>)>,
    /// Every source that was asked.
    pub sources: Vec<SourceResult>,
    /// The sums this cycle belongs to, itself included.
    pub sums: Vec<PeriodSums>,
}

/// One source's part in a cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceResult {
    /// Its address.
    pub url: String,
    /// `fetched`, `not_modified` or `failed`.
    pub outcome: String,
    /// The failure's stable name.
    pub failure: Option<String>,
    /// Last status code.
    pub status: Option<u16>,
    /// Entries in the body.
    pub entries: u32,
    /// Of those, new.
    pub new: u32,
    /// Bytes received.
    pub bytes: u64,
    /// How long it took.
    pub ms: u32,
}

/// Sums of a day (`2026-11-21`), a month (`2026-11`) or all time (`all`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PeriodSums {
    /// Which.
    pub period: String,
    /// The figures; empty where there are none yet.
    pub document: String,
    /// Each stage's times, serialised.
    pub histograms: Vec<(String, Vec<u8>)>,
}

/// What a source has cost and given since it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceYield {
    /// Its address.
    pub url: String,
    /// Times it was asked.
    pub asked: u64,
    /// Of those, failed.
    pub failed: u64,
    /// Bytes received.
    pub bytes: u64,
    /// Stories it told before any other.
    pub first: u64,
}

/// A source's part in a kept cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceLine {
    /// The cycle.
    pub cycle: i64,
    /// The source's address.
    pub url: String,
    /// The failure's stable name; `None` where a body came.
    pub failure: Option<String>,
    /// How long it took.
    pub ms: u32,
}

/// Times of the statements run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatementTimes {
    /// How many statements took how many whole milliseconds.
    pub durations_ms: BTreeMap<u32, u64>,
    /// Those over 100 ms.
    pub slow: Vec<SlowStatement>,
}

/// A statement that took over 100 ms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlowStatement {
    /// Its name.
    pub name: String,
    /// How often.
    pub count: u64,
    /// The longest, milliseconds.
    pub max_ms: u32,
}

/// A kept cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CycleRow {
    /// Its number.
    pub id: i64,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took.
    pub duration_ms: u64,
    /// `ok`, `degraded` or `failed`.
    pub status: String,
    /// What the process ended with.
    pub exit_code: u8,
    /// See [`CycleRecord::report`].
    pub report: String,
}

/// How a call to X ended that brought no page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum XEnding {
    /// It cost nothing.
    Free {
        /// Status code, if it was answered.
        status: Option<u16>,
        /// Stable name of what was wrong.
        note: String,
    },
    /// No answer came: it may have been charged.
    Lost {
        /// Stable name of what was wrong.
        note: String,
    },
    /// It was answered and is charged; nothing else of the page is kept.
    Charged(Box<XPage>),
}

/// Whose posts are to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PurgeWhat {
    /// One post.
    Post(u64),
    /// All of an account.
    Account(u64),
}
