//! `tge-scrape events`: the stories, newest first.

use std::{collections::HashMap, time::Duration};

use clap::{
    ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use strum::VariantNames;

use crate::{
    clock::{Clock, SystemClock},
    error::Error,
    exit::Exit,
    model::{Detection, event_date::day_of},
    render::{
        calendar, events,
        listing::{self, Listing, StoryColumn},
        syndication,
    },
    store::{Access, EventFilter, Order, Store, StoryRow},
    wiring,
};

use super::{Format, Globals, filters::Filters, output::Output, outputs};

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Args {
    #[command(flatten)]
    filters: Filters,
    /// Order
    #[arg(long, value_name = "ORDER", default_value = "heard")]
    sort: Sort,
    /// In the opposite order
    #[arg(long)]
    reverse: bool,
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 200)]
    limit: usize,
    /// One line for each story, on a narrow terminal too
    #[arg(short = '1', long)]
    one_line: bool,
    /// Columns of the table, in this order
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',', value_parser = columns())]
    columns: Vec<StoryColumn>,
    /// Fields of JSON, NDJSON and CSV, in this order
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',', value_parser = PossibleValuesParser::new(events::FIELDS))]
    fields: Vec<String>,
    /// Keep printing what cycles find, until stopped; table or ndjson
    #[arg(short, long)]
    follow: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Sort {
    /// Last heard of first
    Heard,
    /// Earliest event first
    Date,
    /// Highest score first
    Score,
    /// Highest class first
    Class,
}

/// Interval of a follower: cycles are minutes apart.
const LOOK: Duration = Duration::from_secs(2);

fn columns() -> impl TypedValueParser<Value = StoryColumn> {
    PossibleValuesParser::new(StoryColumn::VARIANTS).try_map(|name| name.parse::<StoryColumn>())
}

/// Prints the stories that pass the filters.
pub fn run(args: Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = super::settings(globals)?;
    if !args.fields.is_empty() && !matches!(globals.format, Some(Format::Json | Format::Ndjson | Format::Csv))
    {
        let message = "--fields selects fields of JSON, NDJSON and CSV";
        return Err(Error::new(Exit::Usage, message, "add --format json, or use --columns for the table"));
    }
    let store = Store::open(&settings.state_dir, Access::Read)?;
    let times = output.times(SystemClock.now(), globals.utc);
    let filter = EventFilter {
        order: match args.sort {
            Sort::Heard => Order::Heard,
            Sort::Date => Order::Date,
            Sort::Score => Order::Score,
            Sort::Class => Order::Class,
        },
        reverse: args.reverse,
        // One more shows whether there are more.
        limit: args.limit.saturating_add(1),
        ..args.filters.filter(&times)
    };
    let runtime = wiring::small_runtime()?;
    if args.follow {
        return runtime.block_on(follow(&store, filter, globals, output));
    }
    let mut found = runtime.block_on(store.stories(filter))?;
    let has_more = found.len() > args.limit;
    found.truncate(args.limit);
    let found = match globals.format {
        Some(Format::Atom) => {
            let masthead = outputs::masthead(&settings, settings.outputs.atom.as_deref());
            output.print(&syndication::atom(&found, masthead.borrow(), times.now))?;
            return Ok(Exit::Success);
        }
        Some(Format::Ics) => {
            output.print(&calendar::ics(&found, &settings.outputs.authority))?;
            return Ok(Exit::Success);
        }
        _ => detections(found),
    };
    if let Some(text) = for_programs(&found, &args.fields, globals.format) {
        output.print(&text)?;
        return Ok(Exit::Success);
    }
    let listing = Listing {
        one_line: args.one_line,
        columns: &args.columns,
        by_day: args.sort == Sort::Heard,
        ..Listing::new(output.style(), &times)
    };
    output.page(&listing::table(&found, &listing))?;
    if let Some(first) = found.first().filter(|_| !globals.quiet) {
        let more = has_more.then(|| format!("more: --limit {}   ", args.limit.saturating_mul(2).max(10)));
        let id = first.short_id();
        output.next(&format!("{}read: open {id}   why: explain {id}", more.unwrap_or_default()));
    }
    Ok(Exit::Success)
}

pub fn detections(rows: Vec<StoryRow>) -> Vec<Detection> {
    rows.into_iter().map(|row| row.detection).collect()
}

/// The stories as a format for programs, with all fields or with `fields`; `None` for a table.
pub fn for_programs(found: &[Detection], fields: &[String], format: Option<Format>) -> Option<String> {
    Some(match (format?, fields.is_empty()) {
        (Format::Json, true) => events::json(found),
        (Format::Json, false) => events::json_of(found, fields),
        (Format::Ndjson, true) => events::ndjson(found),
        (Format::Ndjson, false) => events::ndjson_of(found, fields),
        (Format::Csv, true) => events::csv(found),
        (Format::Csv, false) => events::csv_of(found, fields),
        _ => return None,
    })
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
            let times = output.times(SystemClock.now(), globals.utc);
            let table = || listing::table(&fresh, &Listing::new(output.style(), &times));
            let text = for_programs(&fresh, &[], globals.format).unwrap_or_else(table);
            output.print(&text)?;
        }
        SystemClock.sleep(LOOK).await;
    }
}
