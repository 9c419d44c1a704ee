//! `tge-scrape report -o FILE.html`: stories, dates, sources and figures as one page; `--format markdown`: a summary.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    alert::summary,
    clock::{Clock, SystemClock},
    config::Settings,
    error::Error,
    exit::Exit,
    model::Summary,
    render::board::Renewal,
    store::{Access, Store},
    wiring,
};

use super::{
    Format, Globals, board,
    feed::imported::settings_with_imported,
    files,
    moment::{Moment, moment},
    output::Output,
};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// File to write; - for stdout, where markdown goes without a file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Only stories heard of since then: 24h, 7d, today, yesterday, 2026-11-26; of a summary the time [default: 7d]
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    since: Option<Moment>,
}

/// Time of a summary without `--since`.
const WEEK: Duration = Duration::from_hours(7 * 24);

/// The summary from `since` to `now`, with the state of the program.
async fn summarize(
    store: &Store,
    settings: &Settings,
    since: Timestamp,
    now: Timestamp,
) -> Result<Summary, Error> {
    let facts = store.summary_facts((since, now), summary::dated_days(now, &TimeZone::UTC)).await?;
    let names = super::show::names(settings);
    let name = |url: &str| names.get(url).cloned();
    let states = store.sources().await?;
    let budget = settings.alerts.budget_usd;
    Ok(summary::build(facts, (since, now), &states, &name, budget, true, None))
}

/// Writes the page or the summary.
pub fn run(args: &Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let is_markdown = globals.format == Some(Format::Markdown);
    let path = args.output.as_deref().or(is_markdown.then_some(Path::new("-"))).ok_or_else(|| {
        Error::new(Exit::Usage, "the page needs a file", "name it with -o FILE.html, or -o - for stdout")
    })?;
    let settings = settings_with_imported(globals)?;
    let store = if Store::exists(&settings.state_dir) {
        Store::open(&settings.state_dir, Access::Read)?
    } else {
        // Before the first cycle the page has no stories.
        Store::open_in_memory()?
    };
    let times = output.times(SystemClock.now(), globals.utc);
    let since = args.since.map(|moment| moment.start(&times));
    let runtime = wiring::small_runtime()?;
    let page = if is_markdown {
        let since = since.unwrap_or_else(|| super::ago(times.now, WEEK));
        summary::markdown(&runtime.block_on(summarize(&store, &settings, since, times.now))?)
    } else {
        runtime.block_on(board::page(&store, &settings, times.now, since, Renewal::Never))?
    };
    if path.as_os_str() == "-" {
        output.print(&page)?;
        return Ok(Exit::Success);
    }
    files::write(path, page.as_bytes(), files::Kind::Output).map_err(|error| {
        let message = format!("{} cannot be written: {error}", path.display());
        Error::new(Exit::Failure, message, "name another file with -o")
    })?;
    if !globals.quiet {
        output.note(&format!("written to {}", path.display()));
        if !is_markdown {
            output.next("open it in a browser; outputs.board writes it after each cycle");
        }
    }
    Ok(Exit::Success)
}
