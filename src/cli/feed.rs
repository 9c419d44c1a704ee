//! `tge-scrape feed …`: the sources.

mod add;
mod edit;
mod import;
pub mod imported;
mod list;
mod parse;
mod preset;
mod sources;
mod suggest;
pub mod verify;

pub use list::hint;

use clap::Subcommand;

use crate::{error::Error, exit::Exit};

use super::{Globals, output::Output};

const ADD: &str = "Examples:
  tge-scrape feed add https://example.org/
  tge-scrape feed add https://example.org/feed.xml --name Example --tier 1 --yes
  tge-scrape feed add preset:                      list the known sources
  tge-scrape feed add preset:upbit
  tge-scrape feed add preset:snapshot:aave.eth";
const IMPORT: &str = "Examples:
  tge-scrape feed import subscriptions.opml feeds.csv --dry-run
  tge-scrape feed import directory.csv --into database
  grep https notes.txt | tge-scrape feed import -";
const VERIFY: &str = "Each source is asked once. Without --strict the exit code is 4 if a larger share than
cycle.max_failed_ratio fails, and always if all fail.

Examples:
  tge-scrape feed verify -o sources.md
  tge-scrape feed verify upbit snapshot:aave.eth";

const CHECK: &str = "Examples:
  tge-scrape feed check https://example.org/feed.xml
  tge-scrape feed check https://example.org/news --suggest
  tge-scrape feed check https://example.org/news --suggest >> tge-scrape.toml";

#[derive(Debug, Subcommand)]
pub enum What {
    /// Show every feed with its health, the failing ones first
    List(list::ListArgs),
    /// Show one feed in full, with its newest stories
    Show {
        /// Name or address of the feed; part of the name suffices if it is unique
        #[arg(value_name = "FEED")]
        feed: String,
    },
    /// Find the feed of a page or take a known source, fetch it once, and add it to the feeds that are read
    #[command(after_help = ADD)]
    Add(add::Args),
    /// Remove a feed from the settings file or the database; a built-in one is disabled
    Remove {
        /// Name or address of the feed
        #[arg(value_name = "FEED")]
        feed: String,
    },
    /// Read a disabled feed again
    Enable {
        /// Name or address of the feed
        #[arg(value_name = "FEED")]
        feed: String,
    },
    /// Stop reading a feed, built-in or your own
    Disable {
        /// Name or address of the feed
        #[arg(value_name = "FEED")]
        feed: String,
    },
    /// Fetch a feed once and show the result; exits 1 if it is no feed
    #[command(after_help = CHECK)]
    Check {
        /// Address of the feed, the name of a configured one, or preset:NAME
        #[arg(value_name = "URL|NAME")]
        feed: String,
        /// Propose how a page can be read: by a feed or sitemap of its site, JSON in the page, or selectors
        #[arg(long)]
        suggest: bool,
        /// Add the proposal without a question
        #[arg(short, long, requires = "suggest")]
        yes: bool,
    },
    /// Add the feeds of lists in OPML, CSV, JSON or lines to those that are read
    #[command(after_help = IMPORT)]
    Import(imported::ImportArgs),
    /// Write the feeds as OPML
    Export,
    /// Ask every preset and built-in feed once and show which answer
    #[command(after_help = VERIFY)]
    Verify(verify::Args),
    /// Print the entries of a saved feed, one JSON object a line
    Parse(parse::Args),
}

pub fn run(what: What, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    match what {
        What::List(args) => list::list(&args, globals, output),
        What::Show { feed } => list::show(&feed, globals, output),
        What::Add(args) => add::run(args, globals, output),
        What::Remove { feed } => edit::remove(&feed, globals, output),
        What::Enable { feed } => edit::switch(&feed, true, globals, output),
        What::Disable { feed } => edit::switch(&feed, false, globals, output),
        What::Check { feed, suggest: true, yes } => suggest::run(&feed, yes, globals, output),
        What::Check { feed, .. } => sources::check(&feed, globals, output),
        What::Import(args) => imported::import(&args, globals, output),
        What::Export => edit::export(globals, output),
        What::Verify(args) => verify::run(&args, globals, output),
        What::Parse(args) => parse::run(&args, globals, output),
    }
}
