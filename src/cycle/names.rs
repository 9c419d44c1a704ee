//! Sources by their addresses. Pure.

use std::sync::Arc;

use crate::model::Source;

/// Sources in the order of their addresses: a pointer for each, where a table would hold every address once more.
#[derive(Debug, Default)]
pub struct Names(Vec<Arc<Source>>);

impl Names {
    /// Of `sources`, whose addresses differ.
    #[must_use]
    pub fn of(sources: &[Arc<Source>]) -> Self {
        let mut names = sources.to_vec();
        names.sort_unstable_by(|one, other| one.url.cmp(&other.url));
        Self(names)
    }

    /// The source at `url`.
    #[must_use]
    pub fn get(&self, url: &str) -> Option<&Arc<Source>> {
        let at = self.0.binary_search_by(|source| source.url.as_str().cmp(url)).ok()?;
        Some(&self.0[at])
    }
}
