//! Persistent storage in SQLite.
//!
//! [`Store`] hides SQLite (docs/explain/decisions/0002-store-is-a-concrete-type.md): each method is one step of the
//! program's work. SQLite blocks, so one thread owns the connection and runs the steps in order.

mod clean_up;
mod cycles;
mod db;
mod error;
mod feeds;
mod files;
mod history;
mod lock;
mod log;
mod progress;
mod retention;
mod rows;
mod sqlite;
mod summaries;
mod x;

use std::{path::Path, sync::Arc};

use jiff::Timestamp;

use crate::model::{
    Alert, ArticleRecord, BoundMessage, ChannelState, ChannelStoryState, ChannelTest, Commit, Detection,
    EntryKey, EntryRecord, HostWait, Incident, Method, OpenMessage, OutboxRow, RobotsRecord, Settled,
    SourceState, Story,
};

pub(crate) use clean_up::{CleanUp, Pruned};
pub use error::StoreError;
pub(crate) use files::free_bytes;
pub(crate) use history::{
    Candidate, EntryHistory, EntryStatus, History, Reference, Resolved, SentAlert, StoryChange, StoryHistory,
    StoryUpdate,
};
pub(crate) use lock::Lock;
pub(crate) use log::{EndedCycle, LogEntry, News, StoryNews};
pub(crate) use progress::RunningCycle;
pub use retention::Retention;
pub(crate) use retention::bounds as retention_bounds;
pub(crate) use rows::{
    AlertCounts, AlertTotal, CacheSizes, Compacted, CycleRecord, CycleRow, Delivery, EarlierCycles,
    EventFilter, Health, HeldAlert, IdleFeeds, JudgedEntry, KnownEntry, KnownState, LabelVector,
    LabelledMention, Labels, Lookup, Mended, Order, PeriodSums, PlannedFeeds, PurgeWhat, RecoveredTable,
    Rejudged, ShortMarks, SourceCounts, SourceLine, SourceResult, SourceYield, StatementTimes, StoredCache,
    StoryRow, WantedFeeds, Words, XEnding,
};

use db::DbThread;

/// How a database is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Read while others may write.
    Read,
    /// Read and write; creates the database and migrates its schema.
    Write,
}

/// A handle of the database; clones share it.
#[derive(Debug, Clone)]
pub struct Store {
    db: DbThread,
}

impl Store {
    /// Opens the database of the state folder `dir`.
    ///
    /// # Errors
    /// The folder or file cannot be used, is damaged, was written by a newer program, or (for reading) does
    /// not exist yet.
    pub fn open(dir: &Path, access: Access) -> Result<Self, StoreError> {
        Ok(Self { db: DbThread::new(sqlite::open_file(dir, access)?)? })
    }

    /// Opens a temporary database.
    pub fn open_in_memory() -> Result<Self, StoreError> {
        Ok(Self { db: DbThread::new(sqlite::open_memory()?)? })
    }

    /// Checks and repairs the database of `dir`, which no other process may write meanwhile. Keeps a copy of the damaged
    /// file. Blocks.
    pub(crate) fn repair(dir: &Path) -> Result<Mended, StoreError> {
        sqlite::repair(dir)
    }

    /// Whether `dir` has a database, or anything that [`Store::open`] must examine.
    pub(crate) fn exists(dir: &Path) -> bool {
        !matches!(files::is_there(&dir.join(files::DATABASE)), Ok(false))
    }

    /// Every source ever fetched.
    pub(crate) async fn sources(&self) -> Result<Vec<SourceState>, StoreError> {
        self.db.call(|connection| sqlite::sources(connection)).await
    }

    /// Every source ever fetched but the imported ones that are read.
    pub(crate) async fn sources_of_settings(&self) -> Result<Vec<SourceState>, StoreError> {
        self.db.call(|connection| sqlite::sources_of_settings(connection)).await
    }

    /// The sources that failed last, are gone, or had their last new entry at `quiet_since` or before; without the addresses
    /// of mirrors.
    pub(crate) async fn problem_sources(
        &self,
        quiet_since: Timestamp,
    ) -> Result<Vec<SourceState>, StoreError> {
        self.db.call(move |connection| sqlite::problem_sources(connection, quiet_since)).await
    }

