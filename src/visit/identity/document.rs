//! What the entries of one document have in common, and how marks compare.

use std::collections::{HashMap, HashSet};

use super::Shown;
use crate::store::ShortMarks;

/// Most entries with the same words that one more is compared with.
const COMPARED: usize = 64;

/// For each entry whether the document has it before: the same words under the same guid or link.
pub(super) fn doubles(shown: &[Shown<'_>]) -> Vec<bool> {
    let mut by_words: HashMap<(Option<i64>, Option<i64>), Vec<&ShortMarks>> = HashMap::new();
    let is_double = |one: &ShortMarks, other: &ShortMarks| {
        let (id, link) = (compare(one.id, other.id), compare(one.link, other.link));
        let is_wordless = one.title.is_none() && one.text.is_none();
        one == other
            || !is_wordless
                && (id == Likeness::Same
                    || link == Likeness::Same
                    || (id, link) == (Likeness::Unknown, Likeness::Unknown))
    };
    let mut doubles = Vec::with_capacity(shown.len());
    for Shown { marks, .. } in shown {
        let same = by_words.entry((marks.title, marks.text)).or_default();
        let double = same.iter().any(|other| is_double(marks, other));
        if !double && same.len() < COMPARED {
            same.push(marks);
        }
        doubles.push(double);
    }
    doubles
}

/// How often each mark occurs in a document.
#[derive(Debug, Default)]
pub(super) struct Document {
    ids: HashMap<i64, usize>,
    links: HashMap<i64, usize>,
    titles: HashMap<i64, usize>,
    words: HashMap<(i64, i64), usize>,
    /// The titles of each opening.
    texts: HashMap<i64, HashSet<Option<i64>>>,
}

impl Document {
    pub fn of<'a>(entries: impl Iterator<Item = &'a ShortMarks>) -> Self {
        let mut document = Self::default();
        for entry in entries {
            for (times, mark) in [
                (&mut document.ids, entry.id),
                (&mut document.links, entry.link),
                (&mut document.titles, entry.title),
            ] {
                if let Some(mark) = mark {
                    *times.entry(mark).or_default() += 1;
                }
            }
            if let Some(text) = entry.text {
                document.texts.entry(text).or_default().insert(entry.title);
                if let Some(title) = entry.title {
                    *document.words.entry((title, text)).or_default() += 1;
                }
            }
        }
        document
    }

    pub fn has_own_id(&self, marks: &ShortMarks) -> bool {
        marks.id.is_some_and(|id| self.ids.get(&id) == Some(&1))
    }

    pub fn has_own_link(&self, marks: &ShortMarks) -> bool {
        marks.link.is_some_and(|link| self.links.get(&link) == Some(&1))
    }

    pub fn has_own_title(&self, marks: &ShortMarks) -> bool {
        marks.title.is_some_and(|title| self.titles.get(&title) == Some(&1))
    }

    /// Whether the opening has one title only: "Read more on our site" has many.
    pub fn has_own_text(&self, marks: &ShortMarks) -> bool {
        marks.text.and_then(|text| self.texts.get(&text)).is_some_and(|titles| titles.len() == 1)
    }

    /// Whether one entry alone has this title with this opening.
    pub fn has_own_words(&self, marks: &ShortMarks) -> bool {
        let words = marks.title.zip(marks.text);
        self.has_own_text(marks) && words.is_some_and(|words| self.words.get(&words) == Some(&1))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Likeness {
    Same,
    Other,
    /// One is missing.
    Unknown,
}

pub(super) fn compare(one: Option<i64>, other: Option<i64>) -> Likeness {
    match (one, other) {
        (Some(one), Some(other)) if one == other => Likeness::Same,
        (Some(_), Some(_)) => Likeness::Other,
        _ => Likeness::Unknown,
    }
}
