//! `tge-scrape cycle`: the cron job.

mod every;
mod show;

use std::{ops::RangeInclusive, path::PathBuf, sync::Arc, time::Duration};

use clap::ValueEnum;
use futures_util::FutureExt;
use jiff::Timestamp;

use crate::{
    alert::{HURRY, HookEvent, Hooks, SKIP},
    clock::{Clock, SystemClock},
    config::{Settings, edit},
    cycle::{self, Ended, Stop, Strictness, TARGET_CYCLES},
    error::Error,
    exit::Exit,
    figures::CycleReport,
    http::Monitor,
    model::Source,
    render::{self, prometheus},
    store::{Access, Lock, Store, StoreError},
    text::plain,
    visit::Refresh,
    wiring,
};

use show::Outcome;

use super::{
    Format, Globals, files,
    history::{History, Sources, imported, in_use},
    metrics,
    output::Output,
    outputs,
    progress::{Bar, StatusFile},
    settings_file::did_you_mean,
    stop::stop_signal,
};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "A good run prints nothing without a terminal, so that cron mails failures only. -v and --dry-run print a \
                  summary always, --format json the whole report.\n\nExamples:\n  tge-scrape cycle -v\n  tge-scrape cycle \
                  --dry-run\n  tge-scrape cycle --every 10m"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Args {
    /// Only this half of the cycle
    #[arg(long, value_name = "HALF")]
    only: Option<Half>,
    /// Fetch and decide, but write neither state nor alerts; prints what it found
    #[arg(long)]
    dry_run: bool,
    /// Run a cycle each TIME, such as 10m, until SIGTERM or Ctrl-C
    #[arg(long, value_name = "TIME", value_parser = interval, conflicts_with = "dry_run")]
    every: Option<Duration>,
    /// Wait this long for another run to end instead of exiting 75
    #[arg(long, value_name = "TIME", value_parser = super::duration, default_value = "0s")]
    wait_lock: Duration,
    /// On a feed's first fetch, also alert its newest N entries
    #[arg(long, value_name = "N", default_value_t = 0)]
    catch_up: usize,
    /// Exit 4 if any feed failed
    #[arg(long)]
    strict: bool,
    /// Exit 4 if a target is at "warning" or worse
    #[arg(long)]
    strict_targets: bool,
    /// Write what every visit did and when, as Chrome trace events
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// Fetch all feeds, or these, as if nothing of them were stored; waits that hosts asked for still apply
    #[arg(long, value_name = "FEED", num_args = 0.., conflicts_with = "every")]
    refresh: Option<Vec<String>>,
    /// Switch every saving off, to measure what they save
    #[arg(long, hide = true)]
    naive: bool,
}

/// A half of the cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Half {
    /// Feeds and articles
    News,
    /// Posts on X
    X,
}

/// Limits of `--every`.
const EVERY: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(7 * 24);

fn interval(text: &str) -> Result<Duration, String> {
    let time = super::duration(text)?;
    if EVERY.contains(&time) { Ok(time) } else { Err("give a time from 1s to 7d".to_owned()) }
}

/// Runs one cycle, or one each `--every`.
pub fn run(args: &Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    match args.every {
        Some(every) => every::run(args, every, globals, output),
        None => run_once(args, globals, output),
    }
}

