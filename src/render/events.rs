//! Detections for programs: JSON, NDJSON and CSV.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use super::Column;
use crate::{
    figures::report::Schema,
    model::{Detection, DetectionView, stamp},
};

/// Stories.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StoryList<'a> {
    schema: Schema,
    #[serde(serialize_with = "crate::model::views")]
    #[cfg_attr(test, schemars(with = "Vec<crate::model::DetectionView>"))]
    detections: &'a [Detection],
}

/// One object: `{"schema":1,"detections":[…]}`.
pub fn json(detections: &[Detection]) -> String {
    super::json(&StoryList { schema: Schema::default(), detections })
}

/// One detection a line.
pub fn ndjson(detections: &[Detection]) -> String {
    detections.iter().map(|found| super::json(&DetectionView::from(found))).collect()
}

fn time(at: Option<Timestamp>) -> String {
    at.map(stamp::text).unwrap_or_default()
}

const COLUMNS: [Column<Detection>; 25] = [
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
    ("published_at", |found| time(found.published_at)),
    ("detected_at", |found| time(Some(found.detected_at))),
    ("outlets", |found| found.outlets().to_string()),
    ("short_id", |found| found.short_id().to_owned()),
    ("first_published_at", |found| time(found.first_published_at())),
    ("last_mentioned_at", |found| time(Some(found.heard_at()))),
    ("lang", |found| found.lang.map_or_else(String::new, |lang| lang.as_str().to_owned())),
    ("venue", |found| found.venue.clone().unwrap_or_default()),
    ("chain", |found| found.chain.clone().unwrap_or_default()),
];

/// CSV, one detection a row.
pub fn csv(detections: &[Detection]) -> String {
    super::csv(&COLUMNS, detections)
}

/// What `--fields` selects, in the order of the JSON.
pub const FIELDS: [&str; 32] = [
    "id",
    "story_id",
    "kind",
    "event",
    "stage",
    "rumour",
    "score",
    "class",
    "project",
    "token",
    "watched",
    "event_date",
    "title",
    "url",
    "source",
    "author",
    "published_at",
    "detected_at",
    "snippet",
    "official",
    "paid",
    "independent_outlets",
    "venue",
    "chain",
    "lang",
    "cautions",
    "reasons",
    "also_at",
    "short_id",
    "outlets",
    "first_published_at",
    "last_mentioned_at",
];

fn selected(found: &Detection, fields: &[String]) -> Map<String, Value> {
    let mut whole = match serde_json::to_value(DetectionView::from(found)) {
        Ok(Value::Object(whole)) => whole,
        _ => Map::new(),
    };
    fields.iter().map(|field| (field.clone(), whole.remove(field).unwrap_or_default())).collect()
}

/// As [`json`], with these fields only.
pub fn json_of(detections: &[Detection], fields: &[String]) -> String {
    let rows: Vec<_> = detections.iter().map(|found| selected(found, fields)).collect();
    super::json(&serde_json::json!({ "schema": 1, "detections": rows }))
}

/// As [`ndjson`], with these fields only.
pub fn ndjson_of(detections: &[Detection], fields: &[String]) -> String {
    detections.iter().map(|found| super::json(&selected(found, fields))).collect()
}

/// As [`csv`], with these fields only; lists are JSON.
pub fn csv_of(detections: &[Detection], fields: &[String]) -> String {
    let rows = detections.iter().map(|found| {
        let values = selected(found, fields).into_iter().map(|(_, value)| match value {
            Value::Null => String::new(),
            Value::String(text) => text,
            value => value.to_string(),
        });
        values.collect()
    });
    super::csv_rows(fields.iter().map(String::as_str), rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples::detection;

    #[test]
    fn no_output_carries_a_formula_or_an_escape() {
        let found = [detection()];
        let fields = ["title".to_owned(), "also_at".to_owned()];
        for csv in [csv(&found), csv_of(&found, &fields)] {
            assert!(csv.contains("'=cmd() [31mCaldera opens its claim,"), "{csv}");
            assert!(csv.ends_with("\r\n") && !csv.contains(['\x1b', '\u{202E}']), "{csv}");
        }
    }

    #[test]
    fn json_begins_with_its_schema() {
        assert!(json(&[]).starts_with("{\"schema\":1,\"detections\":[]"));
        assert_eq!(ndjson(&[detection(), detection()]).lines().count(), 2);
    }

    #[test]
    fn every_field_can_be_selected_and_no_other() {
        let whole: Value = serde_json::from_str(&ndjson(&[detection()])).unwrap();
        let names: Vec<&String> = whole.as_object().unwrap().keys().collect();
        assert_eq!(names, FIELDS);
        let fields = ["url".to_owned(), "short_id".to_owned()];
        assert_eq!(
            ndjson_of(&[detection()], &fields),
            "{\"url\":\"https://a.example/1\",\"short_id\":\"d1\"}\n"
        );
        assert_eq!(csv_of(&[detection()], &fields), "url,short_id\r\nhttps://a.example/1,d1\r\n");
        assert!(json_of(&[detection()], &fields).starts_with("{\"schema\":1,\"detections\":[{\"url\""));
        for (column, _) in COLUMNS {
            assert!(FIELDS.contains(&column), "{column}");
        }
    }
}
