//! How far an event has come, once the date that a text states is held against what its words say.

use jiff::civil::Date;

use super::date::{Dates, Role, When};
use crate::{
    detect::reading::{Part, Reading},
    model::{
        Event, Stage,
        event_date::{FIRST_DAYS, days_between},
    },
};

/// Days for which a sale or an airdrop without a stated end counts as running: one is reported in bursts up to 19 days
/// apart in the labelled news.
const RUNNING_DAYS: i32 = 21;
/// From this many days on, a date in the body of a text on something to come is background: "after its testnet in
/// March".
const BACKGROUND_DAYS: i32 = 30;
/// Tokens after "is live" in which a date turns it into an announcement: "is live on 3 December".
const DATED: usize = 3;

/// The stage of an event, and its date where the date is the event's own. `said` is the stage that the words give;
/// `today` the day of publication, or of reading.
///
/// With a date ahead the stage is `upcoming`, with a date gone by it is never `upcoming`. A date that belongs to
/// something else is left out instead: the distribution after a running airdrop, the year of a testnet.
pub fn settle(
    said: Stage,
    event: Event,
    dates: Dates,
    reading: &Reading,
    today: Option<Date>,
) -> (Stage, Option<String>) {
    let (end, end_in_title) = (dates.end, dates.end_in_title);
    let Some(when) = dates.event else { return (ended(said, end, end_in_title, reading, today), None) };
    let Some(today) = today else { return (said, Some(when.date)) };
    let (first, last) = when.days;
    let settled = if first > today {
        ahead(said, event, &when, reading)
    } else if last < today {
        behind(said, event, &when, end, today)
    } else if first < today && when.is_day() && said == Stage::Upcoming {
        // Within a range of days it has begun.
        Some(Stage::Live)
    } else {
        Some(said)
    };
    match settled {
        Some(stage) => (stage, Some(when.date)),
        None => (said, None),
    }
}

/// The stage where only the day is known on which something ends: what ends later is not over, and what ended by the
/// headline is.
fn ended(said: Stage, end: Option<Date>, in_title: bool, reading: &Reading, today: Option<Date>) -> Stage {
    match (said, end.zip(today)) {
        (Stage::Past, Some((end, today))) if in_title && end >= today => Stage::Live,
        (Stage::Live | Stage::Upcoming, Some((end, today)))
            if in_title && end < today && !runs(&reading.title) =>
        {
            Stage::Past
        }
        _ => said,
    }
}

/// The stage with a date ahead; `None` where the date is not the event's.
fn ahead(said: Stage, event: Event, when: &When, reading: &Reading) -> Option<Stage> {
    if when.role == Role::Price && said != Stage::Upcoming {
        return None;
    }
    let other = match said {
        Stage::Upcoming => false,
        Stage::Live => {
            let running = runs(reading.head());
            match when.role {
                Role::Opening => running && !reading.title.tags.is_empty(),
                Role::Distribution => true,
                // "By 2027 the team wants to ..."
                _ => running || !when.is_day(),
            }
        }
        // The sale is over; what is dated is the launch after it.
        Stage::Past => event == Event::Sale,
    };
    (when.in_title || !other).then_some(Stage::Upcoming)
}

/// The stage with a date gone by; `None` where the date is not the event's.
fn behind(said: Stage, event: Event, when: &When, end: Option<Date>, today: Date) -> Option<Stage> {
    let days = days_between(when.days.1, today);
    let background = !when.in_title && (!when.is_day() || days > BACKGROUND_DAYS);
    let running = match event {
        Event::Sale | Event::Airdrop => RUNNING_DAYS,
        _ => FIRST_DAYS,
    };
    match said {
        Stage::Past => Some(Stage::Past),
        _ if when.role == Role::Background => None,
        _ if end.is_some_and(|end| end >= today) => Some(Stage::Live),
        _ if background => None,
        Stage::Live if days <= running => Some(Stage::Live),
        Stage::Upcoming if days <= FIRST_DAYS => Some(Stage::Live),
        _ => Some(Stage::Past),
    }
}

/// Whether `part` says that something is open now: "is live", "now open", "claim now".
fn runs(part: &Part) -> bool {
    let word = |at: usize| part.word(at);
    let dated = |at: usize| {
        (at..at + DATED).any(|at| {
            word(at).starts_with(|c: char| c.is_ascii_digit())
                || matches!(word(at), "tomorrow" | "next" | "soon" | "q1" | "q2" | "q3" | "q4")
        })
    };
    (0..part.normal.tokens.len()).any(|at| {
        let open = match (word(at), word(at + 1)) {
            (
                "is" | "are" | "now" | "goes" | "went",
                "live" | "open" | "underway" | "ongoing" | "claimable",
            )
            | ("claim" | "join" | "buy", "now") => Some(at + 2),
            ("is" | "are", "now")
                if matches!(word(at + 2), "live" | "open" | "underway" | "claimable" | "available") =>
            {
                Some(at + 3)
            }
            ("ongoing" | "underway", _) => Some(at + 1),
            _ => None,
        };
        open.is_some_and(|after| !dated(after))
    })
}
