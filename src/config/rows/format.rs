//! How a source's body is read: `kind`, `preset`, `mapping`, `select`, `pages`.

use super::Reader;
use crate::{
    config::raw::RawValue,
    feed,
    model::{JsonMapping, PageSelectors, SourceFormat},
};

/// Keys of `mapping`.
const MAPPING: [&str; 6] = ["items", "title", "link", "id", "time", "summary"];
/// Keys of `select`.
const SELECT: [&str; 7] = ["item", "title", "link", "time", "summary", "next", "script"];
/// Pages of one list that a visit may read.
const PAGES: std::ops::RangeInclusive<i64> = 1..=10;

/// What the row says of its format.
struct Given {
    preset: String,
    mapping: Option<JsonMapping>,
    selectors: Option<PageSelectors>,
}

pub(super) fn read(reader: &mut Reader<'_>) -> SourceFormat {
    let kind = reader.text("kind");
    let given =
        Given { preset: reader.text("preset"), mapping: mapping(reader), selectors: selectors(reader) };
    decide(&kind, given).unwrap_or_else(|(key, message)| {
        reader.wrong(key, message);
        SourceFormat::Feed
    })
}

/// The format, or the key and the message of a contradiction.
fn decide(kind: &str, given: Given) -> Result<SourceFormat, (&'static str, String)> {
    let Given { preset, mapping, selectors } = given;
    let contradiction = |message: &str| Err(("kind", message.to_owned()));
    match kind {
        "" if selectors.is_some() => decide("page", Given { preset, mapping, selectors }),
        "" if mapping.is_some() || !preset.is_empty() => decide("json", Given { preset, mapping, selectors }),
        "" | "feed" if preset.is_empty() && mapping.is_none() && selectors.is_none() => {
            Ok(SourceFormat::Feed)
        }
        "feed" => contradiction("a feed takes neither mapping, preset nor select"),
        "json" => match (preset.as_str(), mapping, selectors) {
            ("", Some(mapping), None) => Ok(SourceFormat::Json(mapping)),
            ("", None, _) => contradiction("a json source needs a mapping or a preset"),
            (name, None, None) => feed::preset(name).map(SourceFormat::Json).ok_or_else(|| {
                let known = feed::PRESETS.join(", ");
                ("preset", format!("there is no preset {name:?}; there are {known}"))
            }),
            _ => contradiction("a json source takes either a mapping or a preset, and no select"),
        },
        "sitemap" if preset.is_empty() && mapping.is_none() && selectors.is_none() => {
            Ok(SourceFormat::Sitemap)
        }
        "sitemap" => contradiction("a sitemap takes neither mapping, preset nor select"),
        "page" if !preset.is_empty() => contradiction("a page takes no preset"),
        "page" => {
            let selectors =
                selectors.unwrap_or_else(|| PageSelectors { pages: 1, ..PageSelectors::default() });
            match (selectors.script.is_empty(), mapping) {
                (true, Some(_)) => {
                    Err(("mapping", "belongs to the JSON in select.script of a page".to_owned()))
                }
                (false, None) => Err(("select", "script needs a mapping of its JSON".to_owned())),
                (_, mapping) => Ok(SourceFormat::Page(PageSelectors { mapping, ..selectors })),
            }
        }
        _ => Err(("kind", format!("should be feed, json, page or sitemap, is {kind:?}"))),
    }
}

/// The texts of the table `key`, each with its place.
fn table(reader: &mut Reader<'_>, key: &str, known: &[&str]) -> Option<Vec<(String, String, String)>> {
    let (place, value) = reader.find(key)?;
    let RawValue::Table(pairs) = value else {
        reader.wrong(key, format!("should be a table of texts, is {}", value.described()));
        return None;
    };
    let file = place.rsplit_once(':').map_or("", |(file, _)| file);
    let mut found = Vec::new();
    for (name, line, value) in pairs {
        let place = format!("{file}:{line}");
        match value {
            _ if !known.contains(&name.as_str()) => {
                reader.errors.unknown(&place, &format!("{key}.{name}"), known.iter().copied());
            }
            RawValue::String(text) => found.push((name, place, text)),
            other => {
                reader
                    .errors
                    .add(&place, format!("{key}.{name}: should be a text, is {}", other.described()));
            }
        }
    }
    Some(found)
}

fn mapping(reader: &mut Reader<'_>) -> Option<JsonMapping> {
    let mut mapping = JsonMapping::default();
    for (name, _, path) in table(reader, "mapping", &MAPPING)? {
        let slot = match name.as_str() {
            "items" => &mut mapping.items,
            "title" => &mut mapping.title,
            "link" => &mut mapping.link,
            "id" => &mut mapping.id,
            "time" => &mut mapping.time,
            _ => &mut mapping.summary,
        };
        *slot = path;
    }
    Some(mapping)
}

/// The selectors; each that does not compile is an error at its place.
fn selectors(reader: &mut Reader<'_>) -> Option<PageSelectors> {
    let pages = reader.whole("pages", PAGES).and_then(|pages| u8::try_from(pages).ok());
    let Some(given) = table(reader, "select", &SELECT) else {
        if pages.is_some() {
            reader.wrong("pages", "needs select.next, the link to the next page");
        }
        return None;
    };
    let mut selectors = PageSelectors { pages: pages.unwrap_or(1), ..PageSelectors::default() };
    for (name, place, text) in given {
        let mut alone = PageSelectors::default();
        slot(&mut alone, &name).clone_from(&text);
        if let Err(error) = feed::check_selectors(&alone) {
            reader.errors.add(&place, error.to_string());
        }
        *slot(&mut selectors, &name) = text;
    }
    if pages.is_some() && selectors.next.is_empty() {
        reader.wrong("pages", "needs select.next, the link to the next page");
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
