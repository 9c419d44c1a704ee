//! Lists in CSV, JSON or plain lines as records of named values, each with its line.

use std::collections::BTreeMap;

use serde_json::{Value, value::RawValue};

/// Characters that separate the values of a CSV line.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Deepest objects in objects whose array is taken as the list, such as `{"data": {"list": […]}}`.
const DEEPEST: usize = 4;

/// One row of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// Its line, from 1.
    pub line: usize,
    /// Names as [`column`] makes them, with the values: one in CSV, several in a JSON array. A row without names has one
    /// pair with an empty name.
    pub fields: Vec<(String, Vec<String>)>,
}

/// A row that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongRecord {
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong; continues a sentence about the row.
    pub reason: String,
}

/// Rows in the order of the list.
pub type Records = Vec<Result<Record, WrongRecord>>;

/// The name of a column without case, spaces and signs: "Feed URL" and `feed_url` are the same.
#[must_use]
pub fn column(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The columns of a line, as [`column`] makes them.
#[must_use]
pub fn header(line: &str) -> Vec<String> {
    let mut rows = reader(line, separator(line), false);
    rows.records()
        .next()
        .and_then(Result::ok)
        .map_or_else(Vec::new, |names| names.iter().map(column).collect())
}

/// Reads CSV with a header, separated by comma, semicolon, tab or bar. Empty lines do not count.
///
/// # Errors
/// No header.
pub fn csv(text: &str) -> Result<Records, String> {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let mut rows = reader(text, separator(first), true);
    let names: Vec<String> = rows.headers().map_err(|error| error.to_string())?.iter().map(column).collect();
    let mut found = Vec::new();
    let (mut line, mut counted) = (1, 0);
    for row in rows.records() {
        let row = row.map_err(|error| error.to_string())?;
        // The reader's own position is before the empty lines that it skips.
        let start = row.position().map_or(counted, |at| usize::try_from(at.byte()).unwrap_or(usize::MAX));
        let rest = text.as_bytes().get(start..).unwrap_or_default();
        let start = start + rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        line += memchr::memchr_iter(b'\n', text.as_bytes().get(counted..start).unwrap_or_default()).count();
        counted = start;
        if row.iter().any(|cell| !cell.is_empty()) {
            let fields = cells(&names, &row);
            found.push(match fields {
                Ok(fields) => Ok(Record { line, fields }),
                Err(reason) => Err(WrongRecord { line, reason }),
            });
        }
    }
    Ok(found)
}

fn reader(text: &str, separator: u8, headers: bool) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .delimiter(separator)
        .flexible(true)
        .trim(csv::Trim::All)
        .has_headers(headers)
        .from_reader(text.as_bytes())
}

/// The separator of a header: the one that stands in it most.
fn separator(line: &str) -> u8 {
    let count = |separator: &u8| line.bytes().filter(|byte| byte == separator).count();
    // Of equal counts the last is the maximum.
    SEPARATORS.into_iter().rev().max_by_key(count).unwrap_or(b',')
}

fn cells(names: &[String], row: &csv::StringRecord) -> Result<Vec<(String, Vec<String>)>, String> {
    if row.len() > names.len() && row.iter().skip(names.len()).any(|cell| !cell.is_empty()) {
        return Err(format!("has {} values for {} columns", row.len(), names.len()));
    }
    if row.iter().any(|cell| cell.contains('\n')) {
        return Err("has a value over several lines; a quote may be missing".to_owned());
    }
    let filled = names.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
    Ok(filled.map(|(name, cell)| (name.clone(), vec![cell.to_owned()])).collect())
}

/// Reads plain lines: a value each. A line that begins with `#` and what follows a space and `#` is a comment.
#[must_use]
pub fn lines(text: &str) -> Records {
    let value = |line: &str| {
        let comment = line
            .match_indices('#')
            .map(|(at, _)| at)
            .find(|at| line[..*at].chars().next_back().is_none_or(char::is_whitespace));
        line[..comment.unwrap_or(line.len())].trim().to_owned()
    };
    let values = text.lines().map(value).enumerate().filter(|(_, value)| !value.is_empty());
    values
        .map(|(at, value)| Ok(Record { line: at + 1, fields: vec![(String::new(), vec![value])] }))
        .collect()
}

/// Reads a JSON array of texts or objects, an object that holds such an array, preferably under one of `names`, or one
/// object a line.
///
/// # Errors
/// Where the text is no JSON, with line and column, or holds no array.
pub fn json(text: &str, names: &[&str]) -> Result<Records, String> {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(whole) => {
            let items = array(whole, names, DEEPEST).ok_or("it holds no array")?;
            let (mut line, mut counted) = (1, 0);
            let mut next = |item: &&RawValue| {
                // Each item is a part of `text`.
                let start = (item.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
                line += memchr::memchr_iter(b'\n', &text.as_bytes()[counted..start]).count();
                counted = start;
                record(line, item.get())
            };
            Ok(items.iter().map(&mut next).collect())
        }
        Err(error) => ndjson(text).ok_or_else(|| format!("not JSON: {error}")),
    }
}

