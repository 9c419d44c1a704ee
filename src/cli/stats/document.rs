//! The figures for programs.

use serde::Serialize;

use crate::{
    cli::history::History,
    figures::{
        CycleReport, availability::Availability, checks::Judged, level::Level, report::Schema,
        sources::SourceView, sums::Sums, targets::Target,
    },
    store::{Labels, RunningCycle},
};

/// What `stats --format json` prints.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Stats"))]
pub struct StatsDocument<'a> {
    schema: Schema,
    /// Reports, newest first.
    cycles: &'a [CycleReport],
    /// Of the last cycle.
    targets: Vec<JudgedTarget>,
    checks: &'a [Judged],
    sources: &'a [SourceView],
    /// Of all cycles.
    totals: &'a Sums,
    /// Detections with a label of the user.
    labelled: u32,
    /// The share of them that are launches, 0–1; null if there is none.
    precision: Option<f64>,
    /// `x.monthly_budget_usd`, with six decimals.
    x_budget_month_usd: String,
    /// Of the last 30 days; null without a cycle that has ended.
    availability: Option<Availability>,
    /// The cycle that runs, if it takes longer than some seconds.
    running: Option<RunningCycle>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct JudgedTarget {
    #[serde(flatten)]
    target: Target,
    /// Over the last cycles.
    level: Level,
}

impl<'a> StatsDocument<'a> {
    pub(super) fn new(
        history: &'a History,
        labels: Labels,
        availability: Option<Availability>,
        running: Option<RunningCycle>,
    ) -> Self {
        let levels = history.levels().into_iter();
        Self {
            schema: Schema::default(),
            cycles: &history.reports,
            targets: levels.map(|(target, level)| JudgedTarget { target, level }).collect(),
            checks: &history.checks,
            sources: &history.sources,
            totals: &history.all,
            labelled: labels.all,
            precision: labels.precision(),
            x_budget_month_usd: format!("{:.6}", history.x_budget_usd),
            availability,
            running,
        }
    }
}
