//! Named signals of a reading: which groups of words stand there, and in what frames.
//!
//! Every signal has a name that a person can read (`t:sets+airdrop`); training and judging see the same ones.
//! `t:` is the title of news, `b:` its body, `p:` a post.

use super::facts::DateRelation;
use super::headline::HeadlinePatterns;
use super::lexicon::{Lexicon, Part, Reading};
use crate::{model::Kind, text::normal::Shape};

/// Where a signal was seen: tokens `first..=last` of the title or the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Whether it stands in the title.
    pub title: bool,
    /// First token.
    pub first: u32,
    /// Last token.
    pub last: u32,
}

/// Takes signals as they are found.
pub trait Sink {
    /// One signal: its name in pieces, its strength, and where it stands (`None`: the text as a whole).
    fn signal(&mut self, name: &[&str], strength: f32, span: Option<Span>);
}

/// What needs to be known of the vocabulary to find frames.
#[derive(Debug, Clone, Copy)]
pub struct PairFeatures {
    /// Nouns of an event.
    pub core: u128,
    /// The nouns that hardly ever mean anything else.
    strict: u128,
    /// Groups that take part in frames.
    framed: u128,
    /// Groups that facts ask about, and no signal.
    silent: u128,
    headline: HeadlinePatterns,
    name: u128,
    old: u128,
    venue: u128,
    press: u128,
    wire: u128,
}

/// Strengths by kind of signal: the smaller, the more evidence training wants before it trusts one. Chosen by
/// cross-validation (docs/explain/detection.md).
const GROUP: f32 = 0.6;
const ADJACENT: f32 = 0.7;
const NEAR: f32 = 0.5;
const TOGETHER: f32 = 0.4;
const POOLED: f32 = 0.6;
const WORD: f32 = 0.35;
const BIGRAM: f32 = 0.75;
/// Stands for any noun of an event where groups are told apart by number.
const EVENT: u8 = u8::MAX;
/// Tokens between the two ends of a frame.
const WINDOW: usize = 6;
/// Tokens of a body in which frames and words are looked for: two sentences.
const BODY_TOKENS: usize = 60;

impl PairFeatures {
    /// Looks up the groups by name.
    #[must_use]
    pub fn new(lexicon: &Lexicon) -> Self {
        Self {
            core: lexicon.mask(&[
                "airdrop",
                "airdropped",
                "claim",
                "snapshot",
                "presale",
                "tokensale",
                "ido",
                "launchpad",
                "tge",
                "tokenlaunch",
                "newtoken",
                "list",
                "trading",
                "tokenomics",
                "sell",
                "distribution",
                "debut",
            ]),
            strict: lexicon.mask(&[
                "airdrop",
                "airdropped",
                "claim",
                "presale",
                "tokensale",
                "ido",
                "launchpad",
                "tge",
                "tokenlaunch",
            ]),
            framed: !lexicon.mask(&[
                "exchange", "ahead", "lure", "quarter", "third", "instruct", "praise", "tutorial", "percent",
                "record",
            ]),
            silent: lexicon.mask(&["exchange", "lure", "ahead"]),
            headline: HeadlinePatterns::new(lexicon),
            name: lexicon.mask(&["name"]),
            old: lexicon.mask(&["old"]),
            venue: lexicon.mask(&["venue"]),
            press: lexicon.mask(&["press"]),
            wire: lexicon.mask(&["wire"]),
        }
    }

    /// Tells `sink` every signal of `reading`, whose stated date lies as `lies` says.
    pub fn signals(
        &self,
        lexicon: &Lexicon,
        kind: Kind,
        reading: &Reading,
        relation: Option<DateRelation>,
        sink: &mut impl Sink,
    ) {
        self.date(lexicon, reading, relation, sink);
        match kind {
            Kind::News => {
                sink.signal(&["news"], GROUP, None);
                self.part(lexicon, "t:", true, &reading.title, usize::MAX, sink);
                self.part(lexicon, "b:", false, &reading.body, BODY_TOKENS, sink);
                self.title_shape(lexicon, reading, sink);
            }
            Kind::Post => {
                sink.signal(&["post"], GROUP, None);
                self.part(lexicon, "p:", false, &reading.body, usize::MAX, sink);
                self.part(lexicon, "p:", true, &reading.title, usize::MAX, sink);
                post_shape(&reading.body, sink);
            }
        }
        self.headline.signals(kind, reading, sink);
    }

    /// When it happens, alone and with what happens.
    fn date(
        &self,
        lexicon: &Lexicon,
        reading: &Reading,
        relation: Option<DateRelation>,
        sink: &mut impl Sink,
    ) {
        let relation = relation.map_or("unstated", DateRelation::as_str);
        sink.signal(&["date ", relation], GROUP, None);
        let head = if reading.title.tags.is_empty() { &reading.body } else { &reading.title };
        each_bit(head.seen & self.core, |noun| {
            sink.signal(&["date ", relation, "&", lexicon.group(noun)], POOLED, None);
        });
    }

