//! When an event takes place, as far as a text says: `2026-11-25`, or `2026-11`, `2026-Q4`, `2026` where no more is
//! said.

mod read;

use jiff::{Timestamp, civil::Date};
use strum::IntoStaticStr;

use self::read::{Found, Reader};
use crate::{
    detect::reading::{Part, Reading},
    model::event_date::{day_of, event_days},
    text::normal::{Case, Shape},
};

/// A date that a text states for its event.
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
}

impl When {
    /// Whether it names a day, not only a month, a quarter or a year.
    #[must_use]
    pub fn is_day(&self) -> bool {
        self.date.len() == "2026-11-25".len()
    }
}

/// What is said to happen on a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Something opens: "claims open on 3 December".
    Opening,
    /// Tokens are handed out: "distribution on 20 December".
    Distribution,
    /// A price is foretold: "targets $2 by December".
    Price,
    /// Something came before: "after raising $5M in March 2024".
    Background,
    /// Nothing of these.
    Unknown,
}

/// The dates of a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dates {
    /// When the event takes place.
    pub event: Option<When>,
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

/// Words before the day on which something ends.
const ENDING: &[&str] = &[
    "until",
    "till",
    "through",
    "closes",
    "close",
    "closing",
    "closed",
    "ends",
    "end",
    "ended",
    "ending",
    "finishes",
    "finishing",
    "concludes",
    "concluding",
    "expires",
    "expire",
    "expired",
    "deadline",
];
/// Other words after which a date is no event's.
const BESIDE: &[&str] = &["before", "by", "since", "last", "remain", "remains", "dated"];
/// Tokens over which such a word reaches.
const CLOSING_REACH: usize = 4;
/// Tokens between "today" or a bare weekday and a noun of the trade.
const NEWS_REACH: usize = 8;
/// "today announced": the day of the announcement, not of the event.
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
/// Tokens of a body in which a dateline ("Dubai, UAE, May 09, 2026") may stand.
const DATELINE: usize = 9;

/// Words that say that something opens.
const OPENING: &[&str] = &[
    "open",
    "opens",
    "opening",
    "start",
    "starts",
    "starting",
    "begin",
    "begins",
    "beginning",
    "launch",
    "launches",
    "launching",
    "live",
    "list",
    "lists",
    "listing",
    "trading",
    "trade",
    "tge",
    "debut",
    "debuts",
    "claimable",
    "available",
    "deposits",
    "kicks",
];
/// Words that say that tokens are handed out.
const DISTRIBUTION: &[&str] = &[
    "distribution",
    "distribute",
    "distributed",
    "distributing",
    "vesting",
    "unlock",
    "refund",
    "refunds",
    "payout",
    "rewards",
];
/// Words after which a date gone by is that of something before the event.
const BACKGROUND: &[&str] = &["after", "following", "testnet", "devnet", "founded", "raising", "backed"];
/// Words that say that a price is foretold.
const PRICE: &[&str] = &["price", "prediction", "predictions", "forecast", "target", "targets", "targeting"];
/// Tokens before a date that say what happens then.
const ROLE_REACH: usize = 8;
/// Tokens before a date in which the beginning of a range may stand: "2026-12-03 10:00 – 2026-12-10".
const RANGE_REACH: usize = 7;

/// The dates of an event: from the title, else from the body. Relative words count from `published`; without it only
/// dates with a year are given.
#[must_use]
pub fn event_dates(reading: &Reading, published: Option<Timestamp>) -> Dates {
    let today = published.map(day_of);
    let (mut end, mut end_in_title) = (None, false);
    let (mut first, mut behind) = (None::<When>, None::<When>);
    for (part, in_title) in [(&reading.title, true), (&reading.body, false)] {
        let reader = Reader { part, today };
        for index in 0..part.tags.len() {
            let Some(found) = reader.at(index) else { continue };
            let ends = follows(part, index, found, ENDING) || ends_range(&reader, index);
            if ends {
                (end, end_in_title) = (last_day(found).or(end), in_title);
            } else if first.is_none() && !follows(part, index, found, BESIDE) && !dateline(part, index) {
                let Some(when) = when(part, index, found, today, in_title) else { continue };
                if let Found::Range(_, last) = found {
                    end = Some(last);
                }
                // A past date is often a step on the way: "the snapshot was taken on 8 November".
                let past = today.is_some_and(|today| when.days.1 < today);
                if past {
                    behind = behind.or(Some(when));
                } else {
                    first = Some(when);
                }
            }
        }
    }
    Dates { event: first.or(behind), end, end_in_title }
}

