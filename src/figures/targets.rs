//! The targets of a cycle and whether it met them (docs/reference/settings.md#targets).

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::{Display, IntoStaticStr};

use super::{CycleReport, plain, plain_or_null, ratio};

const MIB: f64 = 1_048_576.0;
/// Fewest cases over which a share is judged: one case among 20 is 5 %, the built-in limit for failed feeds.
const CHANCES: u64 = 20;

/// The section `[targets]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Longest cycle.
    pub cycle_time: Duration,
    /// Smallest share of calls saved, 0–1.
    pub call_reduction: f64,
    /// Smallest share of cache lookups that needed no full fetch, 0–1.
    pub cache_hit_ratio: f64,
    /// Smallest share on an open connection, of the requests beyond the first to their origin, 0–1.
    pub connection_reuse: f64,
    /// Most 429 responses of X.
    pub rate_limit_violations: u64,
    /// Largest resident memory, bytes.
    pub memory: u64,
    /// Largest share of requested feeds that failed, 0–1.
    pub error_ratio: f64,
    /// Largest 95th percentile of the database statements.
    pub statement_time: Duration,
}

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

/// A key of `[targets]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Display, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "Settings describes each under its name")]
pub enum TargetName {
    CycleTime,
    CallReduction,
    CacheHitRatio,
    ConnectionReuse,
    RateLimitViolations,
    Memory,
    ErrorRatio,
    StatementTime,
}

impl TargetName {
    /// Whether the measured value must reach the target; else it must not exceed it.
    #[must_use]
    pub fn is_minimum(self) -> bool {
        matches!(self, Self::CallReduction | Self::CacheHitRatio | Self::ConnectionReuse)
    }

    /// The unit of value and target.
    #[must_use]
    pub fn unit(self) -> Unit {
        match self {
            Self::CycleTime => Unit::Seconds,
            Self::CallReduction | Self::CacheHitRatio | Self::ConnectionReuse | Self::ErrorRatio => {
                Unit::Ratio
            }
            Self::RateLimitViolations => Unit::Count,
            Self::Memory => Unit::Mebibytes,
            Self::StatementTime => Unit::Milliseconds,
        }
    }
}

/// The unit of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Display)]
#[expect(missing_docs, reason = "the names suffice")]
pub enum Unit {
    #[serde(rename = "s")]
    #[strum(serialize = "s")]
    Seconds,
    #[serde(rename = "ms")]
    #[strum(serialize = "ms")]
    Milliseconds,
    #[serde(rename = "ratio")]
    #[strum(serialize = "ratio")]
    Ratio,
    #[serde(rename = "count")]
    #[strum(serialize = "count")]
    Count,
    #[serde(rename = "MiB")]
    #[strum(serialize = "MiB")]
    Mebibytes,
}

/// A target with its measured value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names suffice")]
pub struct Target {
    pub name: TargetName,
    /// `None` if it was not measured.
    #[serde(serialize_with = "plain_or_null")]
    pub value: Option<f64>,
    #[serde(serialize_with = "plain")]
    pub target: f64,
    pub unit: Unit,
    /// Whether it was met; `None` if it was not measured.
    pub ok: Option<bool>,
}

/// Compares a report with the targets; `report.targets` is not read.
#[must_use]
pub fn judge(settings: &Settings, report: &CycleReport) -> Vec<Target> {
    let count = |value: u64| value as f64;
    // Feeds have to be requested, and a 304 is a call: with little else to do, so many calls could not be saved.
    let reduction = over(report.calls.without_savings, report.calls.reduction)
        .filter(|_| could_be_saved(report) >= Some(settings.call_reduction));
    // The first cycle finds nothing in a cache.
    let hits = over(report.cache.lookups, report.cache.hit_ratio).filter(|_| report.cycle.id != 1);
    let reusable = report.http.requests.saturating_sub(report.http.origins);
    let asked = report.feeds.asked();
    let all = [
        (
            TargetName::CycleTime,
            Some(count(report.cycle.duration_ms) / 1e3),
            settings.cycle_time.as_secs_f64(),
        ),
        (TargetName::CallReduction, reduction, settings.call_reduction),
        (TargetName::CacheHitRatio, hits, settings.cache_hit_ratio),
        (
            TargetName::ConnectionReuse,
            over(reusable, report.http.reuse_of_possible),
            settings.connection_reuse,
        ),
        (
            TargetName::RateLimitViolations,
            report.x.rate_limit_violations.map(count),
            count(settings.rate_limit_violations),
        ),
        (
            TargetName::Memory,
            report.memory.peak_rss_bytes.map(|bytes| count(bytes) / MIB),
            count(settings.memory) / MIB,
        ),
        (TargetName::ErrorRatio, over(asked, ratio(report.feeds.failed, asked)), settings.error_ratio),
        (
            TargetName::StatementTime,
            report.database.p95_ms.map(f64::from),
            settings.statement_time.as_secs_f64() * 1e3,
        ),
    ];
    let judged = all.map(|(name, value, target)| {
        let met = |value: f64| if name.is_minimum() { value >= target } else { value <= target };
        Target { name, value, target, unit: name.unit(), ok: value.map(met) }
    });
    judged.to_vec()
}

