//! Edits the text of a settings file and keeps its comments and order. Pure: the caller checks the result with
//! [`load_text`](super::load_text) before writing it.

mod address;
mod feeds;
mod known;
mod projects;
mod switch;

#[cfg(test)]
mod tests;

use std::fmt;

use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value};

pub use address::{Refused, feed_url};
pub use feeds::{Feeds, NewFeed, NewKind, identity, name_of};
pub use known::{Addition, Known};
pub use projects::{NewProject, Projects};
pub use switch::Removed;

/// A value that should be a list of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a list of tables; write each as a [[{0}]] table")]
pub struct NotAList(&'static str);

/// The text of a settings file.
#[derive(Debug, Clone)]
pub struct Document(DocumentMut);

impl Document {
    /// Parses `text`; the error is a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|error: toml_edit::TomlError| error.to_string())
    }

    /// The list `name` in any notation, or the position for a new one.
    pub fn list(&mut self, name: &'static str) -> Result<List<'_>, NotAList> {
        let root = self.0.as_table_mut();
        let is_empty = match root.get(name) {
            None | Some(Item::None) => true,
            Some(Item::Value(Value::Array(array))) => array.is_empty(),
            _ => false,
        };
        if is_empty {
            return Ok(List::Empty(root, name));
        }
        match root.get_mut(name) {
            Some(Item::ArrayOfTables(tables)) => Ok(List::Tables(tables)),
            Some(Item::Value(Value::Array(array))) => Ok(List::Inline(array)),
            _ => Err(NotAList(name)),
        }
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A list of tables in a settings file.
#[derive(Debug)]
pub enum List<'a> {
    /// Nothing, or `name = []`
    Empty(&'a mut Table, &'static str),
    /// `[[name]]` tables
    Tables(&'a mut ArrayOfTables),
    /// `name = [{ … }]`
    Inline(&'a mut Array),
}

impl List<'_> {
    /// Number of its tables.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Empty(..) => 0,
            Self::Tables(tables) => tables.len(),
            Self::Inline(array) => array.len(),
        }
    }

    /// Whether it has no table.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The texts under `key` of its tables.
    #[must_use]
    pub fn texts(&self, key: &str) -> Vec<&str> {
        match self {
            Self::Empty(..) => Vec::new(),
            Self::Tables(tables) => {
                tables.iter().filter_map(|table| table.get(key).and_then(Item::as_str)).collect()
            }
            Self::Inline(array) => array.iter().filter_map(|value| text_of(value, key)).collect(),
        }
    }

    /// Adds a table at its end.
    pub fn push(self, mut table: Table) {
        match self {
            Self::Empty(root, name) => {
                let lead = comments(root, name);
                if !lead.is_empty() {
                    table.decor_mut().set_prefix(lead);
                }
                let mut tables = ArrayOfTables::new();
                tables.push(table);
                root.insert(name, Item::ArrayOfTables(tables));
            }
            Self::Tables(tables) => tables.push(table),
            Self::Inline(array) => {
                let mut value = Value::InlineTable(table.into_inline_table());
                // A comment after the last table stays there.
                let behind = array.trailing().as_str().unwrap_or_default().to_owned();
                if behind.contains('\n') {
                    value.decor_mut().set_prefix(format!("{}\n    ", behind.trim_end()));
                    array.set_trailing("\n");
                } else {
                    value.decor_mut().set_prefix(" ");
                }
                array.push_formatted(value);
            }
        }
    }
}

fn text_of<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.as_inline_table().and_then(|table: &InlineTable| table.get(key)).and_then(Value::as_str)
}

/// The comments before, within and after the empty list `name`, a line each.
fn comments(root: &Table, name: &str) -> String {
    let Some(array) = root.get(name).and_then(Item::as_array) else { return String::new() };
    let before = root.key(name).and_then(|key| key.leaf_decor().prefix()).and_then(|raw| raw.as_str());
    let behind = array.decor().suffix().and_then(|raw| raw.as_str());
    let mut lead = before.unwrap_or_default().to_owned();
    for text in [array.trailing().as_str(), behind].into_iter().flatten() {
        let found = text.lines().map(str::trim).filter(|line| line.starts_with('#'));
        lead.extend(found.flat_map(|line| [line, "\n"]));
    }
    lead
}
