//! Receives finished visits: saves them, counts them and queues visits for their waiting entries.

use std::time::Duration;

use super::{
    VisitKind,
    run::{Completed, Run, X_NAME},
    save::{Refused, Unsaved},
};
use crate::{
    figures::StageName,
    model::{Commit, EntryRecord, EntryState, FailureKind, SourceState, XPage, XWindows},
    store::{StoreError, XEnding},
    visit::{
        ArticleVisit, FeedVisit, PageOutcome, PollBounds, SourceOutcome, after_not_saved,
        x::{Session, XVisit},
    },
};

/// Time until the next try of a page whose visit could not be saved.
const PAGE_WAIT: Duration = Duration::from_hours(1);

/// A visit whose results are being saved, with the data to count it.
enum Arrived {
    Feed { at: usize, url: String, visit: Box<FeedVisit>, before: Box<SourceState> },
    Page(Box<ArticleVisit>, Option<Box<EntryRecord>>),
}

impl Run<'_> {
    pub(super) async fn receive(&mut self, completed: Vec<Completed>) -> Result<(), StoreError> {
        let (mut unsaved, mut arrived) =
            (Vec::with_capacity(completed.len()), Vec::with_capacity(completed.len()));
        let mut traces = Vec::with_capacity(completed.len());
        for visit in completed {
            match visit {
                Completed::Feed { at, source, trace, mut visit, before } => {
                    let url = source.url.clone();
                    self.record_trace(trace, &visit.figures);
                    let (commit, found) =
                        (std::mem::take(&mut visit.commit), std::mem::take(&mut visit.found));
                    unsaved.push(Unsaved { commit, found });
                    arrived.push(Arrived::Feed { at, url, visit, before });
                    traces.push(trace);
                }
                Completed::Page { trace, mut visit } => {
                    self.record_trace(trace, &visit.figures);
                    let commit = std::mem::take(&mut visit.commit);
                    let entry = commit.entries.first().cloned().map(Box::new);
                    unsaved.push(Unsaved { commit, found: visit.found.take().into_iter().collect() });
                    arrived.push(Arrived::Page(visit, entry));
                    traces.push(trace);
                }
                Completed::X { session, visit } => self.receive_x(session, visit).await?,
            }
        }
        let waiting: Vec<Vec<EntryRecord>> = unsaved.iter().zip(&arrived).map(waiting_pages).collect();
        let mut refused = self.save(unsaved).await?;
        let saved_at = self.clock.elapsed();
        for (number, ((arrived, trace), waiting)) in arrived.into_iter().zip(traces).zip(waiting).enumerate()
        {
            self.traces[trace].saved = saved_at;
            let refused = refused.iter().position(|one| one.at == number).map(|at| refused.swap_remove(at));
            match (arrived, refused) {
                (Arrived::Feed { at, url, visit, .. }, None) => {
                    self.count_feed(at, &url, &visit);
                    for entry in waiting {
                        self.visit_page(entry, Some(trace));
                    }
                }
                (Arrived::Feed { at, url, visit, before }, Some(refused)) => {
                    self.refused_feed(at, &url, *visit, &before, &refused.error).await?;
                }
                (Arrived::Page(visit, entry), None) => {
                    self.report.add_page(&visit, entry.as_deref().is_some_and(is_waiting));
                }
                (Arrived::Page(visit, entry), Some(refused)) => {
                    self.refused_page(*visit, entry.map(|entry| *entry), &refused.error).await?;
                }
            }
        }
        Ok(())
    }

    /// Saves `visits`; returns those that the database refused.
    async fn save(&mut self, visits: Vec<Unsaved>) -> Result<Vec<Refused>, StoreError> {
        let known = self.saver.reported.len();
        let saved = self.saver.save(visits).await?;
        for (detection, joined) in self.saver.reported.iter().skip(known).zip(&saved.joined) {
            self.progress.found(detection, *joined);
        }
        saved.took.into_iter().for_each(|took| self.report.record(StageName::Commit, took));
        saved.joined.into_iter().for_each(|joined| self.report.add_detection(joined));
        Ok(saved.refused)
    }

    fn count_feed(&mut self, at: usize, url: &str, visit: &FeedVisit) {
        if let SourceOutcome::Failed { kind, sentence } = &visit.outcome {
            tracing::debug!(url, kind = kind.as_ref(), sentence, "a source failed");
        }
        self.report.add_feed(at, url, visit);
    }

    /// Counts a source whose visit the database refused as failed, and saves no more than that.
    async fn refused_feed(
        &mut self,
        at: usize,
        url: &str,
        visit: FeedVisit,
        before: &SourceState,
        error: &StoreError,
    ) -> Result<(), StoreError> {
        let sentence = format!("its results could not be saved: {error}");
        let outcome = SourceOutcome::Failed { kind: FailureKind::NotSaved, sentence: sentence.clone() };
        self.count_feed(at, url, &FeedVisit { outcome, ..visit.without_entries() });
        let bounds = PollBounds::of(&self.sources.sources()[at], &self.context.settings);
        let source = after_not_saved(before, bounds, self.now);
        let commit = Commit { source: Some(source), ..Commit::default() };
        if !self.saved_alone(commit).await? {
            self.refused.push(format!("the results of the feed {url} could not be saved: {error}"));
        }
        Ok(())
    }

    /// Keeps the entry waiting whose page visit the database refused, and counts its source as failed.
    async fn refused_page(
        &mut self,
        visit: ArticleVisit,
        entry: Option<EntryRecord>,
        error: &StoreError,
    ) -> Result<(), StoreError> {
        self.report
            .add_page(&ArticleVisit { outcome: PageOutcome::Failed(FailureKind::NotSaved), ..visit }, true);
        let Some(entry) = entry else { return Ok(()) };
        let link = entry.link.as_deref().unwrap_or("an entry without an address");
        let sentence = format!("the results of {link} could not be saved: {error}");
        tracing::info!(
            url = entry.source_url,
            kind = FailureKind::NotSaved.as_ref(),
            sentence,
            "a page failed"
        );
        self.report.not_saved(self.sources.position(&entry.source_url), &entry.source_url, &sentence);
        self.refused.push(sentence);
        if self.saves {
            let later = self.now + PAGE_WAIT;
            let postponed = self.saver.store.postpone(entry.source_url, entry.key, later).await;
            accept_refusal(postponed)?;
        }
        Ok(())
    }

    /// Receives a step of X: its page is saved before the next call is made.
    async fn receive_x(
        &mut self,
        mut session: Box<Session>,
        visit: Result<Option<Box<XVisit>>, StoreError>,
    ) -> Result<(), StoreError> {
        let visit = match visit {
            Err(error) if error.concerns_data() => {
                session.stop(format!("X cannot be read: {error}"));
                self.refused.push(format!("X cannot be read: {error}"));
                None
            }
            visit => visit?,
        };
        self.progress.finished(VisitKind::X, X_NAME);
        let Some(visit) = visit else {
            self.x = Some(session);
            return Ok(());
        };
        self.report.record(StageName::XFetch, visit.fetch);
        let page = Unsaved { commit: visit.commit, found: visit.found };
        for refused in self.save(vec![page]).await? {
            let sentence = format!("the response of X could not be saved: {}", refused.error);
            self.refused.push(sentence.clone());
            self.refused_x(refused.commit, &sentence).await?;
            session.stop(sentence);
        }
        self.step_x(session);
        Ok(())
    }

    /// Saves the cost of responses of X that the database refused; their posts are read again later.
    async fn refused_x(&mut self, commit: Commit, sentence: &str) -> Result<(), StoreError> {
        let calls: Vec<i64> = commit.x.iter().map(|page| page.call).collect();
        let bare = |page: XPage| XPage {
            posts: Vec::new(),
            failed: page.windows.sources.iter().map(|key| (key.clone(), sentence.to_owned())).collect(),
            windows: XWindows::default(),
            ..page
        };
        let commit = Commit { x: commit.x.into_iter().map(bare).collect(), ..Commit::default() };
        if self.saved_alone(commit).await? {
            return Ok(());
        }
        for call in calls {
            let ending = XEnding::Lost { note: FailureKind::NotSaved.to_string() };
            accept_refusal(self.saver.store.x_end(call, ending).await)?;
        }
        Ok(())
    }

    /// Saves the rest of a refused visit; returns whether the database accepted it.
    async fn saved_alone(&mut self, commit: Commit) -> Result<bool, StoreError> {
        if !self.saves {
            return Ok(true);
        }
        accept_refusal(self.saver.store.commit(commit).await.map(drop))
    }
}

/// Whether `result` is a success; a refusal of the data is logged and is no error.
fn accept_refusal(result: Result<(), StoreError>) -> Result<bool, StoreError> {
    match result {
        Err(error) if error.concerns_data() => {
            tracing::warn!("{error}");
            Ok(false)
        }
        other => other.map(|()| true),
    }
}

/// The entries of a feed whose pages are visited next.
fn waiting_pages((unsaved, arrived): (&Unsaved, &Arrived)) -> Vec<EntryRecord> {
    match arrived {
        Arrived::Feed { .. } => {
            unsaved.commit.entries.iter().filter(|entry| is_waiting(entry)).cloned().collect()
        }
        Arrived::Page(..) => Vec::new(),
    }
}

fn is_waiting(entry: &EntryRecord) -> bool {
    matches!(entry.state, EntryState::Waiting { .. })
}