/// Runs one cycle and shows what came of it.
fn run_once(args: &Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = super::settings_with_secrets(globals)?;
    if let Some(variable) = settings.metrics.unset_variable.as_ref().filter(|_| !globals.quiet) {
        output.note(&format!(
            "note: no monitor is pinged: {variable} of metrics.healthcheck_url_env is not set"
        ));
    }
    let runtime = wiring::small_runtime()?;
    let _lock = if args.dry_run {
        None
    } else {
        Some(runtime.block_on(Lock::take(&settings.state_dir, args.wait_lock, SystemClock))?)
    };
    let store = open(args.dry_run, &settings.state_dir)?;
    let refresh = runtime.block_on(refresh(args, &settings, &store))?;
    let imported = runtime.block_on(in_use(&store, &settings))?;
    let settings = settings.without_tables();
    let mut task = wiring::task(&settings, imported, args.dry_run);
    task.strictness = Strictness { sources: args.strict, targets: args.strict_targets };
    restrict_to_half(&mut task, args, &settings)?;
    let monitor = monitor(&settings, args.dry_run);
    // In parallel: the cycle does not wait for a slow monitor.
    let started = monitor
        .clone()
        .map(|monitor| runtime.spawn(async move { monitor.ping("start", "", &SystemClock).await }));
    let history = store.clone();
    let context = Arc::new(wiring::context(&settings, store, args.catch_up, args.naive, refresh.clone())?);
    let quiet = globals.quiet || matches!(globals.format, Some(Format::Json | Format::Ndjson | Format::Csv));
    let bar = Bar::new(!quiet && output.shows_progress());
    let hooks = if args.dry_run { Hooks::default() } else { settings.alerts.hooks.clone() };
    let stop = {
        let _inside = runtime.enter();
        stop_signal().shared()
    };
    if runtime.block_on(is_skipped(&hooks, &history, (&task, &refresh), &stop))? {
        drop(bar);
        if globals.verbose > 0 {
            output.note(SKIPPED);
        }
        runtime.block_on(ping_end(monitor.as_ref(), started, Exit::Success, SKIPPED));
        return Ok(Exit::Success);
    }
    let status = (!args.dry_run).then(|| StatusFile::start(&runtime, &settings.state_dir, &bar));
    // After a signal during the hook the cycle ends before its first request.
    let mut ended = runtime.block_on(cycle::run(context, task, &bar, stop.clone()));
    drop((bar, status));
    let stopped = runtime.block_on(run_last_hooks(&hooks, &ended, &stop));
    if let (Ok(ended), Some(stop)) = (&mut ended, stopped) {
        // A signal during the hooks: the stored row keeps the code that the cycle itself ended with.
        ended.exit = stop.exit();
        ended.report.cycle.exit_code = ended.exit.code();
    }
    if !args.dry_run && ended.is_ok() {
        outputs::write(&settings, &runtime, output)?;
    }
    let shown = ended.map_err(Error::from).and_then(|ended| {
        if !args.dry_run {
            runtime.block_on(publish_figures(&history, &settings, args, &ended, output))?;
        }
        let outcome = if show::shows_summary(globals, args.dry_run) {
            runtime.block_on(Outcome::load(&history, &ended, args.dry_run))?
        } else {
            Outcome::default()
        };
        show::show((&ended, &outcome), &settings, args.dry_run, globals, output)
            .map(|()| (ended.exit, render::report::summary(&ended.report)))
    });
    if let Ok((_, summary)) = &shown {
        output.log_result(summary);
    }
    let (exit, body) = match &shown {
        Ok((exit, summary)) => (*exit, summary.as_str()),
        Err(error) => (error.exit, error.message.as_str()),
    };
    runtime.block_on(ping_end(monitor.as_ref(), started, exit, body));
    // After the cycle, work on blocking threads has no use.
    runtime.shutdown_background();
    shown.map(|(exit, _)| exit)
}

/// The feeds that `--refresh` names; all without a name.
async fn refresh(args: &Args, settings: &Settings, store: &Store) -> Result<Refresh, Error> {
    let Some(names) = &args.refresh else { return Ok(Refresh::Nothing) };
    if names.is_empty() {
        return Ok(Refresh::Everything);
    }
    let mut urls = Vec::new();
    let imported = imported(store, settings).await?;
    let sources: Vec<&Arc<Source>> = settings.sources.iter().chain(&imported).collect();
    for name in names {
        let wanted = (edit::identity(name), name.trim().to_lowercase());
        let is_named = |source: &&&Arc<Source>| {
            source.name.to_lowercase() == wanted.1
                || wanted.0.is_some() && edit::identity(&source.url) == wanted.0
        };
        let before = urls.len();
        urls.extend(sources.iter().filter(is_named).map(|source| source.url.clone()));
        if urls.len() == before {
            let advice = did_you_mean(name, sources.iter().map(|source| source.name.as_str()));
            let message = format!("no feed {:?} is read{advice}", plain(name));
            return Err(Error::new(
                Exit::Failure,
                message,
                "`tge-scrape feed list` shows the names and addresses",
            ));
        }
    }
    Ok(Refresh::Sources(urls))
}

/// What `-v` and the monitor say of a cycle that did not run.
const SKIPPED: &str = "the cycle was skipped: hooks.before_cycle ended with 75";

/// Runs `before_cycle`; true if it skips the cycle.
async fn is_skipped(
    hooks: &Hooks,
    store: &Store,
    (task, refresh): (&cycle::Task, &Refresh),
    stop: &(impl Future<Output = Stop> + Clone),
) -> Result<bool, Error> {
    if hooks.before_cycle.is_none() {
        return Ok(false);
    }
    let due = cycle::due_sources(store, task, refresh, SystemClock.now()).await?;
    let event = HookEvent::Before { cycle: store.next_cycle_id().await?, due: &due };
    Ok(hook(hooks, event, stop.clone()).await.code == Some(SKIP))
}

/// Sends the monitor the end of the cycle, after the ping of its start.
async fn ping_end(
    monitor: Option<&Monitor>,
    started: Option<tokio::task::JoinHandle<()>>,
    exit: Exit,
    body: &str,
) {
    let Some(monitor) = monitor else { return };
    let pings = async {
        if let Some(started) = started {
            // A failed ping has logged its error.
            let _ = started.await;
        }
        monitor.ping(&exit.code().to_string(), body, &SystemClock).await;
    };
    tokio::select! {
        () = pings => {}
        _ = stop_signal() => {}
    }
}