    fn part(
        &self,
        lexicon: &Lexicon,
        place: &str,
        title: bool,
        part: &Part,
        limit: usize,
        sink: &mut impl Sink,
    ) {
        let span = |first: usize, last: usize| {
            Some(Span {
                title,
                first: u32::try_from(first).unwrap_or(0),
                last: u32::try_from(last).unwrap_or(0),
            })
        };
        each_bit(part.seen & !self.silent, |group| {
            let at = part.tags.iter().position(|tags| tags >> group & 1 == 1).unwrap_or(0);
            let last = part.hits.iter().find(|hit| hit.group == group).map_or(at, |hit| hit.last as usize);
            sink.signal(&[place, lexicon.group(group)], GROUP, span(at, last.max(at)));
        });
        if title || place == "p:" {
            if part.seen & self.strict != 0 {
                // The same for all nouns together: what is rare with one noun is learnt from the others.
                each_bit(part.seen & self.framed & !self.strict, |other| {
                    sink.signal(&[place, "event&", lexicon.group(other)], POOLED, None);
                });
            }
            each_bit(part.seen & self.core, |noun| {
                each_bit(part.seen & self.framed & !(1 << noun), |other| {
                    sink.signal(&[place, lexicon.group(noun), "&", lexicon.group(other)], TOGETHER, None);
                });
            });
        }
        self.pair_features(lexicon, place, title, part, limit, sink);
        self.words(lexicon, place, title, part, limit, sink);
    }

    /// Ordered pairs of groups, one of them a noun of an event: side by side (`+`) or near (`>`).
    fn pair_features(
        &self,
        lexicon: &Lexicon,
        place: &str,
        title: bool,
        part: &Part,
        limit: usize,
        sink: &mut impl Sink,
    ) {
        let count = part.tags.len().min(limit);
        let mut seen = std::collections::HashSet::new();
        for left in 0..count {
            let left_tags = part.tags[left] & self.framed;
            if left_tags == 0 {
                continue;
            }
            let mut steps = 0;
            for right in left + 1..count {
                let token = part.normal.tokens[right];
                match token.shape {
                    Shape::Quote | Shape::Possessive => continue,
                    Shape::Mark if matches!(part.normal.word(right), "." | "?" | "|") => break,
                    Shape::Mark => {}
                    _ => steps += 1,
                }
                if token.shape == Shape::Mark {
                    continue;
                }
                if steps > WINDOW {
                    break;
                }
                let right_tags = part.tags[right] & self.framed;
                if right_tags == 0 || (left_tags | right_tags) & self.core == 0 {
                    continue;
                }
                let (joint, strength) = if steps == 1 { ("+", ADJACENT) } else { (">", NEAR) };
                let span = Some(Span { title, first: place_of(left), last: place_of(right) });
                each_bit(left_tags, |a| {
                    each_bit(right_tags, |b| {
                        let (noun_left, noun_right) = (self.strict >> a & 1 == 1, self.strict >> b & 1 == 1);
                        if a == b || (self.core >> a | self.core >> b) & 1 == 0 {
                            return;
                        }
                        let (left, right) = (lexicon.group(a), lexicon.group(b));
                        if seen.insert((a, b, steps == 1)) {
                            sink.signal(&[place, left, joint, right], strength, span);
                        }
                        if noun_left != noun_right {
                            let (left, right) = if noun_left { ("event", right) } else { (left, "event") };
                            let other = if noun_left { b } else { a };
                            if seen.insert((
                                if noun_left { EVENT } else { other },
                                if noun_left { other } else { EVENT },
                                steps == 1,
                            )) {
                                sink.signal(&[place, left, joint, right], strength, span);
                            }
                        }
                    });
                });
            }
        }
    }

    /// Single words and pairs, names and numbers masked so that no project is learnt by heart.
    fn words(
        &self,
        lexicon: &Lexicon,
        place: &str,
        title: bool,
        part: &Part,
        limit: usize,
        sink: &mut impl Sink,
    ) {
        let mut before: Option<(&str, usize)> = Some(("^", 0));
        let mut seen = std::collections::HashSet::new();
        for index in 0..part.tags.len().min(limit) {
            let Some(word) = self.mask_word(lexicon, part, index) else { continue };
            let span = |first: usize| {
                Some(Span {
                    title,
                    first: u32::try_from(first).unwrap_or(0),
                    last: u32::try_from(index).unwrap_or(0),
                })
            };
            if seen.insert(("", word)) {
                sink.signal(&[place, "word ", word], WORD, span(index));
            }
            if let Some((previous, at)) = before
                && !(previous == word && word.starts_with('<'))
                && seen.insert((previous, word))
            {
                sink.signal(&[place, "words ", previous, " ", word], BIGRAM, span(at));
            }
            // A name of several words is one name.
            if !(word == "<name>" && before.is_some_and(|(previous, _)| previous == word)) {
                before = Some((word, index));
            }
        }
    }

