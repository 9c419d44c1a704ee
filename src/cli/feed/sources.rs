//! `tge-scrape feed list|check`: the sources and their health.

use std::{collections::HashMap, fmt::Write as _};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use url::Url;

use crate::{
    clock::{Clock, SystemClock},
    config::{Settings, edit::feed_url},
    detect::{Early, Headline},
    error::Error,
    exit::Exit,
    feed::{self, Document},
    http::{Failure, Outcome, Purpose, Request},
    model::{Entry, FailureKind, Source, SourceFormat, SourceState},
    render::{
        self, Column,
        format::{minute, rough},
        plain,
    },
    store::{Access, Store},
    wiring,
};

use super::super::{Format, Globals, output::Output, request, settings};

/// Newest entries that `feed check` shows.
const SHOWN: usize = 5;

/// One source with its health.
#[derive(Debug, Serialize)]
struct Line {
    url: String,
    name: String,
    tier: u8,
    tags: Vec<String>,
    state: &'static str,
    failure: Option<String>,
    /// What to do about the failure, where the settings can help.
    hint: Option<String>,
    failures: u32,
    #[serde(serialize_with = "crate::model::stamp::option::serialize")]
    last_success: Option<Timestamp>,
    #[serde(serialize_with = "crate::model::stamp::option::serialize")]
    last_new: Option<Timestamp>,
    #[serde(serialize_with = "crate::model::stamp::option::serialize")]
    next: Option<Timestamp>,
    /// Time between its last request and the next, seconds, where nothing is wrong with it.
    every_s: Option<i64>,
    entries: u64,
    candidates: u64,
    detections: u64,
    moved_to: Option<String>,
}

/// What to do about a failure that a setting decides.
pub fn hint(failure: Option<&FailureKind>, settings: &Settings) -> Option<String> {
    let setting = Some("http.feed_body_limit");
    let too_large = Failure::TooLarge { limit: settings.http.feed_body_limit, setting };
    (failure == Some(&too_large.kind())).then(|| too_large.to_string())
}

fn line(source: &Source, state: Option<SourceState>, settings: &Settings) -> Line {
    let state = state.unwrap_or_default();
    let well = state.failures == 0 && state.gone_at.is_none();
    let every = state.due_at.zip(state.checked_at).filter(|_| well);
    Line {
        every_s: every.map(|(due, checked)| due.duration_since(checked).as_secs()),
        url: source.url.clone(),
        name: source.name.clone(),
        tier: source.tier,
        tags: source.tags.clone(),
        state: match &state {
            state if state.gone_at.is_some() => "gone",
            state if state.failures > 0 => "failing",
            state if state.checked_at.is_none() => "new",
            state if state.repaired => "repaired",
            _ => "ok",
        },
        hint: hint(state.last_failure.as_ref(), settings),
        failure: state.last_failure.map(|kind| kind.to_string()),
        failures: state.failures,
        last_success: state.succeeded_at,
        last_new: state.changed_at,
        next: state.not_before.max(state.due_at),
        entries: state.entries_total,
        candidates: state.candidates_total,
        detections: state.detections_total,
        // A move is reported when three runs have seen it (docs/reference/http.md#redirects).
        moved_to: state.moved_to.filter(|_| state.moved_seen >= 3),
    }
}

/// Prints every source with its health.
pub fn list(globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = settings(globals)?;
    let states = if Store::exists(&settings.state_dir) {
        let store = Store::open(&settings.state_dir, Access::Read)?;
        wiring::small_runtime()?.block_on(store.sources())?
    } else {
        Vec::new()
    };
    let mut states: HashMap<String, SourceState> =
        states.into_iter().map(|state| (state.url.clone(), state)).collect();
    let lines: Vec<Line> =
        settings.sources.iter().map(|source| line(source, states.remove(&source.url), &settings)).collect();
    output.print(&match globals.format {
        Some(Format::Json) => render::json(&serde_json::json!({ "schema": 1, "feeds": lines })),
        Some(Format::Ndjson) => lines.iter().map(render::json).collect(),
        Some(Format::Csv) => render::csv(&CSV, &lines),
        _ => {
            let mut text = render::rows_table(&TABLE, &lines, output.style());
            for line in &lines {
                if let Some(hint) = &line.hint {
                    let _ = writeln!(text, "{}: {hint}", plain(&line.name));
                }
            }
            for line in lines.iter().filter(|line| line.moved_to.is_some()) {
                let to = line.moved_to.as_deref().unwrap_or_default();
                let _ = writeln!(text, "{} has moved for good to {}", plain(&line.name), plain(to));
            }
            text
        }
    })?;
    Ok(Exit::Success)
}

const CSV: [Column<Line>; 9] = [
    ("url", |line| line.url.clone()),
    ("name", |line| line.name.clone()),
    ("tier", |line| line.tier.to_string()),
    ("state", |line| line.state.to_owned()),
    ("failure", |line| line.failure.clone().unwrap_or_default()),
    ("failures", |line| line.failures.to_string()),
    ("entries", |line| line.entries.to_string()),
    ("candidates", |line| line.candidates.to_string()),
    ("detections", |line| line.detections.to_string()),
];

