//! Paths and templates of a field mapping.

use std::borrow::Cow;

use serde_json::Value;

use crate::{feed::json, text::address};

/// Stands for the item's own key, or its position in a list.
const KEY: &str = "@key";
/// Stands for the item itself, where that is a text or a number.
const ITEM: &str = "@value";

/// One item of a list or of an object.
pub struct Item<'a> {
    pub key: Cow<'a, str>,
    pub value: &'a Value,
}

/// The items of a list or of an object; `None` for anything else. `null` is an empty list.
pub fn items(value: &Value) -> Option<Vec<Item<'_>>> {
    match value {
        Value::Array(list) => {
            let item = |(at, value)| Item { key: Cow::Owned(usize::to_string(&at)), value };
            Some(list.iter().enumerate().map(item).collect())
        }
        Value::Object(map) => {
            Some(map.iter().map(|(key, value)| Item { key: Cow::Borrowed(key.as_str()), value }).collect())
        }
        Value::Null => Some(Vec::new()),
        _ => None,
    }
}

/// The value at a dotted path; numbers are positions in lists, negative ones from the end. The empty path is the value
/// itself.
pub fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    parts(path).try_fold(value, step)
}

/// The last value on the way along `path`, and the path to it.
pub fn last_found<'a, 'p>(value: &'a Value, path: &'p str) -> (&'a Value, &'p str) {
    let (mut found, mut end) = (value, 0);
    for part in parts(path) {
        let Some(next) = step(found, part) else { break };
        found = next;
        end = end + part.len() + usize::from(end > 0);
    }
    (found, &path[..end.min(path.len())])
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('.').filter(|part| !part.is_empty())
}

fn step<'a>(value: &'a Value, part: &str) -> Option<&'a Value> {
    let Value::Array(list) = value else { return value.get(part) };
    match part.parse::<isize>().ok()? {
        position @ ..0 => list.get(list.len().checked_sub(position.unsigned_abs())?),
        position => list.get(position.unsigned_abs()),
    }
}

/// Sets the value at a dotted path; objects that are missing on the way are added.
pub fn set(root: &mut Value, path: &str, new: Value) -> Option<()> {
    let mut target = root;
    for part in parts(path) {
        target = match target {
            Value::Array(list) => list.get_mut(part.parse::<usize>().ok()?)?,
            Value::Object(map) => map.entry(part).or_insert(Value::Null),
            empty @ Value::Null => {
                *empty = Value::Object(serde_json::Map::new());
                empty.as_object_mut()?.entry(part).or_insert(Value::Null)
            }
            _ => return None,
        };
    }
    *target = new;
    Some(())
}

/// What a path must not have.
pub fn check(path: &str) -> Result<(), String> {
    let is_name = path.starts_with('@');
    if is_name && path != KEY && path != ITEM {
        return Err(format!("{path:?} is no path; of this form there are {KEY} and {ITEM}"));
    }
    if path.split('.').any(|part| part.trim() != part || (part.is_empty() && !path.is_empty())) {
        return Err(format!(
            "{path:?} is no path; write keys and positions with dots between, as data.0.title"
        ));
    }
    Ok(())
}

/// A part of a template.
enum Part<'a> {
    Text(&'a str),
    Path {
        path: &'a str,
        /// Whether the value may have the characters that separate parts of an address (`{+path}`, RFC 6570).
        reserved: bool,
    },
}

/// A path, or a template with paths in braces.
pub struct Field<'a>(Vec<Part<'a>>);

impl<'a> Field<'a> {
    /// Reads a field of the mapping; the empty text has no parts.
    pub fn new(text: &'a str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self(Vec::new()));
        }
        if !text.contains(['{', '}']) {
            check(text)?;
            return Ok(Self(vec![Part::Path { path: text, reserved: true }]));
        }
        let wrong =
            || format!("{text:?} is no template; write a path in braces, as https://venue.example/{{id}}");
        let mut found = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('{') {
            let (path, after) = behind.split_once('}').ok_or_else(wrong)?;
            let name = path.strip_prefix('+').unwrap_or(path);
            if before.contains('}') || name.is_empty() || name.contains('{') {
                return Err(wrong());
            }
            check(name)?;
            found.push(Part::Text(before));
            found.push(Part::Path { path: name, reserved: path.len() > name.len() });
            rest = after;
        }
        if rest.contains('}') {
            return Err(wrong());
        }
        found.push(Part::Text(rest));
        Ok(Self(found))
    }

    pub fn is_set(&self) -> bool {
        !self.0.is_empty()
    }

    pub fn paths(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.0.iter().filter_map(|part| match part {
            Part::Path { path, .. } => Some(*path),
            Part::Text(_) => None,
        })
    }

    /// The text of an item; empty where it has nothing at any of the paths.
    pub fn text(&self, item: &Item<'_>) -> String {
        let mut out = String::new();
        let mut is_empty = true;
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Path { path, .. } => {
                    let value = value_text(item, path);
                    is_empty &= value.is_empty();
                    out.push_str(&value);
                }
            }
        }
        if is_empty { String::new() } else { out }
    }

    /// The address of an item, values escaped; empty where it has nothing at one of the paths.
    pub fn address(&self, item: &Item<'_>) -> String {
        let is_template = self.0.len() > 1;
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Path { path, reserved } => {
                    let value = value_text(item, path);
                    if value.is_empty() {
                        return String::new();
                    }
                    out.push_str(&match (is_template, reserved) {
                        (false, _) => value,
                        (true, false) => address::escaped(&value),
                        (true, true) => address::escaped_path(&value),
                    });
                }
            }
        }
        out
    }
}

/// The text or number at `path` of an item.
pub fn value_text(item: &Item<'_>, path: &str) -> String {
    match path {
        KEY => item.key.clone().into_owned(),
        ITEM => json::text(Some(item.value)),
        path => json::text(at(item.value, path)),
    }
}

/// Whether an item has anything at `path`, even if it is empty.
pub fn has(item: &Item<'_>, path: &str) -> bool {
    path == KEY || path == ITEM || at(item.value, path).is_some()
}
