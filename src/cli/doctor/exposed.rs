//! Secrets that are sent in clear text, feeds above the size limit, and sources with another layout.

use std::collections::HashMap;

use super::{super::feed::hint as feed_hint, Finding, Level, finding};
use crate::{
    config::{self, Settings},
    model::SourceState,
};

/// The finding on secrets that are sent over `http://`.
pub fn secrets(settings: &Settings) -> Option<Finding> {
    let found = config::cleartext(settings);
    let message = format!("sent where others can read them on the way: {}", found.join("; "));
    (!found.is_empty()).then(|| finding("secrets", Level::Note, message, config::CLEARTEXT_HINT))
}

/// A finding for each secret that is missing or wrong here. Commands that only read do not need it, and cron or systemd
/// may have it.
pub fn missing(settings: &Settings) -> Vec<Finding> {
    let needed = "cycle, alerts test and alerts send need it; set it where they run";
    let secrets = settings.missing_secrets.0.iter().map(|error| {
        let message = format!("{}: {}", error.place, error.message);
        finding("secret", Level::Note, message, needed)
    });
    let monitor = settings.metrics.unset_variable.iter().map(|variable| {
        let message =
            format!("metrics.healthcheck_url_env: {variable} is not set here, so no monitor is pinged");
        finding("monitor", Level::Note, message, "set it where cycles run, or remove the setting")
    });
    secrets.chain(monitor).collect()
}

/// The states of sources by address.
pub type States<'a> = HashMap<&'a str, &'a SourceState>;

/// A finding for each source whose documents have another layout than the settings describe.
pub fn changed_layouts(settings: &Settings, states: &States<'_>) -> Vec<Finding> {
    let found = settings.sources.iter().filter_map(|source| {
        let state = states.get(source.url.as_str())?;
        let message = format!("{}: {}", source.name, state.layout_problem()?);
        let hint =
            format!("`tge-scrape feed check {}` shows why; then correct select or mapping", source.url);
        Some(finding("layout", Level::Wrong, message, hint))
    });
    found.collect()
}

/// The finding on feeds that a mirror answered last, because their own address fails.
pub fn mirrored(settings: &Settings, states: &States<'_>) -> Option<Finding> {
    let found: Vec<String> = settings
        .sources
        .iter()
        .filter(|source| !source.also.is_empty())
        .filter_map(|source| {
            let state = states.get(source.url.as_str())?;
            let address = state.answered_by().filter(|address| address.url != source.url)?;
            Some(format!("{} by {}", source.name, address.url))
        })
        .collect();
    let message = format!("answered by a mirror, because the first address fails: {}", found.join(", "));
    let hint = "`tge-scrape feed check NAME` requests the first address";
    (!found.is_empty()).then(|| finding("mirrors", Level::Note, message, hint))
}

/// A finding for each feed above the size limit.
pub fn oversized(settings: &Settings, states: &States<'_>) -> Vec<Finding> {
    let found = settings.sources.iter().filter_map(|source| {
        let state = states.get(source.url.as_str())?;
        let note = feed_hint(state.last_failure.as_ref(), settings)?;
        let hint = "raise http.feed_body_limit, or remove the feed";
        Some(finding("feed", Level::Note, format!("{}: {note}", source.name), hint))
    });
    found.collect()
}
