//! Known sources by name (`presets.toml`): `tge-scrape feed add preset:NAME`, and `preset` in a `[[feeds]]` table.

use std::{
    path::Path,
    sync::{Arc, LazyLock},
};

use strum::{EnumString, IntoStaticStr};
use toml_edit::{Item, Table, Value};

use super::{
    environment::Environment,
    errors::{ConfigErrors, nearest},
    layers::{Place, Row},
    raw::{self, Pairs, RawValue},
    rows,
};
use crate::model::{JsonSource, Source, SourceFormat};

const FILE: &str = "presets";
/// Stands for the argument in addresses, names and bodies.
const ARGUMENT: &str = "NAME";
/// Longest argument, bytes.
const LONGEST: usize = 100;
/// Keys of a preset that are no keys of a feed.
const OWN: [&str; 6] = ["preset", "shape", "origin", "argument", "example", "undocumented"];

/// How well the shape of a preset is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Shape {
    /// The publisher documents address and shape.
    Documented,
    /// Public programs read it so.
    Collectors,
    /// Neither could be confirmed.
    Unconfirmed,
}

/// What stands for the argument of a preset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Argument {
    /// A name of the platform, such as `aave.eth`.
    Name,
    /// A host, such as `forum.example.org`.
    Host,
    /// `owner/repository`.
    Repository,
}

/// A known source, or one for each argument.
#[derive(Debug, Clone)]
pub struct Preset {
    /// Its name.
    pub name: String,
    /// How well its shape is known.
    pub shape: Shape,
    /// Where the shape was read.
    pub origin: String,
    /// What it needs beside its name.
    pub argument: Option<Argument>,
    /// An argument to try it with; empty without one.
    pub example: String,
    /// Whether the address is for the publisher's own pages only.
    pub undocumented: bool,
    pairs: Pairs,
}

/// A preset with its argument.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The preset.
    pub preset: &'static Preset,
    /// Its argument; empty without one.
    pub argument: String,
    /// Its source.
    pub source: Arc<Source>,
    pairs: Pairs,
}

static PRESETS: LazyLock<Vec<Preset>> = LazyLock::new(|| {
    // The tests read the same file, so it parses.
    let tables = raw::parse(include_str!("presets.toml")).unwrap_or_default();
    let rows = tables.into_iter().filter(|(list, _, _)| list == "presets").map(|(_, _, rows)| rows);
    let rows = rows.flat_map(|rows| if let RawValue::Array(rows) = rows { rows } else { Vec::new() });
    rows.filter_map(|(_, row)| if let RawValue::Table(pairs) = row { Preset::of(pairs) } else { None })
        .collect()
});

/// All presets, in the order of their file.
#[must_use]
pub fn all() -> &'static [Preset] {
    &PRESETS
}

impl Preset {
    fn of(pairs: Pairs) -> Option<Self> {
        let text = |key: &str| match pairs.iter().find(|(name, _, _)| name == key) {
            Some((_, _, RawValue::String(text))) => text.clone(),
            _ => String::new(),
        };
        let is_set =
            |key: &str| pairs.iter().any(|(name, _, value)| name == key && *value == RawValue::Boolean(true));
        Some(Self {
            name: text("preset"),
            shape: text("shape").parse().ok()?,
            origin: text("origin"),
            argument: text("argument").parse().ok(),
            example: text("example"),
            undocumented: is_set("undocumented"),
            pairs: pairs.into_iter().filter(|(name, _, _)| !OWN.contains(&name.as_str())).collect(),
        })
    }

    /// "medium:NAME", as it is written after `preset:`.
    #[must_use]
    pub fn usage(&self) -> String {
        match self.argument {
            Some(Argument::Name) => format!("{}:NAME", self.name),
            Some(Argument::Host) => format!("{}:HOST", self.name),
            Some(Argument::Repository) => format!("{}:OWNER/REPOSITORY", self.name),
            None => self.name.clone(),
        }
    }

    /// A sentence on how well it is known.
    #[must_use]
    pub fn confidence(&self) -> String {
        let shape = match self.shape {
            Shape::Documented => "its address and shape are documented",
            Shape::Collectors => "its shape is that of public programs; no documentation was found",
            Shape::Unconfirmed => "its address and shape could not be confirmed",
        };
        let own = if self.undocumented { "; the address may change or refuse without notice" } else { "" };
        format!("{shape}{own} ({})", self.origin)
    }

