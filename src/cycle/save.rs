//! Saves visits: assigns their findings to stories and saves each visit whole, several in one transaction.
//!
//! A visit that the database refuses fails alone. The others of its transaction are assigned and saved again one by
//! one, so that nothing of the refused visit remains in their stories.

use std::{
    collections::HashSet,
    slice,
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;

use super::{
    notifier::Notifier,
    place::{assign_story, by_coin, id_of},
    source_index::SourceIndex,
};
use crate::{
    detect::{
        Rules,
        story::{self, Stories},
    },
    model::{Commit, Detection, StoredFinding},
    store::{Store, StoreError},
    visit::Finding,
};

#[derive(Debug)]
pub(super) struct Unsaved {
    pub commit: Commit,
    pub found: Vec<Finding>,
}

#[derive(Debug, Default)]
pub(super) struct Saved {
    /// The duration of each transaction.
    pub took: Vec<Duration>,
    /// For each new detection, whether its story existed before.
    pub joined: Vec<bool>,
    pub refused: Vec<Refused>,
}

/// A visit that the database refused; nothing of it is saved.
#[derive(Debug)]
pub(super) struct Refused {
    /// Its position among the visits to save.
    pub at: usize,
    pub commit: Commit,
    pub error: StoreError,
}

pub(super) struct Saver {
    pub store: Store,
    pub rules: Arc<Rules>,
    pub sources: Arc<SourceIndex>,
    pub notifier: Notifier,
    /// When the cycle began.
    pub now: Timestamp,
    /// See [`Store::confirmed_time`].
    pub confirmed: Timestamp,
    /// Not in a dry run.
    pub saves: bool,
    /// Loaded for the first finding: most cycles find nothing. Always as the database has them.
    stories: Option<Stories>,
    /// New detections, in the order they were saved.
    pub reported: Vec<Detection>,
    /// Of those, the ones that are not of a source's first fetch.
    pub fresh: Vec<Detection>,
}

/// A visit with its position among those to save.
type Numbered = (usize, Unsaved);

impl Saver {
    pub fn new(
        store: Store,
        rules: Arc<Rules>,
        sources: Arc<SourceIndex>,
        notifier: Notifier,
        (now, confirmed): (Timestamp, Timestamp),
        saves: bool,
    ) -> Self {
        let (reported, fresh) = (Vec::new(), Vec::new());
        Self { store, rules, sources, notifier, now, confirmed, saves, stories: None, reported, fresh }
    }

    /// Saves each of `visits` whole, as many as possible in one transaction.
    ///
    /// # Errors
    /// When the error is not in the data of a visit: then the remaining visits are not saved.
    pub async fn save(&mut self, visits: Vec<Unsaved>) -> Result<Saved, StoreError> {
        let mut saved = Saved::default();
        let mut batch: Vec<Numbered> = Vec::with_capacity(visits.len());
        let mut ids: HashSet<String> = HashSet::new();
        for (at, Unsaved { commit, found }) in visits.into_iter().enumerate() {
            let visit = Unsaved { commit, found: found.into_iter().flat_map(by_coin).collect() };
            let may_alert =
                self.saves && self.notifier.may_alert(visit.found.iter().map(|found| found.suppress_alerts));
            let known = self.knows(&visit, &mut ids).await?;
            if may_alert || known {
                // The alerts of a story decide its next alert, so they must have been saved.
                self.save_batch(std::mem::take(&mut batch), &mut saved).await?;
            }
            batch.push((at, visit));
            if known {
                self.save_batch(std::mem::take(&mut batch), &mut saved).await?;
            }
        }
        self.save_batch(batch, &mut saved).await?;
        Ok(saved)
    }

    /// Whether a finding of `visit` is known: an edited post, or repeated work. The database keeps the old detection, so the
    /// stories must be loaded again after it. `ids` are those of earlier visits.
    async fn knows(&self, visit: &Unsaved, ids: &mut HashSet<String>) -> Result<bool, StoreError> {
        if visit.found.is_empty() || !self.saves {
            return Ok(false);
        }
        let found: Vec<String> = visit.found.iter().map(id_of).collect();
        let again = found.iter().filter(|id| !ids.insert((*id).clone())).count() > 0;
        Ok(self.store.any_detection(found).await? || again)
    }

    async fn save_batch(&mut self, mut batch: Vec<Numbered>, saved: &mut Saved) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        match self.save_together(&mut batch, saved).await {
            Err(error) if error.concerns_data() => {
                if let [_] = batch.as_slice() {
                    saved.refused.extend(refused(batch.pop(), error));
                    return Ok(());
                }
            }
            done => return done,
        }
        for mut one in batch {
            match self.save_together(slice::from_mut(&mut one), saved).await {
                Err(error) if error.concerns_data() => saved.refused.extend(refused(Some(one), error)),
                done => done?,
            }
        }
        Ok(())
    }

    /// Saves the visits of `batch` in one transaction, or none of them: then each gets its commit back, and the stories
    /// are loaded again before their next use.
    async fn save_together(&mut self, batch: &mut [Numbered], saved: &mut Saved) -> Result<(), StoreError> {
        let mut findings = Vec::with_capacity(batch.len());
        for (_, visit) in batch.iter() {
            match self.assign(visit).await {
                Ok(found) => findings.push(found),
                Err(error) => {
                    self.stories = None;
                    return Err(error);
                }
            }
        }
        let with = |((_, visit), findings): (&mut Numbered, Vec<StoredFinding>)| Commit {
            findings,
            ..std::mem::take(&mut visit.commit)
        };
        let commits = Arc::new(batch.iter_mut().zip(findings).map(with).collect::<Vec<_>>());
        let start = Instant::now();
        let fresh = if self.saves {
            self.store.commit_all(Arc::clone(&commits)).await
        } else {
            let all = commits.iter().flat_map(|commit| &commit.findings);
            Ok(all.map(|finding| finding.record.detection.id.clone()).collect())
        };
        let commits = Arc::unwrap_or_clone(commits);
        match fresh {
            Err(error) => {
                for ((_, visit), commit) in batch.iter_mut().zip(commits) {
                    visit.commit = Commit { findings: Vec::new(), ..commit };
                }
                self.stories = None;
                Err(error)
            }
            Ok(fresh) => {
                saved.took.push(start.elapsed());
                let findings = commits.into_iter().flat_map(|commit| commit.findings);
                self.remember(findings, fresh.into_iter().collect(), saved);
                Ok(())
            }
        }
    }

    /// Assigns the findings of `visit` to stories and decides their alerts.
    async fn assign(&mut self, visit: &Unsaved) -> Result<Vec<StoredFinding>, StoreError> {
        let mut findings = Vec::with_capacity(visit.found.len());
        for found in &visit.found {
            let stories = match &mut self.stories {
                Some(stories) => stories,
                none => {
                    let since = self.confirmed - story::MEMORY;
                    none.insert(Stories::new(self.store.recent_stories(since).await?))
                }
            };
            let source = self.sources.get(&found.source_url).map(AsRef::as_ref);
            findings.push(assign_story(found.clone(), source, &self.rules, stories, self.now));
        }
        if self.saves {
            let source = |url: &str| self.sources.get(url).cloned();
            self.notifier.queue(&self.store, &mut findings, source, self.now).await?;
        }
        Ok(findings)
    }

    /// Adds the saved detections to the report; `fresh` are the ids of those that were not known before.
    fn remember(
        &mut self,
        findings: impl Iterator<Item = StoredFinding>,
        mut fresh: HashSet<String>,
        saved: &mut Saved,
    ) {
        for finding in findings {
            // Rare, and each looks through all detections.
            if !finding.absorbed.is_empty() {
                let moved = |reported: &&mut Detection| finding.absorbed.contains(&reported.story_id);
                for reported in self.reported.iter_mut().filter(moved) {
                    reported.story_id.clone_from(&finding.story.id);
                }
            }
            let StoredFinding { record, joined, .. } = finding;
            if !fresh.remove(&record.detection.id) {
                // The database kept the old detection and so its story.
                self.stories = None;
                continue;
            }
            saved.joined.push(joined);
            if !record.suppress_alerts {
                self.fresh.push(record.detection.clone());
            }
            self.reported.push(record.detection);
        }
    }
}

fn refused(visit: Option<Numbered>, error: StoreError) -> Option<Refused> {
    visit.map(|(at, visit)| Refused { at, commit: visit.commit, error })
}

#[cfg(test)]
mod tests;
