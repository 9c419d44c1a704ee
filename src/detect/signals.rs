//! Named signals of a reading: which groups of words stand there, and in which pairs.
//!
//! Every signal has a name that a person can read (`t:sets+airdrop`); training and judging see the same ones.
//! `t:` is the title of news, `b:` its body, `p:` a post.

use std::collections::HashSet;

use super::{
    facts::{DateRelation, Notice, project::account},
    groups::{Group, Groups},
    headline,
    lexicon::{Lexicon, index_u32},
    reading::{Part, Reading},
};
use crate::{model::Kind, text::normal::Shape};

/// Where a signal was seen: tokens `first..=last` of the title or the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub(super) in_title: bool,
    pub(super) first: u32,
    pub(super) last: u32,
}

/// Takes signals as they are found.
pub trait Sink {
    /// One signal: its name in pieces, its strength, and where it stands (`None`: the text as a whole).
    fn signal(&mut self, name: &[&str], strength: f32, span: Option<Span>);
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
/// Tokens between the two ends of a pair.
const WINDOW: usize = 6;
/// Tokens of a body in which pairs and words are looked for: two sentences.
const BODY_TOKENS: usize = 60;

/// Reports every signal of `reading`, a text of that kind and author, to `sink`; `relation` is the relation of its
/// stated date, `notice` the notice that it is.
pub fn signals(
    lexicon: &Lexicon,
    (kind, author): (Kind, &str),
    reading: &Reading,
    relation: Option<DateRelation>,
    notice: Option<&Notice>,
    sink: &mut impl Sink,
) {
    date(reading, relation, sink);
    let extract = |part, place, in_title, limit| Extractor { lexicon, part, place, in_title, limit };
    match kind {
        Kind::News => {
            sink.signal(&["news"], GROUP, None);
            extract(&reading.title, "t:", true, usize::MAX).signals(sink);
            extract(&reading.body, "b:", false, BODY_TOKENS).signals(sink);
            title_shape(reading, sink);
        }
        Kind::Post => {
            sink.signal(&["post"], GROUP, None);
            extract(&reading.body, "p:", false, usize::MAX).signals(sink);
            extract(&reading.title, "p:", true, usize::MAX).signals(sink);
            post_shape(&reading.body, sink);
            account(lexicon, author, reading, sink);
        }
    }
    match notice {
        Some(notice) if notice.is_launch() => headline::signals(kind, reading, &mut Offer(sink)),
        _ => headline::signals(kind, reading, sink),
    }
    if let Some(notice) = notice {
        notice.signals(sink);
    }
}

/// Omits the headline patterns that say nothing in a notice that clearly offers a new coin: it names the coins that
/// the new one is traded for, and prizes.
struct Offer<'a, S>(&'a mut S);

impl<S: Sink> Sink for Offer<'_, S> {
    fn signal(&mut self, name: &[&str], strength: f32, span: Option<Span>) {
        const IDLE: [&str; 6] = [
            "other object",
            "trading contest",
            "derivative",
            "supposed",
            "handout of another coin",
            "old token only",
        ];
        if !matches!(name, ["frame:", pattern] if IDLE.contains(pattern)) {
            self.0.signal(name, strength, span);
        }
    }
}

/// When it happens, alone and with what happens.
fn date(reading: &Reading, relation: Option<DateRelation>, sink: &mut impl Sink) {
    let relation = relation.map_or("unstated", DateRelation::as_str);
    sink.signal(&["date ", relation], GROUP, None);
    for noun in (reading.head().seen & Groups::EVENT).iter() {
        sink.signal(&["date ", relation, "&", noun.name()], POOLED, None);
    }
}

/// Extracts the signals of one part.
#[derive(Clone, Copy)]
struct Extractor<'a> {
    lexicon: &'a Lexicon,
    part: &'a Part<'a>,
    /// What the names of its signals begin with.
    place: &'static str,
    in_title: bool,
    /// How many tokens are looked at for pairs and words.
    limit: usize,
}

