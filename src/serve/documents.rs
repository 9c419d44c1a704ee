//! The documents of the server, read from the database.

use axum::http::StatusCode;
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

use super::{answer::Document, query::Query};
use crate::{
    cli::{
        board,
        events::detections,
        history::{History, Sources},
        lookup, metrics, outputs,
        project::{self, ProjectView},
        show, stats,
    },
    config::Settings,
    error::Error,
    exit::Exit,
    figures::{CycleReport, report::Schema, sources::SourceView},
    model::{DetectionView, event_date::day_of},
    render::{
        self,
        board::Renewal,
        calendar,
        history::{self, Surroundings},
        prometheus::Metric,
        syndication,
        times::Times,
    },
    store::{EventFilter, Order, Store, StoryRow},
};

/// Cycles of `/api/v1/stats` and `/metrics`.
const CYCLES: usize = 50;

/// Why there is no document.
#[derive(Debug)]
pub enum Missing {
    /// The request asks for something that is not there, or asks wrongly.
    Request(StatusCode, String),
    /// The database cannot be read now.
    Failed(Error),
}

impl From<Error> for Missing {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<crate::store::StoreError> for Missing {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// A page of stories, the last heard of first.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StoryPage<'a> {
    schema: Schema,
    detections: Vec<DetectionView<'a>>,
    /// The cursor of the next page; null on the last one.
    next: Option<String>,
}

/// The watch list.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ProjectList<'a> {
    schema: Schema,
    projects: Vec<ProjectView<'a>>,
}

/// A project of the watch list with its newest stories.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "ProjectStories"))]
pub struct ProjectDocument<'a> {
    schema: Schema,
    project: ProjectView<'a>,
    detections: Vec<DetectionView<'a>>,
}

/// All sources.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SourceList<'a> {
    schema: Schema,
    sources: &'a [SourceView],
}

/// Reports of cycles, newest first.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CycleList<'a> {
    schema: Schema,
    cycles: &'a [CycleReport],
}

fn json(document: &impl Serialize) -> Document {
    Document::json(render::json(document))
}

type Result<T> = std::result::Result<T, Missing>;

fn views(rows: &[StoryRow]) -> Vec<DetectionView<'_>> {
    rows.iter().map(|row| DetectionView::from(&row.detection)).collect()
}

/// A page of stories, and the cursor of the next page.
pub async fn stories(store: &Store, query: Query) -> Result<Document> {
    let limit = query.filter.limit;
    let before = query.cursor.as_deref().map(read_cursor).transpose()?;
    // One more shows whether there is a next page.
    let filter = EventFilter { limit: limit + 1, before, ..query.filter };
    let mut rows = store.stories(filter).await?;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().filter(|_| has_more);
    let next = last.map(|row| format!("{}-{}", row.detection.heard_at().as_second(), row.detection.story_id));
    Ok(json(&StoryPage { schema: Schema::default(), detections: views(&rows), next }))
}

fn read_cursor(text: &str) -> Result<(Timestamp, String)> {
    let read = || {
        let (seconds, story) = text.split_once('-')?;
        let at = Timestamp::from_second(seconds.parse().ok()?).ok()?;
        story.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| (at, story.to_owned()))
    };
    read().ok_or_else(|| {
        let message = "cursor: use the value of \"next\" of the page before".to_owned();
        Missing::Request(StatusCode::BAD_REQUEST, message)
    })
}

/// One story with its history, as `show` gives it.
pub async fn story(store: &Store, settings: &Settings, id: &str, now: Timestamp) -> Result<Document> {
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Missing::Request(StatusCode::NOT_FOUND, "an ID has hexadecimal digits only".to_owned()));
    }
    let found = lookup::find(store, id).await.map_err(|error| match error.exit {
        Exit::Usage => Missing::Request(StatusCode::NOT_FOUND, error.message),
        _ => Missing::Failed(error),
    })?;
    let names = show::names(settings);
    let times = Times::relative(now, TimeZone::UTC);
    let around = Surroundings { names: &names, threshold: settings.detect.threshold, times: &times };
    Ok(json(&history::document(&found, around)))
}

