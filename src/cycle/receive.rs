//! Receives finished visits: saves them, counts them and queues visits for their waiting entries.
//!
//! While some visits are saved, others are received and begun; the next transaction begins when the last one has ended.

use std::{panic::resume_unwind, time::Duration};

use tokio::task::JoinHandle;

use super::{
    VisitKind,
    run::{BATCH, Completed, Run, X_NAME},
    save::{Saved, Saver, Unsaved},
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

/// A visit whose results are to be saved, with the data to count it.
enum Arrived {
    Feed { at: usize, url: String, trace: usize, visit: Box<FeedVisit>, before: Box<SourceState> },
    Page { trace: usize, visit: Box<ArticleVisit>, is_waiting: bool },
    X(Box<Session>),
}

/// Visits that wait for the end of the running transaction.
#[derive(Default)]
pub(super) struct Received {
    unsaved: Vec<Unsaved>,
    arrived: Vec<Arrived>,
}

/// Visits that are being saved.
pub(super) struct Saving {
    task: JoinHandle<(Saver, Result<Saved, StoreError>)>,
    arrived: Vec<Arrived>,
    /// For each visit the entries whose pages are visited next.
    waiting: Vec<Vec<EntryRecord>>,
    /// Detections that were reported before.
    reported: usize,
    /// Their hosts.
    hosts: Vec<String>,
}

/// The end of `saving`; never, where nothing is being saved.
pub(super) async fn saved(saving: &mut Option<Saving>) -> (Saver, Result<Saved, StoreError>) {
    let Some(saving) = saving else { return std::future::pending().await };
    match (&mut saving.task).await {
        Ok(done) => done,
        // It is never cancelled.
        Err(error) => resume_unwind(error.into_panic()),
    }
}

impl Run<'_> {
    /// Takes the results of finished visits, which [`Self::save_received`] saves.
    pub(super) fn receive(&mut self, completed: Vec<Completed>) -> Result<(), StoreError> {
        for visit in completed {
            let (unsaved, arrived) = match visit {
                Completed::Feed { at, source, trace, mut visit, before } => {
                    let url = source.url.clone();
                    self.record_trace(trace, &visit.figures);
                    let commit = std::mem::take(&mut visit.commit);
                    let unsaved = Unsaved { commit, found: std::mem::take(&mut visit.found) };
                    (unsaved, Arrived::Feed { at, url, trace, visit, before })
                }
                Completed::Page { trace, mut visit } => {
                    self.record_trace(trace, &visit.figures);
                    let commit = std::mem::take(&mut visit.commit);
                    let is_waiting = commit.entries.first().is_some_and(is_waiting);
                    let unsaved = Unsaved { commit, found: visit.found.take().into_iter().collect() };
                    (unsaved, Arrived::Page { trace, visit, is_waiting })
                }
                Completed::X { session, visit } => match self.receive_x(session, visit)? {
                    Some((unsaved, session)) => (unsaved, Arrived::X(session)),
                    None => continue,
                },
            };
            self.received.unsaved.push(unsaved);
            self.received.arrived.push(arrived);
        }
        Ok(())
    }

    /// Whether finished visits have to wait to be received. They keep their places meanwhile, so that their number has a
    /// bound.
    pub(super) fn is_full(&self) -> bool {
        self.received.unsaved.len() >= BATCH
    }

    /// Begins to save what was received, unless other visits are being saved.
    pub(super) fn save_received(&mut self) {
        if self.received.unsaved.is_empty() {
            return;
        }
        let Some(mut saver) = self.saver.take() else { return };
        let Received { unsaved, arrived } = std::mem::take(&mut self.received);
        let waiting = unsaved.iter().zip(&arrived).map(waiting_pages).collect();
        let (reported, hosts) = (saver.reported.len(), std::mem::take(&mut self.finished_hosts));
        let task = tokio::spawn(async move {
            let saved = saver.save(unsaved).await;
            (saver, saved)
        });
        self.saving = Some(Saving { task, arrived, waiting, reported, hosts });
    }

    /// Counts the visits that were saved, queues the pages of their entries, and continues with X if it `goes_on`.
    pub(super) async fn count_saved(
        &mut self,
        (saver, saved): (Saver, Result<Saved, StoreError>),
        goes_on: bool,
    ) -> Result<(), StoreError> {
        let Some(Saving { arrived, waiting, reported, hosts, .. }) = self.saving.take() else {
            return Ok(());
        };
        let saved = saved?;
        for (detection, joined) in saver.reported.iter().skip(reported).zip(&saved.joined) {
            self.progress.found(detection, *joined);
        }
        self.saver = Some(saver);
        saved.took.into_iter().for_each(|took| self.report.record(StageName::Commit, took));
        saved.joined.into_iter().for_each(|joined| self.report.add_detection(joined));
        let saved_at = self.clock.elapsed();
        let mut refused = saved.refused;
        for (number, (arrived, waiting)) in arrived.into_iter().zip(waiting).enumerate() {
            let refused = refused.iter().position(|one| one.at == number).map(|at| refused.swap_remove(at));
            if let Arrived::Feed { trace, .. } | Arrived::Page { trace, .. } = &arrived {
                self.traces[*trace].saved = saved_at;
            }
            match (arrived, refused) {
                (Arrived::Feed { at, url, trace, visit, .. }, None) => {
                    self.count_feed(at, &url, &visit);
                    for entry in waiting {
                        self.visit_page(entry, Some(trace));
                    }
                }
                (Arrived::Feed { at, url, visit, before, .. }, Some(refused)) => {
                    self.refused_feed(at, &url, *visit, &before, &refused.error).await?;
                }
                (Arrived::Page { visit, is_waiting, .. }, None) => {
                    self.report.add_page(&visit, is_waiting);
                }
                (Arrived::Page { visit, .. }, Some(refused)) => {
                    let entry = refused.commit.entries.into_iter().next();
                    self.refused_page(*visit, entry, &refused.error).await?;
                }
                (Arrived::X(mut session), refused) => {
                    if let Some(refused) = refused {
                        let sentence = format!("the response of X could not be saved: {}", refused.error);
                        self.refused.push(sentence.clone());
                        self.refused_x(refused.commit, &sentence).await?;
                        session.stop(sentence);
                    }
                    if goes_on {
                        self.step_x(session);
                    }
                }
            }
        }
        self.close_idle_hosts(hosts);
        Ok(())
    }

    /// Saves what was received before the cycle ends.
    pub(super) async fn save_rest(&mut self) -> Result<(), StoreError> {
        self.save_received();
        while self.saving.is_some() {
            let done = saved(&mut self.saving).await;
            self.count_saved(done, false).await?;
            self.save_received();
        }
        Ok(())
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
            let postponed = self.context.store.postpone(entry.source_url, entry.key, later).await;
            accept_refusal(postponed)?;
        }
        Ok(())
    }

    /// Receives a step of X: what is to be saved before the next call is made; `None` after the last one.
    fn receive_x(
        &mut self,
        mut session: Box<Session>,
        visit: Result<Option<Box<XVisit>>, StoreError>,
    ) -> Result<Option<(Unsaved, Box<Session>)>, StoreError> {
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
            return Ok(None);
        };
        self.report.record(StageName::XFetch, visit.fetch);
        Ok(Some((Unsaved { commit: visit.commit, found: visit.found }, session)))
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
            accept_refusal(self.context.store.x_end(call, ending).await)?;
        }
        Ok(())
    }

    /// Saves the rest of a refused visit; returns whether the database accepted it.
    async fn saved_alone(&mut self, commit: Commit) -> Result<bool, StoreError> {
        if !self.saves {
            return Ok(true);
        }
        accept_refusal(self.context.store.commit(commit).await.map(drop))
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
        Arrived::Page { .. } | Arrived::X(_) => Vec::new(),
    }
}

fn is_waiting(entry: &EntryRecord) -> bool {
    matches!(entry.state, EntryState::Waiting { .. })
}
