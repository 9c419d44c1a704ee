//! `tge-scrape feed list|show`: the feeds and their health.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use clap::ValueEnum;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::{
    clock::{Clock, SystemClock},
    config::{BuiltInList, Settings},
    error::Error,
    exit::Exit,
    http::Failure,
    model::{FailureKind, Source, SourceFormat, SourceState, event_date::day_of, stamp},
    render::{
        self, Column,
        feeds::{self, FeedRow, FeedState},
        format::rough,
        listing::{self, Listing},
        plain,
        times::Times,
    },
    store::{Access, EventFilter, Store},
    wiring,
};

use super::{
    super::{Format, Globals, output::Output},
    imported::{self, settings_with_imported},
};

/// Last cycles that are shown for each feed.
const CYCLES: usize = 8;
/// Newest stories that `feed show` prints.
const STORIES: usize = 5;

#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Only feeds that fail or were removed by their publisher
    #[arg(long)]
    failing: bool,
    /// Order
    #[arg(long, value_name = "ORDER", default_value = "problem")]
    sort: Sort,
    /// Whole addresses, on a narrow terminal too
    #[arg(long)]
    urls: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Sort {
    /// Failing first, then those with the most launches
    Problem,
    /// By name
    Name,
    /// Last new entry first
    New,
    /// Most launches first
    Launches,
}

/// One feed with its health, for programs.
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
    #[serde(serialize_with = "stamp::option::serialize")]
    last_success: Option<Timestamp>,
    #[serde(serialize_with = "stamp::option::serialize")]
    last_new: Option<Timestamp>,
    #[serde(serialize_with = "stamp::option::serialize")]
    next: Option<Timestamp>,
    /// Time between its last request and the next, seconds, where nothing is wrong with it.
    every_s: Option<i64>,
    entries: u64,
    candidates: u64,
    detections: u64,
    moved_to: Option<String>,
    /// Of a feed with mirrors: the address that answered last.
    answered_by: Option<String>,
    /// Where it is listed: `settings`, `built-in` or `database`.
    origin: &'static str,
}

const CSV: [Column<Line>; 13] = [
    ("url", |line| line.url.clone()),
    ("name", |line| line.name.clone()),
    ("tier", |line| line.tier.to_string()),
    ("state", |line| line.state.to_owned()),
    ("failure", |line| line.failure.clone().unwrap_or_default()),
    ("failures", |line| line.failures.to_string()),
    ("entries", |line| line.entries.to_string()),
    ("candidates", |line| line.candidates.to_string()),
    ("detections", |line| line.detections.to_string()),
    ("last_new", |line| line.last_new.map(stamp::text).unwrap_or_default()),
    ("next", |line| line.next.map(stamp::text).unwrap_or_default()),
    ("every_s", |line| line.every_s.map(|seconds| seconds.to_string()).unwrap_or_default()),
    ("origin", |line| line.origin.to_owned()),
];

/// What to do about a failure that a setting decides.
pub fn hint(failure: Option<&FailureKind>, settings: &Settings) -> Option<String> {
    let setting = Some("http.feed_body_limit");
    let too_large = Failure::TooLarge { limit: settings.http.feed_body_limit, setting };
    (failure == Some(&too_large.kind())).then(|| too_large.to_string())
}

/// A failure in words, with the time limit of the settings.
fn in_words(kind: &FailureKind, settings: &Settings) -> String {
    let limit = match kind {
        FailureKind::IdleTimeout => ("no data for", settings.http.idle_timeout),
        FailureKind::TotalTimeout => ("no complete response in", settings.http.total_timeout),
        _ => return kind.in_words(),
    };
    format!("{} {}", limit.0, rough(SignedDuration::try_from(limit.1).unwrap_or(SignedDuration::MAX)))
}

fn state_of(state: &SourceState) -> FeedState {
    match state {
        state if state.gone_at.is_some() => FeedState::Gone,
        state if state.failures > 0 => FeedState::Failing,
        state if state.checked_at.is_none() => FeedState::New,
        state if state.repaired => FeedState::Repaired,
        _ => FeedState::Ok,
    }
}

/// The feeds of the settings with their stored state, and the outcome of the last cycles.
struct Feeds {
    rows: Vec<FeedRow>,
    lines: Vec<Line>,
    last_cycle: Option<Timestamp>,
}

