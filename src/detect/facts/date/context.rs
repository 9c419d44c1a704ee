//! What the words around a date say of it.

use super::{Found, Role, languages, read::Reader};
use crate::{
    detect::{
        groups::{Group, Groups},
        reading::Part,
    },
    text::normal::{Case, Shape},
};

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
    "finished",
    "concludes",
    "concluded",
    "concluding",
    "expires",
    "expire",
    "expired",
    "deadline",
];
/// Those that also stand before a month: "at the end of March" is no end.
const ENDING_MONTH: &[&str] =
    &["until", "till", "through", "closes", "closing", "ends", "ending", "expires", "deadline"];
/// Other words after which a date is no event's.
const BESIDE: &[&str] = &["before", "by", "since", "last", "remain", "remains", "dated"];
/// Tokens over which such a word reaches.
const CLOSING_REACH: usize = 4;
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
    "debut",
    "debuts",
    "available",
    "kicks",
];
/// Nouns and verbs of what opens.
const TRADED: &[&str] = &["list", "lists", "listing", "trading", "trade", "tge", "claimable"];
/// Words that say that one can register.
const REGISTRATION: &[&str] = &[
    "registration",
    "registrations",
    "register",
    "whitelist",
    "whitelisting",
    "allowlist",
    "waitlist",
    "kyc",
];
/// Words that say that coins can be paid in or out.
const DEPOSIT: &[&str] = &["deposit", "deposits", "withdrawal", "withdrawals"];
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
/// Words after which a date is that of something before the event, or one that holds no longer.
const BACKGROUND: &[&str] = &[
    "after",
    "following",
    "testnet",
    "devnet",
    "founded",
    "raising",
    "backed",
    "originally",
    "initially",
    "previously",
    "instead",
    "earlier",
];
/// Words that say that a price is foretold.
const PRICE: &[&str] = &["price", "prediction", "predictions", "forecast", "target", "targets", "targeting"];
/// Tokens before a date that say what happens then.
const ROLE_REACH: usize = 8;
/// Tokens before a date in which the beginning of a range may stand: "2026-12-03 10:00 – 2026-12-10".
const RANGE_REACH: usize = 7;
/// Tokens before and after a date in which the noun of its event stands.
const NOUN_BEFORE: usize = 12;
const NOUN_AFTER: usize = 8;

/// The place of a date: its first token, or that of its month.
pub(super) struct Context<'a> {
    pub part: &'a Part<'a>,
    pub index: usize,
}

impl<'a> Context<'a> {
    /// Positions before the date, the nearest first, in its sentence.
    fn before(&self, reach: usize) -> impl Iterator<Item = usize> {
        let Self { part, index } = *self;
        // The point of "Dec. 5" ends no sentence.
        (index.saturating_sub(reach)..index).rev().take_while(move |&at| part.word(at) != ".")
    }

