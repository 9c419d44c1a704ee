//! Cuts a feed's texts to their limits.
//!
//! Summaries and contents stay whole, because classification and `feed parse` read them; they are cut when stored.

use std::borrow::Cow;

use url::Url;

use super::Feed;
use crate::{
    model::Entry,
    text::{
        address,
        cut::{LONGEST_NAME, LONGEST_TITLE, bounded, headline},
        hash::sha256_hex,
    },
};

/// Longest identifier, bytes; a longer one becomes its digest.
const LONGEST_ID: usize = 1000;

/// Cuts titles, names and labels to their limits. An entry without a title gets its first words, and a link through a click
/// counter becomes its target.
pub fn keep(feed: &mut Feed) {
    feed.title = bounded(std::mem::take(&mut feed.title), LONGEST_TITLE);
    feed.entries.iter_mut().for_each(entry);
}

fn entry(entry: &mut Entry) {
    entry.title = if entry.title.is_empty() {
        let mut titles = [&entry.summary, &entry.content].map(|text| headline(&untagged(text))).into_iter();
        titles.find(|title| !title.is_empty()).unwrap_or_default()
    } else {
        bounded(std::mem::take(&mut entry.title), LONGEST_TITLE)
    };
    entry.author = bounded(std::mem::take(&mut entry.author), LONGEST_NAME);
    for label in &mut entry.categories {
        *label = bounded(std::mem::take(label), LONGEST_NAME);
    }
    if let Some(target) = entry.link.as_deref().and_then(|link| address::target(&Url::parse(link).ok()?)) {
        entry.link = Some(target.into());
    }
    if let Some(id) = entry.id.as_mut().filter(|id| id.len() > LONGEST_ID) {
        *id = format!("sha256:{}", sha256_hex::<32>(&id));
    }
}

/// `text` without anything that looks like a tag. In a text an unknown one may be a word (`<ticker>`); a title made of the
/// text is better without.
fn untagged(text: &str) -> Cow<'_, str> {
    let mut pieces = text.split('<');
    let first = pieces.next().unwrap_or_default();
    if first.len() == text.len() {
        return text.into();
    }
    let mut out = first.to_owned();
    for piece in pieces {
        let is_tag = piece.starts_with(|c: char| c.is_alphabetic() || matches!(c, '/' | '!'));
        if let Some((_, behind)) = piece.split_once('>').filter(|_| is_tag) {
            out.push(' ');
            out.push_str(behind);
        } else {
            out.push('<');
            out.push_str(piece);
        }
    }
    out.into()
}
