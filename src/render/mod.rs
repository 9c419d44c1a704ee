//! Text out: tables, JSON, CSV, feeds, calendars. Renders, never prints; knows nothing of where its text goes but the width.

pub mod calendar;
pub mod charts;
pub mod events;
pub mod page;
pub mod profile;
pub mod prometheus;
pub mod report;
#[cfg(test)]
mod samples;
pub mod stats;
pub mod syndication;

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

pub use crate::text::{inert, plain};

/// How a table is to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Columns of the terminal; tables fold to it.
    pub width: u16,
    /// Whether colour is wanted.
    pub color: bool,
}

/// `value` as one line of JSON that steers no terminal.
#[must_use]
pub fn json<T: Serialize>(value: &T) -> String {
    // Plain data with string keys always serialises.
    serde_json::to_string(value).map(|json| inert(json) + "\n").unwrap_or_default()
}

/// RFC 4180: a header row, then `rows`; no cell begins like a formula (conventions, section 2).
#[must_use]
pub fn csv(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // Writing to memory cannot fail.
    let _ = writer.write_record(header);
    for row in rows {
        let _ = writer.write_record(row.iter().map(|cell| harmless(&plain(cell))));
    }
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

/// A cell no spreadsheet takes for a formula.
fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@']) { format!("'{cell}") } else { cell.to_owned() }
}

/// A table for people.
#[must_use]
pub fn table(header: &[&str], rows: impl Iterator<Item = Vec<String>>, style: Style) -> String {
    let mut table = bare_table(style);
    table.set_header(header.iter().copied());
    for row in rows {
        table.add_row(row);
    }
    format!("{table}\n")
}

/// The same without lines between the rows.
#[must_use]
pub fn compact(header: &[&str], rows: impl Iterator<Item = Vec<String>>, style: Style) -> String {
    let mut table = bare_table(style);
    table.load_style(presets::NOTHING);
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