impl Extractor<'_> {
    fn span(&self, first: usize, last: usize) -> Span {
        Span { in_title: self.in_title, first: index_u32(first), last: index_u32(last) }
    }

    fn signals(self, sink: &mut impl Sink) {
        let Self { part, place, .. } = self;
        for group in (part.seen & !Groups::SILENT).iter() {
            let at = part.tags.iter().position(|tags| tags.any(group)).unwrap_or(0);
            let last = part.hits.iter().find(|hit| hit.group == group).map_or(at, |hit| hit.last as usize);
            sink.signal(&[place, group.name()], GROUP, Some(self.span(at, last.max(at))));
        }
        if self.in_title || place == "p:" {
            let paired = part.seen & !Groups::UNPAIRED;
            if part.seen.any(Groups::LAUNCH) {
                // The same for all nouns together: what is rare with one noun is learnt from the others.
                for other in (paired & !Groups::LAUNCH).iter() {
                    sink.signal(&[place, "event&", other.name()], POOLED, None);
                }
            }
            for noun in (part.seen & Groups::EVENT).iter() {
                for other in paired.iter().filter(|other| *other != noun) {
                    sink.signal(&[place, noun.name(), "&", other.name()], TOGETHER, None);
                }
            }
        }
        self.pairs(sink);
        self.words(sink);
    }

    /// Ordered pairs of groups, one of them a noun of an event: side by side (`+`) or near (`>`).
    fn pairs(self, sink: &mut impl Sink) {
        let Self { part, place, .. } = self;
        let count = part.tags.len().min(self.limit);
        // `None` stands for any noun of a launch.
        let mut seen: HashSet<(Option<Group>, Option<Group>, bool)> = HashSet::new();
        for first in 0..count {
            let left_tags = part.tags[first] & !Groups::UNPAIRED;
            if left_tags.is_empty() {
                continue;
            }
            let mut steps = 0;
            for last in first + 1..count {
                match part.normal.tokens[last].shape {
                    Shape::Mark if matches!(part.word(last), "." | "?" | "|") => break,
                    Shape::Quote | Shape::Possessive | Shape::Mark => continue,
                    _ => steps += 1,
                }
                if steps > WINDOW {
                    break;
                }
                let right_tags = part.tags[last] & !Groups::UNPAIRED;
                if right_tags.is_empty() || !(left_tags | right_tags).any(Groups::EVENT) {
                    continue;
                }
                let adjacent = steps == 1;
                let (joint, strength) = if adjacent { ("+", ADJACENT) } else { (">", NEAR) };
                let mut report = |left: Option<Group>, right: Option<Group>| {
                    if seen.insert((left, right, adjacent)) {
                        let name = |group: Option<Group>| group.map_or("event", Group::name);
                        let span = Some(self.span(first, last));
                        sink.signal(&[place, name(left), joint, name(right)], strength, span);
                    }
                };
                for left in left_tags.iter() {
                    for right in right_tags.iter() {
                        if left == right || !(left | right).any(Groups::EVENT) {
                            continue;
                        }
                        report(Some(left), Some(right));
                        match (Groups::LAUNCH.any(left), Groups::LAUNCH.any(right)) {
                            (true, false) => report(None, Some(right)),
                            (false, true) => report(Some(left), None),
                            _ => {}
                        }
                    }
                }
            }
        }
    }

    /// Single words and pairs, names and numbers masked so that no project is learnt by heart.
    fn words(self, sink: &mut impl Sink) {
        let Self { part, place, .. } = self;
        let mut before: Option<(&str, usize)> = Some(("^", 0));
        let mut seen = HashSet::new();
        for index in 0..part.tags.len().min(self.limit) {
            let Some(word) = self.mask_word(index) else { continue };
            if seen.insert(("", word)) {
                sink.signal(&[place, "word ", word], WORD, Some(self.span(index, index)));
            }
            if let Some((previous, at)) = before
                && !(previous == word && word.starts_with('<'))
                && seen.insert((previous, word))
            {
                sink.signal(&[place, "words ", previous, " ", word], BIGRAM, Some(self.span(at, index)));
            }
            // A name of several words is one name.
            if !(word == "<name>" && before.is_some_and(|(previous, _)| previous == word)) {
                before = Some((word, index));
            }
        }
    }

    fn mask_word(&self, index: usize) -> Option<&str> {
        let word = self.part.word(index);
        let tags = self.part.tags[index];
        Some(match self.part.normal.tokens[index].shape {
            Shape::Quote => return None,
            Shape::Link => "<link>",
            Shape::Handle => "<handle>",
            Shape::Number => "<number>",
            Shape::Money => "<money>",
            _ if tags.any(Group::Old) => "<old>",
            _ if tags.any(Group::Press) && !tags.any(Group::Wire) => "<press>",
            _ if tags.any(Group::Venue) => "<venue>",
            Shape::Cashtag => "<cashtag>",
            Shape::Hashtag if !self.lexicon.is_common(&word[1..]) => "<hashtag>",
            Shape::Word if tags.any(Group::Name) => "<name>",
            Shape::Word if !self.lexicon.is_plain(word) => "<rare>",
            _ => word,
        })
    }
}

