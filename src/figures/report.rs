//! The report of one cycle, in the fields of docs/reference/outputs.md#cycle-report. Constructors derive the ratios.
//! A field that an older release did not write reads back as its default.
#![expect(missing_docs, reason = "the fields have the names that docs/reference/outputs.md describes")]

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use super::usd::Usd;
use super::{path::PathStep, ratio, saved::Calls, stages::StageTimes, targets::Target};
use crate::model::{Class, CycleStatus, Detection, SlowStatement, SourceStatus};

/// Version of the report's shape; fields are added within it, never renamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Schema(u32);

impl Default for Schema {
    fn default() -> Self {
        Self(1)
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CycleReport {
    pub schema: Schema,
    pub cycle: CycleFigures,
    pub feeds: FeedFigures,
    pub entries: EntryFigures,
    pub articles: ArticleFigures,
    pub x: XFigures,
    #[serde(serialize_with = "crate::model::views")]
    #[cfg_attr(test, schemars(with = "Vec<crate::model::DetectionView>"))]
    pub detections: Vec<Detection>,
    /// Stories with a new detection; the stored report has no [`Self::detections`].
    pub detections_by_class: ClassFigures,
    pub stories: StoryFigures,
    pub http: HttpFigures,
    pub cache: CacheFigures,
    pub calls: Calls,
    pub stages_ms: StageTimes,
    pub memory: MemoryFigures,
    pub cpu: CpuFigures,
    pub database: DatabaseFigures,
    /// Empty where nothing was recorded.
    pub critical_path: Vec<PathStep>,
    /// Hosts with visits that did not finish before the end of the cycle, most first.
    pub unfinished: Vec<Unfinished>,
    /// In the order of the settings.
    pub sources: Vec<SourceFigures>,
    pub targets: Vec<Target>,
}

/// A host with visits that did not finish.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Unfinished {
    pub host: String,
    pub visits: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CycleFigures {
    pub id: i64,
    #[serde(serialize_with = "crate::model::stamp::serialize")]
    #[cfg_attr(test, schemars(with = "crate::model::stamp::Time"))]
    pub started_at: Timestamp,
    /// Since the start of the cycle before; `None` for the first.
    pub gap_s: Option<u64>,
    pub duration_ms: u64,
    pub status: CycleStatus,
    pub deadline_hit: bool,
    pub exit_code: u8,
    /// Fingerprint of the settings that can change figures; empty in reports of older releases.
    pub settings: String,
    /// Whether it differs from that of the cycle before.
    pub settings_changed: bool,
}

/// Sources by the end of their visit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FeedFigures {
    pub total: u64,
    pub fetched: u64,
    pub not_modified: u64,
    pub fresh: u64,
    /// Deferred by their host or by an earlier failure, or the cycle ended first.
    pub waiting: u64,
    pub failed: u64,
    pub repaired: u64,
    /// Bytes of the bodies read, after decompression.
    pub bytes: u64,
}

impl FeedFigures {
    /// Sources that were requested.
    #[must_use]
    pub fn asked(&self) -> u64 {
        self.fetched + self.not_modified + self.failed
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct EntryFigures {
    pub read: u64,
    /// Never seen before, or judged again because the rules changed.
    pub new: u64,
    /// New entries that the early filter rejected.
    pub dropped_early: u64,
    /// The other new entries.
    pub candidates: u64,
    pub waiting: u64,
}

/// Articles, by where their text came from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ArticleFigures {
    pub fetched: u64,
    pub not_modified: u64,
    pub from_cache: u64,
    /// Judged on the full text in the feed.
    pub from_feed: u64,
    pub failed: u64,
    /// Bytes of the pages read, after decompression.
    pub bytes: u64,
}

/// All zero where X is off; `None` where it was not measured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct XFigures {
    pub calls: u64,
    pub users_looked_up: u64,
    pub posts_read: u64,
    pub posts_new: u64,
    /// Posts and accounts with a time in the future or without an id.
    pub posts_refused: u64,
    /// Calls that limits or the budget put off.
    pub calls_deferred: u64,
    pub cost_usd: Usd,
    /// Cost of the calendar month so far, this cycle included.
    pub month_cost_usd: Option<Usd>,
    /// 429 responses.
    pub rate_limit_violations: Option<u64>,
    /// Cost of the whole month if each day costs as much as the last one.
    pub month_forecast_usd: Option<Usd>,
    /// Whole days until the budget is used up; `None` if it lasts for the month.
    pub budget_days_left: Option<u32>,
    /// The last answer of X's usage endpoint.
    pub usage: Option<XUsageFigures>,
    /// Set in a dry run.
    pub planned: Option<XPlanned>,
    /// Why X could not be read.
    pub problem: Option<String>,
}

/// Posts as X counts them for the project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct XUsageFigures {
    #[serde(serialize_with = "crate::model::stamp::serialize")]
    #[cfg_attr(test, schemars(with = "crate::model::stamp::Time"))]
    pub asked_at: Timestamp,
    /// Posts of the current billing period.
    pub posts: Option<u64>,
    /// Posts allowed in it.
    pub cap: Option<u64>,
    pub says: String,
    pub warnings: Vec<String>,
}

/// The calls that a cycle would make to X.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct XPlanned {
    /// Without further pages of a result.
    pub calls: u64,
    /// Upper bound; never above the rest of the budget.
    pub max_cost_usd: Usd,
    pub budget_left_usd: Usd,
    /// Spent and reserved.
    pub month_cost_usd: Usd,
    /// Calls that limits or the budget prevent, with the reason.
    pub left_out: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ClassFigures {
    pub critical: u64,
    pub high: u64,
    pub medium: u64,
    pub low: u64,
}

