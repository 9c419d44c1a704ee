//! Visits are saved: what they found is assigned to its stories, and each visit is saved whole, several in one
//! transaction.
//!
//! A visit that the database refuses fails alone: the others of its transaction are saved one by one, from what they
//! found on, so that nothing of the refused visit remains in their stories.

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

/// A visit that has ended and is to be saved.
#[derive(Debug)]
pub(super) struct Unsaved {
    pub commit: Commit,
    pub found: Vec<Finding>,
}

/// What came of saving some visits.
#[derive(Debug, Default)]
pub(super) struct Saved {
    /// How long each transaction took.
    pub took: Vec<Duration>,
    /// For each new detection, whether its story was there before.
    pub joined: Vec<bool>,
    /// Visits that the database refused.
    pub refused: Vec<Refused>,
}

/// A visit that the database refused; nothing of it is saved.
#[derive(Debug)]
pub(super) struct Refused {
    /// Its place among the visits that were to be saved.
    pub at: usize,
    /// What was to be saved.
    pub commit: Commit,
    /// Why not.
    pub error: StoreError,
}

/// The only one that saves visits.
pub(super) struct Saver {
    pub store: Store,
    pub rules: Arc<Rules>,
    pub names: Arc<SourceIndex>,
    pub notifier: Notifier,
    /// When the cycle began.
    pub now: Timestamp,
    /// The time that earlier cycles confirm.
    pub confirmed: Timestamp,
    /// Whether anything is written.
    pub saves: bool,
    /// Loaded when the first finding needs them: most cycles find nothing. Never other than the database has them.
    stories: Option<Stories>,
    /// New detections, in the order they were saved.
    pub reported: Vec<Detection>,
    /// Of those, what is not of a source's first sight.
    pub fresh: Vec<Detection>,
}

/// A visit with its place among those that are to be saved.
type Numbered = (usize, Unsaved);

impl Saver {
    pub fn new(
        store: Store,
        rules: Arc<Rules>,
        names: Arc<SourceIndex>,
        tell: Notifier,
        (now, confirmed): (Timestamp, Timestamp),
        saves: bool,
    ) -> Self {
        let (reported, fresh) = (Vec::new(), Vec::new());
        Self { store, rules, names, notifier: tell, now, confirmed, saves, stories: None, reported, fresh }
    }

    /// Saves each of `visits` whole, as many as possible in one transaction.
    ///
    /// # Errors
    /// When the fault does not lie in a visit: then what was not saved yet is not.
    pub async fn save(&mut self, visits: Vec<Unsaved>) -> Result<Saved, StoreError> {
        let mut saved = Saved::default();
        let mut batch: Vec<Numbered> = Vec::with_capacity(visits.len());
        let mut ids: HashSet<String> = HashSet::new();
        for (at, Unsaved { commit, found }) in visits.into_iter().enumerate() {
            let visit = Unsaved { commit, found: found.into_iter().flat_map(by_coin).collect() };
            let speaks =
                self.saves && self.notifier.may_alert(visit.found.iter().map(|found| found.suppress_alerts));
            let known = self.knows(&visit, &mut ids).await?;
            if speaks || known {
                // What was told of a story decides what is told next: it must have been saved.
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

    /// Whether `visit` has found something before: an edited post, or work that is repeated. The database keeps the
    /// detection as it was, so that the stories must be read again behind it. `ids` are those of earlier visits.
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

    /// Saves the visits of `batch` in one transaction, or none of them: then each has its commit back, and the stories
    /// are read again before they are needed next.
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

    /// Assigns what `visit` found to stories, with the alerts that it gives.
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
            let source = self.names.get(&found.source_url).map(AsRef::as_ref);
            findings.push(assign_story(found.clone(), source, &self.rules, stories, self.now));
        }
        if self.saves {
            let source = |url: &str| self.names.get(url).cloned();
            self.notifier.queue(&self.store, &mut findings, source, self.now).await?;
        }
        Ok(findings)
    }

    /// Counts what was saved as told; `fresh` are the ids of the detections that were not known before.
    fn remember(
        &mut self,
        findings: impl Iterator<Item = StoredFinding>,
        mut fresh: HashSet<String>,
        saved: &mut Saved,
    ) {
        for finding in findings {
            for reported in
                self.reported.iter_mut().filter(|reported| finding.absorbed.contains(&reported.story_id))
            {
                reported.story_id.clone_from(&finding.story.id);
            }
            let StoredFinding { record, joined, .. } = finding;
            if !fresh.remove(&record.detection.id) {
                // The database has kept the detection as it was, and so its story.
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
