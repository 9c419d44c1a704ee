//! `tge-scrape feed verify`: asks every known source once.

use std::{collections::HashSet, path::PathBuf, sync::Arc};

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    clock::{Clock, SystemClock},
    config::{self, BuiltInList, Settings, presets},
    cycle::is_degraded,
    error::Error,
    exit::Exit,
    http::Client,
    model::{Source, SourceFormat, stamp},
    render::{self, Column, plain},
    text::quantity::plural,
    visit::ParsePool,
    wiring,
};

use super::{
    super::{Format, Globals, files, output::Output, print_rows, stop::stop_signal},
    imported::settings_with_imported,
    sources::{ask, parsers},
};

/// Sources that are asked at the same time; each host gets its requests one by one.
const AT_ONCE: usize = 32;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Presets (medium:NAME) or feeds to ask; without any all presets and built-in feeds
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// File to write: Markdown, or JSON with --format json
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Exit with code 4 if any source fails
    #[arg(long)]
    strict: bool,
}

/// A source that was asked (docs/reference/presets.md#feed-verify).
#[derive(Debug, Clone, Serialize)]
pub struct Verified {
    /// `preset:NAME`, or the name of the feed.
    pub source: String,
    url: String,
    kind: &'static str,
    /// How well a preset's shape is known.
    shape: Option<&'static str>,
    /// Whether it answered in its shape; the list may be empty.
    pub ok: bool,
    status: Option<u16>,
    entries: usize,
    dated: usize,
    #[serde(serialize_with = "crate::model::stamp::option::serialize")]
    newest: Option<Timestamp>,
    failure: Option<String>,
    /// Why it is not ok.
    pub sentence: Option<String>,
    ms: u128,
}

impl Verified {
    /// Whether it is a preset.
    pub fn is_preset(&self) -> bool {
        self.shape.is_some()
    }

    fn answer(&self) -> &'static str {
        match (self.ok, self.entries) {
            (true, 0) => "empty",
            (true, _) => "ok",
            (false, _) => "failed",
        }
    }
}

const COLUMNS: [Column<Verified>; 8] = [
    ("source", |row| plain(&row.source)),
    ("kind", |row| row.kind.to_owned()),
    ("answer", |row| row.answer().to_owned()),
    ("entries", |row| row.entries.to_string()),
    ("dated", |row| row.dated.to_string()),
    ("newest", |row| row.newest.map_or_else(String::new, day)),
    ("why", |row| row.sentence.as_deref().map_or_else(String::new, plain)),
    ("url", |row| plain(&row.url)),
];

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// A source to ask, with the name under which it is listed.
pub struct Asked {
    name: String,
    shape: Option<&'static str>,
    source: Arc<Source>,
}

/// The presets, those with an argument for their example.
pub fn preset_sources() -> Vec<Asked> {
    presets::examples().into_iter().map(of_preset).collect()
}

fn of_preset(chosen: presets::Chosen) -> Asked {
    let name = format!("preset:{}", chosen.spec());
    Asked { name, shape: Some(chosen.preset.shape.into()), source: chosen.source }
}

/// The feeds of `settings`, programs left out.
pub fn feeds(settings: &Settings) -> Vec<Asked> {
    let feed =
        |source: &Arc<Source>| Asked { name: source.name.clone(), shape: None, source: Arc::clone(source) };
    settings.sources.iter().filter(|source| !source.is_program()).map(feed).collect()
}

/// Asks all of them once, within the limits of the settings; an address that is listed twice only once. `None` where the
/// process was asked to stop: the exit code.
pub fn ask_all(settings: &Settings, sources: Vec<Asked>) -> Result<Result<Vec<Verified>, Exit>, Error> {
    let (client, parsers) = (wiring::client(settings)?, parsers()?);
    let mut known = HashSet::new();
    let identity =
        |asked: &Asked| (BuiltInList::Feeds.identity(&asked.source.url), asked.source.format.clone());
    let sources: Vec<Asked> = sources
        .into_iter()
        .filter(|asked| {
            let (address, format) = identity(asked);
            known.insert((address, matches!(format, SourceFormat::Json(_))))
        })
        .collect();
    let runtime = wiring::small_runtime()?;
    runtime.block_on(async {
        let stop = stop_signal();
        let answers = stream::iter(sources.iter().map(|asked| verify(&client, &parsers, asked)))
            .buffered(AT_ONCE)
            .collect::<Vec<Verified>>();
        tokio::select! {
            rows = answers => Ok(Ok(rows)),
            stop = stop => Ok(Err(stop.exit())),
        }
    })
}

async fn verify(client: &Client, parsers: &ParsePool, asked: &Asked) -> Verified {
    let source = &asked.source;
    let answer = ask(client, parsers, source, SystemClock.now()).await;
    let newest = answer
        .feed
        .as_ref()
        .and_then(|feed| feed.entries.iter().filter_map(|entry| entry.published.or(entry.updated)).max());
    let checked = answer.checked;
    Verified {
        source: asked.name.clone(),
        url: source.url.clone(),
        kind: kind(&source.format),
        shape: asked.shape,
        ok: checked.ok,
        status: checked.status,
        entries: checked.entries,
        dated: checked.dated,
        newest,
        failure: checked.failure,
        sentence: checked.sentence,
        ms: checked.ms,
    }
}

