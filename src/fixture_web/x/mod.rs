//! A simulation of the X API v2: accounts and posts, its routes, its refusals, its limits and its bill.
//!
//! Imports nothing outside the simulated internet. It follows docs/reference/x-api.md; the permitted parameters of a
//! request are in `fixtures/x`, derived from X's OpenAPI descriptions 2.166 and 2.167. It uses one dialect at a time,
//! and logs every request with its cost and its violations of the description.

mod answers;
mod api;
mod billing;
mod control;
mod entities;
mod failures;
mod figures;
mod generate;
mod handle;
mod headers;
mod limits;
mod paging;
mod people;
mod problem;
mod query;
mod render;
mod request_log;
mod simulator;
mod state;
#[cfg(test)]
mod tests;
mod world;
mod written;

pub use api::{Dialect, Violation};
pub use billing::{Day, Prices};
pub use control::serve;
pub use failures::InjectedFailure;
pub use generate::{LIST, Population};
pub use request_log::{Call, Summary};
pub use simulator::Simulator;
pub use world::{Standing, id_at};
pub use written::SentPost;

use super::injection::Injection;

/// The default token; decoding its percent signs breaks it, as with real ones.
pub const TOKEN: &str = "AAAAAAAAAAAAAAAAAAAAAFixture%2BToken%3Dof%2Bthe%2Bsimulation";

/// Where accounts and posts come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Made from the seed.
    Generated(Population),
    /// Written in `fixtures/x/accounts.toml`.
    Written,
}

impl Default for Content {
    fn default() -> Self {
        Self::Generated(Population::default())
    }
}

/// What kind of X is wanted.
#[derive(Debug, Clone)]
pub struct Options {
    /// Seed of the population and of failures by chance.
    pub seed: u64,
    /// The present at the start, Unix milliseconds.
    pub now_ms: i64,
    /// Whether the clock runs, or moves only when it is set.
    pub running: bool,
    /// How far the server's clock is ahead of that, milliseconds: ids, `Date` and resets follow the server's.
    pub skew_ms: i64,
    /// The dialect spoken.
    pub dialect: Dialect,
    /// Accounts and posts.
    pub content: Content,
    /// Bearer tokens of apps that are accepted.
    pub tokens: Vec<String>,
    /// Tokens of users that are accepted.
    pub user_tokens: Vec<String>,
    /// Whether `includes` are charged, which X does not document (docs/reference/x-api.md#included-objects).
    pub bill_includes: bool,
    /// Prices.
    pub prices: Prices,
    /// Balance to start with, millionths of a dollar; at zero requests are refused.
    pub balance_micro_usd: Option<i64>,
    /// Spending limit, millionths of a dollar.
    pub spending_limit_micro_usd: Option<u64>,
    /// Posts a billing period allows (docs/reference/x-api.md#prices).
    pub post_cap: u64,
    /// Longest query, characters (docs/reference/x-api.md#queries).
    pub query_limit: usize,
    /// Whether timelines take `since_id` and `until_id` as included (docs/reference/x-api.md#windows).
    pub inclusive_timelines: bool,
    /// How long a request that times out is held, real milliseconds.
    pub hold_ms: u64,
    /// How long after a 429 left, real milliseconds, requests that arrive count as sent before it was known.
    pub flight_ms: u64,
    /// Injected failures; targets are routes without method.
    pub failures: Vec<Injection<InjectedFailure>>,
}

impl Options {
    /// A generated population at `now_ms` in the older dialect, without failures.
    #[must_use]
    pub fn at(now_ms: i64) -> Self {
        Self {
            seed: 7,
            now_ms,
            running: false,
            skew_ms: 0,
            dialect: Dialect::Tweet,
            content: Content::default(),
            tokens: vec![TOKEN.to_owned()],
            user_tokens: Vec::new(),
            bill_includes: true,
            prices: Prices::default(),
            balance_micro_usd: None,
            spending_limit_micro_usd: None,
            post_cap: 3_000_000,
            query_limit: 512,
            inclusive_timelines: true,
            hold_ms: 2_000,
            flight_ms: 0,
            failures: Vec::new(),
        }
    }
}
