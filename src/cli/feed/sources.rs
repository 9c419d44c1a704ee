//! `tge-scrape feed check`: one fetch of a feed.

use std::{fmt::Write as _, sync::Arc};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use url::Url;

use crate::{
    clock::{Clock, SystemClock},
    config::{Settings, edit::feed_url, presets},
    detect::{Early, Headline},
    error::Error,
    exit::Exit,
    feed::{self, Document, Feed, FeedError},
    http::{Client, Outcome, Purpose, Request},
    model::{Entry, ExecSource, FailureKind, Source, SourceFormat},
    render::{self, plain},
    text::quantity::plural,
    visit::{ParsePool, program},
    wiring,
};

use super::{
    super::{Format, Globals, output::Output, request},
    imported::settings_with_imported,
};

/// Newest entries that `feed check` shows.
const SHOWN: usize = 5;

/// The result of one fetch of a feed.
#[derive(Debug, Default, Serialize)]
pub struct Checked {
    schema: u32,
    pub url: String,
    pub ok: bool,
    pub failure: Option<String>,
    pub sentence: Option<String>,
    pub status: Option<u16>,
    final_url: String,
    moved_to: Option<String>,
    conditional: bool,
    pub title: String,
    pub entries: usize,
    pub dated: usize,
    candidates: usize,
    repairs: Vec<&'static str>,
    pub alternates: Vec<String>,
    newest: Vec<String>,
    pub ms: u128,
    /// Wrong lines of a program's output.
    faulty_lines: u32,
    first_fault: Option<String>,
    #[serde(skip)]
    is_program: bool,
}

/// Fetches the feed of this address, name or preset once, without reading or writing state; exit code 1 if it is no feed.
pub fn check(feed: &str, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = settings_with_imported(globals)?;
    let named = settings.sources.iter().find(|source| source.name.eq_ignore_ascii_case(feed));
    let named = named.or_else(|| settings.sources.iter().find(|source| source.url == feed));
    let checked = match (named.map(|source| (source, &source.format)), feed.strip_prefix("preset:")) {
        (Some((source, SourceFormat::Exec(program))), _) => run(&settings, source, program)?,
        (None, Some(spec)) => {
            let chosen = presets::find(spec.trim()).map_err(|message| {
                Error::new(Exit::Usage, plain(&message), "`tge-scrape feed add preset:` lists all presets")
            })?;
            probe_source(&settings, &chosen.source)?
        }
        _ => probe(&settings, &web_address(named.map_or(feed, |source| &source.url))?)?,
    };
    output.print(&match globals.format {
        Some(Format::Json | Format::Ndjson) => render::json(&checked),
        _ => checked.text(),
    })?;
    Ok(if checked.ok { Exit::Success } else { Exit::Failure })
}

/// `address` if it is one of the web.
pub fn web_address(address: &str) -> Result<Url, Error> {
    Ok(feed_url(address)?)
}

/// Fetches the feed at `url` once, without reading or writing state.
pub fn probe(settings: &Settings, url: &Url) -> Result<Checked, Error> {
    let is_one = |source: &&Arc<Source>| source.addresses().any(|address| address == url.as_str());
    match settings.sources.iter().find(is_one) {
        Some(known) if known.url == url.as_str() => probe_source(settings, known),
        // Headers may be secret: mirrors do not get them.
        Some(known) => {
            let mirror = Source { url: url.to_string(), headers: Vec::new(), ..Source::clone(known) };
            probe_source(settings, &mirror)
        }
        None => probe_source(settings, &unknown(url)),
    }
}

/// A feed that the settings do not have.
fn unknown(url: &Url) -> Source {
    Source {
        url: url.to_string(),
        name: String::new(),
        format: SourceFormat::Feed,
        tier: 2,
        tags: Vec::new(),
        every: None,
        headers: Vec::new(),
        also: Vec::new(),
    }
}

