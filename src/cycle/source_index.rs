//! Sources by their addresses. Pure.

use std::sync::Arc;

use crate::model::Source;

/// Sources, and their positions sorted by address: a hash table would hold every address a second time.
#[derive(Debug, Default)]
pub struct SourceIndex {
    sources: Vec<Arc<Source>>,
    by_address: Vec<usize>,
}

impl SourceIndex {
    /// The addresses of `sources` must differ.
    pub fn of(sources: &[Arc<Source>]) -> Self {
        let mut by_address: Vec<usize> = (0..sources.len()).collect();
        by_address.sort_unstable_by_key(|at| &sources[*at].url);
        Self { sources: sources.to_vec(), by_address }
    }

    pub fn sources(&self) -> &[Arc<Source>] {
        &self.sources
    }

    pub fn position(&self, url: &str) -> Option<usize> {
        let url_at = |at: &usize| self.sources[*at].url.as_str();
        let found = self.by_address.binary_search_by(|at| url_at(at).cmp(url)).ok()?;
        Some(self.by_address[found])
    }

    pub fn get(&self, url: &str) -> Option<&Arc<Source>> {
        self.position(url).map(|at| &self.sources[at])
    }
}
