use super::*;
use crate::figures::catalog::find;

const HOUR: i64 = 3600;

fn now() -> Timestamp {
    "2026-11-28T15:00:00Z".parse().unwrap()
}

/// A past of one cycle an hour for `hours` hours before now, each with the new stories that `stories` gives for its age in
/// hours.
fn past(hours: i64, stories: impl Fn(i64) -> u64) -> Past {
    let mut past = Past::default();
    for age in 1..=hours {
        let at = now() - SignedDuration::from_secs(age * HOUR);
        let sums = Sums {
            cycles: 1,
            stories_new: stories(age),
            feeds_asked: 1,
            feeds_failed: u64::from(age % 2 == 0),
            ..Sums::default()
        };
        past.cycles.insert(at, sums);
        past.days.entry(date(at)).or_default().add(&sums);
        past.first = Some(at);
    }
    past
}

fn check(figure: &str, hours: u64, bounds: Bounds) -> Check {
    let over = Duration::from_hours(hours);
    Check { figure: find(figure).unwrap(), over, bounds, level: Severity::Warning }
}

fn least(value: f64) -> Bounds {
    Bounds { at_least: Some(value), ..Bounds::default() }
}

fn most(value: f64) -> Bounds {
    Bounds { at_most: Some(value), ..Bounds::default() }
}

#[test]
fn a_window_is_the_cycles_of_its_first_day_and_the_days_after_it() {
    for hours in [1, 3, 15, 24, 47, 100, 240] {
        let check = check("stories.new", hours, least(1.0));
        let all = past(480, |age| u64::try_from(age * age).unwrap());
        let (first, times) = check.needs(now(), Duration::from_hours(30 * 24));
        let mut needed = all.clone();
        needed.days.retain(|day, _| *day >= first);
        needed.cycles.retain(|at, _| times.iter().any(|(start, end)| start <= at && at < end));
        let hours = i64::try_from(hours).unwrap();
        let expected: i64 = (1..=hours).map(|age| age * age).sum();
        let value = check.judge(&needed, now()).value;
        assert_eq!(value, Some(expected as f64), "{hours} h: the newest cycles, no other");
    }
}

#[test]
fn bounds_are_judged_on_either_side() {
    let past = past(48, |age| u64::from(age <= 10));
    let ok = |bounds| check("stories.new", 24, bounds).judge(&past, now()).ok;
    assert_eq!([10.0, 11.0].map(|bound| ok(least(bound))), [Some(true), Some(false)]);
    assert_eq!([9.0, 10.0].map(|bound| ok(most(bound))), [Some(false), Some(true)]);
    assert_eq!(ok(Bounds { at_least: Some(1.0), at_most: Some(5.0), ..Bounds::default() }), Some(false));
}

#[test]
fn a_time_that_no_history_fills_has_no_minimum() {
    let short = past(23, |_| 0);
    let full = past(24, |_| 0);
    let of = |past: &Past, bounds| check("stories.new", 24, bounds).judge(past, now());
    assert_eq!(of(&short, least(1.0)).ok, None);
    assert_eq!(of(&short, most(1.0)).ok, Some(true));
    assert_eq!(of(&full, least(1.0)).ok, Some(false));
    let none = of(&Past::default(), most(1.0));
    assert_eq!((none.value, none.ok), (None, None), "no cycle, no judgement");
}

#[test]
fn a_share_of_few_cases_is_not_judged() {
    let over = |hours| check("feeds.error_ratio", hours, most(0.1)).judge(&past(48, |_| 0), now());
    assert_eq!((over(19).value, over(19).ok), (None, None));
    assert_eq!((over(20).value, over(20).ok), (Some(0.5), Some(false)));
}

#[test]
fn a_ratio_refers_to_the_median_of_the_times_before() {
    let factor = |at_most| Bounds { at_most_of_median: Some(at_most), ..Bounds::default() };
    // Four new stories an hour, and in the last hour 13.
    let hourly = past(24, |age| if age == 1 { 13 } else { 4 });
    let judged = check("stories.new", 1, factor(3.0)).judge(&hourly, now());
    assert_eq!((judged.value, judged.median, judged.ok), (Some(13.0), Some(4.0), Some(false)));
    assert_eq!(check("stories.new", 1, factor(3.25)).judge(&hourly, now()).ok, Some(true));
    let days = past(24 * 10, |age| if age <= 24 { 9 } else { 1 });
    let judged = check("stories.new", 24, factor(3.0)).judge(&days, now());
    assert_eq!((judged.value, judged.median, judged.ok), (Some(216.0), Some(24.0), Some(false)));
    // Three earlier times are the fewest.
    for (hours, known) in [(3, false), (4, true)] {
        let judged = check("stories.new", 1, factor(0.5)).judge(&past(hours, |_| 4), now());
        assert_eq!((judged.median.is_some(), judged.ok.is_some()), (known, known), "{hours} h");
    }
}

#[test]
fn what_a_check_needs_covers_its_median() {
    let bounds = Bounds { at_least_of_median: Some(0.2), ..Bounds::default() };
    for hours in [1, 6, 23, 24, 48, 96] {
        let check = check("stories.new", hours, bounds);
        let all = past(24 * 40, |age| u64::try_from(age % 7).unwrap());
        let (first, times) = check.needs(now(), Duration::from_hours(30 * 24));
        let mut needed = all.clone();
        needed.days.retain(|day, _| *day >= first);
        needed.cycles.retain(|at, _| times.iter().any(|(start, end)| start <= at && at < end));
        assert_eq!(check.judge(&needed, now()), check.judge(&all, now()), "{hours} h");
        assert!(check.judge(&all, now()).median.is_some());
    }
}

#[test]
fn a_check_is_shown_in_the_unit_of_its_figure() {
    let judged = check("cycle.longest_ms", 24, most(60_000.0)).judge(&Past::default(), now());
    assert_eq!(judged.measured(), "cycle.longest_ms over 1d: not measured");
    assert_eq!(judged.wanted(), "at most 1m");
    let units =
        [(0.123, Unit::Ratio), (1500.0, Unit::Milliseconds), (1e8, Unit::Bytes), (1.5, Unit::Dollars)];
    assert_eq!(
        units.map(|(value, unit)| show(value, unit)),
        ["12.3 %", "1500ms", "95MiB", "1.50 US dollars"]
    );
    let json = serde_json::to_value(&judged).unwrap();
    assert_eq!(
        (&json["over"], &json["at_most"], &json["ok"]),
        (&"1d".into(), &60000.into(), &serde_json::Value::Null)
    );
}