fn when(part: &Part, index: usize, found: Found, today: Option<Date>, in_title: bool) -> Option<When> {
    let date = found.text();
    let mut days = event_days(&date)?;
    let relation = match found {
        Found::Year(_) => None,
        Found::Month(..) | Found::Quarter(..) => Some(DateRelation::Vague),
        Found::Day(day) | Found::Range(day, _) => today.map(|today| match day.cmp(&today) {
            std::cmp::Ordering::Less => DateRelation::Behind,
            std::cmp::Ordering::Equal => DateRelation::Today,
            std::cmp::Ordering::Greater => DateRelation::Ahead,
        }),
    };
    if let Found::Range(_, last) = found {
        days.1 = last;
    }
    Some(When { date, relation, days, in_title, role: role(part, index) })
}

/// What the words before the date at `index` say of it, in its sentence.
fn role(part: &Part, index: usize) -> Role {
    let words = || {
        (index.saturating_sub(ROLE_REACH)..index)
            .rev()
            .map(|at| part.word(at))
            .take_while(|word| *word != ".")
    };
    // "The launch, after raising $5M in March": the nearer word counts.
    let near = |wanted: &[&str]| words().position(|word| wanted.contains(&word)).unwrap_or(ROLE_REACH);
    if words().any(|word| PRICE.contains(&word)) {
        Role::Price
    } else if near(BACKGROUND) < near(OPENING) {
        Role::Background
    } else if words().any(|word| OPENING.contains(&word)) {
        Role::Opening
    } else if words().any(|word| DISTRIBUTION.contains(&word)) {
        Role::Distribution
    } else {
        Role::Unknown
    }
}

fn last_day(found: Found) -> Option<Date> {
    match found {
        Found::Day(day) | Found::Range(_, day) => Some(day),
        _ => None,
    }
}

/// Whether one of `wanted` stands closely before the day at `index`: "claims run until 20 December".
fn follows(part: &Part, index: usize, found: Found, wanted: &[&str]) -> bool {
    let words = || {
        (index.saturating_sub(CLOSING_REACH)..index)
            .rev()
            .map(|at| part.word(at))
            .take_while(|word| *word != ".")
    };
    let runs_to =
        || words().any(|word| matches!(word, "run" | "runs")) && words().take(2).any(|word| word == "to");
    matches!(found, Found::Day(_)) && (words().any(|word| wanted.contains(&word)) || runs_to())
}

/// Whether the date at `index` ends a range that began with another: "2026-12-03 10:00 – 2026-12-10 10:00".
fn ends_range(reader: &Reader, index: usize) -> bool {
    let word = |at: usize| reader.part.word(at);
    let Some(before) = index.checked_sub(1) else { return false };
    // A day may stand before its month.
    let day = usize::from(word(before).starts_with(|c: char| c.is_ascii_digit()));
    let Some(joint) = before.checked_sub(day).filter(|&at| matches!(word(at), "-" | "to")) else {
        return false;
    };
    (joint.saturating_sub(RANGE_REACH)..joint)
        .any(|at| reader.at(at).is_some_and(|found| last_day(found).is_some()))
}

/// Whether the date at `index` is that of the report: only names and commas stand before it.
fn dateline(part: &Part, index: usize) -> bool {
    (2..DATELINE).contains(&index)
        && (0..index).any(|at| part.word(at) == ",")
        && part.normal.tokens[..index].iter().all(|token| match token.shape {
            Shape::Word => token.case != Case::Lower,
            _ => true,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::lexicon::Lexicon;

    fn date_of(text: &str) -> Option<String> {
        let published = "2026-11-20T08:00:00Z".parse().unwrap();
        let lexicon = Lexicon::new(&[], &[]);
        event_dates(&lexicon.read(text, "", None), Some(published)).event.map(|when| when.date)
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
            assert_eq!(date_of(text).as_deref(), Some(date), "{text}");
        }
    }

    #[test]
    fn the_end_of_a_claim_is_not_its_date() {
        assert_eq!(date_of("Claims are open until 20 December"), None);
        assert_eq!(
            date_of("Airdrop claim opens on 25 November and closes on 20 December").as_deref(),
            Some("2026-11-25")
        );
        assert_eq!(date_of("The claim portal is open as of today").as_deref(), Some("2026-11-20"));
    }

    #[test]
    fn a_weekday_goes_with_the_tense_of_its_verb() {
        assert_eq!(
            date_of("Caldera opened the claim for its airdrop on Friday").as_deref(),
            Some("2026-11-20")
        );
        assert_eq!(
            date_of("Caldera opened the claim for its airdrop on Tuesday").as_deref(),
            Some("2026-11-17")
        );
        assert_eq!(
            date_of("Caldera opens the claim for its airdrop on Tuesday").as_deref(),
            Some("2026-11-24")
        );
    }

    #[test]
    fn the_date_of_a_press_release_is_not_the_event_s() {
        assert_eq!(
            date_of("Rotterdam, 19 November 2026: Driftloop will hold its token sale on 26 November")
                .as_deref(),
            Some("2026-11-26")
        );
    }

    #[test]
    fn a_word_that_only_looks_like_a_month_is_no_date() {
        assert_eq!(date_of("The team may launch a token"), None);
        assert_eq!(date_of("Users march on"), None);
    }
}
