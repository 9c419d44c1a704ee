//! `tge-scrape rescan`: judges stored entries again with the current rules.

use std::{
    io::{BufRead, IsTerminal},
    sync::Arc,
    time::Duration,
};

use super::{Format, Globals, feed::imported::settings_with_imported, output::Output};
use crate::{
    clock::{Clock, SystemClock},
    cycle::{self, Change},
    error::Error,
    exit::Exit,
    render::{
        self,
        rejudged::{self, Pair},
    },
    store::{Access, Lock, Store},
    wiring,
};

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Args {
    /// Judge entries first seen within this time, such as 30d
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = super::duration)]
    since: Duration,
    /// Queue alerts for new detections, for the next cycle or `alerts send`; without it none is sent
    #[arg(long)]
    alert: bool,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Show every change, not only the first 20
    #[arg(long)]
    all: bool,
    /// Do not ask on a terminal before more than 20 changes
    #[arg(short, long)]
    yes: bool,
}

/// From this number of changes on, a terminal is asked before they are saved.
const MANY: usize = 20;

pub fn run(args: &Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = settings_with_imported(globals)?;
    drop(Store::open(&settings.state_dir, Access::Read)?);
    let access = if args.dry_run { Access::Read } else { Access::Write };
    // A cycle at the same time could report a story twice.
    let runtime = wiring::small_runtime()?;
    let lock = || runtime.block_on(Lock::take(&settings.state_dir, Duration::ZERO, SystemClock));
    let _lock = if args.dry_run { None } else { Some(lock()?) };
    let store = Store::open(&settings.state_dir, access)?;
    let now = SystemClock.now();
    let since = super::ago(now, args.since);
    let rules = Arc::new(wiring::rules(&settings));
    let judge = |saves| {
        let task = cycle::Rescan {
            rules: Arc::clone(&rules),
            sources: &settings.sources,
            since,
            notifier: args.alert.then(|| wiring::notifier(&settings)),
            saves,
        };
        runtime.block_on(cycle::rescan(&store, task, now))
    };
    let asks =
        !args.dry_run && !args.yes && std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let (judged, changes) = judge(!args.dry_run && !asks)?;
    match globals.format {
        Some(Format::Json) => output.print(&render::json(&serde_json::json!({
            "schema": 1, "judged": judged, "changes": changes.iter().map(object).collect::<Vec<_>>(),
        })))?,
        Some(Format::Ndjson) => {
            output.print(&changes.iter().map(|change| render::json(&object(change))).collect::<String>())?;
        }
        _ => {
            let pairs: Vec<Pair<'_>> =
                changes.iter().map(|change| (change.was.as_ref(), change.is.as_ref())).collect();
            let saved = if args.dry_run { "; nothing was changed (--dry-run)" } else { "" };
            let table = rejudged::table(&pairs, args.all, output.style());
            output.print(&format!("{}{saved}\n{table}", rejudged::sentence(&pairs, judged)))?;
        }
    }
    if asks {
        if changes.len() > MANY && !agrees(output)? {
            output.note("nothing was changed");
            return Ok(Exit::Success);
        }
        judge(true)?;
    }
    Ok(Exit::Success)
}

/// Asks on the terminal whether the changes are to be saved.
fn agrees(output: &mut Output) -> Result<bool, Error> {
    output.note("save these changes? [Y/n]");
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.map_err(|error| Error::new(Exit::Failure, format!("stdin cannot be read: {error}"), "use --yes"))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "" | "y" | "yes"))
}

fn kind(change: &Change) -> &'static str {
    match (&change.was, &change.is) {
        (None, _) => "new",
        (_, None) => "gone",
        _ => "changed",
    }
}

fn object(change: &Change) -> serde_json::Value {
    let was = change.was.as_ref().map(|was| {
        serde_json::json!({
            "score": was.score, "class": was.class, "event": was.event, "stage": was.stage, "project": was.project,
        })
    });
    let detection = change.is.as_ref().or(change.was.as_ref());
    serde_json::json!({"change": kind(change), "detection": detection, "was": was})
}
