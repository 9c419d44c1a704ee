//! Everything that is wrong with the settings, told at once.

use std::fmt;

use crate::{error::Error, exit::Exit};

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// Where: `FILE:LINE`, or the name of an environment variable.
    pub place: String,
    /// What is wrong, naming the key.
    pub message: String,
}

/// All mistakes of a load; empty means none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl ConfigErrors {
    /// Notes one more.
    pub fn add(&mut self, place: &str, message: impl Into<String>) {
        self.0.push(ConfigError { place: place.to_owned(), message: message.into() });
    }

    /// Notes an unknown key, with the nearest of those that are known.
    pub fn unknown<'a>(&mut self, place: &str, key: &str, known: impl Iterator<Item = &'a str>) {
        let near =
            known.map(|name| (strsim::jaro_winkler(key, name), name)).max_by(|a, b| a.0.total_cmp(&b.0));
        let advice = near.map_or_else(String::new, |(_, name)| format!("; did you mean {name}?"));
        self.add(place, format!("unknown key {key}{advice}"));
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|error| write!(f, "\n  {}: {}", error.place, error.message))
    }
}

impl From<ConfigErrors> for Error {
    fn from(errors: ConfigErrors) -> Self {
        let count = errors.0.len();
        let noun = if count == 1 { "mistake" } else { "mistakes" };
        Self::new(
            Exit::Settings,
            format!("the settings have {count} {noun}:{errors}"),
            "`tge-scrape config show` prints every value with its origin",
        )
    }
}
