//! The ticker a text states.

use super::{FactGroups, NO_TICKERS, is_ticker};
use crate::{
    detect::lexicon::{Lexicon, Part, Reading},
    text::normal::{Case, Shape},
};

/// Coins that every text names in passing.
const MAJORS: [&str; 10] = ["btc", "eth", "bnb", "sol", "xrp", "usdc", "usdt", "doge", "ada", "dai"];

/// The ticker of the token that `reading` is about, without `$`, in capitals; `None` where none is stated.
#[must_use]
pub fn token(
    lexicon: &Lexicon,
    groups: &FactGroups,
    reading: &Reading,
    title: &str,
    body: &str,
) -> Option<String> {
    let parts = [(&reading.title, title, 2.0), (&reading.body, body, 1.0)];
    let mut best: Option<(f32, String)> = None;
    for (part, text, base) in parts {
        for (index, found) in part.normal.tokens.iter().enumerate() {
            let Some(worth) = worth(lexicon, groups, part, index) else { continue };
            // Earlier wins among equals.
            let worth = base + worth - 0.01 * f32::from(u16::try_from(index).unwrap_or(u16::MAX));
            let written = text
                .get(found.start as usize..found.end as usize)
                .unwrap_or_default()
                .trim_start_matches('$');
            if best.as_ref().is_none_or(|(known, _)| worth > *known) && !written.is_empty() {
                best = Some((worth, written.to_uppercase()));
            }
        }
    }
    best.map(|(_, token)| token)
}

/// How likely token `index` is the ticker; `None` if it cannot be one.
fn worth(lexicon: &Lexicon, groups: &FactGroups, part: &Part, index: usize) -> Option<f32> {
    let found = part.normal.tokens[index];
    let word = part.normal.word(index);
    let noun = near_noun(groups, part, index);
    let known = part.tags[index] & groups.old != 0;
    match found.shape {
        Shape::Cashtag if !known => Some(3.0 + noun),
        Shape::Word if found.case != Case::Upper && !lone(part, index) => None,
        Shape::Word if place_of_report(part, index) => None,
        Shape::Word if is_ticker(lexicon, groups, part, index) => {
            let worth = if bracketed(part, index) {
                3.5
            } else if noun > 0.0 {
                1.5 + noun
            } else if shouts(part) {
                return None;
            } else {
                0.6
            };
            Some(worth - if word.len() > 6 { 0.9 } else { 0.0 })
        }
        // A common word, or a letter, in capitals: a ticker where it stands as one.
        Shape::Word
            if !known
                && word.len() <= 8
                && part.tags[index] & (groups.venue | groups.press) == 0
                && !NO_TICKERS.contains(&word)
                && (bracketed(part, index) && named_before(part, index) || noun >= 1.0 && !shouts(part)) =>
        {
            Some(if bracketed(part, index) { 3.3 } else { 1.9 })
        }
        // An established ticker, for want of another: a launch's own token a few weeks on.
        Shape::Word if known && !MAJORS.contains(&word) => Some(0.2 + 0.5 * noun),
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
fn near_noun(groups: &FactGroups, part: &Part, index: usize) -> f32 {
    let tagged = |at: usize| part.tags.get(at).is_some_and(|tags| tags & groups.core != 0);
    if tagged(index + 1) {
        1.0
    } else if index > 0 && tagged(index - 1) || tagged(index + 2) {
        0.5
    } else {
        0.0
    }
}
