//! What a list of the settings has already.

use std::collections::HashSet;

/// What became of an addition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addition {
    /// The file has a new table.
    Added,
    /// It was there before.
    Known,
    /// It was added before.
    Duplicate,
}

/// Identities of tables.
#[derive(Debug, Default)]
pub struct Known {
    before: HashSet<String>,
    added: HashSet<String>,
}

impl Known {
    /// What becomes of a table with that identity, if there is one already.
    #[must_use]
    pub fn find(&self, identity: &str) -> Option<Addition> {
        if self.before.contains(identity) {
            Some(Addition::Known)
        } else {
            self.added.contains(identity).then_some(Addition::Duplicate)
        }
    }

    /// Notes tables that are there.
    pub fn extend(&mut self, identities: impl IntoIterator<Item = String>) {
        self.before.extend(identities);
    }

    /// Notes an added table.
    pub fn insert(&mut self, identity: String) {
        self.added.insert(identity);
    }
}

impl FromIterator<String> for Known {
    fn from_iter<I: IntoIterator<Item = String>>(identities: I) -> Self {
        Self { before: identities.into_iter().collect(), added: HashSet::new() }
    }
}
