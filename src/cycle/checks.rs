//! Reads what the checks of the settings are judged on.

use std::time::Duration;

use jiff::{Timestamp, civil::Date};

use crate::{
    figures::{
        CycleReport,
        checks::{Check, Judged, Past},
        sums::{Sums, is_day},
    },
    store::{Store, StoreError},
};

/// Judges `checks` on the finished cycles at `now`. Reports of cycles are stored for `kept`.
pub(crate) async fn judge_checks(
    store: &Store,
    checks: &[Check],
    now: Timestamp,
    kept: Duration,
) -> Result<Vec<Judged>, StoreError> {
    let mut judged = Vec::with_capacity(checks.len());
    let first = if checks.is_empty() { None } else { store.history_start().await? };
    for check in checks {
        let (first_day, times) = check.needs(now, kept);
        let mut past = Past { first, ..Past::default() };
        for (period, document) in store.sums(first_day.to_string(), LAST_PERIOD.to_owned()).await? {
            // A row that cannot be read is found by `db check`.
            let sums = serde_json::from_str(&document).unwrap_or_default();
            past.days.extend(period.parse::<Date>().ok().filter(|_| is_day(&period)).map(|day| (day, sums)));
        }
        for (since, until) in times {
            for cycle in store.cycles_between(since, until).await? {
                let report: CycleReport = serde_json::from_str(&cycle.report).unwrap_or_default();
                past.cycles.entry(cycle.started_at).or_default().add(&Sums::of(&report));
            }
        }
        judged.push(check.judge(&past, now));
    }
    Ok(judged)
}

/// Sorts after every day and month, and before the sums of all time.
const LAST_PERIOD: &str = "9999-12-31";
