//! Times of the week: `09:00` on each day, `Mon 09:00`, `Mon,Thu 09:00`. Pure.

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, Time},
    tz::TimeZone,
};

/// Names of the days, Monday first.
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
/// Days in which a time of the week occurs, and one more: daylight saving may skip an occurrence.
const REACH: i32 = 14;

/// A time of day on some days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeekTime {
    /// Monday first.
    days: [bool; 7],
    time: Time,
}

impl WeekTime {
    /// On every day.
    pub const fn daily(time: Time) -> Self {
        Self { days: [true; 7], time }
    }

    /// On Mondays.
    pub const fn monday(time: Time) -> Self {
        Self { days: [true, false, false, false, false, false, false], time }
    }

    /// Reads `09:00`, `Mon 09:00` or `Mon,Thu 09:00`.
    pub fn read(text: &str) -> Option<Self> {
        let Some((names, time)) = text.trim().rsplit_once(char::is_whitespace) else {
            return clock_time(text).map(Self::daily);
        };
        let mut days = [false; 7];
        for name in names.split(',') {
            let name = name.trim();
            let day = DAYS.iter().position(|day| day.eq_ignore_ascii_case(name))?;
            days[day] = true;
        }
        Some(Self { days, time: clock_time(time)? })
    }

    /// Whether it is once a week.
    pub fn is_weekly(&self) -> bool {
        self.days.iter().filter(|day| **day).count() == 1
    }

    /// Its instant on `date`, if it is on that day of the week. A time that daylight saving skips is an hour later.
    fn on(&self, date: Date, zone: &TimeZone) -> Option<Timestamp> {
        let day = usize::try_from(date.weekday().to_monday_zero_offset()).ok()?;
        let at = || date.to_datetime(self.time).to_zoned_datetime(zone.clone()).ok();
        self.days[day].then(at).flatten().map(|at| at.timestamp())
    }
}

/// Reads a time of day such as `09:00`.
pub fn clock_time(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    let two = |text: &str| text.parse().ok().filter(|_| text.len() == 2);
    Time::new(two(hour)?, two(minute)?, 0, 0).ok()
}

/// The first of `times` after `now` in `zone`.
pub fn next(times: &[WeekTime], zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    around(times, zone, now, 0..=REACH).filter(|at| *at > now).min()
}

/// The last of `times` up to `now` in `zone`.
pub fn latest(times: &[WeekTime], zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    around(times, zone, now, -REACH..=0).filter(|at| *at <= now).max()
}

fn around(
    times: &[WeekTime],
    zone: &TimeZone,
    now: Timestamp,
    days: std::ops::RangeInclusive<i32>,
) -> impl Iterator<Item = Timestamp> {
    let today = now.to_zoned_datetime(zone.clone()).date();
    let dates = days.filter_map(move |days| today.checked_add(days.days()).ok());
    dates.flat_map(move |date| times.iter().filter_map(move |time| time.on(date, zone)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_time_of_the_week_is_read_with_its_days() {
        for text in ["09:00", "Mon 09:00", "mon,Thu 09:00", " Mon, Thu  09:00 "] {
            assert!(WeekTime::read(text).is_some(), "{text}");
        }
        for text in ["9:00", "Mon", "Monday 09:00", "Mon 24:00", ", 09:00", "Mon Thu 09:00", ""] {
            assert_eq!(WeekTime::read(text), None, "{text}");
        }
        assert!(WeekTime::read("Sun 09:00").unwrap().is_weekly());
        assert!(!WeekTime::read("Mon,Sun 09:00").unwrap().is_weekly());
    }

    #[test]
    fn the_next_and_the_latest_time_are_those_of_the_zone() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let monday = [WeekTime::read("Mon 09:00").unwrap()];
        // 2026-11-23 is a Monday; Berlin is an hour ahead of UTC in winter, two in summer.
        assert_eq!(next(&monday, &berlin, at("2026-11-23T07:59:59Z")), Some(at("2026-11-23T08:00:00Z")));
        assert_eq!(next(&monday, &berlin, at("2026-11-23T08:00:00Z")), Some(at("2026-11-30T08:00:00Z")));
        assert_eq!(latest(&monday, &berlin, at("2026-11-23T08:00:00Z")), Some(at("2026-11-23T08:00:00Z")));
        assert_eq!(latest(&monday, &berlin, at("2026-11-23T07:59:59Z")), Some(at("2026-11-16T08:00:00Z")));
        assert_eq!(latest(&monday, &berlin, at("2026-07-01T00:00:00Z")), Some(at("2026-06-29T07:00:00Z")));
        let twice = [WeekTime::read("Mon,Thu 09:00").unwrap()];
        assert_eq!(
            next(&twice, &TimeZone::UTC, at("2026-11-23T09:00:00Z")),
            Some(at("2026-11-26T09:00:00Z"))
        );
        assert_eq!(next(&[], &TimeZone::UTC, at("2026-11-23T09:00:00Z")), None);
    }
}
