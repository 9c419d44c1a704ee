//! What is remembered between cycles: the words in which rooms and the store speak to each other.

use jiff::Timestamp;

use super::{
    Alert, Article, ChannelStoryState, Detection, EntryKey, EntryMarks, Event, FailureKind, Rewordings,
    Stage, Validators,
};

/// All that is remembered of one source. The default is a source never asked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SourceState {
    /// The configured address: the source's identity.
    pub url: String,
    /// What to ask with; only ever taken from an answer whose entries are stored.
    pub validators: Validators,
    /// The address those validators came from, after redirects.
    pub validators_url: String,
    /// Fingerprint of the rules that read the last body; other rules must read it again.
    pub rules: u64,
    /// First 16 bytes of the SHA-256 of the last body read.
    pub body_hash: Option<[u8; 16]>,
    /// First successful read; `None` until then, and so the first sight.
    pub first_read_at: Option<Timestamp>,
    /// Last time it was asked.
    pub checked_at: Option<Timestamp>,
    /// Last success, 304 included.
    pub succeeded_at: Option<Timestamp>,
    /// Last time a body was read.
    pub read_at: Option<Timestamp>,
    /// Last time it brought a new entry.
    pub changed_at: Option<Timestamp>,
    /// When it may and should be asked again after a success (life time, `max-age`, `ttl`, `skipHours`).
    pub due_at: Option<Timestamp>,
    /// Not to be asked before this, whatever the settings say (`Retry-After`, back-off).
    pub not_before: Option<Timestamp>,
    /// Failures in a row.
    pub failures: u32,
    /// Cleared by a success.
    pub last_failure: Option<FailureKind>,
    /// Last status code seen.
    pub status: Option<u16>,
    /// Whether it ever sent a validator or answered 304.
    pub conditional: bool,
    /// Start of the present run of 304s.
    pub unmodified_since: Option<Timestamp>,
    /// Last plain GET sent to break a stuck 304.
    pub plain_get_at: Option<Timestamp>,
    /// Usual time between its entries, seconds.
    pub mean_interval_s: Option<u32>,
    /// Where permanent redirects lead, and in how many runs in a row that was seen.
    pub moved_to: Option<String>,
    /// See `moved_to`.
    pub moved_seen: u32,
    /// When it answered 410; it is not asked any more.
    pub gone_at: Option<Timestamp>,
    /// Whether the last body had to be repaired.
    pub repaired: bool,
    /// Entries, candidates and detections it ever brought.
    pub entries_total: u64,
    /// See `entries_total`.
    pub candidates_total: u64,
    /// See `entries_total`.
    pub detections_total: u64,
    /// Smoothed time of an answer, milliseconds.
    pub mean_ms: u32,
    /// How long its publisher asks to be left alone after an answer (`max-age`, `Expires`, `ttl`), seconds.
    pub publisher_ttl_s: u32,
    /// Hours and days in which its publisher does not want it asked (`skipHours`, `skipDays` of the last body).
    pub skips: Skips,
}

/// Hours and days of the week (UTC) in which a source is not to be asked, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Skips {
    /// Bit 0 is the hour from midnight to one.
    pub hours: u32,
    /// Bit 0 is Monday.
    pub days: u8,
}

/// A host that asked for a pause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostWait {
    /// Host name, lower case; `medium.com` for all its subdomains.
    pub host: String,
    /// No request before this.
    pub not_before: Timestamp,
    /// The failure that asked for it.
    pub reason: FailureKind,
}

/// Where an entry stands on its way to a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryState {
    /// It cannot matter; reopened when the rules change.
    Dropped {
        /// Name of the early filter's reason.
        reason: String,
    },
    /// It may matter and its article is still to be read.
    Waiting {
        /// Fetches that failed so far.
        tries: u32,
        /// Not to be tried before this.
        next_try: Timestamp,
    },
    /// It has its verdict.
    Judged {
        /// 0–100.
        score: u8,
    },
}

/// One entry as the database keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRecord {
    /// Address of its source.
    pub source_url: String,
    /// Identity within the source.
    pub key: EntryKey,
    /// Headline.
    pub title: String,
    /// Address of the article.
    pub link: Option<String>,
    /// Plain text for the judgement; kept for waiting and judged entries, empty for dropped ones.
    pub summary: String,
    /// Who wrote it.
    pub author: String,
    /// When it was published; the time first seen where the feed gave none.
    pub published: Timestamp,
    /// When we saw it first.
    pub first_seen: Timestamp,
    /// Whether it was there at the first sight of its source, and so alerts nobody.
    pub suppress_alerts: bool,
    /// Where it stands.
    pub state: EntryState,
    /// Fingerprint of the rules that put it there.
    pub rules: u64,
    /// What it can be recognised by; `None` leaves what is stored.
    pub marks: Option<EntryMarks>,
    /// How often it was judged again for its words.
    pub rewordings: Rewordings,
}

