//! Every phrase, name and ticker in one automaton; a reading is what one pass of it found.
//!
//! It knows which words stand where. What they are worth is for the weights, what they mean together for the
//! signals.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::names::Watch;
use crate::{
    model::event_date::{day_of, month_number},
    text::normal::{Case, Normal, Shape, fold, normal},
};

/// Characters of a headline that are read; longer ones are texts in the wrong field.
const TITLE_LIMIT: usize = 400;
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

/// Groups that are made by shape and lists, not by phrases; they follow those of `phrases.tsv`.
const MADE: [&str; 7] = ["name", "old", "venue", "exchange", "press", "cashtag", "money"];

/// What a pattern stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// A phrase of that group.
    Group(u8),
    /// An established token: index into `Lexicon::established`; whether the pattern is its ticker.
    Established { index: u16, ticker: bool },
    /// An exchange or launchpad, or (where nothing trades) a fund, a company, an office.
    Venue { trades: bool },
    /// Press.
    Press,
    /// A rule of the user's: index into the rules.
    Rule(u16),
}

/// How a watched project shows in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watched {
    /// Its name or an alias.
    Name,
    /// Its ticker.
    Ticker,
    /// Its account.
    Handle,
    /// A phrase that means something else.
    Exclusion,
}

#[derive(Debug)]
struct Established {
    ticker: &'static str,
    /// Months since year 0 in which it began to trade.
    since: i32,
}

/// One match: tokens `first..=last` of a part.
#[derive(Debug, Clone, Copy)]
pub struct Hit {
    /// Index of the group.
    pub group: u8,
    /// First token.
    pub first: u32,
    /// Last token.
    pub last: u32,
}

/// A sign of a watched project.
#[derive(Debug, Clone, Copy)]
pub struct Sign {
    /// Index into the watch list.
    pub project: u16,
    /// What was seen.
    pub what: Watched,
    /// First token.
    pub first: u32,
    /// Last token.
    pub last: u32,
}

/// Title or body, read.
#[derive(Debug, Clone, Default)]
pub struct Part {
    /// Its tokens.
    pub normal: Normal,
    /// For each token the groups it belongs to, one bit each.
    pub tags: Vec<u128>,
    /// Phrases found, by position.
    pub hits: Vec<Hit>,
    /// Signs of watched projects.
    pub signs: Vec<Sign>,
    /// The user's rules that matched: index, first and last token.
    pub rules: Vec<(u16, u32, u32)>,
    /// All groups seen.
    pub seen: u128,
}

/// A text, read.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// The headline.
    pub title: Part,
    /// The opening of the body.
    pub body: Part,
}

/// The compiled vocabulary.
#[derive(Debug)]
pub struct Lexicon {
    automaton: AhoCorasick,
    meanings: Vec<Vec<Meaning>>,
    watched: Watch,
    groups: Vec<&'static str>,
    established: Vec<Established>,
    common: HashSet<&'static str>,
    masks: Masks,
}

#[derive(Debug, Clone, Copy, Default)]
struct Masks {
    name: u128,
    old: u128,
    venue: u128,
    exchange: u128,
    press: u128,
    cashtag: u128,
    money: u128,
    wire: u128,
}

