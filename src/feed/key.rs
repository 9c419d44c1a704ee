//! Identity of an entry within its feed.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use url::Url;

use crate::{
    model::{Entry, EntryKey},
    text::address,
};

/// A feed that repeats more than one identifier in twenty does not use them as such (feed-fetching, section 5).
const REPEATED: usize = 20;

/// Gives every entry its key: by identifier, else by address, else by its words.
pub fn give(entries: &mut [Entry]) {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for id in entries.iter().filter_map(|entry| entry.id.as_deref()) {
        *seen.entry(id).or_default() += 1;
    }
    let repeated: usize = seen.values().map(|times| times - 1).sum();
    let useful = repeated * REPEATED <= entries.len();
    for entry in entries {
        let address = || {
            entry.link.as_deref().and_then(|link| Url::parse(link).ok()).map(|link| address::canonical(&link))
        };
        let identity = match (entry.id.as_deref().filter(|_| useful), address()) {
            (Some(id), _) => format!("id\n{id}"),
            (None, Some(address)) => format!("link\n{address}"),
            (None, None) => format!("text\n{}\n{}", entry.title, entry.summary),
        };
        let digest = Sha256::digest(identity.as_bytes());
        let mut key = [0; 16];
        key.copy_from_slice(&digest[..16]);
        entry.key = EntryKey(key);
    }
}
