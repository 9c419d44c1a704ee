//! `tge-scrape events`: the detections, newest first.

use std::{collections::HashMap, time::Duration};

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
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 200)]
    limit: usize,
    /// Keep printing what cycles find, until stopped; table or ndjson
    #[arg(short, long)]
    follow: bool,
}

/// Interval of a follower: cycles are minutes apart.
const LOOK: Duration = Duration::from_secs(2);

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
        limit: args.limit,
        today: Some(day_of(now)),
    };
    let runtime = wiring::small_runtime()?;
    if args.follow {
        return runtime.block_on(follow(&store, filter, globals, output));
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

/// Prints stories that pass `filter` and are new, or have another class or date, as cycles find them. Ends when stdout is
/// closed.
async fn follow(
    store: &Store,
    filter: EventFilter,
    globals: &Globals,
    output: &mut Output,
) -> Result<Exit, Error> {
    if !matches!(globals.format, None | Some(Format::Table | Format::Ndjson)) {
        let message = "--follow never ends, and that format needs an end";
        return Err(Error::new(Exit::Usage, message, "use --format ndjson or table"));
    }
    let mut known: HashMap<String, u32> = HashMap::new();
    // Without --since, only later detections are printed.
    let since = filter.since.or_else(|| Some(SystemClock.now()));
    let filter = EventFilter { since, limit: usize::MAX, ..filter };
    loop {
        let mut fresh = Vec::new();
        let filter = EventFilter { today: Some(day_of(SystemClock.now())), ..filter.clone() };
        for row in store.stories(filter).await?.into_iter().rev() {
            if known.insert(row.detection.story_id.clone(), row.revision) != Some(row.revision) {
                fresh.push(row.detection);
            }
        }
        if !fresh.is_empty() {
            output.print(&plain_formats(fresh, globals.format, output))?;
        }
        SystemClock.sleep(LOOK).await;
    }
}
