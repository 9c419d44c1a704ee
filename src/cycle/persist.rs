//! Saves a finished cycle: its row, and the sums of its day, its month and all time.

use std::mem;

use jiff::Timestamp;

use super::report_builder::FinishedReport;
use crate::{
    figures::{
        Histogram, StageHistograms,
        sums::{self, Sums},
    },
    model::SourceStatus,
    store::{CycleRecord, PeriodSums, SourceResult, Store, StoreError},
};

/// Name of the duration of whole cycles among the stages of a period.
pub const CYCLE_STAGE: &str = "cycle";

/// Saves cycle `id`, which began at `started_at`, and adds it to its periods, in one transaction.
pub async fn save_cycle(
    store: &Store,
    finished: &mut FinishedReport,
    id: i64,
    started_at: Timestamp,
) -> Result<(), StoreError> {
    let mut record = record(finished, id);
    for period in sums::periods(started_at) {
        record.sums.push(add(store.period(period).await?, finished));
    }
    store.end_cycle(record).await
}

/// The row of cycle `id`.
fn record(finished: &mut FinishedReport, id: i64) -> CycleRecord {
    let asked = [SourceStatus::Fetched, SourceStatus::NotModified, SourceStatus::Failed];
    let rows = finished.report.sources.iter().zip(&finished.bytes);
    let narrow = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
    let sources = rows.filter(|(row, _)| asked.contains(&row.outcome)).map(|(row, bytes)| SourceResult {
        url: row.url.clone(),
        outcome: row.outcome,
        failure: row.failure.clone(),
        status: row.status,
        entries: narrow(row.entries),
        new: narrow(row.new),
        ms: narrow(row.ms.unwrap_or(0)),
        bytes: *bytes,
    });
    let sources = sources.collect();
    // These two lists have tables of their own.
    let report = &mut finished.report;
    let lists = (mem::take(&mut report.sources), mem::take(&mut report.detections));
    // Plain data with string keys always serialises.
    let document = serde_json::to_string(report).unwrap_or_default();
    (report.sources, report.detections) = lists;
    CycleRecord {
        id,
        duration_ms: report.cycle.duration_ms,
        status: report.cycle.status,
        exit_code: report.cycle.exit_code,
        report: document,
        histograms: finished.stages.to_bytes(),
        sources,
        sums: Vec::new(),
    }
}

/// `stored` with the cycle added. A part that cannot be read starts at zero: figures are no reason to fail.
fn add(stored: PeriodSums, finished: &FinishedReport) -> PeriodSums {
    let mut sums: Sums = serde_json::from_str(&stored.document).unwrap_or_default();
    sums.add(&Sums::of(&finished.report));
    let mut histograms = Vec::new();
    if stored.period != sums::ALL {
        let mut stages = StageHistograms::default();
        if let Err(error) = stages.add_bytes(&stored.histograms) {
            tracing::warn!(%error, period = stored.period, "stored times cannot be read and start again");
        }
        stages.merge(&finished.stages);
        let before = stored.histograms.iter().find(|(name, _)| name == CYCLE_STAGE);
        let mut whole = before.and_then(|(_, bytes)| Histogram::from_bytes(bytes).ok()).unwrap_or_default();
        whole.record(std::time::Duration::from_millis(finished.report.cycle.duration_ms));
        histograms = stages.to_bytes();
        histograms.push((CYCLE_STAGE.to_owned(), whole.to_bytes()));
    }
    // Plain data with string keys always serialises.
    PeriodSums { document: serde_json::to_string(&sums).unwrap_or_default(), histograms, ..stored }
}
