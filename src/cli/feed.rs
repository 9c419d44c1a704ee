//! `tge-scrape feed …`: the sources.

mod add;
mod edit;
mod import;
mod sources;

use std::{fs, io::Read, path::PathBuf};

use clap::Subcommand;
use serde::Serialize;
use url::Url;

use crate::{
    error::Error,
    exit::Exit,
    feed::{self, Document},
    model::{Entry, SourceFormat},
    render,
};

use super::{Globals, output::Output};

/// Arguments of `feed`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show every source with its health
    List,
    /// Find the feed of a page, try it, and add it to the settings file
    Add(add::Args),
    /// Take a feed out of the settings file
    Remove {
        /// Address of the feed
        url: String,
    },
    /// Fetch a feed once and say what comes of it; the exit code is the answer
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
    Parse {
        /// File, or - for stdin
        file: PathBuf,
        /// The Content-Type it came with
        #[arg(long, value_name = "TYPE")]
        content_type: Option<String>,
    },
}

/// Does what is asked of the sources.
pub fn run(args: Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    match args.what {
        What::List => sources::list(globals, output),
        What::Add(args) => add::run(args, globals, output),
        What::Remove { url } => edit::remove(&url, globals, output),
        What::Check { url } => sources::check(&url, globals, output),
        What::Import { file } => import::run(&file, globals, output),
        What::Export => edit::export(globals, output),
        What::Parse { file, content_type } => parse(&file, content_type.as_deref(), output),
    }
}

/// One entry (contract, section 6).
#[derive(Debug, Serialize)]
struct Line<'a> {
    title: &'a str,
    link: Option<&'a str>,
    id: Option<&'a str>,
    published: Option<jiff::Timestamp>,
    updated: Option<jiff::Timestamp>,
    author: &'a str,
    summary: &'a str,
    content_length: usize,
    repaired: bool,
}

fn parse(file: &PathBuf, content_type: Option<&str>, output: &mut Output) -> Result<Exit, Error> {
    let bytes = read(file)?;
    // Relative links of a saved feed lead nowhere: this base can carry none.
    let url = Url::parse("file:").map_err(|error| Error::new(Exit::Failure, error.to_string(), ""))?;
    let document = Document { bytes: &bytes, content_type, url: &url };
    let feed = feed::read(&document, &SourceFormat::Feed)
        .map_err(|error| Error::new(Exit::Failure, format!("{}: {error}", file.display()), ""))?;
    let repaired = !feed.repairs.is_empty();
    let line = |entry: &Entry| {
        render::json(&Line {
            title: &entry.title,
            link: entry.link.as_deref(),
            id: entry.id.as_deref(),
            published: entry.published,
            updated: entry.updated,
            author: &entry.author,
            summary: &entry.summary,
            content_length: entry.content.chars().count(),
            repaired,
        })
    };
    let lines: String = feed.entries.iter().map(line).collect();
    output.print(&lines)?;
    Ok(Exit::Success)
}

/// The bytes of `file`, or of stdin for `-`.
fn read(file: &PathBuf) -> Result<Vec<u8>, Error> {
    let read = if file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(file)
    };
    read.map_err(|error| {
        Error::new(
            Exit::Failure,
            format!("{} cannot be read: {error}", file.display()),
            "name a readable file",
        )
    })
}
