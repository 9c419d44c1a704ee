//! `tge-scrape stats`: health, speed, results and cost.

mod caches;
mod cycles;
mod document;
mod periods;

use std::{collections::HashMap, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Runtime;

use crate::{
    clock::{Clock, SystemClock},
    config::Settings,
    cycle::CYCLE_STAGE,
    error::Error,
    exit::Exit,
    figures::{
        Histogram, StageHistograms,
        availability::{Availability, availability},
        histogram::HistogramError,
        level::Level,
        path,
        sources::{ResponseTimes, SourceView, response_times},
        suggest::suggest,
        sums::{cover, day, is_day},
        targets::Target,
    },
    model::Detection,
    render::{
        self,
        answers::{self, Answers},
        prometheus, sources, stats,
    },
    store::{Access, AlertCounts, EventFilter, RunningCycle, SourceLine, Store},
    wiring,
};

use super::{
    Format, Globals,
    history::{History, Sources, read_all},
    output::Output,
};
pub use document::StatsDocument;
use periods::By;

/// Cycles that the last one is compared with.
const LAST: usize = 50;
/// The time of which the first screen says how regularly cycles ran.
const REGULARITY: Duration = Duration::from_hours(30 * 24);

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Args {
    /// This many cycles, newest first [default: 50]
    #[arg(long, value_name = "N")]
    last: Option<usize>,
    /// Only cycles within this time, such as 24h, 7d or 1y
    #[arg(long, value_name = "TIME", value_parser = super::duration)]
    since: Option<Duration>,
    /// Every figure for each day, week or month, with trends
    #[arg(long, value_name = "PERIOD", group = "view", conflicts_with = "last")]
    by: Option<By>,
    /// Every figure in the time of --since beside this time before it, the biggest change first
    #[arg(long, value_name = "TIME", value_parser = span, group = "view", conflicts_with = "last")]
    against: Option<Duration>,
    /// What the caches hold and save, requests by purpose, and what deduplication held back
    #[arg(long, group = "view")]
    cache: bool,
    /// A line for each cycle; slow ones and changes of the settings are marked
    #[arg(long, group = "view")]
    cycles: bool,
    /// How long each stage took, over all these cycles
    #[arg(long, group = "view")]
    stages: bool,
    /// Every source: its cost, its results, its problems
    #[arg(long, group = "view")]
    feeds: bool,
    /// Each target with its measured value and its level
    #[arg(long, group = "view")]
    targets: bool,
    /// With --targets: exit 4 if the last cycle missed a target, an alarm lasts, or a check is missed
    #[arg(long, requires = "targets")]
    strict: bool,
    /// With --targets: targets that 99 % of the last 500 cycles meet, as TOML for the settings
    #[arg(long, requires = "targets", conflicts_with = "strict")]
    suggest: bool,
    /// The figures of the last cycle against the median, with trends
    #[arg(long, group = "view")]
    figures: bool,
    /// Where the time went, and what to change
    #[arg(long, group = "view")]
    why: bool,
}

/// A time that is not zero.
fn span(text: &str) -> Result<Duration, String> {
    let time = super::duration(text)?;
    if time.is_zero() { Err("give a time above zero, such as 7d".to_owned()) } else { Ok(time) }
}

impl Args {
    /// What the view needs of the sources.
    fn sources(&self, format: Option<Format>) -> Sources {
        let is_table = matches!(format, None | Some(Format::Table));
        if is_table && !self.feeds && !self.figures { Sources::Counts } else { Sources::Views }
    }

    /// Whether none of the views with a CSV of their own is asked for.
    fn lists_cycles(&self, format: Option<Format>) -> bool {
        match format {
            None | Some(Format::Table) => self.cycles,
            Some(Format::Csv) => !self.feeds,
            _ => false,
        }
    }
}

/// Prints one view; without a flag what a reader asks first.
pub fn run(args: &Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = super::settings(globals)?;
    let store = Store::open(&settings.state_dir, Access::Read)?;
    let runtime = wiring::small_runtime()?;
    let (now, style) = (SystemClock.now(), output.style());
    let since = args.since.map_or(Timestamp::UNIX_EPOCH, |age| super::ago(now, age));
    let all = args.since.is_some() || args.suggest;
    let last = args.last.unwrap_or(if all { usize::MAX } else { LAST });
    let load = || {
        runtime.block_on(History::load(&store, &settings, args.sources(globals.format), (since, last), now))
    };
    if args.suggest {
        output.print(&suggest(&load()?.reports))?;
        return Ok(Exit::Success);
    }
    let loaded = args.strict.then(load).transpose()?;
    let fails = loaded.as_ref().is_some_and(is_missed);
    let history = || loaded.map_or_else(load, Ok);
    let around = (globals.format, style, now);
    let text = if globals.format == Some(Format::Prometheus) {
        prometheus::text(&runtime.block_on(super::metrics::gauges(&store, &history()?))?)
    } else if let Some(by) = args.by {
        runtime.block_on(periods::by(&store, by, args.since, around))?
    } else if let Some(against) = args.against {
        let times = (args.since.unwrap_or(against), against);
        runtime.block_on(periods::against(&store, times, around))?
    } else if args.cache {
        let rows = runtime.block_on(store.cycles_since(since, last.max(1)))?;
        let reports = read_all(&rows)?;
        runtime.block_on(caches::caches(&store, &settings, &reports, globals.format, style))?
    } else if args.lists_cycles(globals.format) {
        runtime.block_on(cycles::cycles(&store, (since, last), globals.format, style))?
    } else {
        view(args, globals, &settings, (&store, history()?, &runtime), since, output)?
    };
    if matches!(globals.format, None | Some(Format::Table)) {
        output.page(&text)?;
    } else {
        output.print(&text)?;
    }
    Ok(if fails { Exit::Degraded } else { Exit::Success })
}

/// A view of the last cycles and all sources.
fn view(
    args: &Args,
    globals: &Globals,
    settings: &Settings,
    (store, mut history, runtime): (&Store, History, &Runtime),
    since: Timestamp,
    output: &Output,
) -> Result<String, Error> {
    let style = output.style();
    let first = history.reports.last().map_or(i64::MAX, |report| report.cycle.id);
    let lines = if args.feeds { runtime.block_on(store.source_lines(first))? } else { Vec::new() };
    let hosts = add_times(&mut history.sources, &lines);
    if globals.format == Some(Format::Json) {
        return Ok(render::json(&runtime.block_on(document(store, settings, &history))?));
    }
    let labels = runtime.block_on(store.labels())?;
    let running = RunningCycle::read(&settings.state_dir, history.now);
    let availability = runtime.block_on(regularity(store, settings, history.now))?;
    Ok(match globals.format {
        Some(Format::Ndjson) => history.reports.iter().map(render::json).collect(),
        Some(Format::Csv) => sources::csv(&history.sources),
        None | Some(Format::Table) if history.reports.is_empty() => {
            answers::nothing_yet(running.as_ref(), history.now)
        }
        None | Some(Format::Table) if args.targets => {
            stats::targets(&history.levels(), &history.reports, style)
                + &render::checks::table(&history.checks, style)
        }
        None | Some(Format::Table) if args.feeds => {
            sources::table(&history.sources, history.now, style) + &sources::hosts(&hosts, style)
        }
        None | Some(Format::Table) if args.stages => {
            let (stages, whole) = runtime.block_on(times(store, &history, args.since.map(|_| since)))?;
            stats::stages(&stages, &whole, style)
        }
        None | Some(Format::Table) if args.why => {
            let steps = path::totals(history.reports.iter().map(|report| &report.critical_path[..]));
            stats::why(&steps, &history.reports, style)
        }
        None | Some(Format::Table) => {
            let screen = stats::Screen {
                now: history.now,
                reports: &history.reports,
                levels: &history.levels(),
                counts: history.counts,
                sources: &history.sources,
                all: &history.all,
                x_budget_usd: history.x_budget_usd,
            };
            if args.figures {
                stats::machine(&screen, style)
            } else {
                let (stories, alerts) = runtime.block_on(last_day(store, history.now))?;
                let running = running.as_ref();
                let answers = Answers { screen, stories: &stories, alerts, labels, availability, running };
                answers::text(&answers, &output.times(history.now, globals.utc), style)
            }
        }
        // JSON is printed above and Prometheus by `run`; `cli` refuses the others for this command.
        Some(
            Format::Json | Format::Atom | Format::Ics | Format::Html | Format::Markdown | Format::Prometheus,
        ) => String::new(),
    })
}

/// The figures of `history` for programs.
pub async fn document<'a>(
    store: &Store,
    settings: &Settings,
    history: &'a History,
) -> Result<StatsDocument<'a>, Error> {
    let labels = store.labels().await?;
    let availability = regularity(store, settings, history.now).await?;
    let running = RunningCycle::read(&settings.state_dir, history.now);
    Ok(StatsDocument::new(history, labels, availability, running))
}

