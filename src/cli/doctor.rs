//! `tge-scrape doctor`: one line for each thing that can be wrong, and what to do about it.

use std::{fmt::Write as _, io::Write as _};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tokio::runtime::Runtime;
use url::Url;

use crate::{
    clock::{Clock, SystemClock},
    config::{self, ConfigError, Environment, NO_FILE, NOT_TOML, Settings},
    error::Error,
    exit::Exit,
    figures::{CycleReport, report::Usd},
    http::{Outcome, Purpose},
    model::SourceState,
    render::{self, format::minute, plain},
    store::{Access, Store, StoreError},
    text::quantity::plural,
    wiring,
    x::usage,
};

mod channels;
mod exposed;
mod running;

use super::{Format, Globals, output::Output, request};

/// Sources requested by `--online`: enough to distinguish a missing network from one dead feed.
const ASKED: usize = 3;
/// A clock before this is wrong: the program did not exist yet.
const BUILT_AFTER: Timestamp = Timestamp::constant(1_793_491_200, 0);

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Also fetch three feeds, to test the network
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
    let (settings, errors) = (inspected.settings, inspected.errors);
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
    let past = store.as_ref().map(|store| runtime.block_on(Past::load(store))).unwrap_or_default();
    if errors.0.is_empty() {
        findings.push(sources(&settings));
        findings
            .extend(settings.built_in.note().map(|(says, todo)| finding("lists", Level::Note, says, todo)));
    }
    findings.extend([state, database, clock(past.starts.first().copied(), now)]);
    findings.push(running::cycle(&past.starts, past.last.as_ref(), now));
    findings.push(running::feeds(&settings, &past.sources));
    findings.push(x(&settings));
    findings.extend(channels::findings(&settings, store.as_ref(), &runtime, now));
    findings.extend(exposed::missing(&settings));
    findings.extend(exposed::secrets(&settings));
    findings.extend(exposed::oversized(&settings, &past.sources));
    if args.online {
        findings.push(network(&settings, now)?);
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
    sources: Vec<SourceState>,
}

impl Past {
    /// What can be read; an unreadable database has its own finding.
    async fn load(store: &Store) -> Self {
        let cycles = store.cycles(running::CYCLES).await.unwrap_or_default();
        let last = cycles.first().and_then(|cycle| serde_json::from_str(&cycle.report).ok());
        let starts = cycles.iter().map(|cycle| cycle.started_at).collect();
        Self { starts, last, sources: store.sources().await.unwrap_or_default() }
    }
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
            finding("database", Level::Ok, message, "")
        }
        Err(error) => {
            let error = Error::from(error);
            finding("database", Level::Wrong, error.message, error.hint)
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

fn network(settings: &Settings, now: Timestamp) -> Result<Finding, Error> {
    let client = wiring::client(settings)?;
    let asked: Vec<Url> =
        settings.sources.iter().filter_map(|source| Url::parse(&source.url).ok()).take(ASKED).collect();
    let mut failures = Vec::new();
    let runtime = wiring::runtime()?;
    for url in &asked {
        let request = request(url.clone(), Purpose::Feed);
        if let Outcome::Failed(failure) = runtime.block_on(client.fetch(request, now)).outcome {
            failures.push(format!("{}: {failure}", url.host_str().unwrap_or_default()));
        }
    }
    Ok(if failures.len() == asked.len() {
        let hint = "check the network and a firewall, or set http.proxy";
        finding("network", Level::Wrong, format!("no feed answered: {}", failures.join("; ")), hint)
    } else if failures.is_empty() {
        let feeds = plural(asked.len(), "feed", "feeds");
        finding("network", Level::Ok, format!("{feeds} asked, all answered"), "")
    } else {
        let feeds = plural(asked.len(), "feed", "feeds");
        let message = format!("{} of {feeds} failed: {}", failures.len(), failures.join("; "));
        finding(
            "network",
            Level::Note,
            message,
            "`tge-scrape feed list --failing` shows which feeds keep failing",
        )
    })
}
