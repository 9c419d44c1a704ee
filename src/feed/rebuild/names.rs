//! Names and attributes of tags.

use std::borrow::Cow;

use crate::feed::{
    dialect::{Space, space},
    entities::Declared,
    tokens::attribute,
};

/// The attributes of one tag.
pub(super) struct Attributes<'a> {
    pub pairs: &'a [(&'a str, &'a str)],
    pub entities: &'a Declared,
}

impl Attributes<'_> {
    /// The value of `wanted`, references resolved.
    pub fn get(&self, wanted: &str) -> Option<String> {
        Some(self.entities.resolve(attribute(self.pairs, wanted)?).trim().to_owned())
    }
}

/// What an element opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Root,
    Entry,
}

pub(super) fn kind(local: &str) -> Option<Kind> {
    match local {
        "rss" | "rdf" | "feed" | "channel" => Some(Kind::Root),
        "item" | "entry" => Some(Kind::Entry),
        _ => None,
    }
}

pub(super) fn prefix_is_feed(space: Space) -> bool {
    matches!(space, Space::Core | Space::Dublin | Space::Content)
}

/// The tag `source` without the prefix of its name.
pub(super) fn unprefixed<'a>(source: &'a str, prefix: &str) -> Cow<'a, str> {
    if prefix.is_empty() { source.into() } else { source.replacen(&format!("{prefix}:"), "", 1).into() }
}

/// Prefix and lower-case local name.
pub(super) fn split(name: &str) -> (&str, String) {
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    (prefix, local.to_ascii_lowercase())
}

pub(super) fn declared(attributes: &[(&str, &str)]) -> Vec<(String, Space)> {
    let prefix = |name: &str| match name {
        "xmlns" => Some(String::new()),
        _ => name.strip_prefix("xmlns:").map(str::to_owned),
    };
    attributes.iter().filter_map(|(name, value)| Some((prefix(name)?, space(value)))).collect()
}
