//! Dates as pages write them, read into instants. A day without a time is its first moment in UTC.

use jiff::{Timestamp, Zoned, civil::DateTime, fmt::rfc2822, tz::TimeZone};

/// Years that an article on the web can be of; anything else is a default that nobody filled in.
pub(super) const YEARS: std::ops::RangeInclusive<i16> = 1991..=2099;

/// Times with an offset.
const WITH_OFFSET: [&str; 4] = [
    "%Y-%m-%dT%H:%M:%S%.f%z",
    "%Y-%m-%d %H:%M:%S%.f %z",
    "%Y-%m-%d %H:%M:%S%.f%z",
    "%a %b %d %H:%M:%S %z %Y",
];
/// Times without one; pages that leave it out mean their own time, which nobody knows: read as UTC.
const WITHOUT_OFFSET: [&str; 8] = [
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%B %d, %Y %I:%M %p",
    "%B %d, %Y at %I:%M %p",
    "%d %B %Y %H:%M",
    "%B %d, %Y, %I:%M %p",
];
/// Days.
const DAYS: [&str; 10] = [
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%B %d, %Y",
    "%b %d, %Y",
    "%d %B %Y",
    "%d %b %Y",
    "%A, %B %d, %Y",
    "%d.%m.%Y",
];

/// The instant `text` stands for, if it stands for a believable one.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let instant = epoch(text).or_else(|| exact(text)).or_else(|| local(text))?;
    YEARS.contains(&instant.to_zoned(TimeZone::UTC).year()).then_some(instant)
}

/// Seconds (ten digits) or milliseconds (thirteen) since 1970.
fn epoch(text: &str) -> Option<Timestamp> {
    let number = text.parse::<i64>().ok()?;
    match text.len() {
        10 => Timestamp::from_second(number).ok(),
        13 => Timestamp::from_millisecond(number).ok(),
        _ => None,
    }
}

fn exact(text: &str) -> Option<Timestamp> {
    text.parse()
        .ok()
        .or_else(|| WITH_OFFSET.iter().find_map(|format| Timestamp::strptime(format, text).ok()))
        .or_else(|| rfc2822::parse(text).ok().as_ref().map(Zoned::timestamp))
}

fn local(text: &str) -> Option<Timestamp> {
    // Named zones and the like after a full local time are left out rather than guessed at.
    let plain = text.trim_end_matches(" UTC").trim_end_matches(" GMT").trim_end_matches('Z');
    let time = plain
        .parse::<DateTime>()
        .ok()
        .or_else(|| WITHOUT_OFFSET.iter().find_map(|format| DateTime::strptime(format, plain).ok()))
        .or_else(|| {
            DAYS.iter().find_map(|format| jiff::civil::Date::strptime(format, plain).ok()).map(Into::into)
        })?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_pages_write_them() {
        for (text, instant) in [
            ("2026-11-20T14:30:00+02:00", "2026-11-20T12:30:00Z"),
            ("2026-11-20T14:30:00+0200", "2026-11-20T12:30:00Z"),
            ("2026-11-20T14:30:00.123Z", "2026-11-20T14:30:00.123Z"),
            ("2026-11-20 14:30:00 +0000", "2026-11-20T14:30:00Z"),
            ("Fri, 20 Nov 2026 14:30:00 GMT", "2026-11-20T14:30:00Z"),
            ("2026-11-20T14:30:00", "2026-11-20T14:30:00Z"),
            ("2026-11-20 14:30 UTC", "2026-11-20T14:30:00Z"),
            ("2026-11-20", "2026-11-20T00:00:00Z"),
            ("20261120", "2026-11-20T00:00:00Z"),
            ("November 20, 2026", "2026-11-20T00:00:00Z"),
            ("20 Nov 2026", "2026-11-20T00:00:00Z"),
            ("Nov 20, 2026", "2026-11-20T00:00:00Z"),
            ("1795185000", "2026-11-20T14:30:00Z"),
            ("1795185000000", "2026-11-20T14:30:00Z"),
        ] {
            assert_eq!(read(text), Some(instant.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_gives_none() {
        for text in ["", "yesterday", "0001-01-01", "1970-01-01T00:00:00Z", "2026-13-01", "3 min read", "12"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
