//! State of X that the store keeps between cycles.
//!
//! IDs are X's own 64-bit numbers. Money is in millionths of a US dollar.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A followed account or a search.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct XSource {
    /// `a:` and the account's id, or `t:` and the query.
    pub key: String,
    /// Every post up to this id is stored, except the gaps.
    pub head: Option<u64>,
    /// Last call that was answered to its last page, by the server's clock.
    pub complete_at: Option<Timestamp>,
    /// Time of its newest post.
    pub last_post_at: Option<Timestamp>,
    /// Failures in a row.
    pub failures: u32,
    /// The last failure; cleared by a success.
    pub failure: Option<String>,
    /// Posts ever stored for it.
    pub posts: u64,
    /// Ranges below the head that were not read, newest first.
    pub gaps: Vec<XGap>,
}

/// A range of ids that was not read: from `low` to `high`, both exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct XGap {
    /// The call that left the gap: the sources that share it were read by one call.
    pub owner: i64,
    /// Every post up to here is stored.
    pub low: u64,
    /// Every post from here to the head is stored.
    pub high: u64,
}

/// A handle in the settings and its account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct XAccount {
    /// As the settings name it, lower case, without `@`.
    pub handle: String,
    /// The account's current name; the handle until the account is found.
    pub username: String,
    /// The account's id; the program follows this id.
    pub user: Option<u64>,
    /// Followers at the last lookup.
    pub followers: Option<u64>,
    /// When it was last looked up.
    pub checked_at: Option<Timestamp>,
    /// What is wrong with it, one sentence.
    pub problem: Option<String>,
    /// Consecutive lookups that did not find it.
    pub misses: u32,
}

/// The author of a post.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct XPerson {
    pub user: u64,
    pub username: String,
    /// `None` if the response did not say.
    pub followers: Option<u64>,
}

/// The rate limit of a route, or of the whole credential under the route `*`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct XLimit {
    /// Calls per window.
    pub limit: u32,
    /// Calls left in the window, as last reported.
    pub remaining: u32,
    /// End of the window, seconds since 1970 by the server's clock.
    pub reset: i64,
    /// How far the server's clock is ahead of ours, milliseconds.
    pub skew_ms: i64,
    /// No call before this, by our clock.
    pub blocked_until: Option<Timestamp>,
    /// Consecutive refusals (429).
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

/// A call before it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XIntent {
    /// By our clock. Its month is the month of the budget.
    pub at: Timestamp,
    /// By the server's clock. Its day is the day of the bill.
    pub server_at: Timestamp,
    pub credential: String,
    pub route: &'static str,
    /// Keys of the sources it reads; empty for lookups.
    pub sources: Vec<String>,
    /// It asks for posts above this id.
    pub low: u64,
    /// The response cannot hold a post above this id.
    pub ceiling: u64,
    /// Highest possible price of one object.
    pub price: u64,
}

/// The input of a rate decision, read in the transaction that reserves the call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RateState {
    /// The route's limit, if known.
    pub limit: Option<XLimit>,
    /// A block of the whole credential.
    pub block: Option<XLimit>,
    /// Calls of this route that are in flight, or were lost within the last window.
    pub in_flight: u32,
    /// Spent and reserved in this calendar month (UTC, our clock) and in later ones, so that a clock that is set back
    /// opens no budget again.
    pub spent: u64,
}

/// Permission to send a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct XReserved {
    /// Its id in the request log.
    pub call: i64,
    /// Maximum number of objects it may return.
    pub most: u32,
}

/// Changes of the read windows by one page; all apply to each of `sources`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct XWindows {
    pub sources: Vec<String>,
    /// New head; a lower one is ignored.
    pub head: Option<u64>,
    /// When the call was answered to its last page.
    pub complete_at: Option<Timestamp>,
    /// Sets the gap of this owner, or shrinks it.
    pub gap: Option<XGap>,
    /// Closes the gap of this owner.
    pub closed: Option<i64>,
    /// Stored times after this are invalid and are replaced.
    pub latest: Option<Timestamp>,
    /// Stored heads above this are invalid and are replaced.
    pub latest_id: Option<u64>,
}

/// A stored post. An edited post keeps the id of its first version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct XPost {
    /// The first id of its chain of edits.
    pub id: u64,
    /// The newest id of that chain.
    pub latest: u64,
    pub author: Option<u64>,
    /// Key of the source that found it.
    pub source: String,
    pub posted_at: Timestamp,
    /// Empty if the settings store no text.
    pub text: String,
    pub url: String,
}

/// The results of one answered call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct XPage {
    /// The call's id in the request log.
    pub call: i64,
    /// By the server's clock: its UTC day is the day of the bill.
    pub answered_at: Timestamp,
    pub status: u16,
    /// Every post of the response, in `data` and `includes`.
    pub posts_billed: Vec<u64>,
    pub post_price: u64,
    /// Every user of the response.
    pub users_billed: Vec<u64>,
    pub user_price: u64,
    pub posts: Vec<XPost>,
    pub windows: XWindows,
    pub accounts: Vec<XAccount>,
    pub people: Vec<XPerson>,
    /// Keys of the sources that failed, with a sentence each.
    pub failed: Vec<(String, String)>,
}

/// The stored state of X at the start of a session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct XMemory {
    pub sources: Vec<XSource>,
    pub accounts: Vec<XAccount>,
    pub limits: Vec<(String, XLimit)>,
    /// Spent and reserved in this calendar month.
    pub spent: u64,
    /// Spent in the last 24 hours.
    pub spent_lately: u64,
    /// Time of the first logged call.
    pub first_call_at: Option<Timestamp>,
    /// The API dialect that was last understood.
    pub dialect: Option<String>,
    /// X's own count of billed posts.
    pub usage: Option<XUsage>,
}

/// X's count of the posts it bills to the project (`GET /2/usage/tweets`), beside ours.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct XUsage {
    /// Fingerprint of the token.
    pub credential: String,
    /// When it was requested.
    pub asked_at: Timestamp,
    /// Result of the request.
    pub state: XUsageState,
    /// Posts in the current billing period.
    pub posts: Option<u64>,
    /// Maximum number of posts in it.
    pub cap: Option<u64>,
    /// Day of the month on which the period begins.
    pub reset_day: Option<u64>,
    /// A whole day that both have counted.
    pub day: Option<XUsageDay>,
}

/// Result of a usage request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum XUsageState {
    /// X gave figures.
    Read,
    /// The token may not read them.
    NotAllowed,
    /// The response could not be read.
    #[default]
    Failed,
}

/// Posts of one day (UTC).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct XUsageDay {
    /// As `2026-11-21`.
    pub date: String,
    /// X's count.
    pub theirs: u64,
    /// Our count.
    pub ours: u64,
}
