//! The built-in feeds and projects, and how the lists of the settings file add to them.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    STARTER, Settings,
    edit::identity,
    layers::{Layers, Origin, Row},
    raw::RawValue,
};
use crate::{
    model::{ImportedFeed, Source},
    text::quantity::plural,
};

/// Name of the built-in lists in the place of a row.
const PLACE: &str = "starter";

/// A list that has built-in tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuiltInList {
    /// `[[feeds]]`
    Feeds,
    /// `[[projects]]`
    Projects,
}

/// How many tables of the built-in lists apply, and which lists the file's own ones replace without saying so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BuiltIn {
    /// Built-in feeds that are read.
    pub feeds: usize,
    /// Built-in projects that are watched.
    pub projects: usize,
    /// Whether the built-in feeds do not apply because the file has its own and does not set `cycle.builtin_feeds`.
    feeds_replaced: bool,
    /// The same for projects and `detect.builtin_projects`.
    projects_replaced: bool,
}

/// A table of `[[feeds]]` or `[[projects]]`, the disabled ones too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedTable {
    /// Its identity: see [`BuiltInList::identity`].
    pub identity: String,
    /// Address of a feed, name of a project.
    pub key: String,
    /// Name.
    pub name: String,
    /// Whether it applies.
    pub enabled: bool,
    /// Whether the file has no table for it.
    pub built_in: bool,
}

impl BuiltInList {
    /// Every list.
    pub const ALL: [Self; 2] = [Self::Feeds, Self::Projects];

    /// The list's name in the file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Feeds => "feeds",
            Self::Projects => "projects",
        }
    }

    /// The setting that switches its built-in tables off.
    #[must_use]
    pub fn switch(self) -> &'static str {
        match self {
            Self::Feeds => "cycle.builtin_feeds",
            Self::Projects => "detect.builtin_projects",
        }
    }

    /// The key that identifies a table.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Feeds => "url",
            Self::Projects => "name",
        }
    }

    /// What two tables for the same thing have in common, from the value of their key.
    #[must_use]
    pub fn identity(self, text: &str) -> Option<String> {
        match self {
            Self::Feeds => identity(text),
            Self::Projects => Some(text.trim().to_lowercase()).filter(|name| !name.is_empty()),
        }
    }
}

impl BuiltIn {
    /// A message and a hint for a file whose lists replace the built-in ones.
    #[must_use]
    pub fn note(&self) -> Option<(String, String)> {
        let lists =
            [(BuiltInList::Feeds, self.feeds_replaced), (BuiltInList::Projects, self.projects_replaced)];
        let replaced: Vec<BuiltInList> =
            lists.iter().filter(|(_, replaced)| *replaced).map(|(list, _)| *list).collect();
        if replaced.is_empty() {
            return None;
        }
        let names: Vec<&str> = replaced.iter().map(|list| list.name()).collect();
        let switches: Vec<&str> = replaced.iter().map(|list| list.switch()).collect();
        let message =
            format!("the built-in {} do not apply, because the file has its own", names.join(" and "));
        let hint = format!("to add them: {} = true; to hide this note: false", switches.join(" and "));
        Some((message, hint))
    }

    /// Whether tables of the built-in `list` apply.
    #[must_use]
    pub fn applies(&self, list: BuiltInList) -> bool {
        match list {
            BuiltInList::Feeds => self.feeds > 0,
            BuiltInList::Projects => self.projects > 0,
        }
    }
}

impl Settings {
    /// The tables of `list`, the file's before the built-in ones.
    #[must_use]
    pub fn listed(&self, list: BuiltInList) -> Vec<ListedTable> {
        let rows = self.layers.lists.get(list.name()).into_iter().flatten();
        let table = |row: &Row| {
            let text = |key| text_of(row, key).unwrap_or_default();
            let identity = list.identity(text(list.key()))?;
            let (key, name) = (text(list.key()).to_owned(), text("name").to_owned());
            Some(ListedTable { identity, key, name, enabled: !is_disabled(row), built_in: is_built_in(row) })
        };
        rows.filter_map(table).collect()
    }

    /// Adds the feeds of the database. Of a feed that the settings have in any spelling, disabled or not, theirs counts.
    pub fn add_imported(&mut self, feeds: Vec<ImportedFeed>) {
        let feeds = self.beside_own(feeds);
        self.sources.extend(feeds.iter().filter(|feed| feed.enabled).map(|feed| Arc::clone(&feed.source)));
        self.imported.extend(feeds);
    }

    /// The enabled feeds of the settings, without the imported ones.
    pub(crate) fn own_sources(&self) -> impl Iterator<Item = &Arc<Source>> {
        let imported: HashSet<&str> = self.imported.iter().map(|feed| feed.source.url.as_str()).collect();
        self.sources.iter().filter(move |source| !imported.contains(source.url.as_str()))
    }

    /// Those of `feeds` that the settings do not have.
    pub(crate) fn beside_own(&self, mut feeds: Vec<ImportedFeed>) -> Vec<ImportedFeed> {
        if !feeds.is_empty() {
            let listed: HashSet<String> = self.feed_identities().collect();
            feeds.retain(|feed| !listed.contains(&feed.identity));
        }
        feeds
    }

