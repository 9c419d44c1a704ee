//! `tge-scrape feed check URL --suggest`: proposes how a page without a known feed can be read.

mod search;

use std::{fmt::Write as _, io::IsTerminal};

use jiff::Timestamp;
use serde::Serialize;
use url::Url;

use crate::{
    config::{
        Settings,
        edit::{Document, Feeds, NewKind, name_of},
    },
    error::Error,
    exit::Exit,
    feed::{Feed, Outline},
    render::{self, plain, times::Times},
    text::{
        cut::{Unit, cut},
        quantity::plural,
    },
};

use self::search::{Found, Search};
use super::{
    super::{Format, Globals, output::Output, settings, settings_file::SettingsFile},
    add::{NAME, is_confirmed, is_known},
    sources::{candidates, newest, web_address},
};

/// Addresses without a feed that are shown.
const TRIED: usize = 3;
/// Characters of a title that is shown.
const TITLE: usize = 100;

/// The result for programs.
#[derive(Debug, Serialize)]
struct Suggested<'a> {
    schema: u32,
    url: &'a str,
    ok: bool,
    sentence: Option<&'a str>,
    /// `feed`, `sitemap`, `json` (in the page) or `selectors`
    method: Option<&'static str>,
    source: Option<&'a str>,
    entries: usize,
    dated: usize,
    candidates: usize,
    newest: Vec<Shown<'a>>,
    toml: Option<&'a str>,
    tried: Vec<&'a str>,
}

/// One entry.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    title: &'a str,
    link: Option<&'a str>,
    #[serde(serialize_with = "crate::model::stamp::option::serialize")]
    published: Option<Timestamp>,
}

/// Proposes a source for the page at `address`; exit code 1 if nothing can be proposed.
pub fn run(address: &str, yes: bool, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = settings(globals)?;
    let page = web_address(address)?;
    let search = search::search(&settings, &page)?;
    let block = search.found.as_ref().map(|found| block(found, &page)).transpose()?;
    let is_json = matches!(globals.format, Some(Format::Json | Format::Ndjson));
    let terminal = std::io::stdout().is_terminal();
    if is_json {
        output.print(&render::json(&suggested(&settings, &page, &search, block.as_deref())))?;
    } else {
        let text = described(&settings, &page, &search, &output.times(search.now, globals.utc));
        match &block {
            Some(block) if terminal => output.print(&format!("{text}\n{block}\n"))?,
            // In a pipe stdout is what a settings file takes.
            Some(block) => {
                output.note(text.trim_end());
                output.print(block)?;
            }
            None => output.print(&text)?,
        }
    }
    let Some(found) = search.found else { return Ok(Exit::Failure) };
    let asks = terminal && std::io::stdin().is_terminal() && !is_json;
    if yes || (asks && is_confirmed("add it? [y/N]", false, output)?) {
        add(&found, &page, globals, output)?;
    }
    Ok(Exit::Success)
}

/// The `[[feeds]]` table of the proposal.
fn block(found: &Found, page: &Url) -> Result<String, Error> {
    let mut document = Document::parse("").map_err(|message| Error::new(Exit::Failure, message, ""))?;
    Feeds::of(&mut document)?.add_source(&outline(found, page), None, &found.kind)?;
    Ok(document.to_string())
}

fn outline(found: &Found, page: &Url) -> Outline {
    let host = page.host_str().unwrap_or_default();
    let title = Some(name_of(&found.feed.title)).filter(|title| !title.is_empty());
    Outline {
        url: found.url.to_string(),
        title: cut(&title.unwrap_or_else(|| host.to_owned()), NAME, Unit::Scalars),
        html_url: if found.url == *page { String::new() } else { page.to_string() },
        tags: Vec::new(),
    }
}

