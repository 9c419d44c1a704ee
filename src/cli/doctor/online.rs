//! `doctor --online`: asks the feeds of the settings and the presets once.

use crate::{config::Settings, error::Error, exit::Exit, text::quantity::plural};

use super::{
    super::feed::verify::{Verified, ask_all, feeds, preset_sources},
    Finding, Level, finding,
};

/// Failures that a line names.
const NAMED: usize = 5;

/// What answered; the exit code where the process was asked to stop.
pub fn findings(settings: &Settings) -> Result<Result<Vec<Finding>, Exit>, Error> {
    let rows = match ask_all(settings, feeds(settings).into_iter().chain(preset_sources()).collect())? {
        Ok(rows) => rows,
        Err(exit) => return Ok(Err(exit)),
    };
    let (presets, own): (Vec<Verified>, Vec<Verified>) = rows.into_iter().partition(Verified::is_preset);
    if own.iter().chain(&presets).all(|row| !row.ok) {
        let hint = "check the network and a firewall, or set http.proxy";
        let message = format!("no feed answered: {}", failures(own.iter().chain(&presets)));
        return Ok(Ok(vec![finding("network", Level::Wrong, message, hint)]));
    }
    let groups = [
        ("network", "feed", own, "`tge-scrape feed list --failing` shows which feeds keep failing"),
        ("presets", "preset", presets, "`tge-scrape feed verify` shows each"),
    ];
    let found = groups.into_iter().filter(|(_, _, rows, _)| !rows.is_empty());
    Ok(Ok(found.map(|(thing, noun, rows, hint)| group(thing, noun, &rows, hint)).collect()))
}

fn group(thing: &str, noun: &str, rows: &[Verified], hint: &str) -> Finding {
    let counted = plural(rows.len(), noun, &format!("{noun}s"));
    let failed = rows.iter().filter(|row| !row.ok).count();
    if failed == 0 {
        return finding(thing, Level::Ok, format!("{counted} asked, all answered"), "");
    }
    let message = format!("{failed} of {counted} failed: {}", failures(rows.iter()));
    finding(thing, Level::Note, message, hint)
}

/// The first failures and the number of the others.
fn failures<'a>(rows: impl Iterator<Item = &'a Verified>) -> String {
    let failed: Vec<&Verified> = rows.filter(|row| !row.ok).collect();
    let named = failed.iter().take(NAMED);
    let named = named.map(|row| format!("{}: {}", row.source, row.sentence.as_deref().unwrap_or_default()));
    let mut text = named.collect::<Vec<_>>().join("; ");
    if failed.len() > NAMED {
        text.push_str(&format!("; and {} more", failed.len() - NAMED));
    }
    text
}
