//! State that the store keeps between cycles.

use jiff::Timestamp;

use super::{
    Alert, Article, ChannelStoryState, Detection, EntryKey, EntryMarks, Event, FailureKind, Rewordings,
    Stage, Validators,
};

/// The stored state of one source. The default is a source that was never fetched.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SourceState {
    /// The configured address: the source's identity.
    pub url: String,
    /// Validators of the last response whose entries are stored.
    pub validators: Validators,
    /// The address that sent those validators, after redirects.
    pub validators_url: String,
    /// Fingerprint of the rules that read the last body; other rules read it again.
    pub rules: u64,
    /// First 16 bytes of the SHA-256 of the last body read.
    pub body_hash: Option<[u8; 16]>,
    /// First successful read; `None` for a new source.
    pub first_read_at: Option<Timestamp>,
    /// Last request.
    pub checked_at: Option<Timestamp>,
    /// Last success, 304 included.
    pub succeeded_at: Option<Timestamp>,
    /// Last time a body was read.
    pub read_at: Option<Timestamp>,
    /// Last time it had a new entry.
    pub changed_at: Option<Timestamp>,
    /// When the next request is due after a success (life time, `max-age`, `ttl`, `skipHours`).
    pub due_at: Option<Timestamp>,
    /// No request before this time, whatever the settings say (`Retry-After`, back-off).
    pub not_before: Option<Timestamp>,
    /// Failures in a row.
    pub failures: u32,
    /// Cleared by a success.
    pub last_failure: Option<FailureKind>,
    /// Last status code seen.
    pub status: Option<u16>,
    /// Whether it ever sent a validator or answered 304.
    pub conditional: bool,
    /// Start of the current run of 304s.
    pub unmodified_since: Option<Timestamp>,
    /// Last plain GET sent to break a stuck 304.
    pub plain_get_at: Option<Timestamp>,
    /// Usual time between its entries, seconds.
    pub mean_interval_s: Option<u32>,
    /// Target of permanent redirects, and the number of consecutive fetches that saw it.
    pub moved_to: Option<String>,
    /// See `moved_to`.
    pub moved_seen: u32,
    /// When it answered 410; it is not fetched again.
    pub gone_at: Option<Timestamp>,
    /// Whether the last body had to be repaired.
    pub repaired: bool,
    /// Entries, candidates and detections since the first fetch.
    pub entries_total: u64,
    /// See `entries_total`.
    pub candidates_total: u64,
    /// See `entries_total`.
    pub detections_total: u64,
    /// Smoothed response time, milliseconds.
    pub mean_ms: u32,
    /// Minimum time between requests that its publisher asks for (`max-age`, `Expires`, `ttl`), seconds.
    pub publisher_ttl_s: u32,
    /// Hours and days in which its publisher asks for no requests (`skipHours`, `skipDays` of the last body).
    pub skips: Skips,
    /// Of a source with mirrors: each of its addresses.
    pub addresses: Vec<AddressState>,
}

/// The stored state of one address of a source with mirrors.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AddressState {
    /// As the settings have it.
    pub url: String,
    /// As those of a source.
    pub validators: Validators,
    pub validators_url: String,
    pub rules: u64,
    pub body_hash: Option<[u8; 16]>,
    pub unmodified_since: Option<Timestamp>,
    pub plain_get_at: Option<Timestamp>,
    /// Last success, 304 included.
    pub answered_at: Option<Timestamp>,
    /// No request before this time, because its server asked for a wait.
    pub not_before: Option<Timestamp>,
    /// When it is tried again after failures.
    pub due_at: Option<Timestamp>,
    /// Failures in a row.
    pub failures: u32,
    pub last_failure: Option<FailureKind>,
}

impl SourceState {
    /// The address that answered last, of a source with mirrors.
    #[must_use]
    pub fn answered_by(&self) -> Option<&AddressState> {
        let answered = self.addresses.iter().filter(|address| address.answered_at.is_some());
        answered.max_by_key(|address| address.answered_at)
    }
}

/// Failures in a row from which a changed layout is reported: a single one may be a page about maintenance.
const LAYOUT: u32 = 2;

impl SourceState {
    /// What is wrong with a source whose documents no longer have the layout that its settings describe, in a few words.
    /// `None` for all other failures, and for a source that lists nothing new.
    pub(crate) fn layout_problem(&self) -> Option<&'static str> {
        let failure = self.last_failure.as_ref().filter(|_| self.failures >= LAYOUT)?;
        match (failure, self.first_read_at.is_some()) {
            (FailureKind::SelectorsFoundNothing, true) => Some("its selectors find nothing any more"),
            (FailureKind::SelectorsFoundNothing, false) => Some("its selectors find nothing"),
            (FailureKind::ScriptOnly, _) => Some("its list is built by scripts"),
            (FailureKind::Mapping, true) => Some("its mapping finds nothing any more"),
            (FailureKind::Mapping, false) => Some("its mapping finds nothing"),
            _ => None,
        }
    }
}

/// Hours and days of the week (UTC) without requests, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Skips {
    /// Bit 0 is the hour from midnight to one.
    pub hours: u32,
    /// Bit 0 is Monday.
    pub days: u8,
}

