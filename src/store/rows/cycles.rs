//! Cycles and the figures of their sources.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::{CycleStatus, SlowStatement, SourceStatus};

/// The cycles before one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EarlierCycles {
    /// Start of the newest, finished or not.
    pub started_at: Option<Timestamp>,
    /// The newest ones.
    pub cycles: u64,
    /// Those of them that ended as they should. A process that died did not.
    pub ok: u64,
}

/// A finished cycle to store.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CycleRecord {
    /// From [`crate::store::Store::begin_cycle`].
    pub id: i64,
    pub duration_ms: u64,
    pub status: CycleStatus,
    /// Exit code of the process.
    pub exit_code: u8,
    /// Its report (docs/reference/outputs.md#cycle-report) without detections and sources, which have their own rows.
    pub report: String,
    pub histograms: Vec<(String, Vec<u8>)>,
    /// Every source that was fetched.
    pub sources: Vec<SourceResult>,
    /// The sums of its day, its month and all time, including this cycle.
    pub sums: Vec<PeriodSums>,
}

/// One source's result in a cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceResult {
    pub url: String,
    /// How its visit ended.
    pub outcome: SourceStatus,
    /// The failure's stable name.
    pub failure: Option<String>,
    pub status: Option<u16>,
    /// Entries in the body.
    pub entries: u32,
    /// New entries among them.
    pub new: u32,
    pub bytes: u64,
    pub ms: u32,
}

/// Sums of a day (`2026-11-21`), a month (`2026-11`) or all time (`all`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PeriodSums {
    pub period: String,
    /// The figures as JSON; empty if there are none yet.
    pub document: String,
    pub histograms: Vec<(String, Vec<u8>)>,
}

/// Cost and results of a source since its first fetch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceYield {
    pub url: String,
    /// Number of requests.
    pub asked: u64,
    /// Number of failed requests.
    pub failed: u64,
    pub bytes: u64,
    /// Stories that it reported first.
    pub first: u64,
}

/// A source's result in a stored cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceLine {
    pub cycle: i64,
    pub url: String,
    /// The failure's stable name; `None` if a body came.
    pub failure: Option<String>,
    pub ms: u32,
}

/// Times of the statements run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatementTimes {
    /// Number of statements by duration in whole milliseconds.
    pub durations_ms: BTreeMap<u32, u64>,
    /// Statements over 100 ms.
    pub slow: Vec<SlowStatement>,
}

/// A stored cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CycleRow {
    pub id: i64,
    pub started_at: Timestamp,
    /// See [`CycleRecord::report`].
    pub report: String,
}
