//! `tge-scrape rescan`: judges stored entries again with the current rules.

use std::{sync::Arc, time::Duration};

use super::{Format, Globals, output::Output};
use crate::{
    clock::{Clock, SystemClock},
    cycle::{self, Change},
    error::Error,
    exit::Exit,
    render::{self, plain},
    store::{Access, Lock, Store},
    wiring,
};

#[derive(Debug, clap::Args)]
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
}

pub fn run(args: &Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = super::settings(globals)?;
    drop(Store::open(&settings.state_dir, Access::Read)?);
    let access = if args.dry_run { Access::Read } else { Access::Write };
    // A cycle at the same time could report a story twice.
    let runtime = wiring::small_runtime()?;
    let lock = || runtime.block_on(Lock::take(&settings.state_dir, Duration::ZERO, SystemClock));
    let _lock = if args.dry_run { None } else { Some(lock()?) };
    let store = Store::open(&settings.state_dir, access)?;
    let now = SystemClock.now();
    let since = super::ago(now, args.since);
    let task = cycle::Rescan {
        rules: Arc::new(wiring::rules(&settings)),
        sources: &settings.sources,
        since,
        notifier: args.alert.then(|| wiring::notifier(&settings)),
        saves: !args.dry_run,
    };
    let (count, changes) = runtime.block_on(cycle::rescan(&store, task, now))?;
    match globals.format {
        Some(Format::Json) => output.print(&render::json(&serde_json::json!({
            "schema": 1, "judged": count, "changes": changes.iter().map(object).collect::<Vec<_>>(),
        })))?,
        Some(Format::Ndjson) => {
            output.print(&changes.iter().map(|change| render::json(&object(change))).collect::<String>())?;
        }
        _ => {
            let lines: String = changes.iter().map(line).collect();
            let saved = if args.dry_run { "; nothing was changed (--dry-run)" } else { "" };
            output.print(&format!("{lines}{count} judged again, {} changed{saved}\n", changes.len()))?;
        }
    }
    Ok(Exit::Success)
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

fn line(change: &Change) -> String {
    let Some(detection) = change.is.as_ref().or(change.was.as_ref()) else { return String::new() };
    let mark = match kind(change) {
        "new" => '+',
        "gone" => '-',
        _ => '~',
    };
    let score = match &change.was {
        Some(was) if was.score != detection.score => format!("{} was {}", detection.score, was.score),
        _ => detection.score.to_string(),
    };
    let project = detection.project.as_deref().unwrap_or("?");
    format!(
        "{mark} {score:<10} {} {}  {}\n",
        detection.event.as_str(),
        plain(project),
        plain(&detection.title)
    )
}
