//! Cycles that took much longer than usual. Pure.

use std::collections::BTreeMap;

use super::{
    CycleReport,
    path::{PathStep, Phase},
    trend::median,
};

/// A cycle is slow if it took more than this many times the median of the cycles before it.
pub const FACTOR: f64 = 2.0;
/// A cycle up to this duration is never slow, milliseconds. Fractions of a second vary with the load of the machine.
pub const FLOOR_MS: u64 = 1000;
/// Cycles before a cycle whose median it is compared with: eight hours of a cycle each 10 minutes.
pub const BASE: usize = 50;
/// Without this many cycles before it, a cycle is not compared.
pub const FEWEST: usize = 10;
/// Slow cycles in a row that are a drift.
pub const IN_A_ROW: usize = 5;

/// Several slow cycles in a row, up to the last cycle.
#[derive(Debug, Clone, PartialEq)]
pub struct Drift {
    /// The slow cycles; at least [`IN_A_ROW`].
    pub cycles: usize,
    /// Their median duration, milliseconds.
    pub now_ms: f64,
    /// Median duration of the cycles before them, milliseconds.
    pub before_ms: f64,
    /// The phase of the critical path that grew most; `None` if no path was recorded.
    pub phase: Option<Phase>,
    /// The host that grew most in this phase; `None` if the phase concerns no host.
    pub host: Option<String>,
}

/// For each of `durations_ms`, newest first, the median that it exceeds by [`FACTOR`]; `None` if it is not slow.
#[must_use]
pub fn exceeded_medians(durations_ms: &[u64]) -> Vec<Option<f64>> {
    let exceeded = |at: usize| {
        let duration = durations_ms[at];
        if duration <= FLOOR_MS {
            return None;
        }
        let before: Vec<f64> = durations_ms[at + 1..].iter().take(BASE).map(|ms| *ms as f64).collect();
        let usual = if before.len() < FEWEST { None } else { median(before) };
        usual.filter(|usual| duration as f64 > FACTOR * usual)
    };
    (0..durations_ms.len()).map(exceeded).collect()
}

/// The drift that lasts at the newest of `reports`, newest first; [`IN_A_ROW`] + [`BASE`] reports suffice.
#[must_use]
pub fn drift(reports: &[CycleReport]) -> Option<Drift> {
    let durations: Vec<u64> = reports.iter().map(|report| report.cycle.duration_ms).collect();
    let cycles = exceeded_medians(&durations).iter().take_while(|usual| usual.is_some()).count();
    if cycles < IN_A_ROW {
        return None;
    }
    let (slow, before) = reports.split_at(cycles);
    let before = &before[..before.len().min(BASE)];
    let middle =
        |reports: &[CycleReport]| median(reports.iter().map(|report| report.cycle.duration_ms as f64));
    let grown = grown(slow, before);
    let most =
        |steps: BTreeMap<_, f64>| steps.into_iter().max_by(|a, b| a.1.total_cmp(&b.1)).map(|(key, _)| key);
    let mut phases: BTreeMap<Phase, f64> = BTreeMap::new();
    for ((phase, _), ms) in &grown {
        *phases.entry(*phase).or_default() += ms;
    }
    let phase = most(phases);
    let of_phase =
        grown.into_iter().filter(|((of, host), ms)| Some(*of) == phase && !host.is_empty() && *ms > 0.0);
    let host = of_phase.max_by(|a, b| a.1.total_cmp(&b.1)).map(|((_, host), _)| host.to_owned());
    Some(Drift { cycles, now_ms: middle(slow)?, before_ms: middle(before)?, phase, host })
}

/// By how many milliseconds per cycle each step of the critical path grew from `before` to `slow`.
fn grown<'a>(slow: &'a [CycleReport], before: &'a [CycleReport]) -> BTreeMap<(Phase, &'a str), f64> {
    let mut grown = BTreeMap::new();
    let mut add = |reports: &'a [CycleReport], sign: f64| {
        let steps = reports.iter().flat_map(|report| &report.critical_path);
        for PathStep { part, host, ms } in steps {
            *grown.entry((*part, host.as_str())).or_default() += sign * ms / reports.len() as f64;
        }
    };
    add(slow, 1.0);
    add(before, -1.0);
    grown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(ms: u64, steps: &[(Phase, &str, f64)]) -> CycleReport {
        let step = |(part, host, ms): &(Phase, &str, f64)| PathStep {
            part: *part,
            host: (*host).to_owned(),
            ms: *ms,
        };
        let mut report =
            CycleReport { critical_path: steps.iter().map(step).collect(), ..CycleReport::default() };
        report.cycle.duration_ms = ms;
        report
    }

    fn usual() -> CycleReport {
        report(2000, &[(Phase::Plan, "", 50.0), (Phase::Answer, "a.example", 1900.0)])
    }

    fn slow(ms: u64) -> CycleReport {
        let answer = ms as f64 - 1500.0;
        report(
            ms,
            &[
                (Phase::Plan, "", 60.0),
                (Phase::Answer, "b.example", answer),
                (Phase::Save, "b.example", 1400.0),
            ],
        )
    }

    #[test]
    fn a_cycle_is_compared_with_the_median_before_it() {
        let mut durations = vec![9000, 4001, 4000];
        durations.extend([2000; 12]);
        let medians = exceeded_medians(&durations);
        assert_eq!(medians[..4], [Some(2000.0), Some(2000.0), None, None]);
        assert_eq!(exceeded_medians(&[9000, 2000, 2000]), [None; 3], "too few cycles before it");
    }

    #[test]
    fn short_cycles_are_never_slow() {
        let mut durations = vec![FLOOR_MS, FLOOR_MS + 1];
        durations.extend([20; 12]);
        assert_eq!(exceeded_medians(&durations)[..2], [None, Some(20.0)]);
    }

    #[test]
    fn five_slow_cycles_in_a_row_are_a_drift_with_its_phase_and_host() {
        let mut reports: Vec<_> = (0..4).map(|_| slow(6000)).collect();
        reports.extend((0..20).map(|_| usual()));
        assert_eq!(drift(&reports), None);
        reports.insert(0, slow(8000));
        let found = drift(&reports).unwrap();
        assert_eq!((found.cycles, found.now_ms, found.before_ms), (5, 6000.0, 2000.0));
        assert_eq!((found.phase, found.host.as_deref()), (Some(Phase::Answer), Some("b.example")));
        reports.insert(0, usual());
        assert_eq!(drift(&reports), None, "the last cycle is as usual");
    }

    #[test]
    fn a_phase_without_a_host_names_none() {
        let mut reports: Vec<_> = (0..5).map(|_| report(9000, &[(Phase::End, "", 8000.0)])).collect();
        reports.extend((0..20).map(|_| usual()));
        let found = drift(&reports).unwrap();
        assert_eq!((found.phase, found.host), (Some(Phase::End), None));
        for report in &mut reports {
            report.critical_path.clear();
        }
        assert_eq!(drift(&reports).unwrap().phase, None);
    }
}
