//! `tge-scrape events`: the stories, newest first.

mod follow;

use clap::{
    ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use strum::VariantNames;

use crate::{
    clock::{Clock, SystemClock},
    error::Error,
    exit::Exit,
    model::Detection,
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
pub struct Args {
    #[command(flatten)]
    filters: Filters,
    /// Order
    #[arg(long, value_name = "ORDER", default_value = "heard", conflicts_with = "follow")]
    sort: Sort,
    /// In the opposite order
    #[arg(long, conflicts_with = "follow")]
    reverse: bool,
    /// At most this many; 200 if not given
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// One line for each story, on a narrow terminal too
    #[arg(short = '1', long)]
    one_line: bool,
    /// Columns of the table, in this order
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',', value_parser = columns())]
    columns: Vec<StoryColumn>,
    /// Fields of JSON, NDJSON and CSV, in this order
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',', value_parser = PossibleValuesParser::new(events::FIELDS))]
    fields: Vec<String>,
    /// Print the last 10, then what cycles find, a line each, until stopped; table or ndjson
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

/// Stories printed at most.
const LIMIT: usize = 200;

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
    let limit = args.limit.unwrap_or(LIMIT);
    let filter = EventFilter {
        order: match args.sort {
            Sort::Heard => Order::Heard,
            Sort::Date => Order::Date,
            Sort::Score => Order::Score,
            Sort::Class => Order::Class,
        },
        reverse: args.reverse,
        // One more shows whether there are more.
        limit: limit.saturating_add(1),
        ..args.filters.filter(&times)
    };
    let runtime = wiring::small_runtime()?;
    if args.follow {
        return runtime.block_on(follow::follow(&store, filter, args.limit, globals, output));
    }
    let mut found = runtime.block_on(store.stories(filter))?;
    let has_more = found.len() > limit;
    found.truncate(limit);
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
        let more = has_more.then(|| format!("--limit {} shows more   ", limit.saturating_mul(2).max(10)));
        let id = first.short_id();
        output.next(&format!(
            "{}tge-scrape open {id}   tge-scrape explain {id}   tge-scrape label {id} yes|no",
            more.unwrap_or_default()
        ));
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
