//! Bytes to entries: decode → rebuild → parse → map. Pure: no network, no clock, no database.

use std::time::Duration;

use url::Url;

use crate::model::Entry;

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
    /// Its entries, in document order.
    pub entries: Vec<Entry>,
    /// The publisher's wish for the time between two requests (RSS `ttl`).
    pub ttl: Option<Duration>,
    /// Hours (0–23, GMT) in which it is not to be asked (RSS `skipHours`).
    pub skip_hours: Vec<u8>,
    /// Days in which it is not to be asked, GMT, Monday being 1 (RSS `skipDays`).
    pub skip_days: Vec<u8>,
    /// What had to be mended before it could be read, one short name each; empty for a clean feed.
    pub repairs: Vec<&'static str>,
}

/// Why a body gives no feed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    /// HTML or anything else that was never a feed.
    #[error("this is not a feed")]
    NotAFeed {
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
    /// The stable name used in outputs and in the database.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotAFeed { .. } => "not_a_feed",
            Self::Empty => "empty_body",
            Self::Unreadable(_) => "unreadable",
            Self::Mapping(_) => "mapping",
        }
    }
}
