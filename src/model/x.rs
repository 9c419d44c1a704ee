//! What is remembered of X: the words in which the X room, its visit and the store speak to each other.
//!
//! Ids are X's own 64-bit numbers. Money is in millionths of a US dollar.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A followed account or a search: whatever has a place of its own in time up to which all is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct XSource {
    /// `a:` and the account's id, or `t:` and the query.
    pub key: String,
    /// Everything up to this id is stored, the gaps aside.
    pub head: Option<u64>,
    /// When it was last asked, by the server's clock, and answered to the last page.
    pub complete_at: Option<Timestamp>,
    /// When its newest post was written.
    pub last_post_at: Option<Timestamp>,
    /// Failures in a row.
    pub failures: u32,
    /// The last failure; cleared by a success.
    pub failure: Option<String>,
    /// Posts ever stored for it.
    pub posts: u64,
    /// What lies below the head and was not read, newest first.
    pub gaps: Vec<XGap>,
}

/// A stretch of ids that was not read yet: from `low` to `high`, both exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct XGap {
    /// The call that left it: sources that share it were asked together.
    pub owner: i64,
    /// Everything up to here is stored.
    pub low: u64,
    /// Everything from here to the head is stored.
    pub high: u64,
}

/// A handle of the settings and the account behind it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct XAccount {
    /// As the settings name it, lower case, without `@`.
    pub handle: String,
    /// What the account is called now; the handle until it was found.
    pub username: String,
    /// The account's id: this is what is followed.
    pub user: Option<u64>,
    /// Its followers when last looked at.
    pub followers: Option<u64>,
    /// When it was last looked up.
    pub checked_at: Option<Timestamp>,
    /// What is wrong with it, one sentence.
    pub problem: Option<String>,
    /// Lookups in a row that did not find it.
    pub misses: u32,
}

/// Somebody who wrote a post.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct XPerson {
    /// The account's id.
    pub user: u64,
    /// What it is called.
    pub username: String,
    /// Its followers, where they were told.
    pub followers: Option<u64>,
}

/// What is known of a route's limit, or of the whole credential under the route `*`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct XLimit {
    /// Calls a window allows.
    pub limit: u32,
    /// Calls left in the window as last told.
    pub remaining: u32,
    /// End of the window, seconds since 1970 by the server's clock.
    pub reset: i64,
    /// How far the server's clock is ahead of ours, milliseconds.
    pub skew_ms: i64,
    /// No call before this, by our clock.
    pub blocked_until: Option<Timestamp>,
    /// Refusals (429) in a row.
    pub strikes: u32,
    /// Why it is blocked, one sentence.
    pub reason: Option<String>,
}

impl XLimit {
    /// The route of a limit that blocks the whole token.
    pub const ALL_ROUTES: &'static str = "*";
    /// Length of a window (docs/reference/x-api.md#rate-limits).
    pub const WINDOW: SignedDuration = SignedDuration::from_mins(15);
}

/// A call before it is sent: what it may cost and where it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XIntent {
    /// When, by our clock.
    pub at: Timestamp,
    /// When, by the server's clock: its day is the day of the bill. The month is ours.
    pub server_at: Timestamp,
    /// Fingerprint of the token.
    pub credential: String,
    /// The route's template.
    pub route: &'static str,
    /// Keys of the sources it asks for; empty for lookups.
    pub sources: Vec<String>,
    /// Ids above this one are asked for.
    pub low: u64,
    /// No post above this id can come.
    pub ceiling: u64,
    /// Price of one object, the dearest answer taken.
    pub price: u64,
}

/// What a call is decided by, read in the transaction that reserves it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RateState {
    /// The route's limit, as far as it is known.
    pub limit: Option<XLimit>,
    /// A block of the whole credential.
    pub block: Option<XLimit>,
    /// Calls of this route that are on their way, or were lost within the last window.
    pub in_flight: u32,
    /// Spent and reserved in this calendar month (UTC, by our clock), and in later ones: a clock that is set back
    /// opens no budget again.
    pub spent: u64,
}

