//! The report of one cycle, in exactly the fields of docs/reference/outputs.md#cycle-report.
//!
//! Plain data with names; numbers derived from others are made by the constructors. Reports of older
//! releases read back with what they lack left at its default.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{path::PathStep, ratio, saved::Calls, stages::StageTimes, targets::Target};
use crate::model::Detection;

/// Version of the report's shape; fields are added within it, never renamed.
pub const SCHEMA: u32 = 1;

/// Everything that `cycle --format json` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CycleReport {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The run itself.
    pub cycle: CycleFigures,
    /// Sources of news.
    pub feeds: FeedFigures,
    /// Their entries.
    pub entries: EntryFigures,
    /// The entries' articles.
    pub articles: ArticleFigures,
    /// X.
    pub x: XFigures,
    /// What was found.
    pub detections: Vec<Detection>,
    /// What it belongs to.
    pub stories: StoryFigures,
    /// The network.
    pub http: HttpFigures,
    /// Feeds and articles known from before.
    pub cache: CacheFigures,
    /// Calls made and saved.
    pub calls: Calls,
    /// Where the time went.
    pub stages_ms: StageTimes,
    /// Memory.
    pub memory: MemoryFigures,
    /// Processor time.
    pub cpu: CpuFigures,
    /// The database's statements.
    pub database: DatabaseFigures,
    /// The chain of work that decided how long it took; empty where nothing was recorded.
    pub critical_path: Vec<PathStep>,
    /// Every source, in the order of the settings.
    pub sources: Vec<SourceFigures>,
    /// Expectations held against all this.
    pub targets: Vec<Target>,
}

impl Default for CycleReport {
    fn default() -> Self {
        Self {
            schema: SCHEMA,
            cycle: CycleFigures::default(),
            feeds: FeedFigures::default(),
            entries: EntryFigures::default(),
            articles: ArticleFigures::default(),
            x: XFigures::default(),
            detections: Vec::new(),
            stories: StoryFigures::default(),
            http: HttpFigures::default(),
            cache: CacheFigures::default(),
            calls: Calls::default(),
            stages_ms: StageTimes::default(),
            memory: MemoryFigures::default(),
            cpu: CpuFigures::default(),
            database: DatabaseFigures::default(),
            critical_path: Vec::new(),
            sources: Vec::new(),
            targets: Vec::new(),
        }
    }
}

/// How a cycle ended (docs/reference/commands.md#exit-codes: 0, 4 and the rest).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// As it should.
    #[default]
    Ok,
    /// Too many sources failed.
    Degraded,
    /// It could not do its work.
    Failed,
}

/// The run itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CycleFigures {
    /// Number of the cycle in the database.
    pub id: i64,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took, milliseconds.
    pub duration_ms: u64,
    /// How it ended.
    pub status: Status,
    /// Whether it ran out of time.
    pub deadline_hit: bool,
    /// The process's exit code.
    pub exit_code: u8,
}

/// Sources of news, by how their visit ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FeedFigures {
    /// Sources in the settings.
    pub total: u64,
    /// Read in full.
    pub fetched: u64,
    /// Answered 304.
    pub not_modified: u64,
    /// Not due yet.
    pub fresh: u64,
    /// Told to wait by their host.
    pub waiting: u64,
    /// Not read.
    pub failed: u64,
    /// Read after repair.
    pub repaired: u64,
    /// Bytes of the bodies read, after decompression.
    pub bytes: u64,
}

/// Entries of the feeds read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EntryFigures {
    /// Found in feeds.
    pub read: u64,
    /// Never seen before, or to be seen again under new rules.
    pub new: u64,
    /// New ones that cannot matter.
    pub dropped_early: u64,
    /// New ones that may matter.
    pub candidates: u64,
    /// Left for the next cycle.
    pub waiting: u64,
}

/// Articles, by where their text came from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ArticleFigures {
    /// Fetched in full.
    pub fetched: u64,
    /// Confirmed by a 304.
    pub not_modified: u64,
    /// Known and fresh.
    pub from_cache: u64,
    /// The feed carried the text.
    pub from_feed: u64,
    /// Not read.
    pub failed: u64,
    /// Bytes of the pages read, after decompression.
    pub bytes: u64,
}

