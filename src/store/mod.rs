//! The lasting memory: whole steps, not rows.
//!
//! [`Store`] is the seam (docs/explain/decisions/0002-store-is-a-concrete-type.md): its methods speak in our own nouns, what is behind them is
//! SQLite. SQLite blocks, so one thread of its own holds the connection and works through what it is sent.

mod db;
mod error;
mod files;
mod lock;
mod rows;
mod sqlite;
mod x;

use std::{path::Path, sync::Arc};

use jiff::Timestamp;

use crate::model::{
    Alert, ArticleRecord, BoundMessage, ChannelState, ChannelStoryState, Commit, Detection, EntryKey,
    EntryRecord, HostWait, Incident, OpenMessage, OutboxRow, RobotsRecord, Settled, SourceState, Story,
};

pub use error::StoreError;
pub(crate) use lock::Lock;
pub(crate) use rows::{
    AlertTotal, CycleRecord, CycleRow, EventFilter, Health, JudgedEntry, KnownEntry, KnownState, Labels,
    Lookup, Mended, PeriodSums, PurgeWhat, RecoveredTable, Rejudged, ShortMarks, SlowStatement, SourceLine,
    SourceResult, SourceYield, StatementTimes, StoryRow, Words, XEnding,
};

use db::DbThread;

/// What a command may do with the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Read while others may write.
    Read,
    /// Read and write; the database is made, and its schema brought up to date.
    Write,
}

/// The way to the lasting memory; clones share it.
#[derive(Debug, Clone)]
pub struct Store {
    db: DbThread,
}

impl Store {
    /// Opens the database of the state folder `dir`.
    ///
    /// # Errors
    /// When the folder or file cannot be used, is damaged, was written by a newer program, or (for reading)
    /// does not exist yet.
    pub fn open(dir: &Path, access: Access) -> Result<Self, StoreError> {
        Ok(Self { db: DbThread::new(sqlite::open_file(dir, access)?)? })
    }

    /// A memory that ends with the process.
    ///
    /// # Errors
    /// When the system gives no memory or no thread.
    pub fn open_in_memory() -> Result<Self, StoreError> {
        Ok(Self { db: DbThread::new(sqlite::open_memory()?)? })
    }

    /// Tests the database of `dir`, which nobody else may write meanwhile, and mends it: what was damaged stays
    /// beside it. Blocks.
    ///
    /// # Errors
    /// When nothing can be recovered, or the file is of a newer program.
    pub(crate) fn repair(dir: &Path) -> Result<Mended, StoreError> {
        sqlite::repair(dir)
    }

    /// Whether `dir` holds a database, or something that [`Store::open`] says more about.
    pub(crate) fn exists(dir: &Path) -> bool {
        !matches!(files::is_there(&dir.join(files::DATABASE)), Ok(false))
    }

    /// Opens a cycle and gives its number.
    pub(crate) async fn begin_cycle(&self, now: Timestamp) -> Result<i64, StoreError> {
        self.db.call(move |connection| sqlite::begin_cycle(connection, now)).await
    }

