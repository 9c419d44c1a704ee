//! One scrape cycle: plan → visits in parallel → commit → deliver → report.
//!
//! Many visits wait for the network at once. One loop receives them, assigns their findings to stories, saves each
//! visit whole, counts it and queues visits for its waiting entries: a page is requested as soon as its feed is read.

mod checks;
mod clean_up;
mod cpu;
mod load_plan;
mod memory;
mod notifier;
mod persist;
mod place;
mod plan;
mod queue;
mod receive;
mod report_builder;
mod rescan;
mod run;
mod save;
mod source_index;
mod summaries;
mod x_figures;

#[cfg(test)]
mod fairness_tests;

pub(crate) use checks::judge_checks;
pub use notifier::Notifier;
pub use persist::CYCLE_STAGE;
pub use queue::Width;
pub use rescan::{Change, Rescan, rescan};
pub(crate) use x_figures::x_usage;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    alert::Delivered,
    exit::Exit,
    figures::{CycleReport, StageName, checks::Check, path::VisitTrace, targets},
    model::{Detection, ImportedInUse, Source},
    store::{EarlierCycles, Retention, Store, StoreError},
    visit::{
        self, Context,
        x::{Session, XOutcome},
    },
    x,
};

use load_plan::{Sources, load_plan};
use notifier::{NotifyOutcome, Seen};
use receive::saved;
use report_builder::CycleEnd;
pub(crate) use report_builder::is_degraded;
use run::Run;

/// Entries of earlier cycles that one cycle visits at most.
const BACKLOG: usize = 5_000;
/// Cycles that decide the level of a target, as in `stats`.
pub const TARGET_CYCLES: usize = 50;

/// How a cycle behaves (docs/reference/settings.md#cycle).
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// No request is started after this; running visits end unsaved.
    pub timeout: Duration,
    /// Share of the sources that may fail before the cycle counts as degraded, 0–1.
    pub max_failed_ratio: f64,
    /// `[keep]`: ages at which stored rows expire.
    pub retention: Retention,
}

/// What counts as a degraded cycle beside too many failed sources.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Strictness {
    /// Any failed source, X included.
    pub sources: bool,
    /// A target at level `warning` or worse.
    pub targets: bool,
}

/// The work of one cycle.
#[derive(Debug, Clone)]
pub struct Task {
    /// Enabled sources of the settings.
    pub sources: Vec<Arc<Source>>,
    /// Which imported feeds are read beside them; `None` for none.
    pub imported: Option<ImportedInUse>,
    /// How the cycle behaves.
    pub settings: Settings,
    /// Expected figures.
    pub targets: targets::Settings,
    /// Bounds of figures that the operator set.
    pub checks: Vec<Check>,
    /// What decides the exit code.
    pub strictness: Strictness,
    /// Decide, but save nothing and send no alert.
    pub dry_run: bool,
    /// Who is alerted.
    pub notifier: Notifier,
    /// Whether waiting entries of earlier cycles are visited.
    pub backlog: bool,
    /// `None` if X is not read.
    pub x: Option<Arc<x::Settings>>,
    /// How many visits run at once.
    pub width: Width,
    /// Fingerprint of the settings that can change figures.
    pub fingerprint: String,
}

impl Task {
    fn all_sources(&self) -> Sources<'_> {
        Sources { own: &self.sources, imported: self.imported.as_ref() }
    }
}

/// The signal that stops a cycle early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// SIGINT.
    Interrupted,
    /// SIGTERM.
    Terminated,
}

impl Stop {
    /// The exit code after this signal.
    #[must_use]
    pub fn exit(self) -> Exit {
        match self {
            Self::Interrupted => Exit::Interrupted,
            Self::Terminated => Exit::Terminated,
        }
    }
}

/// A finished cycle.
#[derive(Debug)]
pub struct Ended {
    /// See docs/reference/outputs.md#cycle-report.
    pub report: CycleReport,
    /// Decided once, before hooks, pings and the stored row.
    pub exit: Exit,
    /// Sentences of the sources that failed, by address.
    pub failures: BTreeMap<String, String>,
    /// New detections, without those of a source's first fetch.
    pub fresh: Vec<Detection>,
    /// Delivered messages.
    pub delivered: Delivered,
    /// `None` if X was not read.
    pub x: Option<XOutcome>,
    /// Every visit, for a profile.
    pub traces: Vec<VisitTrace>,
}

/// Receives the progress of a cycle.
pub trait Progress: Send + Sync {
    /// One more visit is queued.
    fn planned(&self, visit: VisitKind);
    /// A visit to `host` has begun.
    fn started(&self, host: &str);
    /// A visit to `host` has finished.
    fn finished(&self, visit: VisitKind, host: &str);
    /// A detection is saved; `joined` if its story was there before.
    fn found(&self, detection: &Detection, joined: bool);
}

/// What is visited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VisitKind {
    /// A source.
    Feed,
    /// An article.
    Page,
    /// A call to X.
    X,
}

