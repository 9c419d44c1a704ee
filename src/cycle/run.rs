//! The running cycle: its visits, their places in the queue, their traces.

use std::{collections::HashMap, sync::Arc, time::Instant};

use jiff::Timestamp;
use tokio::task::{Id, JoinError, JoinSet};
use url::Url;

use super::{
    CycleEnd, Ended, Progress, TARGET_CYCLES, Task, VisitKind, cpu, memory,
    notifier::NotifyOutcome,
    persist::save_cycle,
    plan::{self, Plan},
    queue::{Place, Queue},
    receive::{Received, Saving},
    recent_reports,
    report_builder::ReportBuilder,
    save::Saver,
    source_index::SourceIndex,
    x_figures::XEnd,
};
use crate::{
    figures::{
        Unfinished,
        path::{self, Phase, Span, VisitTrace},
    },
    model::{EntryRecord, Source, SourceState},
    store::{EarlierCycles, StoreError},
    text::host::pace_key,
    visit::{
        self, ArticleVisit, Context, FeedVisit, visit_article, visit_feed,
        x::{Session, XOutcome, XVisit},
    },
};

/// Visits saved in one transaction at most. Only visits that have finished already share one.
pub(super) const BATCH: usize = 64;

/// Hosts that the report of a cycle names at most.
const UNFINISHED_HOSTS: usize = 10;

/// X's name as a host of the progress.
pub(super) const X_NAME: &str = "X";

/// A finished visit.
pub(super) enum Completed {
    Feed { at: usize, source: Arc<Source>, trace: usize, visit: Box<FeedVisit>, before: Box<SourceState> },
    Page { trace: usize, visit: Box<ArticleVisit> },
    X { session: Box<Session>, visit: Result<Option<Box<XVisit>>, StoreError> },
}

/// A visit that waits for its host, with its trace.
enum Job {
    Source(Box<plan::Planned>, usize),
    Page(Box<EntryRecord>, usize),
}

/// A running cycle.
pub(super) struct Run<'a> {
    pub context: Arc<Context>,
    pub visits: JoinSet<Completed>,
    queue: Queue<Job>,
    /// The place of each running visit.
    places: HashMap<Id, (Place, VisitKind)>,
    /// Hosts of visits that were received since the last [`Self::save_received`].
    pub finished_hosts: Vec<String>,
    pub sources: Arc<SourceIndex>,
    /// `None` while it saves.
    pub saver: Option<Saver>,
    pub received: Received,
    pub saving: Option<Saving>,
    pub report: ReportBuilder,
    /// Sentences on visits that could not be saved, where the source does not show it.
    pub refused: Vec<String>,
    /// X's session once it has ended.
    pub x: Option<Box<Session>>,
    pub saves: bool,
    pub progress: &'a dyn Progress,
    pub now: Timestamp,
    pub clock: Instant,
    pub traces: Vec<VisitTrace>,
}

fn unfinished(queue: &Queue<Job>) -> Vec<Unfinished> {
    let host = |(host, visits): (&str, usize)| Unfinished { host: host.to_owned(), visits: visits as u64 };
    queue.unfinished().into_iter().take(UNFINISHED_HOSTS).map(host).collect()
}

impl<'a> Run<'a> {
    pub fn new(
        context: Arc<Context>,
        task: &Task,
        sources: Arc<SourceIndex>,
        plan: &Plan,
        progress: &'a dyn Progress,
        (now, confirmed): (Timestamp, Timestamp),
        clock: Instant,
    ) -> Self {
        let saver = Saver::new(
            context.store.clone(),
            Arc::clone(&context.rules),
            Arc::clone(&sources),
            task.notifier.clone(),
            (now, confirmed),
            !task.dry_run,
        );
        Self {
            report: ReportBuilder::new(plan),
            x: None,
            saver: Some(saver),
            received: Received::default(),
            saving: None,
            sources,
            refused: Vec::new(),
            visits: JoinSet::new(),
            queue: Queue::new(task.width),
            places: HashMap::new(),
            finished_hosts: Vec::new(),
            context,
            saves: !task.dry_run,
            progress,
            now,
            clock,
            traces: Vec::new(),
        }
    }

    /// Adds the trace of a visit to `host` that is queued now.
    fn add_trace(&mut self, host: &str, parent: Option<usize>) -> usize {
        let start = self.clock.elapsed();
        let host = host.to_owned();
        self.traces.push(VisitTrace {
            host,
            parent,
            start,
            completed: start,
            saved: start,
            spans: Vec::new(),
        });
        self.traces.len() - 1
    }

    /// Ends the trace of a finished visit.
    pub fn record_trace(&mut self, trace: usize, figures: &visit::Figures) {
        let clock = self.clock;
        let span = |event: &visit::TraceEvent| Span {
            part: event.part,
            start: event.at.saturating_duration_since(clock),
            took: event.took,
        };
        let trace = &mut self.traces[trace];
        trace.completed = clock.elapsed();
        trace.spans.extend(figures.trace.iter().map(span));
    }

    pub fn visit_source(&mut self, planned: plan::Planned) {
        // A program has no host; it waits for none.
        let name = planned.url.host_str().unwrap_or_else(|| planned.url.as_str()).to_owned();
        let host = pace_key(&name);
        let trace = self.add_trace(&name, None);
        self.progress.planned(VisitKind::Feed);
        self.queue.push_source(&host, Job::Source(Box::new(planned), trace));
    }

