//! What X charges: every resource once a day (docs/reference/x-api.md#money).

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

/// Prices in millionths of a dollar (docs/reference/x-api.md#prices).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prices {
    /// A post read.
    pub post: u64,
    /// A user read.
    pub user: u64,
    /// A list read.
    pub list: u64,
    /// A request for counts.
    pub counts: u64,
}

impl Default for Prices {
    fn default() -> Self {
        Self { post: 5_000, user: 10_000, list: 5_000, counts: 5_000 }
    }
}

/// What is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resource {
    /// A post, by number.
    Post(u64),
    /// A user, by number.
    User(u64),
    /// A list, by number.
    List(u64),
    /// A request for counts; never the same twice.
    Counts,
}

/// One day, UTC by the server's clock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// Posts charged.
    pub posts: u64,
    /// Users charged.
    pub users: u64,
    /// Lists charged.
    pub lists: u64,
    /// Requests for counts.
    pub counts: u64,
    /// Millionths of a dollar.
    pub micro_usd: u64,
}

/// The ledger.
#[derive(Debug, Clone, Default)]
pub struct Billing {
    days: BTreeMap<i64, Day>,
    seen: HashSet<(i64, Resource)>,
}

/// Number of the UTC day of a moment, Unix milliseconds.
pub fn day_of(ms: i64) -> i64 {
    ms.div_euclid(24 * 3600 * 1000)
}

impl Billing {
    /// Charges what was not charged today yet and gives the sum, millionths of a dollar.
    pub fn charge(&mut self, prices: &Prices, now: i64, resources: &[Resource]) -> u64 {
        let number = day_of(now);
        let day = self.days.entry(number).or_default();
        let before = day.micro_usd;
        for resource in resources {
            if *resource != Resource::Counts && !self.seen.insert((number, *resource)) {
                continue;
            }
            let (count, price) = match resource {
                Resource::Post(_) => (&mut day.posts, prices.post),
                Resource::User(_) => (&mut day.users, prices.user),
                Resource::List(_) => (&mut day.lists, prices.list),
                Resource::Counts => (&mut day.counts, prices.counts),
            };
            *count += 1;
            day.micro_usd += price;
        }
        day.micro_usd - before
    }

    /// Days by number since 1970, oldest first.
    pub fn days(&self) -> &BTreeMap<i64, Day> {
        &self.days
    }

    /// Everything charged.
    pub fn total(&self) -> Day {
        self.days.values().fold(Day::default(), |sum, day| Day {
            posts: sum.posts + day.posts,
            users: sum.users + day.users,
            lists: sum.lists + day.lists,
            counts: sum.counts + day.counts,
            micro_usd: sum.micro_usd + day.micro_usd,
        })
    }
}
