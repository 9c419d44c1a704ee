//! Sources by their addresses. Pure.

use std::sync::Arc;

use crate::model::Source;

/// Sources and their places in the order of their addresses: a few bytes for each, where a table would hold every
/// address once more.
#[derive(Debug, Default)]
pub struct SourceIndex {
    sources: Vec<Arc<Source>>,
    by_address: Vec<usize>,
}

impl SourceIndex {
    /// Of `sources`, whose addresses differ.
    #[must_use]
    pub fn of(sources: &[Arc<Source>]) -> Self {
        let mut by_address: Vec<usize> = (0..sources.len()).collect();
        by_address.sort_unstable_by_key(|at| &sources[*at].url);
        Self { sources: sources.to_vec(), by_address }
    }

    /// All of them, in the order they were given.
    #[must_use]
    pub fn sources(&self) -> &[Arc<Source>] {
        &self.sources
    }

    /// The place of the source at `url` in that order.
    #[must_use]
    pub fn position(&self, url: &str) -> Option<usize> {
        let url_at = |at: &usize| self.sources[*at].url.as_str();
        let found = self.by_address.binary_search_by(|at| url_at(at).cmp(url)).ok()?;
        Some(self.by_address[found])
    }

    /// The source at `url`.
    #[must_use]
    pub fn get(&self, url: &str) -> Option<&Arc<Source>> {
        self.position(url).map(|at| &self.sources[at])
    }
}
