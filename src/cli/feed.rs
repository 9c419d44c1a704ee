//! `tge-scrape feed …`: the sources.

mod add;
mod edit;
mod import;
mod parse;
mod sources;

pub use sources::hint;

use std::path::PathBuf;

use clap::Subcommand;

use crate::{error::Error, exit::Exit};

use super::{Globals, output::Output};

#[derive(Debug, Subcommand)]
pub enum What {
    /// Show every source with its health
    List,
    /// Find the feed of a page, try it, and add it to the settings file
    Add(add::Args),
    /// Remove a feed from the settings file
    Remove {
        /// Address of the feed
        url: String,
    },
    /// Fetch a feed once and show the result; exit code 1 if it is no feed
    Check {
        /// Address of the feed
        url: String,
    },
    /// Add the feeds of an OPML file to the settings file
    Import {
        /// OPML file, or - for stdin
        file: PathBuf,
    },
    /// Write the feeds as OPML
    Export,
    /// Print the entries of a saved feed, one JSON object a line
    Parse(parse::Args),
}

pub fn run(what: What, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    match what {
        What::List => sources::list(globals, output),
        What::Add(args) => add::run(args, globals, output),
        What::Remove { url } => edit::remove(&url, globals, output),
        What::Check { url } => sources::check(&url, globals, output),
        What::Import { file } => import::run(&file, globals, output),
        What::Export => edit::export(globals, output),
        What::Parse(args) => parse::run(&args, globals, output),
    }
}
