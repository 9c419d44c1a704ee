//! Phrases with their meanings, compiled into automata: one for English and for names, one for the other languages of
//! Latin script, one for the other scripts. The last two are compiled when a text first needs them.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::{CAPITALS, COMMON, PHRASES, is_other_script, lines};
use crate::{
    detect::{
        groups::Group,
        languages::{LATIN_PACKS, OTHER_SCRIPT_PACKS},
    },
    text::normal::{Normal, fold},
};

/// What a pattern stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
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
    /// A word that parts a text without spaces, and means nothing here.
    Word,
}

/// Compiled phrases.
#[derive(Debug)]
pub(super) struct Vocabulary {
    automaton: AhoCorasick,
    pub(super) meanings: Vec<Vec<Meaning>>,
}

static LATIN: LazyLock<Vocabulary> = LazyLock::new(|| of_packs(&LATIN_PACKS));
static OTHER_SCRIPTS: LazyLock<Vocabulary> = LazyLock::new(|| of_packs(&OTHER_SCRIPT_PACKS));

/// Which vocabularies beside the English one a text needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Needs {
    pub latin: bool,
    pub other_scripts: bool,
}

impl Vocabulary {
    /// Every phrase in `normal`: its meanings, and its first and last token.
    fn places<'a>(&'a self, normal: &'a Normal) -> impl Iterator<Item = (&'a [Meaning], usize, usize)> {
        let folded = normal.folded.as_str();
        self.automaton.find_overlapping_iter(folded).map(move |found| {
            // A pattern without a space at its end stands for any ending.
            let is_whole = folded.as_bytes()[found.end() - 1] == b' ';
            let last = found.end() - 1 - usize::from(is_whole);
            let meanings = self.meanings[found.pattern().as_usize()].as_slice();
            (meanings, normal.token_at(found.start() + 1), normal.token_at(last))
        })
    }
}

/// As [`Vocabulary::places`], in `english` and in the vocabularies that the text `needs`.
pub(super) fn places<'a>(
    english: &'a Vocabulary,
    needs: Needs,
    normal: &'a Normal,
) -> impl Iterator<Item = (&'a [Meaning], usize, usize)> {
    let further = [needs.latin.then(|| &*LATIN), needs.other_scripts.then(|| &*OTHER_SCRIPTS)];
    std::iter::once(english)
        .chain(further.into_iter().flatten())
        .flat_map(move |vocabulary| vocabulary.places(normal))
}

fn of_packs(packs: &[&'static str]) -> Vocabulary {
    let mut patterns = Patterns::default();
    for (kind, phrases) in packs.iter().flat_map(|pack| entries(pack)) {
        let meaning = match kind {
            "latin" | "common" => continue,
            "word" => Meaning::Word,
            group => Meaning::Group(Group::try_from(group).unwrap_or_else(|_| panic!("no group {group}"))),
        };
        for phrase in expand(phrases) {
            let end = if phrase.ends_with('*') { "" } else { " " };
            patterns.add_folded(&fold(&phrase), end, meaning);
        }
    }
    patterns.compile()
}

/// The lines of a file of phrases: kind and phrases.
fn entries(file: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    lines(file).map(|line| line.split_once(' ').unwrap_or((line, line)))
}

/// Words that are no names.
#[derive(Debug)]
pub(super) struct CommonWords {
    /// In any text.
    pub all: HashSet<Cow<'static, str>>,
    /// Words of Latin letters that are no names in a text of another script.
    pub latin: HashSet<&'static str>,
}

pub(super) static COMMON_WORDS: LazyLock<CommonWords> = LazyLock::new(|| {
    let mut all: HashSet<Cow<'static, str>> = lines(COMMON).map(Cow::Borrowed).collect();
    all.extend(lines(CAPITALS).flat_map(str::split_whitespace).map(Cow::Borrowed));
    all.extend(entries(PHRASES).flat_map(|(_, phrases)| words(phrases)).map(Cow::Borrowed));
    let mut latin = HashSet::new();
    for (kind, phrases) in LATIN_PACKS.into_iter().chain(OTHER_SCRIPT_PACKS).flat_map(entries) {
        match kind {
            "latin" => latin.extend(phrases.split(' ')),
            "common" => all.extend(phrases.split(' ').map(folded)),
            _ => {
                for word in words(phrases).map(folded) {
                    let parts = word.split(' ').filter(|part| part.len() > 2 && !is_other_script(part));
                    match &word {
                        Cow::Borrowed(word) => all.extend([Cow::Borrowed(*word)]),
                        Cow::Owned(_) => all.extend(parts.map(|part| Cow::Owned(part.to_owned()))),
                    }
                }
            }
        }
    }
    CommonWords { all, latin }
});

/// The words of phrases with alternatives that are long enough to be taken for names.
fn words(phrases: &'static str) -> impl Iterator<Item = &'static str> {
    phrases.split([' ', '(', '|', ')']).filter(|word| word.len() > 2)
}

/// A word as it stands in [`Normal::folded`].
fn folded(word: &'static str) -> Cow<'static, str> {
    if word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(fold(word))
    }
}

/// The patterns of an automaton, each with its meanings.
#[derive(Default)]
pub(super) struct Patterns {
    texts: Vec<String>,
    meanings: Vec<Vec<Meaning>>,
    known: HashMap<String, usize>,
}

impl Patterns {
    pub fn add(&mut self, phrase: &str, meaning: Meaning) {
        self.add_folded(&fold(phrase), " ", meaning);
    }

    /// Adds a folded phrase and what must follow it.
    fn add_folded(&mut self, folded: &str, end: &str, meaning: Meaning) {
        if folded.is_empty() {
            return;
        }
        let pattern = format!(" {folded}{end}");
        let index = *self.known.entry(pattern).or_insert_with_key(|pattern| {
            self.texts.push(pattern.clone());
            self.meanings.push(Vec::new());
            self.texts.len() - 1
        });
        if !self.meanings[index].contains(&meaning) {
            self.meanings[index].push(meaning);
        }
    }

    pub fn compile(self) -> Vocabulary {
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&self.texts)
            .expect("a few thousand short patterns fit an automaton");
        Vocabulary { automaton, meanings: self.meanings }
    }
}

/// All readings of a phrase with alternatives: `a (b|c|) d` gives three.
pub(super) fn expand(phrase: &str) -> Vec<String> {
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
}
