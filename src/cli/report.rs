//! `tge-scrape report -o FILE.html`: stories, dates, sources and figures as one page.

use std::{path::PathBuf, time::Duration};

use crate::{
    clock::{Clock, SystemClock},
    error::Error,
    exit::Exit,
    store::{Access, Store},
    wiring,
};

use super::{Globals, board, files, output::Output};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// File to write; - for stdout
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Only stories found within this time, such as 24h or 7d
    #[arg(long, value_name = "TIME", value_parser = super::duration)]
    since: Option<Duration>,
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
    let now = SystemClock.now();
    let since = args.since.map(|age| super::ago(now, age));
    let page = wiring::small_runtime()?.block_on(board::page(&store, &settings, now, since, None))?;
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
    }
    Ok(Exit::Success)
}
