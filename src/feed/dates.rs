//! Dates as feeds write them (feed-fetching, section 5).

use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time},
    tz::Offset,
};

/// Nothing earlier is a publication time: feeds write 1970 or 1900 for "unknown".
const EARLIEST: i16 = 1995;
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/// Zone names and their minutes from UTC; names that are not here count as UTC.
const ZONES: &[(&str, i32)] = &[
    ("est", -300),
    ("edt", -240),
    ("cst", -360),
    ("cdt", -300),
    ("mst", -420),
    ("mdt", -360),
    ("pst", -480),
    ("pdt", -420),
    ("et", -300),
    ("ct", -360),
    ("mt", -420),
    ("pt", -480),
    ("cet", 60),
    ("cest", 120),
    ("bst", 60),
    ("wet", 0),
    ("west", 60),
    ("eet", 120),
    ("eest", 180),
    ("msk", 180),
    ("ist", 330),
    ("jst", 540),
    ("kst", 540),
    ("sgt", 480),
    ("hkt", 480),
    ("aest", 600),
    ("aedt", 660),
    ("acst", 570),
    ("awst", 480),
    ("nzst", 720),
    ("nzdt", 780),
    ("akst", -540),
    ("akdt", -480),
    ("hst", -600),
    ("brt", -180),
    ("art", -180),
];

/// Reads a date in any of the forms that occur; `None` where it cannot be one or lies before 1995.
#[must_use]
pub fn read(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.is_empty() || text.len() > 80 {
        return None;
    }
    let found = epoch(text).or_else(|| iso(text)).or_else(|| words(text))?;
    let year = found.to_zoned(jiff::tz::TimeZone::UTC).year();
    (year >= EARLIEST).then_some(found)
}

/// Seconds or milliseconds since 1970; eight digits are a day.
fn epoch(text: &str) -> Option<Timestamp> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) || text.len() < 9 {
        return None;
    }
    let number: i64 = text.parse().ok()?;
    if number > 100_000_000_000 {
        Timestamp::from_millisecond(number).ok()
    } else {
        Timestamp::from_second(number).ok()
    }
}

/// ISO 8601 and its cousins: `2026-01-05T10:00:00+0100`, `2026-01-05 10:00:00 UTC`, `20260105`, `2026-01`.
fn iso(text: &str) -> Option<Timestamp> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    if digits(text) < 4 || (digits(text) != 4 && digits(text) != 8) {
        return None;
    }
    let year: i16 = text[..4].parse().ok()?;
    let mut rest = text[4..].trim_start_matches(['-', '/']);
    let two = |rest: &mut &str| -> Option<i8> {
        let length = digits(rest).min(2);
        let value = rest.get(..length)?.parse().ok()?;
        *rest = rest[length..].trim_start_matches(['-', '/']);
        Some(value)
    };
    let month = two(&mut rest).unwrap_or(1);
    let day = two(&mut rest).unwrap_or(1);
    let date = Date::new(year, month, day).ok()?;
    let rest = rest.trim_start_matches(['T', 't', ' ', ',']);
    let (time, rest) = clock(rest).unwrap_or((Clock::default(), rest));
    time.on(date, zone(rest))
}

/// RFC 822 and what people make of it: `Thurs, 5 Sept 2026 10:00 EST`, `Jan 5, 2026`, `05-Jan-26`,
/// `Sat, Dec 16 2023 02:02:33 PM`, and asctime.
fn words(text: &str) -> Option<Timestamp> {
    let lower = text.to_lowercase();
    let mut parts: Vec<&str> = lower.split([' ', ',', '\t', '\n']).filter(|part| !part.is_empty()).collect();
    if parts.first().is_some_and(|first| first.contains('-') && first.len() > 6) {
        let first = parts.remove(0);
        parts.splice(0..0, first.split('-'));
    }
    let (mut day, mut month, mut year, mut time, mut offset) = (None, None, None, None, None);
    for part in parts {
        let name = part.trim_end_matches('.');
        if let Some((clock, rest)) =
            clock(part).filter(|_| part.contains(':') && !part.starts_with(['+', '-']))
        {
            time = Some(clock);
            if !rest.is_empty() {
                offset = Some(zone(rest));
            }
        } else if let Some(found) = MONTHS.iter().position(|month| name.len() >= 3 && name.starts_with(month))
        {
            month = i8::try_from(found + 1).ok();
        } else if matches!(name, "am" | "pm") {
            time = time.map(|clock: Clock| clock.half(name == "pm"));
        } else if let Ok(number) = name.trim_end_matches(['s', 't', 'n', 'd', 'r', 'h']).parse::<i16>() {
            if part.starts_with(['+', '-']) {
                offset = Some(zone(part));
            } else if day.is_none() && number <= 31 && name.len() <= 4 {
                day = i8::try_from(number).ok();
            } else if year.is_none() {
                year = Some(if name.len() > 2 { number } else { century(number) });
            }
        } else if time.is_some() || part.starts_with(['+', '-']) {
            offset = offset.or_else(|| Some(zone(part)));
        }
    }
    let date = Date::new(year?, month?, day?).ok()?;
    time.unwrap_or_default().on(date, offset.unwrap_or(0))
}

