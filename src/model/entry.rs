//! One item of a feed.

use std::fmt;

use jiff::Timestamp;

/// One item of a feed as its publisher wrote it, cleaned of markup.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entry {
    /// Identity within its source, as far as its document gives it; see [`EntryKey`].
    pub key: EntryKey,
    /// Identifies the entry when a later document shows it again.
    pub marks: EntryMarks,
    /// Headline as plain text; empty if the feed gave none.
    pub title: String,
    /// Address of the article, absolute, `http` or `https`.
    pub link: Option<String>,
    /// The feed's own identifier (`guid`, `id`).
    pub id: Option<String>,
    /// Publication time, if the feed states a credible one.
    pub published: Option<Timestamp>,
    pub updated: Option<Timestamp>,
    pub author: String,
    /// The feed's summary as plain text, uncut.
    pub summary: String,
    /// The feed's full text as plain text (`content:encoded`, `content`); empty if there is none.
    pub content: String,
    pub categories: Vec<String>,
}

impl Entry {
    /// The text to judge: the longer of content and summary.
    pub fn text(&self) -> &str {
        if self.content.len() > self.summary.len() { &self.content } else { &self.summary }
    }
}

/// Identity of an entry within its source: the first 16 bytes of a SHA-256 over the guid, or the canonical link, or
/// title and summary. It is never random, so that an entry is new only once. It does not change when guid, link or
/// words change later: see `EntryMarks`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct EntryKey(pub [u8; 16]);

impl EntryKey {
    /// The key of a post on X: its id.
    #[must_use]
    pub fn of_post(id: u64) -> Self {
        let mut key = *b"x-post--\0\0\0\0\0\0\0\0";
        key[8..].copy_from_slice(&id.to_be_bytes());
        Self(key)
    }

    /// Its first 48 bits, never 0: enough to find it among the entries of one source (with 100,000 entries a new one
    /// collides once in three billion times).
    #[must_use]
    pub fn short(self) -> i64 {
        let mut bytes = [0; 8];
        bytes[2..].copy_from_slice(&self.0[..6]);
        i64::from_be_bytes(bytes).max(1)
    }
}

/// Hashes that identify an entry. Each may be missing, may change, and may be shared by different entries; together
/// they decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct EntryMarks {
    /// Of the guid.
    pub id: Option<EntryKey>,
    /// Of the canonical link.
    pub link: Option<EntryKey>,
    /// Of the words of the title.
    pub title: Option<EntryKey>,
    /// Of the words of the text's opening.
    pub text: Option<EntryKey>,
}

/// How often an entry was judged again because its words had changed. Bounded, so that a feed that rewrites its
/// entries forever cannot cause endless work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rewordings {
    /// The last such day, in days since 1970.
    pub day: u32,
    /// Number on that day.
    pub on_day: u8,
    /// Total number.
    pub total: u8,
}

impl Rewordings {
    /// Most in a day: an announcement, its correction and its completion.
    pub const A_DAY: u8 = 3;
    /// Most for one entry: a notice that is rewritten each day for a month.
    pub const IN_ALL: u8 = 30;

    /// Counts one more on `day`; `None` if the limit is reached.
    #[must_use]
    pub fn next(self, day: u32) -> Option<Self> {
        let on_day = if day == self.day { self.on_day } else { 0 };
        (on_day < Self::A_DAY && self.total < Self::IN_ALL).then(|| Self {
            day,
            on_day: on_day + 1,
            total: self.total + 1,
        })
    }

    /// Whether the entry was ever judged again.
    #[must_use]
    pub fn any(self) -> bool {
        self.total > 0
    }
}

impl fmt::Display for EntryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // By a table, because reading a feed writes four of them for each entry.
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut digits = [0; 32];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.0) {
            pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
        f.write_str(std::str::from_utf8(&digits).unwrap_or_default())
    }
}

impl fmt::Debug for EntryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntryKey({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rewordings_end_for_the_day_and_for_good() {
        let mut rewordings = Rewordings::default();
        let mut counted = Vec::new();
        for day in 100..120 {
            let mut times = 0;
            while let Some(next) = rewordings.next(day) {
                (rewordings, times) = (next, times + 1);
            }
            counted.push(times);
        }
        assert_eq!(counted[..10], [3; 10]);
        assert_eq!(counted[10..], [0; 10]);
    }

    #[test]
    fn a_key_is_written_in_hexadecimal() {
        let key = EntryKey(std::array::from_fn(|at| u8::try_from(at * 17).unwrap()));
        assert_eq!(key.to_string(), "00112233445566778899aabbccddeeff");
    }

    #[test]
    fn a_short_key_is_never_nothing() {
        assert_eq!(EntryKey([0; 16]).short(), 1);
        assert_eq!(EntryKey([0xff; 16]).short(), (1 << 48) - 1);
    }
}
