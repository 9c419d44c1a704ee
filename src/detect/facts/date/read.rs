//! Reads one date off a text: where it stands decides how it is read, not what it is the date of.

use jiff::{
    ToSpan,
    civil::{Date, date},
};

use super::{ANNOUNCING, NEWS_REACH};
use crate::{
    detect::{groups::Groups, reading::Part},
    text::{
        dates::english_month,
        normal::{Case, Shape},
    },
};

const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Verbs after which "on Friday" is a Friday gone by.
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
    "sold",
    "raised",
];
/// Endings in -ed that look ahead: "scheduled for Friday".
const AHEAD: [&str; 7] =
    ["scheduled", "slated", "expected", "planned", "delayed", "postponed", "rescheduled"];
/// Words before a weekday that is to come.
const BEFORE_WEEKDAY: &[&str] = &[
    "this", "on", "next", "for", "opens", "open", "starts", "start", "begins", "begin", "launches", "launch",
    "trading", "lists",
];
/// Words before a bare month.
const BEFORE_MONTH: &[&str] = &["in", "for", "by", "this", "early", "late", "mid", "until", "during", "to"];
/// Words before a bare year.
const BEFORE_YEAR: &[&str] = &[
    "in", "for", "by", "early", "late", "mid", "until", "during", "of", "h1", "h2", "spring", "summer",
    "autumn", "fall", "winter",
];
/// What a quarter without a year is a quarter of, where it is none of an event: "Q1 revenue".
const ACCOUNTS: [&str; 9] =
    ["revenue", "revenues", "results", "earnings", "report", "profit", "profits", "sales", "net"];
/// Verbs before "in 3 days".
const OPENS_IN: [&str; 8] = ["opens", "open", "starts", "start", "begins", "begin", "live", "launches"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Day(Date),
    /// The first and the last day of several: "1 to 5 March".
    Range(Date, Date),
    Month(i16, i8),
    Quarter(i16, i8),
    Year(i16),
}

impl Found {
    pub fn text(self) -> String {
        match self {
            Self::Day(date) | Self::Range(date, _) => date.to_string(),
            Self::Month(year, month) => format!("{year:04}-{month:02}"),
            Self::Quarter(year, quarter) => format!("{year:04}-Q{quarter}"),
            Self::Year(year) => format!("{year:04}"),
        }
    }
}

/// Reads dates off one part of a text.
pub(super) struct Reader<'a> {
    pub part: &'a Part<'a>,
    pub today: Option<Date>,
}

