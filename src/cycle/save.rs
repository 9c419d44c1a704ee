//! Visits that are home are saved: what they found gets its story, and each is saved whole.

use std::{collections::HashSet, time::Instant};

use super::{
    Run,
    place::{self, Placed, place},
};
use crate::{
    clock::Clock,
    detect::story::{self, Stories},
    http::Fetch,
    model::Commit,
    store::StoreError,
    visit::Found,
};

/// A visit that is home and wants to be saved.
pub(super) struct Unsaved {
    pub commit: Commit,
    pub found: Vec<Found>,
    /// The lane of its visit; a page of X has none.
    pub lane: Option<usize>,
}

impl<F: Fetch + 'static, C: Clock + 'static> Run<'_, F, C> {
    /// Gives what was found its stories and saves each visit whole, several in one transaction; then it counts as
    /// told.
    pub(super) async fn save(&mut self, visits: Vec<Unsaved>) -> Result<(), StoreError> {
        let (mut commits, mut all_placed, mut lanes) = (Vec::new(), Vec::new(), Vec::new());
        for Unsaved { mut commit, found, lane } in visits {
            let mut placed = Vec::with_capacity(found.len());
            for found in found.into_iter().flat_map(place::by_coin) {
                placed.push(self.place(found).await?);
            }
            if let Some(source) = &mut commit.source {
                source.detections_total += u64::try_from(placed.len()).unwrap_or(0);
            }
            place::add(&mut commit, &placed);
            if self.saves && self.tell.speaks_of(&placed) {
                // What was told of a story decides what is told next: it must have been saved.
                self.commit(&mut commits, &mut all_placed, &mut lanes).await?;
                let names = &self.names;
                let source = |url: &str| names.get(url).cloned();
                self.tell.queue(&self.context.store, &placed, source, self.now, &mut commit).await?;
            }
            commits.push(commit);
            all_placed.extend(placed);
            lanes.extend(lane);
        }
        self.commit(&mut commits, &mut all_placed, &mut lanes).await
    }

    /// Gives `found` its place among the stories.
    async fn place(&mut self, found: Found) -> Result<Placed, StoreError> {
        let stories = match &mut self.stories {
            Some(stories) => stories,
            none => {
                none.insert(Stories::new(self.context.store.recent_stories(self.now - story::MEMORY).await?))
            }
        };
        let source = self.names.get(&found.source_url).map(AsRef::as_ref);
        Ok(place(found, source, &self.context.rules, stories, self.now))
    }

    /// Saves `commits` with what was `placed` in them and notes it in their `lanes`; leaves all three empty.
    async fn commit(
        &mut self,
        commits: &mut Vec<Commit>,
        placed: &mut Vec<Placed>,
        lanes: &mut Vec<usize>,
    ) -> Result<(), StoreError> {
        let (commits, placed) = (std::mem::take(commits), std::mem::take(placed));
        if commits.is_empty() {
            return Ok(());
        }
        let absorbed: Vec<_> = commits.iter().flat_map(|commit| commit.absorbed.clone()).collect();
        let start = Instant::now();
        let fresh: HashSet<String> = if self.saves {
            self.context.store.commit_all(commits).await?.into_iter().collect()
        } else {
            placed.iter().map(|placed| placed.record.detection.id.clone()).collect()
        };
        self.tally.committed(start.elapsed());
        let saved = self.clock.elapsed();
        lanes.drain(..).for_each(|lane| self.lanes[lane].saved = saved);
        for (absorbed, into) in absorbed {
            for told in self.told.iter_mut().filter(|told| told.story_id == absorbed) {
                told.story_id.clone_from(&into);
            }
        }
        for placed in placed.into_iter().filter(|placed| fresh.contains(&placed.record.detection.id)) {
            self.tally.placed(&placed);
            if !placed.record.silent {
                self.fresh.push(placed.record.detection.clone());
            }
            self.told.push(placed.record.detection);
        }
        Ok(())
    }
}
