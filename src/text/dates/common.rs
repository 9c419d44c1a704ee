//! The two forms that nearly all feeds write, at fixed places: RFC 3339 and RFC 822 with a four-digit year. Read first,
//! because the reader of every other form takes fifty times as long; what is not exactly of these forms is left to it.

use jiff::{
    Timestamp,
    civil::{Date, Time, Weekday},
    tz::Offset,
};

const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
const WEEKDAYS: &str = "MonTueWedThuFriSatSun";

/// The instant of `text`, if it is exactly of one of the forms.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    if !text.is_ascii() {
        return None;
    }
    match text.len() {
        20 | 25 if &text[10..11] == "T" => rfc3339(text),
        29 | 31 if &text[3..5] == ", " => rfc822(text),
        _ => None,
    }
}

/// `2026-09-20T14:00:00Z` or with an offset such as `+02:00`.
fn rfc3339(text: &str) -> Option<Timestamp> {
    let marks = (&text[4..5], &text[7..8], &text[13..14], &text[16..17]);
    if marks != ("-", "-", ":", ":") {
        return None;
    }
    let date = Date::new(number(&text[..4])?, small(&text[5..7])?, small(&text[8..10])?).ok()?;
    let zone = match &text[19..] {
        "Z" => 0,
        zone if zone.len() == 6 && &zone[3..4] == ":" => offset(&zone[..1], &zone[1..3], &zone[4..])?,
        _ => return None,
    };
    instant(date, &text[11..19], zone)
}

/// `Sun, 20 Sep 2026 14:00:00 GMT` or with an offset such as `+0200`. A weekday that is not the date's is left to the
/// other reader.
fn rfc822(text: &str) -> Option<Timestamp> {
    let gaps = (&text[7..8], &text[11..12], &text[16..17], &text[19..20], &text[22..23], &text[25..26]);
    if gaps != (" ", " ", " ", ":", ":", " ") {
        return None;
    }
    let month = place(MONTHS, &text[8..11])?;
    let date = Date::new(number(&text[12..16])?, month, small(&text[5..7])?).ok()?;
    let weekday = Weekday::from_monday_one_offset(place(WEEKDAYS, &text[..3])?).ok()?;
    let zone = match &text[26..] {
        "GMT" => 0,
        zone if zone.len() == 5 => offset(&zone[..1], &zone[1..3], &zone[3..])?,
        _ => return None,
    };
    instant(date, &text[17..25], zone).filter(|_| date.weekday() == weekday)
}

fn instant(date: Date, time: &str, zone: i32) -> Option<Timestamp> {
    let time = Time::new(small(&time[..2])?, small(&time[3..5])?, small(&time[6..])?, 0).ok()?;
    Offset::from_seconds(zone).ok()?.to_timestamp(date.to_datetime(time)).ok()
}

/// Seconds east of Greenwich.
fn offset(sign: &str, hours: &str, minutes: &str) -> Option<i32> {
    let (hours, minutes) = (i32::from(small(hours)?), i32::from(small(minutes)?));
    let seconds = hours * 3600 + minutes * 60;
    // No zone is further from Greenwich than 12 hours west and 14 east (IANA's database).
    match sign {
        _ if minutes > 59 => None,
        "+" => Some(seconds).filter(|seconds| *seconds <= 14 * 3600),
        "-" => Some(-seconds).filter(|seconds| *seconds >= -12 * 3600),
        _ => None,
    }
}

/// The number of a three-letter name in a list, from one.
fn place(names: &str, name: &str) -> Option<i8> {
    let at = names.find(name).filter(|at| at % 3 == 0)?;
    i8::try_from(at / 3 + 1).ok()
}

fn small(digits: &str) -> Option<i8> {
    i8::try_from(number(digits)?).ok()
}

fn number(digits: &str) -> Option<i16> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::dates::slow_read;

    #[test]
    fn the_usual_forms_are_read_as_the_other_reader_does() {
        let mut read_here = 0;
        for zone in [
            "Z", "+00:00", "+02:00", "-05:30", "+14:00", "+15:00", "-12:00", "-12:30", "-13:00", "+02:60",
            " 02:00",
        ] {
            for date in ["2026-09-20", "2024-02-29", "2026-02-29", "1996-01-01", "2026/09/20"] {
                for time in ["14:00:00", "23:59:59", "24:00:00", "23:59:60", "14-00-00"] {
                    read_here += same(&format!("{date}T{time}{zone}"));
                }
            }
        }
        for zone in ["GMT", "UTC", "+0000", "+0200", "-0530", "EST", "*0200", "+0260", "gmt", "+02 0"] {
            for date in ["Sun, 20 Sep 2026", "Mon, 20 Sep 2026", "Sun, 31 Sep 2026", "Sun, 20 sep 2026"] {
                for time in ["14:00:00", "23:59:60", "24:00:00", "14.00.00"] {
                    read_here += same(&format!("{date} {time} {zone}"));
                }
            }
        }
        assert!(read_here > 30, "{read_here}");
    }

    fn same(text: &str) -> usize {
        let Some(at) = read(text) else { return 0 };
        assert_eq!(slow_read(text), Some(at), "{text}");
        1
    }
}