    pub fn visit_page(&mut self, entry: EntryRecord, parent: Option<usize>) {
        let link = entry.link.as_deref().and_then(|link| Url::parse(link).ok());
        let host = link.as_ref().and_then(Url::host_str).unwrap_or_default();
        let trace = self.add_trace(host, parent);
        self.progress.planned(VisitKind::Page);
        // Entries of sources that left the settings count as one source.
        let owner = self.sources.position(&entry.source_url).unwrap_or(usize::MAX);
        self.queue.push_page(&pace_key(host), owner, Job::Page(Box::new(entry), trace));
    }

    /// Starts the visits that may start.
    pub fn begin(&mut self) {
        while let Some((place, job)) = self.queue.next() {
            let (Job::Source(_, trace) | Job::Page(_, trace)) = job;
            let (start, now) = (self.traces[trace].start, self.clock.elapsed());
            let waited = Span { part: Phase::Pacing, start, took: now.saturating_sub(start) };
            self.traces[trace].spans.push(waited);
            let context = Arc::clone(&self.context);
            self.progress.started(&place.host);
            let kind = match job {
                Job::Source(..) => VisitKind::Feed,
                Job::Page(..) => VisitKind::Page,
            };
            let task = match job {
                Job::Source(planned, trace) => self.visits.spawn(async move {
                    let plan::Planned { at, source, url, state } = *planned;
                    // Boxed: the task of a finished visit, which waits to be received, holds only the results.
                    let visit = Box::pin(visit_feed(&context, &source, url, state));
                    let (visit, before) = visit.await;
                    Completed::Feed { at, source, trace, visit: Box::new(visit), before: Box::new(before) }
                }),
                Job::Page(entry, trace) => self.visits.spawn(async move {
                    let visit = Box::pin(visit_article(&context, *entry)).await;
                    Completed::Page { visit: Box::new(visit), trace }
                }),
            };
            self.places.insert(task.id(), (place, kind));
        }
    }

    /// Frees the place of a finished visit; `None` if the visit panicked.
    pub fn join_one(&mut self, joined: Result<(Id, Completed), JoinError>) -> Option<Completed> {
        let (id, completed) = match joined {
            Ok((id, completed)) => (id, Some(completed)),
            Err(error) => {
                // The report counts its source as unfinished; the other visits continue.
                tracing::error!(%error, "a visit panicked");
                (error.id(), None)
            }
        };
        if let Some((place, kind)) = self.places.remove(&id) {
            self.progress.finished(kind, &place.host);
            self.queue.done(&place);
            self.finished_hosts.push(place.host);
        }
        completed
    }

    /// The other visits that have finished by now.
    pub fn join_ready(&mut self) -> Vec<Completed> {
        let mut completed = Vec::new();
        while completed.len() + 1 < BATCH
            && let Some(joined) = self.visits.try_join_next_with_id()
        {
            completed.extend(self.join_one(joined));
        }
        completed
    }

    /// Closes the connections to those of `hosts` for which no visit is queued or running.
    pub fn close_idle_hosts(&mut self, hosts: Vec<String>) {
        for host in hosts {
            if !self.queue.contains(&host) {
                self.context.http.close_idle(&host);
            }
        }
    }

    /// Starts X's next call; its page is saved before the call after it.
    pub fn step_x(&mut self, mut session: Box<Session>) {
        let context = Arc::clone(&self.context);
        self.progress.planned(VisitKind::X);
        self.progress.started(X_NAME);
        self.visits.spawn(async move {
            let visit = session.step(&context).await.map(|visit| visit.map(Box::new));
            Completed::X { session, visit }
        });
    }

    /// Makes the report and saves the cycle's own row.
    pub async fn end(
        self,
        (id, earlier): (Option<i64>, EarlierCycles),
        task: &Task,
        deadline_hit: bool,
        notified: NotifyOutcome,
        x_planned: Option<visit::x::Preview>,
    ) -> Result<Ended, StoreError> {
        let store = &self.context.store;
        let x = self.x.as_ref().map(|session| session.outcome());
        let bill = match &self.x {
            Some(session) => Some(session.bill(&self.context).await?),
            None => None,
        };
        let (detections, fresh) = self.saver.map(|saver| (saver.reported, saver.fresh)).unwrap_or_default();
        let took = self.clock.elapsed();
        let earlier_targets = if task.strictness.targets && !task.dry_run {
            let reports = recent_reports(store, TARGET_CYCLES - 1).await?;
            reports.into_iter().rev().map(|report| report.targets).collect()
        } else {
            Vec::new()
        };
        let cache = self.context.pages.counts().await;
        let before = store.last_settings().await?.filter(|before| !before.is_empty());
        let settings_changed = before.is_some_and(|before| before != task.fingerprint);
        let statements = store.statement_times().await?;
        let database_bytes = store.bytes().await?;
        let mut finished = self.report.finish(CycleEnd {
            x: self.x.as_ref().map(|session| XEnd {
                figures: session.figures(),
                bill,
                problem: x.as_ref().and_then(|x: &XOutcome| x.problem.clone()),
            }),
            x_planned,
            id,
            started_at: self.now,
            took,
            cpu_ms: cpu::times_ms(),
            statements,
            database_bytes,
            earlier,
            critical_path: path::critical(&self.traces, took),
            unfinished: unfinished(&self.queue),
            deadline_hit,
            stopped: notified.stopped,
            overdue: notified.overdue,
            http: self.context.http.counts(),
            posted: task.notifier.post.sent(),
            cache,
            settings_changed,
            detections,
            peak_rss_bytes: memory::peak_resident_bytes(),
            task,
            sources: self.sources.sources(),
            earlier_targets,
        });
        if let Some(id) = id {
            save_cycle(store, &mut finished, id, self.now).await?;
        }
        Ok(Ended {
            report: finished.report,
            exit: finished.exit,
            failures: finished.failures,
            fresh,
            delivered: notified.delivered,
            x,
            traces: self.traces,
        })
    }
}
