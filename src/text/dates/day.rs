//! The day of a date text: compact, ISO 8601, numbers, names of months.

use jiff::civil::{Date, ISOWeekDate, Weekday};

use super::{
    clock::{Clock, is_hour_mark},
    parse::{Day, Parser},
    tokens::Kind,
    words::{half, month, vietnamese_month},
};

impl Parser<'_> {
    /// A date, or a day and a month without their year.
    pub(super) fn date(&mut self) -> bool {
        if self.day != Day::Missing {
            return false;
        }
        let found =
            self.compact().or_else(|| self.iso()).or_else(|| self.east_asian()).or_else(|| self.numeric());
        let found = found.or_else(|| self.day_and_name()).or_else(|| self.name_and_day());
        let Some((day, next)) = found.or_else(|| self.year_and_name()) else { return false };
        (self.day, self.at) = (day, next);
        true
    }

    /// `20260920`, with the time or without.
    fn compact(&mut self) -> Option<(Day, usize)> {
        let token = self.token(self.at).filter(|token| token.kind == Kind::Number)?;
        let (date, time) = match token.text.len() {
            8 => (token.text, ""),
            12 | 14 if self.time.is_none() => token.text.split_at(8),
            _ => return None,
        };
        let date =
            Date::new(date[..4].parse().ok()?, date[4..6].parse().ok()?, date[6..].parse().ok()?).ok()?;
        if !time.is_empty() {
            let part = |at| time.get(at..at + 2).map_or(Some(0), |two| two.parse().ok());
            self.time = Clock { hour: part(0)?, minute: part(2)?, second: part(4)? }.checked();
            self.time?;
        }
        Some((Day::Whole(date), self.at + 1))
    }

    /// `2026-09-20`, `2026/9/20`, `2026. 9. 20`, `2026-263`, `2026-W38-7`.
    fn iso(&self) -> Option<(Day, usize)> {
        let at = self.at;
        let year: i16 = self.number(at, 4..=4)?;
        if let Some(week) = self.week(year) {
            return Some(week);
        }
        let sign = self.sign(at + 1).filter(|sign| matches!(sign, '-' | '/' | '.'))?;
        if sign == '-'
            && let Some(days) = self.attached_number::<i16>(at + 2, 3..=3)
            && self.sign(at + 3) != Some('-')
        {
            let first = Date::new(year, 1, 1).ok()?;
            let date = first.checked_add(jiff::Span::new().days(days.checked_sub(1)?)).ok()?;
            return (date.year() == year && days > 0).then_some((Day::Whole(date), at + 3));
        }
        let month = self.number(at + 2, 1..=2)?;
        let day = self.number(at + 4, 1..=2).filter(|_| self.sign(at + 3) == Some(sign))?;
        Some((Day::Whole(Date::new(year, month, day).ok()?), at + 5))
    }

    /// `-W38-7` or `W387` behind a year (ISO 8601).
    fn week(&self, year: i16) -> Option<(Day, usize)> {
        let at = self.at + 1 + usize::from(self.sign(self.at + 1) == Some('-'));
        self.word(at).filter(|word| *word == "w" && self.is_attached(at))?;
        let (week, day, next) = if let Some(both) = self.attached_number::<i16>(at + 1, 3..=3) {
            (both / 10, both % 10, at + 2)
        } else {
            let dash = self.sign(at + 2) == Some('-') && self.is_attached(at + 2);
            let day = self.attached_number(at + 3, 1..=1).filter(|_| dash)?;
            (self.attached_number(at + 1, 2..=2)?, day, at + 4)
        };
        let day = Weekday::from_monday_one_offset(i8::try_from(day).ok()?).ok()?;
        let date = ISOWeekDate::new(year, i8::try_from(week).ok()?, day).ok()?.date();
        Some((Day::Whole(date), next))
    }

    /// `2026年9月20日`, `2026년 9월 20일`.
    fn east_asian(&self) -> Option<(Day, usize)> {
        let at = self.at;
        let is = |at, marks: &[&str]| self.word(at).is_some_and(|word| marks.contains(&word));
        let year = self.number(at, 4..=4).filter(|_| is(at + 1, &["年", "년"]))?;
        let month = self.number(at + 2, 1..=2).filter(|_| is(at + 3, &["月", "월"]))?;
        let day = self.number(at + 4, 1..=2).filter(|_| is(at + 5, &["日", "号", "號", "일"]))?;
        Some((Day::Whole(Date::new(year, month, day).ok()?), at + 6))
    }

    /// `20/09/2026`, `20.9.2026`, `20-09-2026`, `20 09 2026`.
    fn numeric(&self) -> Option<(Day, usize)> {
        let at = self.at;
        let first = self.number(at, 1..=2)?;
        let (sign, second, year) = match self.sign(at + 1) {
            Some(sign @ ('/' | '.' | '-')) if self.sign(at + 3) == Some(sign) => (sign, at + 2, at + 4),
            None => (' ', at + 1, at + 2),
            _ => return None,
        };
        let (second, year) = (self.number(second, 1..=2)?, (self.number(year, 4..=4)?, year + 1));
        Some((Day::Numeric { first, second, year: year.0, sign }, year.1))
    }

    /// `20 September 2026`, `20th of Sept. 2026`, `20-Sep-26`, `20 de setembro de 2026`, `20 tháng 9 năm 2026`.
    fn day_and_name(&self) -> Option<(Day, usize)> {
        let day = self.number(self.at, 1..=2)?;
        let name = self.joint(self.ordinal(self.at + 1));
        let (month, next) = self.month(name)?;
        let year = self.joint(next);
        if let Some(whole) = self.number(year, 4..=4) {
            return Some((Day::Whole(Date::new(whole, month, day).ok()?), year + 1));
        }
        if let Some(short) = self.number::<i16>(year, 2..=2).filter(|_| !self.is_clock(year)) {
            // Two digits: below 70 they are of this century (docs/reference/feeds.md#dates).
            let whole = if short < 70 { 2000 + short } else { 1900 + short };
            return Some((Day::Whole(Date::new(whole, month, day).ok()?), year + 1));
        }
        Some((Day::Yearless { month, day }, next))
    }

    /// `September 20, 2026`, `Sep 20th 2026`, `Tháng Chín 20, 2026`.
    fn name_and_day(&self) -> Option<(Day, usize)> {
        let (month, next) = self.month(self.at)?;
        let at = self.joint(next);
        let day = self.number(at, 1..=2).filter(|_| !self.is_clock(at))?;
        let next = self.ordinal(at + 1);
        let year = self.joint(next);
        match self.number(year, 4..=4).filter(|_| !self.is_clock(year)) {
            Some(whole) => Some((Day::Whole(Date::new(whole, month, day).ok()?), year + 1)),
            None => Some((Day::Yearless { month, day }, next)),
        }
    }

    /// `2026 Sep 20`, `2026-Sep-20`.
    fn year_and_name(&self) -> Option<(Day, usize)> {
        let year = self.number(self.at, 4..=4)?;
        let (month, next) = self.month(self.joint(self.at + 1))?;
        let day = self.joint(next);
        let date = Date::new(year, month, self.number(day, 1..=2).filter(|_| !self.is_clock(day))?).ok()?;
        Some((Day::Whole(date), self.ordinal(day + 1)))
    }

    /// The month named at `at`, and where its name ends.
    pub(super) fn month(&self, at: usize) -> Option<(i8, usize)> {
        let word = self.word(at)?;
        if matches!(word, "thang" | "thg" | "th") {
            if let Some(number) = self.number::<i8>(at + 1, 1..=2) {
                return (1..=12).contains(&number).then_some((number, at + 2));
            }
            let (one, two) = (self.word(at + 1)?, self.word(at + 2).unwrap_or_default());
            let long = vietnamese_month(&format!("{one}+{two}")).map(|month| (month, at + 3));
            return long.or_else(|| Some((vietnamese_month(one)?, at + 2)));
        }
        month(word).map(|month| (month, at + 1))
    }

    /// Where the token after an ordinal ending at `at` is, if there is one: `20th`, `1er`, `20º`.
    fn ordinal(&self, at: usize) -> usize {
        let ending = self.word(at).filter(|_| self.is_attached(at));
        at + usize::from(ending.is_some_and(|word| matches!(word, "st" | "nd" | "rd" | "th" | "er" | "o")))
    }

    /// Where the next part of a date is: behind signs and small words.
    fn joint(&self, mut at: usize) -> usize {
        let joins = |word: &str| matches!(word, "de" | "del" | "di" | "do" | "of" | "the" | "nam" | "ngay");
        while self.is_sign(at, &['.', ',', '-', '/']) || self.word(at).is_some_and(joins) {
            at += 1;
        }
        at
    }

    /// Whether the number at `at` is the hour of a time.
    fn is_clock(&self, at: usize) -> bool {
        let half = |word: &str| word.is_ascii() && half(word).is_some();
        let marked = |word: &str| half(word) || is_hour_mark(word) || matches!(word, "a" | "p");
        (self.sign(at + 1) == Some(':') && self.is_attached(at + 1)) || self.word(at + 1).is_some_and(marked)
    }

    /// The year of a date that had none so far.
    pub(super) fn year(&mut self) -> bool {
        let Day::Yearless { month, day } = self.day else { return false };
        let Some(year) = self.number(self.at, 4..=4).filter(|_| !self.is_clock(self.at)) else {
            return false;
        };
        let Ok(date) = Date::new(year, month, day) else { return false };
        self.day = Day::Whole(date);
        self.at += 1;
        true
    }
}
