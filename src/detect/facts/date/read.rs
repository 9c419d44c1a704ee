//! Reads one date as it is written: where it stands decides how it is read, not what it is the date of.

use jiff::civil::{Date, date};

use super::Found;
use crate::{
    detect::reading::Part,
    text::{
        dates::english_month,
        normal::{Case, Shape},
    },
};

/// Words before a bare month.
const BEFORE_MONTH: &[&str] =
    &["in", "for", "by", "this", "early", "late", "mid", "until", "till", "through", "during", "to", "next"];
/// Words before "of" and a bare month: "at the end of March".
const PART_OF: &[&str] =
    &["end", "beginning", "start", "middle", "half", "part", "week", "days", "weeks", "month", "close"];
/// Words before a bare year.
const BEFORE_YEAR: &[&str] = &[
    "in", "for", "by", "early", "late", "mid", "until", "during", "of", "spring", "summer", "autumn", "fall",
    "winter",
];
/// What a quarter without a year is a quarter of, where it is none of an event: "Q1 revenue".
const ACCOUNTS: [&str; 9] =
    ["revenue", "revenues", "results", "earnings", "report", "profit", "profits", "sales", "net"];
/// Verbs of what is over: "ended on 1 March" is the last first of March.
const OVER: &[&str] = &[
    "opened",
    "launched",
    "began",
    "started",
    "went",
    "debuted",
    "listed",
    "was",
    "were",
    "airdropped",
    "distributed",
    "took",
    "closed",
    "ended",
    "concluded",
    "finished",
    "sold",
    "raised",
];
/// Words that look ahead, also after such a verb: "was scheduled for Friday".
const AHEAD: &[&str] = &[
    "will",
    "to",
    "scheduled",
    "slated",
    "expected",
    "planned",
    "set",
    "delayed",
    "postponed",
    "rescheduled",
    "moved",
    "pushed",
];
/// Tokens before a date in which its verb stands.
const VERB_REACH: usize = 8;
/// Days after which a day without a year, said to come, is that of the next year.
const NEXT_YEAR_DAYS: i32 = 30;
/// "03/04/2026" is 3 April or March 4: the one within so many days of the publication is meant if the other is not
/// within twice as many.
const BELIEVABLE_DAYS: i32 = 45;

/// Reads dates off one part of a text.
pub(super) struct Reader<'a> {
    pub part: &'a Part<'a>,
    pub today: Option<Date>,
}

