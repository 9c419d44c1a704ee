//! Detections, for people and for programs.

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    model::{Class, Detection},
    text::outlet,
};

use super::{
    Column, Style, plain,
    style::Look,
    table::{Cell, Spec, Table},
};

/// From this width on, a story is one line.
const WIDE: u16 = 120;
/// Characters of an ID that are shown.
const SHORT: usize = 6;

/// The stories, newest first: a line each on a wide terminal, else two.
pub fn table(detections: &[Detection], style: Style) -> String {
    if detections.is_empty() {
        return "no detections\n".to_owned();
    }
    let is_wide = style.width >= WIDE;
    let mut columns = vec![
        Spec::new("id"),
        Spec::new("published"),
        Spec::new("class"),
        Spec::new("what").cut(7).rank(4),
        Spec::new("date").rank(3).optional(),
        Spec::new("").optional(),
        Spec::new(if is_wide { "whose" } else { "whose, headline" }).cut(12),
    ];
    if is_wide {
        columns.extend([Spec::new("headline").cut(20), Spec::new("outlets").right().rank(2)]);
    }
    let mut table = Table::new(columns);
    for detection in detections {
        let headline = Cell::new(&detection.title, Look::BOLD).link(&detection.url);
        let mut row = vec![
            Cell::new(detection.id.get(..SHORT).unwrap_or(&detection.id), Look::DIM),
            when(detection.published_at.unwrap_or(detection.detected_at)).into(),
            Cell::new(detection.class.as_str(), of_class(detection.class)),
            what(detection).into(),
            detection.event_date.as_deref().unwrap_or_default().into(),
            (if detection.watched { "*" } else { "" }).into(),
            whose(detection).into(),
        ];
        if is_wide {
            row.extend([headline, outlets(detection).to_string().into()]);
            table.row(row);
        } else {
            table.row(row);
            let outlet = match outlets(detection) - 1 {
                0 => detection.source.clone(),
                more => format!("{} +{more}", detection.source),
            };
            table.below(3, Cell::default(), headline, Cell::new(outlet, Look::DIM));
        }
    }
    table.render(style)
}

fn when(at: Timestamp) -> String {
    at.strftime("%d %b %H:%M").to_string()
}

fn what(detection: &Detection) -> String {
    let rumour = if detection.rumour { " (rumour)" } else { "" };
    format!("{} {}{rumour}", detection.event.as_str(), detection.stage.as_str())
}

fn whose(detection: &Detection) -> String {
    let token = detection.token.as_deref().map_or_else(String::new, |token| format!(" ${}", plain(token)));
    format!("{}{token}", plain(detection.project.as_deref().unwrap_or("?")))
}

/// Outlets that carry the story of `detection`.
pub(super) fn outlets(detection: &Detection) -> usize {
    let others = detection.also_at.iter().map(|outlet| (outlet.source.as_str(), outlet.url.as_str()));
    outlet::count([(detection.source.as_str(), detection.url.as_str())].into_iter().chain(others))
}

fn of_class(class: Class) -> Look {
    match class {
        Class::Critical => Look::ALARM,
        Class::High => Look::BOLD,
        Class::Medium => Look::PLAIN,
        Class::Low => Look::DIM,
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
        for width in [60, 120] {
            let table = table(&found, Style::pipe(width));
            assert!(!table.contains(['\x1b', '\u{202E}']), "{table:?}");
            assert!(table.contains("Caldera $ERA") && table.contains('*'), "{table}");
        }
    }

    #[test]
    fn a_table_keeps_to_its_width() {
        let found = [Detection { title: "word ".repeat(80), ..detection() }];
        let table = table(&found, Style::pipe(80));
        assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    }

    #[test]
    fn json_begins_with_its_schema() {
        assert!(json(&[]).starts_with("{\"schema\":1,\"detections\":[]"));
        assert_eq!(ndjson(&[detection(), detection()]).lines().count(), 2);
    }
}
