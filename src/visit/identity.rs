//! Which entries of a document are known, which are new, and which say something else than before. Pure.
//!
//! Guid, link and words each fail alone: guids are copied, made anew or dropped, links are shared, get other
//! parameters or move, words are edited. Here they decide together, for a whole document, with what is remembered of
//! its source. Where nothing decides, an entry counts as new: a story repeated costs less than a launch lost, and what
//! is told of one story is told once.

use std::collections::{HashMap, HashSet};

use crate::{
    feed,
    model::{Entry, EntryKey, Rewordings},
    store::{KnownEntry, KnownState, Lookup, ShortMarks},
    text::words::{is_reworded, opening_words, title_words},
};

/// Entries with the same words that are compared with one more.
const COMPARED: usize = 64;

/// What an entry of a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// The document has it twice.
    Double,
    /// Nothing like it is remembered; it is to be kept under `key`.
    New {
        key: EntryKey,
        /// An older version kept several entries as one, this perhaps among them: nobody is to be alerted.
        perhaps_known: bool,
    },
    /// Known, and dropped by other rules: to be looked at again.
    Reopened { key: EntryKey },
    /// Known.
    Known {
        key: EntryKey,
        /// Whether its last sighting is to be renewed.
        is_aging: bool,
        /// Whether its marks are other ones than are stored.
        is_changed: bool,
    },
    /// Known, and says something else than before.
    Reworded {
        key: EntryKey,
        /// Its rewordings with this one.
        rewordings: Rewordings,
    },
}

/// What to look for in the store for each of `entries`.
pub fn lookups(entries: &[Entry]) -> Vec<Lookup> {
    entries.iter().map(|entry| Lookup { keys: feed::keys(entry), marks: entry.marks }).collect()
}

/// Decides for each of `entries`, which the `lookups` belong to, what it is, given what is `known` of its source on
/// `day` (since 1970).
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

/// What `one` is, which is remembered as `known`.
fn sight(one: &Shown<'_>, known: &KnownEntry, day: u32) -> Sight {
    let KnownEntry { key, state, is_stale, rewordings, .. } = *known;
    if state == (KnownState::Dropped { by_other_rules: true }) {
        return Sight::Reopened { key };
    }
    let is_changed = !known.marks.is_some_and(|stored| stored.holds(&one.marks));
    let says_more = is_changed && says_something_else(one, known);
    match rewordings.next(day).filter(|_| says_more) {
        Some(rewordings) => Sight::Reworded { key, rewordings },
        None => Sight::Known { key, is_aging: is_stale, is_changed },
    }
}

/// Whether `one` says something else than what it was judged on. Of a dropped one only marks are left, and looking
/// at it again costs next to nothing. What an older version kept is compared from its next sighting on: this version
/// may read it differently.
fn says_something_else(one: &Shown<'_>, known: &KnownEntry) -> bool {
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
    // With all its keys taken, by entries that have changed since, it gets one of its own.
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

/// A remembered entry with what is known of its marks.
struct Remembered<'a> {
    known: &'a KnownEntry,
    marks: ShortMarks,
}

impl<'a> Remembered<'a> {
    fn of(known: &'a KnownEntry) -> Self {
        // Of one that an older version kept, its words tell.
        let from_words = || {
            known
                .words
                .as_ref()
                .map(|words| feed::marks(None, words.link.as_deref(), &words.title, &words.text).into())
        };
        Self { known, marks: known.marks.or_else(from_words).unwrap_or_default() }
    }
}

/// Which entries of a document are there twice: the same words under the same guid or link.
fn doubles(shown: &[Shown<'_>]) -> Vec<bool> {
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
        // Of many with the same words only the first are compared.
        if !double && same.len() < COMPARED {
            same.push(marks);
        }
        doubles.push(double);
    }
    doubles
}

/// What the entries of a document share.
#[derive(Debug, Default)]
struct Document {
    ids: HashMap<i64, usize>,
    links: HashMap<i64, usize>,
    titles: HashMap<i64, usize>,
    words: HashMap<(i64, i64), usize>,
    /// Under which titles an opening stands.
    texts: HashMap<i64, HashSet<Option<i64>>>,
}

