//! Every phrase, name and ticker in one automaton; a reading is what one pass of it found.

mod vocabulary;

use jiff::Timestamp;

use vocabulary::{COMMON_WORDS, CommonWords, Meaning, Needs, Patterns, Vocabulary, expand, places};

use super::{
    established::{Coins, GRACE, months},
    groups::{Group, Groups},
    languages::{self, LATIN_PACKS, OTHER_SCRIPT_PACKS},
    names::Watch,
    reading::{Hit, Part, Reading, Watched},
};
use crate::{
    model::event_date::{day_of, month_number},
    text::normal::{Case, Normal, Shape, normal},
};

/// Characters of a headline that are read; longer ones are texts in the wrong field.
const TITLE_LIMIT: usize = 400;
/// Characters of a summary or a label that the early filter reads.
const WHOLE_LIMIT: usize = 20_000;
/// Characters of a body that are read: the annotators of the labelled items read no more than its opening.
pub const BODY_LIMIT: usize = 1_200;

const PHRASES: &str = include_str!("data/phrases.tsv");
const ESTABLISHED: &str = include_str!("data/established.tsv");
/// What begins the lines of `ESTABLISHED` that a ticker or a name alone does not match (data/renew.py).
const GENERATED: &str = "## generated";
const VENUES: &str = include_str!("data/venues.txt");
const COMMON: &str = include_str!("data/common.txt");
const CAPITALS: &str = include_str!("data/capitals.txt");

/// Endings of English words, and the least that must stand before one.
const ENDINGS: [&str; 5] = ["s", "es", "ed", "ing", "ly"];
const ROOT: usize = 4;

#[derive(Debug)]
struct Established {
    ticker: &'static str,
    /// Months since year 0 in which it began to trade.
    since: i32,
}

/// The compiled vocabulary.
#[derive(Debug)]
pub struct Lexicon {
    /// Phrases of English, names and the user's rules.
    english: Vocabulary,
    watched: Watch,
    established: Vec<Established>,
    coins: Coins,
    common: &'static CommonWords,
}

impl Lexicon {
    /// Builds the automaton over the vocabulary and the phrases of the user's `rules`, and the index over `watched`,
    /// signs of projects by their number.
    ///
    /// # Panics
    /// Only if the compiled-in data files are malformed, which a test would show.
    #[must_use]
    pub fn new(watched: &[(u16, Watched, String)], rules: &[&str]) -> Self {
        let mut patterns = Patterns::default();
        for line in lines(PHRASES) {
            let (group, phrase) = line.split_once(' ').unwrap_or((line, line));
            let group = Group::try_from(group).unwrap_or_else(|_| panic!("no group {group}"));
            for phrase in expand(phrase) {
                patterns.add(&phrase, Meaning::Group(group));
            }
        }
        let mut established = Vec::new();
        let (written, generated) = ESTABLISHED.split_once(GENERATED).unwrap_or((ESTABLISHED, ""));
        for line in lines(written) {
            let mut fields = line.splitn(3, ' ');
            let (Some(ticker), Some(month), Some(names)) = (fields.next(), fields.next(), fields.next())
            else {
                continue;
            };
            let index = u16::try_from(established.len()).unwrap_or(u16::MAX);
            patterns.add(ticker, Meaning::Established { index, ticker: true });
            patterns.add(&format!("${ticker}"), Meaning::Established { index, ticker: true });
            for name in names.split('|') {
                patterns.add(name, Meaning::Established { index, ticker: false });
            }
            established.push(Established { ticker, since: months(month) });
        }
        let coins = Coins::new(lines(written).chain(generated.lines().skip(1)));
        for line in lines(VENUES) {
            if let Some(press) = line.strip_prefix('=') {
                patterns.add(press, Meaning::Press);
            } else {
                let institution = line.strip_prefix('-');
                let trades = institution.is_none();
                patterns.add(institution.unwrap_or(line), Meaning::Venue { trades });
            }
        }
        for (index, phrase) in (0..).zip(rules) {
            patterns.add(phrase, Meaning::Rule(index));
        }
        Self {
            english: patterns.compile(),
            watched: Watch::new(watched),
            established,
            coins,
            common: &COMMON_WORDS,
        }
    }

