//! When an event takes place, as far as a text says: `2026-11-25`, or `2026-11`, `2026-Q4` where no more is said.

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, date},
    tz::TimeZone,
};

use crate::{
    detect::lexicon::{Part, Reading},
    text::normal::{Case, Shape},
};

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// The date that stands nearest to the news: from the title, else from the body. Relative words count from
/// `published`; without it only dates with a year are given.
#[must_use]
pub fn event_date(reading: &Reading, published: Option<Timestamp>) -> Option<String> {
    let today = published.map(|at| at.to_zoned(TimeZone::UTC).date());
    [&reading.title, &reading.body].into_iter().find_map(|part| in_part(part, today))
}

fn in_part(part: &Part, today: Option<Date>) -> Option<String> {
    (0..part.tags.len()).find_map(|index| at(part, index, today))
}

fn at(part: &Part, index: usize, today: Option<Date>) -> Option<String> {
    let word = |offset: usize| {
        part.normal.tokens.get(index + offset).map_or("", |_| part.normal.word(index + offset))
    };
    let before = |offset: usize| index.checked_sub(offset).map_or("", |at| part.normal.word(at));
    // "2026-05-22" reads as three numbers, as hyphens part words.
    if let (Some(year), Some(month), Some(day)) = (year(word(0)), number(word(1)), number(word(2))) {
        return Date::new(year, month, day).ok().map(|date| date.to_string());
    }
    if let Some(month) = month(word(0)) {
        let written = part.normal.tokens[index].case;
        if matches!(word(0), "may" | "march") && written == Case::Lower {
            return None;
        }
        let after = day(word(1));
        let offset = usize::from(word(2) == ",");
        let year = if after.is_some() { year(word(2 + offset)) } else { year(word(1)) };
        let ahead = before(1) == "of" && day(before(2)).is_some();
        let day = after.or_else(|| day(if ahead { before(2) } else { before(1) }));
        return match (day, year.or_else(|| today.map(|today| nearest_year(today, month, day.unwrap_or(15)))))
        {
            (Some(day), Some(year)) => Date::new(year, month, day).ok().map(|date| date.to_string()),
            // A bare month is a date only after a word that says so.
            (None, Some(year))
                if matches!(
                    before(1),
                    "in" | "for" | "by" | "this" | "early" | "late" | "mid" | "until" | "during"
                ) || self::year(word(1)).is_some() =>
            {
                Some(format!("{year:04}-{month:02}"))
            }
            _ => None,
        };
    }
    if let Some(quarter) = word(0)
        .strip_prefix('q')
        .and_then(|rest| rest.parse::<i8>().ok())
        .filter(|quarter| (1..=4).contains(quarter))
    {
        let year = year(word(1)).or_else(|| {
            today.map(|today| if quarter * 3 < today.month() { today.year() + 1 } else { today.year() })
        })?;
        return Some(format!("{year:04}-Q{quarter}"));
    }
    let today = today?;
    let shift = |days: i64| today.checked_add(days.days()).ok().map(|date| date.to_string());
    match (word(0), word(1)) {
        ("tomorrow", _) => shift(1),
        ("today", _)
            if part.normal.tokens[index].shape == Shape::Word
                && matches!(before(1), "live" | "launches" | "opens" | "begins" | "starts" | "launch") =>
        {
            shift(0)
        }
        ("next", "month") => {
            today.checked_add(1.month()).ok().map(|date| format!("{:04}-{:02}", date.year(), date.month()))
        }
        ("this" | "on" | "next", day) => {
            let wanted = DAYS.iter().position(|name| *name == day)?;
            let now = usize::try_from(today.weekday().to_monday_zero_offset()).unwrap_or(0);
            shift(i64::try_from((wanted + 7 - now) % 7).unwrap_or(0))
        }
        _ => None,
    }
}

/// The year that brings a day of the year closest to `today`, the future preferred.
fn nearest_year(today: Date, month: i8, day: i8) -> i16 {
    let this = Date::new(today.year(), month, day.clamp(1, 28)).unwrap_or(date(today.year(), 1, 1));
    let behind = this.until(today).map_or(0, |span| span.get_days());
    if behind > 90 {
        today.year() + 1
    } else if behind < -300 {
        today.year() - 1
    } else {
        today.year()
    }
}

fn month(word: &str) -> Option<i8> {
    const LONG: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let index = LONG
        .iter()
        .position(|name| *name == word)
        .or_else(|| MONTHS.iter().position(|name| *name == word || word == "sept" && *name == "sep"))?;
    i8::try_from(index + 1).ok()
}

fn day(word: &str) -> Option<i8> {
    let digits = word
        .strip_suffix("st")
        .or_else(|| word.strip_suffix("nd"))
        .or_else(|| word.strip_suffix("rd"))
        .or_else(|| word.strip_suffix("th"))
        .unwrap_or(word);
    number(digits).filter(|day| (1..=31).contains(day))
}

fn number(word: &str) -> Option<i8> {
    (word.len() <= 2).then(|| word.parse().ok()).flatten()
}

fn year(word: &str) -> Option<i16> {
    (word.len() == 4).then(|| word.parse().ok()).flatten().filter(|year| (2009..2100).contains(year))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::lexicon::Lexicon;

    fn told(text: &str) -> Option<String> {
        let published = "2026-11-20T08:00:00Z".parse().unwrap();
        event_date(&Lexicon::new(&[]).read(text, "", None), Some(published))
    }

    #[test]
    fn dates_are_read_in_the_forms_of_the_trade() {
        for (text, date) in [
            ("Claims open on 25 November", "2026-11-25"),
            ("Trading starts November 25th, 10:00 UTC", "2026-11-25"),
            ("Deposits open May 6, 2027", "2027-05-06"),
            ("Snapshot on 2026-12-01", "2026-12-01"),
            ("Airdrop set for January", "2027-01"),
            ("Token launch planned for Q1 2027", "2027-Q1"),
            ("Token launch in Q4", "2026-Q4"),
            ("Token sale opens tomorrow", "2026-11-21"),
            ("Token goes live on Monday", "2026-11-23"),
        ] {
            assert_eq!(told(text).as_deref(), Some(date), "{text}");
        }
    }

    #[test]
    fn a_word_that_only_looks_like_a_month_is_no_date() {
        assert_eq!(told("The team may launch a token"), None);
        assert_eq!(told("Users march on"), None);
    }
}