    /// Saves how a cycle went.
    pub(crate) async fn end_cycle(&self, cycle: CycleRecord) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::end_cycle(connection, &cycle)).await
    }

    /// The last `limit` finished cycles, newest first.
    pub(crate) async fn cycles(&self, limit: usize) -> Result<Vec<CycleRow>, StoreError> {
        self.cycles_since(Timestamp::UNIX_EPOCH, limit).await
    }

    /// The last `limit` finished cycles that began at `since` or later, newest first.
    pub(crate) async fn cycles_since(
        &self,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<CycleRow>, StoreError> {
        self.db.call(move |connection| sqlite::cycles(connection, since, limit)).await
    }

    /// When the last cycle that ended with 0 began, if one is kept.
    pub(crate) async fn last_success(&self) -> Result<Option<Timestamp>, StoreError> {
        self.db.call(|connection| sqlite::last_success(connection)).await
    }

    /// The stages of the kept cycles with the numbers `first` to `last`: name and times, serialised.
    pub(crate) async fn cycle_stages(
        &self,
        first: i64,
        last: i64,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.db.call(move |connection| sqlite::cycle_stages(connection, first, last)).await
    }

    /// The sums of all periods from `first` to `last` in the order of their names, days and months mixed.
    pub(crate) async fn sums(
        &self,
        first: String,
        last: String,
    ) -> Result<Vec<(String, String)>, StoreError> {
        self.db.call(move |connection| sqlite::sums(connection, &first, &last)).await
    }

    /// The sums of one period with its stages; empty where there are none.
    pub(crate) async fn period(&self, period: String) -> Result<PeriodSums, StoreError> {
        self.db.call(move |connection| sqlite::period(connection, &period)).await
    }

    /// What every source has cost and given.
    pub(crate) async fn yields(&self) -> Result<Vec<SourceYield>, StoreError> {
        self.db.call(|connection| sqlite::yields(connection)).await
    }

    /// Bodies and failures of the sources in the kept cycles from number `first` on.
    pub(crate) async fn source_lines(&self, first: i64) -> Result<Vec<SourceLine>, StoreError> {
        self.db.call(move |connection| sqlite::source_lines(connection, first)).await
    }

    /// Times of the statements run since this was last asked, or since opening.
    pub(crate) async fn statement_times(&self) -> Result<StatementTimes, StoreError> {
        self.db.call(|_| Ok(sqlite::take_times())).await
    }

    /// Every source ever asked.
    pub(crate) async fn sources(&self) -> Result<Vec<SourceState>, StoreError> {
        self.db.call(|connection| sqlite::sources(connection)).await
    }

    /// Pauses that hosts asked for and that still run at `now`.
    pub(crate) async fn host_waits(&self, now: Timestamp) -> Result<Vec<HostWait>, StoreError> {
        self.db.call(move |connection| sqlite::host_waits(connection, now)).await
    }

    /// Up to `limit` entries that wait for their page and are due at `now`.
    pub(crate) async fn backlog(&self, now: Timestamp, limit: usize) -> Result<Vec<EntryRecord>, StoreError> {
        self.db.call(move |connection| sqlite::backlog(connection, now, limit)).await
    }

    /// Every remembered entry of the feed at `source` that one of `lookups` may be, under the rules with that
    /// fingerprint.
    pub(crate) async fn known_entries(
        &self,
        source: String,
        rules: u64,
        lookups: Vec<Lookup>,
        now: Timestamp,
    ) -> Result<Vec<KnownEntry>, StoreError> {
        self.db.call(move |connection| sqlite::known_entries(connection, &source, rules, &lookups, now)).await
    }

    /// What was found in an entry so far, oldest first.
    pub(crate) async fn detections_of(
        &self,
        source: String,
        entry: EntryKey,
    ) -> Result<Vec<Detection>, StoreError> {
        self.db.call(move |connection| sqlite::detections_of(connection, &source, entry)).await
    }

    /// The article kept under its canonical address.
    pub async fn article(&self, key: String) -> Result<Option<ArticleRecord>, StoreError> {
        self.db.call(move |connection| sqlite::article(connection, &key)).await
    }

    /// The robots.txt kept for an origin.
    pub(crate) async fn robots(&self, origin: String) -> Result<Option<RobotsRecord>, StoreError> {
        self.db.call(move |connection| sqlite::robots(connection, &origin)).await
    }

    /// Stories told or joined since `since`, with their tellings.
    pub(crate) async fn recent_stories(&self, since: Timestamp) -> Result<Vec<Story>, StoreError> {
        self.db.call(move |connection| sqlite::recent_stories(connection, since)).await
    }

    /// Saves all that one visit taught, or nothing of it. Saving it again changes nothing; gives the ids of
    /// the detections that were not known before.
    pub async fn commit(&self, commit: Commit) -> Result<Vec<String>, StoreError> {
        self.commit_all(Arc::new(vec![commit])).await
    }

    /// The same of several visits, all or none of them: one transaction costs less than many.
    pub async fn commit_all(&self, commits: Arc<Vec<Commit>>) -> Result<Vec<String>, StoreError> {
        self.db.call(move |connection| sqlite::commit(connection, &commits)).await
    }

    /// Whether one of the detections called `ids` is known.
    pub(crate) async fn any_detection(&self, ids: Vec<String>) -> Result<bool, StoreError> {
        self.db.call(move |connection| sqlite::any_detection(connection, &ids)).await
    }

    /// Has the entry that waits under `key` of `source` tried no earlier than `next_try`.
    pub(crate) async fn postpone(
        &self,
        source: String,
        key: EntryKey,
        next_try: Timestamp,
    ) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::postpone(connection, &source, key, next_try)).await
    }

    /// The latest time up to `now` that earlier cycles confirm: what is old by it may be forgotten.
    pub(crate) async fn confirmed_time(&self, now: Timestamp) -> Result<Timestamp, StoreError> {
        self.db.call(move |connection| sqlite::confirmed_time(connection, now)).await
    }

    /// What the channels know of `stories`.
    pub(crate) async fn channel_story_states(
        &self,
        stories: Vec<String>,
    ) -> Result<Vec<ChannelStoryState>, StoreError> {
        self.db.call(move |connection| sqlite::channel_story_states(connection, &stories)).await
    }

    /// The alerts of `channel` that no message holds yet.
    pub(crate) async fn queued(&self, channel: String) -> Result<Vec<Alert>, StoreError> {
        self.db.call(move |connection| sqlite::queued(connection, &channel)).await
    }

    /// Binds alerts into messages, all or none; those of `later` wait until then for a digest.
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

    /// Notes that an attempt on `message` begins.
    pub(crate) async fn attempt(&self, message: String) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::attempt(connection, &message)).await
    }

    /// Notes how an attempt on `message` ended, and how its channel is now.
    pub(crate) async fn settle(
        &self,
        message: String,
        settled: Settled,
        channel: ChannelState,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::settle(connection, &message, &settled, &channel, now)).await
    }

    /// How every channel is that ever sent.
    pub(crate) async fn channels(&self) -> Result<Vec<ChannelState>, StoreError> {
        self.db.call(|connection| sqlite::channels(connection)).await
    }

    /// The troubles that the operator was told of.
    pub(crate) async fn incidents(&self) -> Result<Vec<Incident>, StoreError> {
        self.db.call(|connection| sqlite::incidents(connection)).await
    }

    /// Remembers troubles, forgets others, and queues what is told of them: all or nothing.
    pub(crate) async fn notice(
        &self,
        incidents: Vec<Incident>,
        forgotten: Vec<String>,
        alerts: Vec<Alert>,
    ) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::notice(connection, &incidents, &forgotten, &alerts)).await
    }

    /// Since when the oldest undelivered alert of `channels` is due.
    pub(crate) async fn oldest_due(&self, channels: Vec<String>) -> Result<Option<Timestamp>, StoreError> {
        self.db.call(move |connection| sqlite::oldest_due(connection, &channels)).await
    }

    /// The newest `limit` rows of the outbox; only what has not arrived, if `open`.
    pub(crate) async fn outbox(&self, open: bool, limit: usize) -> Result<Vec<OutboxRow>, StoreError> {
        self.db.call(move |connection| sqlite::rows(connection, open, limit)).await
    }

    /// Makes all that `channels` have queued due now.
    pub(crate) async fn hasten(&self, channels: Vec<String>, now: Timestamp) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::hasten(connection, &channels, now)).await
    }

    /// Opens the messages of `channels` again that were given up.
    pub(crate) async fn revive(&self, channels: Vec<String>, now: Timestamp) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::revive(connection, &channels, now)).await
    }

    /// How many alerts ended how, by channel, since the first one.
    pub(crate) async fn alert_totals(&self) -> Result<Vec<AlertTotal>, StoreError> {
        self.db.call(|connection| sqlite::alert_totals(connection)).await
    }

    /// How many alerts of `channels` no message holds, and how many messages have not arrived.
    pub(crate) async fn waiting(&self, channels: Vec<String>) -> Result<u64, StoreError> {
        self.db.call(move |connection| sqlite::waiting(connection, &channels)).await
    }

    /// One detection per story that passes `filter`, newest first.
    pub(crate) async fn events(&self, filter: EventFilter) -> Result<Vec<Detection>, StoreError> {
        Ok(self.stories(filter).await?.into_iter().map(|row| row.detection).collect())
    }

    /// The stories that pass `filter`, newest first, with their history.
    pub(crate) async fn stories(&self, filter: EventFilter) -> Result<Vec<StoryRow>, StoreError> {
        self.db.call(move |connection| sqlite::stories(connection, &filter)).await
    }

    /// Every entry judged and first seen since `since`, with its detection.
    pub(crate) async fn judged_entries(&self, since: Timestamp) -> Result<Vec<JudgedEntry>, StoreError> {
        self.db.call(move |connection| sqlite::judged_entries(connection, since)).await
    }

    /// Saves a later judgement, or nothing of it; gives the ids of the detections that were not known before.
    pub(crate) async fn rejudge(&self, judged: Rejudged) -> Result<Vec<String>, StoreError> {
        self.db.call(move |connection| sqlite::rejudge(connection, &judged)).await
    }

    /// Notes the user's word on the detection whose id starts with `id`; `None` if no detection, or more than one,
    /// is called so.
    pub(crate) async fn label(
        &self,
        id: String,
        yes: bool,
        now: Timestamp,
    ) -> Result<Option<Detection>, StoreError> {
        self.db.call(move |connection| sqlite::label(connection, &id, yes, now)).await
    }

    /// How many of the labelled detections are launches.
    pub(crate) async fn labels(&self) -> Result<Labels, StoreError> {
        self.db.call(|connection| sqlite::labels(connection)).await
    }

    /// Forgets at most `limit` rows of each kind that are past their time; gives how many.
    pub(crate) async fn prune(&self, now: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.db.call(move |connection| sqlite::prune(connection, now, limit)).await
    }

    /// How large the memory is.
    pub(crate) async fn health(&self) -> Result<Health, StoreError> {
        self.db.call(|connection| sqlite::health(connection)).await
    }

    /// What is wrong with the database, one sentence each.
    pub(crate) async fn check(&self) -> Result<Vec<String>, StoreError> {
        self.db.call(|connection| sqlite::check(connection)).await
    }

    /// Copies the database to a new file while it is in use.
    pub(crate) async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let to = to.to_owned();
        self.db.call(move |connection| sqlite::backup(connection, &to)).await
    }

    /// The first column of what `sql` gives, for tests that look at the tables themselves.
    #[cfg(test)]
    pub(crate) async fn column(&self, sql: &'static str) -> Vec<String> {
        self.db.call(|connection| sqlite::column(connection, sql)).await.unwrap_or_default()
    }
}
