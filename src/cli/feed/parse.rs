//! `tge-scrape feed parse`: the entries of a saved feed.

use std::{borrow::Cow, fs::File, io::Read, path::PathBuf};

use serde::Serialize;
use url::Url;

use crate::{
    clock::{Clock, SystemClock},
    error::Error,
    exit::Exit,
    feed::{self, Document, FeedError},
    http::{Failure, unpack_unlabelled},
    model::{Entry, SourceFormat},
    render,
    text::cut::{Unit, cut},
};

use super::{
    super::{Globals, output::Output, settings},
    sources::web_address,
};

/// Characters of a content that replace a missing summary.
const OPENING: usize = 1000;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// File, or - for stdin; may be compressed with gzip, zstd, deflate or brotli
    file: PathBuf,
    /// Address the feed was read from: relative links are resolved against it
    #[arg(long, value_name = "BASE")]
    url: Option<String>,
    /// Content-Type header of the feed
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,
}

/// One entry (docs/reference/outputs.md#feed-parse).
#[derive(Debug, Serialize)]
struct Line<'a> {
    title: &'a str,
    link: Option<&'a str>,
    id: Option<&'a str>,
    #[serde(serialize_with = "crate::model::stamp::option::serialize")]
    published: Option<jiff::Timestamp>,
    #[serde(serialize_with = "crate::model::stamp::option::serialize")]
    updated: Option<jiff::Timestamp>,
    author: &'a str,
    summary: Cow<'a, str>,
    content_length: usize,
    repaired: bool,
}

/// Prints the entries of one file.
pub fn run(args: &Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    // Without a base, relative links cannot be resolved: `file:` has no base.
    let url = match &args.url {
        Some(base) => web_address(base)?,
        None => Url::parse("file:").map_err(|error| Error::new(Exit::Failure, error.to_string(), ""))?,
    };
    let bytes = read(args, settings(globals)?.http.feed_body_limit)?;
    let (content_type, now) = (args.content_type.as_deref(), SystemClock.now());
    let document = Document { bytes: &bytes, content_type, url: &url, now };
    let feed = feed::read(&document, &SourceFormat::Feed).map_err(|error| unreadable(args, &error))?;
    let repaired = !feed.repairs.is_empty();
    let line = |entry: &Entry| {
        render::json(&Line {
            title: &entry.title,
            link: entry.link.as_deref(),
            id: entry.id.as_deref(),
            published: entry.published,
            updated: entry.updated,
            author: &entry.author,
            summary: summary(entry),
            content_length: entry.content.chars().count(),
            repaired,
        })
    };
    let lines: String = feed.entries.iter().map(line).collect();
    output.print(&lines)?;
    Ok(Exit::Success)
}

/// The summary of `entry`, or the start of its content.
fn summary(entry: &Entry) -> Cow<'_, str> {
    if entry.summary.is_empty() {
        Cow::Owned(cut(&entry.content, OPENING, Unit::Scalars))
    } else {
        Cow::Borrowed(&entry.summary)
    }
}

/// The hint is part of the message: docs/reference/outputs.md#feed-parse permits one line.
fn failed(message: String) -> Error {
    Error::new(Exit::Failure, message, "")
}

fn unreadable(args: &Args, error: &FeedError) -> Error {
    let advice = match error {
        FeedError::NotAFeed { alternates, .. } if !alternates.is_empty() => {
            format!("; its feeds are at {}", alternates.join(" and "))
        }
        FeedError::NotAFeed { page: true, .. } => "; save the feed itself".to_owned(),
        _ => String::new(),
    };
    failed(format!("{}: {error}{advice}", args.file.display()))
}

/// The bytes of the file, or of stdin for `-`, decompressed; at most `limit`, as in a cycle.
fn read(args: &Args, limit: u64) -> Result<Vec<u8>, Error> {
    let name = args.file.display();
    let too_large = || failed(format!("{name} is larger than {limit} bytes (http.feed_body_limit)"));
    let unreadable = |error| failed(format!("{name} cannot be read: {error}"));
    let mut bytes = Vec::new();
    let source: Result<Box<dyn Read>, _> = if args.file.as_os_str() == "-" {
        Ok(Box::new(std::io::stdin().lock()))
    } else {
        File::open(&args.file).map(|file| Box::new(file) as Box<dyn Read>)
    };
    source.and_then(|source| source.take(limit + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
    if bytes.len() as u64 > limit {
        return Err(too_large());
    }
    match unpack_unlabelled(&bytes, limit) {
        Ok(plain) => Ok(plain.unwrap_or(bytes)),
        Err(Failure::TooLarge { .. }) => Err(too_large()),
        Err(error) => Err(failed(format!("{name} cannot be unpacked: {error}"))),
    }
}
