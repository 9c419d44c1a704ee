//! Secrets that are sent in clear text, and feeds above the size limit.

use tokio::runtime::Runtime;

use super::{super::feed::hint as feed_hint, Finding, Level, finding};
use crate::{
    config::{self, Settings},
    store::Store,
};

/// The finding on secrets that are sent over `http://`.
pub fn secrets(settings: &Settings) -> Option<Finding> {
    let found = config::cleartext(settings);
    let message = format!("sent where others can read them on the way: {}", found.join("; "));
    (!found.is_empty()).then(|| finding("secrets", Level::Note, message, config::CLEARTEXT_HINT))
}

/// A finding for each feed above the size limit.
pub fn oversized(settings: &Settings, store: Option<&Store>, runtime: &Runtime) -> Vec<Finding> {
    let states = store.map(|store| runtime.block_on(store.sources()).unwrap_or_default()).unwrap_or_default();
    let found = settings.sources.iter().filter_map(|source| {
        let state = states.iter().find(|state| state.url == source.url)?;
        let note = feed_hint(state.last_failure.as_ref(), settings)?;
        let hint = "raise http.feed_body_limit, or remove the feed";
        Some(finding("feed", Level::Note, format!("{}: {note}", source.name), hint))
    });
    found.collect()
}
