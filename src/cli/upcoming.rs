//! `tge-scrape upcoming`: dated stories, nearest first.

use crate::{
    clock::{Clock, SystemClock},
    error::Error,
    exit::Exit,
    render::{agenda, listing::Listing},
    store::{Access, EventFilter, Order, Store},
    wiring,
};

use super::{
    Globals,
    events::{detections, for_programs},
    filters::Filters,
    output::Output,
};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    filters: Filters,
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 200)]
    limit: usize,
    /// One line for each story, on a narrow terminal too
    #[arg(short = '1', long)]
    one_line: bool,
}

/// Prints the stories whose date is today or later.
pub fn run(args: Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = super::settings(globals)?;
    let store = Store::open(&settings.state_dir, Access::Read)?;
    let times = output.times(SystemClock.now(), globals.utc);
    let filter = EventFilter {
        order: Order::Date,
        dated_from: Some(times.day(times.now)),
        limit: args.limit,
        ..args.filters.filter(&times)
    };
    let found = detections(wiring::small_runtime()?.block_on(store.stories(filter))?);
    if let Some(text) = for_programs(&found, &[], globals.format) {
        output.print(&text)?;
        return Ok(Exit::Success);
    }
    let listing = Listing { one_line: args.one_line, ..Listing::new(output.style(), &times) };
    output.page(&agenda::table(&found, &listing))?;
    Ok(Exit::Success)
}