fn monitor(settings: &Settings, dry_run: bool) -> Option<Monitor> {
    let url = settings.metrics.healthcheck_url.as_ref().filter(|_| !dry_run)?;
    Monitor::new(url, &settings.http)
}

/// Writes the profile and the textfile. A file that cannot be written is no failure of the cycle.
async fn publish_figures(
    store: &Store,
    settings: &Settings,
    args: &Args,
    ended: &Ended,
    output: &mut Output,
) -> Result<(), Error> {
    if let Some(path) = &args.profile
        && let Err(error) =
            files::write(path, render::profile::chrome(&ended.traces).as_bytes(), files::Kind::Output)
    {
        output.note(&format!("the profile cannot be written to {}: {error}", path.display()));
    }
    let Some(path) = &settings.metrics.textfile else { return Ok(()) };
    let now = SystemClock.now();
    let history =
        History::load(store, settings, Sources::Views, (Timestamp::UNIX_EPOCH, TARGET_CYCLES), now).await?;
    let text = prometheus::text(&metrics::gauges(store, &history).await?);
    if let Err(error) = files::write(path, text.as_bytes(), files::Kind::Public) {
        output.note(&format!("the figures cannot be written to {}: {error}", path.display()));
    }
    Ok(())
}

/// The end of a hook.
struct HookEnd {
    /// Its exit code; `None` if there is no program, or if it did not end by itself.
    code: Option<i32>,
    /// The signal that the process received by then.
    stopped: Option<Stop>,
}

/// Runs the hook for `event` until it ends or a signal stops the process: then the hook is killed. A hook that starts
/// after the signal has [`HURRY`].
async fn hook(hooks: &Hooks, event: HookEvent<'_>, stop: impl Future<Output = Stop> + Clone) -> HookEnd {
    const KILLED: &str = "a hook was killed because the process received a signal";
    if let Some(signal) = stop.clone().now_or_never() {
        let code = tokio::time::timeout(HURRY, hooks.run(event)).await.unwrap_or_else(|_| {
            tracing::warn!("{KILLED}");
            None
        });
        return HookEnd { code, stopped: Some(signal) };
    }
    tokio::select! {
        biased;
        code = hooks.run(event) => HookEnd { code, stopped: None },
        signal = stop => {
            tracing::warn!("{KILLED}");
            HookEnd { code: None, stopped: Some(signal) }
        }
    }
}

/// Runs the hooks after the cycle; returns the signal that stopped the process by then.
async fn run_last_hooks(
    hooks: &Hooks,
    ended: &Result<Ended, StoreError>,
    stop: &(impl Future<Output = Stop> + Clone),
) -> Option<Stop> {
    let ended = match ended {
        Ok(ended) => ended,
        Err(error) => {
            let (exit_code, message) = (Exit::Failure.code(), error.to_string());
            let event = HookEvent::Failure { cycle: None, exit_code, message: &message };
            return hook(hooks, event, stop.clone()).await.stopped;
        }
    };
    let cycle = ended.report.cycle.id;
    let event = HookEvent::Detection { cycle, found: &ended.fresh };
    let mut stopped = hook(hooks, event, stop.clone()).await.stopped;
    if matches!(ended.exit, Exit::Degraded | Exit::Undelivered) {
        let message = render::report::summary(&ended.report);
        let event =
            HookEvent::Failure { cycle: Some(cycle), exit_code: ended.exit.code(), message: &message };
        stopped = stopped.or(hook(hooks, event, stop.clone()).await.stopped);
    }
    let bare = CycleReport { detections: Vec::new(), ..ended.report.clone() };
    // Plain data with string keys always serialises.
    let report = serde_json::to_value(&bare).unwrap_or_default();
    stopped.or(hook(hooks, HookEvent::After(&report), stop.clone()).await.stopped)
}

/// Removes the half of the cycle that `--only` excludes.
fn restrict_to_half(task: &mut cycle::Task, args: &Args, settings: &Settings) -> Result<(), Error> {
    match args.only {
        Some(Half::News) => task.x = None,
        Some(Half::X) => {
            task.sources.clear();
            task.imported = None;
            task.backlog = false;
            if task.x.is_none() {
                let (what, hint) = if settings.x.token.is_none() {
                    ("there is no token for X", "docs/guide/x.md describes where to set it")
                } else {
                    (
                        "X is switched off, or neither x.accounts nor x.searches names anything",
                        "see docs/guide/x.md",
                    )
                };
                return Err(Error::new(Exit::Settings, what, hint));
            }
        }
        None => {}
    }
    Ok(())
}

fn open(dry_run: bool, dir: &std::path::Path) -> Result<Store, Error> {
    Ok(if !dry_run {
        Store::open(dir, Access::Write)?
    } else if Store::exists(dir) {
        Store::open(dir, Access::Read)?
    } else {
        Store::open_in_memory()?
    })
}
