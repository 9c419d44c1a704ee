//! JSON documents that are no feeds, read by a field mapping (docs/reference/json.md).

mod cursor;
mod path;

use jiff::Timestamp;
use serde_json::Value;
use url::Url;

pub use self::cursor::next;
use self::path::{Field, Item, at, has, items, last_found, value_text};
use super::{Feed, FeedError, MOST_ENTRIES, Repair, plain::plain, resolve_link};
use crate::{
    model::{Entry, JsonMapping},
    text::{
        cut::{Unit, cut},
        dates::{Orders, zone_named},
    },
};

/// Characters of a foreign text, and keys of an object, that a message shows.
const SHOWN: usize = 120;
const SHOWN_KEYS: usize = 12;

/// The fields of a mapping.
struct Fields<'a> {
    title: Field<'a>,
    link: Field<'a>,
    id: Field<'a>,
    time: Field<'a>,
    zone: &'a str,
    summary: Field<'a>,
}

impl<'a> Fields<'a> {
    /// An error has the key and the message.
    fn new(mapping: &'a JsonMapping) -> Result<Self, (&'static str, String)> {
        let field = |key, text| Field::new(text).map_err(|message| (key, message));
        path::check(&mapping.items).map_err(|message| ("items", message))?;
        Ok(Self {
            title: field("title", &mapping.title)?,
            link: field("link", &mapping.link)?,
            id: field("id", &mapping.id)?,
            time: field("time", &mapping.time)?,
            zone: &mapping.zone,
            summary: field("summary", &mapping.summary)?,
        })
    }
}

/// What is wrong in a mapping: the key and a message.
pub fn check_mapping(mapping: &JsonMapping) -> Result<(), (&'static str, String)> {
    Fields::new(mapping).map(|_| ())
}

/// What is wrong in a path.
pub fn check_path(path: &str) -> Result<(), String> {
    path::check(path)
}

/// Whether times without a zone can be in this one.
pub fn zone_is_known(zone: &str) -> bool {
    let is_offset =
        zone.starts_with(['+', '-']) && in_zone(Orders::default(), "2026-01-05 10:00", zone).is_some();
    is_offset || zone_named(&zone.to_lowercase()).is_some()
}

/// Reads `value` by `mapping`; links stand against `base`. A field that no item has is an error, because a renamed field
/// would otherwise go unnoticed.
pub fn read(value: &Value, mapping: &JsonMapping, base: &Url) -> Result<Feed, FeedError> {
    let wrong = |message: String| FeedError::Mapping(message);
    let fields = Fields::new(mapping).map_err(|(key, message)| wrong(format!("{key}: {message}")))?;
    let mut items =
        at(value, &mapping.items).and_then(items).ok_or_else(|| wrong(no_items(value, &mapping.items)))?;
    let is_cut = items.len() > MOST_ENTRIES;
    items.truncate(MOST_ENTRIES);
    let times: Vec<String> = items.iter().map(|item| fields.time.text(item)).collect();
    let orders = Orders::of(&times);
    let published: Vec<_> =
        times.iter().map(|text| in_zone(orders, text, fields.zone).or_else(|| orders.read(text))).collect();
    if !items.is_empty() {
        missing(&fields, &items).map_or(Ok(()), |message| Err(wrong(message)))?;
        if fields.time.is_set() && published.iter().all(Option::is_none) {
            let first =
                times.iter().find(|text| !text.is_empty()).map(|text| cut(text, SHOWN, Unit::Scalars));
            let paths: Vec<&str> = fields.time.paths().collect();
            return Err(wrong(format!(
                "no item has a time that can be read at {:?}; there is {:?}",
                paths.join(", "),
                first.unwrap_or_default()
            )));
        }
    }
    let entry = |(item, published): (&Item<'_>, _)| {
        let (title, summary) = (plain(&fields.title.text(item)), plain(&fields.summary.text(item)));
        (!title.is_empty() || !summary.is_empty()).then(|| Entry {
            title,
            link: resolve_link(base, &fields.link.address(item)).map(|url| url.to_string()),
            id: Some(fields.id.text(item)).filter(|id| !id.is_empty()),
            published,
            summary,
            ..Entry::default()
        })
    };
    let entries: Vec<Entry> = items.iter().zip(published).filter_map(entry).collect();
    if entries.is_empty() && !items.is_empty() {
        return Err(wrong("no item has a title or a summary".to_owned()));
    }
    let repairs = if is_cut { vec![Repair::TooManyEntries] } else { Vec::new() };
    Ok(Feed { entries, repairs, ..Feed::default() })
}

/// The instant of a time without a zone of its own.
fn in_zone(orders: Orders, text: &str, zone: &str) -> Option<Timestamp> {
    let is_needed = !zone.is_empty() && !text.is_empty();
    is_needed.then(|| orders.read(&format!("{text} {zone}"))).flatten()
}

/// What to say of a document without items at `path`.
fn no_items(value: &Value, path: &str) -> String {
    let (found, end) = last_found(value, path);
    let place = if end.is_empty() { "the document".to_owned() } else { format!("{end:?}") };
    let answer = complaint(value).map(|text| format!("; the answer says {text:?}")).unwrap_or_default();
    format!("no list or object at {path:?}; {place} {}{answer}", contents(found))
}

/// The message of an answer that reports an error, in the usual places.
fn complaint(value: &Value) -> Option<String> {
    let places = ["errors.0.message", "error.message", "error", "message", "msg", "retMsg"];
    let texts = places.iter().filter_map(|place| at(value, place)?.as_str());
    let text = texts.map(str::trim).find(|text| !text.is_empty())?;
    Some(cut(text, SHOWN, Unit::Scalars))
}

/// What a value has, in words.
fn contents(value: &Value) -> String {
    match value {
        Value::Object(map) if map.is_empty() => "is an empty object".to_owned(),
        Value::Object(map) => {
            let keys: Vec<&str> = map.keys().take(SHOWN_KEYS).map(String::as_str).collect();
            format!("has the keys {}", cut(&keys.join(", "), 3 * SHOWN, Unit::Scalars))
        }
        Value::Array(list) => format!("is a list of {}", list.len()),
        Value::Null => "is null".to_owned(),
        Value::String(_) => "is a text".to_owned(),
        Value::Number(_) | Value::Bool(_) => "is a single value".to_owned(),
    }
}

/// A sentence on the first path that fits no item. Of a summary the key must exist; of the others one must have a text.
fn missing(fields: &Fields<'_>, items: &[Item<'_>]) -> Option<String> {
    let needed =
        [("title", &fields.title), ("link", &fields.link), ("id", &fields.id), ("time", &fields.time)];
    let lacks = |path: &&str| !items.iter().any(|item| !value_text(item, path).is_empty());
    let of_needed = needed.iter().find_map(|(key, field)| Some((*key, field.paths().find(lacks)?)));
    let lacks_key = |path: &&str| !items.iter().any(|item| has(item, path));
    let (key, path) = of_needed.or_else(|| Some(("summary", fields.summary.paths().find(lacks_key)?)))?;
    let first = items.first().map(|item| contents(item.value)).unwrap_or_default();
    Some(format!("no item has a {key} at {path:?}; the first item {first}"))
}

#[cfg(test)]
mod tests;
