//! Which entries of a document are known, which are new, and which have other words than before. Pure.
//!
//! Guid, link and words each fail alone: guids are copied, regenerated or dropped, links are shared, get other
//! parameters or move, words are edited. So all of them decide together, for a whole document and all stored entries of its
//! source. Where nothing decides, an entry counts as new: a repeated story costs less than a lost launch, and a story is
//! reported once (docs/explain/decisions/0019-entries-are-matched-by-four-fields.md).

mod document;

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
};

use self::document::{Document, Likeness, compare, doubles};
use crate::{
    feed,
    model::{Entry, EntryKey, Rewordings},
    store::{KnownEntry, KnownState, Lookup, ShortMarks},
    text::words::{is_reworded, opening_words, title_words},
};

/// The result for one entry of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// The document has it twice.
    Double,
    /// No stored entry matches; it is stored under `key`.
    New {
        key: EntryKey,
        /// An older version stored several entries as one, perhaps including this one: it sends no alerts.
        perhaps_known: bool,
    },
    /// Known, and dropped by other rules: classified again.
    Reopened { key: EntryKey },
    /// Known.
    Known {
        key: EntryKey,
        /// Whether its stored time is to be updated.
        is_stale: bool,
        /// Whether its marks differ from the stored ones.
        is_changed: bool,
    },
    /// Known, with other words than before.
    Reworded {
        key: EntryKey,
        /// Its rewordings with this one.
        rewordings: Rewordings,
    },
}

/// What to search the store for, for each of `entries`.
pub fn lookups(entries: &[Entry]) -> Vec<Lookup> {
    entries.iter().map(|entry| Lookup { keys: feed::keys(entry), marks: entry.marks }).collect()
}

/// Matches `entries`, with their `lookups`, with the `known` entries of their source. `day` counts from 1970.
pub fn recognise(entries: &[Entry], lookups: &[Lookup], known: &[KnownEntry], day: u32) -> Vec<Sight> {
    let shown: Vec<Shown> = entries.iter().zip(lookups).map(Shown::of).collect();
    let doubles = doubles(&shown);
    let singles: Vec<usize> = (0..shown.len()).filter(|at| !doubles[*at]).collect();
    let document = Document::of(singles.iter().map(|at| &shown[*at].marks));
    let rows: Vec<Remembered> = known.iter().map(Remembered::of).collect();
    let assigned = assign(&shown, &singles, &rows, &document);
    let mut taken: HashSet<EntryKey> = known.iter().map(|known| known.key).collect();
    let mut sights = Vec::with_capacity(shown.len());
    for (at, one) in shown.iter().enumerate() {
        sights.push(if doubles[at] {
            Sight::Double
        } else if let Some(row) = assigned[at] {
            sight(one, rows[row].known, day)
        } else {
            new(one, &rows, &document, &mut taken)
        });
    }
    sights
}

fn sight(one: &Shown<'_>, known: &KnownEntry, day: u32) -> Sight {
    let KnownEntry { key, state, is_stale, rewordings, .. } = *known;
    if state == (KnownState::Dropped { by_other_rules: true }) {
        return Sight::Reopened { key };
    }
    let is_changed = !known.marks.is_some_and(|stored| stored.holds(&one.marks));
    let is_reworded = is_changed && has_other_words(one, known);
    match rewordings.next(day).filter(|_| is_reworded) {
        Some(rewordings) => Sight::Reworded { key, rewordings },
        None => Sight::Known { key, is_stale, is_changed },
    }
}

/// Whether `one` has other words than those it was classified by. A dropped one has only marks, and classifying it again is
/// cheap. One that an older version stored is compared from its next fetch on: this version may read it differently.
fn has_other_words(one: &Shown<'_>, known: &KnownEntry) -> bool {
    let Some(old) = known.marks else { return false };
    let Some(words) = &known.words else {
        let differs = |new: Option<i64>, old: Option<i64>| new.is_some() && new != old;
        return differs(one.marks.title, old.title) || differs(one.marks.text, old.text);
    };
    let other = |old: Vec<String>, new: Vec<String>| !new.is_empty() && is_reworded(&old, &new);
    other(title_words(&words.title), title_words(&one.entry.title))
        || other(opening_words(&words.text), opening_words(one.entry.text()))
}

