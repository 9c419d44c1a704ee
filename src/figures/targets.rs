//! What the user expects of a cycle, and whether it was met.
//!
//! Owns the names, units and directions of the targets (docs/reference/settings.md#targets).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{CycleReport, plain, plain_or_null, ratio};

const MIB: f64 = 1_048_576.0;

/// The expectations, as the settings give them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Longest cycle.
    pub cycle_time: Duration,
    /// Smallest share of naive calls saved, 0–1.
    pub call_reduction: f64,
    /// Smallest share of cache lookups that needed no full fetch, 0–1.
    pub cache_hit_ratio: f64,
    /// Smallest share of requests beyond the first to their origin on a connection that was open, 0–1.
    pub connection_reuse: f64,
    /// Most answers of X that said we asked too often.
    pub rate_limit_violations: u64,
    /// Largest resident memory, bytes.
    pub memory: u64,
    /// Largest share of asked feeds that failed, 0–1.
    pub error_ratio: f64,
    /// Longest that nineteen in twenty database statements may take.
    pub statement_time: Duration,
}

/// The built-in values (docs/reference/settings.md#targets).
impl Default for Settings {
    fn default() -> Self {
        Self {
            cycle_time: Duration::from_mins(1),
            call_reduction: 0.30,
            cache_hit_ratio: 0.70,
            connection_reuse: 0.80,
            rate_limit_violations: 0,
            memory: 100 * 1024 * 1024,
            error_ratio: 0.05,
            statement_time: Duration::from_millis(100),
        }
    }
}

/// One expectation and what came of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Target {
    /// Its key in the settings.
    pub name: String,
    /// What was measured, in `unit`; `None` if it was not.
    #[serde(serialize_with = "plain_or_null")]
    pub value: Option<f64>,
    /// What was expected, in `unit`.
    #[serde(serialize_with = "plain")]
    pub target: f64,
    /// `s`, `ms`, `ratio`, `count` or `MiB`.
    pub unit: String,
    /// Whether it was met; `None` where nothing was measured, which is not judged.
    pub ok: Option<bool>,
}

/// Holds a report against the expectations; `report.targets` is not read.
#[must_use]
pub fn judge(settings: &Settings, report: &CycleReport) -> Vec<Target> {
    let feeds = &report.feeds;
    let asked = feeds.fetched + feeds.not_modified + feeds.failed;
    let count = |value: u64| value as f64;
    let seconds = count(report.cycle.duration_ms) / 1e3;
    let memory = report.memory.peak_rss_bytes.map(|bytes| count(bytes) / MIB);
    let violations = report.x.rate_limit_violations.map(count);
    let statement = report.database.p95_ms.map(f64::from);
    // Feeds have to be asked, and a 304 is a call: where little came beside, nobody could have saved so many.
    let reduction =
        report.calls.reduction.filter(|_| could_be_saved(report) >= Some(settings.call_reduction));
    // The first cycle has nothing to find in a cache.
    let hits = report.cache.hit_ratio.filter(|_| report.cycle.id != 1);
    vec![
        at_most("cycle_time", Some(seconds), settings.cycle_time.as_secs_f64(), "s"),
        at_least("call_reduction", reduction, settings.call_reduction),
        at_least("cache_hit_ratio", hits, settings.cache_hit_ratio),
        at_least("connection_reuse", report.http.reuse_of_possible, settings.connection_reuse),
        at_most("rate_limit_violations", violations, count(settings.rate_limit_violations), "count"),
        at_most("memory", memory, count(settings.memory) / MIB, "MiB"),
        at_most("error_ratio", ratio(feeds.failed, asked), settings.error_ratio, "ratio"),
        at_most("statement_time", statement, settings.statement_time.as_secs_f64() * 1e3, "ms"),
    ]
}