/// Fetches `source` once, without reading or writing state.
pub fn probe_source(settings: &Settings, source: &Source) -> Result<Checked, Error> {
    let client = wiring::client(settings)?;
    let Answered { mut checked, feed } =
        wiring::runtime()?.block_on(ask(&client, &parsers()?, source, SystemClock.now()));
    if let Some(feed) = feed {
        checked.candidates = candidates(&feed.entries, settings);
    }
    Ok(checked)
}

/// What came of one fetch.
pub struct Answered {
    pub checked: Checked,
    /// The entries, where it is a feed.
    pub feed: Option<feed::Feed>,
}

/// Fetches `source` once.
pub async fn ask(client: &Client, parsers: &ParsePool, source: &Source, now: Timestamp) -> Answered {
    let mut checked = Checked::new(&source.url, 0);
    let url = match Url::parse(&source.url) {
        Ok(url) => url,
        Err(error) => {
            checked.sentence = Some(error.to_string());
            return Answered { checked, feed: None };
        }
    };
    let body = source.body().map(str::to_owned);
    let request = Request { headers: source.headers.clone(), body, ..request(url, Purpose::Feed) };
    let answer = client.fetch(request, now).await;
    checked.status = answer.stats.status;
    checked.final_url = answer.stats.final_url.to_string();
    checked.moved_to = answer.stats.permanent_url.as_ref().map(ToString::to_string);
    checked.ms = answer.stats.elapsed.as_millis();
    let mut read = None;
    match answer.outcome {
        Outcome::Fetched { body, headers } => {
            checked.conditional = !headers.validators.is_empty();
            let url = answer.stats.final_url;
            match read_body(parsers, body, headers.content_type, url, source.format.clone(), now).await {
                Ok(feed) => {
                    checked.describe(&feed, now);
                    read = Some(feed);
                }
                Err((kind, sentence, alternates)) => {
                    checked.failure = Some(kind.to_string());
                    checked.sentence = Some(sentence);
                    checked.alternates = alternates;
                }
            }
        }
        Outcome::NotModified { .. } => {
            checked.sentence = Some("304 to a request without validators".to_owned());
        }
        Outcome::Failed(failure) => {
            checked.failure = Some(failure.kind().to_string());
            checked.sentence = Some(failure.to_string());
        }
    }
    Answered { checked, feed: read }
}

/// Runs the program of a source once, without reading or writing state.
fn run(settings: &Settings, source: &Source, exec: &ExecSource) -> Result<Checked, Error> {
    let now = SystemClock.now();
    let program::Run { result, start } =
        wiring::runtime()?.block_on(program::run_program(exec, &source.name));
    let mut checked = Checked { is_program: true, ..Checked::new(&source.url, start.elapsed().as_millis()) };
    match result.and_then(|printed| {
        let url = Url::parse(&source.url).map_err(|error| (FailureKind::BadAddress, error.to_string()))?;
        let content_type = Some(program::CONTENT_TYPE);
        let document = Document { bytes: &printed, content_type, url: &url, now };
        feed::read(&document, &source.format).map_err(|error| (error.kind(), error.to_string()))
    }) {
        Ok(feed) => {
            checked.describe(&feed, now);
            checked.candidates = candidates(&feed.entries, settings);
        }
        Err((kind, sentence)) => {
            checked.failure = Some(kind.to_string());
            checked.sentence = Some(sentence);
        }
    }
    Ok(checked)
}

/// Entries that pass the early filter.
pub fn candidates(entries: &[Entry], settings: &Settings) -> usize {
    let rules = wiring::rules(settings);
    entries.iter().filter(|entry| rules.early(&headline(entry)) == Early::Candidate).count()
}

/// The newest entries, at most [`SHOWN`].
pub fn newest(entries: &[Entry], now: Timestamp) -> Vec<&Entry> {
    let mut newest: Vec<&Entry> = entries.iter().collect();
    // A date more than a day ahead does not count (docs/reference/feeds.md#dates).
    let believed = |at: &Timestamp| *at <= now + SignedDuration::from_hours(24);
    newest.sort_by_key(|entry| std::cmp::Reverse(entry.published.filter(believed)));
    newest.truncate(SHOWN);
    newest
}