/// Two digits: below 70 they are of this century.
fn century(year: i16) -> i16 {
    if year < 70 { 2000 + year } else { 1900 + year }
}

#[derive(Debug, Clone, Copy, Default)]
struct Clock {
    hour: i8,
    minute: i8,
    second: i8,
}

impl Clock {
    fn half(self, afternoon: bool) -> Self {
        let hour = match (self.hour, afternoon) {
            (12, false) => 0,
            (hour @ 1..=11, true) => hour + 12,
            (hour, _) => hour,
        };
        Self { hour, ..self }
    }

    /// The instant on `date`, `offset` minutes from UTC. Hour 24 is the next day's first.
    fn on(self, date: Date, offset: i32) -> Option<Timestamp> {
        let (date, hour) = if self.hour == 24 { (date.tomorrow().ok()?, 0) } else { (date, self.hour) };
        let time = Time::new(hour, self.minute.min(59), self.second.min(59), 0).ok()?;
        Offset::from_seconds(offset * 60).ok()?.to_timestamp(DateTime::from_parts(date, time)).ok()
    }
}

/// A time of day at the start of `text`, and what follows it.
fn clock(text: &str) -> Option<(Clock, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.')).unwrap_or(text.len());
    let (time, rest) = text.split_at(end);
    if time.is_empty() {
        return None;
    }
    let mut parts = time.split(':');
    let number = |part: &str| part.split('.').next().unwrap_or_default().parse::<i8>().ok();
    let first = parts.next()?;
    let (hour, minute) = match parts.next() {
        Some(minute) => (number(first)?, number(minute)?),
        None if first.len() >= 4 => (first[..2].parse().ok()?, first[2..4].parse().ok()?),
        None => (number(first)?, 0),
    };
    let second = parts.next().and_then(number).unwrap_or(0);
    let clock = Clock { hour, minute, second };
    let rest = rest.trim_start();
    let lower = rest.to_ascii_lowercase();
    let half = ["am", "pm"].into_iter().find(|half| lower.starts_with(half));
    Some(match half {
        Some(half) => (clock.half(half == "pm"), rest[2..].trim_start()),
        None => (clock, rest),
    })
}

/// Minutes from UTC of a zone's name or number.
fn zone(text: &str) -> i32 {
    let text = text.trim().to_lowercase();
    let text = text.trim_start_matches("gmt").trim_start_matches("utc").trim();
    let Some(sign) = text.chars().next().filter(|c| matches!(c, '+' | '-')) else {
        let name: String = text.chars().take_while(char::is_ascii_alphabetic).collect();
        return ZONES.iter().find(|(known, _)| *known == name).map_or(0, |(_, minutes)| *minutes);
    };
    let number: String = text[1..].chars().take_while(|c| c.is_ascii_digit() || *c == ':').collect();
    let (hours, minutes) = match number.split_once(':') {
        Some((hours, minutes)) => (hours.to_owned(), minutes.to_owned()),
        None if number.len() > 2 => {
            let (hours, minutes) = number.split_at(number.len() - 2);
            (hours.to_owned(), minutes.to_owned())
        }
        None => (number, String::new()),
    };
    let total = hours.parse::<i32>().unwrap_or(0).min(24) * 60 + minutes.parse::<i32>().unwrap_or(0).min(59);
    if sign == '-' { -total } else { total }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_feeds_write_them() {
        for (text, read) in [
            ("Mon, 05 Jan 2026 10:00:00 GMT", "2026-01-05T10:00:00Z"),
            ("Thurs, 5 Sept 2026 10:00 EST", "2026-09-05T15:00:00Z"),
            ("2026-01-05T10:00:00+0100", "2026-01-05T09:00:00Z"),
            ("2026-01-05T10:00:00.123Z", "2026-01-05T10:00:00Z"),
            ("2026-01-05 10:00:00 UTC", "2026-01-05T10:00:00Z"),
            ("20260105", "2026-01-05T00:00:00Z"),
            ("2026-01", "2026-01-01T00:00:00Z"),
            ("Sat, Dec 16 2023 02:02:33 PM", "2023-12-16T14:02:33Z"),
            ("Jan 5, 2026", "2026-01-05T00:00:00Z"),
            ("05-Jan-26", "2026-01-05T00:00:00Z"),
            ("1767607200", "2026-01-05T10:00:00Z"),
            ("1767607200000", "2026-01-05T10:00:00Z"),
            ("Mon, 05 Jan 2026 24:00:00 GMT", "2026-01-06T00:00:00Z"),
            ("2026-01-05T10:00:00+01", "2026-01-05T09:00:00Z"),
            ("Mon, 05 Jan 2026 10:00:00 +1:00", "2026-01-05T09:00:00Z"),
            ("Mon Jan  5 10:00:00 2026", "2026-01-05T10:00:00Z"),
            ("Mon, 5 Jan 2026 10:00:00 -0330", "2026-01-05T13:30:00Z"),
            ("Thu, 01 Jan 04 19:48:21 GMT", "2004-01-01T19:48:21Z"),
        ] {
            assert_eq!(super::read(text).map(|at| at.to_string()).as_deref(), Some(read), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "soon",
            "0",
            "1970-01-01T00:00:00Z",
            "Thu, 01 Jan 1970 00:00:00 GMT",
            "2026-13-45",
            "99999999999999999999",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
