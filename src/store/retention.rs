//! How long rows are kept (`[keep]`, docs/reference/database.md#retention).

use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

/// The section `[keep]`: ages at which rows expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Reports of cycles, after their start.
    pub cycles: Duration,
    /// Judged entries, after the day on which they were last seen.
    pub entries: Duration,
    /// Dropped entries, after the day on which they were last seen.
    pub dropped: Duration,
    /// Pages, after they were last fetched or confirmed.
    pub articles: Duration,
    /// Messages and their alerts, after they were delivered or given up.
    pub messages: Duration,
    /// Posts with their authors and the calls that read them.
    pub posts: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        let days = |days: u32| DAY * days;
        Self {
            cycles: days(30),
            entries: days(90),
            dropped: days(14),
            articles: days(30),
            messages: days(30),
            posts: days(90),
        }
    }
}

/// The smallest and the largest value of each key of `[keep]`, in days, with the reason for the smallest.
pub(crate) mod bounds {
    /// The confirmed time needs cycles that are more than a day old (decision 17).
    pub const CYCLES: (u32, u32) = (3, 3650);
    /// Reading a feed renews the last-seen day of its entries every 30 days.
    pub const ENTRIES: (u32, u32) = (32, 3650);
    /// Reading a feed renews the last-seen day of its dropped entries every 5 days.
    pub const DROPPED: (u32, u32) = (7, 3650);
    /// A page that expires sooner cannot answer a conditional request; `cache.article_ttl` is the second bound.
    pub const ARTICLES: (u32, u32) = (1, 3650);
    /// A week of alerts remains for `alerts list`.
    pub const MESSAGES: (u32, u32) = (7, 3650);
    /// X's recent search goes back 7 days; a post that is deleted sooner could be found again.
    pub const POSTS: (u32, u32) = (7, 3650);
}
