//! The imported feeds: those of the database, beside the ones of the settings.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::{PlannedFeeds, SourceCounts, Store, StoreError, WantedFeeds, sqlite};
use crate::model::{ImportedFeed, ImportedInUse};

impl Store {
    /// Every imported feed, in the order of their import.
    pub(crate) async fn imported_feeds(&self) -> Result<Vec<ImportedFeed>, StoreError> {
        self.db.call(|connection| sqlite::imported_feeds(connection)).await
    }

    /// Adds `feeds` in one transaction, without those that are known; returns the number of new ones.
    pub(crate) async fn import_feeds(&self, feeds: Vec<ImportedFeed>) -> Result<usize, StoreError> {
        self.db.call(move |connection| sqlite::import_feeds(connection, &feeds)).await
    }

    /// Enables or disables an imported feed; returns whether that changed it.
    pub(crate) async fn switch_feed(&self, identity: String, on: bool) -> Result<bool, StoreError> {
        self.db.call(move |connection| sqlite::switch_feed(connection, &identity, on)).await
    }

    /// Removes an imported feed; its state stays. Returns whether there was one.
    pub(crate) async fn remove_feed(&self, identity: String) -> Result<bool, StoreError> {
        self.db.call(move |connection| sqlite::remove_feed(connection, &identity)).await
    }

    /// Which imported feeds are read beside feeds of the settings with these `identities`; `None` if none was ever imported.
    pub(crate) async fn feeds_in_use(
        &self,
        identities: Vec<String>,
    ) -> Result<Option<ImportedInUse>, StoreError> {
        self.db.call(move |connection| sqlite::feeds_in_use(connection, &identities)).await
    }

    /// The names of the enabled imported feeds with these addresses, by address, without the `replaced` sources.
    pub(crate) async fn imported_names(
        &self,
        urls: Vec<String>,
        replaced: Vec<i64>,
    ) -> Result<HashMap<String, String>, StoreError> {
        self.db.call(move |connection| sqlite::imported_names(connection, urls, &replaced)).await
    }

    /// How many sources work, of those of the settings with these `addresses` and, if any are read, of the imported ones.
    pub(crate) async fn source_counts(
        &self,
        addresses: HashSet<String>,
        imported: Option<ImportedInUse>,
    ) -> Result<SourceCounts, StoreError> {
        self.db.call(move |connection| sqlite::source_counts(connection, addresses, imported.as_ref())).await
    }

    /// The imported feeds that may be requested at `now` and others that are wanted, with their states; of the rest the
    /// numbers.
    pub(crate) async fn planned_feeds(
        &self,
        wanted: WantedFeeds,
        now: Timestamp,
    ) -> Result<PlannedFeeds, StoreError> {
        self.db.call(move |connection| sqlite::planned_feeds(connection, &wanted, now)).await
    }
}
