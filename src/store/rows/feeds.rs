//! Imported feeds of a cycle.

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;

use crate::model::{Source, SourceState};

/// Which imported feeds a cycle needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedFeeds {
    /// Those whose next request is due then.
    pub until: Timestamp,
    /// All of them.
    pub everything: bool,
    /// The enabled ones with these addresses as well.
    pub addresses: BTreeSet<String>,
    /// Row ids of the sources that the settings have as well.
    pub replaced: Vec<i64>,
    /// Hosts that are paused.
    pub paused_hosts: Vec<String>,
}

/// Imported feeds with their states, and the numbers of the others.
#[derive(Debug, Default)]
pub struct PlannedFeeds {
    pub feeds: Vec<(Arc<Source>, SourceState)>,
    /// States of the sources that the settings have as well.
    pub replaced: Vec<SourceState>,
    pub idle: IdleFeeds,
}

/// Numbers of the imported feeds that are not due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IdleFeeds {
    pub total: u64,
    /// Those whose last result is fresh; the others wait.
    pub fresh: u64,
    /// Those of the waiting ones that failed last.
    pub failing: u64,
}