    /// The data files, for the fingerprint.
    pub(super) fn sources() -> impl Iterator<Item = &'static str> {
        let english = [PHRASES, ESTABLISHED, VENUES, COMMON, CAPITALS];
        english.into_iter().chain(LATIN_PACKS).chain(OTHER_SCRIPT_PACKS)
    }

    /// Whether the outlet `source` is a wire of press releases.
    pub(super) fn is_wire(&self, source: &str) -> bool {
        !source.is_empty()
            && self.part(source, normal(source, TITLE_LIMIT), Needs::default(), None).seen.any(Group::Wire)
    }

    /// The coins that ticker and name together make established.
    pub(super) fn coins(&self) -> &Coins {
        &self.coins
    }

    /// Whether `word` (folded) is a word of the language or the trade, and so no name by itself.
    pub(super) fn is_common(&self, word: &str) -> bool {
        self.common.all.contains(word) || self.is_inflected(word)
    }

    /// Whether `word` may be what somebody does: "expands".
    pub(super) fn is_third_person(&self, word: &str) -> bool {
        word.strip_suffix('s').is_some_and(|root| root.len() >= ROOT && self.common.all.contains(root))
    }

    /// Whether `word` is a form of a common verb or noun: "expands", "farming".
    pub(super) fn is_inflected(&self, word: &str) -> bool {
        ENDINGS.iter().any(|ending| {
            let Some(root) = word.strip_suffix(ending).filter(|root| root.len() >= ROOT) else {
                return false;
            };
            self.common.all.contains(root)
                || *ending != "s" && self.common.all.contains(format!("{root}e").as_str())
        })
    }

    /// Reads title and opening of the body; `month` is the month of publication, in months since year 0.
    #[must_use]
    pub fn read<'a>(&self, title: &'a str, body: &'a str, month: Option<i32>) -> Reading<'a> {
        let (title_form, body_form) = (normal(title, TITLE_LIMIT), normal(body, BODY_LIMIT));
        let needs = needs(&[&title_form, &body_form]);
        Reading {
            title: self.part(title, title_form, needs, month),
            body: self.part(body, body_form, needs, month),
            month,
        }
    }

    /// Reads all of a text: for the early filter, whose summaries are short.
    pub(super) fn read_whole<'a>(&self, text: &'a str) -> Part<'a> {
        let form = normal(text, WHOLE_LIMIT);
        let needs = needs(&[&form]);
        self.part(text, form, needs, None)
    }

    fn part<'a>(&self, text: &'a str, mut normal: Normal, needs: Needs, month: Option<i32>) -> Part<'a> {
        if normal.tokens.is_empty() {
            return Part { text, normal, ..Part::default() };
        }
        let mut signs = Vec::new();
        self.watched.find(&normal, &mut signs);
        if normal.is_unspaced {
            let found = places(&self.english, needs, &normal);
            let mut words: Vec<(usize, usize)> = found.map(|(_, first, last)| (first, last)).collect();
            words.retain(|&(first, last)| first < last && (first..=last).all(|at| normal.is_unspaced_at(at)));
            let indices = normal.join(&mut words);
            for sign in &mut signs {
                sign.first = indices[sign.first as usize];
                sign.last = indices[sign.last as usize];
            }
        }
        let mut part = Part {
            text,
            tags: vec![Groups::default(); normal.tokens.len()],
            normal,
            signs,
            ..Part::default()
        };
        for (meanings, first, last) in places(&self.english, needs, &part.normal) {
            for meaning in meanings {
                let groups = match *meaning {
                    Meaning::Group(Group::Hedge) if first == last && is_may_of_date(&part.normal, first) => {
                        continue;
                    }
                    Meaning::Group(group) => {
                        part.hits.push(Hit { group, first: index_u32(first), last: index_u32(last) });
                        group.into()
                    }
                    Meaning::Established { index, ticker } => {
                        let established = &self.established[usize::from(index)];
                        let written = part.normal.tokens[first];
                        // A ticker or a name in lower case is a word of the language.
                        let fits = match written.shape {
                            Shape::Cashtag | Shape::Hashtag => true,
                            _ if ticker => written.case == Case::Upper && established.ticker.len() > 2,
                            _ => written.case != Case::Lower,
                        };
                        // 45 days of grace: "recently launched" is about 30 days (docs/reference/labelling.md#new-tokens).
                        let trades = month.is_none_or(|month| month >= established.since + GRACE);
                        if !(fits && trades) {
                            continue;
                        }
                        Group::Old.into()
                    }
                    Meaning::Venue { trades } if part.normal.tokens[first].case != Case::Lower => {
                        if trades {
                            Group::Venue | Group::Exchange
                        } else {
                            Group::Venue.into()
                        }
                    }
                    Meaning::Press => Group::Press.into(),
                    Meaning::Venue { .. } | Meaning::Word => continue,
                    Meaning::Rule(index) => {
                        part.rules.push((index, index_u32(first), index_u32(last)));
                        continue;
                    }
                };
                for tag in &mut part.tags[first..=last] {
                    *tag |= groups;
                }
            }
        }
        self.coins.mark(&mut part, month);
        let is_foreign = is_foreign(&part.normal);
        for (index, token) in part.normal.tokens.iter().enumerate() {
            match token.shape {
                Shape::Cashtag => part.tags[index] |= Group::Cashtag,
                Shape::Money => part.tags[index] |= Group::Money,
                Shape::Link => {
                    part.tags[index] |= link_groups(&text[token.start as usize..token.end as usize]);
                }
                Shape::Word
                    if token.case != Case::Lower
                        && !part.tags[index].any(Groups::KNOWN)
                        && self.may_be_name(&part, index, is_foreign) =>
                {
                    part.tags[index] |= Group::Name;
                }
                _ => {}
            }
        }
        part.seen = part.tags.iter().collect();
        part
    }

    /// Whether the capitalised word at `index` may be a name. Among words of another script, most words of Latin letters
    /// are names.
    fn may_be_name(&self, part: &Part, index: usize, is_foreign: bool) -> bool {
        let word = part.normal.word(index);
        if !is_foreign {
            return !self.is_common(word);
        }
        // A capital letter of another script begins a sentence more often than a name, unless it is in quotes.
        if is_other_script(word) {
            return index > 0 && part.is(index - 1, Shape::Quote) && part.tags[index].is_empty();
        }
        part.tags[index].is_empty() && !self.common.latin.contains(word)
    }

    /// Whether `word` stands for itself among the signals: of another script, or a common word.
    pub(super) fn is_plain(&self, word: &str) -> bool {
        is_other_script(word) || self.is_common(word)
    }
}