impl ClassFigures {
    #[must_use]
    pub fn of(detections: &[Detection]) -> Self {
        let of = |class| detections.iter().filter(|detection| detection.class == class).count() as u64;
        Self {
            critical: of(Class::Critical),
            high: of(Class::High),
            medium: of(Class::Medium),
            low: of(Class::Low),
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StoryFigures {
    pub new: u64,
    pub updated: u64,
}

/// Counts of the HTTP client.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HttpFigures {
    /// Retries included.
    pub requests: u64,
    /// Counted at the connector.
    pub connections_opened: u64,
    /// 1 − connections ÷ requests, 0–1; `None` without requests.
    pub connection_reuse: Option<f64>,
    pub retries: u64,
    /// Before decompression.
    pub bytes_received: u64,
    pub outcomes: Outcomes,
    pub by_purpose: Purposes,
    /// Of the bodies that were read, before and after decompression; `None` in reports of older releases.
    pub bytes_encoded: Option<u64>,
    pub bytes_decoded: Option<u64>,
    /// `bytes_decoded` ÷ `bytes_encoded`; `None` without a body.
    pub compression_ratio: Option<f64>,
    /// Requests that carried a validator.
    pub conditional: u64,
    /// Distinct origins: at least so many requests had to open a connection.
    pub origins: u64,
    /// Of the requests beyond the first to their origin, the share on an open connection, 0–1; `None` without any.
    pub reuse_of_possible: Option<f64>,
}

impl HttpFigures {
    /// With the ratios, from the counts.
    #[must_use]
    pub fn with_ratios(self) -> Self {
        // A connection may be opened ahead and never carry a request.
        let reused = self.requests.saturating_sub(self.connections_opened);
        Self {
            connection_reuse: ratio(reused, self.requests),
            reuse_of_possible: ratio(self.reused(), self.reusable()),
            compression_ratio: self
                .bytes_decoded
                .zip(self.bytes_encoded)
                .and_then(|(after, before)| ratio(after, before)),
            ..self
        }
    }

    /// Requests beyond the first to their origin.
    #[must_use]
    pub fn reusable(&self) -> u64 {
        self.requests.saturating_sub(self.origins)
    }

    /// Of [`Self::reusable`], those on an open connection.
    #[must_use]
    pub fn reused(&self) -> u64 {
        self.requests.saturating_sub(self.connections_opened).min(self.reusable())
    }
}

/// Requests by what they were for, retries and redirects included; `None` in reports of older releases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Purposes {
    pub feeds: Option<u64>,
    pub pages: Option<u64>,
    pub robots: Option<u64>,
    pub x: Option<u64>,
    /// POST requests to alert channels; not in [`HttpFigures::requests`].
    pub channels: Option<u64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Outcomes {
    #[serde(rename = "2xx")]
    pub success: u64,
    #[serde(rename = "304")]
    pub not_modified: u64,
    /// Without 429.
    #[serde(rename = "4xx")]
    pub client_error: u64,
    #[serde(rename = "429")]
    pub too_many: u64,
    #[serde(rename = "5xx")]
    pub server_error: u64,
    /// No usable response.
    pub error: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CacheFigures {
    pub lookups: u64,
    pub fresh_hits: u64,
    pub revalidated: u64,
    pub misses: u64,
    /// (`fresh_hits` + `revalidated`) ÷ `lookups`, 0–1; `None` without lookups.
    pub hit_ratio: Option<f64>,
    /// Pages in memory at the end of the cycle, and their weight in bytes.
    pub memory_pages: Option<u64>,
    pub memory_bytes: Option<u64>,
    /// Pages that `cache.memory_limit` removed from memory.
    pub memory_evictions: Option<u64>,
    /// Pages whose robots.txt was in memory or in the database.
    pub robots_hits: Option<u64>,
}

impl CacheFigures {
    #[must_use]
    pub fn new(fresh_hits: u64, revalidated: u64, misses: u64) -> Self {
        let lookups = fresh_hits + revalidated + misses;
        let hit_ratio = ratio(fresh_hits + revalidated, lookups);
        Self { lookups, fresh_hits, revalidated, misses, hit_ratio, ..Self::default() }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MemoryFigures {
    /// Largest resident set; `None` where the system does not report it.
    pub peak_rss_bytes: Option<u64>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SourceFigures {
    pub url: String,
    pub outcome: SourceStatus,
    pub failure: Option<String>,
    pub status: Option<u16>,
    pub entries: u64,
    pub new: u64,
    /// From request to the last byte; `None` if it was not requested.
    pub ms: Option<u64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CpuFigures {
    pub user_ms: Option<u64>,
    pub system_ms: Option<u64>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DatabaseFigures {
    pub statements: u64,
    pub p95_ms: Option<u32>,
    pub max_ms: Option<u32>,
    pub slow: Vec<SlowStatement>,
    /// Size of the file, free pages included.
    pub bytes: Option<u64>,
}

impl DatabaseFigures {
    /// From how many statements took how many milliseconds.
    #[must_use]
    pub fn new(durations_ms: &BTreeMap<u32, u64>, slow: Vec<SlowStatement>) -> Self {
        let statements: u64 = durations_ms.values().sum();
        let rank = (statements * 95).div_ceil(100);
        let mut below = 0;
        let p95 = durations_ms.iter().find(|(_, count)| {
            below += **count;
            below >= rank
        });
        let (p95_ms, max_ms) = (p95.map(|(ms, _)| *ms), durations_ms.keys().last().copied());
        Self { statements, p95_ms, max_ms, slow, bytes: None }
    }
}

#[cfg(test)]
mod tests;
