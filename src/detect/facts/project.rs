//! Whose token it is: the name that stands where the owner of a launch stands.

pub(crate) mod account;
mod vocabulary;
mod worth;

use std::collections::BTreeMap;

use super::{NO_TICKERS, is_ticker, lists};
use crate::{
    detect::{
        groups::{Group, Groups},
        lexicon::Lexicon,
        reading::{Part, Reading},
    },
    model::Kind,
    text::normal::{Case, Shape, Token},
};

use vocabulary::{GENERIC_TAGS, NO_NAMES, PROPER_TAILS, TAILS, is_grammar};

/// A name with the weight of its places.
#[derive(Debug, Clone, Default)]
struct Candidate {
    worth: f32,
    mentions: u8,
    written: String,
}

type Candidates = BTreeMap<String, Candidate>;

/// The project that `reading` is about, as written; `None` where none is named. `token` is its ticker, if known.
/// A post that names none is about the account of its `author`.
pub fn project(
    lexicon: &Lexicon,
    kind: Kind,
    author: &str,
    reading: &Reading,
    token: Option<&str>,
) -> Option<String> {
    let mut found = Candidates::new();
    let title = if kind == Kind::News { worth::NEWS_TITLE } else { worth::POST_TITLE };
    add_names(lexicon, &reading.title, title, &mut found);
    add_names(lexicon, &reading.body, worth::BODY, &mut found);
    add_tags(lexicon, &reading.title, &mut found);
    if kind == Kind::Post || reading.title.tags.is_empty() {
        add_tags(lexicon, &reading.body, &mut found);
    }
    if let Some(token) = token {
        for owner in reading.parts().into_iter().filter_map(|part| owner(lexicon, part, token)) {
            if owner.eq_ignore_ascii_case(token) {
                return Some(owner.to_owned());
            }
            add(&mut found, owner, worth::OWNER);
        }
    }
    merge(&mut found);
    let mut ranked: Vec<Candidate> = found.into_values().filter(|candidate| candidate.worth > 0.0).collect();
    ranked.sort_by(|a, b| b.worth.total_cmp(&a.worth));
    // A ticker is a project's name only for want of another.
    let named = ranked.iter().position(|candidate| {
        candidate.worth >= worth::BESIDE_TICKER
            && token.is_none_or(|token| !candidate.written.eq_ignore_ascii_case(token))
    });
    let own = || {
        let post = kind == Kind::Post && named.is_none();
        let speaks = || {
            ranked.is_empty() && token.is_none()
                || account::speaks_for_itself(&reading.body)
                || account::is_named_after(lexicon, author, reading)
        };
        account::name(lexicon, author).filter(|_| post && speaks()).map(str::to_owned)
    };
    if let Some(own) = own() {
        return Some(own);
    }
    let name = ranked.into_iter().nth(named.unwrap_or(0))?.written;
    // A foundation is no project, it has one.
    Some(name.strip_suffix(" Foundation").map(str::to_owned).unwrap_or(name))
}

/// Adds the runs of capitalised names; the first is worth `base` and more.
fn add_names(lexicon: &Lexicon, part: &Part, base: f32, found: &mut Candidates) {
    for (order, (first, last)) in runs(lexicon, part).enumerate() {
        let later = worth::LATER * f32::from(u16::try_from(order).unwrap_or(u16::MAX));
        let place = base + (worth::FIRST - later).max(worth::LATE);
        add(found, part.words(first, last), place_worth(lexicon, part, first, last, place));
    }
}

/// First and last token of each name.
fn runs(lexicon: &Lexicon, part: &Part) -> impl Iterator<Item = (usize, usize)> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let (first, last) = (next..part.tags.len()).find_map(|at| Some((at, run(lexicon, part, at)?)))?;
        next = last + 1;
        Some((first, last))
    })
}

