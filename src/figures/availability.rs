//! How regularly cycles run and how they end. Pure.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{ratio, trend::median};
use crate::model::{CycleStart, CycleStatus};

/// A cycle is late if it started later than this many times the usual distance after the one before it.
const LATE: f64 = 1.5;
/// Fewest distances that make one usual.
const FEWEST: usize = 5;

/// The cycles of a time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Availability {
    /// Cycles that have started, without the one that runs.
    pub cycles: u64,
    /// Of these, the cycles with status `ok`. A process that died is not.
    pub ok: u64,
    /// `ok` ÷ `cycles`, 0–1.
    pub ok_ratio: f64,
    /// Cycles that started later than 1.5 times the median distance after the cycle before, from five
    /// distances on.
    pub late: u64,
    /// The longest time between the starts of two cycles, or since the start of the last one, seconds.
    pub longest_gap_s: u64,
}

/// The availability over `starts`, oldest first, at `now`; `None` without a cycle that has ended. Only the last cycle can
/// be running: without an end it is not counted while it is younger than `timeout`.
#[must_use]
pub fn availability(starts: &[CycleStart], now: Timestamp, timeout: SignedDuration) -> Option<Availability> {
    let is_running = starts
        .last()
        .is_some_and(|last| last.status.is_none() && now.duration_since(last.started_at) <= timeout);
    let cycles = (starts.len() - usize::from(is_running)) as u64;
    let ok = starts.iter().filter(|start| start.status == Some(CycleStatus::Ok)).count() as u64;
    let distances: Vec<i64> = starts
        .windows(2)
        .map(|pair| pair[1].started_at.duration_since(pair[0].started_at).as_secs().max(0))
        .collect();
    let usual = median(distances.iter().map(|seconds| *seconds as f64)).unwrap_or(0.0);
    let is_late = |seconds: &&i64| distances.len() >= FEWEST && **seconds as f64 > LATE * usual;
    let late = distances.iter().filter(is_late).count() as u64;
    let since_last = starts.last().map(|last| now.duration_since(last.started_at).as_secs());
    let longest = distances.into_iter().chain(since_last).max().unwrap_or(0);
    let longest_gap_s = u64::try_from(longest).unwrap_or(0);
    Some(Availability { cycles, ok, ok_ratio: ratio(ok, cycles)?, late, longest_gap_s })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: SignedDuration = SignedDuration::from_mins(4);

    fn starts(minutes: &[i64]) -> Vec<CycleStart> {
        let start = |(id, minute): (usize, &i64)| CycleStart {
            id: i64::try_from(id).unwrap(),
            started_at: Timestamp::UNIX_EPOCH + SignedDuration::from_mins(*minute),
            duration_ms: Some(900),
            status: Some(CycleStatus::Ok),
        };
        minutes.iter().enumerate().map(start).collect()
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute)
    }

    #[test]
    fn late_cycles_and_the_longest_gap_are_those_of_the_starts() {
        let mut cycles = starts(&[0, 10, 20, 35, 46, 87, 97]);
        cycles[2].status = Some(CycleStatus::Degraded);
        // 15 minutes are not more than 1.5 times 10 minutes and a half, the median of the distances.
        let found = availability(&cycles, at(98), TIMEOUT).unwrap();
        assert_eq!((found.cycles, found.ok, found.ok_ratio.to_bits()), (7, 6, 0.8571_f64.to_bits()));
        assert_eq!((found.late, found.longest_gap_s), (1, 41 * 60));
        assert_eq!(availability(&cycles, at(187), TIMEOUT).unwrap().longest_gap_s, 90 * 60);
        let few = starts(&[0, 1, 30]);
        assert_eq!(availability(&few, at(31), TIMEOUT).unwrap().late, 0, "two distances are not usual");
    }

    #[test]
    fn a_running_cycle_is_not_counted_and_a_dead_one_is_not_ok() {
        let mut cycles = starts(&[0, 10, 20]);
        (cycles[2].status, cycles[2].duration_ms) = (None, None);
        let running = availability(&cycles, at(21), TIMEOUT).unwrap();
        assert_eq!((running.cycles, running.ok), (2, 2));
        let dead = availability(&cycles, at(25), TIMEOUT).unwrap();
        assert_eq!((dead.cycles, dead.ok), (3, 2));
        assert_eq!(availability(&[], at(0), TIMEOUT), None);
        assert_eq!(availability(&cycles[2..], at(21), TIMEOUT), None);
    }
}
