//! How many calls a cycle saved, and by what (docs/reference/outputs.md#calls).
//!
//! Only savings within the cycle count: a feed that was not due is no saving, and a 304 is a call.

use serde::{Deserialize, Serialize};

use super::ratio;

/// Counts of a cycle's calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// Requests sent, X and retries included.
    pub requests: u64,
    /// New entries with a link that the early filter dropped: their articles were not fetched.
    pub dropped_early: u64,
    /// Articles taken from the cache without a request.
    pub articles_from_cache: u64,
    /// Candidates with a link that were judged on the full text in the feed.
    pub articles_from_feed: u64,
    /// Candidates whose article another candidate fetched.
    pub articles_shared: u64,
    /// Calls sent to X.
    pub x_calls: u64,
    /// Accounts on X whose posts were read; each costs a lookup and a timeline call if requested alone.
    pub x_accounts: u64,
    /// Searches on X that were answered; each costs a call if requested alone.
    pub x_searches: u64,
    /// Authors of posts on X that were looked up; each costs a call if requested alone.
    pub x_authors: u64,
}

/// `calls` of the report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Calls {
    /// Requests sent.
    pub made: u64,
    /// Requests that the cycle would have sent without the savings.
    #[serde(rename = "naive")]
    pub without_savings: u64,
    /// Share of `without_savings` that was not sent, 0–1; `None` if there was nothing to request.
    pub reduction: Option<f64>,
    /// The calls not sent, by reason.
    pub saved_by: SavedBy,
}

/// Calls that were not sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SavedBy {
    /// The early filter dropped the entry.
    pub early_filter: u64,
    /// The article was known and fresh.
    pub fresh: u64,
    /// Accounts and searches in one call, and known user ids.
    pub batching: u64,
    /// The feed carried the text.
    pub full_text_feed: u64,
    /// Several entries wanted one article.
    pub dedup: u64,
}

impl SavedBy {
    fn sum(self) -> u64 {
        self.early_filter + self.fresh + self.batching + self.full_text_feed + self.dedup
    }
}

/// Retries, redirects and robots.txt count in `made` and so in `without_savings`: a client without the savings would
/// send them as well. They make the reduction smaller, never larger.
#[must_use]
pub fn calls(counted: &Counted) -> Calls {
    let saved_by = SavedBy {
        early_filter: counted.dropped_early,
        fresh: counted.articles_from_cache,
        batching: (counted.x_accounts * 2 + counted.x_searches + counted.x_authors)
            .saturating_sub(counted.x_calls),
        full_text_feed: counted.articles_from_feed,
        dedup: counted.articles_shared,
    };
    let without_savings = counted.requests + saved_by.sum();
    Calls {
        made: counted.requests,
        without_savings,
        reduction: ratio(saved_by.sum(), without_savings),
        saved_by,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_saving_counts_once() {
        let counted = Counted {
            requests: 31,
            dropped_early: 120,
            articles_from_cache: 2,
            articles_from_feed: 10,
            articles_shared: 4,
            x_calls: 12,
            x_accounts: 25,
            x_searches: 6,
            x_authors: 3,
        };
        let calls = calls(&counted);
        let saved_by = SavedBy { early_filter: 120, fresh: 2, batching: 47, full_text_feed: 10, dedup: 4 };
        assert_eq!(calls, Calls { made: 31, without_savings: 214, reduction: Some(0.8551), saved_by });
    }

    #[test]
    fn nothing_saved_is_no_reduction_and_nothing_asked_is_none() {
        let some = calls(&Counted { requests: 7, ..Counted::default() });
        assert_eq!((some.without_savings, some.reduction), (7, Some(0.0)));
        assert_eq!(calls(&Counted::default()).reduction, None);
    }

    #[test]
    fn more_calls_to_x_than_needed_are_no_saving() {
        let counted = Counted { requests: 5, x_calls: 5, x_accounts: 1, ..Counted::default() };
        assert_eq!(calls(&counted).saved_by.batching, 0);
    }
}
