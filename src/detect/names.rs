//! The signs of the watch list by their first word. A list may hold ten thousand names where a vocabulary holds a few
//! thousand phrases: a table is made in the time an automaton over them would take to sort its states.

use std::collections::HashMap;

use super::{
    lexicon::index_u32,
    reading::{Sign, Watched},
};
use crate::text::normal::{Normal, fold};

/// Every sign of the watch list.
#[derive(Debug, Default)]
pub struct Watch {
    heads: HashMap<String, Vec<Name>>,
}

#[derive(Debug)]
struct Name {
    /// What follows the first word: nothing, or further words with a space before each.
    rest: String,
    project: u16,
    what: Watched,
}

impl Watch {
    /// The index over `signs`: number of the project, what the sign is, and its words.
    pub fn new(signs: &[(u16, Watched, String)]) -> Self {
        let mut heads: HashMap<String, Vec<Name>> = HashMap::with_capacity(signs.len());
        for (project, what, phrase) in signs {
            let folded = fold(phrase);
            let end = folded.find(' ').unwrap_or(folded.len());
            if end == 0 {
                continue;
            }
            let rest = folded[end..].to_owned();
            let mut head = folded;
            head.truncate(end);
            let names = heads.entry(head).or_default();
            if !names.iter().any(|name| name.project == *project && name.what == *what && name.rest == rest) {
                names.push(Name { rest, project: *project, what: *what });
            }
        }
        Self { heads }
    }

    /// Adds to `signs` those that stand in `text`, in the order in which they end, the longer of two first.
    pub fn find(&self, text: &Normal, signs: &mut Vec<Sign>) {
        if self.heads.is_empty() {
            return;
        }
        for (index, token) in text.tokens.iter().enumerate() {
            let Some(names) = self.heads.get(text.word(index)) else { continue };
            let after = &text.folded[token.to as usize..];
            for name in names {
                if after.strip_prefix(name.rest.as_str()).is_some_and(|more| more.starts_with(' ')) {
                    let last = text.token_at(token.to as usize + name.rest.len() - 1);
                    let (first, last) = (index_u32(index), index_u32(last));
                    signs.push(Sign { project: name.project, what: name.what, first, last });
                }
            }
        }
        signs.sort_by_key(|sign| (sign.last, sign.first));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::normal::normal;

    fn found(text: &str) -> Vec<(u16, u32, u32)> {
        let sign = |project, phrase: &str| (project, Watched::Name, phrase.to_owned());
        let watch = Watch::new(&[
            sign(0, "Caldera"),
            sign(0, "Caldera"),
            sign(1, "Caldera Labs"),
            sign(2, "Labs"),
            sign(3, "$ERA"),
            sign(4, ""),
        ]);
        let mut signs = Vec::new();
        watch.find(&normal(text, 1_000), &mut signs);
        signs.iter().map(|sign| (sign.project, sign.first, sign.last)).collect()
    }

    #[test]
    fn names_are_found_at_word_boundaries_in_the_order_they_end() {
        assert_eq!(found("CALDERA Labs sets $ERA"), [(0, 0, 0), (1, 0, 1), (2, 1, 1), (3, 3, 3)]);
        assert_eq!(found("The calderas of Labsland hold no era"), []);
        assert_eq!(found("Caldera"), [(0, 0, 0)]);
        assert_eq!(found("Caldera, Labs"), [(0, 0, 0), (2, 2, 2)]);
    }
}
