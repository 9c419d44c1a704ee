//! The surroundings, read once.

use std::{collections::BTreeMap, path::PathBuf};

/// Environment variables as the program found them.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
}

impl Environment {
    /// The process's own. Names or values that are no text are left out.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that may")]
    pub fn of_process() -> Self {
        let pairs = std::env::vars_os();
        Self {
            variables: pairs
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
        }
    }

    /// One made of `pairs`.
    pub fn of(pairs: &[(&str, &str)]) -> Self {
        Self {
            variables: pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        }
    }

    /// The value of `name`, if it is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The value of `name` as a path.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from)
    }

    /// Every variable whose name begins with `prefix`: the rest of its name, and its value.
    pub fn with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.variables
            .iter()
            .filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value.as_str())))
    }
}
