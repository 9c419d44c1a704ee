//! Summaries of a week.

use jiff::{Timestamp, civil::Date};

use super::{Store, StoreError, sqlite};
use crate::model::{Alert, SummaryFacts, SummaryState};

impl Store {
    /// The state of every channel that gets summaries.
    pub(crate) async fn summary_states(&self) -> Result<Vec<SummaryState>, StoreError> {
        self.db.call(|connection| sqlite::summary_states(connection)).await
    }

    /// Stores and deletes states of channels and queues their summaries, in one transaction.
    pub(crate) async fn put_summaries(
        &self,
        states: Vec<SummaryState>,
        forgotten: Vec<String>,
        alerts: Vec<Alert>,
    ) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::put_summaries(connection, &states, &forgotten, &alerts)).await
    }

    /// What happened in `time`, and the stories dated within `days`, the first and the last day.
    pub(crate) async fn summary_facts(
        &self,
        time: (Timestamp, Timestamp),
        days: (Date, Date),
    ) -> Result<SummaryFacts, StoreError> {
        self.db.call(move |connection| sqlite::summary_facts(connection, time, days)).await
    }
}
