//! Which sources need attention, and what each costs and finds. Pure.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use serde::Serialize;
use strum::IntoStaticStr;

use crate::model::SourceState;

/// Failures in a row from which a source counts as failing: two may be a restart.
const FAILING: u32 = 3;
/// A source is silent if it has no new entry for the longer of this and [`GAPS`] times its mean interval
/// (docs/reference/failures.md#sources-that-need-attention).
const SILENT: Duration = Duration::from_hours(7 * 24);
const GAPS: u32 = 5;
/// Half of the shortest built-in time limit (`http.idle_timeout`).
const SLOW_MS: u32 = 5000;
/// Entries without a detection from which a source counts as never yielding: some weeks of a daily outlet.
const NEVER: u64 = 500;

/// Why a source needs attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Attention {
    /// It answered 410.
    Gone,
    /// It failed several times in a row.
    Failing,
    /// It answers without new entries.
    Silent,
    /// It answers slowly.
    Slow,
    /// Its entries never gave a detection.
    #[strum(serialize = "never yields")]
    NeverYields,
}

impl Attention {
    /// The name in tables and CSV.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A source as `stats` shows it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the fields have the names that docs/reference/outputs.md describes")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Source"))]
pub struct SourceView {
    pub url: String,
    pub name: String,
    pub attention: Option<Attention>,
    pub failure: Option<String>,
    /// Failures in a row.
    pub failures: u32,
    /// Time of the last new entry.
    #[serde(serialize_with = "crate::model::stamp::option::serialize")]
    #[cfg_attr(test, schemars(with = "Option<crate::model::stamp::Time>"))]
    pub changed_at: Option<Timestamp>,
    /// Smoothed response time.
    pub mean_ms: u32,
    /// Median response time of the loaded cycles, of bodies and failures; `None` without any.
    pub p50_ms: Option<u32>,
    pub p95_ms: Option<u32>,
    /// Requests.
    pub asked: u64,
    pub failed: u64,
    pub bytes: u64,
    pub entries: u64,
    pub candidates: u64,
    pub detections: u64,
    /// Stories that it reported before any other source.
    pub first: u64,
    pub asked_per_detection: Option<f64>,
}

/// How long responses took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ResponseTimes {
    /// The source or host.
    pub of: String,
    /// Responses.
    pub count: usize,
    /// Median, milliseconds.
    pub p50_ms: u32,
    /// 95th percentile, milliseconds.
    pub p95_ms: u32,
}

/// The percentiles (nearest rank) of the response times in `ms` by name, the slowest first.
#[must_use]
pub fn response_times<'a>(ms: impl Iterator<Item = (&'a str, u32)>) -> Vec<ResponseTimes> {
    let mut by_name: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for (name, ms) in ms {
        by_name.entry(name).or_default().push(ms);
    }
    let times = |(name, mut ms): (&str, Vec<u32>)| {
        ms.sort_unstable();
        let rank = |percent: usize| ms[(ms.len() * percent).div_ceil(100).max(1) - 1];
        ResponseTimes { of: name.to_owned(), count: ms.len(), p50_ms: rank(50), p95_ms: rank(95) }
    };
    let mut all: Vec<ResponseTimes> = by_name.into_iter().map(times).collect();
    all.sort_by_key(|times| std::cmp::Reverse(times.p95_ms));
    all
}

/// Why the source in `state` needs attention at `now`.
#[must_use]
pub fn attention(state: &SourceState, now: Timestamp) -> Option<Attention> {
    let usual = Duration::from_secs(state.mean_interval_s.unwrap_or(0).into()) * GAPS;
    let quiet_since = state.changed_at.or(state.first_read_at);
    let silent = quiet_since
        .is_some_and(|since| now.duration_since(since).unsigned_abs() > usual.max(SILENT) && since < now);
    if state.gone_at.is_some() {
        Some(Attention::Gone)
    } else if state.failures >= FAILING {
        Some(Attention::Failing)
    } else if silent {
        Some(Attention::Silent)
    } else if state.mean_ms > SLOW_MS {
        Some(Attention::Slow)
    } else if state.entries_total >= NEVER && state.detections_total == 0 {
        Some(Attention::NeverYields)
    } else {
        None
    }
}

/// `state` as shown at `now`. `cost`: requests, failures, bytes; `first`: stories reported before any other source.
#[must_use]
pub fn view(
    state: &SourceState,
    name: &str,
    cost: (u64, u64, u64),
    first: u64,
    now: Timestamp,
) -> SourceView {
    let (asked, failed, bytes) = cost;
    let found = state.detections_total;
    SourceView {
        url: state.url.clone(),
        name: name.to_owned(),
        attention: attention(state, now),
        failure: state.last_failure.as_ref().map(ToString::to_string),
        failures: state.failures,
        changed_at: state.changed_at,
        mean_ms: state.mean_ms,
        p50_ms: None,
        p95_ms: None,
        asked,
        failed,
        bytes,
        entries: state.entries_total,
        candidates: state.candidates_total,
        detections: found,
        first,
        asked_per_detection: (found > 0 && asked > 0)
            .then(|| (asked as f64 / found as f64 * 10.0).round() / 10.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_nearest_rank_and_the_slowest_is_first() {
        let ms = (1..=20).map(|ms| ("a", ms)).chain([("b", 70)]);
        let times = response_times(ms);
        let shown: Vec<_> =
            times.iter().map(|times| (&times.of[..], times.count, times.p50_ms, times.p95_ms)).collect();
        assert_eq!(shown, [("b", 1, 70, 70), ("a", 20, 10, 19)]);
        assert_eq!(response_times([].into_iter()), []);
    }

    #[test]
    fn a_source_shows_its_worst_problem() {
        let now: Timestamp = "2026-11-21T00:00:00Z".parse().unwrap();
        let days = |days: i64| Some(now - jiff::SignedDuration::from_hours(24 * days));
        let sound = SourceState { changed_at: days(1), entries_total: 40, ..SourceState::default() };
        assert_eq!(attention(&sound, now), None);
        let cases = [
            (SourceState { gone_at: days(1), failures: 9, ..sound.clone() }, Attention::Gone),
            (SourceState { failures: 3, ..sound.clone() }, Attention::Failing),
            (SourceState { changed_at: days(8), ..sound.clone() }, Attention::Silent),
            (SourceState { mean_ms: 6000, ..sound.clone() }, Attention::Slow),
            (SourceState { entries_total: 500, ..sound.clone() }, Attention::NeverYields),
        ];
        for (state, wanted) in cases {
            assert_eq!(attention(&state, now), Some(wanted));
        }
        let weekly = SourceState { changed_at: days(20), mean_interval_s: Some(7 * 86_400), ..sound };
        assert_eq!(attention(&weekly, now), None, "20 days are not five weeks");
    }
}