/// The share `value` of so many `chances`; `None` if they are too few to judge it.
fn over(chances: u64, value: Option<f64>) -> Option<f64> {
    value.filter(|_| chances >= CHANCES)
}

/// Share of the calls that could be saved at all: those saved, those for pages and those to X.
fn could_be_saved(report: &CycleReport) -> Option<f64> {
    let (calls, pages) = (&report.calls, &report.articles);
    let spent = pages.fetched + pages.not_modified + pages.failed + report.x.calls;
    ratio(calls.without_savings.saturating_sub(calls.made) + spent, calls.without_savings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::{
        report::{ArticleFigures, CacheFigures, FeedFigures, HttpFigures},
        saved::Calls,
    };

    fn find(targets: &[Target], name: TargetName) -> &Target {
        targets.iter().find(|target| target.name == name).unwrap()
    }

    #[test]
    fn what_was_not_measured_is_not_judged() {
        let targets = judge(&Settings::default(), &CycleReport::default());
        let judged: Vec<_> =
            targets.iter().filter(|target| target.ok.is_some()).map(|target| target.name).collect();
        assert_eq!(judged, [TargetName::CycleTime]);
        assert!(targets.iter().all(|target| target.ok.is_some() == target.value.is_some()));
    }

    #[test]
    fn each_target_is_judged_in_its_own_direction() {
        let mut report = CycleReport::default();
        report.cycle.duration_ms = 61_000;
        report.cache = CacheFigures::new(4, 10, 6);
        report.calls = Calls { made: 71, without_savings: 100, reduction: Some(0.29), ..Calls::default() };
        report.articles.fetched = 1;
        report.http = HttpFigures {
            requests: 121,
            origins: 21,
            reuse_of_possible: Some(0.81),
            ..HttpFigures::default()
        };
        report.x.rate_limit_violations = Some(1);
        report.memory.peak_rss_bytes = Some(100 * 1024 * 1024);
        report.feeds = FeedFigures { fetched: 1, not_modified: 18, failed: 1, ..FeedFigures::default() };
        let targets = judge(&Settings::default(), &report);
        for (name, value, ok) in [
            (TargetName::CycleTime, 61.0, false),
            (TargetName::CallReduction, 0.29, false),
            (TargetName::CacheHitRatio, 0.7, true),
            (TargetName::ConnectionReuse, 0.81, true),
            (TargetName::RateLimitViolations, 1.0, false),
            (TargetName::Memory, 100.0, true),
            (TargetName::ErrorRatio, 0.05, true),
        ] {
            let target = find(&targets, name);
            assert_eq!((target.value, target.ok), (Some(value), Some(ok)), "{name}");
        }
        assert_eq!(targets.len(), 8);
    }

    #[test]
    fn shares_of_few_cases_are_not_judged() {
        let value = |report: &CycleReport, name| find(&judge(&Settings::default(), report), name).value;
        for (cases, is_judged) in [(19, false), (20, true)] {
            let report = CycleReport {
                calls: Calls { without_savings: cases, reduction: Some(0.0), ..Calls::default() },
                articles: ArticleFigures { fetched: cases, ..ArticleFigures::default() },
                cache: CacheFigures::new(0, 0, cases),
                http: HttpFigures {
                    requests: cases + 3,
                    origins: 3,
                    reuse_of_possible: Some(0.0),
                    ..HttpFigures::default()
                },
                feeds: FeedFigures { failed: cases, ..FeedFigures::default() },
                ..CycleReport::default()
            };
            for name in [
                TargetName::CallReduction,
                TargetName::CacheHitRatio,
                TargetName::ConnectionReuse,
                TargetName::ErrorRatio,
            ] {
                assert_eq!(value(&report, name).is_some(), is_judged, "{name} over {cases}");
            }
        }
    }

    #[test]
    fn calls_are_judged_only_where_so_many_could_be_saved() {
        // 200 feeds, a dozen new entries: without a single page the reduction would be 12 of 212.
        let quiet = Calls { made: 202, without_savings: 212, reduction: Some(0.0472), ..Calls::default() };
        let mut report = CycleReport { calls: quiet, ..CycleReport::default() };
        report.articles.fetched = 2;
        let value = |report: &CycleReport| {
            find(&judge(&Settings::default(), report), TargetName::CallReduction).value
        };
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
