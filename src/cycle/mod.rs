//! One scrape cycle: plan → visits side by side → commit → deliver → count.
//!
//! The one place that is concurrent, and the one that writes: many visits wait for the network at once, one
//! loop receives them, gives what they found its story, saves each whole, adds its figures and sends its
//! waiting entries on. A page is asked for as soon as its feed was read. Prints nothing.

mod cpu;
mod keep;
mod memory;
mod names;
mod place;
mod plan;
mod queue;
mod receive;
mod rescan;
mod save;
mod tally;
mod tell;
mod x_figures;

pub use keep::WHOLE;
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
        path::{self, Lane, Part, Span},
        targets,
    },
    http::Fetch,
    model::{Detection, EntryRecord, Source, SourceState},
    store::StoreError,
    text::host::pace_key,
    visit::{
        self, ArticleVisit, Context, FeedVisit, visit_article, visit_feed,
        x::{Round, XOutcome, XVisit},
    },
    x,
};

pub use rescan::{Change, Rescan, rescan};

use names::Names;
use plan::plan;
use queue::{Place, Queue};
use save::Saver;
use tally::Tally;

pub use tell::Tell;
use tell::Telling;

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
    pub tell: Tell,
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
    pub lanes: Vec<Lane>,
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
    let names = Arc::new(Names::of(&task.sources));
    let plan = plan(&names, store.sources().await?, &pauses, now);
    for pause in &pauses {
        context.fetch.pause(&pause.host, pause.not_before);
    }
    let (saves, rules) = (!task.dry_run, Arc::clone(&context.rules));
    let at = (now, confirmed);
    let mut run = Run {
        tally: Tally::new(&plan),
        x: None,
        saver: Saver::new(store.clone(), rules, Arc::clone(&names), task.tell.clone(), at, saves),
        names,
        refused: Vec::new(),
        visits: JoinSet::new(),
        queue: Queue::new(task.width),
        at: HashMap::new(),
        left: Vec::new(),
        context,
        saves,
        progress,
        now,
        clock,
        lanes: Vec::new(),
    };
    if plan.asked.iter().any(|planned| planned.state.read_at.is_none()) {
        // A new source will want the rules, and until it answers there is nothing else to do.
        let context = Arc::clone(&run.context);
        tokio::spawn(async move {
            let rules = Arc::clone(&context.rules);
            context.readers.read(0, move || rules.prepare()).await
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
        if let Some(round) = Round::begin(&run.context, settings, deadline).await? {
            run.step_x(Box::new(round));
        }
    }
    run.tally.planned(clock.elapsed());
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
            home = run.visits.join_next_with_id() => {
                let Some(home) = home else { break };
                let homes: Vec<Home> = run.over(home).into_iter().chain(run.also_home()).collect();
                run.begin();
                run.receive(homes).await?;
                run.begin();
                run.leave();
            }
        }
    }
    run.visits.shutdown().await;
    let telling = if run.saves {
        let start = Instant::now();
        let store = run.context.store.clone();
        store.prune(now, PRUNED).await?;
        let names = &run.names;
        let stop = stopped.is_none().then_some(stop);
        let source = |url: &str| names.get(url).cloned();
        let refused = std::mem::take(&mut run.refused);
        let telling = task.tell.end(&store, &run.context.clock, source, confirmed, &refused, stop).await?;
        run.tally.told(start.elapsed());
        telling
    } else {
        Telling::default()
    };
    let stopped = stopped.or(telling.stopped);
    run.end(id, &task, late, Telling { stopped, ..telling }, x_planned).await
}

/// What a visit task brings home.
enum Home {
    Feed { at: usize, source: Arc<Source>, lane: usize, visit: Box<FeedVisit>, before: Box<SourceState> },
    Page { name: String, lane: usize, visit: Box<ArticleVisit> },
    X { round: Box<Round>, visit: Result<Option<Box<XVisit>>, StoreError> },
}

/// A visit that waits for its host's turn, with its lane.
enum Job {
    Source(Box<plan::Planned>, usize),
    Page(Box<EntryRecord>, usize),
}

/// A cycle under way.
struct Run<'a, F, C> {
    context: Arc<Context<F, C>>,
    visits: JoinSet<Home>,
    queue: Queue<Job>,
    /// Where each visit is under way.
    at: HashMap<Id, Place>,
    /// Hosts at which a visit ended since the last goodbye.
    left: Vec<String>,
    names: Arc<Names>,
    saver: Saver,
    tally: Tally,
    /// Sentences on visits that could not be saved and whose source does not show it.
    refused: Vec<String>,
    /// X's round once it is over.
    x: Option<Box<Round>>,
    saves: bool,
    progress: &'a dyn Progress,
    now: Timestamp,
    clock: Instant,
    lanes: Vec<Lane>,
}