/// How regularly the cycles of the last 30 days ran.
async fn regularity(
    store: &Store,
    settings: &Settings,
    now: Timestamp,
) -> Result<Option<Availability>, Error> {
    let starts = store.cycle_starts(super::ago(now, REGULARITY)).await?;
    let timeout = SignedDuration::try_from(settings.cycle.timeout).unwrap_or(SignedDuration::MAX);
    Ok(availability(&starts, now, timeout))
}

/// Adds the percentiles of response times to `sources`; returns those of hosts.
fn add_times(sources: &mut [SourceView], lines: &[SourceLine]) -> Vec<ResponseTimes> {
    let of_sources = response_times(lines.iter().map(|line| (line.url.as_str(), line.ms)));
    let by_source: HashMap<&str, &ResponseTimes> =
        of_sources.iter().map(|times| (times.of.as_str(), times)).collect();
    for source in sources {
        let times = by_source.get(source.url.as_str());
        (source.p50_ms, source.p95_ms) = (times.map(|times| times.p50_ms), times.map(|times| times.p95_ms));
    }
    let host = |line: &SourceLine| {
        url::Url::parse(&line.url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
    };
    let of_hosts: Vec<(String, u32)> = lines.iter().map(|line| (host(line), line.ms)).collect();
    response_times(of_hosts.iter().map(|(host, ms)| (host.as_str(), *ms)))
}

/// Whether a target or check is missed, or the alarm of a target lasts.
fn is_missed(history: &History) -> bool {
    let missed = |(target, level): &(Target, Level)| target.ok == Some(false) || *level >= Level::Warning;
    history.levels().iter().any(missed) || history.checks.iter().any(|check| check.ok == Some(false))
}

/// The stories of the last 24 hours, and the alerts sent in that time or still to be sent.
async fn last_day(store: &Store, now: Timestamp) -> Result<(Vec<Detection>, AlertCounts), Error> {
    let since = now - SignedDuration::from_hours(24);
    let filter = EventFilter { since: Some(since), limit: usize::MAX, ..EventFilter::default() };
    let stories = store.events(filter).await?;
    let counts = store.alert_counts(since).await?;
    Ok((stories, counts))
}

/// The stages of the cycles in `history`; with `since` those of whole days and months.
async fn times(
    store: &Store,
    history: &History,
    since: Option<Timestamp>,
) -> Result<(StageHistograms, Histogram), Error> {
    let mut kept = Vec::new();
    if let Some(since) = since {
        // No database is older than its first day.
        let days = store.sums("0".to_owned(), "9".to_owned()).await?;
        let oldest = days.into_iter().map(|(period, _)| period).find(|period| is_day(period));
        let first = oldest.map_or_else(|| day(since), |oldest| oldest.max(day(since)));
        for period in cover(&first, &day(history.now)) {
            kept.extend(store.period(period).await?.histograms);
        }
    } else if let (Some(last), Some(first)) = (history.reports.first(), history.reports.last()) {
        kept = store.cycle_stages(first.cycle.id, last.cycle.id).await?;
    }
    let (mut stages, mut whole) = (StageHistograms::default(), Histogram::default());
    stages.add_bytes(&kept).map_err(damaged)?;
    for (_, bytes) in kept.iter().filter(|(name, _)| name == CYCLE_STAGE) {
        whole.merge(&Histogram::from_bytes(bytes).map_err(damaged)?);
    }
    if since.is_none() {
        for report in &history.reports {
            whole.record(Duration::from_millis(report.cycle.duration_ms));
        }
    }
    Ok((stages, whole))
}

fn damaged(error: HistogramError) -> Error {
    Error::new(Exit::Failure, error.to_string(), "run `tge-scrape db check`")
}
