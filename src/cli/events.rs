//! `tge-scrape events`: what was found, newest first.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    clock::{Clock, SystemClock},
    error::Error,
    exit::Exit,
    model::{Event, Stage},
    render::{Style, events},
    store::{Access, EventFilter, Store},
    wiring,
};

use super::{Format, Globals, output::Output};

/// Arguments of `events`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only those found within this time, such as 24h or 7d
    #[arg(long, value_name = "TIME", value_parser = super::duration)]
    since: Option<Duration>,
    /// Only this project; part of the name suffices
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// Only this event: announcement, snapshot, sale, airdrop, listing, tokenomics
    #[arg(long, value_name = "EVENT", value_parser = event)]
    event: Option<Event>,
    /// Only this stage: upcoming, live, past
    #[arg(long, value_name = "STAGE", value_parser = stage)]
    stage: Option<Stage>,
    /// Only scores from here up
    #[arg(long, value_name = "0-100", value_parser = clap::value_parser!(u8).range(0..=100))]
    min_score: Option<u8>,
    /// Only projects of the watch list
    #[arg(long)]
    watched: bool,
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 200)]
    limit: usize,
}

fn event(name: &str) -> Result<Event, String> {
    Event::from_name(name).ok_or_else(|| format!("one of {}", Event::ALL.map(Event::as_str).join(", ")))
}

fn stage(name: &str) -> Result<Stage, String> {
    Stage::from_name(name).ok_or_else(|| format!("one of {}", Stage::ALL.map(Stage::as_str).join(", ")))
}

/// Prints the detections that pass the filters, one row per story.
pub fn run(args: Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = super::settings(globals)?;
    let store = Store::open(&settings.state_dir, Access::Read)?;
    let now = SystemClock.now();
    let filter = EventFilter {
        since: args.since.map(|age| now - age).filter(|since| *since > Timestamp::UNIX_EPOCH),
        project: args.project,
        event: args.event,
        stage: args.stage,
        min_score: args.min_score,
        watched: args.watched,
        limit: args.limit,
    };
    let found = wiring::small_runtime()?.block_on(store.events(filter))?;
    let text = match globals.format {
        None | Some(Format::Table | Format::Prometheus) => {
            events::table(&found, Style { width: output.width(), color: output.colored() })
        }
        Some(Format::Json) => events::json(&found),
        Some(Format::Ndjson) => events::ndjson(&found),
        Some(Format::Csv) => events::csv(&found),
    };
    output.print(&text)?;
    Ok(Exit::Success)
}
