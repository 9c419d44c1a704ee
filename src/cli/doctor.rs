//! `tge-scrape doctor`: one line for each thing that can be wrong, and what to do about it.

use std::{fmt::Write as _, io::Write as _};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tokio::runtime::Runtime;
use url::Url;

use crate::{
    clock::{Clock, SystemClock},
    config::Settings,
    error::Error,
    exit::Exit,
    figures::report::Usd,
    http::{Outcome, Purpose},
    render::{
        self,
        format::{minute, rough},
        plain,
    },
    store::{Access, Store, StoreError},
    wiring,
    x::usage,
};

mod channels;
mod exposed;

use super::{Format, Globals, output::Output, request};

/// Sources requested by `--online`: enough to distinguish a missing network from one dead feed.
const ASKED: usize = 3;
/// A clock before this is wrong: the program did not exist yet.
const BUILT_AFTER: Timestamp = Timestamp::constant(1_793_491_200, 0);

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Try the network as well
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

/// Checks everything that a cycle needs; 1 if something is wrong, 3 if the settings are.
pub fn run(args: &Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = super::settings(globals)?;
    let now = SystemClock.now();
    let runtime = wiring::small_runtime()?;
    let state = state(&settings);
    let opened = Store::exists(&settings.state_dir).then(|| Store::open(&settings.state_dir, Access::Read));
    let store = opened.as_ref().and_then(|opened| opened.as_ref().ok()).cloned();
    let database = match opened {
        Some(opened) => database(opened, &runtime, now),
        None => finding("database", Level::Note, "there is none yet", "the first cycle makes it"),
    };
    let clock = clock(store.as_ref(), &runtime, now);
    let mut findings = vec![sources(&settings), state, database, clock, x(&settings)];
    findings.extend(channels::findings(&settings, store.as_ref(), &runtime, now));
    findings.extend(exposed::secrets(&settings));
    findings.extend(exposed::oversized(&settings, store.as_ref(), &runtime));
    if args.online {
        findings.push(network(&settings, now)?);
    }
    output.print(&match globals.format {
        Some(Format::Json) => render::json(&serde_json::json!({ "schema": 1, "findings": findings })),
        Some(Format::Ndjson) => findings.iter().map(render::json).collect(),
        _ => findings.iter().map(text).collect(),
    })?;
    let wrong = findings.iter().any(|finding| finding.level == Level::Wrong);
    Ok(if wrong { Exit::Failure } else { Exit::Success })
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
    let (feeds, projects) = (settings.sources.len(), settings.detect.projects.len());
    let from = settings.file.as_ref().map_or_else(
        || "no settings file; the built-in starter set applies".to_owned(),
        |file| format!("settings from {}", file.display()),
    );
    if feeds == 0 {
        return finding(
            "settings",
            Level::Wrong,
            format!("{from}: no feed is enabled"),
            "enable one under [[feeds]]",
        );
    }
    let counted = format!("{from}: {feeds} feeds, {projects} watched projects");
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

fn database(opened: Result<Store, StoreError>, runtime: &Runtime, now: Timestamp) -> Finding {
    let checked = opened
        .and_then(|store| runtime.block_on(async { Ok((store.health().await?, store.cycles(1).await?)) }));
    match checked {
        Ok((health, cycles)) => {
            let last = cycles.first().map_or_else(
                || "no cycle yet".to_owned(),
                |cycle| format!("last cycle {} ago", rough(now.duration_since(cycle.started_at))),
            );
            let message = format!(
                "{} MiB, {} entries, {} detections, {last}",
                health.bytes >> 20,
                health.entries,
                health.detections
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
fn clock(store: Option<&Store>, runtime: &Runtime, now: Timestamp) -> Finding {
    let cycles = store.map(|store| runtime.block_on(store.cycles(1)).unwrap_or_default());
    let newest = cycles.and_then(|cycles| cycles.first().map(|cycle| cycle.started_at));
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
        let hint = "nothing, if you do not want X; docs/guide/x.md says how to get a token";
        return finding("x", Level::Note, "no token: news only", hint);
    }
    if !x.is_on() {
        let hint = "set x.accounts or x.searches, and x.enabled = true";
        return finding("x", Level::Note, "a token is set, but there is nothing to read", hint);
    }
    let budget = Usd { micros: x.budget };
    let assumed = if x.budget_assumed { " (assumed: set x.monthly_budget_usd)" } else { "" };
    let mut message = format!(
        "a token is set; {} accounts, {} searches, at most {budget} USD a month{assumed}",
        x.accounts.len(),
        x.searches.len()
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
        let hint = "check the network, a firewall, or set http.proxy";
        finding("network", Level::Wrong, format!("no feed answered ({})", failures.join("; ")), hint)
    } else if failures.is_empty() {
        finding("network", Level::Ok, format!("{} feeds asked, all answered", asked.len()), "")
    } else {
        let message = format!("{} of {} feeds failed ({})", failures.len(), asked.len(), failures.join("; "));
        finding("network", Level::Note, message, "`tge-scrape feed list` shows which feeds keep failing")
    })
}
