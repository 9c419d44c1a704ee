//! How far an event has come, once the date that a text states is held against what its words say.

use jiff::civil::Date;

use super::date::{Dates, Role, When};
use crate::{
    detect::{
        groups::{Group, Groups},
        reading::{Part, Reading},
    },
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
    dates: &Dates,
    reading: &Reading,
    today: Option<Date>,
) -> (Stage, Option<String>) {
    let Some(when) = dates.of(event) else { return (undated(said, event, dates, reading, today), None) };
    let Some(today) = today else { return (said, Some(when.date.clone())) };
    let (first, last) = when.days;
    let settled = if first > today {
        ahead(said, event, when, reading)
    } else if last < today {
        behind(said, event, when, dates.end, today)
    } else if first < today && when.is_day() && said == Stage::Upcoming {
        // Within a range of days it has begun.
        Some(Stage::Live)
    } else {
        Some(said)
    };
    match settled {
        Some(stage) => (stage, Some(when.date.clone())),
        None => (undated(said, event, dates, reading, Some(today)), None),
    }
}

/// The stage where no date of the event is known, but perhaps the day on which it ends: what ends later is not over,
/// and what ended by the headline is.
fn undated(said: Stage, event: Event, dates: &Dates, reading: &Reading, today: Option<Date>) -> Stage {
    match (said, dates.end.zip(today)) {
        (Stage::Past, Some((end, today))) if dates.end_in_title && end >= today => Stage::Live,
        (Stage::Live | Stage::Upcoming, Some((end, today)))
            if dates.end_in_title && end < today && !runs(&reading.title) =>
        {
            Stage::Past
        }
        (Stage::Upcoming, Some((end, today)))
            if dates.end_in_title && end >= today && !opens(&reading.title) =>
        {
            Stage::Live
        }
        (Stage::Live | Stage::Upcoming, _) if event == Event::Sale && closed_round(reading) => Stage::Past,
        (Stage::Live, _) if waits(reading.head()) => Stage::Upcoming,
        (Stage::Live, _) if matches!(event, Event::Sale | Event::Airdrop) && registers(reading.head()) => {
            Stage::Upcoming
        }
        (Stage::Upcoming, _) if event_runs(reading.head()) && !registers(reading.head()) => Stage::Live,
        _ => said,
    }
}

/// The stage with a date ahead; `None` where the date is not the event's.
fn ahead(said: Stage, event: Event, when: &When, reading: &Reading) -> Option<Stage> {
    let another = when.is_of_another(event);
    if when.role == Role::Background || when.role == Role::Price && said != Stage::Upcoming {
        return None;
    }
    let other = match said {
        Stage::Upcoming => false,
        Stage::Live => {
            let running = runs(reading.head());
            match when.role {
                _ if another => running,
                Role::Opening | Role::Deposit => running && !reading.title.tags.is_empty(),
                Role::Distribution => true,
                // "By 2027 the team wants to ..."
                _ => running || !when.is_day(),
            }
        }
        // The sale is over; what is dated is the launch after it.
        Stage::Past => event == Event::Sale || another,
    };
    (when.in_title && !another || !other).then_some(Stage::Upcoming)
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
        _ if when.is_of_another(event) || when.role == Role::Background => None,
        Stage::Past => Some(Stage::Past),
        _ if end.is_some_and(|end| end >= today) => Some(Stage::Live),
        _ if background => None,
        Stage::Live if days <= running => Some(Stage::Live),
        // A snapshot is over at once.
        Stage::Upcoming if days <= FIRST_DAYS && event != Event::Snapshot => Some(Stage::Live),
        _ => Some(Stage::Past),
    }
}

/// Words after "next", "later this" and "coming" that say that something is to come.
const PERIODS: &[&str] =
    &["week", "weeks", "weekend", "month", "months", "quarter", "year", "days", "hours", "summer", "winter"];

/// Tokens after "ahead of" in which the noun of the event stands.
const AHEAD_REACH: usize = 5;

/// Whether `part` gives a time to come that is no date: "next week", "days away", "ahead of its token launch".
fn waits(part: &Part) -> bool {
    let word = |at: usize| part.word(at);
    let period = |at: usize| PERIODS.contains(&word(at));
    let event = |from: usize| (from..from + AHEAD_REACH).any(|at| part.groups(at).any(Groups::LAUNCH));
    !runs(part)
        && (0..part.normal.tokens.len()).any(|at| match word(at) {
            "next" | "coming" => period(at + 1) || word(at + 1) == "soon",
            "starting" | "opening" | "launching" | "live" | "opens" | "starts" => word(at + 1) == "soon",
            "later" => word(at + 1) == "this" && period(at + 2),
            "away" => at > 0 && period(at - 1),
            "ahead" => word(at + 1) == "of" && event(at + 2),
            _ => false,
        })
}

