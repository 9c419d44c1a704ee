//! The critical path: the chain of work that decided how long a cycle took. Pure.
//!
//! Visits run in parallel, so sums of their times say little about the cycle. The path ends with the visit that was
//! saved last; before it comes the visit that queued it, and so on back to the plan.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

/// What a cycle, or one visit of it, was doing; in the order of a visit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[derive(IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Phase {
    /// Selection of the due sources.
    #[default]
    Plan,
    /// Waiting for the host's interval, or for a free request among all.
    Pacing,
    /// Waiting for a host's response.
    Answer,
    /// Bytes to entries, page to text.
    Read,
    /// Filtering and judging texts.
    Judge,
    /// Waiting for a core, a parser thread, a retry or a page that another visit fetches.
    Wait,
    /// Waiting for the database, and saving.
    Save,
    /// Clean-up and the report.
    End,
}

impl Phase {
    /// The name used in outputs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Time that one visit spent on one phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names suffice")]
pub struct Span {
    pub part: Phase,
    /// From the start of the cycle.
    pub start: Duration,
    pub took: Duration,
}

/// One visit; times are counted from the start of the cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names suffice")]
pub struct VisitTrace {
    pub host: String,
    /// The trace of the visit that queued it; `None` for a visit of the plan.
    pub parent: Option<usize>,
    /// When it was queued.
    pub start: Duration,
    pub completed: Duration,
    pub saved: Duration,
    pub spans: Vec<Span>,
}

/// One step of the critical path.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the names suffice")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PathStep {
    pub part: Phase,
    /// Empty for the phases of the cycle itself.
    pub host: String,
    pub ms: f64,
}

/// The critical path of a cycle that took `whole`, plan first. Its steps add up to the whole.
#[must_use]
pub fn critical(traces: &[VisitTrace], whole: Duration) -> Vec<PathStep> {
    let mut chain = Vec::new();
    let mut at = traces.iter().enumerate().max_by_key(|(_, trace)| trace.saved).map(|(at, _)| at);
    while let Some(trace) = at.and_then(|at| traces.get(at)).filter(|_| chain.len() < traces.len()) {
        chain.push(trace);
        at = trace.parent;
    }
    chain.reverse();
    let mut steps = Vec::new();
    let mut step = |part: Phase, host: &str, took: Duration| {
        if !took.is_zero() {
            let ms = (took.as_secs_f64() * 1e6).round() / 1e3;
            steps.push(PathStep { part, host: host.to_owned(), ms });
        }
    };
    step(Phase::Plan, "", chain.first().map_or(Duration::ZERO, |trace| trace.start));
    let mut last = chain.first().map_or(Duration::ZERO, |trace| trace.start);
    for trace in &chain {
        step(Phase::Save, &trace.host, trace.start.saturating_sub(last));
        let mut known = Duration::ZERO;
        for &part in Phase::VARIANTS {
            let took: Duration =
                trace.spans.iter().filter(|span| span.part == part).map(|span| span.took).sum();
            known += took;
            step(part, &trace.host, took);
        }
        step(Phase::Wait, &trace.host, trace.completed.saturating_sub(trace.start).saturating_sub(known));
        step(Phase::Save, &trace.host, trace.saved.saturating_sub(trace.completed));
        last = trace.saved;
    }
    step(Phase::End, "", whole.saturating_sub(last));
    steps
}

/// The steps of several cycles, summed by phase and host, longest first.
#[must_use]
pub fn totals<'a>(paths: impl Iterator<Item = &'a [PathStep]>) -> Vec<PathStep> {
    let mut totals: Vec<PathStep> = Vec::new();
    for step in paths.flatten() {
        match totals.iter_mut().find(|known| known.part == step.part && known.host == step.host) {
            Some(known) => known.ms += step.ms,
            None => totals.push(step.clone()),
        }
    }
    totals.sort_by(|a, b| b.ms.total_cmp(&a.ms));
    totals
}

/// What to change where a cycle spends its time on `phase`.
#[must_use]
pub fn advice(phase: Phase) -> &'static str {
    match phase {
        Phase::Pacing => {
            "several requests to one host wait for each other: http.per_host_interval, http.per_host_concurrency; for many hosts http.concurrency"
        }
        Phase::Answer => "this host answers slowly: lower http.total_timeout, or drop or disable the source",
        Phase::Read => {
            "reading bodies takes CPU: a lower http.page_body_limit, fewer sources at once, or more cores"
        }
        Phase::Judge => "judging takes CPU: a shorter watch list, or more cores",
        Phase::Wait => {
            "all cores are busy, or a retry was waited for: more cores, or drop the source that has to be retried"
        }
        Phase::Save => "the database is slow: put the state folder on a faster disk",
        Phase::Plan | Phase::End => {
            "the database is slow to read or clean up: put the state folder on a faster disk, or `tge-scrape db prune`"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn trace(host: &str, parent: Option<usize>, times: [u64; 3], spans: &[(Phase, u64)]) -> VisitTrace {
        let spans =
            spans.iter().map(|(part, took)| Span { part: *part, start: ms(times[0]), took: ms(*took) });
        let [start, completed, saved] = times.map(ms);
        VisitTrace { host: host.to_owned(), parent, start, completed, saved, spans: spans.collect() }
    }

    #[test]
    fn the_path_follows_the_last_visit_back_to_the_plan_and_adds_up_to_the_whole() {
        let traces = [
            trace("quick", None, [2, 30, 31], &[(Phase::Answer, 28)]),
            trace("slow", None, [2, 90, 95], &[(Phase::Answer, 80), (Phase::Read, 5)]),
            trace("page", Some(1), [95, 160, 161], &[(Phase::Pacing, 40), (Phase::Answer, 20)]),
        ];
        let path = critical(&traces, ms(170));
        let steps: Vec<_> =
            path.iter().map(|step| (step.part.as_str(), step.host.as_str(), step.ms)).collect();
        assert_eq!(
            steps,
            [
                ("plan", "", 2.0),
                ("answer", "slow", 80.0),
                ("read", "slow", 5.0),
                ("wait", "slow", 3.0),
                ("save", "slow", 5.0),
                ("pacing", "page", 40.0),
                ("answer", "page", 20.0),
                ("wait", "page", 5.0),
                ("save", "page", 1.0),
                ("end", "", 9.0),
            ]
        );
        assert!((path.iter().map(|step| step.ms).sum::<f64>() - 170.0).abs() < 1e-6);
    }

    #[test]
    fn a_cycle_without_visits_is_all_end() {
        assert_eq!(critical(&[], ms(7)), [PathStep { part: Phase::End, host: String::new(), ms: 7.0 }]);
    }

    #[test]
    fn several_cycles_are_added_by_part_and_host() {
        let answer = |ms| PathStep { part: Phase::Answer, host: "x".to_owned(), ms };
        let plan = PathStep { part: Phase::Plan, host: String::new(), ms: 1.0 };
        let (a, b) = ([answer(5.0), plan.clone()], [answer(4.0)]);
        assert_eq!(totals([&a[..], &b[..]].into_iter()), [answer(9.0), plan]);
    }
}
