//! Counts, messages and costs of a session.

use crate::{model::XUsage, x::money::Forecast};

/// Counts of a session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct XFigures {
    pub calls: u64,
    /// Accounts looked up.
    pub users: u64,
    pub posts: u64,
    pub posts_new: u64,
    /// Calls left for a later cycle.
    pub deferred: u64,
    /// Responses with status 429.
    pub violations: u64,
    /// Calls for X's own count of posts.
    pub usage: u64,
    /// Posts and accounts that cannot be true: from the future, or without an id.
    pub refused: u64,
    /// Accounts and searches that were read to the last page.
    pub accounts_read: u64,
    pub searches_read: u64,
    /// Authors of posts that were looked up.
    pub authors_read: u64,
}

/// Messages of a session for the user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct XOutcome {
    /// Why X could not be read.
    pub problem: Option<String>,
    /// Calls left for later, failures of single calls, and changes.
    pub notes: Vec<String>,
}

/// What X has cost, in millionths of a dollar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bill {
    pub cycle: u64,
    pub month: u64,
    pub forecast: Forecast,
    /// X's own count of posts.
    pub usage: Option<XUsage>,
}
