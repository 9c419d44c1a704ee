//! `tge-scrape report -o FILE.html`: stories, dates, sources and figures as one page.

use std::path::PathBuf;

use crate::{
    clock::{Clock, SystemClock},
    error::Error,
    exit::Exit,
    store::{Access, Store},
    wiring,
};

use super::{
    Globals, board, files,
    moment::{Moment, moment},
    output::Output,
};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// File to write; - for stdout
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Only stories heard of since then: 24h, 7d, today, yesterday, 2026-11-26
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    since: Option<Moment>,
}

/// Writes the page.
pub fn run(args: &Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = super::settings(globals)?;
    let store = if Store::exists(&settings.state_dir) {
        Store::open(&settings.state_dir, Access::Read)?
    } else {
        // Before the first cycle the page has no stories.
        Store::open_in_memory()?
    };
    let times = output.times(SystemClock.now(), globals.utc);
    let since = args.since.map(|moment| moment.start(&times));
    let page = wiring::small_runtime()?.block_on(board::page(&store, &settings, times.now, since, None))?;
    if args.output.as_os_str() == "-" {
        output.print(&page)?;
        return Ok(Exit::Success);
    }
    files::write(&args.output, page.as_bytes(), files::Kind::Output).map_err(|error| {
        let message = format!("{} cannot be written: {error}", args.output.display());
        Error::new(Exit::Failure, message, "name another file with -o")
    })?;
    if !globals.quiet {
        output.note(&format!("written to {}", args.output.display()));
        output.next("open it in a browser; outputs.board writes it after each cycle");
    }
    Ok(Exit::Success)
}
