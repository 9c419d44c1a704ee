//! Bytes to entries: decode → rebuild → parse → map. Pure: no network, no clock, no database.

mod bounds;
mod decode;
mod dialect;
mod entities;
mod json;
mod json_feed;
mod json_source;
mod key;
mod opml;
mod parse;
mod plain;
mod rebuild;
mod tokens;

#[cfg(test)]
mod tests;

use std::time::Duration;

use strum::IntoStaticStr;
use url::Url;

use crate::{
    model::{Entry, FailureKind, SourceFormat},
    text::address::{LONGEST_LINK, on_the_web},
};

pub use decode::decode;
pub use json_source::{PRESETS, preset};
pub use key::{keys, marks, of_words};
pub use opml::{NotTaken, OpmlError, OpmlList, Outline, Skipped, read_opml, write_opml};
pub use parse::parse;
pub use rebuild::{Rebuilt, rebuild};

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
    /// The final address: what relative links stand against.
    pub url: &'a Url,
}

/// What a feed says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Feed {
    /// The feed's own title; empty if it has none.
    pub title: String,
    /// Address of the site the feed belongs to, if it names one.
    pub website: Option<String>,
    /// Its entries, in document order.
    pub entries: Vec<Entry>,
    /// The publisher's wish for the time between two requests (RSS `ttl`).
    pub ttl: Option<Duration>,
    /// Hours (0–23, GMT) in which it is not to be asked (RSS `skipHours`).
    pub skip_hours: Vec<u8>,
    /// Days in which it is not to be asked, GMT, Monday being 1 (RSS `skipDays`).
    pub skip_days: Vec<u8>,
    /// What had to be repaired before it could be read, each once; empty for a well-formed feed.
    pub repairs: Vec<Repair>,
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
pub enum FeedError {
    /// HTML or anything else that was never a feed.
    #[error("this is {}", if *page { "a web page, not a feed" } else { "not a feed" })]
    NotAFeed {
        /// Whether it is HTML.
        page: bool,
        /// Feed addresses the page names itself (`link rel="alternate"`), absolute.
        alternates: Vec<String>,
    },
    /// Nothing but white space.
    #[error("the body is empty")]
    Empty,
    /// A feed beyond repair.
    #[error("the feed could not be read: {0}")]
    Unreadable(String),
    /// A JSON document in which the mapping finds no entries.
    #[error("the field mapping finds no entries: {0}")]
    Mapping(String),
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
        }
    }
}

/// Reads `document` as `format` says.
///
/// # Errors
/// Why it gives no feed; a well-formed feed without entries is no error.
pub fn read(document: &Document<'_>, format: &SourceFormat) -> Result<Feed, FeedError> {
    let (text, relabelled) = decode::decode(document.bytes, document.content_type);
    let text = text.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']);
    if text.trim().is_empty() {
        return Err(FeedError::Empty);
    }
    let mut feed = match format {
        SourceFormat::Json(mapping) => {
            let value = json::read(text).map_err(FeedError::Unreadable)?;
            json_source::read(&value, mapping, document.url)?
        }
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
    // Keys come from what the feed says itself, however long.
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
    Ok(Feed {
        title,
        website: rebuilt.website,
        entries,
        ttl: rebuilt.ttl.map(|minutes| Duration::from_secs(minutes.saturating_mul(60))),
        skip_hours: rebuilt.skip_hours,
        skip_days: rebuilt.skip_days,
        repairs: rebuilt.repairs,
    })
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

/// Where `link` leads, seen from `base`, if that is a place on the web; empty leads nowhere, and so does what is
/// longer than [`LONGEST_LINK`].
fn resolve_link(base: &Url, link: &str) -> Option<Url> {
    let link = Some(link.trim()).filter(|link| !link.is_empty())?;
    base.join(link).ok().filter(on_the_web).filter(|url| url.as_str().len() <= LONGEST_LINK)
}

/// Feeds that a web page names as its own (`link rel="alternate"`).
fn alternates(page: &str, url: &Url) -> Vec<String> {
    let mut found = Vec::new();
    for token in tokens::Tokens::new(page) {
        let tokens::Token::Start { name, attributes, .. } = token else { continue };
        if !name.eq_ignore_ascii_case("link") {
            continue;
        }
        let (attributes, _) = tokens::attributes(attributes);
        let value = |wanted: &str| {
            attributes
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
                .map_or("", |(_, value)| *value)
        };
        let kind = value("type").to_ascii_lowercase();
        let feed = ["rss+xml", "atom+xml", "feed+json", "rdf+xml"].iter().any(|feed| kind.contains(feed));
        if feed && value("rel").to_ascii_lowercase().contains("alternate") {
            let address = entities::Declared::default().resolve(value("href")).into_owned();
            found.extend(resolve_link(url, &address).map(|address| address.to_string()));
        }
    }
    found
}
