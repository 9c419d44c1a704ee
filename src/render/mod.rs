//! Results as text: tables, JSON, CSV, feeds, calendars, HTML. Renders, never prints.

pub mod board;
pub mod calendar;
pub mod charts;
pub mod events;
pub mod format;
pub mod profile;
pub mod prometheus;
pub mod report;
#[cfg(test)]
mod samples;
pub mod sources;
pub mod stats;
pub mod syndication;

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

pub use crate::text::{inert, plain};

/// The look of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Columns of the terminal.
    pub width: u16,
    pub color: bool,
}

/// `value` as one line of JSON without terminal control characters.
pub fn json<T: Serialize>(value: &T) -> String {
    // Plain data with string keys always serialises.
    serde_json::to_string(value).map(|json| inert(json) + "\n").unwrap_or_default()
}

/// A column: its header and its cell for a row.
pub type Column<T> = (&'static str, fn(&T) -> String);

/// RFC 4180: a header row, then `rows`; no cell starts like a formula (docs/reference/formats.md#csv).
pub fn csv<T>(columns: &[Column<T>], rows: &[T]) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // Writing to memory cannot fail.
    let _ = writer.write_record(columns.iter().map(|(header, _)| header));
    for row in rows {
        let _ = writer.write_record(columns.iter().map(|(_, cell)| harmless(&plain(&cell(row)))));
    }
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

/// A cell that no spreadsheet reads as a formula.
fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@']) { format!("'{cell}") } else { cell.to_owned() }
}

/// A table with lines between the rows.
pub fn table(header: &[&str], rows: impl Iterator<Item = Vec<String>>, style: Style) -> String {
    fill(bare_table(style), header, rows)
}

/// `rows` with `columns`, with lines between the rows.
pub fn rows_table<T>(columns: &[Column<T>], rows: &[T], style: Style) -> String {
    let header: Vec<&str> = columns.iter().map(|(header, _)| *header).collect();
    table(&header, rows.iter().map(|row| columns.iter().map(|(_, cell)| cell(row)).collect()), style)
}

/// A table without lines.
pub fn compact(header: &[&str], rows: impl Iterator<Item = Vec<String>>, style: Style) -> String {
    let mut table = bare_table(style);
    table.load_style(presets::NOTHING);
    fill(table, header, rows)
}

fn fill(mut table: Table, header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    table.set_header(header.iter().copied());
    for row in rows {
        table.add_row(row);
    }
    format!("{table}\n")
}

fn bare_table(style: Style) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(style.width);
    if style.color {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    table
}