    fn mask_word<'a>(&self, lexicon: &Lexicon, part: &'a Part, index: usize) -> Option<&'a str> {
        let token = part.normal.tokens[index];
        let tags = part.tags[index];
        Some(match token.shape {
            Shape::Quote => return None,
            Shape::Link => "<link>",
            Shape::Handle => "<handle>",
            Shape::Number => "<number>",
            Shape::Money => "<money>",
            _ if tags & self.old != 0 => "<old>",
            _ if tags & self.press != 0 && tags & self.wire == 0 => "<press>",
            _ if tags & self.venue != 0 => "<venue>",
            Shape::Cashtag => "<cashtag>",
            Shape::Hashtag if lexicon.is_common(&part.normal.word(index)[1..]) => part.normal.word(index),
            Shape::Hashtag => "<hashtag>",
            Shape::Word if tags & self.name != 0 => "<name>",
            Shape::Word if !lexicon.is_common(part.normal.word(index)) => "<rare>",
            _ => part.normal.word(index),
        })
    }

    /// Whose headline it is: an established token's, a new name's, a calendar's.
    fn title_shape(&self, lexicon: &Lexicon, reading: &Reading, sink: &mut impl Sink) {
        let part = &reading.title;
        let fresh = part.tags.iter().any(|tags| tags & self.name != 0)
            || part
                .tags
                .iter()
                .zip(&part.normal.tokens)
                .any(|(tags, token)| token.shape == Shape::Cashtag && tags & self.old == 0);
        let old = part.seen & self.old != 0;
        let subject = match (fresh, old) {
            (true, false) => "new",
            (false, true) => "old",
            (true, true) => "new and old",
            (false, false) => "nobody",
        };
        sink.signal(&["subject ", subject], GROUP, None);
        let first = part
            .tags
            .iter()
            .zip(&part.normal.tokens)
            .find(|(tags, _)| *tags & (self.name | self.old | self.venue) != 0);
        if let Some((tags, _)) = first {
            let who = if tags & self.old != 0 {
                "old"
            } else if tags & self.venue != 0 {
                "venue"
            } else {
                "new"
            };
            sink.signal(&["first name ", who], GROUP, None);
            if part.seen & self.strict != 0 {
                sink.signal(&["first name ", who, "&event"], GROUP, None);
            }
            each_bit(part.seen & self.core, |noun| {
                sink.signal(&["first name ", who, "&", lexicon.group(noun)], ADJACENT, None);
            });
        }
        each_bit(part.seen & self.core, |noun| {
            sink.signal(&["subject ", subject, "&", lexicon.group(noun)], ADJACENT, None);
        });
        if part.seen & self.strict != 0 {
            sink.signal(&["subject ", subject, "&event"], GROUP, None);
        }
        if part.normal.folded.starts_with(" [ ") {
            sink.signal(&["calendar entry"], GROUP, None);
        }
        if reading.body.tags.is_empty() {
            sink.signal(&["title only"], GROUP, None);
        }
        if part.seen & self.core == 0 {
            sink.signal(&["no event in title"], GROUP, None);
        }
        let length = part.tags.len();
        sink.signal(&["title length ", bucket(length, &[4, 7, 11, 16])], WORD, None);
    }
}

fn place_of(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

fn post_shape(part: &Part, sink: &mut impl Sink) {
    let mut counts = [0_usize; 4];
    for token in &part.normal.tokens {
        match token.shape {
            Shape::Hashtag => counts[0] += 1,
            Shape::Handle => counts[1] += 1,
            Shape::Link => counts[2] += 1,
            Shape::Cashtag => counts[3] += 1,
            _ => {}
        }
    }
    let words = part.normal.tokens.iter().filter(|token| token.shape == Shape::Word).count();
    for (name, count) in ["hashtags ", "handles ", "links ", "cashtags "].into_iter().zip(counts) {
        sink.signal(&["p:", name, bucket(count, &[0, 1, 3, 6])], GROUP, None);
    }
    sink.signal(&["p:words ", bucket(words, &[5, 10, 20, 40])], GROUP, None);
    match part.normal.tokens.first().map(|token| token.shape) {
        Some(Shape::Handle) => sink.signal(&["p:reply"], GROUP, None),
        Some(Shape::Word) if part.normal.word(0) == "rt" => sink.signal(&["p:retweet"], GROUP, None),
        _ => {}
    }
}

/// The name of the range `count` falls into, given the upper ends of all but the last.
fn bucket(count: usize, ends: &[usize]) -> &'static str {
    const NAMES: [&str; 6] = ["none", "few", "some", "many", "most", "all"];
    NAMES[ends.iter().position(|&end| count <= end).unwrap_or(ends.len()).min(5)]
}

fn each_bit(mut set: u128, mut tell: impl FnMut(u8)) {
    while set != 0 {
        let bit = set.trailing_zeros();
        tell(u8::try_from(bit).unwrap_or(0));
        set &= set - 1;
    }
}