/// Whether the folded `word` is of another script than Latin.
fn is_other_script(word: &str) -> bool {
    // The first letter of Greek: all before it are Latin.
    word.chars().next().is_some_and(|c| c >= '\u{370}')
}

/// The vocabularies beside the English one that a text of these parts needs.
fn needs(parts: &[&Normal]) -> Needs {
    let words = || parts.iter().flat_map(|part| (0..part.tokens.len()).map(|at| part.word(at)));
    let other_scripts = parts.iter().any(|part| !part.folded.is_ascii()) && words().any(is_other_script);
    Needs { latin: !languages::is_english(words()), other_scripts }
}

/// Whether a quarter of the words or more are of another script than Latin.
fn is_foreign(normal: &Normal) -> bool {
    if normal.folded.is_ascii() {
        return false;
    }
    let words = (0..normal.tokens.len()).filter(|&at| normal.tokens[at].shape == Shape::Word);
    let (other, latin) = words.fold((0, 0), |(other, latin), at| {
        if is_other_script(normal.word(at)) { (other + 1, latin) } else { (other, latin + 1) }
    });
    other * 3 >= latin
}

/// A token's index as it is stored.
pub(super) fn index_u32(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// Whether token `at` is the month of "12 May" or "May 12".
fn is_may_of_date(normal: &Normal, at: usize) -> bool {
    let number = |at: usize| normal.tokens.get(at).is_some_and(|token| token.shape == Shape::Number);
    normal.word(at) == "may" && (number(at + 1) || at > 0 && number(at - 1))
}

/// What the host of an address says of its page: "claim.kestrel.xyz", "kestrel-airdrop.xyz".
fn link_groups(link: &str) -> Groups {
    let host = link.split_once("://").map_or(link, |(_, rest)| rest);
    let host = host.split(['/', '?', '#']).next().unwrap_or_default();
    let has = |word: &str| {
        host.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
    };
    let begins = |word: &str| host.get(..word.len()).is_some_and(|part| part.eq_ignore_ascii_case(word));
    let mut groups = Groups::default();
    for (says, group) in [
        (has("airdrop"), Group::Airdrop),
        (begins("claim."), Group::Claim),
        (has("presale"), Group::Presale),
        (has("checker"), Group::Record),
    ] {
        if says {
            groups |= group;
        }
    }
    groups
}

/// The month of `moment` (UTC), in months since year 0.
#[must_use]
pub fn month(moment: Timestamp) -> i32 {
    month_number(day_of(moment))
}

/// The lines of a data file that hold data.
fn lines(file: &'static str) -> impl Iterator<Item = &'static str> {
    file.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("# ") && !line.starts_with("## "))
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;

    #[test]
    fn every_group_of_words_has_phrases() {
        let lexicon = Lexicon::new(&[], &[]);
        for group in &Group::VARIANTS[..=Group::Official as usize] {
            assert!(
                lexicon.english.meanings.iter().flatten().any(|known| *known == Meaning::Group(*group)),
                "{group:?}"
            );
        }
    }

    #[test]
    fn phrases_are_found_at_word_boundaries_only() {
        let lexicon = Lexicon::new(&[], &[]);
        let found = |title| lexicon.read(title, "", None).title.seen.any(Group::Airdrop);
        assert!(found("Tensor sets airdrop"));
        assert!(!found("Airdropzone hairdrops"));
    }

    #[test]
    fn a_token_is_established_only_after_it_began_to_trade() {
        let lexicon = Lexicon::new(&[], &[]);
        let month = |year: i32, month: i32| Some(year * 12 + month - 1);
        let old = |title, month| lexicon.read(title, "", month).title.seen.any(Group::Old);
        assert!(!old("Wormhole sets airdrop date", month(2024, 4)));
        assert!(old("Wormhole sets airdrop date", month(2025, 1)));
        // In lower case it is a word of the language.
        assert!(!old("through a wormhole", month(2025, 1)));
    }
}