/// What the name at `first..=last` is worth by what stands beside it, beginning with `worth`.
fn place_worth(lexicon: &Lexicon, part: &Part, first: usize, last: usize, mut worth: f32) -> f32 {
    let tokens = &part.normal.tokens;
    let tags: Groups = part.tags[first..=last].iter().collect();
    let after = part.skip_quotes(last + 1);
    let next = part.groups(after);
    let near: Groups = part.tags[after..(after + 4).min(tokens.len())].iter().collect();
    let near_noun = near.any(Groups::TRADE);
    let before = |offset: usize| first.checked_sub(offset).map_or("", |at| part.word(at));
    let groups_before =
        |offset: usize| first.checked_sub(offset).map_or(Groups::default(), |at| part.tags[at]);
    if next.any(Groups::TRADE) || part.is(after, Shape::Possessive) && near_noun {
        worth += worth::BEFORE_NOUN;
    } else if near_noun {
        worth += worth::NEAR_NOUN;
    }
    // "Kamino's KMNO airdrop", "Envoy announces ENV token": the ticker between belongs to the name before it.
    let ticker = (after..after + 3).any(|at| is_ticker(lexicon, part, at));
    if ticker && near_noun && !is_ticker(lexicon, part, last) {
        worth += worth::BEFORE_TICKER;
    }
    if next.any(Groups::VERB) {
        worth += worth::SUBJECT;
    }
    if part.word(after) == "(" && part.token(after + 1).is_some_and(|token| token.case == Case::Upper) {
        worth += worth::BEFORE_BRACKET;
    }
    if (groups_before(1) | groups_before(2)).any(Groups::LISTING) {
        worth += worth::LISTED;
    }
    if matches!(before(1), "of" | "for" | "from" | "by") && groups_before(2).any(Groups::TRADE) {
        worth += worth::OF_NOUN;
    }
    if before(1) == "[" || first.checked_sub(1).is_some_and(|at| part.is(at, Shape::Quote)) {
        worth += worth::QUOTED;
    }
    if matches!(before(1), "on" | "via" | "led" | "with" | "at" | "against") {
        worth += worth::PARTNER;
    }
    if near.any(Groups::PRICE_TALK) {
        worth += worth::PRICE_TALK;
    }
    // A common word is a name only if need be: believable at the head of a headline, elsewhere the last choice.
    if !tags.any(Groups::NAMED) {
        worth += if first == 0 { worth::COMMON_FIRST } else { worth::COMMON };
    }
    for (group, points) in
        [(Group::Old, worth::ESTABLISHED), (Group::Venue, worth::VENUE), (Group::Press, worth::PRESS)]
    {
        if tags.any(group) {
            worth += points;
        }
    }
    if lists(part, after) {
        worth += worth::LISTS;
    }
    if last == first && is_ticker(lexicon, part, first) {
        worth += worth::TICKER;
    }
    worth
}

/// The name beside the ticker `token` that owns it, or is spelled like it.
fn owner<'a>(lexicon: &Lexicon, part: &Part<'a>, token: &str) -> Option<&'a str> {
    let is_token = |at: usize| {
        part.token(at).is_some_and(|found| found.case != Case::Lower)
            && part.word(at).trim_start_matches('$').eq_ignore_ascii_case(token)
    };
    let spelled = |(at, found): (usize, &Token)| {
        let name = found.shape == Shape::Word && found.case == Case::Title && found.end - found.start > 1;
        (name && is_token(at)).then_some((at, at))
    };
    let beside = |&(first, last): &(usize, usize)| {
        let bracket = part.word(last + 1) == "(" && is_token(last + 2);
        let owns = part.is(last + 1, Shape::Possessive) && is_token(last + 2);
        let before = first > 1 && part.word(first - 1) == "(" && is_token(first - 2);
        let itself = last == first && is_token(first);
        let mut tags = part.tags[first..=last].iter();
        !itself
            && !tags.any(|tags| tags.any(Groups::KNOWN))
            && (bracket || owns || before || is_token(last + 1))
    };
    let (first, last) = part
        .normal
        .tokens
        .iter()
        .enumerate()
        .find_map(spelled)
        .or_else(|| runs(lexicon, part).find(beside))?;
    Some(part.words(first, last))
}

