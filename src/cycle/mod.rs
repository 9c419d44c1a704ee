//! One scrape cycle: plan → visits side by side → commit → deliver → count.
//!
//! The one place that is concurrent, and the one that writes: many visits wait for the network at once, one
//! loop receives them, gives what they found its story, saves each whole, adds its figures and sends its
//! waiting entries on. A page is asked for as soon as its feed was read. Prints nothing.

mod cpu;
mod memory;
mod notifier;
mod persist;
mod place;
mod plan;
mod queue;
mod receive;
mod report_builder;
mod rescan;
mod save;
mod source_index;
mod x_figures;

pub use persist::WHOLE;
pub use queue::Width;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use tokio::task::{Id, JoinSet};
use url::Url;

use crate::{
    alert::Delivered,
    clock::Clock,
    figures::{
        CycleReport,
        path::{self, Phase, Span, VisitTrace},
        targets,
    },
    http::Fetch,
    model::{Detection, EntryRecord, Source, SourceState},
    store::StoreError,
    text::host::pace_key,
    visit::{
        self, ArticleVisit, Context, FeedVisit, visit_article, visit_feed,
        x::{Session, XOutcome, XVisit},
    },
    x,
};

pub use rescan::{Change, Rescan, rescan};

use plan::plan;
use queue::{Place, Queue};
use report_builder::ReportBuilder;
use save::Saver;
use source_index::SourceIndex;

pub use notifier::Notifier;
use notifier::NotifyOutcome;

/// Entries left waiting by earlier cycles that one cycle takes up at most.
const BACKLOG: usize = 5_000;
/// Rows forgotten by one cycle at most, so that no cycle pays for the clean-up of many.
const PRUNED: usize = 2_000;
/// Visits saved in one transaction at most. Only what is home already is taken together; nothing waits for more.
const BATCH: usize = 64;

/// How a cycle behaves (docs/reference/settings.md#cycle).
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// No request is started after this; what is under way ends unsaved.
    pub timeout: Duration,
    /// The share of sources that may fail before the cycle counts as degraded.
    pub max_failed_ratio: f64,
}

/// What one run is told to do.
#[derive(Debug, Clone)]
pub struct Task {
    /// The sources.
    pub sources: Vec<Arc<Source>>,
    /// How the cycle behaves.
    pub settings: Settings,
    /// What the figures are held against.
    pub targets: targets::Settings,
    /// Decide, but save nothing and tell nobody.
    pub dry_run: bool,
    /// Whom it tells.
    pub notifier: Notifier,
    /// Whether entries left waiting by earlier cycles are taken up.
    pub backlog: bool,
    /// X, where it is to be read.
    pub x: Option<Arc<x::Settings>>,
    /// How many visits are under way at once.
    pub width: Width,
}

/// Why a cycle was asked to stop early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// SIGINT.
    Interrupted,
    /// SIGTERM.
    Terminated,
}

/// How a cycle ended.
#[derive(Debug)]
pub struct Ended {
    /// Every figure (docs/reference/outputs.md#cycle-report).
    pub report: CycleReport,
    /// Set if it was asked to stop.
    pub stopped: Option<Stop>,
    /// Sentences of the sources that failed, by address.
    pub failures: BTreeMap<String, String>,
    /// What was found and is not of a source's first sight.
    pub fresh: Vec<Detection>,
    /// Messages that went out.
    pub delivered: Delivered,
    /// How X went, if it was read.
    pub x: Option<XOutcome>,
    /// Every visit with what it did and when, for a profile.
    pub traces: Vec<VisitTrace>,
}

/// Told how the work goes on.
pub trait Progress: Send + Sync {
    /// `visits` more are to be made.
    fn planned(&self, visits: usize);
    /// The visit of `name` is over after `took`.
    fn visited(&self, name: &str, took: Duration);
}

