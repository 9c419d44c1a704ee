use std::{collections::HashSet, fs, path::PathBuf};

use jiff::Timestamp;
use serde_json::Value;
use url::Url;

use super::*;
use crate::{
    feed::{self, Document, Feed, FeedError},
    text::address,
};

/// 3 December 2026, 10:00 UTC.
const NOW: Timestamp = Timestamp::constant(1_796_292_000, 0);

/// The recorded answer of a preset: our own words in its shape.
fn answer(preset: &Preset) -> String {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/presets");
    let paths = ["json", "xml"].map(|kind| dir.join(format!("{}.{kind}", preset.name)));
    paths.iter().find_map(|path| fs::read_to_string(path).ok()).expect(&preset.name)
}

fn read(chosen: &Chosen, body: &str) -> Result<Feed, FeedError> {
    let url = Url::parse(&chosen.source.url).unwrap();
    let document = Document { bytes: body.as_bytes(), content_type: None, url: &url, now: NOW };
    feed::read(&document, &chosen.source.format)
}

fn mapped(chosen: &Chosen) -> Option<&JsonSource> {
    match &chosen.source.format {
        SourceFormat::Json(json) => Some(json),
        _ => None,
    }
}

#[test]
fn every_preset_reads_its_recorded_answer() {
    assert_eq!(examples().len(), all().len());
    assert!(all().len() >= 20, "{}", all().len());
    for chosen in examples() {
        let name = &chosen.preset.name;
        let feed = read(&chosen, &answer(chosen.preset)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(feed.entries.len(), 2, "{name}");
        let is_dated = mapped(&chosen).is_none_or(|json| !json.mapping.time.is_empty());
        for entry in &feed.entries {
            assert!(
                entry.title.to_lowercase().contains("tide")
                    || entry.title.contains("FEN")
                    || entry.title.contains("TIDE"),
                "{name}: {entry:?}"
            );
            let link = Url::parse(entry.link.as_deref().expect(name)).unwrap();
            assert!(link.scheme() == "https" && !link.as_str().contains(['{', '}']), "{name}: {link}");
            let at = entry.published.or(entry.updated);
            assert_eq!(at.is_some(), is_dated, "{name}: {entry:?}");
            assert!(at.is_none_or(|at| at.strftime("%Y-%m").to_string() == "2026-12"), "{name}: {at:?}");
        }
        let pages =
            feed.entries.iter().map(|entry| address::identity(entry.link.as_deref().unwrap_or_default()));
        assert_eq!(pages.collect::<HashSet<_>>().len(), 2, "{name}");
        assert!(!chosen.preset.origin.is_empty() && !chosen.source.tags.is_empty(), "{name}");
    }
}

/// `value` without the key or the position `name`, in every list and object.
fn without(value: &Value, name: &str) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| {
                (if key == name { format!("{key}New") } else { key.clone() }, without(value, name))
            })
            .collect(),
        Value::Array(list) => {
            let is_row = !list.is_empty() && list.iter().any(|value| !value.is_object() && !value.is_array());
            let inner = list.iter().enumerate().map(|(at, value)| {
                if is_row && at.to_string() == name { Value::Null } else { without(value, name) }
            });
            inner.collect()
        }
        other => other.clone(),
    }
}

#[test]
fn a_renamed_field_of_a_preset_is_a_failure_that_names_its_path() {
    let mut renamed = 0;
    for chosen in examples() {
        let Some(json) = mapped(&chosen) else { continue };
        let whole: Value = serde_json::from_str(&answer(chosen.preset)).unwrap();
        let mapping = &json.mapping;
        for field in
            [&mapping.items, &mapping.title, &mapping.link, &mapping.id, &mapping.time, &mapping.summary]
        {
            let paths: Vec<&str> = if field.contains('{') {
                field.split('{').skip(1).filter_map(|part| part.split('}').next()).collect()
            } else {
                vec![field.as_str()]
            };
            for path in paths.into_iter().filter(|path| !path.is_empty()) {
                let last = path.rsplit('.').next().unwrap();
                // The summary of a list without names may be empty.
                if last == "4" && *field == mapping.summary {
                    continue;
                }
                let error = read(&chosen, &without(&whole, last).to_string()).unwrap_err();
                assert!(matches!(error, FeedError::Mapping(_)), "{}: {error}", chosen.preset.name);
                let sentence = error.to_string();
                assert!(
                    sentence.contains(&format!("{last}\"")),
                    "{}, {path}: {sentence}",
                    chosen.preset.name
                );
                renamed += 1;
            }
        }
    }
    assert!(renamed >= 60, "{renamed}");
}

#[test]
fn presets_are_chosen_by_name_and_argument() {
    let url = |spec: &str| find(spec).map(|chosen| chosen.source.url.clone());
    assert_eq!(url("medium:polkastarter").unwrap(), "https://medium.com/feed/polkastarter");
    assert_eq!(url("GitHub:tidefall/node").unwrap(), "https://github.com/tidefall/node/releases.atom");
    assert_eq!(url("discourse:https://forum.example.org/").unwrap(), "https://forum.example.org/latest.rss");
    let snapshot = find("snapshot:aave.eth").unwrap();
    assert_eq!(snapshot.source.name, "Snapshot votes of aave.eth");
    let body: Value = serde_json::from_str(mapped(&snapshot).unwrap().body.as_deref().unwrap()).unwrap();
    assert_eq!(body["variables"]["space"], "aave.eth");
    for (spec, message) in [
        ("upbid", "there is no preset \"upbid\"; did you mean upbit?"),
        ("snapshot", "preset snapshot: write preset:snapshot:NAME, for example preset:snapshot:aave.eth"),
        ("github:tidefall", "write preset:github:OWNER/REPOSITORY"),
        ("discourse:forum", "write preset:discourse:HOST"),
        ("ghost:evil.example/a?b", "write preset:ghost:HOST"),
        ("substack:evil.example/", "write preset:substack:NAME"),
        ("upbit:krw", "preset upbit: takes no name: write preset:upbit"),
    ] {
        let found = url(spec).unwrap_err();
        assert!(found.contains(message), "{spec}: {found}");
    }
}

#[test]
fn the_table_of_a_preset_gives_its_source_again() {
    for chosen in examples() {
        let mut document = toml_edit::DocumentMut::new();
        let mut tables = toml_edit::ArrayOfTables::new();
        tables.push(chosen.table());
        document.insert("feeds", toml_edit::Item::ArrayOfTables(tables));
        let settings = crate::config::from_text(&document.to_string(), std::path::Path::new("state"));
        let settings = settings.unwrap_or_else(|errors| panic!("{errors:?}\n{document}"));
        assert_eq!(settings.sources, std::slice::from_ref(&chosen.source), "{document}");
    }
}
