//! The built-in feeds and projects, and how the lists of the settings file add to them.

use std::collections::{HashMap, HashSet};

use super::{
    STARTER, Settings,
    edit::identity,
    layers::{Layers, Origin, Row},
    raw::RawValue,
};
use crate::text::quantity::plural;

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

/// How many tables of the built-in lists apply, and which of them nobody has asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BuiltIn {
    /// Built-in feeds that are read.
    pub feeds: usize,
    /// Built-in projects that are watched.
    pub projects: usize,
    /// Whether the file has feeds of its own and does not set `cycle.builtin_feeds`.
    feeds_unasked: bool,
    /// Whether the file has projects of its own and does not set `detect.builtin_projects`.
    projects_unasked: bool,
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
    /// A message and a hint for a file with lists of its own: version 0.1 ignored the built-in lists then.
    #[must_use]
    pub fn note(&self) -> Option<(String, String)> {
        let lists = [
            (BuiltInList::Feeds, self.feeds, self.feeds_unasked),
            (BuiltInList::Projects, self.projects, self.projects_unasked),
        ];
        let unasked = || lists.iter().filter(|(_, count, unasked)| *unasked && *count > 0);
        let each = unasked().map(|(list, count, _)| format!("{count} built-in {}", list.name()));
        let each: Vec<String> = each.collect();
        if each.is_empty() {
            return None;
        }
        let switches: Vec<&str> = unasked().map(|(list, ..)| list.switch()).collect();
        let message = format!("{} apply besides your own (version 0.1 ignored them)", each.join(" and "));
        let hint = format!("for yours only: {} = false; to hide this note: true", switches.join(" and "));
        Some((message, hint))
    }
}

impl Settings {
    /// The tables of `list`, the file's before the built-in ones.
    #[must_use]
    pub fn listed(&self, list: BuiltInList) -> Vec<ListedTable> {
        let rows = self.layers.lists.get(list.name()).into_iter().flatten();
        let table = |row: &Row| {
            let text = |key| text_of(row, key).unwrap_or_default();
            let off = row
                .pairs
                .iter()
                .any(|(key, _, value)| key == "enabled" && *value == RawValue::Boolean(false));
            let identity = list.identity(text(list.key()))?;
            let (key, name) = (text(list.key()).to_owned(), text("name").to_owned());
            Some(ListedTable { identity, key, name, enabled: !off, built_in: is_built_in(row) })
        };
        rows.filter_map(table).collect()
    }

    /// "115 feeds (114 built in)".
    #[must_use]
    pub fn feeds_in_words(&self) -> String {
        counted(plural(self.sources.len(), "feed", "feeds"), self.built_in.feeds)
    }

    /// "113 projects (112 built in)".
    #[must_use]
    pub fn projects_in_words(&self) -> String {
        counted(plural(self.detect.projects.len(), "project", "projects"), self.built_in.projects)
    }
}

fn counted(all: String, built_in: usize) -> String {
    if built_in == 0 { all } else { format!("{all} ({built_in} built in)") }
}

/// The value of `key` in `row`.
pub(super) fn text_of<'a>(row: &'a Row, key: &str) -> Option<&'a str> {
    row.pairs.iter().find(|(name, ..)| name == key).and_then(|(_, _, value)| match value {
        RawValue::String(text) => Some(text.trim()),
        _ => None,
    })
}

/// Whether `row` is a table of the built-in lists.
pub(super) fn is_built_in(row: &Row) -> bool {
    row.place.split(':').next() == Some(PLACE)
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

/// Lets the lists of `text` alone apply where it has any and does not decide otherwise.
pub(super) fn replace_lists(layers: &mut Layers) {
    for list in BuiltInList::ALL {
        if layers.lists.contains_key(list.name()) && layers.is_built_in(list.switch()) {
            layers.values.insert(list.switch().to_owned(), (RawValue::Boolean(false), Origin::BuiltIn));
        }
    }
}

/// Adds the built-in tables to the lists of the file, unless the settings switch them off. A table of the file for a
/// built-in feed or project takes the keys that it lacks from there.
pub(super) fn add_lists(layers: &mut Layers) -> BuiltIn {
    let mut counts = BuiltIn::default();
    let wanted = BuiltInList::ALL.map(|list| (list, layers.flag(list.switch())));
    let wanted = wanted.into_iter().filter(|(_, on)| *on).map(|(list, _)| list);
    let mut starter = None;
    for list in wanted {
        let rows = starter.get_or_insert_with(self::starter).lists.remove(list.name()).unwrap_or_default();
        let own = layers.lists.remove(list.name());
        let unasked = own.is_some() && layers.is_built_in(list.switch());
        let mut own = own.unwrap_or_default();
        let count = add_rows(list, &mut own, rows);
        match list {
            BuiltInList::Feeds => (counts.feeds, counts.feeds_unasked) = (count, unasked),
            BuiltInList::Projects => (counts.projects, counts.projects_unasked) = (count, unasked),
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
    const FORMAT: [&str; 3] = ["kind", "preset", "mapping"];
    let has_format = row.pairs.iter().any(|(name, ..)| FORMAT.contains(&name.as_str()));
    for pair in from.pairs {
        let is_given = row.pairs.iter().any(|(name, ..)| *name == pair.0);
        let is_excluded = has_format && FORMAT.contains(&pair.0.as_str());
        if !is_given && !is_excluded {
            row.pairs.push(pair);
        }
    }
}
