//! Detections, for people and for programs.

use comfy_table::{Attribute, Cell, CellAlignment, Color, ColumnConstraint, Width};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    model::{Class, Detection},
    text::outlet,
};

use super::{Column, Style, bare_table, plain};

/// On a narrower terminal each detection is a paragraph.
const NARROW: u16 = 70;

/// A table, newest first; a paragraph each on a narrow terminal.
pub fn table(detections: &[Detection], style: Style) -> String {
    if detections.is_empty() {
        return "no detections\n".to_owned();
    }
    if style.width < NARROW {
        return detections.iter().map(paragraph).collect();
    }
    let mut table = bare_table(style);
    table.set_header(["published", "score", "what", "whose", "title"]);
    for detection in detections {
        table.add_row([
            Cell::new(when(detection.published_at.unwrap_or(detection.detected_at))),
            shade(Cell::new(detection.score).set_alignment(CellAlignment::Right), detection.class),
            Cell::new(what(detection)),
            Cell::new(whose(detection)),
            Cell::new(format!(
                "{}\n{}{}",
                plain(&detection.title),
                plain(&detection.source),
                others(detection)
            )),
        ]);
    }
    for (column, width) in [(0, 14), (1, 7), (2, 22), (3, 22)] {
        if let Some(column) = table.column_mut(column) {
            column.set_constraint(ColumnConstraint::UpperBoundary(Width::Fixed(width)));
        }
    }
    format!("{table}\n")
}

fn paragraph(detection: &Detection) -> String {
    let at = when(detection.published_at.unwrap_or(detection.detected_at));
    let (score, class) = (detection.score, detection.class.as_str());
    let (title, source) = (plain(&detection.title), plain(&detection.source));
    let url = plain(&detection.url);
    format!(
        "{at}  {score} {class}  {}  {}\n  {title}\n  {source}{}\n  {url}\n\n",
        what(detection).replace('\n', ", "),
        whose(detection),
        others(detection)
    )
}

fn when(at: Timestamp) -> String {
    at.strftime("%d %b %H:%M").to_string()
}

fn what(detection: &Detection) -> String {
    let rumour = if detection.rumour { " (rumour)" } else { "" };
    let date = detection.event_date.as_deref().map_or_else(String::new, |date| format!("\n{}", plain(date)));
    format!("{} {}{rumour}{date}", detection.event.as_str(), detection.stage.as_str())
}

fn whose(detection: &Detection) -> String {
    let star = if detection.watched { "* " } else { "" };
    let token = detection.token.as_deref().map_or_else(String::new, |token| format!(" ${}", plain(token)));
    format!("{star}{}{token}", plain(detection.project.as_deref().unwrap_or("?")))
}

/// Outlets that carry the story of `detection`.
pub(super) fn outlets(detection: &Detection) -> usize {
    let others = detection.also_at.iter().map(|outlet| (outlet.source.as_str(), outlet.url.as_str()));
    outlet::count([(detection.source.as_str(), detection.url.as_str())].into_iter().chain(others))
}

fn others(detection: &Detection) -> String {
    match outlets(detection) - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    }
}

/// Colour is never the only sign: the score shows the class too.
fn shade(cell: Cell, class: Class) -> Cell {
    match class {
        Class::Critical => cell.fg(Color::Red).add_attribute(Attribute::Bold),
        Class::High => cell.fg(Color::Yellow),
        Class::Medium => cell,
        Class::Low => cell.add_attribute(Attribute::Dim),
    }
}

/// One object: `{"schema":1,"detections":[…]}`.
pub fn json(detections: &[Detection]) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        schema: u32,
        detections: &'a [Detection],
    }
    super::json(&Document { schema: 1, detections })
}

/// One detection a line.
pub fn ndjson(detections: &[Detection]) -> String {
    detections.iter().map(super::json).collect()
}

const COLUMNS: [Column<Detection>; 19] = [
    ("id", |found| found.id.clone()),
    ("story_id", |found| found.story_id.clone()),
    ("kind", |found| found.kind.as_str().to_owned()),
    ("event", |found| found.event.as_str().to_owned()),
    ("stage", |found| found.stage.as_str().to_owned()),
    ("rumour", |found| found.rumour.to_string()),
    ("score", |found| found.score.to_string()),
    ("class", |found| found.class.as_str().to_owned()),
    ("project", |found| found.project.clone().unwrap_or_default()),
    ("token", |found| found.token.clone().unwrap_or_default()),
    ("watched", |found| found.watched.to_string()),
    ("event_date", |found| found.event_date.clone().unwrap_or_default()),
    ("title", |found| found.title.clone()),
    ("url", |found| found.url.clone()),
    ("source", |found| found.source.clone()),
    ("author", |found| found.author.clone()),
    ("published_at", |found| found.published_at.map(|at| at.to_string()).unwrap_or_default()),
    ("detected_at", |found| found.detected_at.to_string()),
    ("outlets", |found| outlets(found).to_string()),
];

/// CSV, one detection a row.
pub fn csv(detections: &[Detection]) -> String {
    super::csv(&COLUMNS, detections)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples::detection;

    #[test]
    fn no_output_carries_a_formula_or_an_escape() {
        let found = [detection()];
        let csv = csv(&found);
        assert!(csv.contains(",'=cmd() [31mCaldera opens its claim,"), "{csv}");
        assert!(csv.ends_with("\r\n"));
        for width in [40, 120] {
            let table = table(&found, Style { width, color: false });
            assert!(!table.contains(['\x1b', '\u{202E}']), "{table:?}");
            assert!(table.contains("Ledgerline and 1 more") && table.contains("* Caldera $ERA"), "{table}");
        }
    }

    #[test]
    fn a_table_keeps_to_its_width() {
        let found = [Detection { title: "word ".repeat(80), ..detection() }];
        let table = table(&found, Style { width: 80, color: false });
        assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    }

    #[test]
    fn json_begins_with_its_schema() {
        assert!(json(&[]).starts_with("{\"schema\":1,\"detections\":[]"));
        assert_eq!(ndjson(&[detection(), detection()]).lines().count(), 2);
    }
}
