//! Lists that a page describes for machines: JSON-LD `ItemList`, and which scripts hold data.

use scraper::Html;
use serde_json::Value;
use url::Url;

use super::select;
use crate::{
    feed::{Feed, json, plain::unescaped, resolve_link},
    model::Entry,
    text::dates::Orders,
};

/// The entries of the first JSON-LD list with titles; `None` without one.
pub(in crate::feed) fn read(page: &Html, base: &Url) -> Option<Feed> {
    let blocks = page.select(&select::LINKED_DATA).filter_map(|script| {
        let text: String = script.text().collect();
        json::read(text.trim().trim_end_matches(';')).ok()
    });
    blocks.into_iter().find_map(|block| {
        let items = find(&block)?;
        let described: Vec<&Value> = items.iter().map(|item| item.get("item").unwrap_or(item)).collect();
        let orders = Orders::of(described.iter().map(|item| json::text(item.get("datePublished"))));
        let entries: Vec<Entry> = described.iter().filter_map(|item| entry(item, base, orders)).collect();
        (!entries.is_empty()).then(|| Feed { entries, ..Feed::default() })
    })
}

/// The elements of the list in `value`.
fn find(value: &Value) -> Option<&Vec<Value>> {
    match value {
        Value::Array(values) => values.iter().find_map(find),
        Value::Object(object) => {
            let parts = ["itemListElement", "blogPost", "blogPosts", "hasPart"];
            parts
                .iter()
                .find_map(|key| object.get(*key)?.as_array())
                // Where the page stands in the site is no list of news.
                .filter(|_| object.get("@type").and_then(Value::as_str) != Some("BreadcrumbList"))
                .or_else(|| {
                    ["@graph", "mainEntity", "mainEntityOfPage"]
                        .iter()
                        .find_map(|key| find(object.get(*key)?))
                })
        }
        _ => None,
    }
}

fn entry(item: &Value, base: &Url, orders: Orders) -> Option<Entry> {
    let text = |key: &str| unescaped(&json::text(item.get(key)));
    let title = ["headline", "name", "title"].iter().map(|key| text(key)).find(|text| !text.is_empty())?;
    let link = ["url", "@id"].iter().find_map(|key| resolve_link(base, &json::text(item.get(*key))));
    Some(Entry {
        title,
        link: link.map(|url| url.to_string()),
        published: orders.read(&text("datePublished")),
        summary: text("description"),
        ..Entry::default()
    })
}

/// The scripts of `page` that hold JSON: a selector of which each is the first match, and the text.
pub(in crate::feed) fn data(page: &Html) -> Vec<(String, String)> {
    let mut unnamed = false;
    let scripts = page.select(&select::DATA).filter_map(|script| {
        let id = script.attr("id").filter(|id| !id.contains('\''));
        let selector = match id {
            Some(id) => format!("script[id='{id}']"),
            None if std::mem::replace(&mut unnamed, true) => return None,
            None => "script[type='application/json']:not([id])".to_owned(),
        };
        Some((selector, script.text().collect()))
    });
    scripts.collect()
}

/// Selectors of the scripts of `page` that hold JSON.
pub(super) fn data_scripts(page: &Html) -> Vec<String> {
    let scripts = page.select(&select::DATA);
    let named = scripts.map(|script| match script.attr("id") {
        Some(id) => format!("script#{id}"),
        None => "script[type='application/json']".to_owned(),
    });
    let mut named: Vec<String> = named.collect();
    named.dedup();
    named
}