    fn words(&self, reach: usize) -> impl Iterator<Item = &'a str> {
        let part = self.part;
        self.before(reach).map(move |at| part.word(at))
    }

    /// What the words before the date say of it.
    pub fn role(&self) -> Role {
        // "The launch, after raising $5M in March": the nearer word counts.
        let near = |wanted: &[&str]| {
            self.words(ROLE_REACH).position(|word| wanted.contains(&word)).unwrap_or(ROLE_REACH)
        };
        let has = |wanted: &[&str]| near(wanted) < ROLE_REACH;
        let opening = near(OPENING).min(near(TRADED));
        if has(PRICE) {
            Role::Price
        } else if near(BACKGROUND) < opening && self.part.word(self.index) != "tomorrow" || self.is_put_off()
        {
            Role::Background
        } else if self.opens(DEPOSIT) {
            Role::Deposit
        } else if self.opens(REGISTRATION) {
            Role::Registration
        } else if opening < ROLE_REACH {
            Role::Opening
        } else if has(DISTRIBUTION) {
            Role::Distribution
        } else {
            Role::Unknown
        }
    }

    /// Whether the nearest noun before the date, verbs aside, is one of `wanted`: "deposits open on 3 December".
    fn opens(&self, wanted: &[&str]) -> bool {
        let noun = |at: &usize| {
            let word = self.part.word(*at);
            wanted.contains(&word)
                || self.part.groups(*at).any(Groups::EVENT) && !OPENING.contains(&word) && word != "will"
        };
        self.before(ROLE_REACH).find(noun).is_some_and(|at| wanted.contains(&self.part.word(at)))
    }

    /// Whether it is the first of two dates of something put off: "delayed from 5 May to 12 May".
    fn is_put_off(&self) -> bool {
        self.words(2).any(|word| word == "from")
            && self.before(ROLE_REACH).any(|at| self.part.groups(at).any(Group::Postponed))
    }

    /// Nouns of the event that is said to happen then: the nearest before the date, or after it where it leads.
    pub fn about(&self) -> Groups {
        let nouns = |at: usize| match self.part.word(at) {
            "listing" | "listings" => Group::List.into(),
            // "Claims go live on 3 December": trading goes live, too.
            "live" | "on" => Groups::default(),
            _ => self.part.groups(at) & Groups::DATED,
        };
        let before = || self.before(NOUN_BEFORE).map(nouns).find(|nouns| !nouns.is_empty());
        let after = || {
            (self.index + 1..self.index + NOUN_AFTER)
                .take_while(|&at| !matches!(self.part.word(at), "." | "|"))
                .map(nouns)
                .find(|nouns| !nouns.is_empty())
        };
        let found = if self.leads() { after().or_else(before) } else { before().or_else(after) };
        found.unwrap_or_default()
    }

    /// Whether a clause begins with the date: "On 5 December, trading opens".
    fn leads(&self) -> bool {
        let filler = |at: &usize| {
            matches!(
                self.part.word(*at),
                "on" | "from" | "the" | "at" | "starting" | "then" | "and" | "of" | "its"
            ) || self.part.is(*at, Shape::Number)
        };
        match (0..self.index).rev().find(|at| !filler(at)) {
            None => true,
            // "Ahead of its 5 December listing"
            Some(at) => matches!(self.part.word(at), "." | "," | "|" | "ahead"),
        }
    }

    /// Whether something ends then: "claims run until 20 December".
    pub fn is_end(&self, found: Found) -> bool {
        let has = |wanted: &[&str]| self.words(CLOSING_REACH).any(|word| wanted.contains(&word));
        match found {
            // "Postponed until 20 December"
            _ if self.before(ROLE_REACH).any(|at| self.part.groups(at).any(Group::Postponed)) => false,
            Found::Day(_) => {
                let runs = || self.words(CLOSING_REACH).any(|word| matches!(word, "run" | "runs"));
                has(ENDING)
                    || runs() && self.words(2).any(|word| word == "to")
                    || languages::ends(self.part, self.index)
            }
            Found::Month(..) => has(ENDING_MONTH),
            _ => false,
        }
    }

    /// Whether it is a registration that ends then.
    pub fn is_of_registration(&self) -> bool {
        self.opens(REGISTRATION)
    }

    /// Whether the date is a limit or a beginning of something else.
    pub fn is_beside(&self, found: Found) -> bool {
        matches!(found, Found::Day(_)) && self.words(CLOSING_REACH).any(|word| BESIDE.contains(&word))
    }

    /// Whether the date ends a range that began with another: "2026-12-03 10:00 – 2026-12-10 10:00".
    pub fn ends_range(&self, reader: &Reader, found: Found) -> bool {
        let word = |at: usize| self.part.word(at);
        let Some(before) = self.index.checked_sub(1) else { return false };
        // A day may stand before its month.
        let day = usize::from(word(before).starts_with(|c: char| c.is_ascii_digit()));
        let Some(joint) = before.checked_sub(day) else { return false };
        let from = joint.saturating_sub(RANGE_REACH);
        let dash = || {
            let (Some(one), Some(next)) = (self.part.token(joint), self.part.token(joint + 1)) else {
                return false;
            };
            // A hyphen parts words and is no token.
            self.part.text.get(one.end as usize..next.start as usize).is_some_and(|gap| gap.trim() == "-")
        };
        let between = word(joint) == "and" && (from..joint).any(|at| word(at) == "between");
        let joined = matches!(word(joint), "-" | "to" | "until" | "till" | "through")
            || languages::joins(word(joint))
            || between
            || dash();
        let put_off =
            self.before(ROLE_REACH + RANGE_REACH).any(|at| self.part.groups(at).any(Group::Postponed));
        joined
            && matches!(found, Found::Day(_))
            && !put_off
            && (from..=joint).any(|at| {
                reader.at(at).is_some_and(|found| matches!(found, Found::Day(_) | Found::Range(..)))
            })
    }

    /// Whether the date is that of the report: only names and commas stand before it.
    pub fn is_dateline(&self, in_title: bool) -> bool {
        let Self { part, index } = *self;
        // In a headline where every word is written large, a date after a comma may be any.
        let parted = || (index + 1..index + 5).any(|at| matches!(part.word(at), ":" | "-"));
        (2..DATELINE).contains(&index)
            && (!in_title || parted())
            && !part.normal.is_unspaced
            && (0..index).any(|at| part.word(at) == ",")
            && part.normal.tokens[..index].iter().all(|token| match token.shape {
                Shape::Word => token.case != Case::Lower,
                _ => true,
            })
    }
}
