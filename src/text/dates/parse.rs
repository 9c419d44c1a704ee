//! Tokens to a date: the parts may stand in any order, and each token must belong to one.

use jiff::{
    Timestamp,
    civil::{Date, Weekday},
    tz::TimeZone,
};

use super::{
    Order, Reading,
    clock::Clock,
    tokens::{Kind, Token, tokens},
    words::{half, is_filler, month, weekday},
};

/// What `text` says; `normal` is its normal form.
pub(super) fn parse(text: &str, normal: &str) -> Option<Reading> {
    let tokens = tokens(normal);
    // `Mar, 22 sep` and `Mar 22` begin alike: the first word is tried as a weekday before it is tried as a month.
    [true, false].into_iter().find_map(|days_first| {
        let parser = Parser {
            text,
            tokens: &tokens,
            days_first,
            at: 0,
            day: Day::Missing,
            time: None,
            zone: None,
            offset: false,
            weekday: None,
        };
        parser.run()
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Day {
    Missing,
    /// Its year is still to come: `Sep 20 14:00:00 2026`.
    Yearless {
        month: i8,
        day: i8,
    },
    Whole(Date),
    /// Day and month in an order that the numbers do not show.
    Numeric {
        first: i8,
        second: i8,
        year: i16,
        sign: char,
    },
}

pub(super) struct Parser<'a> {
    /// As it was written: names of zones are in capitals.
    pub text: &'a str,
    pub tokens: &'a [Token<'a>],
    /// Whether a word that may be a weekday or a month is a weekday.
    pub days_first: bool,
    pub at: usize,
    pub day: Day,
    pub time: Option<Clock>,
    pub zone: Option<TimeZone>,
    /// Whether the zone is a number, which a name may still explain.
    pub offset: bool,
    pub weekday: Option<Weekday>,
}

impl<'a> Parser<'a> {
    fn run(mut self) -> Option<Reading> {
        while let Some(token) = self.token(self.at) {
            let taken = (self.days_first && self.weekday())
                || self.date()
                || self.year()
                || self.clock()
                || self.zone()
                || self.weekday()
                || self.bracket()
                || self.filler(token)
                || self.lead(token);
            if !taken {
                return None;
            }
        }
        self.reading()
    }

    pub(super) fn token(&self, at: usize) -> Option<Token<'a>> {
        self.tokens.get(at).copied()
    }

    pub(super) fn word(&self, at: usize) -> Option<&'a str> {
        self.token(at).filter(|token| token.kind == Kind::Word).map(|token| token.text)
    }

    pub(super) fn sign(&self, at: usize) -> Option<char> {
        match self.token(at)?.kind {
            Kind::Sign(sign) => Some(sign),
            _ => None,
        }
    }

    pub(super) fn is_sign(&self, at: usize, signs: &[char]) -> bool {
        self.sign(at).is_some_and(|sign| signs.contains(&sign))
    }

    /// Whether no white space stands before the token.
    pub(super) fn is_attached(&self, at: usize) -> bool {
        self.token(at).is_some_and(|token| !token.spaced)
    }

    /// A number of `digits` digits.
    pub(super) fn number<T: std::str::FromStr>(
        &self,
        at: usize,
        digits: std::ops::RangeInclusive<usize>,
    ) -> Option<T> {
        let token = self.token(at).filter(|token| token.kind == Kind::Number)?;
        digits.contains(&token.text.len()).then(|| token.text.parse().ok())?
    }

    pub(super) fn attached_number<T: std::str::FromStr>(
        &self,
        at: usize,
        digits: std::ops::RangeInclusive<usize>,
    ) -> Option<T> {
        self.number(at, digits).filter(|_| self.is_attached(at))
    }

    fn weekday(&mut self) -> bool {
        let Some((day, next)) = self.weekday_at(self.at) else { return false };
        // Two letters behind a time may be a damaged `pm`.
        let short =
            self.time.is_some() && self.word(self.at).is_some_and(|word| word.is_ascii() && word.len() < 3);
        if self.weekday.is_some() || short {
            return false;
        }
        (self.weekday, self.at) = (Some(day), next);
        true
    }

    pub(super) fn weekday_at(&self, at: usize) -> Option<(Weekday, usize)> {
        let word = self.word(at)?;
        if let Some(two) = self.word(at + 1).and_then(|next| weekday(&format!("{word}+{next}"))) {
            return Some((two, at + 2));
        }
        // `Thứ 2` is Monday; without its accents it would be an English Thursday before a day of the month.
        if word == "thu"
            && self.text.to_lowercase().contains("thứ")
            && let Some(number) = self.number::<i8>(at + 1, 1..=1).filter(|number| (2..=7).contains(number))
        {
            return Some((Weekday::from_monday_one_offset(number - 1).ok()?, at + 2));
        }
        Some((weekday(word)?, at + 1))
    }

    /// What stands in brackets: a zone, a weekday, or words that explain one.
    fn bracket(&mut self) -> bool {
        let close = match self.sign(self.at) {
            Some('(') => ')',
            Some('[') => ']',
            _ => return false,
        };
        let Some(length) = self.tokens[self.at..].iter().position(|token| token.kind == Kind::Sign(close))
        else {
            return false;
        };
        let end = self.at + length;
        let inside = self.at + 1;
        if let Some((zone, next, _)) = self.zone_at(inside).filter(|(_, next, _)| *next == end) {
            self.zone.get_or_insert(zone);
            self.at = next + 1;
            return true;
        }
        if let Some((day, _)) = self.weekday_at(inside).filter(|(_, next)| *next == end) {
            self.weekday.get_or_insert(day);
            self.at = end + 1;
            return true;
        }
        let wordy = self.tokens[inside..end].iter().all(|token| token.kind != Kind::Number);
        if wordy && self.zone.is_some() {
            self.at = end + 1;
        }
        wordy && self.zone.is_some()
    }

    /// Signs and words between the parts.
    fn filler(&mut self, token: Token<'_>) -> bool {
        let next = self.token(self.at + 1);
        let fills = match token.kind {
            Kind::Sign(',' | ';' | '.' | '|' | '@' | '·' | '•') => true,
            // `2026 - 14:00` and `segunda-feira`; not `-14:00`, which could be a zone.
            Kind::Sign('-') => next.is_none_or(|next| next.spaced || next.kind == Kind::Word) && self.at > 0,
            Kind::Word if token.text == "t" => {
                self.day != Day::Missing && next.is_some_and(|next| next.kind == Kind::Number && !next.spaced)
            }
            Kind::Word => is_filler(token.text),
            _ => false,
        };
        self.at += usize::from(fills);
        fills
    }

    /// Words in front of the date, such as `Published:` or a weekday nobody knows.
    fn lead(&mut self, token: Token<'_>) -> bool {
        let begun = self.day != Day::Missing || self.time.is_some();
        let next = self.token(self.at + 1);
        let leads = match token.kind {
            Kind::Word => {
                month(token.text).is_none() && half(token.text).is_none_or(|_| token.text.is_ascii())
            }
            // A minus right before a number belongs to it.
            Kind::Sign('+' | '-') => next.is_none_or(|next| next.spaced || next.kind != Kind::Number),
            Kind::Sign(_) => true,
            Kind::Number => false,
        };
        self.at += usize::from(leads && !begun);
        leads && !begun
    }

    fn reading(self) -> Option<Reading> {
        let clock = self.time.unwrap_or_default();
        let zone = self.zone.unwrap_or(TimeZone::UTC);
        let instant = |date: Date| -> Option<Timestamp> {
            Some(zone.to_ambiguous_zoned_datetime(clock.on(date)?).compatible().ok()?.timestamp())
        };
        match self.day {
            Day::Missing | Day::Yearless { .. } => None,
            Day::Whole(date) => instant(date).map(Reading::exact),
            Day::Numeric { first, second, year, sign } => {
                let day_first = Date::new(year, second, first).ok();
                let month_first = Date::new(year, first, second).ok();
                let named = |date: Option<Date>| {
                    date.zip(self.weekday).is_some_and(|(date, weekday)| date.weekday() == weekday)
                };
                let proves = match (day_first, month_first) {
                    (Some(_), None) => Some(Order::DayFirst),
                    (None, Some(_)) => Some(Order::MonthFirst),
                    (Some(one), Some(two)) if one != two => match (named(day_first), named(month_first)) {
                        (true, false) => Some(Order::DayFirst),
                        (false, true) => Some(Order::MonthFirst),
                        _ => None,
                    },
                    _ => None,
                };
                let at = |date: Option<Date>| date.and_then(instant);
                // Where numbers are parted by dots the day is first.
                let usual = (sign == '.').then_some(Order::DayFirst);
                Some(Reading { day_first: at(day_first), month_first: at(month_first), proves, usual })
            }
        }
    }
}
