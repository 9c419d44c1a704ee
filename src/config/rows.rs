//! `[[feeds]]`, `[[projects]]` and `[[phrases]]`; each error has its position.

mod exec;
mod format;
mod json;

use std::{collections::HashMap, path::Path, sync::Arc, time::Duration};

use strum::VariantNames;
use url::Url;

use super::{
    environment::Environment,
    errors::ConfigErrors,
    layers::{CONTROL, Place, Row, duration},
    raw::RawValue,
};
use crate::{
    detect::{Phrase, Priority, Project},
    model::{Severity, Source},
    text::{
        address,
        login::{has_login, without_login},
        quantity::show_duration,
    },
    visit,
};

pub(super) const FEED_KEYS: [&str; 23] = [
    "url",
    "also",
    "name",
    "site",
    "tier",
    "tags",
    "enabled",
    "every",
    "kind",
    "preset",
    "mapping",
    "select",
    "pages",
    "method",
    "body",
    "cursor",
    "headers",
    "headers_env",
    "command",
    "environment",
    "timeout",
    "memory",
    "verified",
];
pub(super) const PROJECT_KEYS: [&str; 9] =
    ["name", "aliases", "tokens", "exclude", "handles", "domains", "priority", "threshold", "enabled"];
const PHRASE_KEYS: [&str; 2] = ["text", "weight"];
const PRIORITIES: [(&str, Priority); 3] =
    [("high", Priority::High), ("normal", Priority::Normal), ("low", Priority::Low)];
/// Tiers of a source: 1 official, 2 press, 3 noisy.
const TIERS: std::ops::RangeInclusive<i64> = 1..=3;
/// Tier of a source whose settings have none.
pub const DEFAULT_TIER: u8 = 2;

/// Added to the message where two requests may differ in their bodies only. The program's addresses keep such a part, and
/// it is not sent.
const SAME_ADDRESS: &str = "; to read two lists from one address, add a name such as #!second to it";

/// Reads one table key by key and collects errors.
pub(super) struct Reader<'a> {
    pub row: &'a Row,
    pub errors: &'a mut ConfigErrors,
}

impl Reader<'_> {
    /// The value of `key` and its place.
    pub fn find(&self, key: &str) -> Option<(Place, RawValue)> {
        let found = self.row.pairs.iter().find(|(name, _, _)| name == key)?;
        Some((self.row.place.with(found.1.value), found.2.clone()))
    }

    pub fn known(&mut self, keys: &[&str]) {
        for (name, at, _) in self.row.pairs.iter().filter(|(name, ..)| !keys.contains(&name.as_str())) {
            self.errors.unknown(&self.row.place.with(at.key), name, keys.iter().copied());
        }
    }

    pub fn take<T>(
        &mut self,
        key: &str,
        wanted: &str,
        default: T,
        read: impl Fn(RawValue) -> Option<T>,
    ) -> T {
        let Some((place, raw)) = self.find(key) else { return default };
        let kind = raw.described();
        // The arguments of a program may contain line breaks.
        let forbidden = |c: char| if key == "command" { c == '\0' } else { c.is_control() };
        if raw.any_text(&|text| text.trim().contains(forbidden)) {
            self.errors.add(&place, format!("{key}: {CONTROL}"));
            return default;
        }
        read(raw).unwrap_or_else(|| {
            self.errors.add(&place, format!("{key}: should be {wanted}, is {kind}"));
            default
        })
    }

    pub fn text(&mut self, key: &str) -> String {
        self.take(key, "a text", String::new(), |raw| match raw {
            RawValue::String(text) => Some(text.trim().to_owned()),
            _ => None,
        })
    }

    pub fn flag(&mut self, key: &str, default: bool) -> bool {
        self.take(key, "true or false", default, |raw| match raw {
            RawValue::Boolean(flag) => Some(flag),
            _ => None,
        })
    }

    /// `warning` or `critical`.
    pub fn severity(&mut self, key: &str) -> Option<Severity> {
        let name = self.text(key);
        let level = name.parse().ok();
        if level.is_none() && !name.is_empty() {
            let levels = Severity::VARIANTS.join(" or ");
            self.wrong(key, format!("should be {levels}, is {name:?}"));
        }
        level
    }

    fn whole(&mut self, key: &str, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let wanted = format!("a whole number from {} to {}", range.start(), range.end());
        self.take(key, &wanted, None, |raw| match raw {
            RawValue::Integer(number) if range.contains(&number) => Some(Some(number)),
            _ => None,
        })
    }

    /// Host names, without scheme, path and `www.`.
    fn domains(&mut self) -> Vec<String> {
        let texts = self.texts("domains");
        let bare = |text: &String| {
            let host = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
            host.split('/').next().unwrap_or_default().trim_start_matches("www.").to_ascii_lowercase()
        };
        let found: Vec<String> = texts.iter().map(bare).collect();
        if let Some(bad) = found.iter().find(|host| !host.contains('.') || host.contains(char::is_whitespace))
        {
            self.wrong("domains", format!("{bad:?} is no domain; write it as example.org"));
        }
        found
    }

    pub fn texts(&mut self, key: &str) -> Vec<String> {
        let is_text = |value: &RawValue| matches!(value, RawValue::String(text) if !text.trim().is_empty());
        if let Some((place, RawValue::Array(list))) = self.find(key)
            && let Some((at, odd)) = list.iter().find(|(_, value)| !is_text(value))
        {
            let odd = if matches!(odd, RawValue::String(_)) { "an empty one" } else { odd.kind() };
            self.errors.add(&place.with(*at), format!("{key}: should be a list of texts, has {odd}"));
            return Vec::new();
        }
        self.take(key, "a list of texts", Vec::new(), |raw| match raw {
            RawValue::Array(list) => list
                .into_iter()
                .map(|(_, value)| match value {
                    RawValue::String(text) => Some(text.trim().to_owned()),
                    _ => None,
                })
                .collect(),
            _ => None,
        })
    }

    pub fn pairs(&mut self, key: &str) -> Vec<(String, String)> {
        if let Some((place, RawValue::Table(pairs))) = self.find(key)
            && let Some((name, at, odd)) =
                pairs.iter().find(|(.., value)| !matches!(value, RawValue::String(_)))
        {
            let message = format!("{key}.{name}: should be a text, is {}", odd.kind());
            self.errors.add(&place.with(at.value), message);
            return Vec::new();
        }
        self.take(key, "a table of texts", Vec::new(), |raw| match raw {
            RawValue::Table(pairs) => pairs
                .into_iter()
                .map(|(name, _, value)| match value {
                    RawValue::String(text) => Some((name, text)),
                    _ => None,
                })
                .collect(),
            _ => None,
        })
    }

    pub fn wrong(&mut self, key: &str, message: impl Into<String>) {
        let place = self.place(key);
        self.errors.add(&place, format!("{key}: {}", message.into()));
    }

    /// As [`Reader::wrong`], for the element `index` of the list at `key`.
    pub fn wrong_element(&mut self, key: &str, index: usize, message: impl Into<String>) {
        let mut place = self.place(key);
        if let Some((_, RawValue::Array(list))) = self.find(key)
            && let Some((at, _)) = list.get(index)
        {
            place = place.with(*at);
        }
        self.errors.add(&place, format!("{key}: {}", message.into()));
    }

    /// As [`Reader::wrong`], for a secret that `key` names.
    pub fn wrong_secret(&mut self, key: &str, message: impl Into<String>) {
        let place = self.place(key);
        self.errors.add_secret(&place, format!("{key}: {}", message.into()));
    }

    fn place(&self, key: &str) -> Place {
        self.find(key).map_or_else(|| self.row.place.clone(), |(place, _)| place)
    }
}