    /// Pauses of hosts that have not ended at `now`.
    pub(crate) async fn host_waits(&self, now: Timestamp) -> Result<Vec<HostWait>, StoreError> {
        self.db.call(move |connection| sqlite::host_waits(connection, now)).await
    }

    /// Up to `limit` waiting entries that are due at `now`, alternating between sources; a tenth of them at one host, and
    /// more only where others have too few.
    pub(crate) async fn backlog(&self, now: Timestamp, limit: usize) -> Result<Vec<EntryRecord>, StoreError> {
        self.db.call(move |connection| sqlite::backlog(connection, now, limit)).await
    }

    /// The stored entries of the feed at `source` that match `lookups`, given the fingerprint of the current rules.
    pub(crate) async fn known_entries(
        &self,
        source: String,
        rules: u64,
        lookups: Vec<Lookup>,
        now: Timestamp,
    ) -> Result<Vec<KnownEntry>, StoreError> {
        self.db.call(move |connection| sqlite::known_entries(connection, &source, rules, &lookups, now)).await
    }

    /// Oldest first.
    pub(crate) async fn detections_of(
        &self,
        source: String,
        entry: EntryKey,
    ) -> Result<Vec<Detection>, StoreError> {
        self.db.call(move |connection| sqlite::detections_of(connection, &source, entry)).await
    }

    /// The article stored under its canonical address.
    pub async fn article(&self, key: String) -> Result<Option<ArticleRecord>, StoreError> {
        self.db.call(move |connection| sqlite::article(connection, &key)).await
    }

    /// How the newest pages of `host` were read, the newest first, at most `limit`.
    pub(crate) async fn article_methods(
        &self,
        host: String,
        limit: usize,
    ) -> Result<Vec<Method>, StoreError> {
        self.db.call(move |connection| sqlite::article_methods(connection, &host, limit)).await
    }

    pub(crate) async fn robots(&self, origin: String) -> Result<Option<RobotsRecord>, StoreError> {
        self.db.call(move |connection| sqlite::robots(connection, &origin)).await
    }

    /// Stories with a mention since `since`, with all their mentions.
    pub(crate) async fn recent_stories(&self, since: Timestamp) -> Result<Vec<Story>, StoreError> {
        self.db.call(move |connection| sqlite::recent_stories(connection, since)).await
    }

    /// Saves the results of one visit in one transaction. Saving them again changes nothing. Returns the ids of the new
    /// detections.
    pub async fn commit(&self, commit: Commit) -> Result<Vec<String>, StoreError> {
        self.commit_all(Arc::new(vec![commit])).await
    }

    /// As [`Store::commit`] for several visits: one transaction costs less than many.
    pub async fn commit_all(&self, commits: Arc<Vec<Commit>>) -> Result<Vec<String>, StoreError> {
        self.db.call(move |connection| sqlite::commit(connection, &commits)).await
    }

    /// Whether one of `ids` is stored.
    pub(crate) async fn any_detection(&self, ids: Vec<String>) -> Result<bool, StoreError> {
        self.db.call(move |connection| sqlite::any_detection(connection, &ids)).await
    }

