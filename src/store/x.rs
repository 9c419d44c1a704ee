//! Steps for X: calls are reserved and ended here; [`Store::commit`] saves their pages.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{PurgeWhat, Store, StoreError, XEnding, sqlite};
use crate::model::{RateState, XGap, XIntent, XLimit, XMemory, XPerson, XReserved, XUsage};

impl Store {
    /// The stored state of X at `now` for the token with that fingerprint.
    pub(crate) async fn x_memory(&self, credential: String, now: Timestamp) -> Result<XMemory, StoreError> {
        self.db.call(move |connection| sqlite::x_memory(connection, &credential, now)).await
    }

    /// Reserves a call before it is sent. `decide` gets the current limits, calls in flight and the month's cost of all
    /// processes, and returns how many objects the call may return, or a refusal.
    pub(crate) async fn x_reserve<R: Send + 'static>(
        &self,
        intent: XIntent,
        decide: impl FnOnce(&RateState) -> Result<u32, R> + Send + 'static,
    ) -> Result<Result<XReserved, R>, StoreError> {
        self.db.call(move |connection| sqlite::x_reserve(connection, &intent, decide)).await
    }

    /// Ends a reserved call that brought no page. [`Store::commit`] ends the others.
    pub(crate) async fn x_end(&self, call: i64, ending: XEnding) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::x_end(connection, call, &ending)).await
    }

    /// Updates a route's limit: `learn` turns the stored limit into the new one.
    pub(crate) async fn x_learn(
        &self,
        credential: String,
        route: &'static str,
        learn: impl FnOnce(Option<&XLimit>) -> XLimit + Send + 'static,
    ) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::x_learn(connection, &credential, route, learn)).await
    }

    /// Settles calls without a response as soon as later responses show what they can have cost.
    pub(crate) async fn x_resolve(&self, now: Timestamp) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::x_resolve(connection, now)).await
    }

    pub(crate) async fn x_set_dialect(&self, dialect: &'static str) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::x_set_dialect(connection, dialect)).await
    }

    pub(crate) async fn x_set_usage(&self, usage: XUsage) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::x_set_usage(connection, &usage)).await
    }

    /// Posts that X charged on the day of `at`, by our request log, which has the last three days.
    pub(crate) async fn x_posts_billed(&self, at: Timestamp) -> Result<u64, StoreError> {
        self.db.call(move |connection| sqlite::x_posts_billed(connection, at)).await
    }

    /// The stored posts among `ids`, each with the newest id of its chain of edits. A purged post has the highest id.
    pub(crate) async fn x_known(&self, ids: Vec<u64>) -> Result<HashMap<u64, u64>, StoreError> {
        self.db.call(move |connection| sqlite::x_known(connection, &ids)).await
    }

    pub(crate) async fn x_people(&self, users: Vec<u64>) -> Result<Vec<XPerson>, StoreError> {
        self.db.call(move |connection| sqlite::x_people(connection, &users)).await
    }

    /// Counts a failure of each source, with a sentence.
    pub(crate) async fn x_failed(&self, failed: Vec<(String, String)>) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::x_failed(connection, &failed)).await
    }

    /// Deletes gaps that can no longer be filled.
    pub(crate) async fn x_drop_gaps(&self, gaps: Vec<(String, XGap)>) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::x_drop_gaps(connection, &gaps)).await
    }

    /// Deletes posts with their detections; returns the number of posts. A post's id stays, so that it is not read again.
    pub(crate) async fn x_purge(&self, what: PurgeWhat) -> Result<usize, StoreError> {
        self.db.call(move |connection| sqlite::x_purge(connection, &what)).await
    }
}