/// The address of a feed. An error repeats no secret of `text`.
pub fn feed_address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok();
    if url.as_ref().is_some_and(has_login) {
        return Err("holds a name or password; send them as a header with headers_env".to_owned());
    }
    let url = url.filter(address::on_the_web);
    url.ok_or_else(|| format!("{:?} is not an http or https address", without_login(text)))
}

/// The sources of `rows`. Programs run in `directory`.
pub fn sources(
    rows: &[Row],
    environment: &Environment,
    directory: &Path,
    errors: &mut ConfigErrors,
) -> Vec<Arc<Source>> {
    let mut known: HashMap<String, Place> = HashMap::new();
    let mut found = Vec::new();
    for row in rows {
        let mut reader = Reader { row, errors };
        reader.known(&FEED_KEYS);
        let before = reader.errors.0.len();
        let text = reader.text("url");
        if reader.errors.0.len() > before {
            continue;
        }
        let address = exec::name(&text).map_or_else(|| feed_address(&text), |_| exec::address(&text));
        let url = match address {
            Ok(url) => url,
            Err(message) => {
                reader.wrong("url", message);
                continue;
            }
        };
        if let Some(first) = known.insert(address::canonical(&url), row.place.clone()) {
            let hint = if reader.find("method").is_some() { SAME_ADDRESS } else { "" };
            reader.wrong("url", format!("duplicate of the feed in {first}{hint}"));
            continue;
        }
        let name = Some(reader.text("name")).filter(|name| !name.is_empty());
        let host = || url.host_str().unwrap_or(url.path()).to_owned();
        let tier =
            reader.whole("tier", TIERS).and_then(|tier| u8::try_from(tier).ok()).unwrap_or(DEFAULT_TIER);
        let enabled = reader.flag("enabled", true);
        let also = if exec::name(&text).is_none() { also(&mut reader, &url) } else { Vec::new() };
        let source = Source {
            name: name.unwrap_or_else(host),
            format: match exec::name(&text) {
                Some(_) => exec::read(&mut reader, environment, directory, enabled),
                None => format::read(&mut reader),
            },
            url: text,
            also,
            tier,
            tags: reader.texts("tags"),
            every: every(&mut reader),
            headers: headers(&mut reader, environment, enabled),
        };
        reader.flag("verified", false);
        reader.text("site");
        if enabled {
            found.push(Arc::new(source));
        }
    }
    found
}

