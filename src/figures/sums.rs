//! Sums over many cycles: of a day, a month, of all time. Adding two gives the sums of both, so a year is
//! added from its months; nothing here is an average.

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{CycleReport, ratio, report::Status};

/// The period of all time.
pub const ALL: &str = "all";

/// What cycles added up to. Fields are only ever added: older rows read with the rest at zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each field sums the report's figure of that name")]
pub struct Sums {
    pub cycles: u64,
    pub degraded: u64,
    pub deadline_hits: u64,
    pub duration_ms: u64,
    pub cpu_ms: u64,
    /// The largest, not the sum.
    pub peak_rss_bytes: u64,
    pub requests: u64,
    pub connections_opened: u64,
    pub origins: u64,
    pub conditional: u64,
    pub retries: u64,
    pub bytes_received: u64,
    pub success: u64,
    pub not_modified: u64,
    pub client_error: u64,
    pub too_many: u64,
    pub server_error: u64,
    pub error: u64,
    pub lookups: u64,
    pub hits: u64,
    pub calls_made: u64,
    pub calls_naive: u64,
    pub feeds_asked: u64,
    pub feeds_failed: u64,
    pub entries_read: u64,
    pub entries_new: u64,
    pub entries_dropped: u64,
    pub articles_fetched: u64,
    pub stories_new: u64,
    pub stories_updated: u64,
    pub critical: u64,
    pub high: u64,
    pub medium: u64,
    pub low: u64,
    pub x_calls: u64,
    pub x_posts: u64,
    pub x_cost_micros: u64,
    pub statements: u64,
    pub slow_statements: u64,
}

macro_rules! add_fields {
    ($ours:expr, $theirs:expr, $($field:ident)*) => { $($ours.$field = $ours.$field.saturating_add($theirs.$field);)* };
}

impl Sums {
    /// The sums of one cycle.
    #[must_use]
    pub fn of(report: &CycleReport) -> Self {
        let (http, feeds, outcomes) = (&report.http, &report.feeds, &report.http.outcomes);
        let class =
            |name: &str| report.detections.iter().filter(|found| found.class.as_str() == name).count() as u64;
        Self {
            cycles: 1,
            degraded: u64::from(report.cycle.status != Status::Ok),
            deadline_hits: u64::from(report.cycle.deadline_hit),
            duration_ms: report.cycle.duration_ms,
            cpu_ms: report.cpu.user_ms.unwrap_or(0) + report.cpu.system_ms.unwrap_or(0),
            peak_rss_bytes: report.memory.peak_rss_bytes.unwrap_or(0),
            requests: http.requests,
            connections_opened: http.connections_opened,
            origins: http.origins,
            conditional: http.conditional,
            retries: http.retries,
            bytes_received: http.bytes_received,
            success: outcomes.success,
            not_modified: outcomes.not_modified,
            client_error: outcomes.client_error,
            too_many: outcomes.too_many,
            server_error: outcomes.server_error,
            error: outcomes.error,
            lookups: report.cache.lookups,
            hits: report.cache.fresh_hits + report.cache.revalidated,
            calls_made: report.calls.made,
            calls_naive: report.calls.without_savings,
            feeds_asked: feeds.fetched + feeds.not_modified + feeds.failed,
            feeds_failed: feeds.failed,
            entries_read: report.entries.read,
            entries_new: report.entries.new,
            entries_dropped: report.entries.dropped_early,
            articles_fetched: report.articles.fetched,
            stories_new: report.stories.new,
            stories_updated: report.stories.updated,
            critical: class("critical"),
            high: class("high"),
            medium: class("medium"),
            low: class("low"),
            x_calls: report.x.calls,
            x_posts: report.x.posts_read,
            x_cost_micros: report.x.cost_usd.micros,
            statements: report.database.statements,
            slow_statements: report.database.slow.iter().map(|slow| slow.count).sum(),
        }
    }

    /// Adds all of `other`.
    pub fn add(&mut self, other: &Self) {
        self.peak_rss_bytes = self.peak_rss_bytes.max(other.peak_rss_bytes);
        add_fields!(self, other, cycles degraded deadline_hits duration_ms cpu_ms requests connections_opened origins conditional
                        retries bytes_received success not_modified client_error too_many server_error error lookups hits
            calls_made calls_naive feeds_asked feeds_failed entries_read entries_new entries_dropped
            articles_fetched stories_new stories_updated critical high medium low x_calls x_posts x_cost_micros
            statements slow_statements);
    }

    /// Share of the naive calls that were not sent.
    #[must_use]
    pub fn reduction(&self) -> Option<f64> {
        ratio(self.calls_naive.saturating_sub(self.calls_made), self.calls_naive)
    }

    /// Share of the cache's questions that needed no full fetch.
    #[must_use]
    pub fn hit_ratio(&self) -> Option<f64> {
        ratio(self.hits, self.lookups)
    }

    /// Average cycle, milliseconds.
    #[must_use]
    pub fn mean_ms(&self) -> Option<f64> {
        (self.cycles > 0).then(|| self.duration_ms as f64 / self.cycles as f64)
    }
}

/// The periods a cycle that began at `at` belongs to: its day, its month, all time.
#[must_use]
pub fn periods(at: Timestamp) -> [String; 3] {
    [day(at), at.to_zoned_datetime(TimeZone::UTC).strftime("%Y-%m").to_string(), ALL.to_owned()]
}

/// The day of `at`, UTC, as its period is called.
#[must_use]
pub fn day(at: Timestamp) -> String {
    at.to_zoned_datetime(TimeZone::UTC).strftime("%Y-%m-%d").to_string()
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
        assert_eq!(Sums::default().mean_ms(), None);
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
