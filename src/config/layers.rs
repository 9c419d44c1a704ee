//! One value for each key and its origin: built in < file < environment < flag.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use super::{
    environment::Environment,
    errors::{ConfigErrors, NOT_TOML},
    raw::{self, Pairs, Position, RawValue},
};
use crate::text::quantity;

/// The built-in values.
pub const DEFAULTS: &str = include_str!("default.toml");
/// Lists of tables, which are read separately.
const LISTS: [&str; 6] = ["feeds", "projects", "phrases", "channels", "checks", "sites"];
/// Longest duration of a setting.
const CENTURY: Duration = Duration::from_hours(36_500 * 24);
/// Error for a time limit of zero.
pub(super) const NO_TIME: &str = "nothing is done within no time; give a limit such as 10s";
/// Error for a value with a control character, which would reach a header, a name or an address.
pub(super) const CONTROL: &str = "holds a control character, such as a line break";
/// Prefix of variables that set a value.
const PREFIX: &str = "TGE_SCRAPE_";

/// A position in a settings file, shown as `FILE:LINE:COLUMN`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub file: Arc<str>,
    pub at: Position,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.at)
    }
}

impl Place {
    /// Another position in the same file.
    pub fn with(&self, at: Position) -> Self {
        Self { file: Arc::clone(&self.file), at }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    BuiltIn,
    File(Place),
    Environment(String),
    Flag(&'static str),
}

impl Origin {
    pub fn show(&self) -> String {
        match self {
            Self::BuiltIn => "built in".to_owned(),
            Self::File(place) => place.to_string(),
            Self::Environment(name) => name.clone(),
            Self::Flag(name) => (*name).to_owned(),
        }
    }

    /// Another position in the file, if it is one.
    pub fn at(&self, at: Position) -> Self {
        match self {
            Self::File(place) => Self::File(place.with(at)),
            other => other.clone(),
        }
    }
}

/// One table of a list.
#[derive(Debug, Clone)]
pub struct Row {
    pub place: Place,
    pub pairs: Pairs,
}

#[derive(Debug)]
pub struct Layers {
    /// By `section.key`.
    pub values: BTreeMap<String, (RawValue, Origin)>,
    /// `[[feeds]]`, `[[projects]]`, `[[channels]]`.
    pub lists: BTreeMap<&'static str, Vec<Row>>,
    pub errors: ConfigErrors,
}

impl Layers {
    pub fn built_in() -> Self {
        let mut layers =
            Self { values: BTreeMap::new(), lists: BTreeMap::new(), errors: ConfigErrors::default() };
        for (section, _, table) in raw::parse(DEFAULTS).unwrap_or_default() {
            if let RawValue::Table(pairs) = table {
                for (key, _, value) in pairs {
                    layers.values.insert(format!("{section}.{key}"), (value, Origin::BuiltIn));
                }
            }
        }
        layers
    }

    /// Overrides values with those of the file `name`.
    pub fn merge_file(&mut self, name: &str, text: &str) {
        let file: Arc<str> = name.into();
        let place = |at: Position| Place { file: Arc::clone(&file), at };
        let tables = match raw::parse(text) {
            Ok(tables) => tables,
            Err((at, reason)) => {
                self.errors.add(&place(at), format!("{NOT_TOML}: {}", reason.replace('\n', " ")));
                return;
            }
        };
        for (section, at, value) in tables {
            if let Some(list) = LISTS.into_iter().find(|list| *list == section) {
                self.merge_list(list, &place(at.key), value);
                continue;
            }
            let prefix = format!("{section}.");
            let known = self.values.keys().any(|key| key.starts_with(&prefix));
            match value {
                RawValue::Table(pairs) if known => {
                    for (key, at, value) in pairs {
                        let origin = Origin::File(place(at.value));
                        self.set(&format!("{section}.{key}"), &place(at.key), value, origin);
                    }
                }
                _ if known => {
                    self.errors.add(&place(at.key), format!("{section} is a section: write [{section}]"));
                }
                _ => {
                    let sections = self.values.keys().filter_map(|key| key.split('.').next()).chain(LISTS);
                    let sections: Vec<String> = sections.map(str::to_owned).collect();
                    self.errors.unknown(&place(at.key), &section, sections.iter().map(String::as_str));
                }
            }
        }
    }

    fn merge_list(&mut self, list: &'static str, place: &Place, value: RawValue) {
        let RawValue::Array(rows) = value else {
            self.errors.add(place, format!("{list} is a list of tables: write [[{list}]]"));
            return;
        };
        let rows = rows.into_iter().filter_map(|(at, row)| {
            if let RawValue::Table(pairs) = row {
                let first = pairs.first().map_or(at, |(_, at, _)| at.key);
                Some(Row { place: place.with(first), pairs })
            } else {
                self.errors.add(&place.with(at), format!("{list} is a list of tables: write [[{list}]]"));
                None
            }
        });
        let rows: Vec<Row> = rows.collect();
        self.lists.entry(list).or_default().extend(rows);
    }

    /// Overrides values with variables such as `TGE_SCRAPE_HTTP__CONCURRENCY`.
    pub fn merge_environment(&mut self, environment: &Environment) {
        for (rest, text) in environment.with_prefix(PREFIX) {
            let Some((section, key)) = rest.split_once("__") else {
                self.note_single_underscore(rest);
                continue;
            };
            let (path, name) = (format!("{section}.{key}").to_lowercase(), format!("{PREFIX}{rest}"));
            let value = match self.values.get(&path) {
                Some((wanted, _)) => raw::from_variable(text, wanted),
                None => RawValue::String(text.to_owned()),
            };
            self.set(&path, &name, value, Origin::Environment(name.clone()));
        }
    }

    /// Reports a variable that lacks one underscore to be a setting.
    fn note_single_underscore(&mut self, rest: &str) {
        let message = rest.to_lowercase();
        let meant = self.values.keys().find(|path| path.replace('.', "_") == message);
        if let Some(path) = meant.filter(|path| *path != "state.dir") {
            let right = path.replace('.', "__").to_uppercase();
            let advice = format!("sets nothing; did you mean {PREFIX}{right}?");
            self.errors.add(&format!("{PREFIX}{rest}"), advice);
        }
    }

    /// Sets one value; an unknown key is an error.
    pub fn set(&mut self, path: &str, place: &impl fmt::Display, value: RawValue, origin: Origin) {
        if let Some(slot) = self.values.get_mut(path) {
            *slot = (value, origin);
        } else {
            let known: Vec<String> = self.values.keys().cloned().collect();
            self.errors.unknown(place, path, known.iter().map(String::as_str));
        }
    }

    pub fn wrong(&mut self, path: &str, message: impl Into<String>) {
        let place = self.values[path].1.show();
        self.errors.add(&place, format!("{path}: {}", message.into()));
    }

    /// As [`Layers::wrong`], for a secret that the value at `path` names.
    pub fn wrong_secret(&mut self, path: &str, message: impl Into<String>) {
        let place = self.values[path].1.show();
        self.errors.add_secret(&place, format!("{path}: {}", message.into()));
    }

    /// Every load reads every path, so a path that default.toml lacks panics in each test.
    fn value(&self, path: &str) -> RawValue {
        self.values[path].0.clone()
    }

    pub fn is_built_in(&self, path: &str) -> bool {
        self.values[path].1 == Origin::BuiltIn
    }

    pub fn is_text(&self, path: &str, wanted: &str) -> bool {
        matches!(&self.values[path].0, RawValue::String(text) if text == wanted)
    }

    pub fn text(&mut self, path: &str) -> String {
        match self.value(path) {
            RawValue::String(text) if text.chars().any(char::is_control) => {
                self.wrong(path, CONTROL);
                String::new()
            }
            RawValue::String(text) => text,
            other => {
                self.wrong(path, format!("should be a text, is {}", other.kind()));
                String::new()
            }
        }
    }

    pub fn flag(&mut self, path: &str) -> bool {
        match self.value(path) {
            RawValue::Boolean(flag) => flag,
            other => {
                self.wrong(path, format!("should be true or false, is {}", other.kind()));
                false
            }
        }
    }

    pub fn whole(&mut self, path: &str, range: std::ops::RangeInclusive<i64>) -> i64 {
        match self.value(path) {
            RawValue::Integer(number) if range.contains(&number) => number,
            RawValue::Integer(number) => {
                self.wrong(
                    path,
                    format!("should be between {} and {}, is {number}", range.start(), range.end()),
                );
                *range.start()
            }
            other => {
                self.wrong(path, format!("should be a whole number, is {}", other.kind()));
                *range.start()
            }
        }
    }

    pub fn number(&mut self, path: &str, range: std::ops::RangeInclusive<f64>) -> f64 {
        let number = match self.value(path) {
            RawValue::Float(number) => number,
            #[expect(clippy::cast_precision_loss, reason = "no setting is anywhere near 2^53")]
            RawValue::Integer(number) => number as f64,
            other => {
                self.wrong(path, format!("should be a number, is {}", other.kind()));
                return *range.start();
            }
        };
        if !range.contains(&number) {
            self.wrong(path, format!("should be between {} and {}, is {number}", range.start(), range.end()));
        }
        number
    }

    pub fn duration(&mut self, path: &str) -> Duration {
        let text = self.text(path);
        duration(&text).unwrap_or_else(|message| {
            self.wrong(path, message);
            Duration::ZERO
        })
    }

    /// A duration that is not zero.
    pub fn time_limit(&mut self, path: &str) -> Duration {
        let (before, duration) = (self.errors.0.len(), self.duration(path));
        if duration.is_zero() && self.errors.0.len() == before {
            self.wrong(path, NO_TIME);
        }
        duration
    }

    /// A duration within bounds.
    pub fn duration_within(&mut self, path: &str, least: Duration, most: Duration) -> Duration {
        let (before, duration) = (self.errors.0.len(), self.duration(path));
        if !(least..=most).contains(&duration) && self.errors.0.len() == before {
            let show = quantity::show_duration;
            self.wrong(
                path,
                format!("should be between {} and {}, is {}", show(least), show(most), show(duration)),
            );
        }
        duration
    }

    /// Bytes.
    pub fn size(&mut self, path: &str) -> u64 {
        let text = self.text(path);
        quantity::size(&text).unwrap_or_else(|message| {
            self.wrong(path, message);
            0
        })
    }

    /// Bytes.
    pub fn size_limit(&mut self, path: &str, least: u64, most: u64) -> u64 {
        let (before, size) = (self.errors.0.len(), self.size(path));
        if !(least..=most).contains(&size) && self.errors.0.len() == before {
            let show = quantity::show_size;
            let allowed = if most == u64::MAX {
                format!("at least {}", show(least))
            } else {
                format!("between {} and {}", show(least), show(most))
            };
            self.wrong(path, format!("should be {allowed}, is {}", show(size)));
        }
        size
    }

    /// A program and its arguments, which may contain line breaks but no NUL.
    pub fn command(&mut self, path: &str) -> Vec<String> {
        let command = self.any_texts(path);
        if command.iter().any(|argument| argument.contains('\0')) {
            self.wrong(path, CONTROL);
        }
        command
    }

    pub fn texts(&mut self, path: &str) -> Vec<String> {
        let texts = self.any_texts(path);
        if texts.iter().any(|text| text.chars().any(char::is_control)) {
            self.wrong(path, CONTROL);
        }
        texts
    }

    fn any_texts(&mut self, path: &str) -> Vec<String> {
        let RawValue::Array(list) = self.value(path) else {
            self.wrong(path, "should be a list of texts");
            return Vec::new();
        };
        let mut texts = Vec::new();
        for (at, value) in list {
            if let RawValue::String(text) = value {
                texts.push(text);
            } else {
                let message = format!("{path}: should be a list of texts, has {}", value.kind());
                let place = self.values[path].1.at(at).show();
                self.errors.add(&place, message);
                return Vec::new();
            }
        }
        texts
    }
}

/// A duration of at most a century: sums with longer ones would overflow a timestamp.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    match quantity::duration(text) {
        Ok(duration) if duration > CENTURY => Err(format!("should be at most 36500d, is {text}")),
        read => read,
    }
}
