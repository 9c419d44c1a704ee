//! How a source's body is read: `kind`, `preset`, `mapping`, `select`, `pages`.

use super::{Reader, json};
use crate::{
    config::{layers::Place, presets, raw::RawValue},
    feed,
    model::{JsonCursor, JsonMapping, JsonSource, PageSelectors, SourceFormat},
};

/// Keys of `select`.
const SELECT: [&str; 7] = ["item", "title", "link", "time", "summary", "next", "script"];
/// Pages of one list that a visit may read.
const PAGES: std::ops::RangeInclusive<i64> = 1..=10;
const NEEDS_NEXT: &str = "needs select.next, the link to the next page";

/// What the row says of its format.
#[derive(Default)]
struct Given {
    preset: String,
    mapping: Option<JsonMapping>,
    selectors: Option<PageSelectors>,
    body: Option<String>,
    cursor: Option<JsonCursor>,
    pages: Option<u8>,
}

pub(super) fn read(reader: &mut Reader<'_>) -> SourceFormat {
    let kind = reader.text("kind");
    let body = json::body(reader);
    let given = Given {
        preset: reader.text("preset"),
        mapping: json::mapping(reader),
        selectors: selectors(reader),
        cursor: json::cursor(reader, body.is_some()),
        body,
        pages: reader.whole("pages", PAGES).and_then(|pages| u8::try_from(pages).ok()),
    };
    for key in ["command", "environment", "timeout", "memory"] {
        if kind != "exec" && reader.find(key).is_some() {
            reader.wrong(key, "belongs to a program, whose url is exec:NAME");
        }
    }
    decide(&kind, given).unwrap_or_else(|(key, message)| {
        reader.wrong(key, message);
        SourceFormat::Feed
    })
}

/// The format, or the key and the message of a contradiction.
fn decide(kind: &str, given: Given) -> Result<SourceFormat, (&'static str, String)> {
    let contradiction = |message: &str| Err(("kind", message.to_owned()));
    let is_list = given.mapping.is_some() || !given.preset.is_empty();
    match kind {
        "" if given.selectors.is_some() => decide("page", given),
        "" if is_list || given.body.is_some() => decide("json", given),
        "json" => given.json().map(|json| SourceFormat::Json(Box::new(json))),
        "" | "feed" | "sitemap" | "page" if given.body.is_some() => {
            Err(("method", "POST is for sources of kind json".to_owned()))
        }
        "" | "feed" | "sitemap" | "page" if given.cursor.is_some() => {
            Err(("cursor", "is for sources of kind json".to_owned()))
        }
        "page" => given.page().map(|selectors| SourceFormat::Page(Box::new(selectors))),
        "feed" if is_list || given.selectors.is_some() => {
            contradiction("a feed takes neither mapping, preset nor select")
        }
        "sitemap" if is_list || given.selectors.is_some() => {
            contradiction("a sitemap takes neither mapping, preset nor select")
        }
        "" | "feed" | "sitemap" if given.pages.is_some() => Err(("pages", NEEDS_NEXT.to_owned())),
        "" | "feed" => Ok(SourceFormat::Feed),
        "sitemap" => Ok(SourceFormat::Sitemap),
        "exec" => Err(("url", "a program has no address: name it, as in url = \"exec:votes\"".to_owned())),
        _ => Err(("kind", format!("should be feed, json, page, sitemap or exec, is {kind:?}"))),
    }
}

impl Given {
    fn json(self) -> Result<JsonSource, (&'static str, String)> {
        let mapping = match (self.preset.as_str(), self.mapping, self.selectors) {
            ("", Some(mapping), None) => mapping,
            ("", None, _) => return Err(("kind", "a json source needs a mapping or a preset".to_owned())),
            (name, None, None) if self.body.is_none() && self.cursor.is_none() && self.pages.is_none() => {
                return presets::json_source(name).map_err(|message| ("preset", message));
            }
            _ => {
                let message =
                    "a json source takes either a mapping or a preset, which has its method, body and pages";
                return Err(("kind", message.to_owned()));
            }
        };
        match (self.cursor.is_some(), self.pages) {
            (true, None) => Err(("cursor", "needs pages, the number of pages to read at most".to_owned())),
            (false, Some(_)) => Err(("pages", "needs cursor, the path to the next page".to_owned())),
            (_, pages) => {
                Ok(JsonSource { mapping, body: self.body, cursor: self.cursor, pages: pages.unwrap_or(1) })
            }
        }
    }

    fn page(self) -> Result<PageSelectors, (&'static str, String)> {
        if !self.preset.is_empty() {
            return Err(("kind", "a page takes no preset".to_owned()));
        }
        let selectors = self.selectors.unwrap_or_default();
        if self.pages.is_some() && selectors.next.is_empty() {
            return Err(("pages", NEEDS_NEXT.to_owned()));
        }
        match (selectors.script.is_empty(), &self.mapping) {
            (true, Some(_)) => Err(("mapping", "belongs to the JSON in select.script of a page".to_owned())),
            (false, None) => Err(("select", "script needs a mapping of its JSON".to_owned())),
            _ => {
                let pages = self.pages.unwrap_or(1);
                Ok(PageSelectors { mapping: self.mapping, pages, ..selectors })
            }
        }
    }
}

/// The texts of the table `key`, each with its place.
pub(super) fn table(
    reader: &mut Reader<'_>,
    key: &str,
    known: &[&str],
) -> Option<Vec<(String, Place, String)>> {
    let (place, value) = reader.find(key)?;
    let RawValue::Table(pairs) = value else {
        reader.wrong(key, format!("should be a table of texts, is {}", value.described()));
        return None;
    };
    let mut found = Vec::new();
    for (name, at, value) in pairs {
        match value {
            _ if !known.contains(&name.as_str()) => {
                let known: Vec<String> = known.iter().map(|known| format!("{key}.{known}")).collect();
                let known = known.iter().map(String::as_str);
                reader.errors.unknown(&place.with(at.key), &format!("{key}.{name}"), known);
            }
            RawValue::String(text) => found.push((name, place.with(at.value), text)),
            other => {
                reader.errors.add(
                    &place.with(at.value),
                    format!("{key}.{name}: should be a text, is {}", other.described()),
                );
            }
        }
    }
    Some(found)
}

/// The selectors; each that does not compile is an error at its place.
fn selectors(reader: &mut Reader<'_>) -> Option<PageSelectors> {
    let mut selectors = PageSelectors::default();
    for (name, place, text) in table(reader, "select", &SELECT)? {
        let mut alone = PageSelectors::default();
        slot(&mut alone, &name).clone_from(&text);
        if let Err(error) = feed::check_selectors(&alone) {
            reader.errors.add(&place, error.to_string());
        }
        *slot(&mut selectors, &name) = text;
    }
    Some(selectors)
}

fn slot<'a>(selectors: &'a mut PageSelectors, name: &str) -> &'a mut String {
    match name {
        "item" => &mut selectors.item,
        "title" => &mut selectors.title,
        "link" => &mut selectors.link,
        "time" => &mut selectors.time,
        "summary" => &mut selectors.summary,
        "next" => &mut selectors.next,
        _ => &mut selectors.script,
    }
}
