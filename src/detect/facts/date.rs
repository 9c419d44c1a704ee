//! When an event takes place, as far as a text says: `2026-11-25`, or `2026-11`, `2026-Q4`, `2026` where no more is
//! said.

mod context;
mod languages;
mod read;
mod relative;
#[cfg(test)]
mod tests;
mod zone;

use jiff::{Timestamp, civil::Date};
use strum::IntoStaticStr;

use self::{context::Context, read::Reader};
use crate::{
    detect::{
        groups::Groups,
        reading::{Part, Reading},
    },
    model::{
        Event,
        event_date::{day_of, event_days},
    },
};

/// A date that a text states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// As in an output: `2026-11-25`, `2026-11`, `2026-Q4` or `2026`.
    pub date: String,
    /// Its relation to the day of publication; `None` where that is unknown, and for a bare year.
    pub relation: Option<DateRelation>,
    /// First and last day that it means.
    pub days: (Date, Date),
    /// Whether the headline states it.
    pub in_title: bool,
    /// What is said to happen then.
    pub role: Role,
    /// Nouns of the event that is said to happen then.
    about: Groups,
}

impl When {
    /// Whether it names a day, not only a month, a quarter or a year.
    #[must_use]
    pub fn is_day(&self) -> bool {
        self.date.len() == "2026-11-25".len()
    }

    /// Whether it names only a quarter, half a year or a year.
    #[must_use]
    pub fn is_quarter_or_year(&self) -> bool {
        self.date.len() == "2026".len() || self.date.contains('Q')
    }

    /// Whether the headline states it, or the text where there is none.
    #[must_use]
    pub fn in_head(&self, reading: &Reading) -> bool {
        self.in_title || reading.title.tags.is_empty()
    }

    /// Whether `event` is said to happen then.
    #[must_use]
    pub fn is_of(&self, event: Event) -> bool {
        self.about.any(Groups::dated(event))
    }

    /// Whether another event than `event` is said to happen then.
    #[must_use]
    pub fn is_of_another(&self, event: Event) -> bool {
        !self.about.is_empty() && !self.is_of(event)
    }
}

/// What is said to happen on a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Something opens: "claims open on 3 December".
    Opening,
    /// One can register: "registration opens on 3 December".
    Registration,
    /// Coins can be paid in or out: "deposits open on 3 December".
    Deposit,
    /// Tokens are handed out: "distribution on 20 December".
    Distribution,
    /// A price is foretold: "targets $2 by December".
    Price,
    /// Something came before, or was to come: "after raising $5M in March 2024", "delayed from 3 December".
    Background,
    /// Nothing of these.
    Unknown,
}

/// The dates of a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dates {
    /// Those on which something takes place, in the order of the text.
    all: Vec<When>,
    /// The last day of what runs: "claims close on 20 December".
    pub end: Option<Date>,
    /// Whether the headline states that day.
    pub end_in_title: bool,
}

/// The relation of a stated date to the day of publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum DateRelation {
    /// A day still to come.
    Ahead,
    /// The same day.
    Today,
    /// A day gone by.
    Behind,
    /// A month or a quarter: no day is named.
    Vague,
}

impl DateRelation {
    /// Its name among the signals.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl Dates {
    /// Those that the headline states.
    pub(super) fn of_title(&self) -> Self {
        let all = self.all.iter().filter(|when| when.in_title).cloned().collect();
        Self { all, ..self.clone() }
    }

    /// The relation of the date that is most likely the event's, whichever event it is.
    #[must_use]
    pub fn relation(&self) -> Option<DateRelation> {
        self.best(worth).and_then(|when| when.relation)
    }

    /// The date of `event`: one that is said of it, in the headline, and not gone by, as far as there is one.
    #[must_use]
    pub fn of(&self, event: Event) -> Option<&When> {
        self.best(|when| {
            let about = match (when.about.is_empty(), when.is_of_another(event)) {
                (true, _) => 0,
                (false, false) => 3,
                (false, true) => -3,
            };
            worth(when) + about
        })
    }