impl Lexicon {
    /// Builds the automaton over the vocabulary and the phrases of the user's `rules`, and the index over `watched`,
    /// signs of projects by their number.
    ///
    /// # Panics
    /// Only if the compiled-in data files are malformed, which a test would show.
    #[must_use]
    pub fn new(watched: &[(u16, Watched, String)], rules: &[&str]) -> Self {
        let mut groups: Vec<&'static str> = Vec::new();
        let mut patterns = Patterns::default();
        let mut common: HashSet<&'static str> = lines(COMMON).collect();
        common.extend(lines(CAPITALS).flat_map(str::split_whitespace));
        for line in lines(PHRASES) {
            let (group, phrase) = line.split_once(' ').unwrap_or((line, line));
            let index = groups.iter().position(|known| *known == group).unwrap_or_else(|| {
                groups.push(group);
                groups.len() - 1
            });
            let index = u8::try_from(index).unwrap_or(u8::MAX);
            for word in phrase.split([' ', '(', '|', ')']).filter(|word| word.len() > 2) {
                common.insert(word);
            }
            for phrase in expand(phrase) {
                patterns.add(&phrase, Meaning::Group(index));
            }
        }
        groups.extend(MADE);
        assert!(groups.len() <= 128, "a tag set holds 128 groups");
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
        let mut lexicon = Self {
            automaton,
            meanings: patterns.meanings,
            watched: Watch::new(watched),
            groups,
            established,
            common,
            masks: Masks::default(),
        };
        lexicon.masks = Masks {
            name: lexicon.mask(&["name"]),
            old: lexicon.mask(&["old"]),
            venue: lexicon.mask(&["venue"]),
            exchange: lexicon.mask(&["exchange"]),
            press: lexicon.mask(&["press"]),
            cashtag: lexicon.mask(&["cashtag"]),
            money: lexicon.mask(&["money"]),
            wire: lexicon.mask(&["wire"]),
        };
        lexicon
    }

    /// The bits of the groups with these names.
    ///
    /// # Panics
    /// If a name is no group: a mistake in the code, which every test would show.
    #[must_use]
    pub fn mask(&self, names: &[&str]) -> u128 {
        names
            .iter()
            .map(|name| {
                let index = self.groups.iter().position(|group| group == name);
                1_u128 << index.unwrap_or_else(|| panic!("no group {name}"))
            })
            .fold(0, |mask, bit| mask | bit)
    }

    /// The data files, for the fingerprint.
    #[must_use]
    pub fn sources() -> [&'static str; 5] {
        [PHRASES, ESTABLISHED, VENUES, COMMON, CAPITALS]
    }

    /// Whether the outlet `source` is a wire of press releases.
    #[must_use]
    pub fn is_wire(&self, source: &str) -> bool {
        !source.is_empty() && self.part(normal(source, TITLE_LIMIT), None).seen & self.masks.wire != 0
    }

