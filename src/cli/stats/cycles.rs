//! `stats --cycles`: a row for each cycle.

use jiff::Timestamp;

use crate::{
    cli::{Format, history::read_all},
    error::Error,
    figures::drift::exceeded_medians,
    render::{Style, report},
    store::Store,
};

/// The last `last` cycles that began at `since` or later, newest first, with marks on slow ones.
pub async fn cycles(
    store: &Store,
    (since, last): (Timestamp, usize),
    format: Option<Format>,
    style: Style,
) -> Result<String, Error> {
    let rows = store.cycles_since(since, last.max(1)).await?;
    let reports = read_all(&rows)?;
    if reports.is_empty() && format != Some(Format::Csv) {
        return Ok("no finished cycle yet\n".to_owned());
    }
    // Those before the oldest shown cycle are needed for its median.
    let newest = rows.first().map_or(0, |row| row.id);
    let starts = store.cycle_starts(Timestamp::UNIX_EPOCH).await?;
    let durations: Vec<u64> = starts
        .iter()
        .rev()
        .filter(|start| start.id <= newest)
        .filter_map(|start| start.duration_ms)
        .take(reports.len() + crate::figures::drift::BASE)
        .collect();
    let exceeded = exceeded_medians(&durations);
    Ok(if format == Some(Format::Csv) {
        report::csv(&reports, &exceeded)
    } else {
        report::history(&reports, &exceeded, style)
    })
}
