//! JSON documents that are no feeds, read by a field mapping.

use serde_json::Value;
use url::Url;

use super::{Feed, FeedError, json, plain::plain, resolve_link};
use crate::{
    model::{Entry, JsonMapping},
    text::dates::Orders,
};

/// Names of the built-in mappings.
pub const PRESETS: [&str; 2] = ["okx", "bybit"];

/// The mapping of a public announcement list, as its venue documents it.
#[must_use]
pub fn preset(name: &str) -> Option<JsonMapping> {
    let map = |items: &str, title: &str, link: &str, id: &str, time: &str, summary: &str| JsonMapping {
        items: items.to_owned(),
        title: title.to_owned(),
        link: link.to_owned(),
        id: id.to_owned(),
        time: time.to_owned(),
        summary: summary.to_owned(),
    };
    match name {
        "okx" => Some(map("data.0.details", "title", "url", "url", "pTime", "")),
        "bybit" => Some(map("result.list", "title", "url", "url", "dateTimestamp", "description")),
        _ => None,
    }
}

/// Reads `value` by `mapping`; links stand against `base`.
pub fn read(value: &Value, mapping: &JsonMapping, base: &Url) -> Result<Feed, FeedError> {
    let items = at(value, &mapping.items).and_then(Value::as_array);
    let items = items.ok_or_else(|| FeedError::Mapping(format!("no list at {:?}", mapping.items)))?;
    let orders = Orders::of(items.iter().map(|item| text(item, &mapping.time)));
    let entries: Vec<Entry> = items.iter().filter_map(|item| entry(item, mapping, base, orders)).collect();
    if entries.is_empty() && !items.is_empty() {
        return Err(FeedError::Mapping(format!("no item has a title at {:?}", mapping.title)));
    }
    Ok(Feed { entries, ..Feed::default() })
}

fn text(item: &Value, path: &str) -> String {
    json::text(at(item, path).filter(|_| !path.is_empty()))
}

/// An entry; `None` for an item without words.
fn entry(item: &Value, mapping: &JsonMapping, base: &Url, orders: Orders) -> Option<Entry> {
    let text = |path: &str| text(item, path);
    let (title, summary) = (plain(&text(&mapping.title)), plain(&text(&mapping.summary)));
    (!title.is_empty() || !summary.is_empty()).then(|| Entry {
        title,
        link: resolve_link(base, &text(&mapping.link)).map(|url| url.to_string()),
        id: Some(text(&mapping.id)).filter(|id| !id.is_empty()),
        published: orders.read(&text(&mapping.time)),
        summary,
        ..Entry::default()
    })
}

/// The value at a dotted path, numbers being positions; the empty path is the value itself.
fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').filter(|part| !part.is_empty()).try_fold(value, |value, part| {
        match part.parse::<usize>() {
            Ok(position) if value.is_array() => value.get(position),
            _ => value.get(part),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_read_the_lists_they_are_named_after() {
        let base = Url::parse("https://www.venue.example/api").unwrap();
        let okx = serde_json::json!({"code": "0", "data": [{"details": [
            {"annType": "announcements-new-listings", "title": "Venue to list X", "url": "/help/x", "pTime": "1767607200000"}
        ], "totalPage": "1"}]});
        let feed = read(&okx, &preset("okx").unwrap(), &base).unwrap();
        assert_eq!(feed.entries[0].title, "Venue to list X");
        assert_eq!(feed.entries[0].link.as_deref(), Some("https://www.venue.example/help/x"));
        assert_eq!(feed.entries[0].published.unwrap().to_string(), "2026-01-05T10:00:00Z");
        let bybit = serde_json::json!({"result": {"list": [{"title": "New: Y", "description": "d", "url": "https://v.example/y", "dateTimestamp": 1_767_607_200_000_i64}]}});
        assert_eq!(read(&bybit, &preset("bybit").unwrap(), &base).unwrap().entries[0].summary, "d");
        assert!(matches!(read(&bybit, &preset("okx").unwrap(), &base), Err(FeedError::Mapping(_))));
    }
}
