//! `tge-scrape feed remove|enable|disable|export`.

use std::sync::Arc;

use crate::{
    config::{BuiltInList, ListedTable, edit::Removed},
    error::Error,
    exit::Exit,
    feed::{Outline, write_opml},
    model::{ImportedFeed, Source, SourceFormat},
    render::plain,
    text::quantity::plural,
};

use super::{
    super::{Globals, output::Output, settings_file::SettingsFile},
    imported,
};

/// A feed that the user named.
enum Found {
    /// Of the settings.
    Listed(ListedTable),
    /// Of the database, and not of the settings.
    Imported(ImportedFeed),
}

fn find(file: &SettingsFile, feed: &str) -> Result<Found, Error> {
    match file.named(BuiltInList::Feeds, feed) {
        Ok(found) => Ok(Found::Listed(found)),
        Err(error) if error.exit == Exit::Failure => {
            imported::named(&file.settings, feed)?.cloned().map(Found::Imported).ok_or(error)
        }
        Err(error) => Err(error),
    }
}

/// Removes a feed from wherever it is listed. A built-in one is disabled.
pub fn remove(feed: &str, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let mut file = SettingsFile::open(globals)?.with_imported();
    let found = match find(&file, feed)? {
        Found::Listed(found) => found,
        Found::Imported(found) => {
            imported::remove(&file.settings, &found.identity)?;
            let settings = imported::settings_with_imported(globals)?;
            let (name, remaining) = (plain(&found.source.name), settings.feeds_in_words());
            output.print(&format!("removed {name:?} from the database: {remaining} remain\n"))?;
            return Ok(Exit::Success);
        }
    };
    let removed = file.document.remove(BuiltInList::Feeds, &found)?;
    let mut settings = file.save()?;
    let (name, path) = (shown(&found), file.path.display());
    if removed == Removed::Table && imported::remove(&settings, &found.identity)? {
        // Without this the feed would be read again, from the database.
        settings = imported::settings_with_imported(globals)?;
        let remaining = settings.feeds_in_words();
        output.print(&format!("removed {name} from {path} and from the database: {remaining} remain\n"))?;
        return Ok(Exit::Success);
    }
    output.print(&match removed {
        Removed::Table => format!("removed {name} from {path}: {} remain\n", settings.feeds_in_words()),
        Removed::Disabled => format!(
            "{name} is built in: disabled in {path}, {} remain; `feed enable` brings it back\n",
            settings.feeds_in_words()
        ),
    })?;
    Ok(Exit::Success)
}

/// Enables or disables a feed where it is listed.
pub fn switch(feed: &str, on: bool, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let mut file = SettingsFile::open(globals)?.with_imported();
    let found = find(&file, feed)?;
    let word = if on { "enabled" } else { "disabled" };
    let (name, was) = match &found {
        Found::Listed(found) => (shown(found), found.enabled),
        Found::Imported(found) => (format!("{:?}", plain(&found.source.name)), found.enabled),
    };
    if was == on {
        output.print(&format!("{name} is {word} already\n"))?;
        return Ok(Exit::Success);
    }
    let (settings, place) = match found {
        Found::Listed(found) => {
            if on {
                file.document.enable(BuiltInList::Feeds, &found)?;
            } else {
                file.document.disable(BuiltInList::Feeds, &found)?;
            }
            (file.save()?, file.path.display().to_string())
        }
        Found::Imported(found) => {
            imported::switch(&file.settings, &found.identity, on)?;
            (imported::settings_with_imported(globals)?, "the database".to_owned())
        }
    };
    output.print(&format!("{word} {name} in {place}: {} are read\n", settings.feeds_in_words()))?;
    Ok(Exit::Success)
}

/// A feed in a sentence.
pub fn shown(feed: &ListedTable) -> String {
    if feed.name.is_empty() { plain(&feed.key) } else { format!("{:?}", plain(&feed.name)) }
}

/// Prints the feeds as OPML.
pub fn export(globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = imported::settings_with_imported(globals)?;
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