/// The key for an entry that is new.
fn new(
    one: &Shown<'_>,
    rows: &[Remembered<'_>],
    document: &Document,
    taken: &mut HashSet<EntryKey>,
) -> Sight {
    let (entry, keys) = (one.entry, one.keys);
    let is_shared = |key: &EntryKey| {
        entry.marks.id == Some(*key) && !document.has_own_id(&one.marks)
            || entry.marks.link == Some(*key) && !document.has_own_link(&one.marks)
    };
    let free = keys.iter().copied().find(|key| !is_shared(key) && !taken.contains(key));
    // Where changed entries have taken all its keys, it gets a new one.
    let key = free.unwrap_or_else(|| {
        let next = |key: &EntryKey| Some(feed::of_words(*key, &entry.title, entry.text()));
        let mut keys = std::iter::successors(keys.last().copied(), next).skip(1);
        keys.find(|key| !taken.contains(key)).unwrap_or_default()
    });
    taken.insert(key);
    let is_merged = |row: &Remembered<'_>| row.known.marks.is_none() && keys.contains(&row.known.key);
    Sight::New { key, perhaps_known: rows.iter().any(is_merged) }
}

/// An entry of the document.
struct Shown<'a> {
    entry: &'a Entry,
    keys: &'a [EntryKey],
    marks: ShortMarks,
}

impl<'a> Shown<'a> {
    fn of((entry, lookup): (&'a Entry, &'a Lookup)) -> Self {
        Self { entry, keys: &lookup.keys, marks: entry.marks.into() }
    }
}

/// A stored entry with its marks, as far as they are known.
struct Remembered<'a> {
    known: &'a KnownEntry,
    marks: ShortMarks,
}

impl<'a> Remembered<'a> {
    fn of(known: &'a KnownEntry) -> Self {
        // An older version stored words without marks.
        let from_words = || {
            known
                .words
                .as_ref()
                .map(|words| feed::marks(None, words.link.as_deref(), &words.title, &words.text).into())
        };
        Self { known, marks: known.marks.or_else(from_words).unwrap_or_default() }
    }
}

/// Why an entry matches a stored one, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    /// The title is the same, in a source without useful guids and links.
    Title,
    /// Only the link is the same, and there are no guids.
    Link,
    /// Title and opening are the same.
    Words,
    /// The link is the same, and the title or the opening.
    LinkAndWords,
    /// The guid is the same, and not everything else differs.
    Guid,
    /// Everything is the same.
    All,
}

impl Why {
    /// All comes first, then most marks in common, then a title alone.
    fn rank(self) -> u8 {
        match self {
            Self::All => 2,
            Self::Guid | Self::LinkAndWords | Self::Words | Self::Link => 1,
            Self::Title => 0,
        }
    }
}

