//! The steps that concern X: calls are reserved and ended here, what they brought is saved by [`Store::commit`].

use std::collections::HashMap;

use jiff::Timestamp;

use super::{PurgeWhat, Store, StoreError, XEnding, sqlite};
use crate::model::{RateState, XGap, XIntent, XLimit, XMemory, XPerson, XReserved, XUsage};

impl Store {
    /// All that is remembered of X at `now`, of what concerns the token with that fingerprint.
    pub(crate) async fn x_memory(&self, credential: String, now: Timestamp) -> Result<XMemory, StoreError> {
        self.db.call(move |connection| sqlite::x_memory(connection, &credential, now)).await
    }

    /// Reserves a call to X before it is sent: `decide` sees limits, calls on their way and the month's bill as
    /// they are at this moment for all processes, and says how many objects the call may return, or why it may
    /// not be sent.
    pub(crate) async fn x_reserve<R: Send + 'static>(
        &self,
        intent: XIntent,
        decide: impl FnOnce(&RateState) -> Result<u32, R> + Send + 'static,
    ) -> Result<Result<XReserved, R>, StoreError> {
        self.db.call(move |connection| sqlite::x_reserve(connection, &intent, decide)).await
    }

    /// Ends a reserved call that brought no page. One that did is ended by [`Store::commit`].
    pub(crate) async fn x_end(&self, call: i64, ending: XEnding) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::x_end(connection, call, &ending)).await
    }

    /// Remembers what an answer said of a route's limit: `learn` turns what was known into what is.
    pub(crate) async fn x_learn(
        &self,
        credential: String,
        route: &'static str,
        learn: impl FnOnce(Option<&XLimit>) -> XLimit + Send + 'static,
    ) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::x_learn(connection, &credential, route, learn)).await
    }

    /// Settles calls to X whose answer never came, where later answers tell what they can have cost.
    pub(crate) async fn x_resolve(&self, now: Timestamp) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::x_resolve(connection, now)).await
    }

    /// Remembers which dialect X speaks.
    pub(crate) async fn x_set_dialect(&self, dialect: &'static str) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::x_set_dialect(connection, dialect)).await
    }

    /// Remembers what X said of its usage.
    pub(crate) async fn x_set_usage(&self, usage: XUsage) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::x_set_usage(connection, &usage)).await
    }

    /// Posts that X charged on the day of `at`, by our ledger; kept for three days.
    pub(crate) async fn x_posts_billed(&self, at: Timestamp) -> Result<u64, StoreError> {
        self.db.call(move |connection| sqlite::x_posts_billed(connection, at)).await
    }

    /// Which of these posts are known, each with the newest id of its chain of edits.
    pub(crate) async fn x_known(&self, ids: Vec<u64>) -> Result<HashMap<u64, u64>, StoreError> {
        self.db.call(move |connection| sqlite::x_known(connection, &ids)).await
    }

    /// Those of these authors that are known.
    pub(crate) async fn x_people(&self, users: Vec<u64>) -> Result<Vec<XPerson>, StoreError> {
        self.db.call(move |connection| sqlite::x_people(connection, &users)).await
    }

    /// Counts a failure of each of these sources, with a sentence.
    pub(crate) async fn x_failed(&self, failed: Vec<(String, String)>) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::x_failed(connection, &failed)).await
    }

    /// Forgets gaps that nobody can fill any more.
    pub(crate) async fn x_drop_gaps(&self, gaps: Vec<(String, XGap)>) -> Result<(), StoreError> {
        self.db.call(move |connection| sqlite::x_drop_gaps(connection, &gaps)).await
    }

    /// Deletes posts and what was made of them; gives how many.
    pub(crate) async fn x_purge(&self, what: PurgeWhat) -> Result<usize, StoreError> {
        self.db.call(move |connection| sqlite::x_purge(connection, &what)).await
    }
}
