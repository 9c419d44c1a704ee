//! The patterns of the automaton, each with its meanings.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use super::{Meaning, is_other_script};
use crate::{detect::groups::Group, text::normal::fold};

#[derive(Default)]
pub(super) struct Patterns {
    pub texts: Vec<String>,
    pub meanings: Vec<Vec<Meaning>>,
    known: HashMap<String, usize>,
}

impl Patterns {
    /// Adds a line of the vocabulary of a language.
    pub fn add_pack(&mut self, kind: &str, phrases: &str, common: &mut HashSet<Cow<'static, str>>) {
        let meaning = match kind {
            "word" => Meaning::Word,
            group => Meaning::Group(Group::try_from(group).unwrap_or_else(|_| panic!("no group {group}"))),
        };
        for phrase in expand(phrases) {
            let end = if phrase.ends_with('*') { "" } else { " " };
            self.add_folded(&fold(&phrase), end, meaning);
        }
        for word in phrases.split([' ', '(', '|', ')']).filter(|word| word.len() > 2) {
            let folded = fold(word);
            let words = folded.split(' ').filter(|word| word.len() > 2 && !is_other_script(word));
            common.extend(words.map(|word| Cow::Owned(word.to_owned())));
        }
    }

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