/// Words for a round in which no tokens are sold to the public.
const EQUITY: &[&str] = &["seed", "series", "funding", "strategic"];

/// Whether the headline says that investors have bought the tokens: "raises $40M in token sale", led by somebody. It does
/// not apply to what a presale has raised so far.
fn closed_round(reading: &Reading) -> bool {
    let title = &reading.title;
    let first = |groups: Groups| title.tags.iter().position(|tags| tags.any(groups));
    let raised = first(Groups::RAISED).zip(first(Groups::SALE)).is_some_and(|(raised, sale)| raised < sale);
    raised
        && reading.seen().any(Group::Funding)
        && !title.seen.any(Group::Stage | Group::Prediction)
        && !(0..title.tags.len()).any(|at| EQUITY.contains(&title.word(at)))
        && !runs(title)
}

/// Whether `part` says that something comes this week or next.
pub(super) fn is_within_weeks(part: &Part) -> bool {
    (1..part.normal.tokens.len())
        .any(|at| matches!((part.word(at - 1), part.word(at)), ("next" | "this", "week" | "weekend")))
}

/// Whether `part` says that something opens, be it later.
fn opens(part: &Part) -> bool {
    (0..part.normal.tokens.len()).any(|at| {
        matches!(part.word(at), "opens" | "open" | "starts" | "start" | "begins" | "begin" | "will" | "to")
    })
}

/// Words for the time in which users may only put themselves down for a sale or an airdrop.
const REGISTRATION: &[&str] = &[
    "registration",
    "registrations",
    "whitelist",
    "whitelisting",
    "allowlist",
    "waitlist",
    "kyc",
    "register",
];

/// Whether `part` says that a registration is open, and not that the sale or the airdrop itself is.
pub fn registers(part: &Part) -> bool {
    let word = |at: usize| part.word(at);
    let open =
        |at: usize| matches!(word(at), "open" | "opens" | "opened" | "live" | "starts" | "begins" | "now");
    (0..part.normal.tokens.len()).filter(|&at| REGISTRATION.contains(&word(at))).any(|at| {
        let opens = (at.saturating_sub(2)..at + 4).any(open);
        let named = word(at) == "register" && word(at + 1) == "for";
        opens || named
    }) && !(0..part.normal.tokens.len()).any(|at| {
        let runs = matches!(word(at), "claim" | "claims" | "sale" | "presale" | "ido" | "airdrop");
        runs && (matches!(word(at + 1), "is" | "are" | "now") && open(at + 2) || word(at + 1) == "now")
    })
}

/// Whether `part` says that something is open now: "is live", "now open", "claim now".
fn runs(part: &Part) -> bool {
    (0..part.normal.tokens.len()).any(|at| runs_at(part, at))
}

/// Tokens before "is live" in which the noun stands that is.
const RUNNING_REACH: usize = 6;

/// Whether `part` says so of the event or of its token, and not of a network or a game.
fn event_runs(part: &Part) -> bool {
    let noun = Groups::DATED | Group::Token | Group::Cashtag;
    let other = Group::Mainnet | Group::Testnet | Group::Game | Group::Nft | Group::Points;
    (0..part.normal.tokens.len()).filter(|&at| runs_at(part, at)).any(|at| {
        let nearest = (at.saturating_sub(RUNNING_REACH)..at)
            .rev()
            .take_while(|&at| part.word(at) != ".")
            .map(|at| part.groups(at))
            .find(|tags| tags.any(noun | other));
        nearest.is_some_and(|tags| tags.any(noun))
    })
}

/// Whether "is live" or the like stands at token `at`, without a date after it.
fn runs_at(part: &Part, at: usize) -> bool {
    let word = |at: usize| part.word(at);
    let dated = |at: usize| {
        (at..at + DATED).any(|at| {
            word(at).starts_with(|c: char| c.is_ascii_digit())
                || matches!(word(at), "tomorrow" | "next" | "soon" | "q1" | "q2" | "q3" | "q4")
        })
    };
    let open = match (word(at), word(at + 1)) {
        ("is" | "are" | "now" | "goes" | "went", "live" | "open" | "underway" | "ongoing" | "claimable")
        | ("claim" | "join" | "buy" | "live" | "open" | "starts", "now") => Some(at + 2),
        ("is" | "are", "now")
            if matches!(word(at + 2), "live" | "open" | "underway" | "claimable" | "available") =>
        {
            Some(at + 3)
        }
        ("ongoing" | "underway", _) => Some(at + 1),
        _ => None,
    };
    open.is_some_and(|after| !dated(after))
}