pub fn kind(format: &SourceFormat) -> &'static str {
    match format {
        SourceFormat::Feed => "feed",
        SourceFormat::Json(_) => "json",
        SourceFormat::Page(_) => "page",
        SourceFormat::Sitemap => "sitemap",
        SourceFormat::Exec(_) => "exec",
    }
}

/// Asks the sources and shows which answered.
pub fn run(args: &Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = settings_with_imported(globals)?;
    let sources = chosen(args, &settings)?;
    if !globals.quiet {
        output.note(&format!("asking {}, each once", plural(sources.len(), "source", "sources")));
    }
    let rows = match ask_all(&settings, sources)? {
        Ok(rows) => rows,
        Err(exit) => return Ok(exit),
    };
    let now = SystemClock.now();
    if let Some(path) = &args.output {
        let is_json = matches!(globals.format, Some(Format::Json | Format::Ndjson));
        let text = if is_json { json(&rows, now) } else { markdown(&rows, now) };
        files::write(path, text.as_bytes(), files::Kind::Output).map_err(|error| {
            let message = format!("{} cannot be written: {error}", path.display());
            Error::new(Exit::Failure, message, "name another file with --output")
        })?;
        output.print(&format!("{}\nwritten to {}\n", summary(&rows), path.display()))?;
    } else {
        match globals.format {
            Some(Format::Markdown) => output.print(&markdown(&rows, now))?,
            Some(Format::Json) => output.print(&json(&rows, now))?,
            Some(Format::Ndjson | Format::Csv) => {
                print_rows(&rows, "sources", &COLUMNS, globals, output)?;
            }
            _ => {
                let table = render::rows_table(&COLUMNS, &rows, output.style());
                output.print(&format!("{table}{}\n", summary(&rows)))?;
            }
        }
    }
    let failed = rows.iter().filter(|row| !row.ok).count() as u64;
    let is_bad = is_degraded(failed, rows.len() as u64, settings.cycle.max_failed_ratio);
    Ok(if is_bad || (args.strict && failed > 0) { Exit::Degraded } else { Exit::Success })
}

/// What the arguments name: presets, built-in feeds and those of the settings.
fn chosen(args: &Args, settings: &Settings) -> Result<Vec<Asked>, Error> {
    let built_in = config::from_text(config::STARTER, &settings.state_dir)?;
    if args.names.is_empty() {
        return Ok(preset_sources().into_iter().chain(feeds(&built_in)).collect());
    }
    let one = |name: &String| {
        let feeds = settings.sources.iter().chain(&built_in.sources).filter(|source| !source.is_program());
        let feed = feeds.clone().find(|source| source.name.eq_ignore_ascii_case(name) || source.url == *name);
        if let Some(source) = feed {
            return Ok(Asked { name: source.name.clone(), shape: None, source: Arc::clone(source) });
        }
        let spec = name.strip_prefix("preset:").unwrap_or(name);
        presets::find(spec).map(of_preset).map_err(|message| {
            let message = format!("there is no feed {:?}, and {message}", plain(name));
            Error::new(Exit::Usage, message, "`feed list` shows the feeds, `feed add preset:` the presets")
        })
    };
    args.names.iter().map(one).collect()
}

fn json(rows: &[Verified], now: Timestamp) -> String {
    render::json(&serde_json::json!({
        "schema": 1,
        "asked_at": stamp::text(now),
        "sources": rows,
    }))
}

/// "112 of 138 sources answered with entries, 3 with an empty list".
pub fn summary(rows: &[Verified]) -> String {
    let filled = rows.iter().filter(|row| row.ok && row.entries > 0).count();
    let empty = rows.iter().filter(|row| row.ok && row.entries == 0).count();
    let empty = if empty > 0 { format!(", {empty} with an empty list") } else { String::new() };
    format!("{filled} of {} answered with entries{empty}", plural(rows.len(), "source", "sources"))
}

/// A page for the documentation: those that answered, then the others.
fn markdown(rows: &[Verified], now: Timestamp) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut text = format!(
        "# Sources that answer\n\nAsked on {} with `tge-scrape feed verify`, version {version}: {}.\n",
        day(now),
        summary(rows)
    );
    let cell = |text: &str| plain(text).replace('|', "\\|");
    let (good, bad): (Vec<&Verified>, Vec<&Verified>) = rows.iter().partition(|row| row.ok);
    if !good.is_empty() {
        text.push_str(
            "\n| source | address | kind | entries | with time | newest |\n|---|---|---|--:|--:|---|\n",
        );
        for row in good {
            text.push_str(&format!(
                "| {} | {} | {} | {} | {} | {} |\n",
                cell(&row.source),
                cell(&row.url),
                row.kind,
                row.entries,
                row.dated,
                row.newest.map_or_else(String::new, day)
            ));
        }
    }
    if !bad.is_empty() {
        text.push_str("\n| source | address | kind | why it failed |\n|---|---|---|---|\n");
        for row in bad {
            let why = row.sentence.as_deref().unwrap_or_default();
            text.push_str(&format!(
                "| {} | {} | {} | {} |\n",
                cell(&row.source),
                cell(&row.url),
                row.kind,
                cell(why)
            ));
        }
    }
    text
}
