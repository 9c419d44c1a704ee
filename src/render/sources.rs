//! The sources of `stats --feeds`, as a table and as CSV.

use std::cmp::Reverse;

use jiff::Timestamp;

use super::{
    Column, Style,
    format::{ms, or_dash, rough},
    plain, table as text_table,
    trends::cell,
};
use crate::figures::sources::{ResponseTimes, SourceView};

const SOURCES: [&str; 11] = [
    "source",
    "attention",
    "asked",
    "failed",
    "answer",
    "p50",
    "p95",
    "entries",
    "detections",
    "first",
    "last new",
];
/// Hosts shown.
const HOSTS: usize = 20;

/// Response times of the slowest hosts.
pub fn hosts(hosts: &[ResponseTimes], style: Style) -> String {
    if hosts.is_empty() {
        return String::new();
    }
    let rows = hosts.iter().take(HOSTS).map(|times| {
        vec![plain(&times.of), times.count.to_string(), ms(times.p50_ms.into()), ms(times.p95_ms.into())]
    });
    let text = text_table(&["host", "responses", "p50", "p95"], rows, style);
    let more = hosts.len().saturating_sub(HOSTS);
    let more = if more > 0 { format!("and {more} faster hosts\n") } else { String::new() };
    format!("\nresponse times by host, the slowest first\n{text}{more}")
}

/// Every source, those that need attention first.
pub fn table(sources: &[SourceView], now: Timestamp, style: Style) -> String {
    let rows = by_attention(sources).into_iter().map(|source| {
        vec![
            plain(&source.name),
            source.attention.map_or("", |attention| attention.as_str()).to_owned(),
            source.asked.to_string(),
            source.failed.to_string(),
            ms(source.mean_ms.into()),
            or_dash(source.p50_ms, |p50| ms(p50.into())),
            or_dash(source.p95_ms, |p95| ms(p95.into())),
            source.entries.to_string(),
            source.detections.to_string(),
            source.first.to_string(),
            or_dash(source.changed_at, |at| rough(now.duration_since(at))),
        ]
    });
    text_table(&SOURCES, rows, style)
}

const COLUMNS: [Column<SourceView>; 17] = [
    ("url", |source| source.url.clone()),
    ("name", |source| source.name.clone()),
    ("attention", |source| source.attention.map_or("", |attention| attention.as_str()).to_owned()),
    ("failure", |source| source.failure.clone().unwrap_or_default()),
    ("failures", |source| source.failures.to_string()),
    ("changed_at", |source| source.changed_at.map(|at| at.to_string()).unwrap_or_default()),
    ("mean_ms", |source| source.mean_ms.to_string()),
    ("p50_ms", |source| cell(source.p50_ms.map(f64::from))),
    ("p95_ms", |source| cell(source.p95_ms.map(f64::from))),
    ("asked", |source| source.asked.to_string()),
    ("failed", |source| source.failed.to_string()),
    ("bytes", |source| source.bytes.to_string()),
    ("entries", |source| source.entries.to_string()),
    ("candidates", |source| source.candidates.to_string()),
    ("detections", |source| source.detections.to_string()),
    ("first", |source| source.first.to_string()),
    ("asked_per_detection", |source| {
        source.asked_per_detection.map(|cost| cost.to_string()).unwrap_or_default()
    }),
];

pub fn csv(sources: &[SourceView]) -> String {
    super::csv(&COLUMNS, sources)
}

/// Those that need attention first, then the ones that reported most stories first.
pub fn by_attention(sources: &[SourceView]) -> Vec<&SourceView> {
    let mut sorted: Vec<&SourceView> = sources.iter().collect();
    sorted.sort_by_key(|source| (source.attention.is_none(), source.attention, Reverse(source.first)));
    sorted
}