impl Reader<'_> {
    fn word(&self, index: usize) -> &str {
        self.part.word(index)
    }

    fn before(&self, index: usize, offset: usize) -> &str {
        index.checked_sub(offset).map_or("", |at| self.part.word(at))
    }

    /// The date that begins, or has its month, at token `index`.
    pub fn at(&self, index: usize) -> Option<Found> {
        // "2026-05-22" reads as three numbers, as hyphens part words.
        if let (Some(year), Some(month), Some(day)) =
            (year(self.word(index)), number(self.word(index + 1)), number(self.word(index + 2)))
        {
            return Date::new(year, month, day).ok().map(Found::Day);
        }
        if let Some(month) = english_month(self.word(index)) {
            return self.of_month(index, month);
        }
        self.numeric(index)
            .or_else(|| self.quarter(index))
            .or_else(|| self.year(index))
            .or_else(|| self.relative(index))
    }

    /// "28.11.2026", "2026.11.28", "2026年11月28日" in one word, "28/11/2026" in three where the order is certain.
    fn numeric(&self, index: usize) -> Option<Found> {
        let word = self.word(index);
        if !word.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let mut parts = word.split(['.', '年', '月', '日']);
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
        let (day, month) = if first > 12 { (first, second) } else { (second, first) };
        // "03/04/2026" is March for some and April for others.
        (day > 12).then(|| Date::new(year, month, day).ok()).flatten().map(Found::Day)
    }

    fn of_month(&self, index: usize, month: i8) -> Option<Found> {
        let written = self.part.normal.tokens[index].case;
        if matches!(self.word(index), "may" | "march") && written == Case::Lower {
            return None;
        }
        let after = day(self.word(index + 1));
        let (last, taken) = self
            .last_day(index + 2)
            .filter(|_| after.is_some())
            .map_or((None, 0), |(day, taken)| (Some(day), taken));
        let year_at = if after.is_some() { index + 2 + taken } else { index + 1 };
        let comma = usize::from(after.is_some() && self.word(year_at) == ",");
        let year = year(self.word(year_at + comma));
        let of = self.before(index, 1) == "of" && day(self.before(index, 2)).is_some();
        let at = if of { 2 } else { 1 };
        let before = day(self.before(index, at)).filter(|_| after.is_none());
        let likely = || self.today.map(|today| nearest_year(today, month, after.or(before).unwrap_or(15)));
        match (after.or(before), year.or_else(likely)) {
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
            (None, Some(stated)) if BEFORE_MONTH.contains(&self.before(index, 1)) || year.is_some() => {
                Some(Found::Month(stated, month))
            }
            _ => None,
        }
    }

    /// The day before the one at `offset` back: the "1" of "1–5 March", "1 to 5 March".
    fn first_day(&self, index: usize, offset: usize) -> Option<i8> {
        let joined = matches!(self.before(index, offset + 1), "-" | "to" | "and" | "until");
        day(self.before(index, offset + 1 + usize::from(joined)))
    }

    /// The day after the one before `index`, and how many tokens it takes: the "5" of "March 1–5".
    fn last_day(&self, index: usize) -> Option<(i8, usize)> {
        let joined = usize::from(matches!(self.word(index), "-" | "to" | "until"));
        let other_month = english_month(self.word(index + joined + 1)).is_some();
        day(self.word(index + joined)).filter(|_| !other_month).map(|day| (day, joined + 1))
    }

    fn year(&self, index: usize) -> Option<Found> {
        let (today, year) = (self.today?, year(self.word(index))?);
        (year > today.year() && BEFORE_YEAR.contains(&self.before(index, 1))).then_some(Found::Year(year))
    }

    fn quarter(&self, index: usize) -> Option<Found> {
        let quarter = self.word(index).strip_prefix('q').and_then(|rest| rest.parse::<i8>().ok());
        let quarter = quarter.filter(|quarter| (1..=4).contains(quarter))?;
        let of = usize::from(self.word(index + 1) == "of");
        let year = year(self.word(index + 1 + of)).or_else(|| {
            let today = self.today.filter(|_| !ACCOUNTS.contains(&self.word(index + 1)))?;
            Some(if quarter * 3 < today.month() { today.year() + 1 } else { today.year() })
        })?;
        Some(Found::Quarter(year, quarter))
    }

    fn relative(&self, index: usize) -> Option<Found> {
        let today = self.today?;
        let shift = |days: i64| today.checked_add(days.days()).ok().map(Found::Day);
        let news = || {
            let around = index.saturating_sub(NEWS_REACH)..(index + NEWS_REACH).min(self.part.tags.len());
            self.part.tags[around].iter().any(|tags| tags.any(Groups::TRADE))
        };
        let named = |word: &str| DAYS.iter().position(|name| *name == word);
        match (self.word(index), self.word(index + 1)) {
            ("tomorrow", _) => shift(1),
            ("today", next)
                if self.part.normal.tokens[index].shape == Shape::Word
                    && !ANNOUNCING.contains(&next)
                    && !ANNOUNCING.contains(&self.before(index, 1))
                    && news() =>
            {
                shift(0)
            }
            ("next", "month") => {
                let then = today.checked_add(1.month()).ok()?;
                Some(Found::Month(then.year(), then.month()))
            }
            ("in", amount) if (1..4).any(|back| OPENS_IN.contains(&self.before(index, back))) => {
                let amount = i64::from(number(amount)?);
                match self.word(index + 2) {
                    "hours" | "hour" => shift(amount / 24),
                    "days" | "day" => shift(amount),
                    "weeks" | "week" => shift(amount * 7),
                    _ => None,
                }
            }
            (before, weekday) if BEFORE_WEEKDAY.contains(&before) => {
                let wanted = named(weekday)?;
                let now = usize::try_from(today.weekday().to_monday_zero_offset()).unwrap_or(0);
                let ahead = i64::try_from((wanted + 7 - now) % 7).unwrap_or(0);
                let behind = (7 - ahead) % 7;
                let over =
                    (index.saturating_sub(NEWS_REACH)..index).any(|at| OVER.contains(&self.part.word(at)));
                // "shares climbed on Monday"
                let verb = self.before(index, 1);
                let past = before == "on" && verb.ends_with("ed") && !AHEAD.contains(&verb);
                shift(if over || past {
                    -behind
                } else if ahead == 0 {
                    7
                } else {
                    ahead
                })
            }
            _ => None,
        }
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
