//! When a page was published, held against the present and against the page's own address.

use jiff::{SignedDuration, Span, Timestamp, civil::Date, tz::TimeZone};
use url::Url;

use crate::text::dates;

/// Times further ahead are not believed: a page that can be read has been published. A day for the hours by which the
/// world's clocks differ, as for feeds (docs/reference/feeds.md#dates).
const AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// Whether an article that can be read at `now` may have been published at `at`.
pub(super) fn believable(at: Timestamp, now: Timestamp) -> bool {
    at.duration_since(now) <= AHEAD
}

/// A guess at the publication of the page at `url`: the day that its address names, else `guess` unless that is in the
/// future or outside of the month or year that the address names.
pub(super) fn guessed(url: &Url, guess: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    let named = named(url.path()).filter(|days| believable(midnight(days.first), now));
    match named {
        Some(days) if days.first == days.last => Some(midnight(days.first)),
        _ => guess.filter(|guess| {
            believable(*guess, now)
                && named.is_none_or(|days| days.hold(guess.to_zoned_datetime(TimeZone::UTC).date()))
        }),
    }
}

fn midnight(day: Date) -> Timestamp {
    day.to_zoned_datetime(TimeZone::UTC).map_or(Timestamp::MAX, |day| day.timestamp())
}

/// The days that an address names, first and last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Days {
    first: Date,
    last: Date,
}

impl Days {
    fn day(year: i16, month: i16, day: i16) -> Option<Self> {
        let day = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
        Some(Self { first: day, last: day })
    }

    fn month(year: i16, month: i16) -> Option<Self> {
        let first = Date::new(year, i8::try_from(month).ok()?, 1).ok()?;
        Some(Self { first, last: first.last_of_month() })
    }

    fn year(year: i16) -> Option<Self> {
        Some(Self { first: Date::new(year, 1, 1).ok()?, last: Date::new(year, 12, 31).ok()? })
    }

    /// Whether `day` is one of them, or next to one: an address is dated by its outlet's own clock.
    fn hold(self, day: Date) -> bool {
        let near = |edge: Date| day.since(edge).is_ok_and(|apart: Span| apart.get_days().abs() <= 1);
        (self.first..=self.last).contains(&day) || near(self.first) || near(self.last)
    }
}

/// The days that `path` names: `/2026/11/20/`, `/2026/nov/20/`, `/2026/1120/`, `-2026-11-20-`, `/20261120/`, else the month of
/// `/2026/11/`, else the year of `/2026/` before the rest.
fn named(path: &str) -> Option<Days> {
    let parts: Vec<&str> = path.split('/').collect();
    let mut coarse = None;
    for (at, part) in parts.iter().enumerate() {
        if let Some(days) = written(part) {
            return Some(days);
        }
        let Some(year) = number(part, 4..=4).filter(|year| dates::YEARS.contains(year)) else { continue };
        let next = parts.get(at + 1).copied().unwrap_or_default();
        let Some(month) = month(next) else {
            let together = number(next, 4..=4).and_then(|both| Days::day(year, both / 100, both % 100));
            if together.is_some() {
                return together;
            }
            // The last part is the article's own name: a number there is no year.
            coarse = coarse.or_else(|| Days::year(year).filter(|_| !next.is_empty()));
            continue;
        };
        let day = parts.get(at + 2).and_then(|day| number(day, 1..=2));
        match day.and_then(|day| Days::day(year, month, day)) {
            Some(days) => return Some(days),
            None => coarse = Days::month(year, month).or(coarse),
        }
    }
    coarse
}

fn number(text: &str, digits: std::ops::RangeInclusive<usize>) -> Option<i16> {
    (digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())?
}

/// A month as a number or by its name.
fn month(text: &str) -> Option<i16> {
    let month = number(text, 1..=2).filter(|month| (1..=12).contains(month));
    month.or_else(|| dates::month(&text.to_lowercase()).map(i16::from))
}

