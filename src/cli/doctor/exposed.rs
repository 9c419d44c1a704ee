//! Secrets that leave the machine in clear text, and feeds that the settings keep from being read.

use super::{super::feed::hint as feed_hint, Finding, Level, finding};
use crate::{
    config::{self, Settings},
    error::Error,
    store::{Access, Store},
    wiring,
};

/// A line for all secrets that are sent over `http://`; none where there are none.
pub fn secrets(settings: &Settings) -> Option<Finding> {
    let found = config::cleartext(settings);
    let message = format!("sent where others can read them on the way: {}", found.join("; "));
    (!found.is_empty()).then(|| finding("secrets", Level::Note, message, config::CLEARTEXT_HINT))
}

/// A line for each feed that is larger than the limit.
pub fn oversized(settings: &Settings) -> Result<Vec<Finding>, Error> {
    if !Store::exists(&settings.state_dir) {
        return Ok(Vec::new());
    }
    let Ok(store) = Store::open(&settings.state_dir, Access::Read) else { return Ok(Vec::new()) };
    let states = wiring::small_runtime()?.block_on(store.sources()).unwrap_or_default();
    let found = settings.sources.iter().filter_map(|source| {
        let state = states.iter().find(|state| state.url == source.url)?;
        let note = feed_hint(state.last_failure.as_ref(), settings)?;
        let hint = "raise http.feed_body_limit, or remove the feed";
        Some(finding("feed", Level::Note, format!("{}: {note}", source.name), hint))
    });
    Ok(found.collect())
}
