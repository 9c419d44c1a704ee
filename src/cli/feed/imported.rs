//! The feeds of the database: read beside those of the settings, added by `feed import --into database`.

use std::collections::HashSet;

use clap::ValueEnum;

use crate::{
    config::{
        BuiltInList, Settings,
        edit::{Addition, Known, NewFeed},
    },
    error::Error,
    exit::Exit,
    model::ImportedFeed,
    render::plain,
    store::{Access, Store, StoreError},
    wiring,
};

use super::super::{
    Globals,
    lists::{self, Outcome},
    output::Output,
    settings,
};

#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    #[command(flatten)]
    lists: lists::Args,
    /// Where the feeds are added: the database for lists of thousands, which no start has to parse
    #[arg(long, value_name = "PLACE", default_value = "settings")]
    into: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Place {
    /// The settings file
    Settings,
    /// The database of the state folder
    Database,
}

/// `feed import`.
pub fn import(args: &ImportArgs, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    match args.into {
        Place::Settings => lists::import::<NewFeed>(&args.lists, globals, output),
        Place::Database => into_database(&args.lists, globals, output),
    }
}

/// Adds what is new in the lists to the database. Nothing is written unless every list can be read.
fn into_database(args: &lists::Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let lists = lists::read_all::<NewFeed>(args)?;
    let mut settings = settings(globals)?;
    let imported = read(&settings)?;
    let listed = settings.listed(BuiltInList::Feeds).into_iter().map(|table| table.identity);
    let mut known: Known = listed.chain(imported.iter().map(|feed| feed.identity.clone())).collect();
    let mut new = Vec::new();
    let mut outcome = Outcome::default();
    for (list, name) in lists::named(&lists) {
        outcome.add_all(list, name, &mut |row: &NewFeed| add(row, &mut known, &mut new));
    }
    outcome.note(globals, output);
    if !args.dry_run && !new.is_empty() {
        let store = Store::open(&settings.state_dir, Access::Write)?;
        wiring::small_runtime()?.block_on(store.import_feeds(new.clone()))?;
    }
    output.print(&outcome.summary(args.dry_run))?;
    if outcome.has_nothing() {
        return Err(lists::nothing_imported(&lists, globals));
    }
    if !globals.quiet {
        if new.is_empty() {
            output.note("nothing is new: the settings or the database have all of these feeds");
        } else {
            settings.add_imported(imported.into_iter().chain(new).collect());
            output.note(&lists::now_used(&settings.feeds_in_words(), "read", args.dry_run));
        }
    }
    Ok(Exit::Success)
}

fn add(row: &NewFeed, known: &mut Known, new: &mut Vec<ImportedFeed>) -> Result<Addition, String> {
    let feed = row.imported().map_err(|refused| format!("{}; {}", refused.message(), refused.hint()))?;
    if let Some(known) = known.find(&feed.identity) {
        return Ok(known);
    }
    known.insert(feed.identity.clone());
    new.push(feed);
    Ok(Addition::Added)
}

/// The feeds of the database. There are none in a database of an older program.
fn read(settings: &Settings) -> Result<Vec<ImportedFeed>, Error> {
    if !Store::exists(&settings.state_dir) {
        return Ok(Vec::new());
    }
    match Store::open(&settings.state_dir, Access::Read) {
        Ok(store) => Ok(wiring::small_runtime()?.block_on(store.imported_feeds())?),
        Err(StoreError::Older { .. }) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// The feeds of the database, also those that the settings have. A database that cannot be read has none, and a log line says
/// so.
pub fn all(settings: &Settings) -> Vec<ImportedFeed> {
    read(settings).unwrap_or_else(|error| {
        tracing::warn!("the feeds of the database cannot be read: {}", error.message);
        Vec::new()
    })
}

/// The settings with the feeds of the database among their sources.
pub fn settings_with_imported(globals: &Globals) -> Result<Settings, Error> {
    let mut settings = settings(globals)?;
    let feeds = all(&settings);
    settings.add_imported(feeds);
    Ok(settings)
}

/// The imported feed that `text` names, by its address or its name.
pub fn named<'a>(settings: &'a Settings, text: &str) -> Result<Option<&'a ImportedFeed>, Error> {
    let wanted = BuiltInList::Feeds.identity(text);
    let by_identity = settings.imported.iter().find(|feed| Some(&feed.identity) == wanted.as_ref());
    if by_identity.is_some() {
        return Ok(by_identity);
    }
    let name = text.trim().to_lowercase();
    let mut named = settings.imported.iter().filter(|feed| feed.source.name.to_lowercase() == name);
    match (named.next(), named.count()) {
        (found, 0) => Ok(found),
        (_, others) => {
            let message = format!("{} feeds of the database have the name {:?}", others + 1, plain(text));
            Err(Error::new(Exit::Usage, message, "give the address; `tge-scrape feed list` shows it"))
        }
    }
}

/// Removes the feed with this identity from the database; returns whether there was one.
pub fn remove(settings: &Settings, identity: &str) -> Result<bool, Error> {
    if !all(settings).iter().any(|feed| feed.identity == identity) {
        return Ok(false);
    }
    let store = Store::open(&settings.state_dir, Access::Write)?;
    Ok(wiring::small_runtime()?.block_on(store.remove_feed(identity.to_owned()))?)
}

/// Enables or disables the feed with this identity in the database.
pub fn switch(settings: &Settings, identity: &str, on: bool) -> Result<(), Error> {
    let store = Store::open(&settings.state_dir, Access::Write)?;
    wiring::small_runtime()?.block_on(store.switch_feed(identity.to_owned(), on))?;
    Ok(())
}

/// Addresses of the feeds that the database has.
pub fn addresses(settings: &Settings) -> HashSet<&str> {
    settings.imported.iter().map(|feed| feed.source.url.as_str()).collect()
}
