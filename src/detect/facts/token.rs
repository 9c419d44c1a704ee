//! The ticker a text states.

use super::{NO_TICKERS, is_ticker};
use crate::{
    detect::{
        groups::{Group, Groups},
        lexicon::Lexicon,
        reading::{Part, Reading},
    },
    text::normal::{Case, Shape},
};

/// What a word is worth as the ticker. Set by hand as in [`super::project`]; only the proportions count.
const IN_TITLE: f32 = 2.0;
const IN_BODY: f32 = 1.0;
/// What each token before it takes off: of equals the first is chosen.
const PER_TOKEN: f32 = 0.01;
const CASHTAG: f32 = 3.0;
/// Capitals in brackets, near a noun of the trade, and alone; more than six letters take off [`LONG`].
const BRACKETED: f32 = 3.5;
const NEAR_NOUN: f32 = 1.5;
const ALONE: f32 = 0.6;
const LONG: f32 = 0.9;
/// A common word in capitals: in brackets after a name, and before a noun of the trade.
const COMMON_BRACKETED: f32 = 3.3;
const COMMON_BEFORE_NOUN: f32 = 1.9;
/// An established ticker, and what a noun of the trade adds.
const ESTABLISHED: f32 = 0.2;
const ESTABLISHED_NOUN: f32 = 0.5;

/// Coins that every text names in passing.
const MAJORS: [&str; 10] = ["btc", "eth", "bnb", "sol", "xrp", "usdc", "usdt", "doge", "ada", "dai"];

/// The ticker of the token that `reading` is about, without `$`, in capitals; `None` where none is stated.
pub fn token(lexicon: &Lexicon, reading: &Reading) -> Option<String> {
    let mut best: Option<(f32, String)> = None;
    for (part, base) in [(&reading.title, IN_TITLE), (&reading.body, IN_BODY)] {
        for index in 0..part.tags.len() {
            let Some(worth) = worth(lexicon, part, index) else { continue };
            let worth = base + worth - PER_TOKEN * f32::from(u16::try_from(index).unwrap_or(u16::MAX));
            let written = part.words(index, index).trim_start_matches('$');
            if best.as_ref().is_none_or(|(known, _)| worth > *known) && !written.is_empty() {
                best = Some((worth, written.to_uppercase()));
            }
        }
    }
    best.map(|(_, token)| token)
}

/// How likely token `index` is the ticker; `None` if it cannot be one.
fn worth(lexicon: &Lexicon, part: &Part, index: usize) -> Option<f32> {
    let found = part.normal.tokens[index];
    let word = part.normal.word(index);
    let noun = near_noun(part, index);
    let known = part.tags[index].any(Group::Old);
    match found.shape {
        Shape::Cashtag if !known => Some(CASHTAG + noun),
        Shape::Word if found.case != Case::Upper && !lone(part, index) => None,
        Shape::Word if place_of_report(part, index) => None,
        Shape::Word if is_ticker(lexicon, part, index) => {
            let worth = if bracketed(part, index) {
                BRACKETED
            } else if noun > 0.0 {
                NEAR_NOUN + noun
            } else if shouts(part) {
                return None;
            } else {
                ALONE
            };
            Some(worth - if word.len() > 6 { LONG } else { 0.0 })
        }
        // A common word, or a letter, in capitals: a ticker where it stands as one.
        Shape::Word
            if !known
                && word.len() <= 8
                && !part.tags[index].any(Groups::VENUE_OR_PRESS)
                && !NO_TICKERS.contains(&word)
                && (bracketed(part, index) && named_before(part, index) || noun >= 1.0 && !shouts(part)) =>
        {
            Some(if bracketed(part, index) { COMMON_BRACKETED } else { COMMON_BEFORE_NOUN })
        }
        // An established ticker, for want of another: a launch's own token a few weeks on.
        Shape::Word if known && !MAJORS.contains(&word) => Some(ESTABLISHED + ESTABLISHED_NOUN * noun),
        _ => None,
    }
}

/// "U token", "Wormhole's W airdrop": a single capital.
fn lone(part: &Part, index: usize) -> bool {
    let token = part.normal.tokens[index];
    token.case == Case::Title
        && index > 0
        && token.to - token.at == 1
        && !matches!(part.normal.word(index), "a" | "i")
}

fn bracketed(part: &Part, index: usize) -> bool {
    index > 0
        && part.normal.word(index - 1) == "("
        && index + 1 < part.tags.len()
        && matches!(part.normal.word(index + 1), ")" | "/" | ",")
}

fn named_before(part: &Part, index: usize) -> bool {
    index > 1 && part.normal.tokens[index - 2].case != Case::Lower
}

/// "ROTTERDAM, 19 November": the head of a report.
fn place_of_report(part: &Part, index: usize) -> bool {
    index < 3
        && part.normal.tokens[..index]
            .iter()
            .all(|token| token.case == Case::Upper || token.shape == Shape::Mark)
        && part.tags.len() > index + 1
        && part.normal.word(index + 1) == ","
}

/// Whether a text shouts, so that capitals say nothing.
fn shouts(part: &Part) -> bool {
    let count = |case: Case| {
        part.normal.tokens.iter().filter(|token| token.shape == Shape::Word && token.case == case).count()
    };
    count(Case::Upper) * 3 > count(Case::Title) + count(Case::Lower)
}

/// How close a noun of the trade stands.
fn near_noun(part: &Part, index: usize) -> f32 {
    let tagged = |at: usize| part.groups(at).any(Groups::TRADE);
    if tagged(index + 1) {
        1.0
    } else if index > 0 && tagged(index - 1) || tagged(index + 2) {
        0.5
    } else {
        0.0
    }
}
