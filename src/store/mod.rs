//! The lasting memory: whole steps, not rows.
//!
//! [`Store`] is the seam (docs/decisions/0002): its methods speak in our own nouns, what is behind them is
//! SQLite. SQLite blocks, so one thread of its own holds the connection and works through what it is sent.

mod desk;
mod error;
mod files;
mod lock;
mod sqlite;
mod x;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use crate::model::{
    Alert, ArticleRecord, BoundMessage, ChannelState, Commit, Detection, EntryKey, EntryRecord, Event,
    HostWait, Matter, OpenMessage, OutboxRow, RobotsRecord, Settled, SourceState, Stage, Story, Told,
};

pub use error::StoreError;
pub use lock::Lock;

use desk::Desk;

/// What a command may do with the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Read while others may write.
    Read,
    /// Read and write; the database is made, and its schema brought up to date.
    Write,
}

/// What is known of a feed's entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sifted {
    /// Never seen, or dropped by other rules.
    pub new: Vec<EntryKey>,
    /// Known, and last sighted so long ago that the sighting is to be renewed.
    pub aging: Vec<EntryKey>,
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
}

/// A judged entry with what it gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
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
    #[must_use]
    pub fn precision(self) -> Option<f64> {
        (self.all > 0).then(|| f64::from(self.yes) / f64::from(self.all))
    }

    /// For people.
    #[must_use]
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
    /// `delivered` or `given_up`.
    pub result: String,
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
    /// Its number, from [`Store::begin_cycle`].
    pub id: i64,
    /// How long it took.
    pub duration_ms: u64,
    /// `ok`, `degraded` or `failed`.
    pub status: String,
    /// What the process ended with.
    pub exit_code: u8,
    /// Its report (contract, section 3) without detections and sources, which have rows of their own.
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
}

/// Whose posts are to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PurgeWhat {
    /// One post.
    Post(u64),
    /// All of an account.
    Account(u64),
}

/// A call to X as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XCallRow {
    /// When.
    pub at: Timestamp,
    /// The route's template.
    pub route: String,
    /// `o` open, `l` lost, `d` done.
    pub state: String,
    /// Status code.
    pub status: Option<u16>,
    /// Objects returned.
    pub returned: u64,
    /// Of these, charged.
    pub billed: u64,
    /// Cost, or reservation while it is open, millionths of a dollar.
    pub micros: u64,
}

/// The way to the lasting memory; clones share it.
#[derive(Debug, Clone)]
pub struct Store {
    desk: Desk,
}

impl Store {
    /// Opens the database of the state folder `dir`.
    ///
    /// # Errors
    /// When the folder or file cannot be used, is damaged, was written by a newer program, or (for reading)
    /// does not exist yet.
    pub fn open(dir: &Path, access: Access) -> Result<Self, StoreError> {
        Ok(Self { desk: Desk::new(sqlite::open_file(dir, access)?)? })
    }

    /// A memory that ends with the process.
    ///
    /// # Errors
    /// When the system gives no memory or no thread.
    pub fn open_in_memory() -> Result<Self, StoreError> {
        Ok(Self { desk: Desk::new(sqlite::open_memory()?)? })
    }

    /// Tests the database of `dir`, which nobody else may write meanwhile, and mends it: what was damaged stays
    /// beside it. Blocks.
    ///
    /// # Errors
    /// When nothing can be recovered, or the file is of a newer program.
    pub fn repair(dir: &Path) -> Result<Mended, StoreError> {
        sqlite::repair(dir)
    }

    /// Whether `dir` holds a database.
    #[must_use]
    pub fn exists(dir: &Path) -> bool {
        dir.join(files::DATABASE).exists()
    }

    /// Opens a cycle and gives its number.
    pub async fn begin_cycle(&self, now: Timestamp) -> Result<i64, StoreError> {
        self.desk.ask(move |connection| sqlite::begin_cycle(connection, now)).await
    }

    /// Saves how a cycle went.
    pub async fn end_cycle(&self, cycle: CycleRecord) -> Result<(), StoreError> {
        self.desk.ask(move |connection| sqlite::end_cycle(connection, &cycle)).await
    }

    /// The last `limit` finished cycles, newest first.
    pub async fn cycles(&self, limit: usize) -> Result<Vec<CycleRow>, StoreError> {
        self.cycles_since(Timestamp::UNIX_EPOCH, limit).await
    }

    /// The last `limit` finished cycles that began at `since` or later, newest first.
    pub async fn cycles_since(&self, since: Timestamp, limit: usize) -> Result<Vec<CycleRow>, StoreError> {
        self.desk.ask(move |connection| sqlite::cycles(connection, since, limit)).await
    }

    /// When the last cycle that ended with 0 began, if one is kept.
    pub async fn last_success(&self) -> Result<Option<Timestamp>, StoreError> {
        self.desk.ask(|connection| sqlite::last_success(connection)).await
    }