    /// What identifies each feed of the settings, the disabled ones too.
    pub(crate) fn feed_identities(&self) -> impl Iterator<Item = String> {
        self.listed(BuiltInList::Feeds).into_iter().map(|table| table.identity)
    }

    /// "100115 feeds (114 built in, 100000 in the database)".
    #[must_use]
    pub fn feeds_in_words(&self) -> String {
        let imported = self.imported.iter().filter(|feed| feed.enabled).count();
        counted(plural(self.sources.len(), "feed", "feeds"), self.built_in.feeds, imported)
    }

    /// "113 projects (112 built in)".
    #[must_use]
    pub fn projects_in_words(&self) -> String {
        counted(plural(self.detect.projects.len(), "project", "projects"), self.built_in.projects, 0)
    }
}

fn counted(all: String, built_in: usize, imported: usize) -> String {
    let parts = [(built_in, "built in"), (imported, "in the database")];
    let parts: Vec<String> =
        parts.iter().filter(|(number, _)| *number > 0).map(|(number, of)| format!("{number} {of}")).collect();
    if parts.is_empty() { all } else { format!("{all} ({})", parts.join(", ")) }
}

/// The value of `key` in `row`.
pub(super) fn text_of<'a>(row: &'a Row, key: &str) -> Option<&'a str> {
    row.pairs.iter().find(|(name, ..)| name == key).and_then(|(_, _, value)| match value {
        RawValue::String(text) => Some(text.trim()),
        _ => None,
    })
}

/// Whether `row` has `enabled = false`.
fn is_disabled(row: &Row) -> bool {
    row.pairs.iter().any(|(key, _, value)| key == "enabled" && *value == RawValue::Boolean(false))
}

/// Whether `row` is a table of the built-in lists.
pub(super) fn is_built_in(row: &Row) -> bool {
    &*row.place.file == PLACE
}

/// The built-in tables of every list.
fn starter() -> Layers {
    let mut starter = Layers::built_in();
    starter.merge_file(PLACE, STARTER);
    starter
}

/// What identifies each built-in table of `list`.
pub(super) fn identities(list: BuiltInList) -> HashSet<String> {
    let rows = starter().lists.remove(list.name()).unwrap_or_default();
    rows.iter().filter_map(|row| list.identity(text_of(row, list.key())?)).collect()
}

/// Lets the lists of the file alone apply where it has any and does not decide otherwise, as version 0.1 did. A list
/// that only disables built-in tables replaces nothing.
pub(super) fn replace_lists(layers: &mut Layers) {
    for list in BuiltInList::ALL {
        let own = layers.lists.get(list.name());
        let replaces = own.is_some_and(|rows| rows.is_empty() || rows.iter().any(|row| !is_disabled(row)));
        if replaces && layers.is_built_in(list.switch()) {
            layers.values.insert(list.switch().to_owned(), (RawValue::Boolean(false), Origin::BuiltIn));
        }
    }
}

/// Adds the built-in tables to the lists of the file, unless the settings or the file's lists switch them off. A table of the
/// file for a built-in feed or project takes the keys that it lacks from there.
pub(super) fn add_lists(layers: &mut Layers) -> BuiltIn {
    let mut counts = BuiltIn::default();
    let mut starter = None;
    for list in BuiltInList::ALL {
        if !layers.flag(list.switch()) {
            let replaced = layers.lists.contains_key(list.name()) && layers.is_built_in(list.switch());
            match list {
                BuiltInList::Feeds => counts.feeds_replaced = replaced,
                BuiltInList::Projects => counts.projects_replaced = replaced,
            }
            continue;
        }
        let rows = starter.get_or_insert_with(self::starter).lists.remove(list.name()).unwrap_or_default();
        let mut own = layers.lists.remove(list.name()).unwrap_or_default();
        let count = add_rows(list, &mut own, rows);
        match list {
            BuiltInList::Feeds => counts.feeds = count,
            BuiltInList::Projects => counts.projects = count,
        }
        layers.lists.insert(list.name(), own);
    }
    counts
}

/// Adds the built-in `rows` to `own`; returns how many were added.
fn add_rows(list: BuiltInList, own: &mut Vec<Row>, rows: Vec<Row>) -> usize {
    let id = |row: &Row| text_of(row, list.key()).and_then(|text| list.identity(text));
    // Of two tables for one thing the second is an error, so the first counts.
    let known: HashMap<String, usize> =
        own.iter().enumerate().rev().filter_map(|(at, row)| Some((id(row)?, at))).collect();
    let before = own.len();
    for row in rows {
        match id(&row).and_then(|id| known.get(&id)) {
            Some(at) => complete(&mut own[*at], row),
            None => own.push(row),
        }
    }
    own.len() - before
}

/// Adds the pairs of `from` that `row` lacks. The keys that say how a source is read belong together.
fn complete(row: &mut Row, from: Row) {
    const FORMAT: [&str; 8] = ["kind", "preset", "mapping", "select", "pages", "method", "body", "cursor"];
    let has_format = row.pairs.iter().any(|(name, ..)| FORMAT.contains(&name.as_str()));
    for pair in from.pairs {
        let is_given = row.pairs.iter().any(|(name, ..)| *name == pair.0);
        let is_excluded = has_format && FORMAT.contains(&pair.0.as_str());
        if !is_given && !is_excluded {
            row.pairs.push(pair);
        }
    }
}