impl Document {
    fn of<'a>(entries: impl Iterator<Item = &'a ShortMarks>) -> Self {
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

    fn has_own_id(&self, marks: &ShortMarks) -> bool {
        marks.id.is_some_and(|id| self.ids.get(&id) == Some(&1))
    }

    fn has_own_link(&self, marks: &ShortMarks) -> bool {
        marks.link.is_some_and(|link| self.links.get(&link) == Some(&1))
    }

    fn has_own_title(&self, marks: &ShortMarks) -> bool {
        marks.title.is_some_and(|title| self.titles.get(&title) == Some(&1))
    }

    /// Whether the opening stands under one title alone: "Read more on our site" stands under all.
    fn has_own_text(&self, marks: &ShortMarks) -> bool {
        marks.text.and_then(|text| self.texts.get(&text)).is_some_and(|titles| titles.len() == 1)
    }

    /// Whether title and opening are of one entry alone.
    fn has_own_words(&self, marks: &ShortMarks) -> bool {
        let words = marks.title.zip(marks.text);
        self.has_own_text(marks) && words.is_some_and(|words| self.words.get(&words) == Some(&1))
    }
}

/// How two marks of one kind stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Likeness {
    Same,
    Other,
    /// One is missing.
    Unknown,
}

fn compare(one: Option<i64>, other: Option<i64>) -> Likeness {
    match (one, other) {
        (Some(one), Some(other)) if one == other => Likeness::Same,
        (Some(_), Some(_)) => Likeness::Other,
        _ => Likeness::Unknown,
    }
}

/// Why an entry is a remembered one, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    /// The title is the same, in a source whose guids and links say nothing.
    Title,
    /// Nothing but the link, where there are no guids.
    Link,
    /// Title and opening are the same.
    Words,
    /// The link is the same, and the title or the opening.
    LinkAndWords,
    /// The guid is the same, and does not stand alone against all else.
    Guid,
    /// Everything is the same.
    All,
}

impl Why {
    /// What comes first: all, then whatever has most in common, then a title alone.
    fn rank(self) -> u8 {
        match self {
            Self::All => 2,
            Self::Guid | Self::LinkAndWords | Self::Words | Self::Link => 1,
            Self::Title => 0,
        }
    }
}

/// Gives each of `singles` the remembered entry that it is; an entry that is remembered is one of the document at most.
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
                pairs.push((std::cmp::Reverse((why.rank(), agree, why)), at, row));
            }
        }
    }
    pairs.sort_unstable();
    let (mut ours, mut theirs) = (vec![None; shown.len()], vec![false; rows.len()]);
    let mut stable = false;
    for (std::cmp::Reverse((.., why)), at, row) in pairs {
        if ours[at].is_some() || theirs[row] || (why == Why::Title && stable) {
            continue;
        }
        stable |= !matches!(why, Why::Title | Why::Words);
        (ours[at], theirs[row]) = (Some(row), true);
    }
    ours
}

/// Positions of remembered entries by their marks.
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

    /// Every remembered entry that has a key, guid, link or title of `one`, each once.
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

/// How many marks are the same.
fn agreements(one: &ShortMarks, other: &ShortMarks) -> usize {
    let pairs =
        [(one.id, other.id), (one.link, other.link), (one.title, other.title), (one.text, other.text)];
    pairs.into_iter().filter(|(one, other)| compare(*one, *other) == Likeness::Same).count()
}

/// Why `one` is what is remembered as `row`, if it is. `alone` says that no other remembered entry has its link.
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
    // What an older version kept has no marks of guid and link but its key.
    let by_key = |mark: Option<EntryKey>, stored: Likeness| {
        if row.known.marks.is_none() && mark == Some(row.known.key) { Same } else { stored }
    };
    let id = by_key(entry.marks.id, compare(marks.id, row.marks.id));
    let link = by_key(entry.marks.link, compare(marks.link, row.marks.link));
    let (title, text) = (compare(marks.title, row.marks.title), compare(marks.text, row.marks.text));
    if id == Same && document.has_own_id(marks) {
        // A guid that is all they have in common is one that was used again.
        let is_all = link == Other && title == Other && text != Same && !is_alike(entry, row.known);
        return (!is_all).then_some(Why::Guid);
    }
    if link == Same && document.has_own_link(marks) {
        if title == Same || text == Same {
            return Some(Why::LinkAndWords);
        }
        // Without guids the link is what there is; with other guids it is shared, as by the notices of a status page.
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
        // A shared guid or link is something in common still: a notice of a status page whose text was continued.
        (Same, Other) if in_common && document.has_own_title(marks) => Some(Why::Words),
        (Other, Same) if in_common && document.has_own_text(marks) => Some(Why::Words),
        _ => None,
    }
}

/// Whether the titles are the same but for what says nothing.
fn is_alike(entry: &Entry, known: &KnownEntry) -> bool {
    let old = known.words.as_ref().map(|words| title_words(&words.title));
    old.is_some_and(|old| !is_reworded(&old, &title_words(&entry.title)))
}

#[cfg(test)]
mod tests;
