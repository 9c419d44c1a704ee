//! Times for people: relative and local on a terminal, absolute and UTC in a pipe.

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};

use crate::model::event_date::{days_between, event_days};

/// How times are written.
#[derive(Debug, Clone)]
pub struct Times {
    pub now: Timestamp,
    zone: TimeZone,
    is_relative: bool,
}

impl Times {
    /// For a terminal.
    pub fn relative(now: Timestamp, zone: TimeZone) -> Self {
        Self { now, zone, is_relative: true }
    }

    /// For a pipe: equal in every place and at every time.
    pub fn absolute(now: Timestamp) -> Self {
        Self { now, zone: TimeZone::UTC, is_relative: false }
    }

    pub fn is_relative(&self) -> bool {
        self.is_relative
    }

    /// `2026-11-27 15:56`.
    pub fn minute(&self, at: Timestamp) -> String {
        at.to_zoned_datetime(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// `2m`, `5h` or `3d` before now; `now` in the last second, `in 5m` for what is to come. In a pipe as [`Times::minute`].
    pub fn short(&self, at: Timestamp) -> String {
        if !self.is_relative {
            return self.minute(at);
        }
        let seconds = self.now.duration_since(at).as_secs();
        if seconds < 0 { format!("in {}", short(-seconds)) } else { short(seconds) }
    }

    pub fn day(&self, at: Timestamp) -> Date {
        at.to_zoned_datetime(self.zone.clone()).date()
    }

    /// The instant at which `day` begins.
    pub fn start(&self, day: Date) -> Timestamp {
        day.to_zoned_datetime(self.zone.clone()).map_or(Timestamp::MAX, |start| start.timestamp())
    }

    /// `today`, `yesterday`, `Thu 26 Nov`, or `26 Nov 2025` for another year.
    pub fn day_name(&self, day: Date) -> String {
        let today = self.day(self.now);
        match days_between(day, today) {
            0 => "today".to_owned(),
            1 => "yesterday".to_owned(),
            _ => named(day, today),
        }
    }

    /// The date of an event, as exact as it is known: `Tue 1 Dec`, `Dec 2026`, `Q4 2026`. In a pipe as it is stored.
    pub fn event_date(&self, date: &str) -> String {
        let Some((first, last)) = event_days(date).filter(|_| self.is_relative) else {
            return date.to_owned();
        };
        match days_between(first, last) {
            0 => named(first, self.day(self.now)),
            ..31 => first.strftime("%b %Y").to_string(),
            31..100 => format!("Q{} {}", (first.month() + 2) / 3, first.year()),
            _ => first.year().to_string(),
        }
    }

    /// `UTC`, `Berlin time`, or the offset of a zone without a name.
    pub fn zone_name(&self) -> String {
        match self.zone.iana_name() {
            _ if self.zone == TimeZone::UTC => "UTC".to_owned(),
            Some("UTC" | "Etc/UTC" | "Etc/UCT" | "UCT" | "Zulu") => "UTC".to_owned(),
            Some(name) => format!("{} time", name.rsplit('/').next().unwrap_or(name).replace('_', " ")),
            None => self.now.to_zoned_datetime(self.zone.clone()).strftime("UTC%:z").to_string(),
        }
    }
}

fn named(day: Date, today: Date) -> String {
    let format = if day.year() == today.year() { "%a %-d %b" } else { "%-d %b %Y" };
    day.strftime(format).to_string()
}

fn short(seconds: i64) -> String {
    match seconds {
        0 => "now".to_owned(),
        1..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// As [`Times::short`], for the length of a time.
pub fn short_span(span: SignedDuration) -> String {
    short(span.as_secs().max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> Times {
        Times::relative("2026-11-27T23:30:00Z".parse().unwrap(), TimeZone::get("Europe/Berlin").unwrap())
    }

    #[test]
    fn a_terminal_gets_local_and_relative_times() {
        let times = berlin();
        let shown = |ago: i64| times.short(times.now - SignedDuration::from_secs(ago));
        assert_eq!(
            [0, 5, 59, 60, 3_599, 3_600, 172_799, 172_800].map(shown),
            ["now", "5s", "59s", "1m", "59m", "1h", "47h", "2d"]
        );
        assert_eq!(shown(-90), "in 1m");
        assert_eq!(
            (times.minute(times.now), times.zone_name()),
            ("2026-11-28 00:30".to_owned(), "Berlin time".to_owned())
        );
        let day = |ago: i64| times.day_name(times.day(times.now - SignedDuration::from_hours(ago)));
        assert_eq!(
            [0, 1, 24, 48, 24 * 365].map(day),
            ["today", "yesterday", "yesterday", "Thu 26 Nov", "28 Nov 2025"]
        );
        let date = |date: &str| times.event_date(date);
        assert_eq!(
            ["2026-12-01", "2027-01-05", "2027-02", "2026-Q4", "2027", "soon"].map(date),
            ["Tue 1 Dec", "5 Jan 2027", "Feb 2027", "Q4 2026", "2027", "soon"]
        );
        assert_eq!(times.start(times.day(times.now)), "2026-11-27T23:00:00Z".parse().unwrap());
    }

    #[test]
    fn a_pipe_gets_absolute_times_in_utc() {
        let times = Times::absolute(berlin().now);
        assert_eq!(
            (times.short(times.now), times.zone_name()),
            ("2026-11-27 23:30".to_owned(), "UTC".to_owned())
        );
        assert_eq!(times.event_date("2026-12-01"), "2026-12-01");
    }
}