/// Share of the naive calls that could be saved at all: those saved, those for pages and those to X.
fn could_be_saved(report: &CycleReport) -> Option<f64> {
    let (calls, pages) = (&report.calls, &report.articles);
    let spent = pages.fetched + pages.not_modified + pages.failed + report.x.calls;
    ratio(calls.without_savings.saturating_sub(calls.made) + spent, calls.without_savings)
}

fn at_most(name: &str, value: Option<f64>, target: f64, unit: &str) -> Target {
    Target {
        name: name.to_owned(),
        value,
        target,
        unit: unit.to_owned(),
        ok: value.map(|value| value <= target),
    }
}

fn at_least(name: &str, value: Option<f64>, target: f64) -> Target {
    Target { ok: value.map(|value| value >= target), ..at_most(name, value, target, "ratio") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::{
        report::{CacheFigures, FeedFigures},
        saved::Calls,
    };

    fn find<'a>(targets: &'a [Target], name: &str) -> &'a Target {
        targets.iter().find(|target| target.name == name).unwrap()
    }

    #[test]
    fn what_was_not_measured_is_not_judged() {
        let targets = judge(&Settings::default(), &CycleReport::default());
        let judged: Vec<_> =
            targets.iter().filter(|target| target.ok.is_some()).map(|target| target.name.as_str()).collect();
        assert_eq!(judged, ["cycle_time"]);
        assert!(targets.iter().all(|target| target.ok.is_some() == target.value.is_some()));
    }

    #[test]
    fn each_target_is_judged_in_its_own_direction() {
        let mut report = CycleReport::default();
        report.cycle.duration_ms = 61_000;
        report.cache = CacheFigures::new(10, 2, 5, 3);
        report.calls = Calls { made: 71, without_savings: 100, reduction: Some(0.29), ..Calls::default() };
        report.articles.fetched = 1;
        report.http.reuse_of_possible = Some(0.81);
        report.x.rate_limit_violations = Some(1);
        report.memory.peak_rss_bytes = Some(100 * 1024 * 1024);
        report.feeds = FeedFigures { fetched: 1, not_modified: 18, failed: 1, ..FeedFigures::default() };
        let targets = judge(&Settings::default(), &report);
        for (name, value, ok) in [
            ("cycle_time", 61.0, false),
            ("call_reduction", 0.29, false),
            ("cache_hit_ratio", 0.7, true),
            ("connection_reuse", 0.81, true),
            ("rate_limit_violations", 1.0, false),
            ("memory", 100.0, true),
            ("error_ratio", 0.05, true),
        ] {
            let target = find(&targets, name);
            assert_eq!((target.value, target.ok), (Some(value), Some(ok)), "{name}");
        }
        assert_eq!(targets.len(), 8);
    }

    #[test]
    fn calls_are_judged_only_where_so_many_could_be_saved() {
        // 200 feeds, a dozen new entries: without a single page the reduction would be 12 of 212.
        let quiet = Calls { made: 202, without_savings: 212, reduction: Some(0.0472), ..Calls::default() };
        let mut report = CycleReport { calls: quiet, ..CycleReport::default() };
        report.articles.fetched = 2;
        let value = |report: &CycleReport| find(&judge(&Settings::default(), report), "call_reduction").value;
        assert_eq!(value(&report), None);
        // Twice as many pages as feeds, all read: that is a miss.
        report.calls = Calls { made: 600, without_savings: 600, reduction: Some(0.0), ..Calls::default() };
        report.articles.fetched = 400;
        assert_eq!(value(&report), Some(0.0));
        report.articles.fetched = 0;
        report.x.calls = 220;
        assert_eq!(value(&report), Some(0.0));
    }

    #[test]
    fn a_target_is_written_as_the_contract_shows() {
        let report = CycleReport {
            cycle: crate::figures::report::CycleFigures { duration_ms: 812, ..Default::default() },
            ..Default::default()
        };
        let target = &judge(&Settings::default(), &report)[0];
        let written = serde_json::to_string(target).unwrap();
        assert_eq!(written, r#"{"name":"cycle_time","value":0.812,"target":60,"unit":"s","ok":true}"#);
    }
}
