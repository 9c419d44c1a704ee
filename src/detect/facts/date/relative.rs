//! Dates that count from the day of publication: "tomorrow", "next Tuesday", "in two weeks".

use jiff::{Span, ToSpan, civil::Date};

use super::{
    Found,
    read::{Reader, Tense, day, number},
};
use crate::{detect::groups::Groups, text::normal::Shape};

const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const NUMBERS: [&str; 12] =
    ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

/// Endings in -ed that look ahead: "scheduled for Friday".
const AHEAD: [&str; 7] =
    ["scheduled", "slated", "expected", "planned", "delayed", "postponed", "rescheduled"];
/// Words before a weekday that is to come.
const BEFORE_WEEKDAY: &[&str] = &[
    "this", "on", "next", "for", "from", "until", "till", "by", "before", "opens", "open", "starts", "start",
    "begins", "begin", "launches", "launch", "trading", "lists", "closes", "ends", "late", "early", "coming",
];
/// Verbs before "in 3 days", "within 24 hours".
const OPENS_IN: [&str; 22] = [
    "opens",
    "open",
    "opening",
    "starts",
    "start",
    "starting",
    "begins",
    "begin",
    "live",
    "launches",
    "launch",
    "launching",
    "closes",
    "close",
    "closing",
    "ends",
    "end",
    "ending",
    "drops",
    "coming",
    "tge",
    "list",
];
/// Tokens before "in 3 days" in which such a verb stands.
const OPENS_REACH: usize = 6;
/// Tokens between "today" or a bare weekday and a noun of the trade.
pub(super) const NEWS_REACH: usize = 8;
/// Tokens between a bare weekday in a headline and a noun of the trade.
const BARE_REACH: usize = 6;
/// Verbs that have happened when they are reported.
const ANNOUNCING: &[&str] = &[
    "announced",
    "announces",
    "announcing",
    "said",
    "revealed",
    "confirmed",
    "published",
    "unveiled",
    "shared",
];
/// Days within which "the 19th" is looked for.
const NEXT_DAYS: i32 = 27;

