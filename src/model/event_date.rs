//! Event dates as detections carry them: `2026-11-25`, `2026-11`, `2026-Q4` or `2026`.

use jiff::{Span, Timestamp, civil::Date, tz::TimeZone};

use super::Stage;

/// Days after its date on which an event counts as just opened: outlets report launches for about a week.
pub const FIRST_DAYS: i32 = 7;

/// First and last day that `event_date` may mean; `None` if it is no event date.
#[must_use]
pub fn event_days(event_date: &str) -> Option<(Date, Date)> {
    let mut parts = event_date.split('-');
    let year: i16 = parts.next()?.parse().ok()?;
    let (first, length) = match (parts.next(), parts.next()) {
        (None, _) => (Date::new(year, 1, 1).ok()?, Span::new().years(1)),
        (Some(quarter), None) if quarter.starts_with('Q') => {
            let quarter: i8 = quarter[1..].parse().ok()?;
            (Date::new(year, quarter.checked_mul(3)?.checked_sub(2)?, 1).ok()?, Span::new().months(3))
        }
        (Some(month), None) => (Date::new(year, month.parse().ok()?, 1).ok()?, Span::new().months(1)),
        (Some(month), Some(day)) => {
            (Date::new(year, month.parse().ok()?, day.parse().ok()?).ok()?, Span::new().days(1))
        }
    };
    Some((first, first.checked_add(length).ok()?.yesterday().ok()?))
}

impl Stage {
    /// The stage of an event dated `event_date`, seen on `today`: a date ahead is upcoming, and what is over is not
    /// upcoming. On the day itself, and without a date, the stage stays.
    #[must_use]
    pub fn on(self, event_date: Option<&str>, today: Date) -> Self {
        let Some((first, last)) = event_date.and_then(event_days) else { return self };
        if first > today {
            Self::Upcoming
        } else if last < today && self == Self::Upcoming {
            if days_between(last, today) <= FIRST_DAYS { Self::Live } else { Self::Past }
        } else {
            self
        }
    }
}

/// The day of an instant, UTC.
#[must_use]
pub fn day_of(at: Timestamp) -> Date {
    at.to_zoned_datetime(TimeZone::UTC).date()
}

/// Months from year 0 to `date`.
pub(crate) fn month_number(date: Date) -> i32 {
    i32::from(date.year()) * 12 + i32::from(date.month()) - 1
}

/// Days from one date to another.
#[must_use]
pub fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(i32::MAX, |span| span.get_days())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_date_covers_the_days_it_may_mean() {
        for (text, first, last) in [
            ("2026-11-25", date(2026, 11, 25), date(2026, 11, 25)),
            ("2028-02", date(2028, 2, 1), date(2028, 2, 29)),
            ("2026-Q4", date(2026, 10, 1), date(2026, 12, 31)),
            ("2027", date(2027, 1, 1), date(2027, 12, 31)),
        ] {
            assert_eq!(event_days(text), Some((first, last)), "{text}");
        }
        for text in [
            "",
            "soon",
            "2026-13",
            "2026-Q0",
            "2026-Q",
            "2026-Q99",
            "2026-Q127",
            "2026-02-30",
            "99999",
            "9999",
        ] {
            assert_eq!(event_days(text), None, "{text}");
        }
    }

    #[test]
    fn a_stage_never_contradicts_the_date() {
        let today = date(2026, 11, 27);
        for (said, event_date, stage) in [
            (Stage::Live, "2026-12-03", Stage::Upcoming),
            (Stage::Past, "2027-Q1", Stage::Upcoming),
            (Stage::Live, "2027", Stage::Upcoming),
            (Stage::Upcoming, "2026-11-27", Stage::Upcoming),
            (Stage::Live, "2026-Q4", Stage::Live),
            (Stage::Upcoming, "2026-11-24", Stage::Live),
            (Stage::Upcoming, "2026-10", Stage::Past),
            (Stage::Live, "2026-03-01", Stage::Live),
            (Stage::Past, "2026-03-01", Stage::Past),
        ] {
            assert_eq!(said.on(Some(event_date), today), stage, "{said:?} {event_date}");
        }
        assert_eq!(Stage::Live.on(None, today), Stage::Live);
    }
}
