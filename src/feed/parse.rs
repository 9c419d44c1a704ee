//! Reads the rebuilt Atom with feed-rs; the only file that uses it.

use feed_rs::{model, parser};
use jiff::Timestamp;

use crate::{model::Entry, panics::catch_panic};

/// Reads well-formed Atom into a title and entries without keys.
///
/// feed-rs panics on some inputs (docs/reference/feeds.md#parsing): a panic is an unreadable feed.
///
/// # Errors
/// Why it could not be read.
pub fn parse(atom: &str) -> Result<(String, Vec<Entry>), String> {
    let parsed = catch_panic(|| {
        let parser = parser::Builder::new()
            .sanitize_content(false)
            // The default identifiers are random or change with the headline.
            .id_generator(|_, _, _| String::new())
            .build();
        parser.parse(atom.as_bytes())
    });
    match parsed {
        Some(Ok(feed)) => Ok((
            feed.title.map(|title| title.content).unwrap_or_default(),
            feed.entries.into_iter().map(entry).collect(),
        )),
        Some(Err(error)) => Err(error.to_string()),
        None => Err("feed-rs panicked".to_owned()),
    }
}

fn entry(entry: model::Entry) -> Entry {
    let time = |seconds: i64| Timestamp::from_second(seconds).ok();
    Entry {
        title: entry.title.map(|title| title.content).unwrap_or_default(),
        link: entry.links.into_iter().next().map(|link| link.href),
        id: Some(entry.id).filter(|id| !id.is_empty()),
        published: entry.published.and_then(|at| time(at.timestamp())),
        updated: entry.updated.and_then(|at| time(at.timestamp())),
        author: entry.authors.into_iter().next().and_then(|author| author.name).unwrap_or_default(),
        summary: entry.summary.map(|summary| summary.content).unwrap_or_default(),
        content: entry.content.and_then(|content| content.body).unwrap_or_default(),
        categories: entry.categories.into_iter().map(|category| category.term).collect(),
        ..Entry::default()
    }
}
