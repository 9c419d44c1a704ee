//! `tge-scrape demo`: the whole program against the bundled fixture web, on loopback, in a temporary folder.

use std::{
    collections::BTreeMap,
    io::Write,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    clock::{Clock, SystemClock},
    config::Settings,
    cycle::{self, Ended, Progress, VisitKind},
    error::Error,
    exit::Exit,
    figures::{CycleReport, targets::TargetName},
    fixture_web::{FixtureWeb, Options},
    model::{Detection, SourceStatus, event_date::day_of},
    render::{self, Style, format::percent, listing::Listing},
    store::{Access, EventFilter, Store},
    visit::Refresh,
    wiring,
};

use super::{Format, Globals, output::Output};

/// Seed of the simulated delays: the same in every demo.
const SEED: u64 = 7;
/// Stories at the end.
const BEST: usize = 8;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print the figures of the three cycles and their targets as well
    #[arg(long)]
    figures: bool,
}

/// Runs a cold cycle, a warm one and one after news, and shows their results.
pub fn run(args: &Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let broken = |error: std::io::Error| {
        Error::new(
            Exit::Failure,
            format!("the demo cannot start: {error}"),
            "free a loopback port or some disk space",
        )
    };
    let streams = !globals.quiet && matches!(globals.format, None | Some(Format::Table));
    let state = tempfile::tempdir().map_err(broken)?;
    let now = SystemClock.now();
    let runtime = wiring::runtime()?;
    let web = runtime
        .block_on(FixtureWeb::start(Options { now: now.as_second(), seed: SEED, ..Options::default() }))
        .map_err(broken)?;
    let settings = crate::config::from_text(&web.settings_toml(), state.path())?;
    let mut reports = Vec::new();
    for (name, what) in [
        ("cold", "first cycle: every feed is new"),
        ("warm", "second cycle: nothing has changed"),
        ("news", "third cycle: outlets have published"),
    ] {
        if name == "news" {
            web.advance();
        }
        if streams {
            let number = settings.sources.len();
            output.print(&format!("{what} ({number} simulated feeds, in a temporary folder)\n"))?;
        }
        let stream = Stream::new(streams.then(|| output.style()));
        let ended = runtime.block_on(one_cycle(&settings, state.path(), &stream))?;
        if streams {
            output.print(&closing(&ended.report))?;
        }
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
    show(&reports, found, args.figures, globals, output)?;
    Ok(Exit::Success)
}

/// One cycle that opens everything anew, as under cron.
async fn one_cycle(settings: &Settings, state: &Path, stream: &Stream) -> Result<Ended, Error> {
    let store = Store::open(state, Access::Write)?;
    let context = Arc::new(wiring::context(settings, store, 0, false, Refresh::Nothing)?);
    let task = wiring::task(settings, None, false);
    Ok(cycle::run(context, task, stream, std::future::pending()).await?)
}

/// Prints new stories as they are found.
struct Stream {
    style: Option<Style>,
    out: Mutex<std::io::Stdout>,
}

impl Stream {
    fn new(style: Option<Style>) -> Self {
        Self { style, out: Mutex::new(std::io::stdout()) }
    }
}

impl Progress for Stream {
    fn planned(&self, _: VisitKind) {}

    fn started(&self, _: &str) {}

    fn finished(&self, _: VisitKind, _: &str) {}

    fn found(&self, detection: &Detection, joined: bool) {
        let Some(style) = self.style.filter(|_| !joined) else { return };
        let line = render::updates::found(detection, style);
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        // Results that nobody reads any more are no failure of the cycle; the next print ends the demo.
        let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
    }
}

fn closing(report: &CycleReport) -> String {
    let (feeds, stories) = (&report.feeds, &report.stories);
    format!(
        " {} new stories, {} in further outlets; {} requests in {}; {} feeds fail, as this web intends\n\n",
        stories.new,
        stories.updated,
        report.http.requests,
        render::format::seconds(report.cycle.duration_ms as f64),
        feeds.failed
    )
}

fn show(
    reports: &[(&str, CycleReport)],
    mut found: Vec<Detection>,
    figures: bool,
    globals: &Globals,
    output: &mut Output,
) -> Result<(), Error> {
    let style = output.style();
    match globals.format {
        Some(Format::Json) => {
            let cycles: Vec<_> = reports.iter().map(|(name, report)| (*name, report)).collect();
            let document = serde_json::json!({ "schema": 1, "detections": found, "cycles": cycles });
            return output.print(&render::json(&document));
        }
        Some(Format::Ndjson) => return output.print(&render::events::ndjson(&found)),
        Some(Format::Csv) => return output.print(&render::events::csv(&found)),
        _ => {}
    }
    if figures {
        output.print(&render::report::side_by_side(reports, style))?;
        output.print(&format!("{}\n", missed_on_purpose(reports)))?;
    }
    let number = found.len();
    found.sort_by_key(|found| {
        std::cmp::Reverse((found.class, found.watched, found.score, found.also_at.len()))
    });
    found.truncate(BEST);
    output.print(&format!("the best {} of {number} stories\n", found.len()))?;
    let times = output.times(SystemClock.now(), globals.utc);
    let listing = Listing { by_day: false, ..Listing::new(style, &times) };
    output.print(&render::listing::table(&found, &listing))?;
    let more = number.saturating_sub(found.len());
    output.print(&format!("and {more} more\nNext: tge-scrape config init\n"))
}

/// Why the last cycle missed targets: this web fails on purpose, and publishes much at once.
fn missed_on_purpose(reports: &[(&str, CycleReport)]) -> String {
    let Some((_, last)) = reports.last() else { return String::new() };
    let mut text = String::new();
    let missed: Vec<_> = last.targets.iter().filter(|target| target.ok == Some(false)).collect();
    for target in &missed {
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
        let targets = if missed.len() == 1 { "target is" } else { "targets are" };
        format!("\n{} {targets} missed because of how this demo is built:\n{text}", missed.len())
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