/// X; all zero where X is off, `None` where nobody counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct XFigures {
    /// Calls sent.
    pub calls: u64,
    /// Accounts whose ids were asked for.
    pub users_looked_up: u64,
    /// Posts received.
    pub posts_read: u64,
    /// Posts never seen before.
    pub posts_new: u64,
    /// Posts and accounts refused, because they lie in the future or have no id.
    pub posts_refused: u64,
    /// Calls left for later by limits or money.
    pub calls_deferred: u64,
    /// Cost of this cycle.
    pub cost_usd: Usd,
    /// Cost of the calendar month so far, this cycle included.
    pub month_cost_usd: Option<Usd>,
    /// Answers that said we asked too often.
    pub rate_limit_violations: Option<u64>,
    /// What the month will have cost at its end, if every day costs what the last one did.
    pub month_forecast_usd: Option<Usd>,
    /// Whole days until the budget is used up; `None` where it lasts.
    pub budget_days_left: Option<u32>,
    /// What X itself last said of the posts it counts.
    pub usage: Option<XUsageFigures>,
    /// What X would be asked, in a dry run.
    pub planned: Option<XPlanned>,
    /// Why X could not be read, one sentence.
    pub problem: Option<String>,
}

/// Posts that X counts for the project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct XUsageFigures {
    /// When it was asked.
    pub asked_at: Timestamp,
    /// Posts of the present billing period.
    pub posts: Option<u64>,
    /// Posts that it allows.
    pub cap: Option<u64>,
    /// One sentence.
    pub says: String,
    /// What the operator should know, one sentence each.
    pub warnings: Vec<String>,
}

/// What a dry run would ask X.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct XPlanned {
    /// Calls, without further pages.
    pub calls: u64,
    /// What they cost at most: no more than the budget has left.
    pub max_cost_usd: Usd,
    /// What the month's budget has left.
    pub budget_left_usd: Usd,
    /// Spent and reserved in this month.
    pub month_cost_usd: Usd,
    /// Calls that limits or the budget leave out, with the reason.
    pub left_out: Vec<String>,
}

/// Stories that detections went to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StoryFigures {
    /// Opened.
    pub new: u64,
    /// Joined.
    pub updated: u64,
}

/// The network as the client saw it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HttpFigures {
    /// Requests sent, retries included.
    pub requests: u64,
    /// Connections opened, counted at the connector.
    pub connections_opened: u64,
    /// 1 − connections ÷ requests, 0–1; `None` without requests.
    pub connection_reuse: Option<f64>,
    /// Requests sent again.
    pub retries: u64,
    /// Bytes received, before decompression.
    pub bytes_received: u64,
    /// How the requests ended.
    pub outcomes: Outcomes,
    /// Requests that carried a validator.
    pub conditional: u64,
    /// Origins asked: so many requests at least had to open a connection.
    pub origins: u64,
    /// Of the requests beyond the first to their origin, the share on an open connection, 0–1; `None` without any.
    pub reuse_of_possible: Option<f64>,
}

impl HttpFigures {
    /// Adds the connection reuse to what was counted.
    #[must_use]
    pub fn new(
        requests: u64,
        connections_opened: u64,
        retries: u64,
        bytes_received: u64,
        outcomes: Outcomes,
    ) -> Self {
        // A connection may be opened ahead and never carry a request.
        let reused = requests.saturating_sub(connections_opened);
        let connection_reuse = ratio(reused, requests);
        Self {
            requests,
            connections_opened,
            connection_reuse,
            retries,
            bytes_received,
            outcomes,
            conditional: 0,
            origins: 0,
            reuse_of_possible: None,
        }
    }

    /// With the number of origins that were asked, and of requests that carried a validator.
    #[must_use]
    pub fn over(self, origins: u64, conditional: u64) -> Self {
        let possible = self.requests.saturating_sub(origins);
        let reused = self.requests.saturating_sub(self.connections_opened).min(possible);
        Self { origins, conditional, reuse_of_possible: ratio(reused, possible), ..self }
    }
}

/// Answers by status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Outcomes {
    /// Success with a body.
    #[serde(rename = "2xx")]
    pub success: u64,
    /// Not modified.
    #[serde(rename = "304")]
    pub not_modified: u64,
    /// The request was wrong, 429 excepted.
    #[serde(rename = "4xx")]
    pub client_error: u64,
    /// Too many requests.
    #[serde(rename = "429")]
    pub too_many: u64,
    /// The server failed.
    #[serde(rename = "5xx")]
    pub server_error: u64,
    /// No answer that could be used.
    pub error: u64,
}

