//! What of a cycle outlives it: its own row, and the sums of its day, its month and all time.

use jiff::Timestamp;

use super::report_builder::FinishedReport;
use crate::{
    figures::{
        Histogram, StageHistograms,
        sums::{self, Sums},
    },
    store::{PeriodSums, Store, StoreError},
};

/// Name under which the time of whole cycles is kept among the stages of a period.
pub const WHOLE: &str = "cycle";

/// Saves cycle `id`, which began at `now`, and adds it to its periods, in one transaction.
pub async fn keep(
    store: &Store,
    summed: &mut FinishedReport,
    id: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut record = summed.record(id);
    for period in sums::periods(now) {
        record.sums.push(add(store.period(period).await?, summed));
    }
    store.end_cycle(record).await
}

/// `kept` with the cycle added. What cannot be read of it begins anew: figures are no reason to fail.
fn add(kept: PeriodSums, summed: &FinishedReport) -> PeriodSums {
    let mut sums: Sums = serde_json::from_str(&kept.document).unwrap_or_default();
    sums.add(&Sums::of(&summed.report));
    let mut histograms = Vec::new();
    if kept.period != sums::ALL {
        let mut stages = StageHistograms::default();
        if let Err(error) = stages.add_bytes(&kept.histograms) {
            tracing::warn!(%error, period = kept.period, "kept times begin anew");
        }
        stages.merge(&summed.stages);
        let before = kept.histograms.iter().find(|(name, _)| name == WHOLE);
        let mut whole = before.and_then(|(_, bytes)| Histogram::from_bytes(bytes).ok()).unwrap_or_default();
        whole.record(std::time::Duration::from_millis(summed.report.cycle.duration_ms));
        histograms = stages.to_bytes();
        histograms.push((WHOLE.to_owned(), whole.to_bytes()));
    }
    // Plain data with string keys always serialises.
    PeriodSums { document: serde_json::to_string(&sums).unwrap_or_default(), histograms, ..kept }
}
