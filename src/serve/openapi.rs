//! The description of the API (OpenAPI 3.1) and its page in the documents, generated from the types and paths.
//!
//! Only tests generate them; the server sends the stored `openapi.json`
//! (docs/explain/decisions/0048-the-api-is-described-by-a-stored-file.md). After a change of the API run
//! `cargo test --lib openapi -- --ignored`.

mod operations;
mod page;

use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::{answer, app, guard, query};
use crate::model::{Class, Event, Stage};
use operations::{Body, Operation, StreamEvent, operation};

/// The whole description.
fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schemas =
        settings.with(|settings| settings.definitions_path = "/components/schemas".into()).into_generator();
    let events = schemas.subschema_for::<StreamEvent>().to_value();
    let problem = schemas.subschema_for::<answer::Problem>().to_value();
    let parameters = parameters(&mut schemas);
    let paths: Map<String, Value> = app::ROUTES
        .iter()
        .map(|(path, _)| {
            let mut item = json!({ "get": get(path, operation(path, &mut schemas), &events) });
            if *path == "/login" {
                item["post"] = login();
            }
            ((*path).to_owned(), item)
        })
        .collect();
    let mut schemas = Value::Object(schemas.take_definitions(true));
    schemas.as_object_mut().unwrap().values_mut().for_each(tidy);
    json!({
        "openapi": "3.1.1",
        "info": {
            "title": "tge-scrape serve",
            "version": "1",
            "description": "Token launches, as `tge-scrape serve` answers from its database. It only reads. Fields may be added, and none is renamed or removed.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" }
        },
        "servers": [{ "url": "/" }],
        "security": [{ "token": [] }, { "session": [] }, {}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "Needed where the server has tokens" },
                "session": { "type": "apiKey", "in": "cookie", "name": guard::COOKIE, "description": "Set by `/login`" }
            },
            "parameters": parameters,
            "headers": {
                "ETag": { "description": "The version, for `If-None-Match`; each coding has its own", "schema": { "type": "string" } },
                "Retry-After": { "description": "Seconds after which to ask again", "schema": { "type": "integer" } }
            },
            "responses": PROBLEMS.iter().map(|(status, _, description)| (format!("Problem{status}"), refused(*status, description, &problem))).collect::<Map<_, _>>(),
            "schemas": schemas
        }
    })
}

/// Statuses of errors with what they mean, and whether any path answers them.
const PROBLEMS: [(u16, bool, &str); 8] = [
    (400, false, "A parameter is unknown or wrong"),
    (401, true, "No token, or a wrong one"),
    (403, true, "A page of another site asks"),
    (404, false, "There is no such story, entry or project"),
    (421, true, "A host name that is not answered without a token"),
    (426, false, "The request does not ask for a WebSocket"),
    (429, true, "Too many requests, or too many connections, from this address"),
    (503, false, "The database cannot be read now, or the server is not ready"),
];

fn refused(status: u16, description: &str, problem: &Value) -> Value {
    let mut response = json!({
        "description": description,
        "content": { "application/problem+json": { "schema": problem } },
    });
    if status == 429 || status == 503 {
        response["headers"] = json!({ "Retry-After": { "$ref": "#/components/headers/Retry-After" } });
    }
    response
}

