//! `tge-scrape doctor`: one line for each thing that can be wrong, and what to do about it.

use std::{fmt::Write as _, io::Write as _};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use url::Url;

use crate::{
    clock::{Clock, SystemClock},
    config::Settings,
    error::Error,
    exit::Exit,
    http::{Outcome, Purpose, Request},
    model::Validators,
    render::{self, plain, rough},
    store::{Access, Store},
    wiring,
    x::usage,
};

mod channels;
mod exposed;

use super::{Format, Globals, output::Output};

/// Sources asked by `--online`: enough to tell "no network" from "one dead feed".
const ASKED: usize = 3;
/// A clock before this is wrong: the program was not written yet.
const BUILT_AFTER: Timestamp = Timestamp::constant(1_793_491_200, 0);

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Try the network as well
    #[arg(long)]
    online: bool,
}

/// How one thing is.
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

/// Looks at everything a cycle needs; 1 if something is wrong, 3 if it is the settings.
pub fn run(args: &Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = super::settings(globals)?;
    let now = SystemClock.now();
    let mut findings =
        vec![sources(&settings), state(&settings), database(&settings, now)?, clock(&settings, now)?];
    findings.push(x(&settings));
    findings.extend(channels::findings(&settings, now)?);
    findings.extend(exposed::secrets(&settings));
    findings.extend(exposed::oversized(&settings)?);
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

/// Whether the state folder can be written: by writing into it, the only test that cannot be wrong.
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

fn database(settings: &Settings, now: Timestamp) -> Result<Finding, Error> {
    if !Store::exists(&settings.state_dir) {
        return Ok(finding("database", Level::Note, "there is none yet", "the first cycle makes it"));
    }
    let runtime = wiring::small_runtime()?;
    let checked = Store::open(&settings.state_dir, Access::Read)
        .and_then(|store| runtime.block_on(async { Ok((store.health().await?, store.cycles(1).await?)) }));
    Ok(match checked {
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
    })
}

/// A clock that is wrong makes every waiting time wrong.
fn clock(settings: &Settings, now: Timestamp) -> Result<Finding, Error> {
    let mut newest = None;
    if Store::exists(&settings.state_dir)
        && let Ok(store) = Store::open(&settings.state_dir, Access::Read)
    {
        let cycles = wiring::small_runtime()?.block_on(store.cycles(1)).unwrap_or_default();
        newest = cycles.first().map(|cycle| cycle.started_at);
    }
    let hint = "set the machine's clock (timedatectl set-ntp true)";
    Ok(if now < BUILT_AFTER {
        finding("clock", Level::Wrong, format!("{now} lies before this program was written"), hint)
    } else if newest.is_some_and(|newest| newest > now + SignedDuration::from_mins(1)) {
        finding("clock", Level::Wrong, format!("{now} lies before the last cycle"), hint)
    } else {
        finding("clock", Level::Ok, now.strftime("%Y-%m-%d %H:%M UTC").to_string(), "")
    })
}

fn x(settings: &Settings) -> Finding {
    let x = &settings.x;
    if x.token.is_none() {
        let hint = "nothing, if that is meant; docs/guide/x.md says how to get a token";
        return finding("x", Level::Note, "no token: news only", hint);
    }
    if !x.is_on() {
        let hint = "name x.accounts or x.searches, and leave x.enabled = true";
        return finding("x", Level::Note, "a token is set, but there is nothing to read", hint);
    }
    let budget = crate::figures::report::Usd { micros: x.budget };
    let assumed = if x.budget_assumed { " (assumed: set x.monthly_budget_usd)" } else { "" };
    let mut message = format!(
        "a token is set; {} accounts, {} searches, at most {budget} USD a month{assumed}",
        x.accounts.len(),
        x.searches.len()
    );
    // A database that cannot be read is a finding of its own.
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
        let request = Request {
            url: url.clone(),
            purpose: Purpose::Feed,
            validators: Validators::default(),
            validators_url: String::new(),
            headers: Vec::new(),
            source: String::new(),
        };
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
