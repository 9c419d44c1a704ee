//! JSON Feed 1.x, read leniently: a missing title or an odd attachment costs nothing.

use serde_json::Value;
use url::Url;

use super::{
    Feed, FeedError, dates, place,
    plain::{fold, plain},
};
use crate::model::Entry;

/// Whether `value` calls itself a JSON Feed.
pub fn is_json_feed(value: &Value) -> bool {
    let version = value.get("version").and_then(Value::as_str).unwrap_or_default();
    version.contains("jsonfeed.org")
        || (value.get("items").is_some_and(Value::is_array) && value.get("version").is_some())
}

/// Reads a JSON Feed.
pub fn read(value: &Value, base: &Url) -> Result<Feed, FeedError> {
    let items = value.get("items").and_then(Value::as_array);
    let items = items.ok_or_else(|| FeedError::Unreadable("a JSON Feed without items".to_owned()))?;
    let title = text(value, "title");
    let home = place(base, &string(value, "home_page_url")).map(|url| url.to_string());
    let entries = items.iter().filter(|item| item.is_object()).map(|item| entry(item, base)).collect();
    Ok(Feed { title, home, entries, ..Feed::default() })
}

fn entry(item: &Value, base: &Url) -> Entry {
    let link = ["url", "external_url"].iter().map(|key| string(item, key)).find(|url| !url.is_empty());
    let html = plain(&string(item, "content_html"));
    let content = if html.is_empty() { fold(&string(item, "content_text")) } else { html };
    let author = item.get("author").or_else(|| item.get("authors").and_then(|authors| authors.get(0)));
    let tags = item.get("tags").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    Entry {
        title: text(item, "title"),
        link: link.and_then(|link| place(base, &link)).map(|url| url.to_string()),
        id: Some(string(item, "id")).filter(|id| !id.is_empty()),
        published: dates::read(&string(item, "date_published")),
        updated: dates::read(&string(item, "date_modified")),
        author: author.map(|author| text(author, "name")).unwrap_or_default(),
        summary: text(item, "summary"),
        content,
        categories: tags.iter().filter_map(Value::as_str).map(fold).collect(),
        ..Entry::default()
    }
}

fn text(value: &Value, key: &str) -> String {
    plain(&string(value, key))
}

fn string(value: &Value, key: &str) -> String {
    match value.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}
