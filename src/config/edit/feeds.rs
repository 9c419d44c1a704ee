//! Adds feeds to a settings file.

use std::collections::HashSet;

use toml_edit::{Array, Item, Table, value};

use crate::{
    feed::Outline,
    model::{JsonMapping, PageSelectors, SourceFormat},
    text::{
        address,
        cut::{Unit, cut},
        plain,
    },
};

use super::{
    Document, NotAList,
    address::{Refused, feed_url, written},
};

/// Maximum characters of a feed's name.
const NAME: usize = 200;

/// How a new source is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewKind {
    /// A feed.
    Feed,
    /// A sitemap.
    Sitemap,
    /// A page, by these selectors.
    Page(Box<PageSelectors>),
}

impl NewKind {
    /// The same as the settings will have it.
    #[must_use]
    pub fn format(&self) -> SourceFormat {
        match self {
            Self::Feed => SourceFormat::Feed,
            Self::Sitemap => SourceFormat::Sitemap,
            Self::Page(selectors) => SourceFormat::Page(*selectors.clone()),
        }
    }
}

/// The feeds of a settings file, indexed once.
#[derive(Debug)]
pub struct Feeds<'a> {
    document: &'a mut Document,
    known: HashSet<String>,
}

impl<'a> Feeds<'a> {
    /// Indexes the feeds of `document`.
    pub fn of(document: &'a mut Document) -> Result<Self, NotAList> {
        let known = document.list("feeds")?.texts("url").into_iter().filter_map(identity).collect();
        Ok(Self { document, known })
    }

    /// The same with the `identities` of feeds that are read although the file has no table for them.
    #[must_use]
    pub fn with_known(mut self, identities: impl IntoIterator<Item = String>) -> Self {
        self.known.extend(identities);
        self
    }

    /// Whether the address is known, in any spelling.
    #[must_use]
    pub fn has(&self, url: &str) -> bool {
        identity(url).is_some_and(|identity| self.known.contains(&identity))
    }

    /// Adds `outline` unless its address is known; returns whether it was added.
    pub fn add(&mut self, outline: &Outline) -> Result<bool, Refused> {
        self.add_of_tier(outline, None)
    }

    /// The same, with a tier unless the default one is meant.
    pub fn add_of_tier(&mut self, outline: &Outline, tier: Option<u8>) -> Result<bool, Refused> {
        self.add_source(outline, tier, &NewKind::Feed)
    }

    /// The same for a source of this `kind`.
    pub fn add_source(
        &mut self,
        outline: &Outline,
        tier: Option<u8>,
        kind: &NewKind,
    ) -> Result<bool, Refused> {
        if self.has(&outline.url) {
            return Ok(false);
        }
        let url = feed_url(&outline.url)?;
        let mut table = Table::new();
        table["url"] = value(written(&outline.url, &url));
        let name = cut(&name_of(&outline.title), NAME, Unit::Scalars);
        if !name.is_empty() {
            table["name"] = value(name);
        }
        if let Some(tier) = tier {
            table["tier"] = value(i64::from(tier));
        }
        if let Ok(site) = feed_url(&outline.html_url) {
            table["site"] = value(written(&outline.html_url, &site));
        }
        let tags = outline.tags.iter().map(|tag| plain(tag)).filter(|tag| !tag.is_empty());
        let tags: Array = tags.collect();
        if !tags.is_empty() {
            table["tags"] = value(tags);
        }
        describe(&mut table, kind);
        // `of` has checked that it is a list.
        if let Ok(list) = self.document.list("feeds") {
            list.push(table);
        }
        self.known.extend(identity(&outline.url));
        Ok(true)
    }
}

/// Writes how the body of a source is read: `kind` and its tables. A feed needs none.
fn describe(table: &mut Table, kind: &NewKind) {
    match kind {
        NewKind::Feed => {}
        NewKind::Sitemap => table["kind"] = value("sitemap"),
        NewKind::Page(selectors) => {
            table["kind"] = value("page");
            let select = [
                ("item", &selectors.item),
                ("title", &selectors.title),
                ("link", &selectors.link),
                ("time", &selectors.time),
                ("summary", &selectors.summary),
                ("next", &selectors.next),
                ("script", &selectors.script),
            ];
            if let Some(select) = texts(&select) {
                table["select"] = Item::Table(select);
            }
            if let Some(mapping) = selectors.mapping.as_ref().and_then(mapping_table) {
                table["mapping"] = Item::Table(mapping);
            }
        }
    }
}

fn mapping_table(mapping: &JsonMapping) -> Option<Table> {
    let pairs = [
        ("items", &mapping.items),
        ("title", &mapping.title),
        ("link", &mapping.link),
        ("id", &mapping.id),
        ("time", &mapping.time),
        ("zone", &mapping.zone),
        ("summary", &mapping.summary),
    ];
    texts(&pairs)
}

/// A table of the texts that are not empty; `None` without any.
fn texts(pairs: &[(&str, &String)]) -> Option<Table> {
    let given: Vec<_> = pairs.iter().filter(|(_, text)| !text.is_empty()).collect();
    let mut table = Table::new();
    for (key, text) in &given {
        table[*key] = value(text.as_str());
    }
    (!given.is_empty()).then_some(table)
}

/// A feed's name for the settings. Some lists use the address as name, with its password.
#[must_use]
pub fn name_of(title: &str) -> String {
    match feed_url(title) {
        Err(Refused::Login(url)) => plain(url.as_str()),
        _ => plain(title),
    }
}

/// A feed's identity: the same for all spellings of its address, with or without a login.
#[must_use]
pub fn identity(text: &str) -> Option<String> {
    match feed_url(text) {
        Ok(url) => Some(address::canonical(&url)),
        Err(Refused::Login(url)) => Some(address::canonical(&url)),
        Err(Refused::NoAddress(_)) => None,
    }
}