/// The operation of GET in OpenAPI.
fn get(path: &str, operation: Operation, events: &Value) -> Value {
    let is_open = guard::OPEN.contains(&path);
    let is_fixed = ["/openapi.json", "/metrics"].contains(&path) || is_open;
    // Readiness is decided anew for each request, and the form is never stored.
    let has_validator = !is_open && matches!(operation.body, Body::Json(..) | Body::Text(..));
    let mut parameters = operation.parameters;
    let (status, mut answer) = match operation.body {
        Body::Json(content_type, schema) => (
            "200",
            json!({ "description": "The document", "content": { content_type: { "schema": schema } } }),
        ),
        Body::Text(content_type, what) => (
            "200",
            json!({ "description": what, "content": { content_type: { "schema": { "type": "string" } } } }),
        ),
        Body::Events(content_type, form) => {
            let schema = json!({ "type": "string", "description": form, "contentMediaType": "application/json", "contentSchema": events });
            (
                "200",
                json!({ "description": "A stream without end", "content": { content_type: { "schema": schema } } }),
            )
        }
        Body::Upgrade => {
            ("101", json!({ "description": "A WebSocket; each message has one StreamEvent a line" }))
        }
    };
    if parameters.contains(&"after") {
        parameters.push("Last-Event-ID");
    }
    let mut answers = Map::new();
    if has_validator {
        parameters.push("If-None-Match");
        answer["headers"] = json!({ "ETag": { "$ref": "#/components/headers/ETag" } });
        answers.insert(
            "304".to_owned(),
            json!({ "description": "The version of `If-None-Match` is still valid" }),
        );
    }
    if path == "/" {
        let login = json!({ "description": "A browser without a token is sent to `/login`" });
        answers.insert("303".to_owned(), login);
    }
    for (status, is_general, _) in PROBLEMS {
        let is_wanted = match status {
            400 => !is_fixed,
            404 => path.contains('{'),
            426 => path == "/api/v1/ws",
            503 => path == "/readyz" || has_validator && path != "/openapi.json",
            401 => !is_open,
            _ => is_general,
        };
        if is_wanted {
            answers.insert(
                status.to_string(),
                json!({ "$ref": format!("#/components/responses/Problem{status}") }),
            );
        }
    }
    answers.insert(status.to_owned(), answer);
    answers.sort_keys();
    let references =
        parameters.iter().map(|name| json!({ "$ref": format!("#/components/parameters/{name}") }));
    let mut value = json!({
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": references.collect::<Vec<_>>(),
        "responses": answers,
    });
    if is_open {
        value["security"] = json!([]);
    }
    value
}

fn login() -> Value {
    let form =
        json!({ "type": "object", "required": ["token"], "properties": { "token": { "type": "string" } } });
    let page = json!({ "text/html; charset=utf-8": { "schema": { "type": "string" } } });
    let problem = |status: u16| json!({ "$ref": format!("#/components/responses/Problem{status}") });
    json!({
        "operationId": "login",
        "summary": "Turn a token into a cookie",
        "security": [],
        "requestBody": { "required": true, "content": { "application/x-www-form-urlencoded": { "schema": form } } },
        "responses": {
            "303": {
                "description": "The cookie is set",
                "headers": { "Set-Cookie": { "schema": { "type": "string" } }, "Location": { "schema": { "type": "string" } } }
            },
            "401": { "description": "The token is wrong", "content": page },
            "403": problem(403),
            "421": problem(421),
            "429": problem(429)
        }
    })
}

