//! Days, ISO weeks and months, and the sums of their cycles. Pure.

use std::collections::BTreeMap;

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, ISOWeekDate, Weekday},
    tz::TimeZone,
};
use strum::IntoStaticStr;

use super::{histogram::Times, stages::StageTimes, sums::Sums};

/// The length of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Length {
    /// A day, UTC.
    Day,
    /// An ISO week: Monday to Sunday, UTC.
    Week,
    /// A calendar month, UTC.
    Month,
}

/// A period with the days that are stored of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// `2026-11-21`, `2026-W47`, `2026-11`.
    pub name: String,
    /// First day.
    pub first: Date,
    /// Last day.
    pub last: Date,
}

/// The day of `at`, UTC.
#[must_use]
pub fn date(at: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(at).date()
}

impl Length {
    /// The name in outputs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The period of `day`.
    #[must_use]
    pub fn period(self, day: Date) -> Period {
        match self {
            Self::Day => Period { name: day.to_string(), first: day, last: day },
            Self::Week => {
                let week = day.iso_week_date();
                let at = |weekday| {
                    ISOWeekDate::new(week.year(), week.week(), weekday).map_or(day, ISOWeekDate::date)
                };
                let name = format!("{:04}-W{:02}", week.year(), week.week());
                Period { name, first: at(Weekday::Monday), last: at(Weekday::Sunday) }
            }
            Self::Month => Period {
                name: day.strftime("%Y-%m").to_string(),
                first: day.first_of_month(),
                last: day.last_of_month(),
            },
        }
    }

    /// The periods of all days from `first` to `last`, oldest first.
    #[must_use]
    pub fn split(self, first: Date, last: Date) -> Vec<Period> {
        let mut periods = Vec::new();
        let mut day = first;
        while day <= last {
            let period = self.period(day);
            let next = period.last.checked_add(1.day());
            periods.push(period);
            let Ok(next) = next else { break };
            day = next;
        }
        periods
    }
}

/// A period with the figures of its cycles.
#[derive(Debug, Clone, PartialEq)]
pub struct PeriodFigures {
    /// Which.
    pub period: Period,
    /// Of all its cycles.
    pub sums: Sums,
    /// How long each stage took; empty unless asked for.
    pub stages: StageTimes,
    /// How long whole cycles took; not measured unless asked for.
    pub whole: Times,
    /// Whether its last day is over.
    pub is_complete: bool,
}

/// The sums of `days`, by date, from `first` to `last`.
#[must_use]
pub fn sum_of(days: &BTreeMap<Date, Sums>, first: Date, last: Date) -> Sums {
    let mut sums = Sums::default();
    for day in days.range(first..=last) {
        sums.add(day.1);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(length: Length, first: &str, last: &str) -> Vec<String> {
        let periods = length.split(first.parse().unwrap(), last.parse().unwrap());
        periods.into_iter().map(|period| period.name).collect()
    }

    #[test]
    fn weeks_are_iso_weeks_and_belong_to_one_year() {
        assert_eq!(
            names(Length::Week, "2026-12-27", "2027-01-11"),
            ["2026-W52", "2026-W53", "2027-W01", "2027-W02"]
        );
        let week = Length::Week.period("2027-01-03".parse().unwrap());
        assert_eq!(
            (week.first.to_string(), week.last.to_string()),
            ("2026-12-28".into(), "2027-01-03".into())
        );
    }

    #[test]
    fn days_and_months_cover_their_ends() {
        assert_eq!(names(Length::Day, "2026-02-28", "2026-03-01"), ["2026-02-28", "2026-03-01"]);
        assert_eq!(names(Length::Month, "2025-12-31", "2026-02-01"), ["2025-12", "2026-01", "2026-02"]);
        assert_eq!(names(Length::Month, "2026-02-01", "2026-01-01"), Vec::<String>::new());
    }

    #[test]
    fn a_period_is_the_sum_of_its_days() {
        let day = |text: &str| -> Date { text.parse().unwrap() };
        let sums = |cycles| Sums { cycles, ..Sums::default() };
        let days = BTreeMap::from([
            (day("2026-11-01"), sums(1)),
            (day("2026-11-30"), sums(2)),
            (day("2026-12-01"), sums(4)),
        ]);
        assert_eq!(sum_of(&days, day("2026-11-01"), day("2026-11-30")).cycles, 3);
        assert_eq!(sum_of(&days, day("2026-11-02"), day("2026-12-31")).cycles, 6);
    }
}