    /// The source for `argument`, which is empty where the preset takes none.
    ///
    /// # Errors
    /// A sentence on the argument.
    pub fn with(&'static self, argument: &str) -> Result<Chosen, String> {
        let argument = self.checked(argument)?;
        let pairs: Pairs = self
            .pairs
            .iter()
            .map(|(key, places, value)| (key.clone(), *places, fill(value, argument)))
            .collect();
        let at = pairs.first().map(|(_, places, _)| places.key).unwrap_or_default();
        let row = Row { place: Place { file: FILE.into(), at }, pairs };
        let mut errors = ConfigErrors::default();
        let source =
            rows::sources(std::slice::from_ref(&row), &Environment::default(), Path::new(""), &mut errors)
                .pop();
        match (source, errors.0.into_iter().next()) {
            (Some(source), None) => {
                Ok(Chosen { preset: self, argument: argument.to_owned(), source, pairs: row.pairs })
            }
            (_, error) => Err(error.map_or_else(String::new, |error| error.message)),
        }
    }

    fn checked<'a>(&self, argument: &'a str) -> Result<&'a str, String> {
        let is_text = |text: &str, more: &str| {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
        };
        let host = argument.split_once("://").map_or(argument, |(_, rest)| rest).trim_end_matches('/');
        let (given, is_right) = match self.argument {
            None if argument.is_empty() => return Ok(argument),
            None => return Err(format!("takes no name: write preset:{}", self.name)),
            Some(Argument::Name) => (argument, is_text(argument, "-_.@")),
            Some(Argument::Host) => (host, is_text(host, "-.") && host.contains('.')),
            Some(Argument::Repository) => {
                let is_right = |(owner, name)| is_text(owner, "-") && is_text(name, "-_.");
                (argument, argument.split_once('/').is_some_and(is_right))
            }
        };
        if is_right && given.len() <= LONGEST {
            return Ok(given);
        }
        Err(format!("write preset:{}, for example preset:{}:{}", self.usage(), self.name, self.example))
    }
}

impl Chosen {
    /// What was written after `preset:`.
    #[must_use]
    pub fn spec(&self) -> String {
        let name = &self.preset.name;
        if self.argument.is_empty() { name.clone() } else { format!("{name}:{}", self.argument) }
    }

    /// The table of the settings file.
    #[must_use]
    pub fn table(&self) -> Table {
        let mut table = Table::new();
        for (key, _, value) in &self.pairs {
            // What is shown of a value is TOML.
            let shown = |value: &RawValue| value.show().parse::<Value>().map_or(Item::None, Item::Value);
            table[key.as_str()] = match value {
                RawValue::Table(pairs) => {
                    let inner = pairs.iter().map(|(key, _, value)| (key.as_str(), shown(value)));
                    Item::Table(inner.collect())
                }
                value => shown(value),
            };
        }
        table
    }
}

/// The preset that `spec` names, as `NAME` or `NAME:ARGUMENT`.
///
/// # Errors
/// A sentence, for an unknown name with the most similar one.
pub fn find(spec: &str) -> Result<Chosen, String> {
    let (name, argument) = spec.split_once(':').unwrap_or((spec, ""));
    if let Some(preset) = all().iter().find(|preset| preset.name.eq_ignore_ascii_case(name)) {
        return preset.with(argument.trim()).map_err(|message| format!("preset {name}: {message}"));
    }
    let near = nearest(name, all().iter().map(|preset| preset.name.as_str()));
    let advice = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
    Err(format!("there is no preset {name:?}{advice}"))
}

/// Every preset, those with an argument for their example.
#[must_use]
pub fn examples() -> Vec<Chosen> {
    all().iter().filter_map(|preset| preset.with(&preset.example).ok()).collect()
}

/// The mapping and request of a preset, for the key `preset`.
pub(super) fn json_source(spec: &str) -> Result<JsonSource, String> {
    let hint = "`tge-scrape feed add preset:` lists all";
    match find(spec) {
        Ok(Chosen { source, .. }) => match &source.format {
            SourceFormat::Json(json) => Ok(JsonSource::clone(json)),
            _ => Err(format!("{spec:?} is no JSON list; `tge-scrape feed add preset:{spec}` adds it")),
        },
        Err(message) => Err(format!("{message}; {hint}")),
    }
}

/// `value` with the argument in its texts.
fn fill(value: &RawValue, argument: &str) -> RawValue {
    match value {
        RawValue::String(text) => RawValue::String(text.replace(ARGUMENT, argument)),
        RawValue::Array(list) => {
            RawValue::Array(list.iter().map(|(at, value)| (*at, fill(value, argument))).collect())
        }
        RawValue::Table(pairs) => RawValue::Table(
            pairs.iter().map(|(key, places, value)| (key.clone(), *places, fill(value, argument))).collect(),
        ),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests;
