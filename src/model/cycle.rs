//! How cycles and their visits ended, under the names that outputs and the database use.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

/// How a cycle ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, EnumString)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum CycleStatus {
    /// As it should.
    #[default]
    Ok,
    /// Too many sources failed, or the time was up.
    Degraded,
    /// Not written any more; older reports may hold it.
    Failed,
}

impl CycleStatus {
    /// The name used in outputs and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A stored cycle without its report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CycleStart {
    /// Its number.
    pub id: i64,
    /// When it began.
    pub started_at: Timestamp,
    /// `None` if the cycle has not finished.
    pub duration_ms: Option<u64>,
    /// `None` if the cycle has not finished.
    pub status: Option<CycleStatus>,
}

/// How the visit to a source ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum SourceStatus {
    /// Read in full.
    Fetched,
    /// Nothing new.
    NotModified,
    /// Not due yet.
    #[default]
    Fresh,
    /// Its host, or an earlier failure, defers it; or the cycle ended first.
    Waiting,
    /// Not read.
    Failed,
}

impl SourceStatus {
    /// The name used in outputs and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A database statement that took over 100 ms.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SlowStatement {
    /// Its name in the source code.
    pub name: String,
    /// Executions.
    pub count: u64,
    /// The longest, milliseconds.
    pub max_ms: u32,
}
