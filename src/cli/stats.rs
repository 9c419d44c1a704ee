//! `tge-scrape stats`: health, speed, results and cost.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::{
    clock::{Clock, SystemClock},
    cycle::CYCLE_STAGE,
    error::Error,
    exit::Exit,
    figures::{
        Histogram, StageHistograms,
        histogram::HistogramError,
        level::Level,
        path,
        suggest::suggest,
        sums::{cover, day, is_day},
        targets::Target,
    },
    model::Detection,
    render::{
        self,
        answers::{self, AlertCounts, Answers},
        prometheus, sources, stats,
    },
    store::{Access, EventFilter, Labels, Store},
    wiring,
};

use super::{Format, Globals, history::History, output::Output};

/// Cycles that the last one is compared with.
const LAST: usize = 50;

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Args {
    /// This many cycles, newest first [default: 50]
    #[arg(long, value_name = "N")]
    last: Option<usize>,
    /// Only cycles within this time, such as 24h or 7d
    #[arg(long, value_name = "TIME", value_parser = super::duration)]
    since: Option<Duration>,
    /// A line for each cycle
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

/// Prints one view; without a flag what a reader asks first.
pub fn run(args: &Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = super::settings(globals)?;
    let store = Store::open(&settings.state_dir, Access::Read)?;
    let runtime = wiring::small_runtime()?;
    let now = SystemClock.now();
    let since = args.since.map_or(Timestamp::UNIX_EPOCH, |age| super::ago(now, age));
    let all = args.since.is_some() || args.suggest;
    let last = args.last.unwrap_or(if all { usize::MAX } else { LAST });
    let labels = runtime.block_on(store.labels())?;
    let history = runtime.block_on(History::load(&store, &settings, (since, last), now))?;
    if args.suggest {
        output.print(&suggest(&history.reports))?;
        return Ok(Exit::Success);
    }
    let style = output.style();
    let text = match globals.format {
        Some(Format::Prometheus) => {
            prometheus::text(&runtime.block_on(super::metrics::gauges(&store, &history))?)
        }
        Some(Format::Json) => render::json(&document(&history, labels)),
        Some(Format::Ndjson) => history.reports.iter().map(render::json).collect(),
        Some(Format::Csv) if args.feeds => sources::csv(&history.sources),
        Some(Format::Csv) => render::report::csv(&history.reports),
        None | Some(Format::Table) if history.reports.is_empty() => "no finished cycle yet\n".to_owned(),
        None | Some(Format::Table) if args.cycles => render::report::history(&history.reports, style),
        None | Some(Format::Table) if args.targets => {
            stats::targets(&history.levels(), &history.reports, style)
                + &render::checks::table(&history.checks, style)
        }
        None | Some(Format::Table) if args.feeds => sources::table(&history.sources, history.now, style),
        None | Some(Format::Table) if args.stages => {
            let (stages, whole) = runtime.block_on(times(&store, &history, args.since.map(|_| since)))?;
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
                sources: &history.sources,
                all: &history.all,
                x_budget_usd: history.x_budget_usd,
            };
            if args.figures {
                stats::machine(&screen, style)
            } else {
                let (stories, alerts) = runtime.block_on(last_day(&store, history.now))?;
                let answers = Answers { screen, stories: &stories, alerts, labels };
                answers::text(&answers, &output.times(history.now, globals.utc), style)
            }
        }
        // `cli` refuses these for all commands but `events`.
        Some(Format::Atom | Format::Ics) => String::new(),
    };
    let is_table = matches!(globals.format, None | Some(Format::Table));
    if is_table {
        output.page(&text)?;
    } else {
        output.print(&text)?;
    }
    Ok(if args.strict && is_missed(&history) { Exit::Degraded } else { Exit::Success })
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
    let mut counts = AlertCounts::default();
    for row in store.outbox(false, usize::MAX).await? {
        match row.delivered_at {
            Some(at) => counts.sent += usize::from(at >= since),
            None if row.error.is_some() => counts.failed += 1,
            None => {
                counts.waiting += 1;
                counts.next = counts.next.map_or(Some(row.due_at), |next| Some(next.min(row.due_at)));
            }
        }
    }
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
    let damaged =
        |error: HistogramError| Error::new(Exit::Failure, error.to_string(), "run `tge-scrape db check`");
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

fn document(history: &History, labels: Labels) -> serde_json::Value {
    let targets: Vec<_> = history
        .levels()
        .into_iter()
        .map(|(target, level)| {
            let mut value = serde_json::to_value(target).unwrap_or_default();
            value["level"] = level.as_str().into();
            value
        })
        .collect();
    serde_json::json!({
        "schema": 1,
        "cycles": history.reports,
        "targets": targets,
        "checks": history.checks,
        "sources": history.sources,
        "totals": history.all,
        "labelled": labels.all,
        "precision": labels.precision(),
        "x_budget_month_usd": format!("{:.6}", history.x_budget_usd),
    })
}
