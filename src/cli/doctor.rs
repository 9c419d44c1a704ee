//! `tge-scrape doctor`: one line for each thing that can be wrong, and what to do about it.

use std::{fmt::Write as _, io::Write as _};

use jiff::{SignedDuration, Timestamp, civil::Date};
use serde::Serialize;
use tokio::runtime::Runtime;

use crate::{
    clock::{Clock, SystemClock},
    config::{self, ConfigError, Environment, NO_FILE, NOT_TOML, Settings},
    cycle::judge_checks,
    error::Error,
    exit::Exit,
    figures::{
        CycleReport,
        checks::Judged,
        report::Usd,
        sums::{Sums, day, is_day},
    },
    http::{self, Bound, Permitted},
    model::{HostWait, Severity, SourceState},
    render::{self, format::minute, plain},
    store::{Access, Store, StoreError, free_bytes},
    text::quantity::plural,
    wiring,
    x::usage,
};

mod channels;
mod exposed;
mod forecast;
mod online;
mod running;
mod sites;

use super::{Format, Globals, output::Output};

/// Free pages of the database that are worth mentioning, if they are a quarter of the file.
const FREE_PAGES: u64 = 10 << 20;
/// A clock before this is wrong: the program did not exist yet.
const BUILT_AFTER: Timestamp = Timestamp::constant(1_793_491_200, 0);

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Also fetch every feed of the settings and every preset once
    #[arg(long)]
    online: bool,
}

#[derive(Debug, Serialize)]
struct Finding {
    thing: String,
    level: Level,
    #[serde(rename = "says")]
    message: String,
    #[serde(rename = "todo")]
    hint: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Ok,
    Note,
    Wrong,
}

fn finding(thing: &str, level: Level, message: impl Into<String>, hint: impl Into<String>) -> Finding {
    Finding { thing: thing.to_owned(), level, message: message.into(), hint: hint.into() }
}

/// Checks everything that a cycle needs; 1 if something is wrong, 3 if the settings are. Settings with errors are
/// checked as far as they can be read.
pub fn run(args: &Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let inspected = config::inspect(&globals.flags(), &Environment::of_process());
    let (mut settings, errors) = (inspected.settings, inspected.errors);
    let now = SystemClock.now();
    let runtime = wiring::small_runtime()?;
    let mut findings: Vec<Finding> = errors.0.iter().map(settings_error).collect();
    let state = state(&settings);
    let opened = Store::exists(&settings.state_dir).then(|| Store::open(&settings.state_dir, Access::Read));
    let store = opened.as_ref().and_then(|opened| opened.as_ref().ok()).cloned();
    let database = match opened {
        Some(opened) => database(opened, &runtime),
        None => finding("database", Level::Note, "there is none yet", "the first cycle makes it"),
    };
    let own = settings.sources.len();
    if let Some(store) = &store {
        // An unreadable database has its own finding.
        settings.add_imported(runtime.block_on(store.imported_feeds()).unwrap_or_default());
    }
    let past = store.as_ref().map(|store| runtime.block_on(Past::load(store, now))).unwrap_or_default();
    if errors.0.is_empty() {
        findings.push(sources(&settings));
        findings.push(requests(settings.http.concurrency, Permitted::here()));
        findings
            .extend(settings.built_in.note().map(|(says, todo)| finding("lists", Level::Note, says, todo)));
    }
    findings.extend([state, database, clock(past.starts.first().copied(), now)]);
    findings.push(running::cycle(&past.starts, past.last.as_ref(), now));
    findings.push(running::feeds(&settings, &past.sources));
    findings.extend(forecast::overdue(&settings, &past.sources, &past.pauses, &past.feed_starts));
    findings.extend(forecast::disk(
        &past.sizes,
        free_bytes(&settings.state_dir),
        settings.alerts.disk_free,
        now,
    ));
    findings.extend(store.as_ref().and_then(|store| checks(store, &settings, &runtime, now)));
    findings.extend(store.as_ref().and_then(|store| sites::unused(store, &settings, &runtime)));
    findings.push(x(&settings));
    findings.extend(channels::findings(&settings, store.as_ref(), &runtime, now));
    let states = past.sources.iter().map(|state| (state.url.as_str(), state)).collect();
    findings.extend(exposed::missing(&settings));
    findings.extend(exposed::secrets(&settings));
    findings.extend(exposed::mirrored(&settings, &states));
    findings.extend(exposed::oversized(&settings, &states));
    findings.extend(exposed::changed_layouts(&settings, &states));
    if args.online {
        // A cycle asks the imported feeds soon enough; they may be too many to ask for a check.
        settings.sources.truncate(own);
        match online::findings(&settings)? {
            Ok(found) => findings.extend(found),
            Err(exit) => return Ok(exit),
        }
    }
    output.print(&match globals.format {
        Some(Format::Json) => render::json(&serde_json::json!({ "schema": 1, "findings": findings })),
        Some(Format::Ndjson) => findings.iter().map(render::json).collect(),
        _ => findings.iter().map(text).collect(),
    })?;
    let wrong = findings.iter().any(|finding| finding.level == Level::Wrong);
    Ok(match (errors.0.is_empty(), wrong) {
        (false, _) => Exit::Settings,
        (true, true) => Exit::Failure,
        (true, false) => Exit::Success,
    })
}

