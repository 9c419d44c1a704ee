//! Cycles, their figures, and the sums over them.

use jiff::Timestamp;

use crate::model::CycleStart;

use super::{
    CycleRecord, CycleRow, EarlierCycles, PeriodSums, SourceLine, SourceYield, StatementTimes, Store,
    StoreError, sqlite,
};

impl Store {
    /// Stores the start of a cycle and returns its id.
    pub(crate) async fn begin_cycle(&self, now: Timestamp) -> Result<i64, StoreError> {
        self.db.call(move |connection| sqlite::begin_cycle(connection, now)).await
    }

    /// The cycles before cycle `id`; the newest `limit` are counted.
    pub(crate) async fn cycles_before(&self, id: i64, limit: u64) -> Result<EarlierCycles, StoreError> {
        self.db.call(move |connection| sqlite::cycles_before(connection, id, limit)).await
    }

    /// The id that the next cycle gets.
    pub(crate) async fn next_cycle_id(&self) -> Result<i64, StoreError> {
        self.db.call(|connection| sqlite::next_cycle_id(connection)).await
    }

    pub(crate) async fn end_cycle(&self, cycle: CycleRecord) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::end_cycle(connection, &cycle)).await
    }

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

    /// Finished cycles that began from `since` until before `until`, oldest first.
    pub(crate) async fn cycles_between(
        &self,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<CycleRow>, StoreError> {
        self.db.call(move |connection| sqlite::cycles_between(connection, since, until)).await
    }

    /// Start of the first cycle; the end of its day, if only the sums of that day are stored.
    pub(crate) async fn history_start(&self) -> Result<Option<Timestamp>, StoreError> {
        self.db.call(|connection| sqlite::history_start(connection)).await
    }

    /// Starts and ends of all cycles that began at `since` or later, oldest first.
    pub(crate) async fn cycle_starts(&self, since: Timestamp) -> Result<Vec<CycleStart>, StoreError> {
        self.db.call(move |connection| sqlite::cycle_starts(connection, since)).await
    }

    /// `cycle.settings` of the last finished cycle; empty if an older release wrote it.
    pub(crate) async fn last_settings(&self) -> Result<Option<String>, StoreError> {
        self.db.call(|connection| sqlite::last_settings(connection)).await
    }

    /// Start of the last stored cycle with exit code 0.
    pub(crate) async fn last_success(&self) -> Result<Option<Timestamp>, StoreError> {
        self.db.call(|connection| sqlite::last_success(connection)).await
    }

    /// Name and serialised histogram of each stage of the stored cycles `first` to `last`.
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

    pub(crate) async fn period(&self, period: String) -> Result<PeriodSums, StoreError> {
        self.db.call(move |connection| sqlite::period(connection, &period)).await
    }

    /// Period, then name and serialised histogram of each stage, of all periods from `first` to `last`.
    pub(crate) async fn stages_between(
        &self,
        first: String,
        last: String,
    ) -> Result<Vec<(String, (String, Vec<u8>))>, StoreError> {
        self.db.call(move |connection| sqlite::stages_between(connection, &first, &last)).await
    }

    pub(crate) async fn yields(&self) -> Result<Vec<SourceYield>, StoreError> {
        self.db.call(|connection| sqlite::yields(connection)).await
    }

    /// Bodies and failures of the sources in the stored cycles from `first` on.
    pub(crate) async fn source_lines(&self, first: i64) -> Result<Vec<SourceLine>, StoreError> {
        self.db.call(move |connection| sqlite::source_lines(connection, first)).await
    }

    /// Times of the statements since the last call.
    pub(crate) async fn statement_times(&self) -> Result<StatementTimes, StoreError> {
        self.db.call(|_| Ok(sqlite::take_times())).await
    }
}
