//! The data of the page, read from the database.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;

use crate::{
    config::Settings,
    cycle::CYCLE_STAGE,
    error::Error,
    figures::{
        Histogram,
        histogram::Times,
        sums::{self, Sums},
    },
    model::event_date::day_of,
    render::board::{Board, Day, Figures, Health, Renewal, Story, html, shorten_ids},
    store::{EventFilter, Store},
};

use super::history::{History, Sources};

/// Stories on the page at most.
const STORIES: usize = 5000;
/// Cycles in the chart of single cycles.
const CYCLES: usize = 300;
/// Cycles in the marks of the sources.
const GRID: usize = 50;
/// Days in the chart of percentiles.
const DAYS: usize = 90;

/// The page at `now` with the stories heard of since `since`; `renewal` keeps it up to date.
pub async fn page(
    store: &Store,
    settings: &Settings,
    now: Timestamp,
    since: Option<Timestamp>,
    renewal: Renewal,
) -> Result<String, Error> {
    let history =
        History::load(store, settings, Sources::Views, (Timestamp::UNIX_EPOCH, CYCLES), now).await?;
    let mut days = Vec::new();
    let periods = store.sums("0".to_owned(), "9".to_owned()).await?;
    let all_days: Vec<_> = periods.into_iter().filter(|(period, _)| sums::is_day(period)).collect();
    for (at, (period, document)) in all_days.iter().enumerate() {
        let detailed = at + DAYS >= all_days.len();
        days.extend(day(store, period, document, detailed).await?);
    }
    let mut grid: Vec<i64> = history.reports.iter().take(GRID).map(|report| report.cycle.id).collect();
    grid.reverse();
    let filter = EventFilter { limit: STORIES, today: Some(day_of(now)), since, ..EventFilter::default() };
    let mut stories = store
        .fold_stories(filter, Vec::new(), |stories, row, mentions| stories.push(Story::new(row, mentions)))
        .await?;
    shorten_ids(&mut stories);
    let projects: Vec<String> = settings.detect.projects.iter().map(|project| project.name.clone()).collect();
    Ok(html(&Board {
        now,
        renewal,
        stories: &stories,
        projects: &projects,
        deliveries: &store.deliveries().await?,
        figures: Figures {
            reports: &history.reports,
            days: &days,
            levels: &history.levels(),
            sources: &history.sources,
            grid: &grid,
            health: &health(store, &grid).await?,
            all: &history.all,
            x_budget_usd: history.x_budget_usd,
        },
    }))
}

async fn health(store: &Store, grid: &[i64]) -> Result<Health, Error> {
    let mut health: Health = BTreeMap::new();
    let shown: HashSet<i64> = grid.iter().copied().collect();
    if let Some(first) = grid.iter().min() {
        let lines = store.source_lines(*first).await?;
        for line in lines.into_iter().filter(|line| shown.contains(&line.cycle)) {
            health.entry(line.url).or_default().insert(line.cycle, line.failure.is_none());
        }
    }
    Ok(health)
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