/// What was known from before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CacheFigures {
    /// Feeds and articles asked of the cache.
    pub lookups: u64,
    /// Known and fresh.
    pub fresh_hits: u64,
    /// Known and confirmed by a 304.
    pub revalidated: u64,
    /// Fetched in full.
    pub misses: u64,
    /// (`fresh_hits` + `revalidated`) ÷ `lookups`, 0–1; `None` without lookups.
    pub hit_ratio: Option<f64>,
}

impl CacheFigures {
    /// Adds the hit ratio to what was counted.
    #[must_use]
    pub fn new(lookups: u64, fresh_hits: u64, revalidated: u64, misses: u64) -> Self {
        Self { lookups, fresh_hits, revalidated, misses, hit_ratio: ratio(fresh_hits + revalidated, lookups) }
    }
}

/// Memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MemoryFigures {
    /// Largest resident set of the process; `None` where the system does not tell.
    pub peak_rss_bytes: Option<u64>,
}

/// How the visit to a source ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceOutcome {
    /// Read in full.
    Fetched,
    /// Nothing new.
    NotModified,
    /// Not due yet.
    #[default]
    Fresh,
    /// Told to wait by its host.
    Waiting,
    /// Not read.
    Failed,
}

/// One source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceFigures {
    /// Its address in the settings.
    pub url: String,
    /// How the visit ended.
    pub outcome: SourceOutcome,
    /// Name of the failure.
    pub failure: Option<String>,
    /// Status code, if it answered.
    pub status: Option<u16>,
    /// Entries in its feed.
    pub entries: u64,
    /// New ones among them.
    pub new: u64,
    /// Time from request to the last byte, milliseconds; `None` if it was not asked.
    pub ms: Option<u64>,
}

/// An amount of US dollars in millionths; written as a string with six decimals, so that nobody rounds money.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Usd {
    /// Millionths of a dollar.
    pub micros: u64,
}

/// A text that is not an amount such as `1.230000`.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not an amount of dollars with six decimals")]
pub struct UsdError(String);

impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.micros / 1_000_000, self.micros % 1_000_000)
    }
}

impl From<Usd> for String {
    fn from(usd: Usd) -> Self {
        usd.to_string()
    }
}

impl TryFrom<String> for Usd {
    type Error = UsdError;

    fn try_from(text: String) -> Result<Self, UsdError> {
        let parsed = text.split_once('.').filter(|(_, decimals)| decimals.len() == 6).and_then(
            |(dollars, decimals)| {
                let micros: u64 = decimals.parse().ok()?;
                dollars.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(micros)
            },
        );
        parsed.map(|micros| Self { micros }).ok_or(UsdError(text))
    }
}

/// Processor time; `None` where the system does not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CpuFigures {
    /// In the program, milliseconds.
    pub user_ms: Option<u64>,
    /// In the system for it, milliseconds.
    pub system_ms: Option<u64>,
}

/// The statements a cycle ran.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DatabaseFigures {
    /// How many.
    pub statements: u64,
    /// Nineteen in twenty took no longer, whole milliseconds.
    pub p95_ms: Option<u32>,
    /// The longest, whole milliseconds.
    pub max_ms: Option<u32>,
    /// Those over 100 ms.
    pub slow: Vec<SlowFigures>,
}

impl DatabaseFigures {
    /// From how many statements took how many milliseconds.
    #[must_use]
    pub fn new(durations_ms: &BTreeMap<u32, u64>, slow: Vec<SlowFigures>) -> Self {
        let statements: u64 = durations_ms.values().sum();
        let rank = (statements * 95).div_ceil(100);
        let mut below = 0;
        let p95 = durations_ms.iter().find(|(_, count)| {
            below += **count;
            below >= rank
        });
        Self { statements, p95_ms: p95.map(|(ms, _)| *ms), max_ms: durations_ms.keys().last().copied(), slow }
    }
}

/// A statement that took over 100 ms.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SlowFigures {
    /// Its name.
    pub name: String,
    /// How often.
    pub count: u64,
    /// The longest, milliseconds.
    pub max_ms: u32,
}

#[cfg(test)]
mod tests;