/// What the database holds of earlier cycles.
#[derive(Debug, Default)]
struct Past {
    /// Starts of the last cycles, newest first.
    starts: Vec<Timestamp>,
    last: Option<CycleReport>,
    /// Starts of the cycles among them that read feeds.
    feed_starts: Vec<Timestamp>,
    sources: Vec<SourceState>,
    pauses: Vec<HostWait>,
    /// Size of the database at the end of each day.
    sizes: Vec<(Date, u64)>,
}

impl Past {
    /// What can be read; an unreadable database has its own finding.
    async fn load(store: &Store, now: Timestamp) -> Self {
        let cycles = store.cycles(running::CYCLES).await.unwrap_or_default();
        let reports: Vec<Option<CycleReport>> =
            cycles.iter().map(|cycle| serde_json::from_str(&cycle.report).ok()).collect();
        let reads_feeds =
            |report: &Option<CycleReport>| report.as_ref().is_some_and(|report| report.feeds.total > 0);
        let of_feeds = cycles.iter().zip(&reports).filter(|(_, report)| reads_feeds(report));
        let month = (day(now - forecast::HISTORY), day(now));
        let days = store.sums(month.0, month.1).await.unwrap_or_default();
        let size = |(period, document): (String, String)| {
            let sums: Sums = serde_json::from_str(&document).ok()?;
            Some((period.parse().ok().filter(|_| is_day(&period))?, sums.database_bytes?))
        };
        Self {
            starts: cycles.iter().map(|cycle| cycle.started_at).collect(),
            feed_starts: of_feeds.map(|(cycle, _)| cycle.started_at).collect(),
            last: reports.into_iter().next().flatten(),
            sources: store.sources().await.unwrap_or_default(),
            pauses: store.host_waits(now).await.unwrap_or_default(),
            sizes: days.into_iter().filter_map(size).collect(),
        }
    }
}

/// The checks of the settings, if there are any.
fn checks(store: &Store, settings: &Settings, runtime: &Runtime, now: Timestamp) -> Option<Finding> {
    let judging = judge_checks(store, &settings.checks, now, settings.cycle.retention.cycles);
    // An unreadable database has its own finding.
    let checks = runtime.block_on(judging).ok().filter(|checks| !checks.is_empty())?;
    let missed: Vec<&Judged> = checks.iter().filter(|check| check.ok == Some(false)).collect();
    let judged = checks.iter().filter(|check| check.ok.is_some()).count();
    let message =
        format!("{} of {} met", judged - missed.len(), plural(judged, "judged check", "judged checks"));
    if missed.is_empty() {
        return Some(finding("checks", Level::Ok, message, ""));
    }
    let is_critical = missed.iter().any(|check| check.level == Severity::Critical);
    let parts = missed.iter().map(|check| format!("{}, wanted is {}", check.measured(), check.wanted()));
    let message = format!("{message}: {}", parts.collect::<Vec<_>>().join("; "));
    let level = if is_critical { Level::Wrong } else { Level::Note };
    Some(finding("checks", level, message, "`tge-scrape stats --targets` shows all"))
}

fn settings_error(error: &ConfigError) -> Finding {
    let (place, message) = (&error.place, &error.message);
    if message.starts_with(NO_FILE) {
        let hint =
            "name an existing file with --config; the rest of this list is about the built-in settings";
        return finding("settings", Level::Wrong, message, hint);
    }
    let hint = if message.starts_with(NOT_TOML) {
        "correct this line; until then the rest of this list is about the built-in settings"
    } else {
        ""
    };
    finding("settings", Level::Wrong, format!("{place}: {message}"), hint)
}

fn text(finding: &Finding) -> String {
    let mark = match finding.level {
        Level::Ok => "ok  ",
        Level::Note => "note",
        Level::Wrong => "BAD ",
    };
    let mut line = format!("{mark}  {:<9} {}\n", plain(&finding.thing), plain(&finding.message));
    if !finding.hint.is_empty() {
        let _ = writeln!(line, "                to do: {}", plain(&finding.hint));
    }
    line
}

/// How many requests a cycle has in flight, and why not more.
fn requests(wanted: usize, permitted: Permitted) -> Finding {
    match http::width(wanted, permitted) {
        (requests, None) => finding("requests", Level::Ok, format!("at most {requests} in flight"), ""),
        (requests, Some(bound)) => {
            let hint = match bound {
                Bound::OpenFiles(_) => "raise the limit of open files (ulimit -Hn, LimitNOFILE= of a unit)",
                Bound::Memory(_) => "give the program more memory, or set http.concurrency to less",
            };
            let message = format!("at most {requests} in flight, not {wanted}: {bound}");
            finding("requests", Level::Note, message, hint)
        }
    }
}

