//! Identification of entries: marks to recognise one that changed, and keys for a new one.

use std::collections::HashMap;

use url::Url;

use crate::{
    model::{Entry, EntryKey, EntryMarks},
    text::{
        address,
        hash::sha256,
        words::{opening_words, title_words},
    },
};

/// Sets the marks of each entry, and as its key the first of its [`keys`] that no other entry of the document has.
pub fn give(entries: &mut [Entry]) {
    let mut times: HashMap<EntryKey, usize> = HashMap::new();
    for entry in &mut *entries {
        entry.marks = marks(entry.id.as_deref(), entry.link.as_deref(), &entry.title, entry.text());
        for key in parts(entry) {
            *times.entry(key).or_default() += 1;
        }
    }
    for entry in entries {
        let own = parts(entry).into_iter().find(|key| times.get(key) == Some(&1));
        entry.key = own.unwrap_or_else(|| whole(entry));
    }
}

/// The marks of an entry with these parts.
#[must_use]
pub fn marks(id: Option<&str>, link: Option<&str>, title: &str, text: &str) -> EntryMarks {
    let words = |kind: &str, words: Vec<String>| {
        Some(words)
            .filter(|words| !words.is_empty())
            .map(|words| hash(&format!("{kind}\n{}", words.join(" "))))
    };
    EntryMarks {
        id: id.map(|id| hash(&format!("id\n{id}"))),
        link: link
            .and_then(|link| Url::parse(link).ok())
            .map(|link| hash(&format!("link\n{}", address::canonical(&link)))),
        title: words("title", title_words(title)),
        text: words("opening", opening_words(text)),
    }
}

/// The keys that `entry` may be stored under, best first: by identifier, by address, by all of it. Without identifier and
/// address they are by its words.
#[must_use]
pub fn keys(entry: &Entry) -> Vec<EntryKey> {
    let mut keys = parts(entry);
    keys.push(whole(entry));
    keys
}

/// The keys of single parts of `entry`.
fn parts(entry: &Entry) -> Vec<EntryKey> {
    let EntryMarks { id, link, .. } = entry.marks;
    let mut keys: Vec<EntryKey> = id.into_iter().chain(link).collect();
    if keys.is_empty() {
        keys.push(hash(&format!("text\n{}\n{}", entry.title, entry.summary)));
        // Until 0.1.0 an entry without a title had an empty one; now it has its first words.
        keys.push(hash(&format!("text\n\n{}", entry.summary)));
    }
    keys
}

/// The key of all marks of `entry`.
fn whole(entry: &Entry) -> EntryKey {
    let EntryMarks { id, link, title, text } = entry.marks;
    let parts = [id, link, title, text].map(|mark| mark.map(|mark| mark.to_string()).unwrap_or_default());
    hash(&format!("whole\n{}", parts.join("\n")))
}

/// The key of an entry's present words, for an entry whose earlier words were already reported.
#[must_use]
pub fn of_words(key: EntryKey, title: &str, text: &str) -> EntryKey {
    let marks = marks(None, None, title, text);
    whole(&Entry { marks: EntryMarks { id: Some(key), ..marks }, ..Entry::default() })
}

fn hash(identity: &str) -> EntryKey {
    EntryKey(sha256(identity))
}