impl Feeds {
    fn load(settings: &Settings) -> Result<Self, Error> {
        let (mut states, mut cycles, mut last_cycle) = (HashMap::new(), BTreeMap::new(), None);
        let mut numbers: Vec<i64> = Vec::new();
        if Store::exists(&settings.state_dir) {
            let store = Store::open(&settings.state_dir, Access::Read)?;
            let runtime = wiring::small_runtime()?;
            states = runtime
                .block_on(store.sources())?
                .into_iter()
                .map(|state| (state.url.clone(), state))
                .collect();
            let newest = runtime.block_on(store.cycles(CYCLES))?;
            last_cycle = newest.first().map(|cycle| cycle.started_at);
            numbers = newest.iter().rev().map(|cycle| cycle.id).collect();
            for line in runtime.block_on(store.source_lines(numbers.first().copied().unwrap_or_default()))? {
                cycles.insert((line.url, line.cycle), line.failure.is_some());
            }
        }
        let listed = settings.listed(BuiltInList::Feeds);
        let imported = imported::addresses(settings);
        let built_in: HashSet<&str> =
            listed.iter().filter(|table| table.built_in).map(|table| table.key.as_str()).collect();
        let origin = |url: &str| match url {
            url if imported.contains(url) => "database",
            url if built_in.contains(url) => "built-in",
            _ => "settings",
        };
        let (mut rows, mut lines) = (Vec::new(), Vec::new());
        for source in &settings.sources {
            let state = states.remove(&source.url).unwrap_or_default();
            let mut row = row_of(source, &state, settings);
            row.cycles = numbers.iter().map(|id| cycles.get(&(source.url.clone(), *id)).copied()).collect();
            lines.push(line_of(&row, &state, origin(&source.url)));
            rows.push(row);
        }
        let disabled = listed.iter().filter(|listed| !listed.enabled).map(|listed| {
            let name = if listed.name.is_empty() { &listed.key } else { &listed.name };
            Arc::new(Source {
                url: listed.key.clone(),
                name: name.clone(),
                format: SourceFormat::Feed,
                tier: 2,
                tags: Vec::new(),
                also: Vec::new(),
                headers: Vec::new(),
                every: None,
            })
        });
        let not_read = settings.imported.iter().filter(|feed| !feed.enabled);
        for source in disabled.chain(not_read.map(|feed| Arc::clone(&feed.source))) {
            let state = states.remove(&source.url).unwrap_or_default();
            let row = FeedRow { state: FeedState::Disabled, ..row_of(&source, &state, settings) };
            lines.push(line_of(&row, &state, origin(&source.url)));
            rows.push(row);
        }
        Ok(Self { rows, lines, last_cycle })
    }
}

fn row_of(source: &Source, state: &SourceState, settings: &Settings) -> FeedRow {
    let well = state.failures == 0 && state.gone_at.is_none();
    let every = state.due_at.zip(state.checked_at).filter(|_| well);
    FeedRow {
        name: source.name.clone(),
        url: source.url.clone(),
        state: state_of(state),
        problem: state.last_failure.as_ref().map(|kind| in_words(kind, settings)),
        hint: hint(state.last_failure.as_ref(), settings),
        failures: state.failures,
        // A move is reported when three runs have seen it (docs/reference/http.md#redirects).
        moved_to: state.moved_to.clone().filter(|_| state.moved_seen >= 3),
        answered_by: state.answered_by().map(|address| address.url.clone()),
        cycles: Vec::new(),
        tier: source.tier,
        tags: source.tags.clone(),
        every_s: every.map(|(due, checked)| due.duration_since(checked).as_secs()),
        last_success: state.succeeded_at,
        last_new: state.changed_at,
        next: state.not_before.max(state.due_at),
        entries: state.entries_total,
        launches: state.detections_total,
    }
}

fn line_of(row: &FeedRow, state: &SourceState, origin: &'static str) -> Line {
    Line {
        url: row.url.clone(),
        name: row.name.clone(),
        tier: row.tier,
        tags: row.tags.clone(),
        state: row.state.as_str(),
        failure: state.last_failure.as_ref().map(ToString::to_string),
        hint: row.hint.clone(),
        failures: row.failures,
        last_success: row.last_success,
        last_new: row.last_new,
        next: row.next,
        every_s: row.every_s,
        entries: row.entries,
        candidates: state.candidates_total,
        detections: row.launches,
        moved_to: row.moved_to.clone(),
        answered_by: row.answered_by.clone(),
        origin,
    }
}