/// The last token of the name that starts at `index`, if one does.
pub(super) fn run(lexicon: &Lexicon, part: &Part, index: usize) -> Option<usize> {
    let is_capital = |at: usize| part.is(at, Shape::Word) && part.normal.tokens[at].case != Case::Lower;
    let is_name = |at: usize| {
        is_capital(at)
            && part.tags[at].any(Groups::NAMED)
            && !NO_NAMES.contains(&part.word(at))
            && !NO_TICKERS.contains(&part.word(at))
            && !(part.normal.tokens[at].case == Case::Title && is_grammar(part.word(at)))
    };
    // A common word may be a name where a noun of the trade follows: "Saga Airdrop", "Frame airdrop".
    let is_common_name = |at: usize| {
        let word = part.word(at);
        let after = part.skip_quotes(at + 1);
        let noun = part.groups(after).any(Groups::TRADE)
            || part.is(after, Shape::Possessive) && part.groups(after + 1).any(Groups::TRADE);
        let verb = || {
            part.groups(after).any(Groups::VERB)
                || part.is(after, Shape::Word) && lexicon.is_third_person(part.word(after))
        };
        let tail = || {
            part.token(at + 1).is_some_and(|next| next.case == Case::Title)
                && PROPER_TAILS.contains(&part.word(at + 1))
        };
        is_capital(at)
            && !part.tags[at].any(Groups::TRADE | Groups::VERB)
            && (noun || verb() || tail())
            && word.len() > 2
            && !lexicon.is_inflected(word)
            && !NO_NAMES.contains(&word)
            && !TAILS.contains(&word)
            && !is_grammar(word)
    };
    if !is_name(index) && !is_common_name(index) {
        return None;
    }
    let known = |at: usize| part.groups(at) & Groups::KNOWN;
    let mut last = index;
    loop {
        let next = last + 1;
        let tail =
            is_capital(next) && TAILS.contains(&part.word(next)) && !part.tags[index].any(Group::Venue);
        let joined =
            part.word(next) == "of" && is_capital(next + 1) && !part.tags[next + 1].any(Groups::TRADE);
        // "Celestia TIA": a ticker after a name is no part of it.
        let ticker = is_ticker(lexicon, part, next) && part.normal.tokens[index].case != Case::Upper;
        if is_name(next) && known(index) == known(next) && !ticker || tail {
            last = next;
        } else if joined && part.tags[index].any(Group::Name) && last == index {
            last = next + 1;
        } else {
            return Some(last);
        }
    }
}

/// Adds hashtags, cashtags and accounts of a post that are no words of the trade.
fn add_tags(lexicon: &Lexicon, part: &Part, found: &mut Candidates) {
    let hashtags = part.normal.tokens.iter().filter(|token| token.shape == Shape::Hashtag).count();
    for (index, token) in part.normal.tokens.iter().enumerate() {
        let plain = part.word(index).get(1..).unwrap_or_default();
        if part.tags[index].any(Groups::KNOWN)
            || lexicon.is_common(plain)
            || GENERIC_TAGS.iter().any(|tag| plain.contains(tag))
        {
            continue;
        }
        let early = worth::EARLY - worth::PER_TOKEN * f32::from(u16::try_from(index).unwrap_or(u16::MAX));
        let worth = match token.shape {
            Shape::Hashtag if hashtags > worth::MANY_HASHTAGS => worth::HASHTAG + early - worth::CROWDED,
            Shape::Hashtag => worth::HASHTAG + early,
            Shape::Cashtag => worth::CASHTAG + early,
            Shape::Handle if index == 0 => worth::ADDRESSED,
            Shape::Handle => worth::MENTIONED,
            _ => continue,
        };
        let near: Groups =
            part.tags[index.saturating_sub(2)..(index + 3).min(part.tags.len())].iter().collect();
        let noun = if near.any(Groups::TRADE) { worth::TAG_NEAR_NOUN } else { 0.0 };
        let written = part.words(index, index).trim_start_matches(['#', '$', '@', '＃', '＠', '＄']);
        add(found, written, worth.max(worth::LEAST_TAG) + noun);
    }
}

fn add(found: &mut Candidates, written: &str, worth: f32) {
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
        let confirms = worth > worth::CONFIRMING && candidate.mentions < worth::MENTIONS;
        candidate.worth = candidate.worth.max(worth) + if confirms { worth::MENTION } else { 0.0 };
        candidate.mentions += 1;
    }
}

/// A short name inside a longer one is the same project: the first spelling stays, the weights join.
fn merge(found: &mut Candidates) {
    let keys: Vec<String> = found.keys().cloned().collect();
    for short in keys.iter().filter(|key| key.len() >= 4) {
        let Some(long) =
            keys.iter().find(|long| long.len() > short.len() && long.starts_with(short.as_str()))
        else {
            continue;
        };
        let joined = found[short].worth.max(found[long].worth) + worth::JOINED;
        for (key, worth) in [(long, joined - worth::LONGER), (short, joined)] {
            if let Some(candidate) = found.get_mut(key) {
                candidate.worth = worth;
            }
        }
    }
}
