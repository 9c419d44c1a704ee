//! A settings file as untyped values with their positions.

use std::{fmt, ops::Range};

use toml_edit::{Document, Item, TableLike, Value};

/// Bytes between two counts of [`Positions`].
const BLOCK: usize = 256;

/// A place in a text: line and column, from 1. Columns count characters; a tab is one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    line: usize,
    column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Where a key and its value begin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Places {
    pub key: Position,
    pub value: Position,
}

/// A table's keys, each with its places and value.
pub type Pairs = Vec<(String, Places, RawValue)>;

#[derive(Debug, Clone, PartialEq)]
pub enum RawValue {
    String(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    /// Each value with its position.
    Array(Vec<(Position, RawValue)>),
    Table(Pairs),
}

impl RawValue {
    /// Name of its type in messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::String(_) => "a text",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Boolean(_) => "true or false",
            Self::Array(_) => "a list",
            Self::Table(_) => "a table",
        }
    }

    /// The value itself for numbers, otherwise its kind: a text may be a secret.
    pub fn described(&self) -> String {
        match self {
            Self::Integer(_) | Self::Float(_) => self.show(),
            other => other.kind().to_owned(),
        }
    }

    /// Whether one of its texts or keys satisfies `is`.
    pub fn any_text(&self, is: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Self::String(text) => is(text),
            Self::Array(list) => list.iter().any(|(_, value)| value.any_text(is)),
            Self::Table(pairs) => pairs.iter().any(|(key, _, value)| is(key) || value.any_text(is)),
            Self::Integer(_) | Self::Float(_) | Self::Boolean(_) => false,
        }
    }

    /// As TOML.
    pub fn show(&self) -> String {
        match self {
            Self::String(text) => Value::from(text.as_str()).to_string(),
            Self::Integer(number) => number.to_string(),
            Self::Float(number) => Value::from(*number).to_string(),
            Self::Boolean(flag) => flag.to_string(),
            Self::Array(list) => {
                let values = list.iter().map(|(_, value)| value.show());
                format!("[{}]", values.collect::<Vec<_>>().join(", "))
            }
            Self::Table(table) => {
                let pairs = table.iter().map(|(key, _, value)| format!("{key} = {}", value.show()));
                format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// Finds the positions of byte offsets. Counting from the top of the text or of a long line for each key would be
/// quadratic.
struct Positions<'a> {
    text: &'a [u8],
    /// Offsets of line breaks.
    ends: Vec<usize>,
    /// Number of characters before each [`BLOCK`].
    counts: Vec<usize>,
}

impl<'a> Positions<'a> {
    fn new(text: &'a str) -> Self {
        let text = text.as_bytes();
        let counts =
            text.chunks(BLOCK).scan(0, |sum, block| Some(std::mem::replace(sum, *sum + characters(block))));
        Self { text, ends: memchr::memchr_iter(b'\n', text).collect(), counts: counts.collect() }
    }

    /// Number of characters before the offset `at`.
    fn count(&self, at: usize) -> usize {
        let at = at.min(self.text.len());
        let Some(whole) = self.counts.get(at / BLOCK) else {
            return self
                .counts
                .last()
                .map_or(0, |sum| sum + characters(self.text.chunks(BLOCK).next_back().unwrap_or_default()));
        };
        whole + characters(&self.text[at / BLOCK * BLOCK..at])
    }

    fn at(&self, at: usize) -> Position {
        let line = self.ends.partition_point(|end| *end < at);
        let start = line.checked_sub(1).map_or(0, |before| self.ends[before] + 1);
        // A byte order mark is no character of the first line.
        let mark = usize::from(start == 0 && at > 0 && self.text.starts_with("\u{feff}".as_bytes()));
        let before = match self.text.get(start..at) {
            Some(part) if part.len() <= BLOCK => characters(part),
            _ => self.count(at) - self.count(start),
        };
        Position { line: line + 1, column: before - mark + 1 }
    }

    fn start(&self, span: Option<Range<usize>>) -> Option<Position> {
        span.map(|span| self.at(span.start))
    }
}

/// Number of characters that begin in `bytes`, a part of a text in UTF-8.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

/// The position after `text`.
pub fn end_of(text: &str) -> Position {
    Positions::new(text).at(text.len())
}

/// Parses `text`; an error has its position and reason.
pub fn parse(text: &str) -> Result<Pairs, (Position, String)> {
    let positions = Positions::new(text);
    let document = Document::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        (positions.at(at), error.message().to_owned())
    })?;
    Ok(table(document.as_table(), &positions))
}

fn table(table: &dyn TableLike, positions: &Positions<'_>) -> Pairs {
    let mut found = Vec::new();
    for (name, item) in table.iter() {
        let [key, value] = [table.key(name).and_then(toml_edit::Key::span), item.span()];
        let [key, value] = [key, value].map(|span| positions.start(span));
        let key = key.or(value).unwrap_or_default();
        if let Some(raw) = from_item(item, positions) {
            found.push((name.to_owned(), Places { key, value: value.unwrap_or(key) }, raw));
        }
    }
    found
}

fn from_item(item: &Item, positions: &Positions<'_>) -> Option<RawValue> {
    match item {
        Item::None => None,
        Item::Value(value) => Some(from_value(value, positions)),
        Item::Table(inner) => Some(RawValue::Table(table(inner, positions))),
        Item::ArrayOfTables(tables) => {
            let rows = tables.iter().map(|inner| {
                let at = positions.start(inner.span()).unwrap_or_default();
                (at, RawValue::Table(table(inner, positions)))
            });
            Some(RawValue::Array(rows.collect()))
        }
    }
}

fn from_value(value: &Value, positions: &Positions<'_>) -> RawValue {
    match value {
        Value::String(text) => RawValue::String(text.value().clone()),
        Value::Integer(number) => RawValue::Integer(*number.value()),
        Value::Float(number) => RawValue::Float(*number.value()),
        Value::Boolean(flag) => RawValue::Boolean(*flag.value()),
        Value::Datetime(date) => RawValue::String(date.value().to_string()),
        Value::Array(list) => {
            let values = list.iter().map(|value| {
                (positions.start(value.span()).unwrap_or_default(), from_value(value, positions))
            });
            RawValue::Array(values.collect())
        }
        Value::InlineTable(inner) => RawValue::Table(table(inner, positions)),
    }
}

/// The value of an environment variable: TOML if it parses, otherwise a text. A list may also be separated by
/// commas.
pub fn from_variable(text: &str, wanted: &RawValue) -> RawValue {
    let parsed = text.parse::<Value>().ok().map(|value| from_value(&value, &Positions::new(text)));
    match (wanted, parsed) {
        (RawValue::String(_), Some(RawValue::String(text))) => RawValue::String(text),
        (RawValue::String(_), _) => RawValue::String(text.to_owned()),
        (RawValue::Array(_), None) => RawValue::Array(
            text.split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(|part| (Position::default(), RawValue::String(part.to_owned())))
                .collect(),
        ),
        (_, Some(value)) => value,
        (_, None) => RawValue::String(text.to_owned()),
    }
}