impl Reader<'_> {
    pub(super) fn word(&self, index: usize) -> &str {
        self.part.word(index)
    }

    pub(super) fn before(&self, index: usize, offset: usize) -> &str {
        index.checked_sub(offset).map_or("", |at| self.part.word(at))
    }

    /// The date that begins, or has its month, at token `index`.
    pub(super) fn at(&self, index: usize) -> Option<Found> {
        // "2026-05-22" reads as three numbers, as hyphens part words.
        if let (Some(year), Some(month), Some(day)) =
            (year(self.word(index)), number(self.word(index + 1)), number(self.word(index + 2)))
        {
            return Date::new(year, month, day).ok().map(Found::Day);
        }
        if let Some(found) = self.in_language(index) {
            return Some(found);
        }
        if let Some(month) = english_month(self.word(index)) {
            return self.of_month(index, month);
        }
        self.numeric(index)
            .or_else(|| self.quarter(index))
            .or_else(|| self.half(index))
            .or_else(|| self.year(index))
            .or_else(|| self.relative(index))
    }

    /// "28.11.2026", "2026.11.28" in one word, "28/11/2026" in three.
    fn numeric(&self, index: usize) -> Option<Found> {
        let word = self.word(index);
        if !word.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let mut parts = word.split('.');
        if let (Some(first), Some(second), Some(third)) = (parts.next(), parts.next(), parts.next()) {
            let (day, year) = (number(first).zip(year(third)), year(first).zip(number(third)));
            let found = match (day, year) {
                (Some((day, year)), _) | (None, Some((year, day))) => Date::new(year, number(second)?, day),
                (None, None) => return None,
            };
            return found.ok().map(Found::Day);
        }
        let (first, second) = (number(word)?, number(self.word(index + 1))?);
        let year = year(self.word(index + 2))?;
        let (day_first, month_first) = (Date::new(year, second, first), Date::new(year, first, second));
        match (day_first, month_first) {
            (Ok(one), Ok(other)) if one != other => self.believable(one, other),
            (Ok(only), _) | (_, Ok(only)) => Some(only),
            _ => None,
        }
        .map(Found::Day)
    }

    /// Of two readings of a date the one near the publication, if the other is far from it.
    fn believable(&self, one: Date, other: Date) -> Option<Date> {
        let distance = |date: Date| self.today?.until(date).ok().map(|span| span.get_days().abs());
        let (first, second) = (distance(one)?, distance(other)?);
        let nearer = if first < second { one } else { other };
        (first.min(second) <= BELIEVABLE_DAYS && first.max(second) > 2 * BELIEVABLE_DAYS).then_some(nearer)
    }

    fn of_month(&self, index: usize, month: i8) -> Option<Found> {
        let written = self.part.normal.tokens[index].case;
        if matches!(self.word(index), "may" | "march") && written == Case::Lower {
            return None;
        }
        // "Dec. 5", "December the 5th".
        let next = index
            + 1
            + usize::from(matches!(self.word(index + 1), "." | "the") && day(self.word(index + 2)).is_some());
        let after = day(self.word(next));
        let (last, taken) = self
            .last_day(next + 1)
            .filter(|_| after.is_some())
            .map_or((None, 0), |(day, taken)| (Some(day), taken));
        let year_at = if after.is_some() { next + 1 + taken } else { next };
        let comma = usize::from(self.word(year_at) == ",");
        let stated = year(self.word(year_at + comma));
        let of = self.before(index, 1) == "of" && day(self.before(index, 2)).is_some();
        let at = if of { 2 } else { 1 };
        let before = day(self.before(index, at)).filter(|_| after.is_none());
        let likely = || self.today.map(|today| self.likely_year(today, index, month, after.or(before)));
        match (after.or(before), stated.or_else(likely)) {
            (Some(day), Some(year)) => {
                let date = Date::new(year, month, day).ok()?;
                let other = last.or_else(|| before.and_then(|_| self.first_day(index, at)));
                let other = other.and_then(|day| Date::new(year, month, day).ok());
                Some(match other {
                    Some(first) if last.is_none() && first < date => Found::Range(first, date),
                    Some(last) if date < last => Found::Range(date, last),
                    _ => Found::Day(date),
                })
            }
            // A bare month is a date only after a word that says so.
            (None, Some(year)) if self.says_month(index) || stated.is_some() => {
                Some(Found::Month(year, month))
            }
            _ => None,
        }
    }

    fn says_month(&self, index: usize) -> bool {
        BEFORE_MONTH.contains(&self.before(index, 1))
            || self.before(index, 1) == "of" && PART_OF.contains(&self.before(index, 2))
    }

    /// The day before the one at `offset` back: the "1" of "1–5 March", "1 to 5 March".
    fn first_day(&self, index: usize, offset: usize) -> Option<i8> {
        let joined = matches!(self.before(index, offset + 1), "-" | "to" | "and" | "until");
        day(self.before(index, offset + 1 + usize::from(joined)))
    }

    /// The day after the one before `index`, and how many tokens it takes: the "5" of "March 1–5".
    fn last_day(&self, index: usize) -> Option<(i8, usize)> {
        let joined = usize::from(matches!(self.word(index), "-" | "to" | "and" | "until"));
        let other_month = english_month(self.word(index + joined + 1)).is_some();
        day(self.word(index + joined)).filter(|_| !other_month).map(|day| (day, joined + 1))
    }

    /// The year of a day of the year: the nearest, unless the verb before it says that it is over, or to come.
    fn likely_year(&self, today: Date, index: usize, month: i8, day: Option<i8>) -> i16 {
        let day = day.unwrap_or(15).clamp(1, 28);
        let year = nearest_year(today, month, day);
        let ahead = Date::new(year, month, day).map_or(0, |date| days(today, date));
        let verb = self.verb(index);
        if verb == Some(Tense::Over) && ahead > 1 {
            year - 1
        } else if verb == Some(Tense::Ahead) && ahead < -NEXT_YEAR_DAYS {
            year + 1
        } else {
            year
        }
    }

    /// What the nearest word with a tense before token `index` says.
    pub(super) fn verb(&self, index: usize) -> Option<Tense> {
        (index.saturating_sub(VERB_REACH)..index)
            .rev()
            .map(|at| self.word(at))
            .take_while(|word| *word != ".")
            .find_map(|word| match word {
                _ if AHEAD.contains(&word) => Some(Tense::Ahead),
                _ if OVER.contains(&word) => Some(Tense::Over),
                _ => None,
            })
    }

    fn year(&self, index: usize) -> Option<Found> {
        let (today, year) = (self.today?, year(self.word(index))?);
        (year > today.year() && BEFORE_YEAR.contains(&self.before(index, 1))).then_some(Found::Year(year))
    }

    /// "Q1 2027", "2027 Q1", "first quarter of 2027", "next quarter".
    fn quarter(&self, index: usize) -> Option<Found> {
        let (quarter, after) = match self.word(index + 1) {
            "quarter" => (ordinal(self.word(index))?, index + 2),
            _ => (self.word(index).strip_prefix('q')?.parse::<i8>().ok()?, index + 1),
        };
        if !(1..=4).contains(&quarter) {
            return None;
        }
        let year = self.year_after(after).or_else(|| year(self.before(index, 1))).or_else(|| {
            let today = self.today.filter(|_| !ACCOUNTS.contains(&self.word(after)))?;
            Some(if quarter * 3 < today.month() { today.year() + 1 } else { today.year() })
        })?;
        Some(Found::Quarter(year, quarter))
    }

    /// "H1 2027", "second half of 2027".
    fn half(&self, index: usize) -> Option<Found> {
        let (half, after) = match (self.word(index), self.word(index + 1)) {
            ("h1", _) => (1, index + 1),
            ("h2", _) => (2, index + 1),
            (which, "half") => (ordinal(which)?, index + 2),
            _ => return None,
        };
        let year = self.year_after(after)?;
        (half <= 2).then_some(Found::Half(year, half))
    }

    fn year_after(&self, index: usize) -> Option<i16> {
        year(self.word(index + usize::from(self.word(index) == "of")))
    }

    /// Whether a written date begins at `index`, so that a weekday before it adds nothing.
    pub(super) fn is_written(&self, index: usize) -> bool {
        let at = index + usize::from(matches!(self.word(index), "," | "(" | "the"));
        let month = |at: usize| english_month(self.word(at)).is_some();
        month(at)
            || day(self.word(at)).is_some() && (month(at + 1) || month(at + 2))
            || year(self.word(at)).is_some() && self.part.is(at, Shape::Number)
    }
}

