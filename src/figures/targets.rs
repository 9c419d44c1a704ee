//! The targets of a cycle and whether it met them (docs/reference/settings.md#targets).

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::{Display, IntoStaticStr, VariantArray};

use super::{CycleReport, plain, plain_or_null, ratio};

const MIB: f64 = 1_048_576.0;
/// Fewest cases over which a share is judged: one case among 20 is 5 %, the built-in limit for failed feeds.
pub(super) const CHANCES: u64 = 20;

/// Cycles over which `cycle_success` is judged: the newest ones, so that the share follows within two days.
pub(crate) const SUCCESS_CYCLES: u64 = 200;

/// The limit of a target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit<T> {
    /// A value beyond it misses the target.
    pub warning: T,
    /// A value that reaches it is critical; `None`: 1.5 times the limit.
    pub critical: Option<T>,
}

impl<T> Limit<T> {
    fn map<U>(self, convert: impl Fn(T) -> U) -> Limit<U> {
        Limit { warning: convert(self.warning), critical: self.critical.map(convert) }
    }
}

impl<T> From<T> for Limit<T> {
    fn from(warning: T) -> Self {
        Self { warning, critical: None }
    }
}

/// The section `[targets]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Longest cycle.
    pub cycle_time: Limit<Duration>,
    /// Smallest share of calls saved, 0–1.
    pub call_reduction: Limit<f64>,
    /// Smallest share of cache lookups that needed no full fetch, 0–1.
    pub cache_hit_ratio: Limit<f64>,
    /// Smallest share on an open connection, of the requests beyond the first to their origin, 0–1.
    pub connection_reuse: Limit<f64>,
    /// Most 429 responses of X.
    pub rate_limit_violations: Limit<u64>,
    /// Largest resident memory, bytes.
    pub memory: Limit<u64>,
    /// Largest share of requested feeds that failed, 0–1.
    pub error_ratio: Limit<f64>,
    /// Largest 95th percentile of the database statements.
    pub statement_time: Limit<Duration>,
    /// Smallest share of cycles that ended as they should, 0–1.
    pub cycle_success: Limit<f64>,
    /// Longest time between the starts of two cycles; `None` judges none.
    pub max_gap: Option<Limit<Duration>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cycle_time: Duration::from_mins(1).into(),
            call_reduction: 0.30.into(),
            cache_hit_ratio: 0.70.into(),
            connection_reuse: 0.80.into(),
            rate_limit_violations: 0.into(),
            memory: (100 * 1024 * 1024).into(),
            error_ratio: 0.05.into(),
            statement_time: Duration::from_millis(100).into(),
            cycle_success: 0.99.into(),
            // Each cron has its own interval.
            max_gap: None,
        }
    }
}

/// The newest cycles, the judged one among them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recent {
    /// At most 200.
    pub cycles: u64,
    /// Those that ended as they should.
    pub ok: u64,
}

/// A key of `[targets]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Display, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "Settings describes each under its name")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum TargetName {
    CycleTime,
    CallReduction,
    CacheHitRatio,
    ConnectionReuse,
    RateLimitViolations,
    Memory,
    ErrorRatio,
    StatementTime,
    CycleSuccess,
    MaxGap,
}

impl TargetName {
    /// Whether the measured value must reach the target; else it must not exceed it.
    #[must_use]
    pub fn is_minimum(self) -> bool {
        matches!(self, Self::CallReduction | Self::CacheHitRatio | Self::ConnectionReuse | Self::CycleSuccess)
    }

    /// The unit of value and target.
    #[must_use]
    pub fn unit(self) -> Unit {
        match self {
            Self::CycleTime | Self::MaxGap => Unit::Seconds,
            Self::CallReduction
            | Self::CacheHitRatio
            | Self::ConnectionReuse
            | Self::ErrorRatio
            | Self::CycleSuccess => Unit::Ratio,
            Self::RateLimitViolations => Unit::Count,
            Self::Memory => Unit::Mebibytes,
            Self::StatementTime => Unit::Milliseconds,
        }
    }
}

/// The unit of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Display)]
#[expect(missing_docs, reason = "the names suffice")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "TargetUnit"))]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
    /// From where a miss is critical, if the settings say so.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "plain_or_null")]
    pub critical: Option<f64>,
}

/// Compares a report with the targets; `report.targets` is not read.
#[must_use]
pub fn judge(settings: &Settings, report: &CycleReport, recent: Recent) -> Vec<Target> {
    let count = |value: u64| value as f64;
    // Feeds have to be requested, and a 304 is a call: with little else to do, so many calls could not be saved.
    let reduction = over(report.calls.without_savings, report.calls.reduction)
        .filter(|_| could_be_saved(report) >= Some(settings.call_reduction.warning));
    // The first cycle finds nothing in a cache.
    let hits = over(report.cache.lookups, report.cache.hit_ratio).filter(|_| report.cycle.id != 1);
    let reusable = report.http.requests.saturating_sub(report.http.origins);
    let asked = report.feeds.asked();
    let all = [
        (
            TargetName::CycleTime,
            Some(count(report.cycle.duration_ms) / 1e3),
            settings.cycle_time.map(seconds),
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
            settings.rate_limit_violations.map(count),
        ),
        (
            TargetName::Memory,
            report.memory.peak_rss_bytes.map(|bytes| count(bytes) / MIB),
            settings.memory.map(|bytes| count(bytes) / MIB),
        ),
        (TargetName::ErrorRatio, over(asked, ratio(report.feeds.failed, asked)), settings.error_ratio),
        (
            TargetName::StatementTime,
            report.database.p95_ms.map(f64::from),
            settings.statement_time.map(|limit| seconds(limit) * 1e3),
        ),
        (TargetName::CycleSuccess, success(recent, settings.cycle_success.warning), settings.cycle_success),
    ];
    let gap =
        settings.max_gap.map(|limit| (TargetName::MaxGap, report.cycle.gap_s.map(count), limit.map(seconds)));
    let judged = all.into_iter().chain(gap).map(|(name, value, limit)| {
        let target = limit.warning;
        let met = |value: f64| if name.is_minimum() { value >= target } else { value <= target };
        Target { name, value, target, unit: name.unit(), ok: value.map(met), critical: limit.critical }
    });
    judged.collect()
}

fn seconds(limit: Duration) -> f64 {
    limit.as_secs_f64()
}

/// The share of cycles that ended as they should, over at least [`CHANCES`] and over so many that a single other one
/// does not miss the share `wanted`.
fn success(recent: Recent, wanted: f64) -> Option<f64> {
    // A limit of 1 needs all of them; the product of the smallest share is 1 but for rounding.
    let enough = recent.cycles as f64 * (1.0 - wanted) + 1e-9 >= 1.0 || recent.cycles >= SUCCESS_CYCLES;
    over(recent.cycles, ratio(recent.ok, recent.cycles)).filter(|_| enough)
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
mod tests;
