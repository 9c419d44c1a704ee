//! The clock times of a notice: "10:00 (UTC)", "08:00 UTC+8", "18:00 KST", "2 PM UTC".

use jiff::{
    Timestamp,
    civil::{Date, Time},
    tz::Offset,
};

use crate::detect::reading::{Part, Reading};

/// Zones by name and their hours ahead of UTC. Of zones with summer time the hours of winter, which are the later ones
/// in UTC: nothing is called open an hour early.
const ZONES: &[(&str, i8)] = &[
    ("utc", 0),
    ("gmt", 0),
    ("kst", 9),
    ("jst", 9),
    ("sgt", 8),
    ("hkt", 8),
    ("cst", 8),
    ("ict", 7),
    ("wib", 7),
    ("trt", 3),
    ("msk", 3),
    ("cet", 1),
    ("cest", 2),
    ("bst", 1),
    ("et", -5),
    ("est", -5),
    ("edt", -4),
    ("pt", -8),
    ("pst", -8),
    ("pdt", -7),
];

/// The moment in which something opens on `day` (`2026-11-28`), by the first clock time with a zone that `reading` states.
pub(super) fn opening(reading: &Reading, day: &str) -> Option<Timestamp> {
    let day: Date = day.parse().ok()?;
    let (time, zone) = reading.parts().into_iter().find_map(clock)?;
    Offset::from_hours(zone).ok()?.to_timestamp(day.to_datetime(time)).ok()
}

/// The first clock time of `part` with a zone after it, and the zone's hours ahead of UTC.
fn clock(part: &Part) -> Option<(Time, i8)> {
    (0..part.normal.tokens.len()).find_map(|at| {
        let (time, next) = time(part, at)?;
        let next = if part.word(next) == "(" { next + 1 } else { next };
        Some((time, zone(part, next)?))
    })
}

/// The clock time at token `at`, and the token after it: "10:00", "10:00:00", "10am", "4:30 pm".
fn time(part: &Part, at: usize) -> Option<(Time, usize)> {
    let word = part.word(at);
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (half, next) = match &word[digits.len()..] {
        "" if matches!(part.word(at + 1), "am" | "pm") => (part.word(at + 1), at + 2),
        "" if digits.contains(':') => ("", at + 1),
        half @ ("am" | "pm") => (half, at + 1),
        _ => return None,
    };
    let mut numbers = digits.split(':').map(str::parse::<i8>);
    let hour = numbers.next()?.ok()?;
    let minute = numbers.next().unwrap_or(Ok(0)).ok()?;
    let hour = match (half, hour) {
        ("am", 12) => 0,
        ("pm", 1..=11) => hour + 12,
        _ => hour,
    };
    Time::new(hour, minute, 0, 0).ok().map(|time| (time, next))
}

/// The hours ahead of UTC of the zone at token `at`: "UTC", "UTC+8", "KST".
fn zone(part: &Part, at: usize) -> Option<i8> {
    let name = part.word(at);
    let hours = ZONES.iter().find(|(known, _)| *known == name)?.1;
    let after = part.token(at).and_then(|token| part.text.get(token.end as usize..))?;
    let sign = match after.bytes().next() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return Some(hours),
    };
    let digits = after[1..].find(|c: char| !c.is_ascii_digit()).map_or(&after[1..], |end| &after[1..=end]);
    digits.parse::<i8>().ok().filter(|hours| *hours <= 14).map_or(Some(hours), |hours| Some(sign * hours))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::lexicon::Lexicon;

    #[test]
    fn a_clock_time_is_read_in_its_zone() {
        for (text, moment) in [
            ("Trading opens at 2026-11-28 10:00 (UTC)", "2026-11-28T10:00:00Z"),
            ("Trading: 2026-11-28 08:00 UTC+8", "2026-11-28T00:00:00Z"),
            ("Trading time: 2026-11-28, 14:00:00 (UTC+0)", "2026-11-28T14:00:00Z"),
            ("Trading support begins: 18:00 KST", "2026-11-28T09:00:00Z"),
            ("It opens at 2 PM UTC", "2026-11-28T14:00:00Z"),
            ("It opens at 4:00 am UTC on Nov 28", "2026-11-28T04:00:00Z"),
            ("On or after 9AM PT", "2026-11-28T17:00:00Z"),
        ] {
            let lexicon = Lexicon::new(&[], &[]);
            let found = opening(&lexicon.read(text, "", None), "2026-11-28");
            assert_eq!(found.map(|found| found.to_string()).as_deref(), Some(moment), "{text}");
        }
    }

    #[test]
    fn a_time_without_a_zone_is_none() {
        let lexicon = Lexicon::new(&[], &[]);
        for text in
            ["Trading opens at 10:00", "A ratio of 3:2", "Version 2.0 PM tools", "About 10 UTC validators"]
        {
            assert_eq!(opening(&lexicon.read(text, "", None), "2026-11-28"), None, "{text}");
        }
    }
}
