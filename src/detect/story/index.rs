//! Finds the few stories that a mention could belong to: by page, by name, by headline and the smallest run hashes of a
//! text. It returns too many rather than too few.

use std::collections::HashMap;

use super::{
    min_hash::{MinHash, hash_of},
    same::StoryFeatures,
};

/// Smallest run hashes that a text is filed under. Two texts with half of their runs in common miss each
/// other once in 250 times (0.5⁸), a whole copy never.
const FILED_RUNS: usize = 8;

/// Newest stories looked at per table entry: a run that more share is a notice's standing text, and a name
/// that more share is not a name.
const NEWEST: usize = 64;

/// Positions of stories, by what a mention of the same event would have in common with them.
#[derive(Debug, Default)]
pub(super) struct Index {
    pages: HashMap<String, Vec<u32>>,
    names: HashMap<u32, Vec<u32>>,
    runs: HashMap<u32, Vec<u32>>,
}

impl Index {
    /// Files the story at position `at` under everything in `features`.
    pub fn add(&mut self, at: usize, features: &StoryFeatures) {
        let Ok(at) = u32::try_from(at) else { return };
        for name in names(features) {
            file(self.names.entry(name).or_default(), at);
        }
        for text in &features.texts {
            file(self.pages.entry(text.url.clone()).or_default(), at);
            for run in marks(&text.min_hash) {
                file(self.runs.entry(run).or_default(), at);
            }
        }
    }

    /// Positions of the stories that share a page, a name or a run with `features`, in ascending order.
    ///
    /// A name is also looked for in the headline, where the judgement may have missed it.
    pub fn candidates(&self, features: &StoryFeatures) -> Vec<usize> {
        let texts = || features.texts.iter();
        let pages = texts().filter_map(|text| self.pages.get(&text.url));
        let said = texts().flat_map(|text| text.min_hash.title.iter().chain(&text.min_hash.names).copied());
        let names = names(features).chain(said).filter_map(|name| self.names.get(&name));
        let runs = texts().flat_map(|text| marks(&text.min_hash)).filter_map(|run| self.runs.get(&run));
        let found = pages.chain(names).chain(runs).flat_map(|filed| filed.iter().rev().take(NEWEST));
        let mut found: Vec<usize> = found.filter_map(|at| usize::try_from(*at).ok()).collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

fn file(filed: &mut Vec<u32>, at: u32) {
    if filed.last() != Some(&at) {
        filed.push(at);
    }
}

/// What a copy of the text would have too: its smallest runs and a long headline.
fn marks(min_hash: &MinHash) -> impl Iterator<Item = u32> + '_ {
    min_hash.runs.iter().take(FILED_RUNS).copied().chain(min_hash.headline())
}

/// What a project may be called elsewhere: its name, each word of it (for longer and shorter forms), its
/// ticker.
fn names(features: &StoryFeatures) -> impl Iterator<Item = u32> + '_ {
    let project = &features.names.project;
    let words = project.iter().filter(|_| project.len() > 1).map(|word| hash_of(word));
    let key = Some(&features.names.key).filter(|key| !key.is_empty()).map(|key| hash_of(key));
    key.into_iter().chain(words).chain(features.names.token.iter().map(|word| hash_of(word)))
}
