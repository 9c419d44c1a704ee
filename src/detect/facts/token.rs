//! The ticker a text states.

use std::ops::Sub;

use super::{Clues, is_ticker};
use crate::{
    detect::lexicon::{Lexicon, Part, Reading},
    text::normal::{Case, Shape},
};

/// Coins that every text names in passing.
const MAJORS: [&str; 10] = ["btc", "eth", "bnb", "sol", "xrp", "usdc", "usdt", "doge", "ada", "dai"];

/// The ticker of the token that `reading` is about, without `$`, in capitals; `None` where none is stated.
#[must_use]
pub fn token(lexicon: &Lexicon, clues: &Clues, reading: &Reading, title: &str, body: &str) -> Option<String> {
    let parts = [(&reading.title, title, 2.0), (&reading.body, body, 1.0)];
    let mut best: Option<(f32, String)> = None;
    for (part, text, base) in parts {
        for (index, found) in part.normal.tokens.iter().enumerate() {
            let worth = match found.shape {
                Shape::Cashtag if part.tags[index] & clues.old == 0 => 3.0 + near_noun(clues, part, index),
                Shape::Word if is_ticker(lexicon, clues, part, index) => {
                    let bracket = index > 0
                        && part.normal.word(index - 1) == "("
                        && index + 1 < part.tags.len()
                        && matches!(part.normal.word(index + 1), ")" | "/" | ",");
                    let noun = near_noun(clues, part, index);
                    if bracket {
                        3.5
                    } else if noun > 0.0 {
                        1.5 + noun
                    } else if loud(part) {
                        continue;
                    } else {
                        0.6
                    }
                    .sub(if part.normal.word(index).len() > 6 { 0.9 } else { 0.0 })
                }
                // An established ticker, for want of another: a launch's own token a few weeks on.
                Shape::Word
                    if found.case == Case::Upper
                        && part.tags[index] & clues.old != 0
                        && !MAJORS.contains(&part.normal.word(index)) =>
                {
                    0.2 + 0.5 * near_noun(clues, part, index)
                }
                _ => continue,
            };
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

/// Whether a text shouts, so that capitals say nothing.
fn loud(part: &Part) -> bool {
    let count = |case: Case| {
        part.normal.tokens.iter().filter(|token| token.shape == Shape::Word && token.case == case).count()
    };
    count(Case::Upper) * 3 > count(Case::Title) + count(Case::Lower)
}

/// How close a noun of the trade stands.
fn near_noun(clues: &Clues, part: &Part, index: usize) -> f32 {
    let tagged = |at: usize| part.tags.get(at).is_some_and(|tags| tags & clues.core != 0);
    if tagged(index + 1) {
        1.0
    } else if index > 0 && tagged(index - 1) || tagged(index + 2) {
        0.5
    } else {
        0.0
    }
}
