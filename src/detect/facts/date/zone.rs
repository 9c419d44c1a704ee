//! The day in UTC of a date whose time stands beside it with its zone: "8 PM PT on 5 December" is the 6th.

use jiff::{
    civil::{Date, Time},
    tz::{Offset, TimeZone},
};

use crate::{detect::reading::Part, model::event_date::day_of, text::dates::zone_named};

/// Tokens before and after the month, or the first number, of a date in which its time stands.
const BEFORE: usize = 6;
const AFTER: usize = 6;

/// `date`, which stands at token `index` of `part`, in UTC.
pub(super) fn in_utc(part: &Part, index: usize, date: Date) -> Date {
    let clause = |at: &usize| part.word(*at) != ".";
    let before = (index.saturating_sub(BEFORE)..index).rev().take_while(clause);
    let after = (index + 1..(index + 1 + AFTER).min(part.tags.len())).take_while(clause);
    // What stands behind a date is more often its own: "Deposits 10:00 UTC on 5 May, trading on 6 May 10:00 UTC".
    let Some((time, zone)) = after.chain(before).find_map(|at| moment(part, at)) else { return date };
    zone.to_timestamp(date.to_datetime(time)).map_or(date, day_of)
}

/// The time at token `at`, with the zone after it.
fn moment(part: &Part, at: usize) -> Option<(Time, TimeZone)> {
    let word = part.word(at);
    let (digits, attached) = match word.find(|c: char| c.is_ascii_alphabetic()) {
        Some(end) if end > 0 => word.split_at(end),
        _ => (word, ""),
    };
    let mut parts = digits.split(':').map(|part| part.parse::<i8>().ok());
    let hour = parts.next()??;
    let minute = parts.next().flatten();
    let half = |word: &str| match word {
        "am" | "a.m" => Some(false),
        "pm" | "p.m" => Some(true),
        _ => None,
    };
    let (afternoon, mut next) = match half(attached) {
        Some(afternoon) => (Some(afternoon), at + 1),
        None if attached.is_empty() => {
            let found = half(part.word(at + 1));
            (found, at + 1 + usize::from(found.is_some()))
        }
        None => return None,
    };
    // A number alone is no time.
    let hour = match (afternoon, minute) {
        (Some(afternoon), _) if (1..=12).contains(&hour) => hour % 12 + if afternoon { 12 } else { 0 },
        (None, Some(_)) => hour,
        _ => return None,
    };
    next += usize::from(part.word(next) == "(");
    Some((Time::new(hour, minute.unwrap_or(0), 0, 0).ok()?, zone(part, next)?))
}

/// The zone at token `at`: `KST`, `UTC+8`.
fn zone(part: &Part, at: usize) -> Option<TimeZone> {
    let name = part.word(at);
    if matches!(name, "utc" | "gmt")
        && let (Some(first), Some(second)) = (part.token(at), part.token(at + 1))
        && let Ok(hours) = part.word(at + 1).parse::<i8>()
    {
        match part.text.get(first.end as usize..second.start as usize).map(str::trim) {
            Some("+") => return Offset::from_hours(hours).ok().map(Offset::to_time_zone),
            Some("-" | "\u{2212}") => return Offset::from_hours(-hours).ok().map(Offset::to_time_zone),
            _ => {}
        }
    }
    zone_named(name)
}