const TABLE: [Column<Line>; 8] = [
    ("name", |line| plain(&line.name)),
    ("tier", |line| line.tier.to_string()),
    ("state", state),
    ("asked every", |line| {
        line.every_s.map(|seconds| rough(SignedDuration::from_secs(seconds))).unwrap_or_default()
    }),
    ("last new", |line| line.last_new.map(minute).unwrap_or_default()),
    ("entries", |line| line.entries.to_string()),
    ("detections", |line| line.detections.to_string()),
    ("address", |line| plain(&line.url)),
];

fn state(line: &Line) -> String {
    match &line.failure {
        Some(failure) => format!("{} ({failure}, {} in a row)", line.state, line.failures),
        None => line.state.to_owned(),
    }
}

/// The result of one fetch of a feed.
#[derive(Debug, Serialize)]
pub struct Checked {
    schema: u32,
    pub url: String,
    pub ok: bool,
    failure: Option<String>,
    pub sentence: Option<String>,
    status: Option<u16>,
    final_url: String,
    moved_to: Option<String>,
    conditional: bool,
    pub title: String,
    entries: usize,
    dated: usize,
    candidates: usize,
    repairs: Vec<&'static str>,
    pub alternates: Vec<String>,
    newest: Vec<String>,
    ms: u128,
}

/// Fetches `address` once, without reading or writing state; exit code 1 if it is no feed.
pub fn check(address: &str, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = settings(globals)?;
    let checked = probe(&settings, &web_address(address)?)?;
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
    let known = settings.sources.iter().find(|source| source.url == url.as_str());
    let headers = known.map(|source| source.headers.clone()).unwrap_or_default();
    let request = Request { headers, ..request(url.clone(), Purpose::Feed) };
    let client = wiring::client(settings)?;
    let now = SystemClock.now();
    let answer = wiring::runtime()?.block_on(client.fetch(request, now));
    let mut checked = Checked {
        schema: 1,
        url: url.to_string(),
        ok: false,
        failure: None,
        sentence: None,
        status: answer.stats.status,
        final_url: answer.stats.final_url.to_string(),
        moved_to: answer.stats.permanent_url.as_ref().map(ToString::to_string),
        conditional: false,
        title: String::new(),
        entries: 0,
        dated: 0,
        candidates: 0,
        repairs: Vec::new(),
        alternates: Vec::new(),
        newest: Vec::new(),
        ms: answer.stats.elapsed.as_millis(),
    };
    match answer.outcome {
        Outcome::Fetched { body, headers } => {
            checked.conditional = !headers.validators.is_empty();
            let content_type = headers.content_type.as_deref();
            let document = Document { bytes: &body, content_type, url: &answer.stats.final_url };
            let format = known.map_or(SourceFormat::Feed, |source| source.format.clone());
            match feed::read(&document, &format) {
                Ok(feed) => {
                    let rules = wiring::rules(settings);
                    checked.ok = true;
                    checked.candidates = feed
                        .entries
                        .iter()
                        .filter(|entry| rules.early(&headline(entry)) == Early::Candidate)
                        .count();
                    checked.describe(feed, now);
                }
                Err(error) => {
                    checked.failure = Some(error.kind().to_string());
                    checked.sentence = Some(error.to_string());
                    if let feed::FeedError::NotAFeed { alternates, .. } = error {
                        checked.alternates = alternates;
                    }
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
    Ok(checked)
}

fn headline(entry: &Entry) -> Headline<'_> {
    Headline { title: &entry.title, summary: &entry.summary, categories: &entry.categories, cut_short: false }
}

impl Checked {
    fn describe(&mut self, feed: feed::Feed, now: Timestamp) {
        self.title = feed.title;
        self.entries = feed.entries.len();
        self.dated = feed.entries.iter().filter(|entry| entry.published.is_some()).count();
        self.repairs = feed.repairs.into_iter().map(Into::into).collect();
        let mut newest: Vec<&Entry> = feed.entries.iter().collect();
        // A date more than a day ahead does not count (docs/reference/feeds.md#dates).
        let believed = |at: &Timestamp| *at <= now + SignedDuration::from_hours(24);
        newest.sort_by_key(|entry| std::cmp::Reverse(entry.published.filter(believed)));
        self.newest = newest.into_iter().take(SHOWN).map(|entry| entry.title.clone()).collect();
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let status = self.status.map_or_else(|| "no status".to_owned(), |status| status.to_string());
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
            let polite =
                if self.conditional { "answers conditional requests" } else { "sends no validators" };
            let _ = writeln!(
                text,
                "  {:?}: {} entries, {} dated, {} candidates; {polite}",
                plain(&self.title),
                self.entries,
                self.dated,
                self.candidates
            );
            if !self.repairs.is_empty() {
                let _ = writeln!(text, "  had to be repaired: {}", self.repairs.join(", "));
            }
            for title in &self.newest {
                let _ = writeln!(text, "  - {}", plain(title));
            }
        }
        text
    }
}