/// Most mirrors of one source: each may cost a time limit in a visit.
const MIRRORS: usize = 5;

/// Further addresses with the same content.
fn also(reader: &mut Reader<'_>, own: &Url) -> Vec<String> {
    let mirrors = reader.texts("also");
    if mirrors.len() > MIRRORS {
        reader.wrong("also", format!("at most {MIRRORS} addresses"));
    }
    let mut known = vec![address::canonical(own)];
    for (index, text) in mirrors.iter().enumerate() {
        match feed_address(text).map(|url| address::canonical(&url)) {
            Err(message) => reader.wrong_element("also", index, message),
            Ok(identity) if known.contains(&identity) => {
                let message = format!("{text:?} is there twice, or is the url itself");
                reader.wrong_element("also", index, message);
            }
            Ok(identity) => known.push(identity),
        }
    }
    mirrors
}

/// The time between two requests that the user wishes.
fn every(reader: &mut Reader<'_>) -> Option<Duration> {
    let text = Some(reader.text("every")).filter(|text| !text.is_empty())?;
    match poll_interval(&text) {
        Ok(every) => Some(every),
        Err(message) => {
            reader.wrong("every", message);
            None
        }
    }
}

/// A time between two requests for a source; the error is a sentence.
pub fn poll_interval(text: &str) -> Result<Duration, String> {
    let [least, most] = [visit::SLACK, visit::LONGEST];
    let every = duration(text)?;
    if (least..=most).contains(&every) {
        return Ok(every);
    }
    Err(format!("should be between {} and {}", show_duration(least), show_duration(most)))
}

/// Message for a variable that should hold a secret.
pub(super) fn unset(variable: &str) -> String {
    format!("the environment variable {variable} is not set")
}

fn headers(reader: &mut Reader<'_>, environment: &Environment, enabled: bool) -> Vec<(String, String)> {
    let mut headers = reader.pairs("headers");
    let written = headers.len();
    for (name, variable) in reader.pairs("headers_env") {
        match environment.get(&variable) {
            Some(value) => headers.push((name, value.to_owned())),
            None if enabled => reader.wrong_secret("headers_env", unset(&variable)),
            None => {}
        }
    }
    for (at, (name, value)) in headers.iter().enumerate() {
        let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        let message = || format!("{name:?} cannot be sent as a header");
        if name.is_empty()
            || !name.chars().all(token)
            || (at < written && value.chars().any(char::is_control))
        {
            reader.wrong("headers", message());
        } else if value.chars().any(char::is_control) {
            reader.wrong_secret("headers_env", message());
        }
    }
    headers
}

pub fn projects(rows: &[Row], errors: &mut ConfigErrors) -> Vec<Project> {
    let mut known: HashMap<String, Place> = HashMap::new();
    let mut found = Vec::new();
    for row in rows {
        let mut reader = Reader { row, errors };
        reader.known(&PROJECT_KEYS);
        let name = reader.text("name");
        if name.is_empty() {
            reader.wrong("name", "a project needs a name");
            continue;
        }
        if let Some(first) = known.insert(name.to_lowercase(), row.place.clone()) {
            reader.wrong("name", format!("duplicate of the project in {first}"));
            continue;
        }
        let priority = reader.text("priority");
        let level = PRIORITIES.iter().find(|(name, _)| *name == priority).map(|(_, level)| *level);
        if level.is_none() && !priority.is_empty() {
            reader.wrong("priority", format!("should be high, normal or low, is {priority:?}"));
        }
        let bare = |texts: Vec<String>, mark: char| -> Vec<String> {
            texts.into_iter().map(|text| text.trim_start_matches(mark).to_owned()).collect()
        };
        let enabled = reader.flag("enabled", true);
        let project = Project {
            name,
            aliases: reader.texts("aliases"),
            tokens: bare(reader.texts("tokens"), '$'),
            exclude: reader.texts("exclude"),
            handles: bare(reader.texts("handles"), '@'),
            domains: reader.domains(),
            priority: level.unwrap_or_default(),
            threshold: reader.whole("threshold", 0..=100).and_then(|number| u8::try_from(number).ok()),
        };
        if enabled {
            found.push(project);
        }
    }
    found
}

pub fn phrases(rows: &[Row], errors: &mut ConfigErrors) -> Vec<Phrase> {
    let mut found = Vec::new();
    for row in rows {
        let mut reader = Reader { row, errors };
        reader.known(&PHRASE_KEYS);
        let text = reader.text("text");
        if text.is_empty() {
            reader.wrong("text", "a phrase needs its words");
            continue;
        }
        let Some(weight) = reader.whole("weight", -100..=100) else {
            reader.wrong("weight", "a phrase needs points, such as 25 or -40");
            continue;
        };
        found.push(Phrase { text, weight: i16::try_from(weight).unwrap_or(0) });
    }
    found
}