impl<F: Fetch + 'static, C: Clock + 'static> Run<'_, F, C> {
    /// A lane for a visit to `host` that is sent on its way now.
    fn lane(&mut self, host: &str, parent: Option<usize>) -> usize {
        let start = self.clock.elapsed();
        let host = host.to_owned();
        self.lanes.push(Lane { host, parent, start, home: start, saved: start, spans: Vec::new() });
        self.lanes.len() - 1
    }

    /// The visit of `lane` is home with its figures.
    fn landed(&mut self, lane: usize, figures: &visit::Figures) {
        let clock = self.clock;
        let span = |mark: &visit::Mark| Span {
            part: mark.part,
            start: mark.at.saturating_duration_since(clock),
            took: mark.took,
        };
        let lane = &mut self.lanes[lane];
        lane.home = clock.elapsed();
        lane.spans.extend(figures.marks.iter().map(span));
    }

    fn visit_source(&mut self, planned: plan::Planned) {
        let host = pace_key(planned.url.host_str().unwrap_or_default());
        let lane = self.lane(planned.url.host_str().unwrap_or_default(), None);
        self.progress.planned(1);
        self.queue.push_source(&host, Job::Source(Box::new(planned), lane));
    }

    fn visit_page(&mut self, entry: EntryRecord, parent: Option<usize>) {
        let link = entry.link.as_deref().and_then(|link| Url::parse(link).ok());
        let host = link.as_ref().and_then(Url::host_str).unwrap_or_default();
        let lane = self.lane(host, parent);
        self.progress.planned(1);
        // Entries of sources that the settings no longer name share one turn.
        let owner = self.names.place(&entry.source_url).unwrap_or(usize::MAX);
        self.queue.push_page(&pace_key(host), owner, Job::Page(Box::new(entry), lane));
    }

    /// Sends what may go on its way.
    fn begin(&mut self) {
        while let Some((place, job)) = self.queue.next() {
            let (Job::Source(_, lane) | Job::Page(_, lane)) = job;
            let (start, now) = (self.lanes[lane].start, self.clock.elapsed());
            let waited = Span { part: Part::Pacing, start, took: now.saturating_sub(start) };
            self.lanes[lane].spans.push(waited);
            let context = Arc::clone(&self.context);
            let task = match job {
                Job::Source(planned, lane) => self.visits.spawn(async move {
                    let plan::Planned { at, source, url, state } = *planned;
                    let (visit, before) = visit_feed(&context, &source, url, state).await;
                    Home::Feed { at, source, lane, visit: Box::new(visit), before: Box::new(before) }
                }),
                Job::Page(entry, lane) => self.visits.spawn(async move {
                    let name = entry.link.clone().unwrap_or_default();
                    Home::Page { visit: Box::new(visit_article(&context, *entry).await), lane, name }
                }),
            };
            self.at.insert(task.id(), place);
        }
    }

    /// A visit is over, however it went; what it brought home.
    fn over(&mut self, home: Result<(Id, Home), tokio::task::JoinError>) -> Option<Home> {
        let (id, home) = match home {
            Ok((id, home)) => (id, Some(home)),
            Err(error) => {
                // A visit that broke down is found missing by the tally; the others go on.
                tracing::error!(%error, "a visit broke down");
                (error.id(), None)
            }
        };
        if let Some(place) = self.at.remove(&id) {
            self.queue.done(&place);
            self.left.push(place.host);
        }
        home
    }

    /// What else is home by now.
    fn also_home(&mut self) -> Vec<Home> {
        let mut homes = Vec::new();
        while homes.len() + 1 < BATCH
            && let Some(home) = self.visits.try_join_next_with_id()
        {
            homes.extend(self.over(home));
        }
        homes
    }

    /// Says goodbye to the hosts that have nothing left to be asked; what their visits brought is known by now.
    fn leave(&mut self) {
        for host in std::mem::take(&mut self.left) {
            if !self.queue.knows(&host) {
                self.context.fetch.leave(&host);
            }
        }
    }

    /// X's next call; its page is saved before the one after it is made.
    fn step_x(&mut self, mut round: Box<Round>) {
        let context = Arc::clone(&self.context);
        self.progress.planned(1);
        self.visits.spawn(async move {
            let visit = round.step(&context).await.map(|visit| visit.map(Box::new));
            Home::X { round, visit }
        });
    }

    /// Adds up, and remembers the cycle itself.
    async fn end(
        self,
        id: Option<i64>,
        task: &Task,
        deadline_hit: bool,
        telling: Telling,
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
        let mut summed = self.tally.sum(tally::End {
            x: self.x.as_ref().map(|round| x_figures::XEnd {
                figures: &round.figures,
                bill,
                problem: x.as_ref().and_then(|x: &XOutcome| x.problem.clone()),
            }),
            x_planned,
            id,
            now: self.now,
            took,
            cpu_ms: cpu::times_ms(),
            statements,
            critical_path: path::critical(&self.lanes, took),
            deadline_hit,
            stopped: telling.stopped,
            overdue: telling.overdue,
            http: self.context.fetch.counts(),
            told: self.saver.told,
            peak_rss_bytes: memory::peak_resident_bytes(),
            task,
        });
        if let Some(id) = id {
            keep::keep(store, &mut summed, id, self.now).await?;
        }
        Ok(Ended {
            report: summed.report,
            failures: summed.failures,
            stopped: telling.stopped,
            fresh: self.saver.fresh,
            delivered: telling.delivered,
            x,
            lanes: self.lanes,
        })
    }
}
