//! Every phrase, name and ticker in one automaton; a reading is what one pass of it found.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::{
    groups::{Group, Groups},
    names::Watch,
    reading::{Hit, Part, Reading, Watched},
};
use crate::{
    model::event_date::{day_of, month_number},
    text::normal::{Case, Shape, fold, normal},
};

/// Characters of a headline that are read; longer ones are texts in the wrong field.
const TITLE_LIMIT: usize = 400;
/// Characters of a summary or a label that the early filter reads.
const WHOLE_LIMIT: usize = 20_000;
/// Characters of a body that are read: the annotators of the labelled items read no more than its opening.
pub const BODY_LIMIT: usize = 1_200;

const PHRASES: &str = include_str!("data/phrases.tsv");
const ESTABLISHED: &str = include_str!("data/established.tsv");
const VENUES: &str = include_str!("data/venues.txt");
const COMMON: &str = include_str!("data/common.txt");
const CAPITALS: &str = include_str!("data/capitals.txt");

/// Endings of English words, and the least that must stand before one.
const ENDINGS: [&str; 5] = ["s", "es", "ed", "ing", "ly"];
const ROOT: usize = 4;

/// What a pattern stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// A phrase of that group.
    Group(Group),
    /// An established token: index into `Lexicon::established`; whether the pattern is its ticker.
    Established { index: u16, ticker: bool },
    /// An exchange or launchpad, or (where nothing trades) a fund, a company, an office.
    Venue { trades: bool },
    /// Press.
    Press,
    /// A rule of the user's: index into the rules.
    Rule(u16),
}

#[derive(Debug)]
struct Established {
    ticker: &'static str,
    /// Months since year 0 in which it began to trade.
    since: i32,
}

