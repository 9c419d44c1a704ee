//! `tge-scrape feed add`: finds the feed, tries it, shows its newest titles and adds it.

use std::io::{BufRead, IsTerminal};

use url::Url;

use crate::{
    config::{
        BuiltInList, Settings,
        edit::{Feeds, NewFeed},
    },
    error::Error,
    exit::Exit,
    feed::Outline,
    render::plain,
    text::cut::{Unit, cut},
};

use super::{
    super::{Globals, output::Output, settings_file::SettingsFile},
    edit::shown,
    imported, preset,
    sources::{Checked, probe, web_address},
};

/// Feeds of a page that are tried, at most.
const TRIED: usize = 3;
/// Characters of a name from the title of a feed, at most.
pub const NAME: usize = 80;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Address of the feed, or of the page it belongs to, or preset:NAME
    #[arg(value_name = "URL|preset:NAME")]
    pub url: String,
    /// Its name; by default the title of the feed
    #[arg(long, default_value = "")]
    pub name: String,
    /// Label; may be given several times
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// 1 official, 2 press, 3 noisy; by default 2
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=3))]
    pub tier: Option<u8>,
    /// Add it without a question
    #[arg(short, long)]
    pub yes: bool,
    /// Add it without fetching it
    #[arg(long, alias = "untried")]
    pub no_check: bool,
}

/// Adds one feed.
pub fn run(args: Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    if let Some(spec) = args.url.strip_prefix("preset:") {
        return preset::add(spec.trim(), &args, globals, output);
    }
    let mut outline =
        Outline { url: args.url.clone(), title: args.name, html_url: String::new(), tags: args.tags };
    let mut file = SettingsFile::open(globals)?.with_imported();
    // Errors in the address come before any request.
    let page = web_address(&args.url)?;
    if is_known(&mut file, &args.url, output)? {
        return Ok(Exit::Success);
    }
    if !args.no_check {
        let found = find(&file.settings, &page, output)?;
        output.print(&found.text())?;
        if !found.ok {
            let message = format!("{} gives no feed", plain(&args.url));
            return Err(Error::new(Exit::Failure, message, "--no-check adds it all the same"));
        }
        if outline.title.is_empty() {
            outline.title = cut(&plain(&found.title), NAME, Unit::Scalars);
        }
        if found.url != page.as_str() {
            outline.html_url = page.to_string();
            outline.url.clone_from(&found.url);
        }
        if is_declined(args.yes, output)? {
            return Ok(Exit::Success);
        }
    }
    // A page may name a feed that is read already.
    if is_known(&mut file, &outline.url, output)? {
        return Ok(Exit::Success);
    }
    let feed = NewFeed { outline, tier: args.tier, ..NewFeed::default() };
    Feeds::of(&mut file.document)?.add_new(&feed)?;
    save(file, output)
}

/// Whether the user, asked on a terminal, does not want to add what was shown.
pub fn is_declined(yes: bool, output: &mut Output) -> Result<bool, Error> {
    let asks = !yes && std::io::stdin().is_terminal();
    if !asks || is_confirmed("add it? [Y/n]", true, output)? {
        return Ok(false);
    }
    output.print("not added\n")?;
    Ok(true)
}

/// Saves the file with the added source.
pub fn save(mut file: SettingsFile, output: &mut Output) -> Result<Exit, Error> {
    let settings = file.save()?;
    let path = file.path.display();
    output.print(&format!("added to {path}: {} are read\n", settings.feeds_in_words()))?;
    output.next("tge-scrape cycle --dry-run");
    Ok(Exit::Success)
}

/// Whether the feed at `url` is among the settings' feeds. A disabled one is enabled.
pub fn is_known(file: &mut SettingsFile, url: &str, output: &mut Output) -> Result<bool, Error> {
    let identity = BuiltInList::Feeds.identity(url);
    let feeds = file.settings.listed(BuiltInList::Feeds);
    let Some(known) = feeds.into_iter().find(|feed| Some(&feed.identity) == identity.as_ref()) else {
        return is_imported(&file.settings, identity.as_ref(), output);
    };
    let (name, path) = (shown(&known), file.path.display().to_string());
    output.print(&if !known.enabled {
        file.document.enable(BuiltInList::Feeds, &known)?;
        let settings = file.save()?;
        format!("{name} was disabled, enabled in {path}: {} are read\n", settings.feeds_in_words())
    } else if known.built_in {
        format!("{name} is read already: it is built in\n")
    } else {
        format!("{path} has it already: {name}\n")
    })?;
    Ok(true)
}

/// Whether the database has the feed with that identity. A disabled one is enabled.
fn is_imported(settings: &Settings, identity: Option<&String>, output: &mut Output) -> Result<bool, Error> {
    let known = settings.imported.iter().find(|feed| Some(&feed.identity) == identity);
    let Some(known) = known else { return Ok(false) };
    let name = plain(&known.source.name);
    if known.enabled {
        output.print(&format!("{name:?} is read already: the database has it\n"))?;
    } else {
        imported::switch(settings, &known.identity, true)?;
        output.print(&format!("{name:?} was disabled, enabled in the database\n"))?;
    }
    Ok(true)
}

/// The feed at `address`, or the first readable feed that its page names.
fn find(settings: &Settings, address: &Url, output: &mut Output) -> Result<Checked, Error> {
    let first = probe(settings, address)?;
    for named in first.alternates.iter().take(TRIED) {
        let Ok(url) = web_address(named) else { continue };
        output.note(&format!("the page names a feed: {}", plain(named)));
        let checked = probe(settings, &url)?;
        if checked.ok {
            return Ok(checked);
        }
    }
    Ok(first)
}

/// Asks `question`; an empty answer means `usual`.
pub fn is_confirmed(question: &str, usual: bool, output: &mut Output) -> Result<bool, Error> {
    output.note(question);
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.map_err(|error| Error::new(Exit::Failure, format!("stdin cannot be read: {error}"), "use --yes"))?;
    let answer = answer.trim().to_lowercase();
    Ok((answer.is_empty() && usual) || matches!(answer.as_str(), "y" | "yes"))
}
