//! `tge-scrape feed remove|import|export`, and what adding writes: the user's settings file, its comments and
//! order kept.

use std::{fs, path::Path, sync::Arc};

use toml_edit::{Item, Table, value};
use url::Url;

use crate::{
    error::Error,
    exit::Exit,
    feed::{Outline, read_opml, write_opml},
    render::plain,
    text::address,
};

use super::super::{Globals, output::Output, settings_file::SettingsFile};

/// Adds `outline` to the file unless its address stands there already.
pub fn put(file: &mut SettingsFile, outline: &Outline) -> Result<bool, Error> {
    let Some(wanted) = identity(&outline.url) else {
        return Err(Error::new(
            Exit::Usage,
            format!("{:?} is not an http or https address", plain(&outline.url)),
            "give the whole address, such as https://example.org/feed.xml",
        ));
    };
    let feeds = file.tables("feeds")?;
    if feeds.iter().any(|feed| address_of(feed).and_then(identity).as_ref() == Some(&wanted)) {
        return Ok(false);
    }
    let mut table = Table::new();
    table["url"] = value(&outline.url);
    if !outline.title.is_empty() {
        table["name"] = value(plain(&outline.title));
    }
    if identity(&outline.html_url).is_some() {
        table["site"] = value(&outline.html_url);
    }
    if !outline.tags.is_empty() {
        table["tags"] = value(outline.tags.iter().map(|tag| plain(tag)).collect::<toml_edit::Array>());
    }
    feeds.push(table);
    Ok(true)
}

fn address_of(feed: &Table) -> Option<&str> {
    feed.get("url").and_then(Item::as_str)
}

fn identity(url: &str) -> Option<String> {
    let url = Url::parse(url).ok().filter(address::on_the_web)?;
    Some(address::canonical(&url))
}

/// Takes one feed out.
pub fn remove(url: &str, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let mut file = SettingsFile::open(globals)?;
    let wanted = identity(url);
    let feeds = file.tables("feeds")?;
    let before = feeds.len();
    feeds.retain(|feed| {
        address_of(feed) != Some(url) && (wanted.is_none() || address_of(feed).and_then(identity) != wanted)
    });
    if feeds.len() == before {
        let message = format!("{} has no feed {:?}", file.path.display(), plain(url));
        return Err(Error::new(Exit::Failure, message, "`tge-scrape feed list` shows the addresses"));
    }
    file.save()?;
    output.print(&format!("removed from {}\n", file.path.display()))?;
    Ok(Exit::Success)
}

/// Adds the feeds of an OPML file; a second time it adds nothing.
pub fn import(list: &Path, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let wrong =
        |says: String| Error::new(Exit::Failure, format!("{}: {says}", list.display()), "name an OPML file");
    let text = fs::read_to_string(list).map_err(|error| wrong(error.to_string()))?;
    let outlines = read_opml(&text).map_err(|error| wrong(error.to_string()))?;
    let mut file = SettingsFile::open(globals)?;
    let (mut added, mut known, mut invalid) = (0, 0, 0);
    for outline in &outlines {
        match put(&mut file, outline) {
            Ok(true) => added += 1,
            Ok(false) => known += 1,
            Err(_) => {
                invalid += 1;
                output.note(&format!("{:?} is not an http or https address", plain(&outline.url)));
            }
        }
    }
    if added > 0 {
        file.save()?;
    }
    output.print(&format!("{added} added, {known} known, {invalid} invalid\n"))?;
    Ok(Exit::Success)
}

/// Prints the feeds as OPML.
pub fn export(globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = super::super::settings(globals)?;
    let outline = |source: &Arc<crate::model::Source>| Outline {
        url: source.url.clone(),
        title: source.name.clone(),
        html_url: settings.site(&source.url),
        tags: source.tags.clone(),
    };
    let outlines: Vec<Outline> = settings.sources.iter().map(outline).collect();
    output.print(&write_opml("tge-scrape", &outlines))?;
    Ok(Exit::Success)
}