/// Prints every feed with its health.
pub fn list(args: &ListArgs, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = settings_with_imported(globals)?;
    let mut found = Feeds::load(&settings)?;
    // Programs get the feeds that are read, as before.
    found.lines.retain(|line| line.state != FeedState::Disabled.as_str());
    let is_shown = |state: &str| !args.failing || ["failing", "gone"].contains(&state);
    found.lines.retain(|line| is_shown(line.state));
    match globals.format {
        Some(Format::Json) => {
            output.print(&render::json(&serde_json::json!({ "schema": 1, "feeds": found.lines })))?;
        }
        Some(Format::Ndjson) => output.print(&found.lines.iter().map(render::json).collect::<String>())?,
        Some(Format::Csv) => output.print(&render::csv(&CSV, &found.lines))?,
        _ => {
            let times = output.times(SystemClock.now(), globals.utc);
            output.page(&text(found, args, &times, output.style()))?;
            output
                .next("tge-scrape feed show NAME   tge-scrape feed check URL   tge-scrape feed disable NAME");
        }
    }
    Ok(Exit::Success)
}

fn text(found: Feeds, args: &ListArgs, times: &Times, style: render::Style) -> String {
    let mut text = feeds::sentence(&found.rows);
    if let Some(at) = found.last_cycle {
        text.push_str(&if times.is_relative() {
            format!("; last cycle {} ago", times.short(at))
        } else {
            format!("; last cycle {} UTC", times.minute(at))
        });
    }
    text.push('\n');
    let mut rows = found.rows;
    rows.retain(|row| !args.failing || row.state.is_bad());
    match args.sort {
        Sort::Problem => rows.sort_by_key(|row| {
            let rank = if row.state.is_bad() { Reverse(row.state) } else { Reverse(FeedState::Ok) };
            (row.state == FeedState::Disabled, rank, Reverse(row.launches))
        }),
        Sort::Name => rows.sort_by_key(|row| row.name.to_lowercase()),
        Sort::New => rows.sort_by_key(|row| Reverse(row.last_new)),
        Sort::Launches => rows.sort_by_key(|row| Reverse(row.launches)),
    }
    if !rows.is_empty() {
        text.push_str(&feeds::table(&rows, args.urls, times, style));
    }
    for row in &rows {
        if let Some(hint) = &row.hint {
            text.push_str(&format!("{}: {}\n", plain(&row.name), plain(hint)));
        }
        if let Some(to) = &row.moved_to {
            text.push_str(&format!("{} has moved for good to {}\n", plain(&row.name), plain(to)));
        }
    }
    text
}

/// Prints one feed in full, with its newest stories.
pub fn show(wanted: &str, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = settings_with_imported(globals)?;
    let found = Feeds::load(&settings)?;
    let at = position(&found.rows, wanted)?;
    let (row, line) = (&found.rows[at], &found.lines[at]);
    let times = output.times(SystemClock.now(), globals.utc);
    let stories = if Store::exists(&settings.state_dir) {
        let store = Store::open(&settings.state_dir, Access::Read)?;
        let filter = EventFilter {
            sources: vec![row.name.clone()],
            today: Some(day_of(times.now)),
            limit: STORIES,
            ..EventFilter::default()
        };
        wiring::small_runtime()?.block_on(store.events(filter))?
    } else {
        Vec::new()
    };
    if matches!(globals.format, Some(Format::Json | Format::Ndjson)) {
        output.print(&render::json(&serde_json::json!({ "schema": 1, "feed": line })))?;
        return Ok(Exit::Success);
    }
    let style = output.style();
    let mut text = feeds::show(row, &times, style);
    if !stories.is_empty() {
        text.push_str(&format!("\n{}", listing::table(&stories, &Listing::new(style, &times))));
    }
    output.page(&text)?;
    output.next(&format!("tge-scrape feed check {}   tge-scrape feed disable {:?}", row.url, row.name));
    Ok(Exit::Success)
}

/// The feed with that address or name, or the only one whose name contains it.
fn position(rows: &[FeedRow], wanted: &str) -> Result<usize, Error> {
    let lower = wanted.to_lowercase();
    let exact = rows.iter().position(|row| row.url == wanted || row.name.to_lowercase() == lower);
    let parts = || rows.iter().enumerate().filter(|(_, row)| row.name.to_lowercase().contains(&lower));
    match (exact, parts().count()) {
        (Some(at), _) => Ok(at),
        (None, 1) => Ok(parts().map(|(at, _)| at).sum()),
        (None, 0) => {
            let message = format!("there is no feed {:?}", plain(wanted));
            Err(Error::new(Exit::Usage, message, "`tge-scrape feed list` shows names and addresses"))
        }
        (None, number) => {
            let names: Vec<String> = parts().take(5).map(|(_, row)| plain(&row.name)).collect();
            let message =
                format!("{number} feeds have {:?} in their names: {}", plain(wanted), names.join(", "));
            Err(Error::new(Exit::Usage, message, "give the whole name"))
        }
    }
}