/// What a verb says of a date after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tense {
    Over,
    Ahead,
}

/// The year that brings a day of the year closest to `today`, the future preferred.
pub(super) fn nearest_year(today: Date, month: i8, day: i8) -> i16 {
    let this = Date::new(today.year(), month, day.clamp(1, 28)).unwrap_or(date(today.year(), 1, 1));
    let behind = days(this, today);
    if behind > 90 {
        today.year() + 1
    } else if behind < -300 {
        today.year() - 1
    } else {
        today.year()
    }
}

fn days(from: Date, to: Date) -> i32 {
    crate::model::event_date::days_between(from, to)
}

pub(super) fn day(word: &str) -> Option<i8> {
    let digits = ["st", "nd", "rd", "th"].iter().find_map(|ending| word.strip_suffix(ending)).unwrap_or(word);
    number(digits).filter(|day| (1..=31).contains(day))
}

fn ordinal(word: &str) -> Option<i8> {
    Some(match word {
        "first" | "1st" => 1,
        "second" | "2nd" => 2,
        "third" | "3rd" => 3,
        "fourth" | "4th" | "final" => 4,
        _ => return None,
    })
}

pub(super) fn number(word: &str) -> Option<i8> {
    (word.len() <= 2).then(|| word.parse().ok()).flatten()
}

pub(super) fn year(word: &str) -> Option<i16> {
    (word.len() == 4).then(|| word.parse().ok()).flatten().filter(|year| (2009..2100).contains(year))
}
