//! How a JSON list is requested and read: `mapping`, `method`, `body`, `cursor`.

use serde_json::{Map, Number, Value};

use super::{Reader, format::table};
use crate::{
    config::raw::RawValue,
    feed,
    model::{CursorPlace, JsonCursor, JsonMapping},
};

/// Keys of `mapping`.
const MAPPING: [&str; 7] = ["items", "title", "link", "id", "time", "zone", "summary"];
/// Keys of `cursor`.
const CURSOR: [&str; 3] = ["path", "query", "body"];

/// The mapping; each path that cannot be read is an error at its place.
pub(super) fn mapping(reader: &mut Reader<'_>) -> Option<JsonMapping> {
    let mut mapping = JsonMapping::default();
    for (name, place, path) in table(reader, "mapping", &MAPPING)? {
        let mut alone = JsonMapping::default();
        slot(&mut alone, &name).clone_from(&path);
        if let Err((key, message)) = feed::check_mapping(&alone) {
            reader.errors.add(&place, format!("mapping.{key}: {message}"));
        }
        if name == "zone" && !feed::zone_is_known(&path) {
            let message = format!("mapping.zone: {path:?} is no zone; write it as +09:00 or KST");
            reader.errors.add(&place, message);
        }
        *slot(&mut mapping, &name) = path;
    }
    if mapping.title.is_empty() && mapping.summary.is_empty() {
        reader.wrong("mapping", "needs title, the path to the title of an item");
    }
    if mapping.time.is_empty() && !mapping.zone.is_empty() {
        reader.wrong("mapping", "zone is the zone of time, which is missing");
    }
    Some(mapping)
}

fn slot<'a>(mapping: &'a mut JsonMapping, name: &str) -> &'a mut String {
    match name {
        "items" => &mut mapping.items,
        "title" => &mut mapping.title,
        "link" => &mut mapping.link,
        "id" => &mut mapping.id,
        "time" => &mut mapping.time,
        "zone" => &mut mapping.zone,
        _ => &mut mapping.summary,
    }
}

/// What is sent with POST; `None` for a GET.
pub(super) fn body(reader: &mut Reader<'_>) -> Option<String> {
    let method = reader.text("method");
    let body = reader.find("body").map(|(_, value)| value);
    match (method.as_str(), body) {
        ("" | "GET", None) => None,
        ("" | "GET", Some(_)) => {
            reader.wrong("body", "is sent with POST only; add method = \"POST\"");
            None
        }
        ("POST", None) => Some(String::new()),
        ("POST", Some(RawValue::String(text))) => match serde_json::from_str::<Value>(&text) {
            Ok(_) => Some(text),
            Err(error) => {
                reader.wrong("body", format!("is no JSON ({error}); write JSON or a table"));
                None
            }
        },
        ("POST", Some(table @ RawValue::Table(_))) => Some(json(table).to_string()),
        ("POST", Some(other)) => {
            reader.wrong("body", format!("should be a table or JSON in a text, is {}", other.described()));
            None
        }
        _ => {
            reader.wrong("method", format!("should be GET or POST, is {method:?}"));
            None
        }
    }
}

fn json(value: RawValue) -> Value {
    match value {
        RawValue::String(text) => Value::String(text),
        RawValue::Integer(number) => Value::Number(number.into()),
        RawValue::Float(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        RawValue::Boolean(flag) => Value::Bool(flag),
        RawValue::Array(list) => Value::Array(list.into_iter().map(|(_, value)| json(value)).collect()),
        RawValue::Table(pairs) => {
            Value::Object(pairs.into_iter().map(|(key, _, value)| (key, json(value))).collect::<Map<_, _>>())
        }
    }
}

/// The cursor; `posts` says whether the source is requested with POST.
pub(super) fn cursor(reader: &mut Reader<'_>, posts: bool) -> Option<JsonCursor> {
    let mut cursor = JsonCursor { path: String::new(), into: CursorPlace::Address };
    let mut places = 0;
    for (name, place, text) in table(reader, "cursor", &CURSOR)? {
        if name != "query"
            && let Err(message) = feed::check_path(&text)
        {
            reader.errors.add(&place, format!("cursor.{name}: {message}"));
        }
        match name.as_str() {
            "path" => cursor.path = text,
            "query" => cursor.into = CursorPlace::Query(text),
            _ => cursor.into = CursorPlace::Body(text),
        }
        places += usize::from(name != "path");
    }
    let wrong = if cursor.path.is_empty() {
        "needs path, the path to the cursor in the answer"
    } else if places > 1 {
        "goes into query or into body, not into both"
    } else {
        match &cursor.into {
            CursorPlace::Body(_) if !posts => "body needs method = \"POST\"",
            CursorPlace::Address if posts => "needs query or body: where the next request has it",
            _ => return Some(cursor),
        }
    };
    reader.wrong("cursor", wrong);
    None
}