/// A pause that a host asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostWait {
    /// Host name, lower case; `medium.com` for all its subdomains.
    pub host: String,
    /// No request before this.
    pub not_before: Timestamp,
    pub reason: FailureKind,
}

/// Processing state of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryState {
    /// It cannot be a launch; reopened when the rules change.
    Dropped {
        /// Name of the early filter's reason.
        reason: String,
    },
    /// It may be a launch, and its article is still to be read.
    Waiting {
        /// Failed fetches so far.
        tries: u32,
        /// It is not tried before this time.
        next_try: Timestamp,
    },
    /// It has its verdict.
    Judged {
        /// 0–100.
        score: u8,
    },
}

/// One entry as the database stores it.
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
    /// Plain text to judge; empty for dropped entries.
    pub summary: String,
    /// Author; empty if unknown.
    pub author: String,
    /// Publication time; the time first seen if the feed gave none.
    pub published: Timestamp,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// Whether it was in the first body of its source, and so sends no alert.
    pub suppress_alerts: bool,
    /// Processing state.
    pub state: EntryState,
    /// Fingerprint of the rules that set the state.
    pub rules: u64,
    /// Hashes that identify it; `None` keeps the stored ones.
    pub marks: Option<EntryMarks>,
    /// How often it was judged again because its words had changed.
    pub rewordings: Rewordings,
}

/// A known entry that is in its feed's current body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastSeen {
    pub source_url: String,
    pub key: EntryKey,
    /// Hashes that identify it from now on; `None` if they are stored already.
    pub marks: Option<EntryMarks>,
}

/// One article in the persistent cache.
#[derive(Debug, Clone, PartialEq)]
pub struct ArticleRecord {
    /// Cache key: the canonical address that was requested.
    pub key: String,
    /// Address the body came from, after redirects.
    pub final_url: String,
    /// Validators for the next request.
    pub validators: Validators,
    /// When it was fetched or last confirmed by a 304.
    pub fetched_at: Timestamp,
    /// The readable content.
    pub article: Article,
}

/// A host's robots.txt (RFC 9309).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RobotsRecord {
    /// Scheme, host and port, such as `https://example.org`.
    pub origin: String,
    pub fetched_at: Timestamp,
    /// The file's text; empty allows everything.
    pub body: String,
}

/// A text's fingerprint for near-duplicate search; only `detect::story` interprets it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Signature(pub Vec<u8>);

/// One event, reported by one or more outlets.
#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    /// Stable: derived from its first mention.
    pub id: String,
    pub project: Option<String>,
    pub token: Option<String>,
    pub event: Event,
    /// The stage that was last reported.
    pub stage: Stage,
    pub event_date: Option<String>,
    /// First detection.
    pub opened_at: Timestamp,
    pub updated_at: Timestamp,
    /// Oldest first.
    pub mentions: Vec<Mention>,
}

/// One outlet's version of a story.
#[derive(Debug, Clone, PartialEq)]
pub struct Mention {
    /// Canonical address.
    pub url: String,
    pub source: String,
    pub title: String,
    /// Publication time, or detection time if that is unknown.
    pub at: Timestamp,
    pub signature: Signature,
}

/// A detection with the data that only the store needs.
#[derive(Debug, Clone, PartialEq)]
pub struct DetectionRecord {
    pub detection: Detection,
    /// Address of the source, and key of the entry within it.
    pub source_url: String,
    /// See `source_url`.
    pub entry: EntryKey,
    pub signature: Signature,
    /// Found in the first body of its source: it sends no alert.
    pub suppress_alerts: bool,
    /// The page or post that a post links to: the story uses this address.
    pub about: Option<String>,
}

/// A detection with the story it was assigned to, and the consequences.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredFinding {
    pub record: DetectionRecord,
    /// The story including this detection.
    pub story: Story,
    /// Whether the story existed before.
    pub joined: bool,
    /// Stories that this finding proved to be the same; their detections move to `story`.
    pub absorbed: Vec<String>,
    /// Alerts to queue.
    pub alerts: Vec<Alert>,
    /// What the channels were notified of once those are queued.
    pub channel_states: Vec<ChannelStoryState>,
}

/// The results of one visit, saved in one transaction.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Commit {
    /// The source's new state.
    pub source: Option<SourceState>,
    /// Pauses that its hosts asked for.
    pub host_waits: Vec<HostWait>,
    /// Entries that are new or changed their state.
    pub entries: Vec<EntryRecord>,
    /// Known entries in the feed whose last-seen day is stale, or whose marks changed.
    pub refreshed: Vec<LastSeen>,
    /// Articles fetched or confirmed.
    pub articles: Vec<ArticleRecord>,
    /// robots.txt files fetched.
    pub robots: Vec<RobotsRecord>,
    /// Completed calls to X: request log, windows and posts.
    pub x: Vec<super::XPage>,
    /// In the order of assignment: a later finding may absorb the story of an
    /// earlier one.
    pub findings: Vec<StoredFinding>,
}

impl Commit {
    /// Rows that are written and expire: the next clean-up deletes at least as many.
    pub(crate) fn rows(&self) -> usize {
        let posts: usize = self.x.iter().map(|page| page.posts.len() + page.people.len()).sum();
        self.entries.len() + self.articles.len() + self.robots.len() + posts
    }
}
