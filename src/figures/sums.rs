//! Sums over the cycles of a day, a month or all time. Sums add up: those of a year are the sums of its months.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    CycleReport,
    catalog::{Figure, Fold, Unit, Value},
    ratio,
};
use crate::model::CycleStatus;

/// The period of all time.
pub const ALL: &str = "all";

/// Defines [`Sums`] and its figures from one line for each: field, how cycles are combined, name in the report's JSON,
/// unit, value in the report of one cycle.
///
/// `sum` adds and `max` keeps the largest. `sum_known`, `max_known` and `last_known` do so with an `Option`: `None`
/// where no cycle measured the figure or the row was written by a release without it; `last_known` keeps the newest.
macro_rules! sums {
    ($report:ident: $($field:ident $fold:ident $name:literal $unit:ident = $value:expr,)*) => {
        /// Sums over cycles. Fields are only ever added: rows of older releases read with the rest at zero or `None`.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        #[serde(default)]
        #[expect(missing_docs, reason = "each field sums the report's figure of that name")]
        pub struct Sums {
            $(pub $field: sums!(@type $fold),)*
        }

        impl Sums {
            /// The sums of one cycle.
            #[must_use]
            pub fn of($report: &CycleReport) -> Self {
                Self { $($field: $value,)* }
            }

            /// Adds all of `later`, whose cycles began after those of `self`.
            pub fn add(&mut self, later: &Self) {
                $(self.$field = sums!(@$fold self.$field, later.$field);)*
            }
        }

        /// A figure for each field of [`Sums`].
        pub(super) const SUMMED: &[Figure] =
            &[$(Figure {
                name: $name,
                unit: Unit::$unit,
                fold: sums!(@fold $fold),
                of: Value::Sum(|sums| sums!(@value $fold sums.$field)),
            },)*];
    };
    (@fold sum) => { Fold::Sum };
    (@fold sum_known) => { Fold::Sum };
    (@fold last_known) => { Fold::Last };
    (@fold $largest:ident) => { Fold::Largest };
    (@type sum) => { u64 };
    (@type max) => { u64 };
    (@type $known:ident) => { Option<u64> };
    (@value sum $value:expr) => { Some($value) };
    // Zero where it was not measured.
    (@value max $value:expr) => { Some($value).filter(|value| *value > 0) };
    (@value $known:ident $value:expr) => { $value };
    (@sum $ours:expr, $later:expr) => { $ours.saturating_add($later) };
    (@max $ours:expr, $later:expr) => { $ours.max($later) };
    (@sum_known $ours:expr, $later:expr) => { either($ours, $later, u64::saturating_add) };
    (@max_known $ours:expr, $later:expr) => { either($ours, $later, u64::max) };
    (@last_known $ours:expr, $later:expr) => { $later.or($ours) };
}

fn either(ours: Option<u64>, later: Option<u64>, both: fn(u64, u64) -> u64) -> Option<u64> {
    match (ours, later) {
        (Some(ours), Some(later)) => Some(both(ours, later)),
        (ours, later) => ours.or(later),
    }
}

