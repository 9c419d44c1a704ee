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
use jiff::SignedDuration;
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

/// A time passed or to pass, in the one unit that says enough: `40 s`, `90 min`, `47 h`, `3 days`; never below nothing,
/// since clocks are set back.
#[must_use]
pub fn rough(time: SignedDuration) -> String {
    let seconds = time.as_secs().max(0);
    match seconds {
        ..60 => format!("{seconds} s"),
        60..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// `value` as one line of JSON that steers no terminal.
#[must_use]
pub fn json<T: Serialize>(value: &T) -> String {
    // Plain data with string keys always serialises.
    serde_json::to_string(value).map(|json| inert(json) + "\n").unwrap_or_default()
}

/// RFC 4180: a header row, then `rows`; no cell begins like a formula (docs/reference/formats.md#csv).
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_said_in_the_unit_that_says_enough() {
        let said = [-5, 0, 59, 60, 7_199, 7_200, 172_799, 172_800].map(SignedDuration::from_secs).map(rough);
        assert_eq!(said, ["0 s", "0 s", "59 s", "1 min", "119 min", "2 h", "47 h", "2 days"]);
    }
}
