//! The time between cycles, and gaps in it. Pure.

use jiff::{SignedDuration, Timestamp};

use super::{level::CRITICAL, report::CycleFigures, targets::Limit};
use crate::model::Severity;

/// Fewest intervals of which one can be usual.
const INTERVALS: usize = 3;
/// Without `targets.max_gap`, a time between two cycles is a gap from this multiple of the usual one.
const USUAL: i32 = 3;
/// Such a gap is at least as long: the machine may have been restarted.
const LEAST: SignedDuration = SignedDuration::from_hours(1);

/// The usual time between the cycles that started at `starts`, newest first; `None` if they are too irregular.
#[must_use]
pub fn usual_interval(starts: &[Timestamp]) -> Option<SignedDuration> {
    let mut gaps: Vec<SignedDuration> =
        starts.windows(2).map(|pair| pair[0].duration_since(pair[1])).collect();
    gaps.sort_unstable();
    let quarter = |quarters: usize| gaps.get(gaps.len() * quarters / 4).copied();
    let (lower, median, upper) = (quarter(1)?, quarter(2)?, quarter(3)?);
    let is_regular = median > SignedDuration::ZERO && lower * 2 >= median && upper <= median * 2;
    (gaps.len() >= INTERVALS && is_regular).then_some(median)
}

/// Whether `gap`, the time between the start of a cycle and that of the cycle before, is too long, and how serious it
/// is. `starts` are those of the cycles before, newest first.
#[must_use]
pub fn gap_level(
    gap: SignedDuration,
    starts: &[Timestamp],
    max_gap: Option<Limit<std::time::Duration>>,
) -> Option<Severity> {
    let Some(limit) = max_gap else {
        let usual = usual_interval(starts)?;
        return (gap > (usual * USUAL).max(LEAST)).then_some(Severity::Warning);
    };
    let (gap, warning) = (gap.as_secs_f64(), limit.warning.as_secs_f64());
    let critical = limit.critical.map_or(warning * CRITICAL, |critical| critical.as_secs_f64());
    if gap >= critical { Some(Severity::Critical) } else { (gap > warning).then_some(Severity::Warning) }
}

/// The gap before the cycle that began at `started_at`, with its level; `None` if there is none, or if it directly
/// follows another one. `earlier` are the finished cycles before, newest first, `before` the start of the last one.
#[must_use]
pub fn new_gap(
    started_at: Timestamp,
    before: Timestamp,
    earlier: &[&CycleFigures],
    max_gap: Option<Limit<std::time::Duration>>,
) -> Option<(SignedDuration, Severity)> {
    let starts: Vec<Timestamp> = earlier.iter().map(|cycle| cycle.started_at).collect();
    let gap = started_at.duration_since(before);
    let level = gap_level(gap, &starts, max_gap)?;
    let last = earlier.first().and_then(|cycle| i64::try_from(cycle.gap_s?).ok());
    let follows = last.is_some_and(|last| {
        let starts = starts.get(1..).unwrap_or_default();
        gap_level(SignedDuration::from_secs(last), starts, max_gap).is_some()
    });
    (!follows).then_some((gap, level))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
    }

    /// The finished cycles that began at these minutes, newest first.
    fn cycles(minutes: &[i64]) -> Vec<CycleFigures> {
        let before = minutes.iter().skip(1).map(Some).chain([None]);
        let cycle = |(minute, before): (&i64, Option<&i64>)| CycleFigures {
            started_at: at(*minute),
            gap_s: before.and_then(|before| u64::try_from((minute - before) * 60).ok()),
            ..CycleFigures::default()
        };
        minutes.iter().zip(before).map(cycle).collect()
    }

    fn gap(minute: i64, earlier: &[i64], max_gap: Option<Limit<Duration>>) -> Option<(i64, Severity)> {
        let cycles = cycles(earlier);
        let earlier: Vec<&CycleFigures> = cycles.iter().collect();
        let (gap, level) = new_gap(at(minute), earlier[0].started_at, &earlier, max_gap)?;
        Some((gap.as_secs() / 60, level))
    }

    #[test]
    fn without_a_limit_three_usual_intervals_and_an_hour_are_a_gap() {
        let tens = [40, 30, 20, 10, 0];
        assert_eq!(gap(100, &tens, None), None, "an hour is none yet");
        assert_eq!(gap(101, &tens, None), Some((61, Severity::Warning)));
        assert_eq!(gap(40 + 91, &[40, 10, -20, -50], None), Some((91, Severity::Warning)));
        assert_eq!(gap(40 + 90, &[40, 10, -20, -50], None), None);
        assert_eq!(gap(400, &tens[..3], None), None, "two intervals are not usual yet");
        assert_eq!(gap(9999, &[600, 540, 90, 30, 0], None), None, "no interval is usual");
    }

    #[test]
    fn a_limit_decides_and_has_two_levels() {
        let limit = Some(Limit::from(Duration::from_mins(30)));
        for (minute, expected) in
            [(30, None), (31, Some((31, Severity::Warning))), (45, Some((45, Severity::Critical)))]
        {
            assert_eq!(gap(minute, &[0], limit), expected);
        }
        let two = Some(Limit { warning: Duration::from_mins(30), critical: Some(Duration::from_hours(4)) });
        assert_eq!(gap(239, &[0], two).unwrap().1, Severity::Warning);
        assert_eq!(gap(240, &[0], two).unwrap().1, Severity::Critical);
    }

    #[test]
    fn gaps_in_a_row_are_one() {
        let limit = Some(Limit::from(Duration::from_mins(5)));
        assert_eq!(gap(20, &[10, 9, 8], limit), Some((10, Severity::Critical)));
        assert_eq!(
            gap(30, &[20, 10, 9, 8], limit),
            None,
            "an interval longer than the limit is reported once"
        );
        assert_eq!(gap(41, &[31, 30, 20, 10], limit), Some((10, Severity::Critical)));
    }
}