/// Runs one cycle over `task`, until done, out of time, or `stop` resolves.
///
/// # Errors
/// When the store cannot be read or written: what was saved before stays saved, the rest is done again by
/// the next cycle.
pub async fn run<F, C>(
    context: Arc<Context<F, C>>,
    task: Task,
    progress: &dyn Progress,
    stop: impl Future<Output = Stop>,
) -> Result<Ended, StoreError>
where
    F: Fetch + 'static,
    C: Clock + 'static,
{
    let (now, clock) = (context.clock.now(), Instant::now());
    let store = context.store.clone();
    let id = if task.dry_run { None } else { Some(store.begin_cycle(now).await?) };
    let pauses = store.host_waits(now).await?;
    let confirmed = store.confirmed_time(now).await?;
    let names = Arc::new(SourceIndex::of(&task.sources));
    let plan = plan(&names, store.sources().await?, &pauses, now);
    for pause in &pauses {
        context.fetch.pause(&pause.host, pause.not_before);
    }
    let (saves, rules) = (!task.dry_run, Arc::clone(&context.rules));
    let at = (now, confirmed);
    let mut run = Run {
        report: ReportBuilder::new(&plan),
        x: None,
        saver: Saver::new(store.clone(), rules, Arc::clone(&names), task.notifier.clone(), at, saves),
        names,
        refused: Vec::new(),
        visits: JoinSet::new(),
        queue: Queue::new(task.width),
        at: HashMap::new(),
        finished_hosts: Vec::new(),
        context,
        saves,
        progress,
        now,
        clock,
        traces: Vec::new(),
    };
    if plan.asked.iter().any(|planned| planned.state.read_at.is_none()) {
        // A new source will want the rules, and until it answers there is nothing else to do.
        let context = Arc::clone(&run.context);
        tokio::spawn(async move {
            let rules = Arc::clone(&context.rules);
            context.parsers.read(0, move || rules.prepare()).await
        });
    }
    for planned in plan.asked {
        run.visit_source(planned);
    }
    let waiting = if task.backlog { store.backlog(now, BACKLOG).await? } else { Vec::new() };
    for entry in waiting {
        run.visit_page(entry, None);
    }
    let mut x_planned = None;
    if let Some(settings) = task.x.as_ref().filter(|_| task.dry_run) {
        x_planned = Some(visit::x::planned_by(&store, settings, now).await?);
    }
    if let Some(settings) = task.x.clone().filter(|_| !task.dry_run) {
        let deadline = now + task.settings.timeout;
        if let Some(round) = Session::begin(&run.context, settings, deadline).await? {
            run.step_x(Box::new(round));
        }
    }
    run.report.planned(clock.elapsed());
    run.begin();

    let deadline = run.context.clone();
    let deadline = deadline.clock.sleep(task.settings.timeout);
    tokio::pin!(stop, deadline);
    let (mut stopped, mut late) = (None, false);
    loop {
        tokio::select! {
            biased;
            why = &mut stop => { stopped = Some(why); break }
            () = &mut deadline => { late = true; break }
            completed = run.visits.join_next_with_id() => {
                let Some(completed) = completed else { break };
                let completed: Vec<Completed> = run.join_one(completed).into_iter().chain(run.join_ready()).collect();
                run.begin();
                run.receive(completed).await?;
                run.begin();
                run.close_idle_hosts();
            }
        }
    }
    run.visits.shutdown().await;
    let notified = if run.saves {
        let start = Instant::now();
        let store = run.context.store.clone();
        store.prune(now, PRUNED).await?;
        let names = &run.names;
        let stop = stopped.is_none().then_some(stop);
        let source = |url: &str| names.get(url).cloned();
        let refused = std::mem::take(&mut run.refused);
        let notified =
            task.notifier.end(&store, &run.context.clock, source, confirmed, &refused, stop).await?;
        run.report.record_notify(start.elapsed());
        notified
    } else {
        NotifyOutcome::default()
    };
    let stopped = stopped.or(notified.stopped);
    run.end(id, &task, late, NotifyOutcome { stopped, ..notified }, x_planned).await
}

/// What a visit task brings home.
enum Completed {
    Feed { at: usize, source: Arc<Source>, trace: usize, visit: Box<FeedVisit>, before: Box<SourceState> },
    Page { name: String, trace: usize, visit: Box<ArticleVisit> },
    X { round: Box<Session>, visit: Result<Option<Box<XVisit>>, StoreError> },
}

/// A visit that waits for its host's turn, with its lane.
enum Job {
    Source(Box<plan::Planned>, usize),
    Page(Box<EntryRecord>, usize),
}

/// A cycle under way.
struct Run<'a, F, C> {
    context: Arc<Context<F, C>>,
    visits: JoinSet<Completed>,
    queue: Queue<Job>,
    /// Where each visit is under way.
    at: HashMap<Id, Place>,
    /// Hosts at which a visit ended since the last goodbye.
    finished_hosts: Vec<String>,
    names: Arc<SourceIndex>,
    saver: Saver,
    report: ReportBuilder,
    /// Sentences on visits that could not be saved and whose source does not show it.
    refused: Vec<String>,
    /// X's round once it is over.
    x: Option<Box<Session>>,
    saves: bool,
    progress: &'a dyn Progress,
    now: Timestamp,
    clock: Instant,
    traces: Vec<VisitTrace>,
}

