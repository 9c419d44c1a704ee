//! The data of `stats`, `report` and the textfile, read once from the database.

use std::{collections::HashMap, num::NonZero, panic::resume_unwind, sync::Arc, thread};

use jiff::Timestamp;

use crate::{
    config::Settings,
    cycle::judge_checks,
    error::Error,
    exit::Exit,
    figures::{
        CycleReport,
        checks::Judged,
        level::{Level, level_of},
        sources::{self, SourceView},
        sums::{self, Sums},
        targets::Target,
    },
    model::{ImportedInUse, Source, SourceState},
    store::{CycleRow, SourceCounts, Store},
    visit::{Due, due},
};

/// Cycles read at most: medians over more change little.
const MOST: usize = 500;

/// What is read of the sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sources {
    /// Only how many work.
    Counts,
    /// Each of them.
    Views,
}

#[derive(Debug)]
pub struct History {
    pub now: Timestamp,
    /// Finished cycles, newest first.
    pub reports: Vec<CycleReport>,
    pub counts: SourceCounts,
    /// Empty where only the counts were asked for.
    pub sources: Vec<SourceView>,
    /// Since when each source is due that a cycle would request now.
    pub due_since: Vec<Timestamp>,
    /// Of all time.
    pub all: Sums,
    /// For each month.
    pub x_budget_usd: f64,
    pub channels: Vec<String>,
    /// The checks of the settings.
    pub checks: Vec<Judged>,
}

impl History {
    /// The last `last` cycles that began at `since` or later, and the sources.
    pub async fn load(
        store: &Store,
        settings: &Settings,
        sources: Sources,
        (since, last): (Timestamp, usize),
        now: Timestamp,
    ) -> Result<Self, Error> {
        let rows = store.cycles_since(since, last.clamp(1, MOST)).await?;
        let reports = read_all(&rows)?;
        let document = store.sums(sums::ALL.to_owned(), sums::ALL.to_owned()).await?.pop();
        let all = document.and_then(|(_, document)| serde_json::from_str(&document).ok()).unwrap_or_default();
        let (views, due_since) = match sources {
            Sources::Counts => (Vec::new(), Vec::new()),
            Sources::Views => views(store, settings, now).await?,
        };
        Ok(Self {
            now,
            reports,
            counts: counts(store, settings).await?,
            sources: views,
            due_since,
            all,
            x_budget_usd: settings.alerts.budget_usd,
            channels: settings.alerts.names(),
            checks: judge_checks(store, &settings.checks, now, settings.cycle.retention.cycles).await?,
        })
    }

    /// Each target of the last cycle with its level over the loaded cycles.
    pub fn levels(&self) -> Vec<(Target, Level)> {
        let Some(last) = self.reports.first() else { return Vec::new() };
        let level = |name| level_of(name, self.reports.iter().rev().map(|report| &report.targets[..]));
        last.targets.iter().map(|target| (target.clone(), level(target.name))).collect()
    }
}

async fn counts(store: &Store, settings: &Settings) -> Result<SourceCounts, Error> {
    let addresses = settings.own_sources().map(|source| source.url.clone()).collect();
    Ok(store.source_counts(addresses, in_use(store, settings).await?).await?)
}

/// Every source that is read and was requested before, and since when those are due that a cycle would request now.
async fn views(
    store: &Store,
    settings: &Settings,
    now: Timestamp,
) -> Result<(Vec<SourceView>, Vec<Timestamp>), Error> {
    let imported = imported(store, settings).await?;
    let sources = settings.sources.iter().chain(&imported);
    let enabled: HashMap<&str, &Source> = sources.map(|source| (source.url.as_str(), &**source)).collect();
    let given: HashMap<String, _> =
        store.yields().await?.into_iter().map(|given| (given.url.clone(), given)).collect();
    let mut states = store.sources().await?;
    states.retain(|state| state.checked_at.is_some());
    let view = |state: &SourceState| {
        let name = &enabled.get(state.url.as_str())?.name;
        let given = given.get(&state.url).cloned().unwrap_or_default();
        let cost = (given.asked, given.failed, given.bytes);
        Some(sources::view(state, name, cost, given.first, now))
    };
    let due_since = |state: &SourceState| {
        let source = enabled.get(state.url.as_str())?;
        state.due_at.filter(|at| *at <= now && due(state, source.every, None, now) == Due::Now)
    };
    Ok((states.iter().filter_map(view).collect(), states.iter().filter_map(due_since).collect()))
}

/// Which imported feeds are read. Identities are made only where there are such feeds.
pub async fn in_use(store: &Store, settings: &Settings) -> Result<Option<ImportedInUse>, Error> {
    Ok(match store.feeds_in_use(Vec::new()).await? {
        Some(_) => store.feeds_in_use(settings.feed_identities().collect()).await?,
        None => None,
    })
}

/// The imported feeds that are read, unless `settings` have them already.
pub async fn imported(store: &Store, settings: &Settings) -> Result<Vec<Arc<Source>>, Error> {
    if !settings.imported.is_empty() {
        return Ok(Vec::new());
    }
    let feeds = settings.beside_own(store.imported_feeds().await?);
    Ok(feeds.into_iter().filter(|feed| feed.enabled).map(|feed| feed.source).collect())
}

/// The report in `row`.
pub fn read(row: &CycleRow) -> Result<CycleReport, Error> {
    serde_json::from_str(&row.report).map_err(|error| {
        let hint = "run `tge-scrape db check`";
        Error::new(Exit::Failure, format!("cycle {} cannot be read back: {error}", row.id), hint)
    })
}

/// Fewest rows for which a further thread pays: reading one takes a tenth of a millisecond or less.
const ROWS_PER_THREAD: usize = 100;

/// The reports in `rows`, in their order, read on all cores.
pub fn read_all(rows: &[CycleRow]) -> Result<Vec<CycleReport>, Error> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let part = rows.len().div_ceil(cores).max(ROWS_PER_THREAD);
    let read_part = |rows: &[CycleRow]| rows.iter().map(read).collect::<Result<Vec<_>, _>>();
    let parts: Vec<Vec<_>> = thread::scope(|scope| {
        let workers: Vec<_> = rows.chunks(part).map(|rows| scope.spawn(move || read_part(rows))).collect();
        let join = |worker: thread::ScopedJoinHandle<'_, _>| {
            worker.join().unwrap_or_else(|panic| resume_unwind(panic))
        };
        workers.into_iter().map(join).collect::<Result<_, _>>()
    })?;
    Ok(parts.into_iter().flatten().collect())
}
