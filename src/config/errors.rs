//! All errors in the settings, reported together.

use std::fmt;

use crate::{error::Error, exit::Exit, text::quantity::plural};

/// Start of the message for a settings file that cannot be parsed.
pub const NOT_TOML: &str = "not TOML";
/// Start of the message for a settings file that does not exist.
pub const NO_FILE: &str = "no such file";

/// The most similar of the `known` names.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = known.map(|known| (strsim::jaro_winkler(name, known), known));
    near.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, known)| known)
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// `FILE:LINE:COLUMN`, or the name of an environment variable.
    pub place: String,
    /// A sentence with the key.
    pub message: String,
    /// Whether it concerns a secret outside the settings file, which only commands that use it need.
    pub secret: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl ConfigErrors {
    pub fn add(&mut self, place: &impl fmt::Display, message: impl Into<String>) {
        self.0.push(ConfigError { place: place.to_string(), message: message.into(), secret: false });
    }

    /// Adds an error in a secret that a variable or another file holds.
    pub fn add_secret(&mut self, place: &impl fmt::Display, message: impl Into<String>) {
        self.0.push(ConfigError { place: place.to_string(), message: message.into(), secret: true });
    }

    /// Sorted by file and position; those of variables last.
    pub fn in_order(mut self) -> Self {
        let position = |error: &ConfigError| {
            let mut parts = error.place.rsplitn(3, ':');
            let [column, line] = [parts.next()?, parts.next()?].map(str::parse::<usize>);
            Some((parts.next()?.to_owned(), line.ok()?, column.ok()?))
        };
        self.0.sort_by_cached_key(|error| (position(error).is_none(), position(error)));
        self
    }

    /// Those about secrets, and all others.
    pub fn split_secrets(self) -> (Self, Self) {
        let (secrets, others) = self.0.into_iter().partition(|error| error.secret);
        (Self(secrets), Self(others))
    }

    /// Adds an unknown key, with the most similar known one.
    pub fn unknown<'a>(
        &mut self,
        place: &impl fmt::Display,
        key: &str,
        known: impl Iterator<Item = &'a str>,
    ) {
        let advice = nearest(key, known).map_or_else(String::new, |name| format!("; did you mean {name}?"));
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
        if let [ConfigError { message, .. }] = errors.0.as_slice()
            && message.starts_with(NO_FILE)
        {
            return Self::new(
                Exit::Settings,
                message,
                "name an existing file with --config; `tge-scrape config init FILE` writes one",
            );
        }
        if !errors.0.is_empty() && errors.0.iter().all(|error| error.secret) {
            let counted = plural(errors.0.len(), "secret is", "secrets are");
            return Self::new(
                Exit::Settings,
                format!("{counted} missing or wrong:{errors}"),
                "set the variable or file where this command runs; `tge-scrape doctor` shows the state of all",
            );
        }
        Self::new(
            Exit::Settings,
            format!("the settings have {}:{errors}", plural(errors.0.len(), "error", "errors")),
            "`tge-scrape config show` prints every value with its origin",
        )
    }
}