    /// The stages of the kept cycles with the numbers `first` to `last`: name and times, serialised.
    pub async fn cycle_stages(&self, first: i64, last: i64) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.desk.ask(move |connection| sqlite::cycle_stages(connection, first, last)).await
    }

    /// The sums of all periods from `first` to `last` in the order of their names, days and months mixed.
    pub async fn sums(&self, first: String, last: String) -> Result<Vec<(String, String)>, StoreError> {
        self.desk.ask(move |connection| sqlite::sums(connection, &first, &last)).await
    }

    /// The sums of one period with its stages; empty where there are none.
    pub async fn period(&self, period: String) -> Result<PeriodSums, StoreError> {
        self.desk.ask(move |connection| sqlite::period(connection, &period)).await
    }

    /// What every source has cost and given.
    pub async fn yields(&self) -> Result<Vec<SourceYield>, StoreError> {
        self.desk.ask(|connection| sqlite::yields(connection)).await
    }

    /// Bodies and failures of the sources in the kept cycles from number `first` on.
    pub async fn source_lines(&self, first: i64) -> Result<Vec<SourceLine>, StoreError> {
        self.desk.ask(move |connection| sqlite::source_lines(connection, first)).await
    }

    /// Times of the statements run since this was last asked, or since opening.
    pub async fn statement_times(&self) -> Result<StatementTimes, StoreError> {
        self.desk.ask(|_| Ok(sqlite::take_times())).await
    }

    /// Every source ever asked.
    pub async fn sources(&self) -> Result<Vec<SourceState>, StoreError> {
        self.desk.ask(|connection| sqlite::sources(connection)).await
    }

    /// Pauses that hosts asked for and that still run at `now`.
    pub async fn host_waits(&self, now: Timestamp) -> Result<Vec<HostWait>, StoreError> {
        self.desk.ask(move |connection| sqlite::host_waits(connection, now)).await
    }

    /// Up to `limit` entries that wait for their page and are due at `now`.
    pub async fn backlog(&self, now: Timestamp, limit: usize) -> Result<Vec<EntryRecord>, StoreError> {
        self.desk.ask(move |connection| sqlite::backlog(connection, now, limit)).await
    }

    /// Which of the `keys` in the feed at `source` are new under the rules with that fingerprint.
    pub async fn sift(
        &self,
        source: String,
        rules: u64,
        keys: Vec<EntryKey>,
        now: Timestamp,
    ) -> Result<Sifted, StoreError> {
        self.desk.ask(move |connection| sqlite::sift(connection, &source, rules, &keys, now)).await
    }

    /// The article kept under its canonical address.
    pub async fn article(&self, key: String) -> Result<Option<ArticleRecord>, StoreError> {
        self.desk.ask(move |connection| sqlite::article(connection, &key)).await
    }

    /// The robots.txt kept for an origin.
    pub async fn robots(&self, origin: String) -> Result<Option<RobotsRecord>, StoreError> {
        self.desk.ask(move |connection| sqlite::robots(connection, &origin)).await
    }

    /// Stories told or joined since `since`, with their tellings.
    pub async fn recent_stories(&self, since: Timestamp) -> Result<Vec<Story>, StoreError> {
        self.desk.ask(move |connection| sqlite::recent_stories(connection, since)).await
    }

    /// Saves all that one visit taught, or nothing of it. Saving it again changes nothing; gives the ids of
    /// the detections that were not known before.
    pub async fn commit(&self, commit: Commit) -> Result<Vec<String>, StoreError> {
        self.commit_all(vec![commit]).await
    }

    /// The same of several visits, all or none of them: one transaction costs less than many.
    pub async fn commit_all(&self, commits: Vec<Commit>) -> Result<Vec<String>, StoreError> {
        self.desk.ask(move |connection| sqlite::commit(connection, &commits)).await
    }

    /// What the channels know of `stories`.
    pub async fn told(&self, stories: Vec<String>) -> Result<Vec<Told>, StoreError> {
        self.desk.ask(move |connection| sqlite::told(connection, &stories)).await
    }

    /// The alerts of `channel` that no message holds yet.
    pub async fn queued(&self, channel: String) -> Result<Vec<Alert>, StoreError> {
        self.desk.ask(move |connection| sqlite::queued(connection, &channel)).await
    }

    /// Binds alerts into messages, all or none; those of `later` wait until then for a digest.
    pub async fn bind(
        &self,
        messages: Vec<BoundMessage>,
        later: Vec<(String, Timestamp)>,
    ) -> Result<(), StoreError> {
        self.desk.ask(move |connection| sqlite::bind(connection, &messages, &later)).await
    }

    /// The messages of `channel` that have not arrived, oldest first.
    pub async fn open_messages(&self, channel: String) -> Result<Vec<OpenMessage>, StoreError> {
        self.desk.ask(move |connection| sqlite::open_messages(connection, &channel)).await
    }

    /// Notes that an attempt on `message` begins.
    pub async fn attempt(&self, message: String) -> Result<(), StoreError> {
        self.desk.ask(move |connection| sqlite::attempt(connection, &message)).await
    }

    /// Notes how an attempt on `message` ended, and how its channel is now.
    pub async fn settle(
        &self,
        message: String,
        settled: Settled,
        channel: ChannelState,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.desk.ask(move |connection| sqlite::settle(connection, &message, &settled, &channel, now)).await
    }

    /// How every channel is that ever sent.
    pub async fn channels(&self) -> Result<Vec<ChannelState>, StoreError> {
        self.desk.ask(|connection| sqlite::channels(connection)).await
    }

    /// The troubles that the operator was told of.
    pub async fn matters(&self) -> Result<Vec<Matter>, StoreError> {
        self.desk.ask(|connection| sqlite::matters(connection)).await
    }

    /// Remembers troubles, forgets others, and queues what is told of them: all or nothing.
    pub async fn notice(
        &self,
        matters: Vec<Matter>,
        forgotten: Vec<String>,
        alerts: Vec<Alert>,
    ) -> Result<(), StoreError> {
        self.desk.ask(move |connection| sqlite::notice(connection, &matters, &forgotten, &alerts)).await
    }

    /// Since when the oldest undelivered alert of `channels` is due.
    pub async fn oldest_due(&self, channels: Vec<String>) -> Result<Option<Timestamp>, StoreError> {
        self.desk.ask(move |connection| sqlite::oldest_due(connection, &channels)).await
    }

    /// The newest `limit` rows of the outbox; only what has not arrived, if `open`.
    pub async fn outbox(&self, open: bool, limit: usize) -> Result<Vec<OutboxRow>, StoreError> {
        self.desk.ask(move |connection| sqlite::rows(connection, open, limit)).await
    }

    /// Makes all that `channels` have queued due now.
    pub async fn hasten(&self, channels: Vec<String>, now: Timestamp) -> Result<(), StoreError> {
        self.desk.ask(move |connection| sqlite::hasten(connection, &channels, now)).await
    }

    /// Opens the messages of `channels` again that were given up.
    pub async fn revive(&self, channels: Vec<String>, now: Timestamp) -> Result<(), StoreError> {
        self.desk.ask(move |connection| sqlite::revive(connection, &channels, now)).await
    }

    /// How many alerts ended how, by channel, since the first one.
    pub async fn alert_totals(&self) -> Result<Vec<AlertTotal>, StoreError> {
        self.desk.ask(|connection| sqlite::alert_totals(connection)).await
    }

    /// How many alerts of `channels` no message holds, and how many messages have not arrived.
    pub async fn waiting(&self, channels: Vec<String>) -> Result<u64, StoreError> {
        self.desk.ask(move |connection| sqlite::waiting(connection, &channels)).await
    }

    /// One detection per story that passes `filter`, newest first.
    pub async fn events(&self, filter: EventFilter) -> Result<Vec<Detection>, StoreError> {
        Ok(self.stories(filter).await?.into_iter().map(|row| row.detection).collect())
    }

    /// The stories that pass `filter`, newest first, with their history.
    pub async fn stories(&self, filter: EventFilter) -> Result<Vec<StoryRow>, StoreError> {
        self.desk.ask(move |connection| sqlite::stories(connection, &filter)).await
    }

    /// Every entry judged and first seen since `since`, with its detection.
    pub async fn kept(&self, since: Timestamp) -> Result<Vec<Kept>, StoreError> {
        self.desk.ask(move |connection| sqlite::kept(connection, since)).await
    }

    /// Saves a later judgement, or nothing of it; gives the ids of the detections that were not known before.
    pub async fn rejudge(&self, judged: Rejudged) -> Result<Vec<String>, StoreError> {
        self.desk.ask(move |connection| sqlite::rejudge(connection, &judged)).await
    }

    /// Notes the user's word on the detection whose id starts with `id`; `None` if no detection, or more than one,
    /// is called so.
    pub async fn label(
        &self,
        id: String,
        yes: bool,
        now: Timestamp,
    ) -> Result<Option<Detection>, StoreError> {
        self.desk.ask(move |connection| sqlite::label(connection, &id, yes, now)).await
    }

    /// How many of the labelled detections are launches.
    pub async fn labels(&self) -> Result<Labels, StoreError> {
        self.desk.ask(|connection| sqlite::labels(connection)).await
    }

    /// Forgets at most `limit` rows of each kind that are past their time; gives how many.
    pub async fn prune(&self, now: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.desk.ask(move |connection| sqlite::prune(connection, now, limit)).await
    }

    /// How large the memory is.
    pub async fn health(&self) -> Result<Health, StoreError> {
        self.desk.ask(|connection| sqlite::health(connection)).await
    }

    /// What is wrong with the database, one sentence each.
    pub async fn check(&self) -> Result<Vec<String>, StoreError> {
        self.desk.ask(|connection| sqlite::check(connection)).await
    }

    /// Copies the database to a new file while it is in use.
    pub async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let to = to.to_owned();
        self.desk.ask(move |connection| sqlite::backup(connection, &to)).await
    }
}