/// Addresses of the sources that a cycle at `now` would request, in its order.
///
/// # Errors
/// When the store cannot be read.
pub(crate) async fn due_sources(
    store: &Store,
    task: &Task,
    refresh: &visit::Refresh,
    now: jiff::Timestamp,
) -> Result<Vec<String>, StoreError> {
    let pauses = store.host_waits(now).await?;
    let (_, plan) = load_plan(store, task.all_sources(), (&pauses, BTreeSet::new()), refresh, now).await?;
    Ok(plan.asked.into_iter().map(|planned| planned.source.url.clone()).collect())
}

/// Runs one cycle until its work is done, its time is up, or `stop` resolves.
///
/// # Errors
/// When the store cannot be read or written. Saved visits stay saved; the next cycle repeats the others.
pub async fn run(
    context: Arc<Context>,
    task: Task,
    progress: &dyn Progress,
    stop: impl Future<Output = Stop>,
) -> Result<Ended, StoreError> {
    let (now, clock) = (context.clock.now(), Instant::now());
    let store = context.store.clone();
    let id = if task.dry_run { None } else { Some(store.begin_cycle(now).await?) };
    let earlier = match id {
        Some(id) => store.cycles_before(id, targets::SUCCESS_CYCLES - 1).await?,
        None => EarlierCycles::default(),
    };
    let pauses = store.host_waits(now).await?;
    let confirmed = store.confirmed_time(now).await?;
    let waiting = if task.backlog { store.backlog(now, BACKLOG).await? } else { Vec::new() };
    let known = (&pauses[..], waiting.iter().map(|entry| entry.source_url.clone()).collect());
    let (sources, plan) =
        load_plan(&store, task.all_sources(), known, &context.settings.refresh, now).await?;
    let sources = Arc::new(sources);
    for pause in &pauses {
        context.http.pause(&pause.host, pause.not_before);
    }
    let mut run = Run::new(context, &task, sources, &plan, progress, (now, confirmed), clock);
    if plan.asked.iter().any(|planned| planned.state.read_at.is_none()) {
        // A new source will need the rules, and until it answers the processor is idle.
        let context = Arc::clone(&run.context);
        tokio::spawn(async move {
            let rules = Arc::clone(&context.rules);
            context.parsers.read(0, move || rules.prepare()).await
        });
    }
    for planned in plan.asked {
        run.visit_source(planned);
    }
    for entry in waiting {
        run.visit_page(entry, None);
    }
    let mut x_planned = None;
    match &task.x {
        Some(settings) if task.dry_run => {
            x_planned = Some(visit::x::planned_by(&store, settings, now).await?);
        }
        Some(settings) => {
            let deadline = now + task.settings.timeout;
            if let Some(session) = Session::begin(&run.context, Arc::clone(settings), deadline).await? {
                run.step_x(Box::new(session));
            }
        }
        None => {}
    }
    run.report.record(StageName::Plan, clock.elapsed());
    run.begin();

    let context = Arc::clone(&run.context);
    let deadline = context.clock.sleep(task.settings.timeout);
    tokio::pin!(stop, deadline);
    let (mut stopped, mut deadline_hit) = (None, false);
    while !run.visits.is_empty() || run.saving.is_some() {
        tokio::select! {
            biased;
            signal = &mut stop => { stopped = Some(signal); break }
            () = &mut deadline => { deadline_hit = true; break }
            done = saved(&mut run.saving), if run.saving.is_some() => run.count_saved(done, true).await?,
            Some(joined) = run.visits.join_next_with_id(), if !run.is_full() => {
                let completed = run.join_one(joined).into_iter().chain(run.join_ready()).collect();
                run.receive(completed)?;
            }
        }
        run.begin();
        run.save_received();
    }
    run.visits.abort_all();
    run.save_rest().await?;
    run.visits.shutdown().await;
    let mut notified = NotifyOutcome::default();
    if !task.dry_run {
        let start = Instant::now();
        let unless = stopped.is_none().then_some(stop.as_mut());
        stopped = clean_up::clean_up(&store, now, task.settings.retention, unless).await?.or(stopped);
        run.context.labels.save(&store).await?;
        let source = |url: &str| run.sources.get(url).cloned();
        let stop = stopped.is_none().then_some(stop);
        let seen = Seen { started_at: now, earlier, confirmed, refused: &run.refused, task: &task };
        notified = task.notifier.end(&store, context.clock.as_ref(), source, seen, stop).await?;
        run.report.record(StageName::Alert, start.elapsed());
    }
    notified.stopped = stopped.or(notified.stopped);
    run.end((id, earlier), &task, deadline_hit, notified, x_planned).await
}

/// The reports of the last `limit` finished cycles, newest first, without those that cannot be read.
async fn recent_reports(store: &Store, limit: usize) -> Result<Vec<CycleReport>, StoreError> {
    let cycles = store.cycles(limit).await?;
    Ok(cycles.iter().filter_map(|cycle| serde_json::from_str(&cycle.report).ok()).collect())
}
