//! Whose token it is: the name that stands where the owner of a launch stands.

mod vocabulary;

use std::collections::BTreeMap;

use super::{FactGroups, NO_TICKERS, is_ticker, lists, skip_quotes, words};
use crate::{
    detect::lexicon::{Lexicon, Part, Reading},
    model::Kind,
    text::normal::{Case, Shape},
};

use vocabulary::{GENERIC_TAGS, NO_NAMES, PROPER_TAILS, TAILS};

/// A name with the weight of its places.
#[derive(Debug, Clone, Default)]
struct Candidate {
    worth: f32,
    mentions: u8,
    written: String,
}

/// What a name is worth that stands with the ticker as its owner: "Caldera (ERA)", "Kamino's KMNO".
const OWNED: f32 = 6.0;

/// What a name must be worth to be told in place of a ticker that is worth more.
const BESIDE_TICKER: f32 = 1.0;

/// The project that `reading` is about, as written; `None` where none is named. `token` is its ticker, if known.
#[must_use]
pub fn project(
    lexicon: &Lexicon,
    groups: &FactGroups,
    kind: Kind,
    reading: &Reading,
    title: &str,
    body: &str,
    token: Option<&str>,
) -> Option<String> {
    let mut found = BTreeMap::<String, Candidate>::new();
    runs(lexicon, groups, &reading.title, title, if kind == Kind::News { 2.0 } else { 1.0 }, &mut found);
    runs(lexicon, groups, &reading.body, body, 0.5, &mut found);
    tags(lexicon, groups, &reading.title, title, &mut found);
    if kind == Kind::Post || reading.title.tags.is_empty() {
        tags(lexicon, groups, &reading.body, body, &mut found);
    }
    if let Some(token) = token {
        for (part, text) in [(&reading.title, title), (&reading.body, body)] {
            if let Some(owner) = owner(lexicon, groups, part, text, token) {
                if owner.eq_ignore_ascii_case(token) {
                    return Some(owner.to_owned());
                }
                note(&mut found, owner, OWNED);
            }
        }
    }
    merge(&mut found);
    let mut ranked: Vec<Candidate> = found.into_values().filter(|candidate| candidate.worth > 0.0).collect();
    ranked.sort_by(|a, b| b.worth.total_cmp(&a.worth));
    // A ticker is a project's name only for want of another.
    let named = ranked.iter().position(|candidate| {
        candidate.worth >= BESIDE_TICKER
            && token.is_none_or(|token| !candidate.written.eq_ignore_ascii_case(token))
    });
    let chosen = named.unwrap_or(0);
    let name = ranked.into_iter().nth(chosen)?.written;
    // A foundation is no project, it keeps one.
    Some(name.strip_suffix(" Foundation").map(str::to_owned).unwrap_or(name))
}

/// Runs of capitalised names, weighed by what stands beside them.
fn runs(
    lexicon: &Lexicon,
    groups: &FactGroups,
    part: &Part,
    text: &str,
    base: f32,
    found: &mut BTreeMap<String, Candidate>,
) {
    let tokens = &part.normal.tokens;
    let mut index = 0;
    let mut order = 0.0_f32;
    while index < tokens.len() {
        let Some(last) = run(lexicon, groups, part, index) else {
            index += 1;
            continue;
        };
        let mut worth = base + (1.2 - 0.4 * order).max(-0.5);
        order += 1.0;
        let tags = part.tags[index..=last].iter().fold(0, |all, tags| all | tags);
        let after = skip_quotes(part, last + 1);
        let next = part.tags.get(after).copied().unwrap_or(0);
        let owns = tokens.get(after).is_some_and(|token| token.shape == Shape::Possessive);
        let near = (after..(after + 4).min(tokens.len())).fold(0, |all, at| all | part.tags[at]);
        if next & groups.core != 0 || owns && near & groups.core != 0 {
            worth += 2.0;
        } else if near & groups.core != 0 {
            worth += 0.5;
        }
        // "Kamino's KMNO airdrop", "Envoy announces ENV token": the ticker between belongs to the name before it.
        let ticker = (after..(after + 3).min(tokens.len())).any(|at| is_ticker(lexicon, groups, part, at));
        if ticker && near & groups.core != 0 && !is_ticker(lexicon, groups, part, last) {
            worth += 1.0;
        }
        if next & groups.verbs != 0 {
            worth += 0.9;
        }
        if after + 1 < tokens.len() && part.normal.word(after) == "(" && tokens[after + 1].case == Case::Upper
        {
            worth += 1.8;
        }
        let before = index.checked_sub(1).map_or(0, |at| part.tags[at]);
        if before & groups.listing != 0 || index > 1 && part.tags[index - 2] & groups.listing != 0 {
            worth += 1.2;
        }
        if index > 1
            && matches!(part.normal.word(index - 1), "of" | "for" | "from" | "by")
            && part.tags[index - 2] & (groups.core | groups.token) != 0
        {
            worth += 1.0;
        }
        if index > 0 && (tokens[index - 1].shape == Shape::Quote || part.normal.word(index - 1) == "[") {
            worth += 0.7;
        }
        if index > 0
            && matches!(part.normal.word(index - 1), "on" | "via" | "led" | "with" | "at" | "against")
        {
            worth -= 1.2;
        }
        if near & groups.price != 0 {
            worth -= 1.0;
        }
        // A common word is lent to a name: believable at the head of a headline, elsewhere only for want of a better.
        if tags & (groups.name | groups.old | groups.venue | groups.press) == 0 {
            worth -= if index == 0 { 0.8 } else { 2.0 };
        }
        if tags & groups.old != 0 {
            worth -= 2.6;
        }
        if tags & groups.venue != 0 {
            worth -= 3.6;
        }
        if tags & groups.press != 0 {
            worth -= 6.0;
        }
        if lists(part, after) {
            worth -= 5.0;
        }
        if last == index && is_ticker(lexicon, groups, part, index) {
            worth -= 1.4;
        }
        note(found, words(text, part, index, last), worth);
        index = last + 1;
    }
}