/// Kind and message of a failure, and the feeds that the page names.
type Refused = (FailureKind, String, Vec<String>);

/// A thread that reads bodies within the time that a cycle has for them.
pub fn parsers() -> Result<ParsePool, Error> {
    ParsePool::start(1).map_err(|error| {
        Error::new(Exit::Failure, format!("no thread can be started: {error}"), "stop other programs")
    })
}

/// The entries of a body.
async fn read_body(
    parsers: &ParsePool,
    body: Bytes,
    content_type: Option<String>,
    url: Url,
    format: SourceFormat,
    now: Timestamp,
) -> Result<Feed, Refused> {
    let (length, of_source) = (body.len(), format.clone());
    let read = parsers.read_source(&of_source, length, move || {
        let document = Document { bytes: &body, content_type: content_type.as_deref(), url: &url, now };
        feed::read(&document, &format)
    });
    match read.await {
        Ok(Ok(feed)) => Ok(feed),
        Ok(Err(error)) => {
            let (kind, sentence) = (error.kind(), error.to_string());
            let alternates =
                if let FeedError::NotAFeed { alternates, .. } = error { alternates } else { Vec::new() };
            Err((kind, sentence, alternates))
        }
        Err((kind, sentence)) => Err((kind, sentence, Vec::new())),
    }
}

fn headline(entry: &Entry) -> Headline<'_> {
    Headline { title: &entry.title, summary: &entry.summary, categories: &entry.categories, cut_short: false }
}

impl Checked {
    /// Of a check that took `ms` and has found nothing so far.
    fn new(url: &str, ms: u128) -> Self {
        Self { schema: 1, url: url.to_owned(), final_url: url.to_owned(), ms, ..Self::default() }
    }

    fn describe(&mut self, feed: &Feed, now: Timestamp) {
        self.ok = true;
        self.faulty_lines = feed.faulty.count;
        self.first_fault = Some(feed.faulty.first.clone()).filter(|first| !first.is_empty());
        self.title.clone_from(&feed.title);
        self.entries = feed.entries.len();
        self.dated = feed.entries.iter().filter(|entry| entry.published.is_some()).count();
        self.repairs = feed.repairs.iter().map(|repair| (*repair).into()).collect();
        self.newest = newest(&feed.entries, now).into_iter().map(|entry| entry.title.clone()).collect();
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let status = match self.status {
            Some(status) => status.to_string(),
            None if self.is_program => "program".to_owned(),
            None => "no status".to_owned(),
        };
        let _ = writeln!(text, "{}  {status}, {} ms", plain(&self.url), self.ms);
        if self.final_url != self.url {
            let kind = if self.moved_to.is_some() { "for good" } else { "for now" };
            let _ = writeln!(text, "  leads {kind} to {}", plain(&self.final_url));
        }
        if let Some(sentence) = &self.sentence {
            let _ = writeln!(text, "  {}", plain(sentence));
        }
        for alternate in &self.alternates {
            let _ = writeln!(text, "  the page names a feed: {}", plain(alternate));
        }
        if self.ok {
            let polite = match (self.is_program, self.conditional) {
                (true, _) => "",
                (false, true) => "; supports ETag/Last-Modified",
                (false, false) => "; no ETag or Last-Modified",
            };
            let _ = writeln!(
                text,
                "  {:?}: {}, {} dated, {} may be {}{polite}",
                plain(&self.title),
                plural(self.entries, "entry", "entries"),
                self.dated,
                self.candidates,
                if self.candidates == 1 { "a launch" } else { "launches" },
            );
            if !self.repairs.is_empty() {
                let _ = writeln!(text, "  had to be repaired: {}", self.repairs.join(", "));
            }
            if let Some(first) = &self.first_fault {
                let lines = plural(self.faulty_lines as usize, "wrong line", "wrong lines");
                let _ = writeln!(text, "  {lines}: {}", plain(first));
            }
            for title in &self.newest {
                let _ = writeln!(text, "  - {}", plain(title));
            }
        }
        text
    }
}