/// Whose headline it is: an established token's, a new name's, a calendar's.
fn title_shape(reading: &Reading, sink: &mut impl Sink) {
    let part = &reading.title;
    let fresh =
        part.tags.iter().zip(&part.normal.tokens).any(|(tags, token)| {
            tags.any(Group::Name) || token.shape == Shape::Cashtag && !tags.any(Group::Old)
        });
    let subject = match (fresh, part.seen.any(Group::Old)) {
        (true, false) => "new",
        (false, true) => "old",
        (true, true) => "new and old",
        (false, false) => "nobody",
    };
    let launch = part.seen.any(Groups::LAUNCH);
    let nouns = part.seen & Groups::EVENT;
    sink.signal(&["subject ", subject], GROUP, None);
    if let Some(tags) = part.tags.iter().find(|tags| tags.any(Groups::SUBJECT)) {
        let who = if tags.any(Group::Old) {
            "old"
        } else if tags.any(Group::Venue) {
            "venue"
        } else {
            "new"
        };
        sink.signal(&["first name ", who], GROUP, None);
        if launch {
            sink.signal(&["first name ", who, "&event"], GROUP, None);
        }
        for noun in nouns.iter() {
            sink.signal(&["first name ", who, "&", noun.name()], ADJACENT, None);
        }
    }
    for noun in nouns.iter() {
        sink.signal(&["subject ", subject, "&", noun.name()], ADJACENT, None);
    }
    if launch {
        sink.signal(&["subject ", subject, "&event"], GROUP, None);
    }
    if part.normal.folded.starts_with(" [ ") {
        sink.signal(&["calendar entry"], GROUP, None);
    }
    if reading.body.tags.is_empty() {
        sink.signal(&["title only"], GROUP, None);
    }
    if nouns.is_empty() {
        sink.signal(&["no event in title"], GROUP, None);
    }
    sink.signal(&["title length ", bucket(part.tags.len(), &[4, 7, 11, 16])], WORD, None);
}

fn post_shape(part: &Part, sink: &mut impl Sink) {
    let count = |shape| part.normal.tokens.iter().filter(|token| token.shape == shape).count();
    for (name, shape) in [
        ("hashtags ", Shape::Hashtag),
        ("handles ", Shape::Handle),
        ("links ", Shape::Link),
        ("cashtags ", Shape::Cashtag),
    ] {
        sink.signal(&["p:", name, bucket(count(shape), &[0, 1, 3, 6])], GROUP, None);
    }
    sink.signal(&["p:words ", bucket(count(Shape::Word), &[5, 10, 20, 40])], GROUP, None);
    if part.is(0, Shape::Handle) {
        sink.signal(&["p:reply"], GROUP, None);
    } else if part.is(0, Shape::Word) && part.word(0) == "rt" {
        sink.signal(&["p:retweet"], GROUP, None);
    }
}

/// Who writes a post: the account of something that it names, and for itself. That another account writes is no signal:
/// which texts of the training have an author says more about their origin.
fn account(lexicon: &Lexicon, author: &str, reading: &Reading, sink: &mut impl Sink) {
    let event = reading.body.seen.any(Groups::LAUNCH);
    if account::is_named_after(lexicon, author, reading) {
        sink.signal(&["p:author own"], GROUP, None);
        if event {
            sink.signal(&["p:author own&event"], GROUP, None);
        }
    }
    if account::speaks_for_itself(&reading.body) {
        sink.signal(&["p:first person"], GROUP, None);
        if event {
            sink.signal(&["p:first person&event"], GROUP, None);
        }
    }
    let text = reading.body.text.trim_start();
    if text.starts_with("1/") || text.contains('🧵') {
        sink.signal(&["p:thread"], GROUP, None);
    }
}

/// The name of the range `count` falls into, given the upper ends of all but the last.
fn bucket(count: usize, ends: &[usize]) -> &'static str {
    const NAMES: [&str; 6] = ["none", "few", "some", "many", "most", "all"];
    NAMES[ends.iter().position(|&end| count <= end).unwrap_or(ends.len()).min(5)]
}