    /// Delays a waiting entry until `next_try`.
    pub(crate) async fn postpone(
        &self,
        source: String,
        key: EntryKey,
        next_try: Timestamp,
    ) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::postpone(connection, &source, key, next_try)).await
    }

    /// The latest time up to `now` that earlier cycles confirm. Rows that are old by it may be deleted.
    pub(crate) async fn confirmed_time(&self, now: Timestamp) -> Result<Timestamp, StoreError> {
        self.db.call(move |connection| sqlite::confirmed_time(connection, now)).await
    }

    pub(crate) async fn channel_story_states(
        &self,
        stories: Vec<String>,
    ) -> Result<Vec<ChannelStoryState>, StoreError> {
        self.db.call(move |connection| sqlite::channel_story_states(connection, &stories)).await
    }

    /// The alerts of `channel` that are not bound, earliest due first.
    pub(crate) async fn queued(&self, channel: String) -> Result<Vec<Alert>, StoreError> {
        self.db.call(move |connection| sqlite::queued(connection, &channel)).await
    }

    /// Binds alerts into messages and defers others to a digest, in one transaction.
    pub(crate) async fn bind(
        &self,
        messages: Vec<BoundMessage>,
        later: Vec<(String, Timestamp)>,
    ) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::bind(connection, &messages, &later)).await
    }

    /// The messages of `channel` that have not arrived, oldest first.
    pub(crate) async fn open_messages(&self, channel: String) -> Result<Vec<OpenMessage>, StoreError> {
        self.db.call(move |connection| sqlite::open_messages(connection, &channel)).await
    }

    /// Stores that an attempt on `message` begins.
    pub(crate) async fn attempt(&self, message: String) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::attempt(connection, &message)).await
    }

    /// Stores the result of an attempt on `message`, and its channel's new state.
    pub(crate) async fn settle(
        &self,
        message: String,
        settled: Settled,
        channel: ChannelState,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::settle(connection, &message, &settled, &channel, now)).await
    }

    /// The state of every channel that ever sent.
    pub(crate) async fn channels(&self) -> Result<Vec<ChannelState>, StoreError> {
        self.db.call(|connection| sqlite::channels(connection)).await
    }

    /// The last test of every channel.
    pub(crate) async fn channel_tests(&self) -> Result<Vec<ChannelTest>, StoreError> {
        self.db.call(|connection| sqlite::channel_tests(connection)).await
    }

    pub(crate) async fn put_channel_test(&self, test: ChannelTest) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::put_channel_test(connection, &test)).await
    }

    pub(crate) async fn incidents(&self) -> Result<Vec<Incident>, StoreError> {
        self.db.call(|connection| sqlite::incidents(connection)).await
    }

    /// Stores and deletes incidents and queues their notices, in one transaction.
    pub(crate) async fn notice(
        &self,
        incidents: Vec<Incident>,
        forgotten: Vec<String>,
        alerts: Vec<Alert>,
    ) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::notice(connection, &incidents, &forgotten, &alerts)).await
    }

    /// Due time of the oldest undelivered alert of `channels`, without updates.
    pub(crate) async fn oldest_due(&self, channels: Vec<String>) -> Result<Option<Timestamp>, StoreError> {
        self.db.call(move |connection| sqlite::oldest_due(connection, &channels)).await
    }

    /// The newest `limit` rows of the outbox; with `open`, only undelivered ones.
    pub(crate) async fn outbox(&self, open: bool, limit: usize) -> Result<Vec<OutboxRow>, StoreError> {
        self.db.call(move |connection| sqlite::rows(connection, open, limit)).await
    }

    /// The alerts sent since `since`, and those still to be sent.
    pub(crate) async fn alert_counts(&self, since: Timestamp) -> Result<AlertCounts, StoreError> {
        self.db.call(move |connection| sqlite::alert_counts(connection, since)).await
    }

    /// Makes all undelivered alerts of `channels` due now.
    pub(crate) async fn hasten(&self, channels: Vec<String>, now: Timestamp) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::hasten(connection, &channels, now)).await
    }

    /// Reopens the messages of `channels` that were given up.
    pub(crate) async fn revive(&self, channels: Vec<String>, now: Timestamp) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::revive(connection, &channels, now)).await
    }

    pub(crate) async fn alert_totals(&self) -> Result<Vec<AlertTotal>, StoreError> {
        self.db.call(|connection| sqlite::alert_totals(connection)).await
    }

    /// Number of unbound alerts and undelivered messages of `channels`.
    pub(crate) async fn waiting(&self, channels: Vec<String>) -> Result<u64, StoreError> {
        self.db.call(move |connection| sqlite::waiting(connection, &channels)).await
    }

    /// One detection per story that passes `filter`, newest first.
    pub(crate) async fn events(&self, filter: EventFilter) -> Result<Vec<Detection>, StoreError> {
        Ok(self.stories(filter).await?.into_iter().map(|row| row.detection).collect())
    }

    /// The stories that pass `filter`, newest first, with their history.
    pub(crate) async fn stories(&self, filter: EventFilter) -> Result<Vec<StoryRow>, StoreError> {
        self.fold_stories(filter, Vec::new(), |rows, row, _| rows.push(row)).await
    }

    /// Calls `step` with each story that passes `filter`, newest first, and with its mentions, oldest first. So their
    /// documents are not all in memory at once.
    pub(crate) async fn fold_stories<T: Send + 'static>(
        &self,
        filter: EventFilter,
        all: T,
        step: fn(&mut T, StoryRow, Vec<Detection>),
    ) -> Result<T, StoreError> {
        self.db.call(move |connection| sqlite::fold_stories(connection, &filter, all, step)).await
    }

    /// What became of the stored alerts about launches, oldest first.
    pub(crate) async fn deliveries(&self) -> Result<Vec<Delivery>, StoreError> {
        self.db.call(|connection| sqlite::deliveries(connection)).await
    }

    /// Every judged entry first seen since `since`.
    pub(crate) async fn judged_entries(&self, since: Timestamp) -> Result<Vec<JudgedEntry>, StoreError> {
        self.db.call(move |connection| sqlite::judged_entries(connection, since)).await
    }

    /// Saves the results in one transaction; returns the ids of the new detections.
    pub(crate) async fn rejudge(&self, judged: Rejudged) -> Result<Vec<String>, StoreError> {
        self.db.call(move |connection| sqlite::rejudge(connection, &judged)).await
    }

    /// Labels the detection `id`, or removes its label; `None` if there is none.
    pub(crate) async fn label(
        &self,
        id: String,
        yes: Option<bool>,
        now: Timestamp,
    ) -> Result<Option<Detection>, StoreError> {
        self.db.call(move |connection| sqlite::label(connection, &id, yes, now)).await
    }

    pub(crate) async fn labels(&self) -> Result<Labels, StoreError> {
        self.db.call(|connection| sqlite::labels(connection)).await
    }

    /// The mentions of labelled stories, of the newest labels first, with the vectors that `encoder` made.
    pub(crate) async fn labelled_mentions(&self, encoder: i64) -> Result<Vec<LabelledMention>, StoreError> {
        self.db.call(move |connection| sqlite::labelled_mentions(connection, encoder)).await
    }

    pub(crate) async fn put_label_vectors(
        &self,
        encoder: i64,
        vectors: Vec<LabelVector>,
    ) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::put_label_vectors(connection, encoder, &vectors)).await
    }

    /// Prepares a clean-up; returns the rows that came in since the last one.
    pub(crate) async fn begin_clean_up(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.db.call(move |connection| sqlite::begin_clean_up(connection, now)).await
    }

    /// Handles at most `limit` expired rows of each kind in one transaction.
    pub(crate) async fn prune(
        &self,
        now: Timestamp,
        limit: usize,
        keep: Retention,
    ) -> Result<Pruned, StoreError> {
        self.db.call(move |connection| sqlite::prune(connection, now, limit, &keep)).await
    }

    pub(crate) async fn cache_sizes(&self) -> Result<CacheSizes, StoreError> {
        self.db.call(|connection| sqlite::cache_sizes(connection)).await
    }

    /// Every stored alert about a launch.
    pub(crate) async fn held_alerts(&self) -> Result<Vec<HeldAlert>, StoreError> {
        self.db.call(|connection| sqlite::held_alerts(connection)).await
    }

    pub(crate) async fn health(&self) -> Result<Health, StoreError> {
        self.db.call(|connection| sqlite::health(connection)).await
    }

    /// Size of the database, free pages included.
    pub(crate) async fn bytes(&self) -> Result<u64, StoreError> {
        self.db.call(|connection| sqlite::page_bytes(connection)).await.map(|(used, free)| used + free)
    }

    /// Faults of the database, one sentence each.
    pub(crate) async fn check(&self) -> Result<Vec<String>, StoreError> {
        self.db.call(|connection| sqlite::check(connection)).await
    }

    /// Copies the database to a new file while it is in use.
    pub(crate) async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let to = to.to_owned();
        self.db.call(move |connection| sqlite::backup(connection, &to)).await
    }

    /// Rewrites the file without its free pages.
    pub(crate) async fn compact(&self) -> Result<Compacted, StoreError> {
        self.db.call(|connection| sqlite::compact(connection)).await
    }

    /// The first column of the rows of `sql`.
    #[cfg(test)]
    pub(crate) async fn column(&self, sql: &'static str) -> Vec<String> {
        self.db.call(|connection| sqlite::column(connection, sql)).await.unwrap_or_default()
    }
}
