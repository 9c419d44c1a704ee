//! One item of a feed.

use std::fmt;

use jiff::Timestamp;

/// One item of a feed as its publisher wrote it, cleaned of markup.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entry {
    /// Identity within its source; see [`EntryKey`].
    pub key: EntryKey,
    /// Headline as plain text; empty if the feed gave none.
    pub title: String,
    /// Address of the article, absolute, `http` or `https`.
    pub link: Option<String>,
    /// The feed's own identifier (`guid`, `id`).
    pub id: Option<String>,
    /// When it was published, if the feed says so believably.
    pub published: Option<Timestamp>,
    /// When it was last changed.
    pub updated: Option<Timestamp>,
    /// Who wrote it; empty if unknown.
    pub author: String,
    /// The feed's summary as plain text, whole.
    pub summary: String,
    /// The feed's full text as plain text (`content:encoded`, `content`); empty if it carries none.
    pub content: String,
    /// The feed's own labels.
    pub categories: Vec<String>,
}

/// Identity of an entry within its source: the first 16 bytes of a SHA-256 over the guid, else over the
/// canonical link, else over title and summary. Never random, so that an entry is new only once.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct EntryKey(pub [u8; 16]);

impl EntryKey {
    /// The key of a post on X: its id, so that it can be found again.
    #[must_use]
    pub fn of_post(id: u64) -> Self {
        let mut key = *b"x-post--\0\0\0\0\0\0\0\0";
        key[8..].copy_from_slice(&id.to_be_bytes());
        Self(key)
    }
}

impl fmt::Display for EntryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for EntryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntryKey({self})")
    }
}