/// The compiled vocabulary.
#[derive(Debug)]
pub struct Lexicon {
    automaton: AhoCorasick,
    meanings: Vec<Vec<Meaning>>,
    watched: Watch,
    established: Vec<Established>,
    common: HashSet<&'static str>,
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
        let mut common: HashSet<&'static str> = lines(COMMON).collect();
        common.extend(lines(CAPITALS).flat_map(str::split_whitespace));
        for line in lines(PHRASES) {
            let (group, phrase) = line.split_once(' ').unwrap_or((line, line));
            let group = Group::try_from(group).unwrap_or_else(|_| panic!("no group {group}"));
            for word in phrase.split([' ', '(', '|', ')']).filter(|word| word.len() > 2) {
                common.insert(word);
            }
            for phrase in expand(phrase) {
                patterns.add(&phrase, Meaning::Group(group));
            }
        }
        let mut established = Vec::new();
        for line in lines(ESTABLISHED) {
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
            let (year, month) = month.split_once('-').unwrap_or((month, "1"));
            let number = |text: &str| text.parse::<i32>().unwrap_or(0);
            established.push(Established { ticker, since: number(year) * 12 + number(month) - 1 });
        }
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
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&patterns.texts)
            .expect("a few thousand short patterns fit an automaton");
        Self { automaton, meanings: patterns.meanings, watched: Watch::new(watched), established, common }
    }

    /// The data files, for the fingerprint.
    pub(super) fn sources() -> [&'static str; 5] {
        [PHRASES, ESTABLISHED, VENUES, COMMON, CAPITALS]
    }

    /// Whether the outlet `source` is a wire of press releases.
    pub(super) fn is_wire(&self, source: &str) -> bool {
        !source.is_empty() && self.part(source, TITLE_LIMIT, None).seen.any(Group::Wire)
    }

    /// Whether `word` (folded) is a word of the language or the trade, and so no name by itself.
    pub(super) fn is_common(&self, word: &str) -> bool {
        self.common.contains(word) || self.is_inflected(word)
    }

    /// Whether `word` may be what somebody does: "expands".
    pub(super) fn is_third_person(&self, word: &str) -> bool {
        word.strip_suffix('s').is_some_and(|root| root.len() >= ROOT && self.common.contains(root))
    }

    /// Whether `word` is a form of a common verb or noun: "expands", "farming".
    pub(super) fn is_inflected(&self, word: &str) -> bool {
        ENDINGS.iter().any(|ending| {
            let Some(root) = word.strip_suffix(ending).filter(|root| root.len() >= ROOT) else {
                return false;
            };
            self.common.contains(root) || *ending != "s" && self.common.contains(format!("{root}e").as_str())
        })
    }

    /// Reads title and opening of the body; `month` is the month of publication, in months since year 0.
    #[must_use]
    pub fn read<'a>(&self, title: &'a str, body: &'a str, month: Option<i32>) -> Reading<'a> {
        Reading { title: self.part(title, TITLE_LIMIT, month), body: self.part(body, BODY_LIMIT, month) }
    }

    /// Reads all of a text: for the early filter, whose summaries are short.
    pub(super) fn read_whole<'a>(&self, text: &'a str) -> Part<'a> {
        self.part(text, WHOLE_LIMIT, None)
    }

    fn part<'a>(&self, text: &'a str, limit: usize, month: Option<i32>) -> Part<'a> {
        let normal = normal(text, limit);
        let mut part =
            Part { text, tags: vec![Groups::default(); normal.tokens.len()], normal, ..Part::default() };
        if part.tags.is_empty() {
            return part;
        }
        for found in self.automaton.find_overlapping_iter(part.normal.folded.as_str()) {
            let first = part.normal.token_at(found.start() + 1);
            let last = part.normal.token_at(found.end() - 2);
            for meaning in &self.meanings[found.pattern().as_usize()] {
                let groups = match *meaning {
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
                        let trades = month.is_none_or(|month| month >= established.since + 2);
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
                    Meaning::Venue { .. } => continue,
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
        self.watched.find(&part.normal, &mut part.signs);
        for (index, token) in part.normal.tokens.iter().enumerate() {
            match token.shape {
                Shape::Cashtag => part.tags[index] |= Group::Cashtag,
                Shape::Money => part.tags[index] |= Group::Money,
                Shape::Word
                    if token.case != Case::Lower
                        && !part.tags[index].any(Groups::KNOWN)
                        && !self.is_common(part.normal.word(index)) =>
                {
                    part.tags[index] |= Group::Name;
                }
                _ => {}
            }
        }
        part.seen = part.tags.iter().collect();
        part
    }
}

/// A token's index as it is stored.
pub(super) fn index_u32(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
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

#[derive(Default)]
struct Patterns {
    texts: Vec<String>,
    meanings: Vec<Vec<Meaning>>,
    known: HashMap<String, usize>,
}

impl Patterns {
    fn add(&mut self, phrase: &str, meaning: Meaning) {
        let folded = fold(phrase);
        if folded.is_empty() {
            return;
        }
        let index = *self.known.entry(folded.clone()).or_insert_with(|| {
            self.texts.push(format!(" {folded} "));
            self.meanings.push(Vec::new());
            self.texts.len() - 1
        });
        if !self.meanings[index].contains(&meaning) {
            self.meanings[index].push(meaning);
        }
    }
}

/// All readings of a phrase with alternatives: `a (b|c|) d` gives three.
fn expand(phrase: &str) -> Vec<String> {
    let Some((before, rest)) = phrase.split_once('(') else { return vec![phrase.to_owned()] };
    let Some((choices, after)) = rest.split_once(')') else { return vec![phrase.to_owned()] };
    let tails = expand(after);
    choices
        .split('|')
        .flat_map(|choice| tails.iter().map(move |tail| format!("{before}{choice}{tail}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;

    #[test]
    fn alternatives_are_all_read() {
        assert_eq!(expand("a (b|c|) d"), ["a b d", "a c d", "a  d"]);
        assert_eq!(expand("(x|y) (1|2)").len(), 4);
    }

    #[test]
    fn every_group_of_words_has_phrases() {
        let lexicon = Lexicon::new(&[], &[]);
        for group in &Group::VARIANTS[..=Group::Official as usize] {
            assert!(
                lexicon.meanings.iter().flatten().any(|known| *known == Meaning::Group(*group)),
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
