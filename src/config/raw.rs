//! A settings file as untyped values with their lines.

use toml_edit::{Document, Item, TableLike, Value};

/// A table's keys, each with its line and value.
pub type Pairs = Vec<(String, usize, RawValue)>;

#[derive(Debug, Clone, PartialEq)]
pub enum RawValue {
    String(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    Array(Vec<RawValue>),
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
            Self::Array(list) => list.iter().any(|value| value.any_text(is)),
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
            Self::Array(list) => format!("[{}]", list.iter().map(Self::show).collect::<Vec<_>>().join(", ")),
            Self::Table(table) => {
                let pairs = table.iter().map(|(key, _, value)| format!("{key} = {}", value.show()));
                format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// Parses `text`; an error has its line and reason.
pub fn parse(text: &str) -> Result<Pairs, (usize, String)> {
    // Counting lines from the top for each key would be quadratic.
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    let line = |at: usize| ends.partition_point(|end| *end < at) + 1;
    let document = Document::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        (line(at), error.message().to_owned())
    })?;
    Ok(table(document.as_table(), &line))
}

fn table(table: &dyn TableLike, line: &dyn Fn(usize) -> usize) -> Pairs {
    let mut found = Vec::new();
    for (name, item) in table.iter() {
        let key = table.key(name).and_then(toml_edit::Key::span);
        let at = key.or_else(|| item.span()).map_or(0, |span| span.start);
        if let Some(value) = from_item(item, line) {
            found.push((name.to_owned(), line(at), value));
        }
    }
    found
}

fn from_item(item: &Item, line: &dyn Fn(usize) -> usize) -> Option<RawValue> {
    match item {
        Item::None => None,
        Item::Value(value) => Some(from_value(value, line)),
        Item::Table(inner) => Some(RawValue::Table(table(inner, line))),
        Item::ArrayOfTables(tables) => {
            Some(RawValue::Array(tables.iter().map(|inner| RawValue::Table(table(inner, line))).collect()))
        }
    }
}

fn from_value(value: &Value, line: &dyn Fn(usize) -> usize) -> RawValue {
    match value {
        Value::String(text) => RawValue::String(text.value().clone()),
        Value::Integer(number) => RawValue::Integer(*number.value()),
        Value::Float(number) => RawValue::Float(*number.value()),
        Value::Boolean(flag) => RawValue::Boolean(*flag.value()),
        Value::Datetime(date) => RawValue::String(date.value().to_string()),
        Value::Array(list) => RawValue::Array(list.iter().map(|value| from_value(value, line)).collect()),
        Value::InlineTable(inner) => RawValue::Table(table(inner, line)),
    }
}

/// The value of an environment variable: TOML if it parses, otherwise a text. A list may also be separated by
/// commas.
pub fn from_variable(text: &str, wanted: &RawValue) -> RawValue {
    let parsed = text.parse::<Value>().ok().map(|value| from_value(&value, &|_| 0));
    match (wanted, parsed) {
        (RawValue::String(_), Some(RawValue::String(text))) => RawValue::String(text),
        (RawValue::String(_), _) => RawValue::String(text.to_owned()),
        (RawValue::Array(_), None) => RawValue::Array(
            text.split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(|part| RawValue::String(part.to_owned()))
                .collect(),
        ),
        (_, Some(value)) => value,
        (_, None) => RawValue::String(text.to_owned()),
    }
}
