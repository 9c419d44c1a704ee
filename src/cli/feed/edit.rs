//! `tge-scrape feed remove|export`.

use std::sync::Arc;

use crate::{
    config::edit::identity,
    error::Error,
    exit::Exit,
    feed::{Outline, write_opml},
    model::{Source, SourceFormat},
    render::plain,
};

use super::super::{Globals, output::Output, settings_file::SettingsFile};

pub fn remove(url: &str, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let mut file = SettingsFile::open(globals)?;
    let wanted = identity(url);
    let is = |known: &str| known == url || (wanted.is_some() && identity(known) == wanted);
    if file.document.remove("feeds", "url", &is)? == 0 {
        let message = format!("{} has no feed {:?}", file.path.display(), plain(url));
        return Err(Error::new(Exit::Failure, message, "`tge-scrape feed list` shows the addresses"));
    }
    file.save("feeds", globals, output)?;
    output.print(&format!("removed from {}\n", file.path.display()))?;
    Ok(Exit::Success)
}

/// Prints the feeds as OPML.
pub fn export(globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = super::super::settings(globals)?;
    let sites = settings.sites();
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
        output.note(&format!("note: {left_out} sources of kind \"json\" are omitted: OPML holds feeds only"));
    }
    Ok(Exit::Success)
}