/// Dated stories from today on, nearest first.
pub async fn calendar(store: &Store, query: Query, now: Timestamp) -> Result<Document> {
    let filter = EventFilter { order: Order::Date, dated_from: Some(day_of(now)), ..query.filter };
    let rows = store.stories(filter).await?;
    Ok(Document::json(render::events::json(&detections(rows))))
}

pub fn projects(settings: &Settings) -> Document {
    let projects = settings.detect.projects.iter().map(project::view).collect();
    json(&ProjectList { schema: Schema::default(), projects })
}

/// A project of the watch list with its newest stories.
pub async fn project(store: &Store, settings: &Settings, name: &str, query: Query) -> Result<Document> {
    let found = settings.detect.projects.iter().find(|project| project.name.eq_ignore_ascii_case(name));
    let Some(found) = found else {
        let message = format!("no project of the watch list has the name {name:?}");
        return Err(Missing::Request(StatusCode::NOT_FOUND, message));
    };
    let filter = EventFilter { projects: vec![found.name.clone()], ..query.filter };
    let rows = store.stories(filter).await?;
    let (project, detections) = (project::view(found), views(&rows));
    Ok(json(&ProjectDocument { schema: Schema::default(), project, detections }))
}

async fn history(store: &Store, settings: &Settings, number: usize, now: Timestamp) -> Result<History> {
    Ok(History::load(store, settings, Sources::Views, (Timestamp::UNIX_EPOCH, number), now).await?)
}

pub async fn sources(store: &Store, settings: &Settings, now: Timestamp) -> Result<Document> {
    let history = history(store, settings, CYCLES, now).await?;
    Ok(json(&SourceList { schema: Schema::default(), sources: &history.sources }))
}

/// The reports of the newest cycles, newest first.
pub async fn cycles(store: &Store, settings: &Settings, query: Query, now: Timestamp) -> Result<Document> {
    let history = history(store, settings, query.filter.limit, now).await?;
    Ok(json(&CycleList { schema: Schema::default(), cycles: &history.reports }))
}

/// As `stats --format json`.
pub async fn stats(store: &Store, settings: &Settings, now: Timestamp) -> Result<Document> {
    let history = history(store, settings, CYCLES, now).await?;
    Ok(json(&stats::document(store, settings, &history).await?))
}

/// The stored figures, and those of the server.
pub async fn metrics(
    store: &Store,
    settings: &Settings,
    own: Vec<Metric>,
    now: Timestamp,
) -> Result<Document> {
    let history = history(store, settings, CYCLES, now).await?;
    let mut metrics = metrics::gauges(store, &history).await?;
    metrics.extend(own);
    Ok(Document::new("text/plain; version=0.0.4; charset=utf-8", render::prometheus::text(&metrics)))
}

pub async fn page(store: &Store, settings: &Settings, now: Timestamp) -> Result<Document> {
    let page = board::page(store, settings, now, None, Renewal::Stream).await?;
    Ok(Document::new("text/html; charset=utf-8", page))
}

async fn newest(store: &Store, settings: &Settings, query: Query) -> Result<Vec<StoryRow>> {
    let filter = EventFilter { limit: settings.outputs.entries, ..query.filter };
    Ok(store.stories(filter).await?)
}

pub async fn atom(store: &Store, settings: &Settings, query: Query, now: Timestamp) -> Result<Document> {
    let rows = newest(store, settings, query).await?;
    let text = syndication::atom(&rows, outputs::masthead(settings, None).borrow(), now);
    Ok(Document::new("application/atom+xml", text))
}

pub async fn json_feed(store: &Store, settings: &Settings, query: Query) -> Result<Document> {
    let rows = newest(store, settings, query).await?;
    let text = syndication::json_feed(&rows, outputs::masthead(settings, None).borrow());
    Ok(Document::new("application/feed+json", text))
}

pub async fn ics(store: &Store, settings: &Settings, query: Query, now: Timestamp) -> Result<Document> {
    let filter = EventFilter { since: Some(now - outputs::PAST), limit: usize::MAX, ..query.filter };
    let rows = store.stories(filter).await?;
    let text = calendar::ics(&rows, &settings.outputs.authority);
    Ok(Document::new("text/calendar; charset=utf-8", text))
}