impl Reader<'_> {
    /// The relative date at token `index`.
    pub(super) fn relative(&self, index: usize) -> Option<Found> {
        let today = self.today?;
        let shift = |days: i64| today.checked_add(days.days()).ok().map(Found::Day);
        match (self.word(index), self.word(index + 1)) {
            ("tomorrow", _) if (self.before(index, 2), self.before(index, 1)) == ("day", "after") => shift(2),
            ("tomorrow", _) => shift(1),
            ("yesterday", next) if self.happens(index, next) => shift(-1),
            ("today" | "tonight", next) if self.happens(index, next) => shift(0),
            ("next" | "last" | "this" | "the", "week" | "month" | "quarter" | "year") => {
                self.period(index, today)
            }
            ("in" | "within", _) => self.after_a_while(index, today),
            (which, weekday) if DAYS.contains(&weekday) && BEFORE_WEEKDAY.contains(&which) => {
                self.weekday(index + 1, today)
            }
            ("last" | "past", weekday) if DAYS.contains(&weekday) => self.weekday(index + 1, today),
            (weekday, _) if DAYS.contains(&weekday) && self.is_bare_weekday(index) => {
                self.weekday(index, today)
            }
            ("the", ordinal) => self.day_of_month(index, ordinal, today),
            _ => None,
        }
    }

    /// Whether "today" at `index` is the day of an event and not that of the announcement.
    fn happens(&self, index: usize, next: &str) -> bool {
        self.part.normal.tokens[index].shape == Shape::Word
            && !ANNOUNCING.contains(&next)
            && !ANNOUNCING.contains(&self.before(index, 1))
            && self.near_trade(index, NEWS_REACH)
    }

    fn near_trade(&self, index: usize, reach: usize) -> bool {
        let around = index.saturating_sub(reach)..(index + reach).min(self.part.tags.len());
        self.part.tags[around].iter().any(|tags| tags.any(Groups::TRADE))
    }

    /// "Next month", "later this year", "by the end of the quarter".
    fn period(&self, index: usize, today: Date) -> Option<Found> {
        let late = matches!(self.before(index, 1), "later" | "of" | "before" | "by");
        let then = |span: Span| match self.word(index) {
            "next" => today.checked_add(span).ok(),
            "this" => Some(today),
            "the" if self.before(index, 1) == "of" && matches!(self.before(index, 2), "end" | "close") => {
                Some(today)
            }
            _ => None,
        };
        match self.word(index + 1) {
            "month" => then(1.month()).map(|day| Found::Month(day.year(), day.month())),
            "quarter" => then(3.months()).map(|day| Found::Quarter(day.year(), (day.month() + 2) / 3)),
            "year" if self.word(index) == "next" || late => then(1.year()).map(|day| Found::Year(day.year())),
            _ => None,
        }
    }

    /// "In 3 days", "within the next 24 hours", after a word that says what happens then.
    fn after_a_while(&self, index: usize, today: Date) -> Option<Found> {
        let mut at = index + 1;
        while matches!(self.word(at), "the" | "next" | "just" | "only" | "about" | "under") {
            at += 1;
        }
        let amount = match self.word(at) {
            "a" | "an" => 1,
            word => number(word).map(i64::from).or_else(|| {
                let at = NUMBERS.iter().position(|number| *number == word)?;
                i64::try_from(at + 1).ok()
            })?,
        };
        let span = match self.word(at + 1) {
            "hours" | "hour" => (amount / 24).days(),
            "days" | "day" => amount.days(),
            "weeks" | "week" => (amount * 7).days(),
            _ => return None,
        };
        let opens = (1..=OPENS_REACH).map(|back| self.before(index, back)).take_while(|word| *word != ".");
        opens
            .into_iter()
            .any(|word| OPENS_IN.contains(&word))
            .then(|| today.checked_add(span).ok())
            .flatten()
            .map(Found::Day)
    }

    /// The weekday at token `index`: to come, unless its verb says that it is over.
    fn weekday(&self, index: usize, today: Date) -> Option<Found> {
        // "Friday, 4 December": the date says it.
        if self.is_written(index + 1) {
            return None;
        }
        let wanted = DAYS.iter().position(|name| *name == self.word(index))?;
        let now = usize::try_from(today.weekday().to_monday_zero_offset()).unwrap_or(0);
        let ahead = i64::try_from((wanted + 7 - now) % 7).unwrap_or(0);
        let behind = (7 - ahead) % 7;
        let (which, verb) = (self.before(index, 1), self.before(index, 2));
        // "shares climbed on Monday"
        let past = which == "on" && verb.ends_with("ed") && !AHEAD.contains(&verb);
        let days = match which {
            "next" if ahead == 0 => 7,
            "last" | "past" if behind == 0 => -7,
            "last" | "past" => -behind,
            _ if past || self.verb(index) == Some(Tense::Over) => -behind,
            _ => ahead,
        };
        today.checked_add(days.days()).ok().map(Found::Day)
    }

    /// Whether the weekday at `index` stands without "on", as in headlines: "Kestrel to launch token Tuesday".
    fn is_bare_weekday(&self, index: usize) -> bool {
        let before = self.before(index, 1);
        let from = index.saturating_sub(BARE_REACH);
        !BEFORE_WEEKDAY.contains(&before)
            && !matches!(before, "last" | "past" | "every" | "each" | "")
            && !self.part.is(index + 1, Shape::Possessive)
            && self.part.tags[from..index].iter().any(|tags| tags.any(Groups::TRADE))
    }

    /// "On the 19th": the next day of that number, or one just gone by.
    fn day_of_month(&self, index: usize, ordinal: &str, today: Date) -> Option<Found> {
        let day = day(ordinal).filter(|_| ordinal.ends_with(|c: char| c.is_ascii_alphabetic()))?;
        let leads = matches!(self.before(index, 1), "on" | "until" | "till" | "from" | "by");
        let after = index + 2;
        let ends =
            !self.part.is(after, Shape::Word) || matches!(self.word(after), "at" | "and" | "to" | "with");
        if !leads || !ends {
            return None;
        }
        let this = Date::new(today.year(), today.month(), day).ok();
        let next =
            today.checked_add(1.month()).ok().and_then(|then| Date::new(then.year(), then.month(), day).ok());
        let near =
            |date: &Date| (-2..=NEXT_DAYS).contains(&crate::model::event_date::days_between(today, *date));
        this.filter(near).or(next).map(Found::Day)
    }
}
