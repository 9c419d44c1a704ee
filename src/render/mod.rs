//! Results as text: tables, JSON, CSV, feeds, calendars, HTML. Renders, never prints.

pub mod agenda;
pub mod answers;
pub mod board;
pub mod caches;
pub mod calendar;
pub mod charts;
pub mod checks;
pub mod cycle;
pub mod details;
pub mod events;
pub mod explain;
pub mod feeds;
pub mod format;
pub mod history;
pub mod last_run;
pub mod listing;
#[cfg(test)]
mod listing_tests;
pub mod profile;
pub mod prometheus;
pub mod rejudged;
pub mod report;
#[cfg(test)]
pub(crate) mod samples;
pub mod sources;
pub mod stats;
pub mod style;
pub mod syndication;
pub mod table;
#[cfg(test)]
mod table_tests;
pub mod times;
pub mod trends;
pub mod unfinished;
pub mod updates;

use serde::Serialize;

pub use self::style::Style;
use self::table::Table;
pub use crate::text::{inert, plain};

/// `value` as one line of JSON without terminal control characters.
pub fn json<T: Serialize>(value: &T) -> String {
    // Plain data with string keys always serialises.
    serde_json::to_string(value).map(|json| inert(json) + "\n").unwrap_or_default()
}

/// A column: its header and its cell for a row.
pub type Column<T> = (&'static str, fn(&T) -> String);

/// RFC 4180: a header row, then `rows`; no cell starts like a formula (docs/reference/formats.md#csv).
pub fn csv<T>(columns: &[Column<T>], rows: &[T]) -> String {
    let rows = rows.iter().map(|row| columns.iter().map(|(_, cell)| cell(row)).collect());
    csv_rows(columns.iter().map(|(header, _)| *header), rows)
}

/// As [`csv()`], of texts.
fn csv_rows<'a>(header: impl Iterator<Item = &'a str>, rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // Writing to memory cannot fail.
    let _ = writer.write_record(header);
    for row in rows {
        let _ = writer.write_record(row.iter().map(|cell| harmless(&plain(cell))));
    }
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

/// A cell that no spreadsheet reads as a formula.
fn harmless(cell: &str) -> String {
    let is_number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '.');
    if cell.strip_prefix('-').is_some_and(is_number) {
        return cell.to_owned();
    }
    if cell.starts_with(['=', '+', '-', '@']) { format!("'{cell}") } else { cell.to_owned() }
}

/// `rows` under `header`: numbers to the right, long texts continued in further lines.
pub fn table(header: &[&str], rows: impl Iterator<Item = Vec<String>>, style: Style) -> String {
    Table::of_texts(header, rows.collect()).render(style)
}

/// `rows` with `columns`, as [`table`].
pub fn rows_table<T>(columns: &[Column<T>], rows: &[T], style: Style) -> String {
    let header: Vec<&str> = columns.iter().map(|(header, _)| *header).collect();
    table(&header, rows.iter().map(|row| columns.iter().map(|(_, cell)| cell(row)).collect()), style)
}