/// Records of one object a line; `None` if a line is none.
fn ndjson(text: &str) -> Option<Records> {
    let rows = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let rows: Option<Records> =
        rows.map(|(at, line)| line.trim_start().starts_with('{').then(|| record(at + 1, line))).collect();
    rows.filter(|rows| rows.len() > 1 && rows.first().is_some_and(Result::is_ok))
}

/// The array that is the list: `value` itself, or the first in an object, those under `names` before others.
fn array<'a>(value: &'a RawValue, names: &[&str], depth: usize) -> Option<Vec<&'a RawValue>> {
    if let Ok(items) = serde_json::from_str(value.get()) {
        return Some(items);
    }
    let inner: BTreeMap<String, &RawValue> = serde_json::from_str(value.get()).ok().filter(|_| depth > 0)?;
    let (named, others): (Vec<_>, Vec<_>) =
        inner.iter().partition(|(name, _)| names.contains(&name.as_str()));
    named.into_iter().chain(others).find_map(|(_, value)| array(value, names, depth - 1))
}

fn record(line: usize, text: &str) -> Result<Record, WrongRecord> {
    let wrong = |reason: String| WrongRecord { line, reason };
    match serde_json::from_str(text) {
        Ok(Value::String(value)) => Ok(Record { line, fields: vec![(String::new(), vec![value])] }),
        Ok(Value::Object(pairs)) => {
            let fields = pairs.iter().filter_map(|(name, value)| {
                let values = values(value);
                (!values.is_empty()).then(|| (column(name), values))
            });
            Ok(Record { line, fields: fields.collect() })
        }
        Ok(_) => Err(wrong("is neither a text nor an object".to_owned())),
        Err(error) => Err(wrong(format!("is not JSON: {error}"))),
    }
}

/// The texts of a value; deeper arrays and objects have none.
fn values(value: &Value) -> Vec<String> {
    let one = |value: &Value| match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    };
    match value {
        Value::Array(list) => list.iter().filter_map(one).collect(),
        other => one(other).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each record as `LINE name=value,value …`, or the reason why there is none.
    fn shown(records: Records) -> Vec<String> {
        let one = |record: Result<Record, WrongRecord>| match record {
            Ok(record) => {
                let fields =
                    record.fields.iter().map(|(name, values)| format!(" {name}={}", values.join(",")));
                format!("{}{}", record.line, fields.collect::<String>())
            }
            Err(wrong) => format!("{} {}", wrong.line, wrong.reason),
        };
        records.into_iter().map(one).collect()
    }

    #[test]
    fn csv_rows_have_lines_and_names() {
        let text = "\n\"Feed URL\";Na_me ;x\r\n\r\nhttps://a.example;\"A; b\"\r\n;;\r\nhttps://b.example;B;1;\r\nhttps://c.example;C;1;2\r\n\"https://d.example;D\r\nhttps://e.example;E;1\r\n";
        assert_eq!(
            shown(csv(text).unwrap()),
            [
                "4 feedurl=https://a.example name=A; b",
                "6 feedurl=https://b.example name=B x=1",
                "7 has 4 values for 3 columns",
                "8 has a value over several lines; a quote may be missing",
            ]
        );
        assert_eq!(header("Feed URL\tName"), ["feedurl", "name"]);
        assert_eq!(header("url"), ["url"]);
        assert_eq!(header(""), [""; 0]);
    }

    #[test]
    fn a_line_is_a_value_without_its_comment() {
        let text = "# a list\r\n https://a.example/#b # c\r\n\n\t#d\nTwo words\t# e";
        assert_eq!(shown(lines(text)), ["2 =https://a.example/#b", "5 =Two words"]);
    }

    #[test]
    fn json_items_have_lines_and_flat_values() {
        let text = "{\"count\": [1], \"data\": {\"feeds\": [\n \"a\",\n {\"b_c\": [\"d\", 2, {}], \"e\": null, \"f\": true},\n [], 3\n]}}";
        let item = ["2 =a", "3 bc=d,2 f=true"].map(str::to_owned);
        let odd =
            ["4 is neither a text nor an object", "4 is neither a text nor an object"].map(str::to_owned);
        assert_eq!(shown(json(text, &["data"]).unwrap()), [item, odd].concat());
        assert_eq!(shown(json("{\"a\": 1}\n\n{\"a\": 2}\n{oops\n", &[]).unwrap())[..2], ["1 a=1", "3 a=2"]);
        assert!(shown(json("{\"a\": 1}\n{oops", &[]).unwrap())[1].starts_with("2 is not JSON: "));
        for (text, message) in [
            ("{\"a\": 1}", "it holds no array"),
            ("[\"a\",\n  b]", "not JSON: expected value at line 2 column 3"),
            ("{\"a\": 1", "not JSON: EOF"),
        ] {
            assert!(json(text, &[]).unwrap_err().starts_with(message), "{text}: {:?}", json(text, &[]));
        }
    }
}
