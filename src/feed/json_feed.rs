//! JSON Feed 1.x. A missing title or a malformed attachment is no error.

use serde_json::Value;
use url::Url;

use super::{
    Feed, FeedError, json,
    plain::{fold, plain, unescaped},
    resolve_link,
};
use crate::{model::Entry, text::dates::Orders};

pub fn is_json_feed(value: &Value) -> bool {
    let version = value.get("version").and_then(Value::as_str).unwrap_or_default();
    version.contains("jsonfeed.org")
        || (value.get("items").is_some_and(Value::is_array) && value.get("version").is_some())
}

pub fn read(value: &Value, base: &Url) -> Result<Feed, FeedError> {
    let items = value.get("items").and_then(Value::as_array);
    let items = items.ok_or_else(|| FeedError::Unreadable("a JSON Feed without items".to_owned()))?;
    let title = line(value, "title");
    let dates =
        items.iter().flat_map(|item| ["date_published", "date_modified"].map(|key| string(item, key)));
    let orders = Orders::of(dates);
    let items = items.iter().filter(|item| item.is_object());
    let entries = items.map(|item| entry(item, base, orders)).collect();
    let website = resolve_link(base, &string(value, "home_page_url")).map(|url| url.to_string());
    Ok(Feed { title, website, entries, ..Feed::default() })
}

fn entry(item: &Value, base: &Url, orders: Orders) -> Entry {
    let link = ["url", "external_url"].iter().find_map(|key| resolve_link(base, &string(item, key)));
    let html = plain(&string(item, "content_html"));
    let content = if html.is_empty() { fold(&string(item, "content_text")) } else { html };
    let author = item.get("author").or_else(|| item.get("authors").and_then(|authors| authors.get(0)));
    let tags = item.get("tags").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    Entry {
        title: line(item, "title"),
        link: link.map(|url| url.to_string()),
        id: Some(string(item, "id")).filter(|id| !id.is_empty()),
        published: orders.read(&string(item, "date_published")),
        updated: orders.read(&string(item, "date_modified")),
        author: author.map(|author| line(author, "name")).unwrap_or_default(),
        summary: plain(&string(item, "summary")),
        content,
        categories: tags.iter().filter_map(Value::as_str).map(unescaped).collect(),
        ..Entry::default()
    }
}

/// Plain text (JSON Feed 1.1, "title"): `<i>` stays. Many writers escape it nevertheless, so references are resolved.
fn line(value: &Value, key: &str) -> String {
    unescaped(&string(value, key))
}

fn string(value: &Value, key: &str) -> String {
    json::text(value.get(key))
}