fn sources(settings: &Settings) -> Finding {
    let from = settings.file.as_ref().map_or_else(
        || "no settings file, built-in settings".to_owned(),
        |file| format!("settings from {}", file.display()),
    );
    if settings.sources.is_empty() {
        return finding(
            "settings",
            Level::Wrong,
            format!("{from}: no feed is enabled"),
            "`tge-scrape feed add URL` adds one; cycle.builtin_feeds = true reads the built-in ones",
        );
    }
    let counted = format!("{from}: {}, {} watched", settings.feeds_in_words(), settings.projects_in_words());
    match settings.exposed() {
        Some((message, hint)) => finding("settings", Level::Note, format!("{counted}; {message}"), hint),
        None => finding("settings", Level::Ok, counted, ""),
    }
}

/// Whether the state folder can be written: only writing into it proves that.
fn state(settings: &Settings) -> Finding {
    let dir = settings.state_dir.display();
    let tried = std::fs::create_dir_all(&settings.state_dir)
        .and_then(|()| tempfile::NamedTempFile::with_prefix_in(".probe-", &settings.state_dir))
        .and_then(|mut probe| probe.write_all(b"x").and_then(|()| probe.close()));
    match tried {
        Ok(()) => finding("state", Level::Ok, format!("{dir} can be written"), ""),
        Err(error) => finding(
            "state",
            Level::Wrong,
            format!("{dir} cannot be written: {error}"),
            "give the user of the cron job this folder, or name another with --state-dir",
        ),
    }
}

fn database(opened: Result<Store, StoreError>, runtime: &Runtime) -> Finding {
    match opened.and_then(|store| runtime.block_on(store.health())) {
        Ok(health) => {
            let message = format!(
                "{} MiB, {}, {}",
                health.bytes >> 20,
                plural(health.entries, "entry", "entries"),
                plural(health.detections, "launch", "launches"),
            );
            if health.free < FREE_PAGES || health.free < health.bytes / 4 {
                return finding("database", Level::Ok, message, "");
            }
            let message = format!("{message}; {} MiB of it are free inside the file", health.free >> 20);
            finding("database", Level::Note, message, "`tge-scrape db compact` shrinks the file")
        }
        Err(error) => {
            // After an upgrade the first cycle changes the schema.
            let is_older = matches!(error, StoreError::Older { .. });
            let error = Error::from(error);
            let level = if is_older { Level::Note } else { Level::Wrong };
            finding("database", level, error.message, error.hint)
        }
    }
}

/// A clock that is wrong makes every waiting time wrong.
fn clock(newest: Option<Timestamp>, now: Timestamp) -> Finding {
    let hint = "set the machine's clock (timedatectl set-ntp true)";
    if now < BUILT_AFTER {
        finding("clock", Level::Wrong, format!("{now} is before the first release of this program"), hint)
    } else if newest.is_some_and(|newest| newest > now + SignedDuration::from_mins(1)) {
        finding("clock", Level::Wrong, format!("{now} is before the last cycle"), hint)
    } else {
        finding("clock", Level::Ok, minute(now) + " UTC", "")
    }
}

fn x(settings: &Settings) -> Finding {
    let x = &settings.x;
    if x.token.is_none() {
        return finding("x", Level::Ok, "off (no token); optional: docs/guide/x.md", "");
    }
    if !x.is_on() {
        let hint = "set x.accounts or x.searches, and x.enabled = true";
        return finding("x", Level::Note, "a token is set, but there is nothing to read", hint);
    }
    let budget = Usd { micros: x.budget };
    let assumed = if x.budget_assumed { " (assumed: set x.monthly_budget_usd)" } else { "" };
    let mut message = format!(
        "a token is set; {}, {}, at most {budget} USD a month{assumed}",
        plural(x.accounts.len(), "account", "accounts"),
        plural(x.searches.len(), "search", "searches"),
    );
    // An unreadable database has its own finding.
    let Ok(memory) = super::x::remembered(settings) else { return finding("x", Level::Ok, message, "") };
    let mut warnings = Vec::new();
    if let Some(usage) = &memory.usage {
        message.push_str(&format!("; {}", usage::sentence(usage)));
        warnings = usage::warnings(usage);
    }
    if memory.sources.iter().any(|source| source.failure.is_some()) {
        warnings.push("some accounts or searches fail: `tge-scrape x accounts` says why".to_owned());
    }
    if warnings.is_empty() {
        finding("x", Level::Ok, message, "")
    } else {
        finding(
            "x",
            Level::Note,
            format!("{message}; {}", warnings.join("; ")),
            "docs/guide/x.md says what each means",
        )
    }
}