/// All parameters by name.
fn parameters(schemas: &mut SchemaGenerator) -> Value {
    let text = || json!({ "type": "string" });
    let list = |items: Value| json!({ "type": "array", "items": items });
    let (event, stage, class) = (
        schemas.subschema_for::<Event>().to_value(),
        schemas.subschema_for::<Stage>().to_value(),
        schemas.subschema_for::<Class>().to_value(),
    );
    let number = json!({ "type": "integer", "minimum": 0 });
    let limit =
        json!({ "type": "integer", "minimum": 1, "maximum": query::LARGEST_LIMIT, "default": query::LIMIT });
    let all = [
        ("project", "query", "Names of projects", list(text()), Some(json!("Caldera"))),
        ("event", "query", "Events", list(event), Some(json!("airdrop,sale"))),
        ("stage", "query", "Stages", list(stage), Some(json!("live"))),
        ("class", "query", "Classes", list(class), Some(json!("critical,high"))),
        ("source", "query", "Names of sources", list(text()), Some(json!("Ledgerline"))),
        (
            "min_score",
            "query",
            "The smallest score",
            json!({ "type": "integer", "minimum": 0, "maximum": 100 }),
            Some(json!(80)),
        ),
        (
            "watched",
            "query",
            "Only stories of watched projects",
            json!({ "type": "boolean" }),
            Some(json!(true)),
        ),
        (
            "since",
            "query",
            "An age, a date, `today` or `yesterday`: heard of from then on",
            text(),
            Some(json!("24h")),
        ),
        ("until", "query", "The same: heard of until then", text(), Some(json!("2026-11-25"))),
        ("limit", "query", "Stories or cycles of the answer", limit, None),
        ("cursor", "query", "`next` of the page before", text(), None),
        (
            "after",
            "query",
            "The number of the last event that the reader has",
            number.clone(),
            Some(json!(0)),
        ),
        (
            "id",
            "path",
            "The beginning of an ID, hexadecimal",
            json!({ "type": "string", "pattern": "^[0-9a-fA-F]+$" }),
            None,
        ),
        ("name", "path", "The name of a project of the watch list", text(), None),
        ("Last-Event-ID", "header", "As `after`, which it replaces", number, None),
        ("If-None-Match", "header", "The `ETag` of the version that the client has", text(), None),
    ];
    all.into_iter()
        .map(|(name, place, description, schema, example)| {
            let is_list = schema["type"] == "array";
            let mut parameter =
                json!({ "name": name, "in": place, "description": description, "required": place == "path", "schema": schema });
            if is_list {
                parameter["style"] = "form".into();
                parameter["explode"] = false.into();
            }
            if let Some(example) = example {
                let words = |text: &str| text.split(',').map(Value::from).collect();
                parameter["example"] = if is_list { example.as_str().map_or(Value::Null, words) } else { example };
            }
            (name.to_owned(), parameter)
        })
        .collect::<Map<_, _>>()
        .into()
}

/// Removes values of Rust from a schema: defaults of stored reports, and links within documentation.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if !fields.contains_key("properties") || fields.get("type").is_some() {
                fields.remove("default");
            }
            for (key, value) in fields {
                if let (true, Value::String(text)) = (key == "description", &mut *value) {
                    *text = text
                        .replace("[`Self::", "`")
                        .replace("[`", "`")
                        .replace("`]", "`")
                        .replace("`None`", "null");
                    *text = text.replace('\n', " ");
                } else {
                    tidy(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// Objects that have a line for each of their fields: down to the operations and the schemas.
const BROKEN: usize = 3;

/// `document` with a line for each operation and schema, so that it is short and its changes can be read.
fn text(document: &Value) -> String {
    fn write(value: &Value, depth: usize, text: &mut String) {
        let Value::Object(fields) = value else { return text.push_str(&value.to_string()) };
        if depth == BROKEN {
            return text.push_str(&value.to_string());
        }
        text.push_str("{\n");
        for (at, (name, field)) in fields.iter().enumerate() {
            text.push_str(&format!("{}{}:", if at > 0 { ",\n" } else { "" }, Value::from(name.as_str())));
            write(field, depth + 1, text);
        }
        text.push_str("\n}");
    }
    let mut text = String::new();
    write(document, 0, &mut text);
    text + "\n"
}

const STORED: &str = "src/serve/openapi.json";
const PAGE: &str = "docs/reference/api.md";

#[test]
fn the_stored_description_and_its_page_are_those_of_the_types_and_paths() {
    let document = document();
    let hint = "run `cargo test --lib openapi -- --ignored`";
    let is_stored =
        |path: &str, text: String| std::fs::read_to_string(path).is_ok_and(|stored| stored == text);
    assert!(is_stored(STORED, text(&document)), "{STORED} is old: {hint}");
    assert!(is_stored(PAGE, page::page(&document)), "{PAGE} is old: {hint}");
}

#[test]
#[ignore = "writes src/serve/openapi.json and docs/reference/api.md"]
fn write_the_description_and_its_page() {
    let document = document();
    std::fs::write(STORED, text(&document)).unwrap();
    std::fs::write(PAGE, page::page(&document)).unwrap();
}
