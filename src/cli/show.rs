//! `tge-scrape show ID|URL`: the history of a story or an entry.

use std::collections::BTreeMap;

use super::{Format, Globals, feed::imported::settings_with_imported, lookup, output::Output};
use crate::{
    clock::{Clock, SystemClock},
    config::Settings,
    error::Error,
    exit::Exit,
    model::short_id,
    render::{
        self,
        history::{self, Surroundings},
    },
};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  tge-scrape show 13d848\n  tge-scrape show https://news.example/launch")]
pub struct Args {
    /// Beginning of an ID, or the address of an article; dropped entries have an address only
    #[arg(value_name = "ID|URL")]
    what: String,
}

/// Prints when and where it was seen, what was decided, and who was notified.
pub fn run(args: &Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = settings_with_imported(globals)?;
    let found = lookup::find_stored(&settings, &args.what)?;
    let names = names(&settings);
    let times = output.times(SystemClock.now(), false);
    let around = Surroundings { names: &names, threshold: settings.detect.threshold, times: &times };
    output.print(&match globals.format {
        Some(Format::Json | Format::Ndjson) => render::json(&history::document(&found, around)),
        _ => history::text(&found, around),
    })?;
    if let Some(detection) = &found.detection {
        let id = short_id(&detection.id);
        output.next(&format!("tge-scrape open {id}   tge-scrape label {id} yes|no"));
    }
    Ok(Exit::Success)
}

/// Names of the sources by address.
pub fn names(settings: &Settings) -> BTreeMap<String, String> {
    settings.sources.iter().map(|source| (source.url.clone(), source.name.clone())).collect()
}
