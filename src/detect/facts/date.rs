//! When an event takes place, as far as a text says: `2026-11-25`, or `2026-11`, `2026-Q4` where no more is said.

use std::cmp::Ordering;

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

/// A date that a text states for its event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// As told: `2026-11-25`, `2026-11` or `2026-Q4`.
    pub date: String,
    /// How it lies to the day of publication; `None` where that is unknown.
    pub lies: Option<Lies>,
}

/// Where a stated date lies, seen from the day of publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lies {
    /// A day still to come.
    Ahead,
    /// The same day.
    Today,
    /// A day gone by.
    Behind,
    /// A month or a quarter: no day is named.
    Vague,
}

impl Lies {
    /// Its name among the signals.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ahead => "ahead",
            Self::Today => "today",
            Self::Behind => "behind",
            Self::Vague => "vague",
        }
    }
}

/// Words after which a date ends something: it is no event's.
const CLOSING: &[&str] = &[
    "until", "till", "through", "before", "by", "closes", "close", "closing", "ends", "end", "ended",
    "ending", "expires", "expire", "deadline", "since", "last", "remain", "remains", "runs", "dated",
];
/// Tokens over which such a word reaches.
const CLOSING_REACH: usize = 4;
/// Tokens between "today" or a bare weekday and a noun of the trade.
const NEWS_REACH: usize = 8;
/// "today announced": the day of the announcement, not of the event.
const TELLING: &[&str] = &[
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
/// Tokens of a body in which a dateline ("Dubai, UAE, May 09, 2026") may stand.
const DATELINE: usize = 9;

/// The date of the event: from the title, else from the body. Relative words count from `published`; without it only
/// dates with a year are given. `core` marks the nouns of the trade.
#[must_use]
pub fn event_date(reading: &Reading, core: u128, published: Option<Timestamp>) -> Option<When> {
    let today = published.map(|at| at.to_zoned(TimeZone::UTC).date());
    let dates = || {
        [&reading.title, &reading.body].into_iter().flat_map(|part| {
            (0..part.tags.len()).filter_map(move |index| {
                let found = Reader { part, core, today }.at(index)?;
                (!closed(part, index, found) && !dateline(part, index))
                    .then(|| When { date: found.text(), lies: found.lies(today) })
            })
        })
    };
    // What lies behind is often a step on the way: "the snapshot was taken on 8 November".
    dates().find(|when| when.lies != Some(Lies::Behind)).or_else(|| dates().next())
}

/// A date as read, before it is told.
#[derive(Debug, Clone, Copy)]
enum Found {
    Day(Date),
    Month(i16, i8),
    Quarter(i16, i8),
}

impl Found {
    fn text(self) -> String {
        match self {
            Self::Day(date) => date.to_string(),
            Self::Month(year, month) => format!("{year:04}-{month:02}"),
            Self::Quarter(year, quarter) => format!("{year:04}-Q{quarter}"),
        }
    }

    fn lies(self, today: Option<Date>) -> Option<Lies> {
        let Self::Day(date) = self else { return Some(Lies::Vague) };
        today.map(|today| match date.cmp(&today) {
            Ordering::Less => Lies::Behind,
            Ordering::Equal => Lies::Today,
            Ordering::Greater => Lies::Ahead,
        })
    }
}

/// Whether the day at `index` is the end of something: "claims run until 20 December".
fn closed(part: &Part, index: usize, found: Found) -> bool {
    matches!(found, Found::Day(_))
        && (index.saturating_sub(CLOSING_REACH)..index)
            .rev()
            .take_while(|&at| part.normal.word(at) != ".")
            .any(|at| CLOSING.contains(&part.normal.word(at)))
}

/// Whether the date at `index` is that of the report: only names and commas stand before it.
fn dateline(part: &Part, index: usize) -> bool {
    (2..DATELINE).contains(&index)
        && (0..index).any(|at| part.normal.word(at) == ",")
        && part.normal.tokens[..index].iter().all(|token| match token.shape {
            Shape::Word => token.case != Case::Lower,
            _ => true,
        })
}

/// Reads dates off one part of a text.
struct Reader<'a> {
    part: &'a Part,
    core: u128,
    today: Option<Date>,
}