/// The stored entry of each of `singles`, if it has one. A stored entry matches at most one of the document.
fn assign(
    shown: &[Shown<'_>],
    singles: &[usize],
    rows: &[Remembered<'_>],
    document: &Document,
) -> Vec<Option<usize>> {
    let index = Index::of(rows);
    let mut pairs = Vec::new();
    for at in singles.iter().copied() {
        let one = &shown[at];
        let alone = one.marks.link.and_then(|link| index.links.get(&link)).is_none_or(|rows| rows.len() == 1);
        for row in index.candidates(one) {
            if let Some(why) = why(one, &rows[row], document, alone) {
                let agree = agreements(&one.marks, &rows[row].marks);
                pairs.push((Reverse((why.rank(), agree, why)), at, row));
            }
        }
    }
    pairs.sort_unstable();
    let (mut ours, mut theirs) = (vec![None; shown.len()], vec![false; rows.len()]);
    let mut stable = false;
    for (Reverse((.., why)), at, row) in pairs {
        if ours[at].is_some() || theirs[row] || (why == Why::Title && stable) {
            continue;
        }
        stable |= !matches!(why, Why::Title | Why::Words);
        (ours[at], theirs[row]) = (Some(row), true);
    }
    ours
}

/// Positions of stored entries by their marks.
struct Index {
    keys: HashMap<EntryKey, usize>,
    ids: HashMap<i64, Vec<usize>>,
    links: HashMap<i64, Vec<usize>>,
    titles: HashMap<i64, Vec<usize>>,
}

impl Index {
    fn of(rows: &[Remembered<'_>]) -> Self {
        let by = |mark: fn(&ShortMarks) -> Option<i64>| {
            let mut found: HashMap<i64, Vec<usize>> = HashMap::new();
            for (at, row) in rows.iter().enumerate() {
                if let Some(mark) = mark(&row.marks) {
                    found.entry(mark).or_default().push(at);
                }
            }
            found
        };
        Self {
            keys: rows.iter().enumerate().map(|(at, row)| (row.known.key, at)).collect(),
            ids: by(|marks| marks.id),
            links: by(|marks| marks.link),
            titles: by(|marks| marks.title),
        }
    }

    /// The stored entries with a key, guid, link or title of `one`, each once.
    fn candidates(&self, one: &Shown<'_>) -> Vec<usize> {
        let marks = &one.marks;
        let mut found: Vec<usize> = one.keys.iter().filter_map(|key| self.keys.get(key).copied()).collect();
        for (rows, mark) in [(&self.ids, marks.id), (&self.links, marks.link), (&self.titles, marks.title)] {
            found.extend(mark.and_then(|mark| rows.get(&mark)).into_iter().flatten());
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

fn agreements(one: &ShortMarks, other: &ShortMarks) -> usize {
    let pairs =
        [(one.id, other.id), (one.link, other.link), (one.title, other.title), (one.text, other.text)];
    pairs.into_iter().filter(|(one, other)| compare(*one, *other) == Likeness::Same).count()
}

/// Why `one` matches `row`, if it does. `alone`: no other stored entry has its link.
fn why(one: &Shown<'_>, row: &Remembered<'_>, document: &Document, alone: bool) -> Option<Why> {
    use Likeness::{Other, Same, Unknown};
    let Shown { entry, keys, marks } = one;
    let is_linked = entry.marks.id.is_some() || entry.marks.link.is_some();
    if *marks == row.marks
        || keys.last() == Some(&row.known.key)
        || !is_linked && keys.contains(&row.known.key)
    {
        return Some(Why::All);
    }
    // An older version stored a key instead of the marks of guid and link.
    let by_key = |mark: Option<EntryKey>, stored: Likeness| {
        if row.known.marks.is_none() && mark == Some(row.known.key) { Same } else { stored }
    };
    let id = by_key(entry.marks.id, compare(marks.id, row.marks.id));
    let link = by_key(entry.marks.link, compare(marks.link, row.marks.link));
    let (title, text) = (compare(marks.title, row.marks.title), compare(marks.text, row.marks.text));
    if id == Same && document.has_own_id(marks) {
        // If everything else differs, the guid was reused.
        let is_all = link == Other && title == Other && text != Same && !is_alike(entry, row.known);
        return (!is_all).then_some(Why::Guid);
    }
    if link == Same && document.has_own_link(marks) {
        if title == Same || text == Same {
            return Some(Why::LinkAndWords);
        }
        // With different guids the link is shared, for example by the notices of a status page.
        return (id != Other && alone).then_some(Why::Link);
    }
    let no_other = id != Other && link != Other;
    let in_common = no_other && (id == Same || link == Same);
    match (title, text) {
        (Same, Same) if document.has_own_words(marks) => Some(Why::Words),
        (Same, Same) => Some(Why::Title),
        (Same, Unknown) if no_other => Some(Why::Words),
        (Same, Unknown) if marks.text.is_none() && row.marks.text.is_none() => {
            document.has_own_title(marks).then_some(Why::Title)
        }
        // For example a notice of a status page whose text was continued: it shares its link.
        (Same, Other) if in_common && document.has_own_title(marks) => Some(Why::Words),
        (Other, Same) if in_common && document.has_own_text(marks) => Some(Why::Words),
        _ => None,
    }
}

/// Whether the titles differ in nothing but stop words and writing.
fn is_alike(entry: &Entry, known: &KnownEntry) -> bool {
    let old = known.words.as_ref().map(|words| title_words(&words.title));
    old.is_some_and(|old| !is_reworded(&old, &title_words(&entry.title)))
}

#[cfg(test)]
mod tests;
