//! All errors in the settings, reported together.

use std::fmt;

use crate::{error::Error, exit::Exit};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// `FILE:LINE`, or the name of an environment variable.
    pub place: String,
    /// A sentence with the key.
    pub message: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl ConfigErrors {
    pub fn add(&mut self, place: &str, message: impl Into<String>) {
        self.0.push(ConfigError { place: place.to_owned(), message: message.into() });
    }

    /// Adds an unknown key, with the most similar known one.
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
        let noun = if count == 1 { "error" } else { "errors" };
        Self::new(
            Exit::Settings,
            format!("the settings have {count} {noun}:{errors}"),
            "`tge-scrape config show` prints every value with its origin",
        )
    }
}