    /// The first of those worth the most.
    fn best(&self, worth: impl Fn(&When) -> i32) -> Option<&When> {
        self.all.iter().rev().max_by_key(|when| worth(when))
    }
}

/// How likely a date is that of the event that a text reports. Set by hand so that each line below decides before
/// those after it.
fn worth(when: &When) -> i32 {
    let role = match when.role {
        Role::Background => -12,
        Role::Price => -3,
        Role::Registration | Role::Deposit => -2,
        Role::Distribution => -1,
        Role::Opening | Role::Unknown => 0,
    };
    // A past date is often a step on the way: "the snapshot was taken on 8 November".
    let past = if when.relation == Some(DateRelation::Behind) { -6 } else { 0 };
    let place = if when.in_title { 4 } else { 0 };
    // A year says less than a day.
    let vague = if when.relation.is_none() { -1 } else { 0 };
    role + past + place + vague
}

/// Found in a text: a date, as precise as it is stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Day(Date),
    /// The first and the last day of several: "1 to 5 March".
    Range(Date, Date),
    Month(i16, i8),
    Quarter(i16, i8),
    /// Half a year; outputs give its year.
    Half(i16, i8),
    Year(i16),
}

impl Found {
    fn text(self) -> String {
        match self {
            Self::Day(date) | Self::Range(date, _) => date.to_string(),
            Self::Month(year, month) => format!("{year:04}-{month:02}"),
            Self::Quarter(year, quarter) => format!("{year:04}-Q{quarter}"),
            Self::Half(year, _) | Self::Year(year) => format!("{year:04}"),
        }
    }

    /// First and last day that it means.
    fn days(self) -> Option<(Date, Date)> {
        match self {
            Self::Range(first, last) => Some((first, last)),
            Self::Half(year, half) => {
                let of = |quarter: i8| event_days(&format!("{year:04}-Q{quarter}"));
                Some((of(2 * half - 1)?.0, of(2 * half)?.1))
            }
            _ => event_days(&self.text()),
        }
    }

    fn in_utc(self, part: &Part, index: usize) -> Self {
        match self {
            Self::Day(date) => Self::Day(zone::in_utc(part, index, date)),
            other => other,
        }
    }
}

/// The dates of a text. Relative words count from `published`; without it only dates with a year are given.
#[must_use]
pub fn event_dates(reading: &Reading, published: Option<Timestamp>) -> Dates {
    let today = published.map(day_of);
    let mut dates = Dates::default();
    for (part, in_title) in [(&reading.title, true), (&reading.body, false)] {
        let reader = Reader { part, today };
        for index in 0..part.tags.len() {
            let Some(found) = reader.at(index) else { continue };
            let context = Context { part, index };
            let found = found.in_utc(part, index);
            if context.is_end(found) || context.ends_range(&reader, found) {
                if !context.is_of_registration() {
                    (dates.end, dates.end_in_title) =
                        (found.days().map(|days| days.1).or(dates.end), in_title);
                }
            } else if !context.is_beside(found) && !context.is_dateline(in_title) {
                if let Found::Range(_, last) = found {
                    dates.end = Some(last);
                }
                dates.all.extend(when(&context, found, today, in_title));
            }
        }
    }
    dates
}

fn when(context: &Context, found: Found, today: Option<Date>, in_title: bool) -> Option<When> {
    let days = found.days()?;
    let relation = match found {
        Found::Year(_) | Found::Half(..) => None,
        Found::Month(..) | Found::Quarter(..) => Some(DateRelation::Vague),
        Found::Day(day) | Found::Range(day, _) => today.map(|today| match day.cmp(&today) {
            std::cmp::Ordering::Less => DateRelation::Behind,
            std::cmp::Ordering::Equal => DateRelation::Today,
            std::cmp::Ordering::Greater => DateRelation::Ahead,
        }),
    };
    let (role, about) = (context.role(), context.about());
    Some(When { date: found.text(), relation, days, in_title, role, about })
}
