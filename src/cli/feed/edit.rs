//! `tge-scrape feed remove|enable|disable|export`.

use std::sync::Arc;

use crate::{
    config::{BuiltInList, ListedTable, edit::Removed},
    error::Error,
    exit::Exit,
    feed::{Outline, write_opml},
    model::{Source, SourceFormat},
    render::plain,
    text::quantity::plural,
};

use super::super::{Globals, output::Output, settings_file::SettingsFile};

/// Removes a feed. A built-in one is disabled.
pub fn remove(feed: &str, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let mut file = SettingsFile::open(globals)?;
    let found = file.named(BuiltInList::Feeds, feed)?;
    let removed = file.document.remove(BuiltInList::Feeds, &found)?;
    let settings = file.save()?;
    let (name, path) = (shown(&found), file.path.display());
    output.print(&match removed {
        Removed::Table => format!("removed {name} from {path}: {} remain\n", settings.feeds_in_words()),
        Removed::Disabled => format!(
            "{name} is built in: disabled in {path}, {} remain; `feed enable` brings it back\n",
            settings.feeds_in_words()
        ),
    })?;
    Ok(Exit::Success)
}

/// Enables or disables a feed.
pub fn switch(feed: &str, on: bool, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let mut file = SettingsFile::open(globals)?;
    let found = file.named(BuiltInList::Feeds, feed)?;
    let word = if on { "enabled" } else { "disabled" };
    if found.enabled == on {
        output.print(&format!("{} is {word} already\n", shown(&found)))?;
        return Ok(Exit::Success);
    }
    if on {
        file.document.enable(BuiltInList::Feeds, &found)?;
    } else {
        file.document.disable(BuiltInList::Feeds, &found)?;
    }
    let settings = file.save()?;
    let (name, path) = (shown(&found), file.path.display());
    output.print(&format!("{word} {name} in {path}: {} are read\n", settings.feeds_in_words()))?;
    Ok(Exit::Success)
}

/// A feed in a sentence.
pub fn shown(feed: &ListedTable) -> String {
    if feed.name.is_empty() { plain(&feed.key) } else { format!("{:?}", plain(&feed.name)) }
}

/// Prints the feeds as OPML.
pub fn export(globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = super::super::settings(globals)?;
    let sites = settings.websites();
    let outline = |source: &Arc<Source>| Outline {
        url: source.url.clone(),
        title: source.name.clone(),
        html_url: sites.get(source.url.as_str()).copied().unwrap_or_default().to_owned(),
        tags: source.tags.clone(),
    };
    let feeds = settings.sources.iter().filter(|source| source.format == SourceFormat::Feed);
    let outlines: Vec<Outline> = feeds.map(outline).collect();
    output.print(&write_opml("tge-scrape", &outlines))?;
    let left_out = settings.sources.len() - outlines.len();
    if left_out > 0 && !globals.quiet {
        let left_out = plural(left_out, "source of kind \"json\" is", "sources of kind \"json\" are");
        output.note(&format!("note: {left_out} omitted: OPML holds feeds only"));
    }
    Ok(Exit::Success)
}