    /// The name of group `index`.
    #[must_use]
    pub fn group(&self, index: u8) -> &'static str {
        self.groups[usize::from(index)]
    }

    /// Whether `word` (folded) is a word of the language or the trade, and so no name by itself.
    #[must_use]
    pub fn is_common(&self, word: &str) -> bool {
        self.common.contains(word) || self.is_inflected(word)
    }

    /// Whether `word` may be what somebody does: "expands".
    #[must_use]
    pub fn is_third_person(&self, word: &str) -> bool {
        word.strip_suffix('s').is_some_and(|root| root.len() >= ROOT && self.common.contains(root))
    }

    /// Whether `word` is a form of a common verb or noun: "expands", "farming".
    #[must_use]
    pub fn is_inflected(&self, word: &str) -> bool {
        ENDINGS.iter().any(|ending| {
            let Some(root) = word.strip_suffix(ending).filter(|root| root.len() >= ROOT) else {
                return false;
            };
            self.common.contains(root) || *ending != "s" && self.common.contains(format!("{root}e").as_str())
        })
    }

    /// Reads title and opening of the body; `month` is the month of publication, in months since year 0.
    #[must_use]
    pub fn read(&self, title: &str, body: &str, month: Option<i32>) -> Reading {
        Reading {
            title: self.part(normal(title, TITLE_LIMIT), month),
            body: self.part(normal(body, BODY_LIMIT), month),
        }
    }

    /// Reads all of a text: for the early filter, whose summaries are short.
    #[must_use]
    pub fn read_whole(&self, text: &str) -> Part {
        self.part(normal(text, 20_000), None)
    }

    fn part(&self, normal: Normal, month: Option<i32>) -> Part {
        let mut part = Part { tags: vec![0; normal.tokens.len()], normal, ..Part::default() };
        if part.normal.tokens.is_empty() {
            return part;
        }
        for found in self.automaton.find_overlapping_iter(part.normal.folded.as_str()) {
            let first = part.normal.token_at(found.start() + 1);
            let last = part.normal.token_at(found.end() - 2);
            for meaning in &self.meanings[found.pattern().as_usize()] {
                let bit = match *meaning {
                    Meaning::Group(group) => {
                        part.hits.push(Hit { group, first: place(first), last: place(last) });
                        1_u128 << group
                    }
                    Meaning::Established { index, ticker } => {
                        let established = &self.established[usize::from(index)];
                        let written = part.normal.tokens[first];
                        // A ticker or a name in lower case is a word of the language.
                        let fits = match written.shape {
                            Shape::Cashtag | Shape::Hashtag => true,
                            _ if ticker => {
                                written.case == Case::Upper
                                    && (established.ticker.len() > 2
                                        || part.normal.tokens[first].shape == Shape::Cashtag)
                            }
                            _ => written.case != Case::Lower,
                        };
                        // 45 days of grace: "recently launched" is about 30 days (docs/reference/labelling.md#new-tokens).
                        let trades = month.is_none_or(|month| month >= established.since + 2);
                        if !(fits && trades) {
                            continue;
                        }
                        self.masks.old
                    }
                    Meaning::Venue { trades } if part.normal.tokens[first].case != Case::Lower => {
                        self.masks.venue | if trades { self.masks.exchange } else { 0 }
                    }
                    Meaning::Press => self.masks.press,
                    Meaning::Venue { .. } => continue,
                    Meaning::Rule(index) => {
                        part.rules.push((index, place(first), place(last)));
                        continue;
                    }
                };
                for tag in &mut part.tags[first..=last] {
                    *tag |= bit;
                }
            }
        }
        self.watched.find(&part.normal, &mut part.signs);
        let known = self.masks.old | self.masks.venue | self.masks.press;
        for index in 0..part.tags.len() {
            let token = part.normal.tokens[index];
            let bit = match token.shape {
                Shape::Cashtag => self.masks.cashtag,
                Shape::Money => self.masks.money,
                Shape::Word
                    if token.case != Case::Lower
                        && part.tags[index] & known == 0
                        && !self.is_common(part.normal.word(index)) =>
                {
                    self.masks.name
                }
                _ => 0,
            };
            part.tags[index] |= bit;
        }
        part.seen = part.tags.iter().fold(0, |seen, tag| seen | tag);
        part
    }
}

fn place(index: usize) -> u32 {
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
    use super::*;

    #[test]
    fn alternatives_are_all_read() {
        assert_eq!(expand("a (b|c|) d"), ["a b d", "a c d", "a  d"]);
        assert_eq!(expand("(x|y) (1|2)").len(), 4);
    }

    #[test]
    fn phrases_are_found_at_word_boundaries_only() {
        let lexicon = Lexicon::new(&[], &[]);
        let airdrop = lexicon.mask(&["airdrop"]);
        assert_ne!(lexicon.read("Tensor sets airdrop", "", None).title.seen & airdrop, 0);
        assert_eq!(lexicon.read("Airdropzone hairdrops", "", None).title.seen & airdrop, 0);
    }

    #[test]
    fn a_token_is_established_only_after_it_began_to_trade() {
        let lexicon = Lexicon::new(&[], &[]);
        let old = lexicon.mask(&["old"]);
        let month = |year: i32, month: i32| Some(year * 12 + month - 1);
        assert_eq!(lexicon.read("Wormhole sets airdrop date", "", month(2024, 4)).title.seen & old, 0);
        assert_ne!(lexicon.read("Wormhole sets airdrop date", "", month(2025, 1)).title.seen & old, 0);
        // In lower case it is a word of the language.
        assert_eq!(lexicon.read("through a wormhole", "", month(2025, 1)).title.seen & old, 0);
    }
}
