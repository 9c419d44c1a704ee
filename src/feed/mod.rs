//! Bytes to entries: decode → rebuild → parse → map. Pure: no network, no clock, no database.

mod bounds;
mod decode;
mod dialect;
mod entities;
mod json;
mod json_feed;
mod json_source;
mod key;
mod ndjson;
mod opml;
mod page;
mod parse;
mod plain;
mod rebuild;
mod sitemap;
mod suggest;
mod tokens;

#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::Timestamp;
use strum::IntoStaticStr;
use url::Url;

use crate::{
    model::{Entry, FailureKind, SourceFormat},
    text::address::{LONGEST_LINK, on_the_web},
};

pub use decode::decode;
pub(crate) use json_source::{check_mapping, check_path, zone_is_known};
pub use key::{keys, marks, of_words};
pub use opml::{NotTaken, OpmlError, OpmlList, Outline, Skipped, read_opml, write_opml};
pub use page::{SelectError, check as check_selectors};
pub use parse::parse;
pub use rebuild::{Rebuilt, rebuild};
pub use suggest::{newest_first, propose, sitemaps, usual_feeds};

/// Entries taken from one document. Of more, the newest are: a feed that lists everything it ever had has them
/// in the first rows or dates them. In JSON the first are. Measured at 30 to 500 in real feeds; an attack has
/// 100,000.
const MOST_ENTRIES: usize = 1000;

/// A body as it came.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// The bytes, decompressed.
    pub bytes: &'a [u8],
    /// The `Content-Type` header's value, if one was sent.
    pub content_type: Option<&'a str>,
    /// The final address, the base of relative links.
    pub url: &'a Url,
    /// The present, from which times such as "2 hours ago" count.
    pub now: Timestamp,
}

/// A feed that was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Feed {
    /// The feed's own title; empty if it has none.
    pub title: String,
    /// Address of the site the feed belongs to, if it names one.
    pub website: Option<String>,
    /// Its entries, in document order.
    pub entries: Vec<Entry>,
    /// The time between two requests that the publisher asks for (RSS `ttl`).
    pub ttl: Option<Duration>,
    /// Hours (0–23, GMT) without requests (RSS `skipHours`).
    pub skip_hours: Vec<u8>,
    /// Days (GMT, Monday is 1) without requests (RSS `skipDays`).
    pub skip_days: Vec<u8>,
    /// Further documents with entries of this source, the one to read first at the front.
    pub further: Vec<Further>,
    /// Lines of a program's output that are wrong.
    pub faulty: Faulty,
    /// What had to be repaired before it could be read, each once; empty for a well-formed feed.
    pub repairs: Vec<Repair>,
}

/// Another document of a source: the next page of a list, or a sitemap of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Further {
    /// Its address.
    pub url: Url,
    /// When it last changed, if its index says so.
    pub changed_at: Option<Timestamp>,
    /// Sent with POST; `None` for GET.
    pub body: Option<String>,
}

/// Wrong lines of a program's output.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faulty {
    /// Their number.
    pub count: u32,
    /// Number and fault of the first; empty if there is none.
    pub first: String,
}

/// What had to be repaired in a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Repair {
    Attributes,
    BareAmpersand,
    Charset,
    CutOff,
    FaultyLines,
    LeadingText,
    NoVersion,
    StrayBracket,
    TooDeep,
    TooManyEntries,
    Unclosed,
    UndeclaredPrefix,
    UnmatchedEnd,
}

impl Repair {
    /// Whether entries may have been lost. A 304 would hide them for good, so such a feed is requested in full once
    /// more, and believed when it comes again as it was.
    pub(crate) fn may_lose_entries(self) -> bool {
        matches!(self, Self::CutOff | Self::TooDeep)
    }
}

/// Why a body gives no feed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum FeedError {
    #[error("this is {}", if *page { "a web page, not a feed" } else { "not a feed" })]
    NotAFeed {
        /// Whether it is HTML.
        page: bool,
        /// Feed addresses the page names itself (`link rel="alternate"`), absolute.
        alternates: Vec<String>,
    },
    #[error("the body is empty")]
    Empty,
    #[error("the feed could not be read: {0}")]
    Unreadable(String),
    #[error("the field mapping does not fit this document: {0}")]
    Mapping(String),
    #[error("{0}")]
    Selectors(String),
    #[error(
        "the selectors find nothing in this page any more ({0}); its layout may have changed: tge-scrape feed check shows the page"
    )]
    NothingSelected(String),
    #[error("this page has no list of its own, its scripts fetch it{}", data_hint(data))]
    ScriptOnly {
        /// Selectors of the scripts that hold data.
        data: Vec<String>,
    },
}

