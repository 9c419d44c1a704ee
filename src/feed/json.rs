//! JSON to values, with common errors repaired. Lists are cut and a document of millions of values is refused, because
//! three bytes of JSON can take a hundred bytes of memory.

use std::{cell::Cell, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::MOST_ENTRIES;

/// Values of one document: a thousand entries of two hundred each.
const MOST_VALUES: usize = 200_000;

/// Reads `text`; of each list the first [`MOST_ENTRIES`] values.
pub fn read(text: &str) -> Result<Value, String> {
    strict(text).or_else(|error| strict(&repaired(text).ok_or(error)?))
}

/// `text` without two common errors in strings: bare control characters, and escapes for one half of a UTF-16 pair. `None`
/// where it has neither.
fn repaired(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c == '\\' || (c.is_ascii_control() && c != '\u{7f}')) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(escape) = rest.strip_prefix('\\') else {
            // White space of any kind means the same between values.
            out.push_str(if rest.starts_with(['\n', '\r', '\t']) { " " } else { "" });
            rest = &rest[1..];
            continue;
        };
        let length = match unit(escape) {
            Some(0xd800..=0xdbff) => match escape.get(5..).and_then(|next| unit(next.strip_prefix('\\')?)) {
                Some(0xdc00..=0xdfff) => 12,
                _ => 0,
            },
            Some(0xdc00..=0xdfff) => 0,
            _ => 1 + escape.chars().next().map_or(0, char::len_utf8),
        };
        out.push_str(&rest[..length]);
        rest = &rest[if length == 0 { 6 } else { length }..];
    }
    out.push_str(rest);
    (out != text).then_some(out)
}

/// The number of an escape such as `ud83d`.
fn unit(escape: &str) -> Option<u16> {
    u16::from_str_radix(escape.strip_prefix('u')?.get(..4)?, 16).ok()
}

/// A string or a number as text; empty for anything else.
pub fn text(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

fn strict(text: &str) -> Result<Value, String> {
    let left = Cell::new(MOST_VALUES);
    let mut document = serde_json::Deserializer::from_str(text);
    let value = Bounded { left: &left }.deserialize(&mut document);
    value.and_then(|value| document.end().map(|()| value)).map_err(|error| error.to_string())
}

#[derive(Clone, Copy)]
struct Bounded<'a> {
    left: &'a Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        let left = self.left.get().checked_sub(1);
        self.left.set(left.ok_or_else(|| D::Error::custom(format_args!("more than {MOST_VALUES} values")))?);
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(flag.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while list.len() < MOST_ENTRIES {
            let Some(value) = items.next_element_seed(self)? else { return Ok(list.into()) };
            list.push(value);
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = fields.next_key::<String>()? {
            map.insert(key, fields.next_value_seed(self)?);
        }
        Ok(map.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_of_usual_size_is_read_as_it_is() {
        let text = r#"{"a": [1, -2, 2.5, "x\u00e9", null, true, {}], "b": {"c": []}}"#;
        assert_eq!(read(text).unwrap(), serde_json::from_str::<Value>(text).unwrap());
        assert!(read("{} {}").is_err() && read("[1,").is_err());
    }

    #[test]
    fn what_json_forbids_costs_no_feed() {
        for (text, meant) in [
            (r#"["a \ud83d b", "\ud83d\ude80", "\ude80c"]"#, r#"["a  b", "🚀", "c"]"#),
            (r#"["\\ud83d", "\"\ud83d", "\ud83d\u0041", "\ud83d\""]"#, r#"["\\ud83d", "\"", "A", "\""]"#),
            ("[\"one\u{8}two\nthree\", \n\t4]", r#"["onetwo three", 4]"#),
        ] {
            let meant: Option<Value> = serde_json::from_str(meant).ok();
            assert_eq!(read(text).ok(), meant, "{text}");
        }
    }

    #[test]
    fn what_would_fill_memory_is_cut_or_refused() {
        let long = format!("[{}0]", "1,".repeat(2_000_000));
        assert_eq!(read(&long).unwrap().as_array().map(Vec::len), Some(MOST_ENTRIES));
        let row = format!("[{}0],", "1,".repeat(999));
        assert!(read(&format!("[{}0]", row.repeat(300))).unwrap_err().contains("more than"));
        assert!(read(&"[".repeat(100_000)).is_err());
    }
}
