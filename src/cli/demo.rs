//! `tge-scrape demo`: the whole program against the bundled fixture web, on loopback, in a temporary folder.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use crate::{
    clock::{Clock, SystemClock},
    config::Settings,
    cycle::{self, Ended},
    error::Error,
    exit::Exit,
    figures::{CycleReport, targets::TargetName},
    fixture_web::{FixtureWeb, Options},
    model::{SourceStatus, event_date::day_of},
    render::{self, format::percent, listing::Listing},
    store::{Access, EventFilter, Store},
    wiring,
};

use super::{Format, Globals, output::Output, progress::Bar};

/// Seed of the simulated delays: the same in every demo.
const SEED: u64 = 7;

/// Runs a cold cycle, a warm one and one after news, and shows their results.
pub fn run(globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let broken = |error: std::io::Error| {
        Error::new(
            Exit::Failure,
            format!("the demo cannot start: {error}"),
            "free a loopback port or some disk space",
        )
    };
    let state = tempfile::tempdir().map_err(broken)?;
    let now = SystemClock.now();
    let runtime = wiring::runtime()?;
    let web = runtime
        .block_on(FixtureWeb::start(Options { now: now.as_second(), seed: SEED, ..Options::default() }))
        .map_err(broken)?;
    let settings = crate::config::from_text(&web.settings_toml(), state.path())?;
    let mut reports = Vec::new();
    for name in ["cold", "warm", "news"] {
        if name == "news" {
            web.advance();
        }
        let ended = runtime.block_on(one_cycle(&settings, state.path()))?;
        reports.push((name, ended.report));
    }
    let store = Store::open(state.path(), Access::Read)?;
    let found = runtime.block_on(store.events(EventFilter {
        limit: usize::MAX,
        today: Some(day_of(now)),
        ..EventFilter::default()
    }))?;
    drop(web);
    runtime.shutdown_background();
    show(&reports, &found, globals, output)?;
    Ok(Exit::Success)
}

/// One cycle that opens everything anew, as under cron.
async fn one_cycle(settings: &Settings, state: &Path) -> Result<Ended, Error> {
    let store = Store::open(state, Access::Write)?;
    let context = Arc::new(wiring::context(settings, store, 0, false)?);
    let (task, hidden) = (wiring::task(settings, false), Bar::new(false));
    Ok(cycle::run(context, task, &hidden, std::future::pending()).await?)
}

fn show(
    reports: &[(&str, CycleReport)],
    found: &[crate::model::Detection],
    globals: &Globals,
    output: &mut Output,
) -> Result<(), Error> {
    let style = output.style();
    match globals.format {
        Some(Format::Json) => {
            let cycles: Vec<_> = reports.iter().map(|(name, report)| (*name, report)).collect();
            let document = serde_json::json!({ "schema": 1, "detections": found, "cycles": cycles });
            output.print(&render::json(&document))
        }
        Some(Format::Ndjson) => output.print(&render::events::ndjson(found)),
        Some(Format::Csv) => output.print(&render::events::csv(found)),
        _ => {
            let times = output.times(SystemClock.now(), globals.utc);
            output.print(&render::listing::table(found, &Listing::new(style, &times)))?;
            output.print(&render::report::side_by_side(reports, style))?;
            output.print(&missed_on_purpose(reports))
        }
    }
}

/// Why the last cycle missed targets: this web fails on purpose, and publishes much at once.
fn missed_on_purpose(reports: &[(&str, CycleReport)]) -> String {
    let Some((name, last)) = reports.last() else { return String::new() };
    let mut text = String::new();
    for target in last.targets.iter().filter(|target| target.ok == Some(false)) {
        let why = match target.name {
            TargetName::ErrorRatio => format!(
                "{} of the {} simulated outlets fail on purpose ({})",
                last.feeds.failed,
                last.feeds.total,
                failures(last)
            ),
            TargetName::CacheHitRatio => format!(
                "{} feeds with a new body and {} new pages in one cycle, as after hours of silence; {}",
                last.feeds.fetched,
                last.articles.fetched,
                hits(reports)
            ),
            TargetName::Memory => "three cycles and the simulated outlets share one process".to_owned(),
            _ => continue,
        };
        text.push_str(&format!("  {}: {why}\n", target.name));
    }
    if text.is_empty() {
        text
    } else {
        format!("\nWhat the {name} cycle misses it misses by this web's design:\n{text}")
    }
}

fn failures(report: &CycleReport) -> String {
    let mut kinds: BTreeMap<&str, u32> = BTreeMap::new();
    for source in report.sources.iter().filter(|source| source.outcome == SourceStatus::Failed) {
        *kinds.entry(source.failure.as_deref().unwrap_or("unknown")).or_default() += 1;
    }
    kinds.iter().map(|(kind, number)| format!("{number} {kind}")).collect::<Vec<_>>().join(", ")
}

/// The cache hits of a cycle without new entries.
fn hits(reports: &[(&str, CycleReport)]) -> String {
    let mut warm = reports.iter().rev().filter(|(_, report)| report.entries.new == 0);
    let warm = warm.find_map(|(name, report)| Some((name, report.cache.hit_ratio?)));
    warm.map_or_else(
        || "nothing was known before".to_owned(),
        |(name, ratio)| format!("in the {name} cycle it was {}", percent(ratio)),
    )
}