/// A day written out within one part of a path, no digit before or after it.
fn written(part: &str) -> Option<Days> {
    let bytes = part.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    (0..bytes.len()).filter(|at| digit(*at) && (*at == 0 || !digit(at - 1))).find_map(|at| {
        let end = (at..=bytes.len()).find(|end| !digit(*end))?;
        let year = |text| number(text, 4..=4).filter(|year| dates::YEARS.contains(year));
        if end - at == 8 {
            let (head, tail) = (&part[at..at + 4], &part[at + 4..end]);
            return Days::day(year(head)?, number(&tail[..2], 2..=2)?, number(&tail[2..], 2..=2)?);
        }
        let mark = *bytes.get(end).filter(|mark| matches!(mark, b'-' | b'_' | b'.'))?;
        let mut groups = part[end + 1..].split(char::from(mark));
        let month = number(groups.next()?, 1..=2)?;
        let rest = groups.next()?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        Days::day(year(&part[at..end])?, month, number(&rest[..digits], 1..=2)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-27T12:00:00Z";

    fn guess(path: &str, guess: &str) -> Option<String> {
        let url = Url::parse("https://news.example").unwrap().join(path).unwrap();
        let guess = (!guess.is_empty()).then(|| guess.parse().unwrap());
        guessed(&url, guess, NOW.parse().unwrap()).map(|at| at.to_string()[..10].to_owned())
    }

    #[test]
    fn an_address_names_its_day() {
        for path in [
            "/2019/02/05/claim",
            "/news/2019/2/5/claim",
            "/2019/feb/05/claim",
            "/2019/February/5/claim",
            "/2019/0205/c1.html",
            "/claim-2019-02-05-opens",
            "/2019-02-05-claim.html",
            "/20190205/claim",
            "/claim_20190205.html",
            "/2019_02_05_claim",
            "/n/t20190205_1.html",
        ] {
            assert_eq!(guess(path, "2022-06-01T00:00:00Z").as_deref(), Some("2019-02-05"), "{path}");
            assert_eq!(guess(path, "").as_deref(), Some("2019-02-05"), "{path}");
        }
    }

    #[test]
    fn a_guess_that_contradicts_the_address_is_dropped() {
        for (path, date, kept) in [
            ("/jp/news/2019/02/slow-mode", "2022-06-01T00:00:00Z", false),
            ("/jp/news/2019/02/slow-mode", "2019-02-11T00:00:00Z", true),
            ("/jp/news/2019/02/slow-mode", "2019-03-01T00:00:00Z", true),
            ("/jp/news/2019/02/slow-mode", "2019-01-01T00:00:00Z", false),
            ("/2019/nov/slow-mode", "2019-02-11T00:00:00Z", false),
            ("/2019/slow-mode", "2022-06-01T00:00:00Z", false),
            ("/2019/slow-mode", "2019-06-01T00:00:00Z", true),
            ("/slow-mode/2019", "2022-06-01T00:00:00Z", true),
            ("/slow-mode-2019", "2022-06-01T00:00:00Z", true),
            ("/article/1234567890123", "2022-06-01T00:00:00Z", true),
            ("/article/20191399/x", "2022-06-01T00:00:00Z", true),
        ] {
            assert_eq!(guess(path, date).is_some(), kept, "{path} {date}");
        }
    }

    #[test]
    fn a_day_in_the_future_is_no_publication() {
        assert_eq!(guess("/claim", "2026-12-03T00:00:00Z"), None);
        assert_eq!(guess("/claim", "2026-11-28T00:00:00Z").as_deref(), Some("2026-11-28"));
        // An event's address names the event's day.
        assert_eq!(guess("/2026/12/03/claim", ""), None);
        assert_eq!(guess("/2026/12/03/claim", "2026-11-26T00:00:00Z").as_deref(), Some("2026-11-26"));
    }
}