impl Reader<'_> {
    fn word(&self, index: usize) -> &str {
        if index < self.part.normal.tokens.len() { self.part.normal.word(index) } else { "" }
    }

    fn before(&self, index: usize, offset: usize) -> &str {
        index.checked_sub(offset).map_or("", |at| self.part.normal.word(at))
    }

    fn at(&self, index: usize) -> Option<Found> {
        // "2026-05-22" reads as three numbers, as hyphens part words.
        if let (Some(year), Some(month), Some(day)) =
            (year(self.word(index)), number(self.word(index + 1)), number(self.word(index + 2)))
        {
            return Date::new(year, month, day).ok().map(Found::Day);
        }
        if let Some(month) = month(self.word(index)) {
            return self.of_month(index, month);
        }
        self.quarter(index).or_else(|| self.relative(index))
    }

    fn of_month(&self, index: usize, month: i8) -> Option<Found> {
        let written = self.part.normal.tokens[index].case;
        if matches!(self.word(index), "may" | "march") && written == Case::Lower {
            return None;
        }
        let after = day(self.word(index + 1));
        let comma = usize::from(self.word(index + 2) == ",");
        let year =
            if after.is_some() { year(self.word(index + 2 + comma)) } else { year(self.word(index + 1)) };
        let of = self.before(index, 1) == "of" && day(self.before(index, 2)).is_some();
        let day = after.or_else(|| day(self.before(index, if of { 2 } else { 1 })));
        let likely = || self.today.map(|today| nearest_year(today, month, day.unwrap_or(15)));
        match (day, year.or_else(likely)) {
            (Some(day), Some(year)) => Date::new(year, month, day).ok().map(Found::Day),
            // A bare month is a date only after a word that says so.
            (None, Some(stated))
                if matches!(
                    self.before(index, 1),
                    "in" | "for" | "by" | "this" | "early" | "late" | "mid" | "until" | "during" | "to"
                ) || year.is_some() =>
            {
                Some(Found::Month(stated, month))
            }
            _ => None,
        }
    }

    fn quarter(&self, index: usize) -> Option<Found> {
        let quarter = self.word(index).strip_prefix('q').and_then(|rest| rest.parse::<i8>().ok());
        let quarter = quarter.filter(|quarter| (1..=4).contains(quarter))?;
        let year = year(self.word(index + 1)).or_else(|| {
            let today = self.today?;
            Some(if quarter * 3 < today.month() { today.year() + 1 } else { today.year() })
        })?;
        Some(Found::Quarter(year, quarter))
    }

    fn relative(&self, index: usize) -> Option<Found> {
        let today = self.today?;
        let shift = |days: i64| today.checked_add(days.days()).ok().map(Found::Day);
        let news = || {
            let around = index.saturating_sub(NEWS_REACH)..(index + NEWS_REACH).min(self.part.tags.len());
            self.part.tags[around].iter().any(|tags| tags & self.core != 0)
        };
        let named = |word: &str| DAYS.iter().position(|name| *name == word);
        match (self.word(index), self.word(index + 1)) {
            ("tomorrow", _) => shift(1),
            ("today", next)
                if self.part.normal.tokens[index].shape == Shape::Word
                    && !TELLING.contains(&next)
                    && !TELLING.contains(&self.before(index, 1))
                    && news() =>
            {
                shift(0)
            }
            ("next", "month") => {
                let then = today.checked_add(1.month()).ok()?;
                Some(Found::Month(then.year(), then.month()))
            }
            (
                "this" | "on" | "next" | "for" | "opens" | "starts" | "begins" | "launches" | "launch"
                | "trading",
                day,
            ) => {
                let wanted = named(day)?;
                let now = usize::try_from(today.weekday().to_monday_zero_offset()).unwrap_or(0);
                let ahead = i64::try_from((wanted + 7 - now) % 7).unwrap_or(0);
                let behind = (7 - ahead) % 7;
                let over = (index.saturating_sub(NEWS_REACH)..index)
                    .any(|at| OVER.contains(&self.part.normal.word(at)));
                shift(if over {
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
        let lexicon = Lexicon::new(&[], &[]);
        let core = lexicon.mask(&["claim", "tokensale", "tokenlaunch", "airdrop", "trading"]);
        event_date(&lexicon.read(text, "", None), core, Some(published)).map(|when| when.date)
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
    fn the_end_of_a_claim_is_not_its_date() {
        assert_eq!(told("Claims are open until 20 December"), None);
        assert_eq!(
            told("Airdrop claim opens on 25 November and closes on 20 December").as_deref(),
            Some("2026-11-25")
        );
        assert_eq!(told("The claim portal is open as of today").as_deref(), Some("2026-11-20"));
    }

    #[test]
    fn a_weekday_goes_with_the_tense_of_its_verb() {
        assert_eq!(told("Caldera opened the claim for its airdrop on Friday").as_deref(), Some("2026-11-20"));
        assert_eq!(
            told("Caldera opened the claim for its airdrop on Tuesday").as_deref(),
            Some("2026-11-17")
        );
        assert_eq!(told("Caldera opens the claim for its airdrop on Tuesday").as_deref(), Some("2026-11-24"));
    }

    #[test]
    fn the_date_of_a_press_release_is_not_the_event_s() {
        assert_eq!(
            told("Rotterdam, 19 November 2026: Driftloop will hold its token sale on 26 November").as_deref(),
            Some("2026-11-26")
        );
    }

    #[test]
    fn a_word_that_only_looks_like_a_month_is_no_date() {
        assert_eq!(told("The team may launch a token"), None);
        assert_eq!(told("Users march on"), None);
    }
}