/// A call that may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct XReserved {
    /// Its number in the ledger.
    pub call: i64,
    /// Objects it may return at most.
    pub most: u32,
}

/// Where the store keeps what a page taught about windows; all of it holds for each of `sources`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct XWindows {
    /// Keys of the sources.
    pub sources: Vec<String>,
    /// The head moves up to this id, never down.
    pub head: Option<u64>,
    /// Asked to the last page at this time.
    pub complete_at: Option<Timestamp>,
    /// The gap of this owner is set, or shrinks, to this.
    pub gap: Option<XGap>,
    /// The gap of this owner is closed.
    pub closed: Option<i64>,
    /// Times that are stored and lie after this were made up, and give way.
    pub latest: Option<Timestamp>,
    /// The same of a stored head.
    pub latest_id: Option<u64>,
}

/// A post as the store keeps it. An edited post keeps the id of its first version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct XPost {
    /// The first id of its chain of edits.
    pub id: u64,
    /// The newest id of that chain.
    pub latest: u64,
    /// Who wrote it.
    pub author: Option<u64>,
    /// Key of the source it was found by.
    pub source: String,
    /// When it was written.
    pub posted_at: Timestamp,
    /// Its text; empty where the settings keep none.
    pub text: String,
    /// Its address.
    pub url: String,
}

/// What one answered call taught; saved together with what was found in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct XPage {
    /// Its number in the ledger.
    pub call: i64,
    /// When the server answered, by the server's clock: its UTC day is the day of the bill.
    pub answered_at: Timestamp,
    /// Status code.
    pub status: u16,
    /// Every post of the answer, in `data` and `includes`.
    pub posts_billed: Vec<u64>,
    /// Price of one.
    pub post_price: u64,
    /// Every user of the answer.
    pub users_billed: Vec<u64>,
    /// Price of one.
    pub user_price: u64,
    /// The posts to be kept.
    pub posts: Vec<XPost>,
    /// What became of the windows.
    pub windows: XWindows,
    /// Accounts looked up.
    pub accounts: Vec<XAccount>,
    /// Authors learned of.
    pub people: Vec<XPerson>,
    /// Sources that failed, with a sentence each.
    pub failed: Vec<(String, String)>,
}

/// All that is remembered of X at the start of a round.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct XMemory {
    /// Every source ever asked.
    pub sources: Vec<XSource>,
    /// Every account ever looked up.
    pub accounts: Vec<XAccount>,
    /// Limits by route.
    pub limits: Vec<(String, XLimit)>,
    /// Spent and reserved in this calendar month.
    pub spent: u64,
    /// Spent in the last 24 hours.
    pub spent_lately: u64,
    /// When the first call of the ledger was made.
    pub first_call_at: Option<Timestamp>,
    /// The dialect that was last understood.
    pub dialect: Option<String>,
    /// What X last said of the posts it counts.
    pub usage: Option<XUsage>,
}

/// What X said of the posts it counts for the project (`GET /2/usage/tweets`), beside what we count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct XUsage {
    /// Fingerprint of the token.
    pub credential: String,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// How that ended.
    pub state: XUsageState,
    /// Posts of the present billing period.
    pub posts: Option<u64>,
    /// Posts that it allows.
    pub cap: Option<u64>,
    /// Day of the month on which the period begins.
    pub reset_day: Option<u64>,
    /// A whole day that both have counted.
    pub day: Option<XUsageDay>,
}

/// How a question for the usage ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum XUsageState {
    /// With figures.
    Read,
    /// The token may not ask for them.
    NotAllowed,
    /// Without an answer that can be read.
    #[default]
    Failed,
}

/// Posts of one day (UTC).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct XUsageDay {
    /// As `2026-11-21`.
    pub date: String,
    /// What X counts.
    pub theirs: u64,
    /// What our ledger has.
    pub ours: u64,
}