impl<F: Fetch + 'static, C: Clock + 'static> Run<'_, F, C> {
    /// A lane for a visit to `host` that is sent on its way now.
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

    /// The visit of `lane` is home with its figures.
    fn record_trace(&mut self, trace: usize, figures: &visit::Figures) {
        let clock = self.clock;
        let span = |mark: &visit::TraceEvent| Span {
            part: mark.part,
            start: mark.at.saturating_duration_since(clock),
            took: mark.took,
        };
        let trace = &mut self.traces[trace];
        trace.completed = clock.elapsed();
        trace.spans.extend(figures.trace.iter().map(span));
    }

    fn visit_source(&mut self, planned: plan::Planned) {
        let host = pace_key(planned.url.host_str().unwrap_or_default());
        let trace = self.add_trace(planned.url.host_str().unwrap_or_default(), None);
        self.progress.planned(1);
        self.queue.push_source(&host, Job::Source(Box::new(planned), trace));
    }

    fn visit_page(&mut self, entry: EntryRecord, parent: Option<usize>) {
        let link = entry.link.as_deref().and_then(|link| Url::parse(link).ok());
        let host = link.as_ref().and_then(Url::host_str).unwrap_or_default();
        let trace = self.add_trace(host, parent);
        self.progress.planned(1);
        // Entries of sources that the settings no longer name share one turn.
        let owner = self.names.position(&entry.source_url).unwrap_or(usize::MAX);
        self.queue.push_page(&pace_key(host), owner, Job::Page(Box::new(entry), trace));
    }

    /// Sends what may go on its way.
    fn begin(&mut self) {
        while let Some((place, job)) = self.queue.next() {
            let (Job::Source(_, trace) | Job::Page(_, trace)) = job;
            let (start, now) = (self.traces[trace].start, self.clock.elapsed());
            let waited = Span { part: Phase::Pacing, start, took: now.saturating_sub(start) };
            self.traces[trace].spans.push(waited);
            let context = Arc::clone(&self.context);
            let task = match job {
                Job::Source(planned, trace) => self.visits.spawn(async move {
                    let plan::Planned { at, source, url, state } = *planned;
                    let (visit, before) = visit_feed(&context, &source, url, state).await;
                    Completed::Feed { at, source, trace, visit: Box::new(visit), before: Box::new(before) }
                }),
                Job::Page(entry, trace) => self.visits.spawn(async move {
                    let name = entry.link.clone().unwrap_or_default();
                    Completed::Page { visit: Box::new(visit_article(&context, *entry).await), trace, name }
                }),
            };
            self.at.insert(task.id(), place);
        }
    }

    /// A visit is over, however it went; what it brought home.
    fn join_one(&mut self, completed: Result<(Id, Completed), tokio::task::JoinError>) -> Option<Completed> {
        let (id, completed) = match completed {
            Ok((id, completed)) => (id, Some(completed)),
            Err(error) => {
                // A visit that broke down is found missing by the tally; the others go on.
                tracing::error!(%error, "a visit broke down");
                (error.id(), None)
            }
        };
        if let Some(place) = self.at.remove(&id) {
            self.queue.done(&place);
            self.finished_hosts.push(place.host);
        }
        completed
    }

    /// What else is home by now.
    fn join_ready(&mut self) -> Vec<Completed> {
        let mut completed = Vec::new();
        while completed.len() + 1 < BATCH
            && let Some(joined) = self.visits.try_join_next_with_id()
        {
            completed.extend(self.join_one(joined));
        }
        completed
    }

    /// Says goodbye to the hosts that have nothing left to be asked; what their visits brought is known by now.
    fn close_idle_hosts(&mut self) {
        for host in std::mem::take(&mut self.finished_hosts) {
            if !self.queue.knows(&host) {
                self.context.fetch.close_idle(&host);
            }
        }
    }

    /// X's next call; its page is saved before the one after it is made.
    fn step_x(&mut self, mut round: Box<Session>) {
        let context = Arc::clone(&self.context);
        self.progress.planned(1);
        self.visits.spawn(async move {
            let visit = round.step(&context).await.map(|visit| visit.map(Box::new));
            Completed::X { round, visit }
        });
    }

    /// Adds up, and remembers the cycle itself.
    async fn end(
        self,
        id: Option<i64>,
        task: &Task,
        deadline_hit: bool,
        notified: NotifyOutcome,
        x_planned: Option<visit::x::Preview>,
    ) -> Result<Ended, StoreError> {
        let store = &self.context.store;
        let mut x = None;
        let mut bill = None;
        if let Some(round) = &self.x {
            x = Some(round.outcome());
            bill = Some(round.bill(&self.context).await?);
        }
        let took = self.clock.elapsed();
        let statements = store.statement_times().await?;
        let mut summed = self.report.sum(report_builder::CycleEnd {
            x: self.x.as_ref().map(|round| x_figures::XEnd {
                figures: round.figures(),
                bill,
                problem: x.as_ref().and_then(|x: &XOutcome| x.problem.clone()),
            }),
            x_planned,
            id,
            now: self.now,
            took,
            cpu_ms: cpu::times_ms(),
            statements,
            critical_path: path::critical(&self.traces, took),
            deadline_hit,
            stopped: notified.stopped,
            overdue: notified.overdue,
            http: self.context.fetch.counts(),
            reported: self.saver.reported,
            peak_rss_bytes: memory::peak_resident_bytes(),
            task,
        });
        if let Some(id) = id {
            persist::keep(store, &mut summed, id, self.now).await?;
        }
        Ok(Ended {
            report: summed.report,
            failures: summed.failures,
            stopped: notified.stopped,
            fresh: self.saver.fresh,
            delivered: notified.delivered,
            x,
            traces: self.traces,
        })
    }
}
