//! Adds feeds to a settings file.

use std::sync::Arc;

use toml_edit::{Array, Item, Table, value};

use crate::{
    config::{DEFAULT_TIER, poll_interval},
    feed::Outline,
    model::{ImportedFeed, JsonMapping, PageSelectors, Source, SourceFormat},
    text::{
        address,
        cut::{Unit, cut},
        plain,
    },
};

use super::{
    Addition, Document, Known, NotAList,
    address::{Refused, feed_url, written},
};

/// Maximum characters of a feed's name.
const NAME: usize = 200;

/// How a new source is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum NewKind {
    /// A feed.
    #[default]
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
            Self::Page(selectors) => SourceFormat::Page(selectors.clone()),
        }
    }
}

/// A feed to add.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewFeed {
    /// Address, name, page and tags.
    pub outline: Outline,
    /// Unless the default is meant.
    pub tier: Option<u8>,
    /// Time between two requests as the settings write it; empty for none.
    pub every: String,
    /// How it is read.
    pub kind: NewKind,
    /// Whether it is written as disabled.
    pub is_disabled: bool,
}

impl NewFeed {
    /// Its table.
    fn table(&self, url: &str) -> Table {
        let mut table = Table::new();
        table["url"] = value(url);
        let name = self.name();
        if !name.is_empty() {
            table["name"] = value(name);
        }
        if let Some(tier) = self.tier {
            table["tier"] = value(i64::from(tier));
        }
        if !self.every.is_empty() {
            table["every"] = value(&self.every);
        }
        if let Some(site) = self.site() {
            table["site"] = value(site);
        }
        let tags: Array = self.tags().collect();
        if !tags.is_empty() {
            table["tags"] = value(tags);
        }
        if self.is_disabled {
            table["enabled"] = value(false);
        }
        describe(&mut table, &self.kind);
        table
    }

    fn name(&self) -> String {
        cut(&name_of(&self.outline.title), NAME, Unit::Scalars)
    }

    fn site(&self) -> Option<String> {
        let site = feed_url(&self.outline.html_url).ok()?;
        Some(written(&self.outline.html_url, &site))
    }

    fn tags(&self) -> impl Iterator<Item = String> {
        self.outline.tags.iter().map(|tag| plain(tag)).filter(|tag| !tag.is_empty())
    }

    /// The same feed for the database, which has the kinds `feed` and `sitemap` only.
    pub(crate) fn imported(&self) -> Result<ImportedFeed, Refused> {
        let url = feed_url(&self.outline.url)?;
        let name = Some(self.name()).filter(|name| !name.is_empty());
        let source = Source {
            name: name.unwrap_or_else(|| url.host_str().unwrap_or_default().to_owned()),
            url: written(&self.outline.url, &url),
            also: Vec::new(),
            format: self.kind.format(),
            tier: self.tier.unwrap_or(DEFAULT_TIER),
            tags: self.tags().collect(),
            every: poll_interval(&self.every).ok(),
            headers: Vec::new(),
        };
        Ok(ImportedFeed {
            identity: address::canonical(&url),
            source: Arc::new(source),
            site: self.site().unwrap_or_default(),
            enabled: !self.is_disabled,
        })
    }
}

/// The feeds of a settings file, indexed once.
#[derive(Debug)]
pub struct Feeds<'a> {
    document: &'a mut Document,
    known: Known,
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
        identity(url).is_some_and(|identity| self.known.find(&identity).is_some())
    }

    /// Adds `outline` unless its address is known; returns whether it was added.
    pub fn add(&mut self, outline: &Outline) -> Result<bool, Refused> {
        self.add_source(outline, None, &NewKind::Feed)
    }

    /// Adds a whole table unless its address is known; returns whether it was added.
    pub fn add_table(&mut self, table: Table) -> bool {
        let url = table.get("url").and_then(toml_edit::Item::as_str).unwrap_or_default().to_owned();
        if self.has(&url) {
            return false;
        }
        // `of` has checked that it is a list.
        if let Ok(list) = self.document.list("feeds") {
            list.push(table);
        }
        self.known.extend(identity(&url));
        true
    }

    /// The same for a source of this `kind`, with a tier unless the default one is meant.
    pub fn add_source(
        &mut self,
        outline: &Outline,
        tier: Option<u8>,
        kind: &NewKind,
    ) -> Result<bool, Refused> {
        let feed = NewFeed { outline: outline.clone(), tier, kind: kind.clone(), ..NewFeed::default() };
        self.add_new(&feed).map(|addition| addition == Addition::Added)
    }

    /// Adds `feed` unless its address is known.
    pub fn add_new(&mut self, feed: &NewFeed) -> Result<Addition, Refused> {
        let identity = identity(&feed.outline.url);
        if let Some(known) = identity.as_deref().and_then(|identity| self.known.find(identity)) {
            return Ok(known);
        }
        let url = feed_url(&feed.outline.url)?;
        // `of` has checked that it is a list.
        if let Ok(list) = self.document.list("feeds") {
            list.push(feed.table(&written(&feed.outline.url, &url)));
        }
        if let Some(identity) = identity {
            self.known.insert(identity);
        }
        Ok(Addition::Added)
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