/// A known entry that stands in its feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastSeen {
    /// Address of its source.
    pub source_url: String,
    /// Identity within the source.
    pub key: EntryKey,
    /// What it can be recognised by from now on; `None` if that is stored already.
    pub marks: Option<EntryMarks>,
}

/// One article as the lasting cache keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct ArticleRecord {
    /// Canonical address that was asked for: the cache key.
    pub key: String,
    /// Address the body came from, after redirects.
    pub final_url: String,
    /// What to ask with again.
    pub validators: Validators,
    /// When it was fetched or last confirmed by a 304.
    pub fetched_at: Timestamp,
    /// Its text.
    pub article: Article,
}

/// A host's robots.txt as last fetched (RFC 9309).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RobotsRecord {
    /// Scheme, host and port, such as `https://example.org`.
    pub origin: String,
    /// When it was fetched.
    pub fetched_at: Timestamp,
    /// The file's text; empty allows everything.
    pub body: String,
}

/// One text's fingerprint for near-duplicate search; opaque outside `detect::story`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Signature(pub Vec<u8>);

/// One event in the world, told by one or more outlets.
#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    /// Lasting identity, derived from its first telling.
    pub id: String,
    /// Whose token.
    pub project: Option<String>,
    /// Ticker.
    pub token: Option<String>,
    /// What happens.
    pub event: Event,
    /// How far it has come, as last told.
    pub stage: Stage,
    /// See [`super::Verdict::event_date`].
    pub event_date: Option<String>,
    /// First detection.
    pub opened_at: Timestamp,
    /// Last detection.
    pub updated_at: Timestamp,
    /// What tells it, oldest first.
    pub mentions: Vec<Mention>,
}

/// One text that tells a story.
#[derive(Debug, Clone, PartialEq)]
pub struct Mention {
    /// Canonical address.
    pub url: String,
    /// Name of the outlet.
    pub source: String,
    /// Headline.
    pub title: String,
    /// When it was published, or detected where that is unknown.
    pub at: Timestamp,
    /// Its fingerprint.
    pub signature: Signature,
}

/// A detection with what only the store needs.
#[derive(Debug, Clone, PartialEq)]
pub struct DetectionRecord {
    /// What was found.
    pub detection: Detection,
    /// Address of the source and key of the entry it was found in.
    pub source_url: String,
    /// See `source_url`.
    pub entry: EntryKey,
    /// Its fingerprint.
    pub signature: Signature,
    /// Found at the first sight of its source: alerts nobody.
    pub suppress_alerts: bool,
    /// The page or post that a post points at: the story knows it under this address.
    pub about: Option<String>,
}

/// A detection with the story it was assigned to, and all that follows from that.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredFinding {
    /// The detection.
    pub record: DetectionRecord,
    /// Its story as it stands with it.
    pub story: Story,
    /// Whether the story was there before.
    pub joined: bool,
    /// Stories that this finding proved to be the same: their detections belong to `story` from now on.
    pub absorbed: Vec<String>,
    /// Alerts that it gives.
    pub alerts: Vec<Alert>,
    /// What the channels know of the story once those are queued.
    pub channel_states: Vec<ChannelStoryState>,
}

/// All that one visit taught us; saved whole or not at all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Commit {
    /// The source as it stands now.
    pub source: Option<SourceState>,
    /// A pause its host asked for.
    pub host_wait: Option<HostWait>,
    /// Entries that are new or changed their state; the key is (source, entry key).
    pub entries: Vec<EntryRecord>,
    /// Known entries still in the feed whose last sighting is getting old, or whose marks changed.
    pub refreshed: Vec<LastSeen>,
    /// Articles fetched or confirmed.
    pub articles: Vec<ArticleRecord>,
    /// robots.txt files fetched.
    pub robots: Vec<RobotsRecord>,
    /// Answered calls to X: ledger, windows and posts.
    pub x: Vec<super::XPage>,
    /// What was found, in the order in which the stories took it: a later finding may absorb the story of an
    /// earlier one.
    pub findings: Vec<StoredFinding>,
}
