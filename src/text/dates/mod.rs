//! Publication dates as feeds and pages write them (docs/reference/feeds.md#dates), read into instants. Pure.
//!
//! A date is read only where the whole text is understood: every group of digits has its meaning, and year, month
//! and day all stand in the text. Anything else is no date, because a wrong one hides news or repeats it. A day
//! without a time is its first moment, and a time without a zone is in UTC.

mod clock;
mod common;
mod day;
mod parse;
pub mod relative;
mod tokens;
mod words;
mod zone;
mod zones;

#[cfg(test)]
mod tests;

use jiff::{Timestamp, tz::TimeZone};

pub(crate) use words::{english_month, month};
pub(crate) use zones::named as zone_named;

/// Years of publication that can be believed. Feeds write 1900 or 1970 for "unknown"; other calendars count higher
/// (2026 is 2569 in Thailand).
pub(crate) const YEARS: std::ops::RangeInclusive<i16> = 1995..=2099;
/// Longest text that is read, bytes: a weekday, a month and a zone by their full names in Cyrillic.
const LONGEST: usize = 160;

/// Which of the first two numbers of `05/10/2026` is the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// 5 October.
    DayFirst,
    /// 10 May.
    MonthFirst,
}

/// What a text says, in either order of day and month; both are the same unless the date is all numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    day_first: Option<Timestamp>,
    month_first: Option<Timestamp>,
    /// The order that this text proves.
    proves: Option<Order>,
    /// The order that is meant where nothing else decides.
    usual: Option<Order>,
}

impl Reading {
    fn exact(at: Timestamp) -> Self {
        Self { day_first: Some(at), month_first: Some(at), proves: None, usual: None }
    }

    /// The order that this text proves: `20/09/2026` does, `05/10/2026` does not.
    #[must_use]
    pub fn proves(self) -> Option<Order> {
        self.proves
    }

    /// The instant, where the other dates of the document are in `order`. `None` where two readings remain.
    #[must_use]
    pub fn instant(self, order: Option<Order>) -> Option<Timestamp> {
        match self.proves.or(order).or(self.usual) {
            Some(Order::DayFirst) => self.day_first,
            Some(Order::MonthFirst) => self.month_first,
            None => self.day_first.filter(|_| self.day_first == self.month_first),
        }
    }
}

/// The order that the numeric dates of one document share.
#[derive(Debug, Clone, Copy, Default)]
pub struct Orders {
    day_first: bool,
    month_first: bool,
}

impl Orders {
    /// What the date texts of one document prove together.
    pub fn of<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Self {
        let mut orders = Self::default();
        for text in texts {
            orders.note(readings(text.as_ref()));
        }
        orders
    }

    /// Takes what one more date of the document proves.
    pub fn note(&mut self, reading: Option<Reading>) {
        match reading.and_then(Reading::proves) {
            Some(Order::DayFirst) => self.day_first = true,
            Some(Order::MonthFirst) => self.month_first = true,
            None => {}
        }
    }

    /// The order, if the dates agree on one.
    #[must_use]
    pub fn settled(self) -> Option<Order> {
        match (self.day_first, self.month_first) {
            (true, false) => Some(Order::DayFirst),
            (false, true) => Some(Order::MonthFirst),
            _ => None,
        }
    }

    /// The instant of `text`, one of the document's dates.
    #[must_use]
    pub fn read(self, text: &str) -> Option<Timestamp> {
        readings(text)?.instant(self.settled())
    }
}

/// The instant that `text` stands for; `None` where it is no date, or could be two.
#[must_use]
pub fn read(text: &str) -> Option<Timestamp> {
    readings(text)?.instant(None)
}

/// What `text` says as a date.
#[must_use]
pub fn readings(text: &str) -> Option<Reading> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST {
        return None;
    }
    if let Some(at) = common::read(text).or_else(|| epoch(text)) {
        return believable(at).then(|| Reading::exact(at));
    }
    any_form(text)
}

fn any_form(text: &str) -> Option<Reading> {
    let normal = tokens::normal(text);
    let found = parse::parse(text, &normal)?;
    let keep = |at: Option<Timestamp>| at.filter(|at| believable(*at));
    let found = Reading { day_first: keep(found.day_first), month_first: keep(found.month_first), ..found };
    (found.day_first.is_some() || found.month_first.is_some()).then_some(found)
}

/// What the reader of every form makes of `text`.
#[cfg(test)]
fn slow_read(text: &str) -> Option<Timestamp> {
    any_form(text)?.instant(None)
}

fn believable(at: Timestamp) -> bool {
    YEARS.contains(&at.to_zoned_datetime(TimeZone::UTC).year())
}

/// Seconds since 1970, or thousandths, millionths and so on of them: which, the number of digits says. Decimals are
/// dropped.
fn epoch(text: &str) -> Option<Timestamp> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(decimals) {
        return None;
    }
    let unit = match whole.len() {
        9 | 10 => 1,
        12 | 13 => 1_000,
        15 | 16 => 1_000_000,
        18 | 19 => 1_000_000_000,
        _ => return None,
    };
    let at = Timestamp::from_second(whole.parse::<i64>().ok()? / unit).ok()?;
    // Twelve digits may also be `202609201400`: as an epoch that would be 1976.
    believable(at).then_some(at)
}
