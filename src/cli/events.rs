//! `tge-scrape events`: the detections, newest first.

mod follow;

use std::time::Duration;

use jiff::Timestamp;
use strum::VariantNames;

use crate::{
    clock::{Clock, SystemClock},
    error::Error,
    exit::Exit,
    model::{Detection, Event, Stage, event_date::day_of},
    render::{calendar, events, syndication},
    store::{Access, EventFilter, Store},
    wiring,
};

use super::{Format, Globals, output::Output, outputs};

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
    /// At most this many; 200 if not given
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Print the last 10, then what cycles find, a line each, until stopped; table or ndjson
    #[arg(short, long)]
    follow: bool,
}

/// Stories printed at most.
const LIMIT: usize = 200;

fn event(name: &str) -> Result<Event, String> {
    name.parse().map_err(|_| format!("one of {}", Event::VARIANTS.join(", ")))
}

fn stage(name: &str) -> Result<Stage, String> {
    name.parse().map_err(|_| format!("one of {}", Stage::VARIANTS.join(", ")))
}

/// Prints the detections that pass the filters, one row per story.
pub fn run(args: Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = super::settings(globals)?;
    let store = Store::open(&settings.state_dir, Access::Read)?;
    let now = SystemClock.now();
    let filter = EventFilter {
        since: args.since.map(|age| super::ago(now, age)).filter(|since| *since > Timestamp::UNIX_EPOCH),
        project: args.project,
        event: args.event,
        stage: args.stage,
        min_score: args.min_score,
        watched: args.watched,
        limit: args.limit.unwrap_or(LIMIT),
        today: Some(day_of(now)),
    };
    let runtime = wiring::small_runtime()?;
    if args.follow {
        return runtime.block_on(follow::follow(&store, filter, args.limit, globals, output));
    }
    let found = runtime.block_on(store.stories(filter))?;
    let text = match globals.format {
        Some(Format::Atom) => syndication::atom(
            &found,
            outputs::masthead(&settings, settings.outputs.atom.as_deref()).borrow(),
            now,
        ),
        Some(Format::Ics) => calendar::ics(&found, &settings.outputs.authority),
        _ => plain_formats(found.into_iter().map(|row| row.detection).collect(), globals.format, output),
    };
    output.print(&text)?;
    Ok(Exit::Success)
}

fn plain_formats(found: Vec<Detection>, format: Option<Format>, output: &Output) -> String {
    match format {
        Some(Format::Json) => events::json(&found),
        Some(Format::Ndjson) => events::ndjson(&found),
        Some(Format::Csv) => events::csv(&found),
        _ => events::table(&found, output.style()),
    }
}