/// Where the data of a page without content may be.
fn data_hint(data: &[String]) -> String {
    match data {
        [] => "; look for the address that they request, for a source of kind json".to_owned(),
        data => format!("; it has data for select.script in {}", data.join(", ")),
    }
}

impl FeedError {
    /// For outputs and the database.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::NotAFeed { .. } => FailureKind::NotAFeed,
            Self::Empty => FailureKind::EmptyBody,
            Self::Unreadable(_) => FailureKind::Unreadable,
            Self::Mapping(_) => FailureKind::Mapping,
            Self::Selectors(_) | Self::NothingSelected(_) => FailureKind::SelectorsFoundNothing,
            Self::ScriptOnly { .. } => FailureKind::ScriptOnly,
        }
    }
}

/// Reads `document`, which has this `format`.
///
/// # Errors
/// Why it gives no feed; a well-formed feed without entries is no error.
pub fn read(document: &Document<'_>, format: &SourceFormat) -> Result<Feed, FeedError> {
    let (whole, relabelled) = decode::decode(document.bytes, document.content_type);
    let text = whole.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']);
    // A program without news prints nothing.
    if text.trim().is_empty() && !matches!(format, SourceFormat::Exec(_)) {
        return Err(FeedError::Empty);
    }
    let mut feed = match format {
        SourceFormat::Json(source) => {
            let value = json::read(text).map_err(FeedError::Unreadable)?;
            let feed = json_source::read(&value, &source.mapping, document.url)?;
            Feed { further: json_source::next(&value, source, document.url).into_iter().collect(), ..feed }
        }
        SourceFormat::Sitemap => sitemap::read(text, document.url)?,
        SourceFormat::Page(selectors) => page::read(text, selectors, document.url, document.now)?,
        SourceFormat::Exec(_) => ndjson::read(&whole, document.url)?,
        SourceFormat::Feed if text.starts_with('{') => match json::read(text) {
            Ok(value) if json_feed::is_json_feed(&value) => json_feed::read(&value, document.url)?,
            Ok(_) => return Err(FeedError::NotAFeed { page: false, alternates: Vec::new() }),
            Err(error) => return Err(FeedError::Unreadable(error)),
        },
        SourceFormat::Feed => markup(text, document.url)?,
    };
    if relabelled {
        feed.repairs.push(Repair::Charset);
    }
    // Keys come from the full texts, before they are cut.
    key::give(&mut feed.entries);
    bounds::keep(&mut feed);
    Ok(feed)
}

fn markup(text: &str, url: &Url) -> Result<Feed, FeedError> {
    let rebuilt = rebuild::rebuild(text, url);
    if !rebuilt.is_feed {
        return Err(FeedError::NotAFeed { page: is_page(text), alternates: alternates(text, url) });
    }
    let (title, entries) = parse::parse(&rebuilt.atom).map_err(FeedError::Unreadable)?;
    Ok(Feed { title, entries, ..rebuilt.feed })
}

/// Whether `text` has an element that only HTML has.
fn is_page(text: &str) -> bool {
    let is_html = |name: &str| ["html", "head", "body"].iter().any(|html| name.eq_ignore_ascii_case(html));
    tokens::Tokens::new(text).any(|token| match token {
        tokens::Token::Start { name, .. } => is_html(name),
        tokens::Token::Doctype(source) => source.to_ascii_lowercase().starts_with("<!doctype html"),
        _ => false,
    })
}

/// The address of `link` relative to `base`, if it is an http or https address of at most [`LONGEST_LINK`].
fn resolve_link(base: &Url, link: &str) -> Option<Url> {
    let link = Some(link.trim()).filter(|link| !link.is_empty())?;
    base.join(link).ok().filter(on_the_web).filter(|url| url.as_str().len() <= LONGEST_LINK)
}

/// Feeds that a web page links to (`link rel="alternate"`).
fn alternates(page: &str, url: &Url) -> Vec<String> {
    let mut found = Vec::new();
    for token in tokens::Tokens::new(page) {
        let tokens::Token::Start { name, attributes, .. } = token else { continue };
        if !name.eq_ignore_ascii_case("link") {
            continue;
        }
        let (attributes, _) = tokens::attributes(attributes);
        let value = |wanted: &str| tokens::attribute(&attributes, wanted).unwrap_or_default();
        let kind = value("type").to_ascii_lowercase();
        let feed = ["rss+xml", "atom+xml", "feed+json", "rdf+xml"].iter().any(|feed| kind.contains(feed));
        if feed && value("rel").to_ascii_lowercase().contains("alternate") {
            let address = entities::Declared::default().resolve(value("href")).into_owned();
            found.extend(resolve_link(url, &address).map(|address| address.to_string()));
        }
    }
    found
}
