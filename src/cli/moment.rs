//! Points of time as people write them: `24h`, `today`, `yesterday`, `2026-11-26`, `2026-11-26T15:00Z`.

use std::time::Duration;

use jiff::{Timestamp, ToSpan, civil::Date};

use crate::{render::times::Times, text::quantity};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// That long ago.
    Ago(Duration),
    /// The day that many days ago.
    DaysAgo(i32),
    Day(Date),
    At(Timestamp),
}

/// Reads a moment.
pub fn moment(text: &str) -> Result<Moment, String> {
    match text {
        "today" => return Ok(Moment::DaysAgo(0)),
        "yesterday" => return Ok(Moment::DaysAgo(1)),
        _ => {}
    }
    let age = || quantity::duration(text).ok().map(Moment::Ago);
    let day = || (text.len() == 10).then(|| text.parse().ok().map(Moment::Day)).flatten();
    let instant = || text.parse().ok().map(Moment::At);
    age().or_else(day).or_else(instant).ok_or_else(|| {
        let similar = ["today", "yesterday"].into_iter().find(|word| strsim::jaro_winkler(word, text) > 0.85);
        let hint = similar.map_or_else(String::new, |word| format!("did you mean {word:?}? "));
        format!("{hint}write an age such as 24h or 7d, today, yesterday, a day such as 2026-11-26, or a time such as 2026-11-26T15:00Z")
    })
}

impl Moment {
    /// The first instant that is meant: the beginning of a day.
    pub fn start(self, times: &Times) -> Timestamp {
        match self {
            Self::Ago(age) => super::ago(times.now, age),
            Self::At(at) => at,
            Self::DaysAgo(_) | Self::Day(_) => times.start(self.day(times)),
        }
    }

    /// The first instant after what is meant: the end of a day.
    pub fn end(self, times: &Times) -> Timestamp {
        match self {
            Self::Ago(_) | Self::At(_) => self.start(times),
            Self::DaysAgo(_) | Self::Day(_) => {
                self.day(times).tomorrow().map_or(Timestamp::MAX, |next| times.start(next))
            }
        }
    }

    fn day(self, times: &Times) -> Date {
        let today = times.day(times.now);
        match self {
            Self::DaysAgo(days) => today.checked_sub(days.days()).unwrap_or(today),
            Self::Day(day) => day,
            Self::Ago(_) | Self::At(_) => today,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn ages_words_days_and_times_are_read() {
        let times =
            Times::relative("2026-11-27T23:30:00Z".parse().unwrap(), TimeZone::get("Europe/Berlin").unwrap());
        for (text, start, end) in [
            ("30m", "2026-11-27T23:00:00Z", "2026-11-27T23:00:00Z"),
            ("today", "2026-11-27T23:00:00Z", "2026-11-28T23:00:00Z"),
            ("yesterday", "2026-11-26T23:00:00Z", "2026-11-27T23:00:00Z"),
            ("2026-07-01", "2026-06-30T22:00:00Z", "2026-07-01T22:00:00Z"),
            ("2026-11-26T15:00Z", "2026-11-26T15:00:00Z", "2026-11-26T15:00:00Z"),
        ] {
            let read = moment(text).unwrap();
            assert_eq!(
                (read.start(&times), read.end(&times)),
                (start.parse().unwrap(), end.parse().unwrap()),
                "{text}"
            );
        }
        assert_eq!(moment("9999w").unwrap().start(&times), Timestamp::UNIX_EPOCH);
    }

    #[test]
    fn a_misspelt_word_gets_a_suggestion() {
        assert!(moment("yesterdy").unwrap_err().starts_with("did you mean \"yesterday\"? write an age"));
        for text in ["", "26.11.2026", "2026-13-01", "tomorrow"] {
            assert!(moment(text).unwrap_err().starts_with("write an age"), "{text}");
        }
    }
}
