//! What each path answers, with its parameters.

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

use crate::{
    cli::stats::StatsDocument,
    render::{events::StoryList, history::HistoryDocument, syndication::JsonFeed},
    serve::{app, documents, live, stream},
};

/// What a path answers with status 200.
pub enum Body {
    Json(&'static str, Value),
    /// A text, with what it is.
    Text(&'static str, &'static str),
    /// Events in one of the forms of a stream.
    Events(&'static str, &'static str),
    /// An upgrade to a WebSocket.
    Upgrade,
}

pub struct Operation {
    pub name: &'static str,
    pub summary: &'static str,
    pub parameters: Vec<&'static str>,
    pub body: Body,
}

/// One event of a stream.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
pub enum StreamEvent {
    Place(stream::PlaceEvent),
    Story(live::StoryEvent<'static>),
    Cycle(live::CycleEvent<'static>),
}

/// The operation of GET on `path`, one of [`app::ROUTES`].
pub fn operation(path: &str, schemas: &mut SchemaGenerator) -> Operation {
    fn json<T: JsonSchema>(schemas: &mut SchemaGenerator) -> Body {
        Body::Json("application/json", schemas.subschema_for::<T>().to_value())
    }
    let with = |more: &[&'static str]| [&app::FILTERS[..], &app::TIMES, more].concat();
    let of = |name, summary, parameters: &[&'static str], body| Operation {
        name,
        summary,
        parameters: parameters.to_vec(),
        body,
    };
    let streamed = [&app::FILTERS[..], &["after"]].concat();
    match path {
        "/" => {
            of("page", "The page of `report`, live", &[], Body::Text("text/html; charset=utf-8", "A page"))
        }
        "/api/v1/stories" => of(
            "stories",
            "Stories, the last heard of first",
            &with(&["limit", "cursor"]),
            json::<documents::StoryPage>(schemas),
        ),
        "/api/v1/stories/{id}" => {
            of("story", "One story or entry with its history", &["id"], json::<HistoryDocument>(schemas))
        }
        "/api/v1/calendar" => of(
            "calendar",
            "Dated stories from today on, nearest first",
            &with(&["limit"]),
            json::<StoryList>(schemas),
        ),
        "/api/v1/projects" => of("projects", "The watch list", &[], json::<documents::ProjectList>(schemas)),
        "/api/v1/projects/{name}" => of(
            "project",
            "A project of the watch list with its newest stories",
            &["name", "limit"],
            json::<documents::ProjectDocument>(schemas),
        ),
        "/api/v1/sources" => of("sources", "All sources", &[], json::<documents::SourceList>(schemas)),
        "/api/v1/cycles" => {
            of("cycles", "Reports of cycles, newest first", &["limit"], json::<documents::CycleList>(schemas))
        }
        "/api/v1/stats" => of("stats", "All figures", &[], json::<StatsDocument>(schemas)),
        "/api/v1/stream" => {
            let form =
                "Server-Sent Events; `data` of each is a StreamEvent, `event` its name, `id` its number";
            of("stream", "What becomes known", &streamed, Body::Events("text/event-stream", form))
        }
        "/api/v1/stream.ndjson" => {
            let form = "Each line is a StreamEvent; an empty line means that the stream is alive";
            of(
                "streamLines",
                "What becomes known, as NDJSON",
                &streamed,
                Body::Events("application/x-ndjson", form),
            )
        }
        "/api/v1/ws" => {
            of("streamMessages", "What becomes known, over a WebSocket", &streamed, Body::Upgrade)
        }
        "/feed.atom" => of(
            "atom",
            "The newest stories as Atom",
            &with(&[]),
            Body::Text("application/atom+xml", "A feed (RFC 4287)"),
        ),
        "/feed.json" => {
            let feed = schemas.subschema_for::<JsonFeed>().to_value();
            let body = Body::Json("application/feed+json", feed);
            of("jsonFeed", "The newest stories as JSON Feed 1.1", &with(&[]), body)
        }
        "/calendar.ics" => of(
            "iCalendar",
            "Dated stories as iCalendar",
            &app::FILTERS,
            Body::Text("text/calendar; charset=utf-8", "A calendar (RFC 5545)"),
        ),
        "/metrics" => {
            let form = "Prometheus text";
            let body = Body::Text("text/plain; version=0.0.4; charset=utf-8", form);
            of("metrics", "Figures of cycles and of the server", &[], body)
        }
        "/healthz" => {
            of("health", "Whether the process answers", &[], Body::Text("text/plain; charset=utf-8", "ok"))
        }
        "/readyz" => of(
            "readiness",
            "Whether the database can be read and cycles run",
            &[],
            Body::Text("text/plain; charset=utf-8", "ready"),
        ),
        "/login" => {
            let body = Body::Text("text/html; charset=utf-8", "A form");
            of("loginForm", "A form that turns a token into a cookie", &[], body)
        }
        "/openapi.json" => {
            let body = Body::Json("application/json", json!({ "type": "object" }));
            of("description", "This description", &[], body)
        }
        path => panic!("{path} is not described"),
    }
}
