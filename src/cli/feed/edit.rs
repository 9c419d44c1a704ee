//! `tge-scrape feed add|remove|import|export`: the user's settings file, its comments and order kept.

use std::{
    fs,
    path::{Path, PathBuf},
};

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};
use url::Url;

use crate::{
    config::FILE_NAME,
    error::Error,
    exit::Exit,
    feed::{Outline, read_opml, write_opml},
    render::plain,
    text::address,
};

use super::super::{Globals, output::Output};

/// A settings file being changed.
struct File {
    path: PathBuf,
    document: DocumentMut,
}

impl File {
    /// The file the settings come from, or a new one in the working directory.
    fn open(globals: &Globals) -> Result<Self, Error> {
        let path = super::super::settings(globals)?.file.unwrap_or_else(|| PathBuf::from(FILE_NAME));
        let text = if path.exists() {
            fs::read_to_string(&path).map_err(|error| refused(&path, &error))?
        } else {
            String::new()
        };
        let document = text
            .parse()
            .map_err(|error| Error::new(Exit::Settings, format!("{}: {error}", path.display()), ""))?;
        Ok(Self { path, document })
    }

    fn feeds(&mut self) -> Result<&mut ArrayOfTables, Error> {
        let item = self.document.entry("feeds").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
        let hint = "write each feed as a [[feeds]] table";
        item.as_array_of_tables_mut()
            .ok_or_else(|| Error::new(Exit::Settings, "feeds is not a list of tables", hint))
    }

    /// Adds `outline` unless its address stands there already.
    fn add(&mut self, outline: &Outline) -> Result<bool, Error> {
        let Some(wanted) = identity(&outline.url) else {
            return Err(Error::new(
                Exit::Usage,
                format!("{:?} is not an http or https address", plain(&outline.url)),
                "give the whole address, such as https://example.org/feed.xml",
            ));
        };
        let feeds = self.feeds()?;
        if feeds.iter().any(|feed| address_of(feed).and_then(identity).as_ref() == Some(&wanted)) {
            return Ok(false);
        }
        let mut table = Table::new();
        table["url"] = value(&outline.url);
        if !outline.title.is_empty() {
            table["name"] = value(plain(&outline.title));
        }
        if !outline.tags.is_empty() {
            table["tags"] = value(outline.tags.iter().map(|tag| plain(tag)).collect::<toml_edit::Array>());
        }
        feeds.push(table);
        Ok(true)
    }

    /// Writes the file by rename, so that a crash leaves the old one whole.
    fn save(&self) -> Result<(), Error> {
        let new = self.path.with_extension(format!("toml.{}", std::process::id()));
        let written = fs::write(&new, self.document.to_string()).and_then(|()| fs::rename(&new, &self.path));
        written.map_err(|error| refused(&self.path, &error))
    }
}

fn address_of(feed: &Table) -> Option<&str> {
    feed.get("url").and_then(Item::as_str)
}

fn identity(url: &str) -> Option<String> {
    let url =
        Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())?;
    Some(address::canonical(&url))
}

fn refused(path: &Path, error: &std::io::Error) -> Error {
    let message = format!("{} cannot be changed: {error}", path.display());
    Error::new(Exit::Failure, message, "name a file that you may write to with --config")
}

/// Adds one feed.
pub fn add(
    url: &str,
    name: &str,
    tags: Vec<String>,
    globals: &Globals,
    output: &mut Output,
) -> Result<Exit, Error> {
    let mut file = File::open(globals)?;
    let outline = Outline { url: url.to_owned(), title: name.to_owned(), html_url: String::new(), tags };
    if file.add(&outline)? {
        file.save()?;
        output.print(&format!("added to {}\n", file.path.display()))?;
    } else {
        output.print(&format!("{} has it already\n", file.path.display()))?;
    }
    Ok(Exit::Success)
}

/// Takes one feed out.
pub fn remove(url: &str, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let mut file = File::open(globals)?;
    let wanted = identity(url);
    let feeds = file.feeds()?;
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
    let mut file = File::open(globals)?;
    let (mut added, mut known, mut invalid) = (0, 0, 0);
    for outline in &outlines {
        match file.add(outline) {
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
    let outline = |source: &crate::model::Source| Outline {
        url: source.url.clone(),
        title: source.name.clone(),
        html_url: String::new(),
        tags: source.tags.clone(),
    };
    let outlines: Vec<Outline> = settings.sources.iter().map(outline).collect();
    output.print(&write_opml("tge-scrape", &outlines))?;
    Ok(Exit::Success)
}
