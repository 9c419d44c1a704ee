//! The log of what became known: stories that were opened or changed, and cycles that ended, in the order of their commits.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{EventFilter, Store, StoreError, StoryRow, StoryUpdate, sqlite};
use crate::model::CycleStatus;

/// One entry of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    /// Grows with each entry; never used again.
    pub seq: i64,
    pub at: Timestamp,
    pub news: News,
}

#[derive(Debug, Clone, PartialEq)]
pub enum News {
    Story(Box<StoryNews>),
    Cycle(EndedCycle),
}

/// A story that was opened or changed, as it was then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoryNews {
    #[serde(flatten)]
    pub update: StoryUpdate,
    /// Whether sources had it when they were first fetched, so that no alert was sent.
    pub at_first_fetch: bool,
}

impl StoryNews {
    /// As it is shown on `today`, heard of at `at`.
    pub fn heard(mut self, at: Timestamp, today: Date) -> Self {
        let found = &mut self.update.detection;
        found.stage = found.stage.on(found.event_date.as_deref(), today);
        found.heard_at = Some(at);
        self
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct EndedCycle {
    pub id: i64,
    pub duration_ms: u64,
    pub status: CycleStatus,
    /// Of the process.
    pub exit_code: u8,
}

impl Store {
    /// The stories that pass `filter`, and the number of the last log entry that they include.
    pub(crate) async fn stories_with_log_end(
        &self,
        filter: EventFilter,
    ) -> Result<(Vec<StoryRow>, i64), StoreError> {
        self.db.call(move |connection| sqlite::stories_with_log_end(connection, &filter)).await
    }

    /// The number of the newest entry, 0 if there never was one.
    pub(crate) async fn log_end(&self) -> Result<i64, StoreError> {
        self.db.call(|connection| sqlite::log_end(connection)).await
    }

    /// The number of the oldest entry.
    pub(crate) async fn log_start(&self) -> Result<Option<i64>, StoreError> {
        self.db.call(|connection| sqlite::log_start(connection)).await
    }

    /// A number that changes with each commit of another connection.
    pub(crate) async fn data_version(&self) -> Result<i64, StoreError> {
        self.db.call(|connection| sqlite::data_version(connection)).await
    }

    /// At most `limit` entries after the number `after`, oldest first.
    pub(crate) async fn log(&self, after: i64, limit: usize) -> Result<Vec<LogEntry>, StoreError> {
        self.db.call(move |connection| sqlite::log(connection, after, limit)).await
    }
}
