//! `tge-scrape report -o FILE.html`: all stored figures as one page.

use std::{
    collections::{BTreeMap, HashSet},
    path::PathBuf,
};

use jiff::Timestamp;

use crate::{
    clock::{Clock, SystemClock},
    cycle::CYCLE_STAGE,
    error::Error,
    exit::Exit,
    figures::{
        Histogram,
        histogram::Times,
        sums::{self, Sums},
    },
    model::event_date::day_of,
    render::page::{Day, Page, ROWS, html},
    store::{Access, EventFilter, Store},
    wiring,
};

use super::{Globals, files, history::History, output::Output};

/// Cycles in the chart of single cycles.
const CYCLES: usize = 300;
/// Cycles in the grid of sources.
const GRID: usize = 50;
/// Days in the chart of percentiles.
const DAYS: usize = 90;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// File to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Writes the page.
pub fn run(args: &Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = super::settings(globals)?;
    let store = if Store::exists(&settings.state_dir) {
        Store::open(&settings.state_dir, Access::Read)?
    } else {
        // Before the first cycle the page has no figures.
        Store::open_in_memory()?
    };
    let page = wiring::small_runtime()?.block_on(async {
        let now = SystemClock.now();
        let history = History::load(&store, &settings, (Timestamp::UNIX_EPOCH, CYCLES), now).await?;
        page(&store, &history).await
    })?;
    files::write(&args.output, page.as_bytes(), files::Kind::Output).map_err(|error| {
        let message = format!("{} cannot be written: {error}", args.output.display());
        Error::new(Exit::Failure, message, "name another file with -o")
    })?;
    if !globals.quiet {
        output.note(&format!("written to {}", args.output.display()));
    }
    Ok(Exit::Success)
}

async fn page(store: &Store, history: &History) -> Result<String, Error> {
    let mut days = Vec::new();
    let periods = store.sums("0".to_owned(), "9".to_owned()).await?;
    let all_days: Vec<_> = periods.into_iter().filter(|(period, _)| sums::is_day(period)).collect();
    for (at, (period, document)) in all_days.iter().enumerate() {
        let detailed = at + DAYS >= all_days.len();
        days.extend(day(store, period, document, detailed).await?);
    }
    let mut grid: Vec<i64> = history.reports.iter().take(GRID).map(|report| report.cycle.id).collect();
    grid.reverse();
    let mut health: BTreeMap<String, BTreeMap<i64, bool>> = BTreeMap::new();
    let shown: HashSet<i64> = grid.iter().copied().collect();
    if let Some(first) = grid.iter().min() {
        let lines = store.source_lines(*first).await?;
        for line in lines.into_iter().filter(|line| shown.contains(&line.cycle)) {
            health.entry(line.url).or_default().insert(line.cycle, line.failure.is_none());
        }
    }
    let today = Some(day_of(history.now));
    let filter = EventFilter { limit: ROWS, today, ..EventFilter::default() };
    let events = store.events(filter).await?;
    Ok(html(&Page {
        now: history.now,
        reports: &history.reports,
        days: &days,
        levels: &history.levels(),
        sources: &history.sources,
        grid: &grid,
        health: &health,
        events: &events,
        all: &history.all,
        x_budget_usd: history.x_budget_usd,
    }))
}

async fn day(store: &Store, period: &str, document: &str, detailed: bool) -> Result<Option<Day>, Error> {
    let midnight = format!("{period}T00:00:00Z").parse::<Timestamp>();
    let (Ok(at), Ok(sums)) = (midnight, serde_json::from_str::<Sums>(document)) else { return Ok(None) };
    let mut times = None;
    if detailed {
        let kept = store.period(period.to_owned()).await?.histograms;
        let whole = kept.iter().find(|(name, _)| name == CYCLE_STAGE);
        let whole = whole.and_then(|(_, bytes)| Histogram::from_bytes(bytes).ok()).map(|whole| whole.times());
        if let Some(Times::Measured { p50, p95, p99, .. }) = whole {
            times = Some([p50, p95, p99]);
        }
    }
    Ok(Some(Day { at: at.as_second(), sums, times }))
}
