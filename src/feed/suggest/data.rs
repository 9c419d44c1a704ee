//! Lists of objects in JSON, and the mapping that reads each.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use url::Url;

use super::{
    fields::{distinct, median, ratio, share},
    outline::weight,
};
use crate::{
    feed::{json, resolve_link},
    model::JsonMapping,
    text::dates::Orders,
};

/// Objects of a list, at least.
const FEWEST: usize = 3;
/// Objects that are examined.
const SAMPLE: usize = 16;
/// Depth of a list in the document, and of a field in an object.
const DEEPEST: usize = 14;
const DEEPEST_FIELD: usize = 3;
/// Lists that are examined, at most.
const MOST_LISTS: usize = 200;

/// Keys of parts of an entry, the best first.
const TITLE: [&str; 7] = ["title", "headline", "subject", "name", "heading", "caption", "label"];
const LINK: [&str; 8] = ["url", "link", "href", "permalink", "path", "uri", "canonical", "slug"];
const TIME: [&str; 9] = ["publish", "posted", "date", "time", "created", "release", "start", "at", "updated"];
const SUMMARY: [&str; 6] = ["summary", "excerpt", "description", "abstract", "intro", "lead"];
const ID: [&str; 5] = ["id", "uuid", "guid", "uid", "code"];

/// The mappings of all lists in `value` that have titles, in document order.
pub(super) fn mappings(value: &Value, base: &Url, now: Timestamp) -> Vec<JsonMapping> {
    let mut lists = Vec::new();
    walk(value, String::new(), 0, &mut lists);
    lists.into_iter().filter_map(|(path, items)| mapping(path, items, base, now)).collect()
}

fn walk<'v>(value: &'v Value, path: String, depth: usize, lists: &mut Vec<(String, &'v [Value])>) {
    if depth > DEEPEST || lists.len() >= MOST_LISTS {
        return;
    }
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Array(items) => {
            if items.len() >= FEWEST
                && items.iter().filter(|item| item.is_object()).count() * 10 >= items.len() * 9
            {
                lists.push((path.clone(), items));
            }
            for (at, item) in items.iter().enumerate().take(SAMPLE) {
                walk(item, below(&at.to_string()), depth + 1, lists);
            }
        }
        Value::Object(fields) => {
            for (key, value) in fields.iter().filter(|(key, _)| is_key(key)) {
                walk(value, below(key), depth + 1, lists);
            }
        }
        _ => {}
    }
}

/// Whether a dotted path can name the key.
fn is_key(key: &str) -> bool {
    !key.is_empty() && !key.contains('.')
}

/// The mapping of one list; `None` without titles.
fn mapping(path: String, items: &[Value], base: &Url, now: Timestamp) -> Option<JsonMapping> {
    let sample: Vec<&Value> = items.iter().take(SAMPLE).collect();
    let mut fields: BTreeMap<String, Vec<Option<String>>> = BTreeMap::new();
    for (at, item) in sample.iter().enumerate() {
        texts(item, String::new(), 0, &mut |field, text| {
            fields.entry(field).or_insert_with(|| vec![None; sample.len()])[at] = Some(text);
        });
    }
    let best = |score: &dyn Fn(&str, &[Option<String>]) -> f64| {
        let scored = fields
            .iter()
            .map(|(field, texts)| (field, score(field, texts) - 0.03 * ratio(field.matches('.').count(), 1)));
        let top = scored.max_by(|a, b| a.1.total_cmp(&b.1).then_with(|| b.0.cmp(a.0)))?;
        (top.1 > 0.0).then(|| top.0.clone())
    };
    let title = best(&|field, texts| {
        let length = median(texts.iter().flatten().map(|text| weight(text)).collect());
        let is_text = texts.iter().flatten().all(|text| {
            !text.contains("://") && !text.starts_with('/') && Orders::default().read(text).is_none()
        });
        let key = named(field, &TITLE);
        if !is_text || share(texts) < 0.8 || key == 0.0 || length > 250.0 {
            0.0
        } else {
            share(texts) * distinct(texts) * key
        }
    })?;
    let link = best(&|field, texts| {
        let links: Vec<Option<Url>> = texts
            .iter()
            .map(|text| {
                text.as_deref()
                    .filter(|text| text.starts_with('/') || text.starts_with("http"))
                    .and_then(|text| resolve_link(base, text))
            })
            .collect();
        let is_image = links.iter().flatten().any(|url| {
            [".png", ".jpg", ".jpeg", ".webp", ".svg", ".gif"].iter().any(|end| url.path().ends_with(end))
        });
        if is_image || share(&links) < 0.8 {
            0.0
        } else {
            share(&links) * distinct(&links) * (0.3 + named(field, &LINK))
        }
    });
    let time = best(&|field, texts| {
        let orders = Orders::of(texts.iter().flatten());
        let times: Vec<Option<Timestamp>> = texts.iter().map(|text| orders.read(text.as_deref()?)).collect();
        let future = times.iter().flatten().filter(|at| **at > now + SignedDuration::from_hours(48)).count();
        if share(&times) < 0.8 {
            0.0
        } else {
            share(&times) * (0.3 + named(field, &TIME)) - 0.5 * ratio(future, texts.len())
        }
    });
    let id = best(&|field, texts| {
        if share(texts) < 1.0 || distinct(texts) < 1.0 || field.contains('.') {
            0.0
        } else {
            named(field, &ID)
        }
    });
    let summary = best(&|field, texts| {
        let length = median(texts.iter().flatten().map(|text| weight(text)).collect());
        if field == title || length < 25.0 || share(texts) < 0.6 {
            0.0
        } else {
            share(texts) * named(field, &SUMMARY)
        }
    });
    Some(JsonMapping {
        items: path,
        title,
        link: link.unwrap_or_default(),
        id: id.unwrap_or_default(),
        time: time.unwrap_or_default(),
        summary: summary.unwrap_or_default(),
        ..JsonMapping::default()
    })
}

/// Calls `take` with the path and the text of each field.
fn texts(value: &Value, path: String, depth: usize, take: &mut dyn FnMut(String, String)) {
    let Value::Object(fields) = value else {
        let text = json::text(Some(value));
        if !text.is_empty() && !path.is_empty() {
            take(path, text);
        }
        return;
    };
    for (key, value) in fields.iter().filter(|(key, _)| depth < DEEPEST_FIELD && is_key(key)) {
        let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        texts(value, below, depth + 1, take);
    }
}

/// How well the last key of `field` names a part of an entry: 1 for the first of `keys`, 0 for no key of them.
fn named(field: &str, keys: &[&str]) -> f64 {
    let last = field.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let found = keys.iter().position(|key| last == *key).map(|at| (at, 1.0));
    // `publishedAt`, `news_title`: the key with further letters.
    let found = found.or_else(|| {
        let words = super::names::words(field.rsplit('.').next().unwrap_or_default());
        keys.iter()
            .position(|key| words.iter().any(|word| word == key || (key.len() > 3 && word.starts_with(key))))
            .map(|at| (at, 0.85))
    });
    found.map_or(0.0, |(at, share)| share * (1.0 - 0.5 * ratio(at, keys.len())))
}