sums! { report:
    cycles sum "cycles" Count = 1,
    degraded sum "cycle.degraded" Count = u64::from(report.cycle.status != CycleStatus::Ok),
    deadline_hits sum "cycle.deadline_hit" Count = u64::from(report.cycle.deadline_hit),
    duration_ms sum "cycle.duration_ms" Milliseconds = report.cycle.duration_ms,
    longest_ms max_known "cycle.longest_ms" Milliseconds = Some(report.cycle.duration_ms),
    longest_gap_s max_known "cycle.gap_s" Seconds = report.cycle.gap_s,
    settings_changed sum_known "cycle.settings_changed" Count =
        (!report.cycle.settings.is_empty()).then(|| u64::from(report.cycle.settings_changed)),
    feeds_total last_known "feeds.total" Count = Some(report.feeds.total),
    feeds_asked sum "feeds.requested" Count = report.feeds.asked(),
    feeds_fetched sum_known "feeds.fetched" Count = Some(report.feeds.fetched),
    feeds_not_modified sum_known "feeds.not_modified" Count = Some(report.feeds.not_modified),
    feeds_fresh sum_known "feeds.fresh" Count = Some(report.feeds.fresh),
    feeds_waiting sum_known "feeds.waiting" Count = Some(report.feeds.waiting),
    feeds_failed sum "feeds.failed" Count = report.feeds.failed,
    feeds_repaired sum_known "feeds.repaired" Count = Some(report.feeds.repaired),
    feed_bytes sum_known "feeds.bytes" Bytes = Some(report.feeds.bytes),
    entries_read sum "entries.read" Count = report.entries.read,
    entries_new sum "entries.new" Count = report.entries.new,
    entries_dropped sum "entries.dropped_early" Count = report.entries.dropped_early,
    entries_candidates sum_known "entries.candidates" Count = Some(report.entries.candidates),
    entries_waiting last_known "entries.waiting" Count = Some(report.entries.waiting),
    articles_fetched sum "articles.fetched" Count = report.articles.fetched,
    articles_not_modified sum_known "articles.not_modified" Count = Some(report.articles.not_modified),
    articles_from_cache sum_known "articles.from_cache" Count = Some(report.articles.from_cache),
    articles_from_feed sum_known "articles.from_feed" Count = Some(report.articles.from_feed),
    articles_failed sum_known "articles.failed" Count = Some(report.articles.failed),
    article_bytes sum_known "articles.bytes" Bytes = Some(report.articles.bytes),
    stories_new sum "stories.new" Count = report.stories.new,
    stories_updated sum "stories.updated" Count = report.stories.updated,
    critical sum "detections.critical" Count = report.detections_by_class.critical,
    high sum "detections.high" Count = report.detections_by_class.high,
    medium sum "detections.medium" Count = report.detections_by_class.medium,
    low sum "detections.low" Count = report.detections_by_class.low,
    requests sum "http.requests" Count = report.http.requests,
    connections_opened sum "http.connections_opened" Count = report.http.connections_opened,
    connections_reused sum_known "http.connections_reused" Count = Some(report.http.reused()),
    connections_reusable sum_known "http.connections_reusable" Count = Some(report.http.reusable()),
    origins sum "http.origins" Count = report.http.origins,
    conditional sum "http.conditional" Count = report.http.conditional,
    retries sum "http.retries" Count = report.http.retries,
    bytes_received sum "http.bytes_received" Bytes = report.http.bytes_received,
    bytes_decoded sum_known "http.bytes_decoded" Bytes = report.http.bytes_decoded,
    bytes_encoded sum_known "http.bytes_encoded" Bytes = report.http.bytes_encoded,
    requests_feeds sum_known "http.by_purpose.feeds" Count = report.http.by_purpose.feeds,
    requests_pages sum_known "http.by_purpose.pages" Count = report.http.by_purpose.pages,
    requests_robots sum_known "http.by_purpose.robots" Count = report.http.by_purpose.robots,
    requests_x sum_known "http.by_purpose.x" Count = report.http.by_purpose.x,
    requests_channels sum_known "http.by_purpose.channels" Count = report.http.by_purpose.channels,
    success sum "http.outcomes.2xx" Count = report.http.outcomes.success,
    not_modified sum "http.outcomes.304" Count = report.http.outcomes.not_modified,
    client_error sum "http.outcomes.4xx" Count = report.http.outcomes.client_error,
    too_many sum "http.outcomes.429" Count = report.http.outcomes.too_many,
    server_error sum "http.outcomes.5xx" Count = report.http.outcomes.server_error,
    error sum "http.outcomes.error" Count = report.http.outcomes.error,
    lookups sum "cache.lookups" Count = report.cache.lookups,
    hits sum "cache.hits" Count = report.cache.fresh_hits + report.cache.revalidated,
    fresh_hits sum_known "cache.fresh_hits" Count = Some(report.cache.fresh_hits),
    revalidated sum_known "cache.revalidated" Count = Some(report.cache.revalidated),
    misses sum_known "cache.misses" Count = Some(report.cache.misses),
    memory_pages last_known "cache.memory_pages" Count = report.cache.memory_pages,
    memory_bytes last_known "cache.memory_bytes" Bytes = report.cache.memory_bytes,
    memory_evictions sum_known "cache.memory_evictions" Count = report.cache.memory_evictions,
    robots_hits sum_known "cache.robots_hits" Count = report.cache.robots_hits,
    calls_made sum "calls.made" Count = report.calls.made,
    calls_naive sum "calls.naive" Count = report.calls.without_savings,
    saved_by_early_filter sum_known "calls.saved_by.early_filter" Count =
        Some(report.calls.saved_by.early_filter),
    saved_by_fresh sum_known "calls.saved_by.fresh" Count = Some(report.calls.saved_by.fresh),
    saved_by_batching sum_known "calls.saved_by.batching" Count = Some(report.calls.saved_by.batching),
    saved_by_full_text sum_known "calls.saved_by.full_text_feed" Count =
        Some(report.calls.saved_by.full_text_feed),
    saved_by_dedup sum_known "calls.saved_by.dedup" Count = Some(report.calls.saved_by.dedup),
    peak_rss_bytes max "memory.peak_rss_bytes" Bytes = report.memory.peak_rss_bytes.unwrap_or(0),
    cpu_ms sum "cpu.total_ms" Milliseconds =
        report.cpu.user_ms.unwrap_or(0) + report.cpu.system_ms.unwrap_or(0),
    cpu_user_ms sum_known "cpu.user_ms" Milliseconds = report.cpu.user_ms,
    cpu_system_ms sum_known "cpu.system_ms" Milliseconds = report.cpu.system_ms,
    statements sum "database.statements" Count = report.database.statements,
    statement_p95_ms max_known "database.p95_ms" Milliseconds = report.database.p95_ms.map(u64::from),
    statement_max_ms max_known "database.max_ms" Milliseconds = report.database.max_ms.map(u64::from),
    slow_statements sum "database.slow" Count = report.database.slow.iter().map(|slow| slow.count).sum(),
    database_bytes last_known "database.bytes" Bytes = report.database.bytes,
    x_calls sum "x.calls" Count = report.x.calls,
    x_calls_deferred sum_known "x.calls_deferred" Count = Some(report.x.calls_deferred),
    x_users_looked_up sum_known "x.users_looked_up" Count = Some(report.x.users_looked_up),
    x_posts sum "x.posts_read" Count = report.x.posts_read,
    x_posts_new sum_known "x.posts_new" Count = Some(report.x.posts_new),
    x_posts_refused sum_known "x.posts_refused" Count = Some(report.x.posts_refused),
    x_rate_limit_violations sum_known "x.rate_limit_violations" Count = report.x.rate_limit_violations,
    x_cost_micros sum "x.cost_usd" Dollars = report.x.cost_usd.micros,
    x_month_cost_micros last_known "x.month_cost_usd" Dollars = report.x.month_cost_usd.map(|usd| usd.micros),
    x_forecast_micros last_known "x.month_forecast_usd" Dollars =
        report.x.month_forecast_usd.map(|usd| usd.micros),
    x_budget_days_left last_known "x.budget_days_left" Count = report.x.budget_days_left.map(u64::from),
    x_usage_posts last_known "x.usage.posts" Count = report.x.usage.as_ref().and_then(|usage| usage.posts),
    x_usage_cap last_known "x.usage.cap" Count = report.x.usage.as_ref().and_then(|usage| usage.cap),
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

    /// Share of the requests on an open connection.
    #[must_use]
    pub fn connection_reuse(&self) -> Option<f64> {
        ratio(self.requests.saturating_sub(self.connections_opened), self.requests)
    }

    /// The same, of the requests beyond the first to their origin.
    #[must_use]
    pub fn reuse_of_possible(&self) -> Option<f64> {
        ratio(self.connections_reused?, self.connections_reusable?)
    }

    /// Bytes of the bodies read after decompression, by bytes before.
    #[must_use]
    pub fn compression_ratio(&self) -> Option<f64> {
        ratio(self.bytes_decoded?, self.bytes_encoded?)
    }

    /// Share of the requested feeds that failed.
    #[must_use]
    pub fn error_ratio(&self) -> Option<f64> {
        ratio(self.feeds_failed, self.feeds_asked)
    }

    /// Share of the cycles that ended as they should.
    #[must_use]
    pub fn success_ratio(&self) -> Option<f64> {
        ratio(self.cycles.saturating_sub(self.degraded), self.cycles)
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
    fn every_field_is_combined() {
        let ones: Sums = serde_json::from_value(every_field(1)).unwrap();
        let mut both = ones;
        both.add(&serde_json::from_value(every_field(3)).unwrap());
        let kept = ["longest_ms", "longest_gap_s", "peak_rss_bytes", "statement_p95_ms", "statement_max_ms"];
        let newest = [
            "feeds_total",
            "entries_waiting",
            "x_month_cost_micros",
            "x_forecast_micros",
            "memory_pages",
            "memory_bytes",
            "database_bytes",
            "x_budget_days_left",
            "x_usage_posts",
            "x_usage_cap",
        ];
        for (key, value) in serde_json::to_value(both).unwrap().as_object().unwrap() {
            let name = key.as_str();
            assert_eq!(*value, if kept.contains(&name) || newest.contains(&name) { 3 } else { 4 }, "{key}");
        }
        both.add(&ones);
        assert_eq!((both.longest_ms, both.feeds_total), (Some(3), Some(1)));
    }

    /// A document with every field at `value`.
    fn every_field(value: u64) -> serde_json::Value {
        let fields = include_str!("sums.rs").lines().filter_map(|line| {
            let (field, rest) = line.strip_prefix("    ")?.split_once(' ')?;
            let is_field =
                ["sum", "max", "last"].iter().any(|fold| rest.starts_with(fold)) && rest.contains('"');
            is_field.then(|| (field.to_owned(), value.into()))
        });
        let fields: serde_json::Map<String, serde_json::Value> = fields.collect();
        assert_eq!(fields.len(), SUMMED.len());
        fields.into()
    }

    #[test]
    fn a_figure_that_an_older_release_did_not_store_is_unknown() {
        let mut sums: Sums = serde_json::from_str("{\"cycles\":3,\"feeds_failed\":2}").unwrap();
        assert_eq!((sums.feeds_failed, sums.feeds_fresh), (2, None));
        let mut report = CycleReport::default();
        report.feeds.fresh = 5;
        sums.add(&Sums::of(&report));
        assert_eq!(sums.feeds_fresh, Some(5));
    }
}