/// Adds the proposal to the settings file.
fn add(found: &Found, page: &Url, globals: &Globals, output: &mut Output) -> Result<(), Error> {
    let mut file = SettingsFile::open(globals)?.with_imported();
    if is_known(&mut file, found.url.as_str(), output)? {
        return Ok(());
    }
    Feeds::of(&mut file.document)?.add_source(&outline(found, page), None, &found.kind)?;
    let path = file.path.display().to_string();
    let settings = file.save()?;
    output.note(&format!("added to {path}: {} are read", settings.feeds_in_words()));
    output.next("tge-scrape cycle --dry-run");
    Ok(())
}

fn method(kind: &NewKind) -> &'static str {
    match kind {
        NewKind::Feed => "feed",
        NewKind::Sitemap => "sitemap",
        NewKind::Page(selectors) if selectors.item.is_empty() => "json",
        NewKind::Page(_) => "selectors",
    }
}

/// How many entries have a time, and how many may be launches.
fn counts(settings: &Settings, feed: &Feed) -> (usize, usize) {
    let dated = feed.entries.iter().filter(|entry| entry.published.is_some()).count();
    (dated, candidates(&feed.entries, settings))
}

fn suggested<'a>(
    settings: &Settings,
    page: &'a Url,
    search: &'a Search,
    toml: Option<&'a str>,
) -> Suggested<'a> {
    let feed = search.found.as_ref().map(|found| &found.feed);
    let (dated, candidates) = feed.map(|feed| counts(settings, feed)).unwrap_or_default();
    let newest = feed.map(|feed| newest(&feed.entries, search.now)).unwrap_or_default();
    let shown = newest.into_iter().map(|entry| Shown {
        title: &entry.title,
        link: entry.link.as_deref(),
        published: entry.published,
    });
    Suggested {
        schema: 1,
        url: page.as_str(),
        ok: search.found.is_some(),
        sentence: Some(search.reason.as_str()).filter(|reason| !reason.is_empty()),
        method: search.found.as_ref().map(|found| method(&found.kind)),
        source: search.found.as_ref().map(|found| found.url.as_str()),
        entries: feed.map_or(0, |feed| feed.entries.len()),
        dated,
        candidates,
        newest: shown.collect(),
        toml,
        tried: search.tried.iter().map(Url::as_str).collect(),
    }
}

/// For people.
fn described(settings: &Settings, page: &Url, search: &Search, times: &Times) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{}", plain(page.as_str()));
    let tried = search.tried.iter().filter(|tried| *tried != page);
    let tried: Vec<&str> = tried.map(Url::path).collect();
    if !tried.is_empty() {
        let shown = plain(&tried.iter().copied().take(TRIED).collect::<Vec<_>>().join(", "));
        let more = match tried.len().saturating_sub(TRIED) {
            0 => String::new(),
            more => format!(" and {}", plural(more, "more address", "more addresses")),
        };
        let _ = writeln!(text, "  no feed or sitemap at {shown}{more}");
    }
    let Some(found) = &search.found else {
        let _ = writeln!(text, "  nothing to propose: {}", plain(&search.reason));
        return text;
    };
    let (dated, candidates) = counts(settings, &found.feed);
    let by = match &found.kind {
        NewKind::Feed => "a feed",
        NewKind::Sitemap => "a sitemap",
        NewKind::Page(selectors) if !selectors.item.is_empty() => "selectors",
        NewKind::Page(selectors) if selectors.script.is_empty() => "the JSON-LD list of the page",
        NewKind::Page(_) => "the JSON of a script in the page",
    };
    let _ = writeln!(
        text,
        "  proposal: {by}; {}, {dated} dated, {candidates} may be {}",
        plural(found.feed.entries.len(), "entry", "entries"),
        if candidates == 1 { "a launch" } else { "launches" },
    );
    for entry in newest(&found.feed.entries, search.now) {
        let at = entry.published.map_or_else(|| "no time".to_owned(), |at| times.minute(at));
        let title = cut(&plain(&entry.title), TITLE, Unit::Scalars);
        let _ = writeln!(text, "  {at:16}  {title}");
        if let Some(link) = &entry.link {
            let _ = writeln!(text, "  {:16}  {}", "", plain(link));
        }
    }
    text
}
