//! `tge-scrape feed add`: finds the feed, tries it, shows its newest titles and adds it.

use std::io::{BufRead, IsTerminal};

use url::Url;

use crate::{
    config::{Settings, edit::Feeds},
    error::Error,
    exit::Exit,
    feed::Outline,
    render::plain,
    text::cut::{Unit, cut},
};

use super::{
    super::{Globals, output::Output, settings_file::SettingsFile},
    sources::{Checked, probe, web_address},
};

/// Feeds of a page that are tried, at most.
const TRIED: usize = 3;
/// Characters of a name from the title of a feed, at most.
const NAME: usize = 80;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Address of the feed, or of the page it belongs to
    url: String,
    /// Its name; by default the title of the feed
    #[arg(long, default_value = "")]
    name: String,
    /// Label; may be given several times
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// Add it without a question
    #[arg(short, long)]
    yes: bool,
    /// Add it without trying it
    #[arg(long)]
    untried: bool,
}

/// Adds one feed.
pub fn run(args: Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let mut outline =
        Outline { url: args.url.clone(), title: args.name, html_url: String::new(), tags: args.tags };
    let mut file = SettingsFile::open(globals)?;
    let path = file.path.display().to_string();
    let mut feeds = Feeds::of(&mut file.document)?;
    // Errors in the address come before any request.
    let page = web_address(&args.url)?;
    if feeds.has(&args.url) {
        output.print(&format!("{path} has it already\n"))?;
        return Ok(Exit::Success);
    }
    if !args.untried {
        let found = find(&file.settings, &page, output)?;
        output.print(&found.text())?;
        if !found.ok {
            let message = format!("{} gives no feed", plain(&args.url));
            return Err(Error::new(Exit::Failure, message, "--untried adds it nevertheless"));
        }
        if outline.title.is_empty() {
            outline.title = cut(&plain(&found.title), NAME, Unit::Scalars);
        }
        if found.url != page.as_str() {
            outline.html_url = page.to_string();
            outline.url.clone_from(&found.url);
        }
        if !args.yes && std::io::stdin().is_terminal() && !is_confirmed(output)? {
            output.print("not added\n")?;
            return Ok(Exit::Success);
        }
    }
    if feeds.add(&outline)? {
        file.save("feeds", globals, output)?;
        output.print(&format!("added to {path}\n"))?;
    } else {
        output.print(&format!("{path} has it already\n"))?;
    }
    Ok(Exit::Success)
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

fn is_confirmed(output: &mut Output) -> Result<bool, Error> {
    output.note("add it? [Y/n]");
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.map_err(|error| Error::new(Exit::Failure, format!("stdin cannot be read: {error}"), "use --yes"))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "" | "y" | "yes"))
}
