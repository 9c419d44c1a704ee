//! Sums over the cycles of a day, a month or all time. Sums add up: those of a year are the sums of its months.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{CycleReport, ratio};
use crate::model::{Class, CycleStatus};

/// The period of all time.
pub const ALL: &str = "all";

/// Defines [`Sums`] from one line for each figure: its name, `max` where the largest is kept instead of the sum, and its
/// value in the report of one cycle.
macro_rules! sums {
    ($report:ident: $($field:ident $($max:ident)? = $value:expr,)*) => {
        /// Sums over cycles. Fields are only ever added: rows of older releases read with the rest at zero.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        #[expect(missing_docs, reason = "each field sums the report's figure of that name")]
        pub struct Sums {
            $(pub $field: u64,)*
        }

        impl Sums {
            /// The sums of one cycle.
            #[must_use]
            pub fn of($report: &CycleReport) -> Self {
                Self { $($field: $value,)* }
            }

            /// Adds all of `other`.
            pub fn add(&mut self, other: &Self) {
                $(self.$field = sums!(@add $($max)? self.$field, other.$field);)*
            }
        }
    };
    (@add max $ours:expr, $theirs:expr) => { $ours.max($theirs) };
    (@add $ours:expr, $theirs:expr) => { $ours.saturating_add($theirs) };
}

sums! { report:
    cycles = 1,
    degraded = u64::from(report.cycle.status != CycleStatus::Ok),
    deadline_hits = u64::from(report.cycle.deadline_hit),
    duration_ms = report.cycle.duration_ms,
    cpu_ms = report.cpu.user_ms.unwrap_or(0) + report.cpu.system_ms.unwrap_or(0),
    peak_rss_bytes max = report.memory.peak_rss_bytes.unwrap_or(0),
    requests = report.http.requests,
    connections_opened = report.http.connections_opened,
    origins = report.http.origins,
    conditional = report.http.conditional,
    retries = report.http.retries,
    bytes_received = report.http.bytes_received,
    success = report.http.outcomes.success,
    not_modified = report.http.outcomes.not_modified,
    client_error = report.http.outcomes.client_error,
    too_many = report.http.outcomes.too_many,
    server_error = report.http.outcomes.server_error,
    error = report.http.outcomes.error,
    lookups = report.cache.lookups,
    hits = report.cache.fresh_hits + report.cache.revalidated,
    calls_made = report.calls.made,
    calls_naive = report.calls.without_savings,
    feeds_asked = report.feeds.asked(),
    feeds_failed = report.feeds.failed,
    entries_read = report.entries.read,
    entries_new = report.entries.new,
    entries_dropped = report.entries.dropped_early,
    articles_fetched = report.articles.fetched,
    stories_new = report.stories.new,
    stories_updated = report.stories.updated,
    critical = of_class(report, Class::Critical),
    high = of_class(report, Class::High),
    medium = of_class(report, Class::Medium),
    low = of_class(report, Class::Low),
    x_calls = report.x.calls,
    x_posts = report.x.posts_read,
    x_cost_micros = report.x.cost_usd.micros,
    statements = report.database.statements,
    slow_statements = report.database.slow.iter().map(|slow| slow.count).sum(),
}

fn of_class(report: &CycleReport, class: Class) -> u64 {
    report.detections.iter().filter(|detection| detection.class == class).count() as u64
}

impl Sums {
    /// Share of the calls that savings avoided.
    #[must_use]
    pub fn reduction(&self) -> Option<f64> {
        ratio(self.calls_naive.saturating_sub(self.calls_made), self.calls_naive)
    }

    /// Share of the cache lookups that needed no full fetch.
    #[must_use]
    pub fn hit_ratio(&self) -> Option<f64> {
        ratio(self.hits, self.lookups)
    }
}

/// The periods of a cycle that began at `at`: its day, its month, all time.
#[must_use]
pub fn periods(at: Timestamp) -> [String; 3] {
    [day(at), at.strftime("%Y-%m").to_string(), ALL.to_owned()]
}

/// The period of the day of `at`, UTC.
#[must_use]
pub fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// Whether `period` is a day.
#[must_use]
pub fn is_day(period: &str) -> bool {
    period.len() == "2026-11-21".len()
}

/// The fewest periods that cover all days from `first` to `last` (`2026-11-21`), whole months as one.
#[must_use]
pub fn cover(first: &str, last: &str) -> Vec<String> {
    let (Ok(mut at), Ok(end)) = (first.parse::<jiff::civil::Date>(), last.parse::<jiff::civil::Date>())
    else {
        return Vec::new();
    };
    let mut periods = Vec::new();
    while at <= end {
        if at.day() == 1 && at.last_of_month() <= end {
            periods.push(at.strftime("%Y-%m").to_string());
            at = at.last_of_month();
        } else {
            periods.push(at.to_string());
        }
        let Ok(next) = at.tomorrow() else { break };
        at = next;
    }
    periods
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_is_covered_by_months_and_the_days_at_its_ends() {
        let covered = cover("2025-11-29", "2026-02-02");
        assert_eq!(covered, ["2025-11-29", "2025-11-30", "2025-12", "2026-01", "2026-02-01", "2026-02-02"]);
        assert!(cover("2025-11-22", "2026-11-21").len() < 45);
        assert_eq!(cover("2026-11-22", "2026-11-21"), Vec::<String>::new());
    }

    #[test]
    fn sums_of_cycles_added_are_the_sums_of_both() {
        let mut report = CycleReport::default();
        (report.cycle.duration_ms, report.http.requests, report.memory.peak_rss_bytes) = (5, 7, Some(9));
        let mut sums = Sums::of(&report);
        report.memory.peak_rss_bytes = Some(4);
        sums.add(&Sums::of(&report));
        assert_eq!((sums.cycles, sums.duration_ms, sums.requests, sums.peak_rss_bytes), (2, 10, 14, 9));
        let text = serde_json::to_string(&sums).unwrap();
        assert_eq!(serde_json::from_str::<Sums>(&text).unwrap(), sums);
        assert_eq!(serde_json::from_str::<Sums>("{\"cycles\":3}").unwrap().cycles, 3);
    }

    #[test]
    fn every_field_is_added() {
        let one: serde_json::Map<String, serde_json::Value> = serde_json::to_value(Sums::default())
            .unwrap()
            .as_object()
            .unwrap()
            .keys()
            .map(|key| (key.clone(), 1.into()))
            .collect();
        let ones: Sums = serde_json::from_value(one.into()).unwrap();
        let mut twice = ones;
        twice.add(&ones);
        let twice = serde_json::to_value(twice).unwrap();
        for (key, value) in twice.as_object().unwrap() {
            assert_eq!(*value, if key == "peak_rss_bytes" { 1 } else { 2 }, "{key}");
        }
    }
}