/// The name beside the ticker `token` that owns it, or is spelled like it.
fn owner<'a>(
    lexicon: &Lexicon,
    groups: &FactGroups,
    part: &Part,
    text: &'a str,
    token: &str,
) -> Option<&'a str> {
    let tokens = &part.normal.tokens;
    let is_token = |at: usize| {
        tokens[at].case != Case::Lower
            && part.normal.word(at).trim_start_matches('$').eq_ignore_ascii_case(token)
    };
    let spelled = |at: &usize| {
        tokens[*at].shape == Shape::Word
            && tokens[*at].case == Case::Title
            && tokens[*at].end - tokens[*at].start > 1
            && is_token(*at)
    };
    if let Some(at) = (0..tokens.len()).find(spelled) {
        return Some(words(text, part, at, at));
    }
    let avoid = groups.venue | groups.press | groups.old;
    let mut index = 0;
    while index < tokens.len() {
        let Some(last) = run(lexicon, groups, part, index) else {
            index += 1;
            continue;
        };
        let tags = part.tags[index..=last].iter().fold(0, |all, tags| all | tags);
        let beside = |offset: usize| last + offset < tokens.len() && is_token(last + offset);
        let bracket = last + 1 < tokens.len() && part.normal.word(last + 1) == "(" && beside(2);
        let owns = last + 1 < tokens.len() && tokens[last + 1].shape == Shape::Possessive && beside(2);
        let before = index > 1 && part.normal.word(index - 1) == "(" && is_token(index - 2);
        let itself = last == index && is_token(index);
        if !itself && tags & avoid == 0 && (bracket || owns || before || beside(1)) {
            return Some(words(text, part, index, last));
        }
        index = last + 1;
    }
    None
}

/// The last token of the name that starts at `index`, if one does.
pub(super) fn run(lexicon: &Lexicon, groups: &FactGroups, part: &Part, index: usize) -> Option<usize> {
    let tokens = &part.normal.tokens;
    let known = groups.name | groups.old | groups.venue | groups.press;
    let is_name = |at: usize| {
        tokens[at].shape == Shape::Word
            && tokens[at].case != Case::Lower
            && part.tags[at] & known != 0
            && !NO_NAMES.contains(&part.normal.word(at))
            && !NO_TICKERS.contains(&part.normal.word(at))
    };
    let written_large = |at: usize| tokens[at].shape == Shape::Word && tokens[at].case != Case::Lower;
    // A common word may be a name where a noun of the trade follows: "Saga Airdrop", "Frame airdrop".
    let lends = |at: usize| {
        let word = part.normal.word(at);
        let after = skip_quotes(part, at + 1);
        let noun = part.tags.get(after).is_some_and(|tags| tags & groups.core != 0)
            || tokens.get(after).is_some_and(|token| token.shape == Shape::Possessive)
                && part.tags.get(after + 1).is_some_and(|tags| tags & groups.core != 0);
        let verb = part.tags.get(after).is_some_and(|tags| {
            tags & groups.verbs != 0
                || tokens[after].shape == Shape::Word && lexicon.is_third_person(part.normal.word(after))
        });
        let tail = written_large(at)
            && tokens.get(at + 1).is_some_and(|next| next.case == Case::Title)
            && PROPER_TAILS.contains(&part.normal.word(at + 1));
        written_large(at)
            && part.tags[at] & (groups.core | groups.verbs) == 0
            && (noun || verb || tail)
            && word.len() > 2
            && !lexicon.is_inflected(word)
            && !NO_NAMES.contains(&word)
            && !TAILS.contains(&word)
    };
    if !is_name(index) && !lends(index) {
        return None;
    }
    let mut last = index;
    loop {
        let next = last + 1;
        if next >= tokens.len() {
            break;
        }
        let same = part.tags[index] & (groups.old | groups.venue | groups.press)
            == part.tags[next] & (groups.old | groups.venue | groups.press);
        let tail = written_large(next)
            && TAILS.contains(&part.normal.word(next))
            && part.tags[index] & groups.venue == 0;
        let joined = part.normal.word(next) == "of"
            && next + 1 < tokens.len()
            && written_large(next + 1)
            && part.tags[next + 1] & groups.core == 0;
        // "Celestia TIA": a ticker after a name is no part of it.
        let ticker = is_ticker(lexicon, groups, part, next) && tokens[index].case != Case::Upper;
        if is_name(next) && same && !ticker || tail {
            last = next;
        } else if joined && part.tags[index] & groups.name != 0 && last == index {
            last = next + 1;
        } else {
            break;
        }
    }
    Some(last)
}

/// Hashtags, cashtags and accounts of a post: the one that recurs and is no word of the trade.
fn tags(
    lexicon: &Lexicon,
    groups: &FactGroups,
    part: &Part,
    text: &str,
    found: &mut BTreeMap<String, Candidate>,
) {
    let hashtags = part.normal.tokens.iter().filter(|token| token.shape == Shape::Hashtag).count();
    for (index, token) in part.normal.tokens.iter().enumerate() {
        let word = part.normal.word(index);
        let plain = word.get(1..).unwrap_or_default();
        if part.tags[index] & (groups.old | groups.venue | groups.press) != 0
            || lexicon.is_common(plain)
            || GENERIC_TAGS.iter().any(|tag| plain.contains(tag))
        {
            continue;
        }
        let early = 1.0 - 0.01 * f32::from(u16::try_from(index).unwrap_or(u16::MAX));
        let worth = match token.shape {
            Shape::Hashtag => 0.9 + early - if hashtags > 5 { 0.4 } else { 0.0 },
            Shape::Cashtag => 1.0 + early,
            Shape::Handle if index == 0 => 0.2,
            Shape::Handle => 0.7,
            _ => continue,
        };
        let near = (index.saturating_sub(2)..(index + 3).min(part.tags.len()))
            .any(|at| part.tags[at] & groups.core != 0);
        let written = words(text, part, index, index).trim_start_matches(['#', '$', '@', '＃', '＠', '＄']);
        note(found, written, worth.max(0.1) + if near { 0.8 } else { 0.0 });
    }
}

fn note(found: &mut BTreeMap<String, Candidate>, written: &str, worth: f32) {
    let key: String = written.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    if key.len() < 2 {
        return;
    }
    let candidate = found.entry(key).or_default();
    if candidate.written.is_empty() {
        candidate.worth = worth;
        written.clone_into(&mut candidate.written);
    } else {
        // Every further mention confirms it a little; the best place decides.
        candidate.worth =
            candidate.worth.max(worth) + if worth > 0.8 && candidate.mentions < 2 { 0.35 } else { 0.0 };
        candidate.mentions += 1;
    }
}

/// A short name inside a longer one is the same project: the first spelling stays, the weights join.
fn merge(found: &mut BTreeMap<String, Candidate>) {
    let keys: Vec<String> = found.keys().cloned().collect();
    for short in keys.iter().filter(|key| key.len() >= 4) {
        let longer = keys.iter().find(|long| {
            long.len() > short.len() && long.starts_with(short.as_str()) && found.contains_key(*long)
        });
        if let Some(longer) = longer
            && let Some(part) = found.get(short).map(|candidate| candidate.worth)
            && let Some(whole) = found.get_mut(longer)
        {
            let joined = whole.worth.max(part) + 0.3;
            whole.worth = joined - 0.1;
            if let Some(short) = found.get_mut(short) {
                short.worth = joined;
            }
        }
    }
}
