//! Paths and what they answer.

use std::{
    net::IpAddr,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use axum::{
    Extension, Router,
    body::Body,
    extract::{
        Path, State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri, header},
    routing::{MethodRouter, get},
};
use hyper::body::Body as _;
use jiff::{Timestamp, tz::TimeZone};
use tokio::sync::watch;
use tower::ServiceExt;

use super::{
    answer::{Document, Kept, problem},
    counters::{Cause, Counters},
    documents::{self, Missing},
    guard::{self, Guard, Refusal},
    health,
    limits::{Connection, Limits},
    live::Ring,
    login,
    query::{self, Query},
    stream::{self, Form, Reader},
    tls::Tls,
    websocket,
};
use crate::{
    clock::{Clock, SystemClock},
    config::Settings,
    render::times::Times,
    store::Store,
};

/// Parameters that select stories.
pub const FILTERS: [&str; 7] = ["project", "event", "stage", "class", "source", "min_score", "watched"];
pub const TIMES: [&str; 2] = ["since", "until"];

/// What all requests share.
pub struct App {
    pub settings: Settings,
    pub tls: Option<Tls>,
    /// For documents, which may take some time.
    pub store: Store,
    /// For streams that are behind.
    pub log: Store,
    pub ring: Arc<Ring>,
    pub guard: Guard,
    pub limits: Limits,
    pub counters: Counters,
    pub kept: Kept,
    pub stop: watch::Receiver<bool>,
    pub readers: AtomicU64,
}

pub type Shared = State<Arc<App>>;

/// Every path of the server with what answers it. `openapi.json` describes each.
pub const ROUTES: [PathRoute; 20] = [
    ("/", || get(page)),
    ("/api/v1/stories", || get(stories)),
    ("/api/v1/stories/{id}", || get(story)),
    ("/api/v1/calendar", || get(calendar)),
    ("/api/v1/projects", || get(projects)),
    ("/api/v1/projects/{name}", || get(project)),
    ("/api/v1/sources", || get(sources)),
    ("/api/v1/cycles", || get(cycles)),
    ("/api/v1/stats", || get(stats)),
    ("/api/v1/stream", || get(sse)),
    ("/api/v1/stream.ndjson", || get(ndjson)),
    ("/api/v1/ws", || get(websocket)),
    ("/feed.atom", || get(atom)),
    ("/feed.json", || get(json_feed)),
    ("/calendar.ics", || get(ics)),
    ("/metrics", || get(metrics)),
    ("/healthz", || get(health::healthz)),
    ("/readyz", || get(health::readyz)),
    ("/login", login::route),
    ("/openapi.json", || get(openapi)),
];

pub fn router(app: Arc<App>) -> Router {
    let routes = ROUTES.into_iter().fold(Router::new(), |router, (path, route)| router.route(path, route()));
    routes.fallback(unknown).method_not_allowed_fallback(wrong_method).with_state(app)
}

/// Answers a request of `peer`, counts it and logs it.
pub async fn handle(
    app: Arc<App>,
    router: Router,
    peer: IpAddr,
    request: Request<hyper::body::Incoming>,
) -> Response<Body> {
    let began = Instant::now();
    let sender = guard::sender(peer, request.headers(), &app.settings.serve);
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let (mut response, name) = match app.guard.admit(&method, request.uri(), request.headers()) {
        Err(refusal) => {
            app.counters.refuse_request(refusal.into());
            (refused(refusal, &path, request.headers()), String::new())
        }
        Ok(_) if !app.limits.admits(sender) => {
            app.counters.refuse_request(Cause::Rate);
            (problem(StatusCode::TOO_MANY_REQUESTS, "too many requests from this address"), String::new())
        }
        Ok(name) => {
            let name = name.to_owned();
            let Ok(response) = router.oneshot(request.map(Body::new)).await;
            (response, name)
        }
    };
    let headers = response.headers_mut();
    for (header, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(header, HeaderValue::from_static(value));
    }
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    let status = response.status().as_u16();
    app.counters.count(status, response.body().size_hint().exact());
    let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(
        target: "access",
        %method, path, status, address = %sender, token = name, ms,
    );
    response
}

fn refused(refusal: Refusal, path: &str, headers: &HeaderMap) -> Response<Body> {
    match refusal {
        Refusal::Token if path == "/" && wants_html(headers) => login::redirect(),
        Refusal::Token => problem(
            StatusCode::UNAUTHORIZED,
            "send a token as \"Authorization: Bearer TOKEN\", or open /login",
        ),
        Refusal::Host => problem(
            StatusCode::MISDIRECTED_REQUEST,
            "one Host header names this server; serve.hosts adds names where no token is needed",
        ),
        Refusal::Body => {
            let detail = "send no body with this request, and the length of others as Content-Length";
            let mut response = problem(StatusCode::BAD_REQUEST, detail);
            // What follows may not be a request.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            response
        }
        Refusal::OtherSite => problem(StatusCode::FORBIDDEN, "pages of other sites may not ask"),
    }
}

fn wants_html(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("text/html"))
}

async fn unknown() -> Response<Body> {
    problem(StatusCode::NOT_FOUND, "there is no such path; docs/reference/serve.md lists them")
}

async fn wrong_method() -> Response<Body> {
    problem(StatusCode::METHOD_NOT_ALLOWED, "the server only reads: use GET")
}

fn times(now: Timestamp) -> Times {
    Times::relative(now, TimeZone::UTC)
}

/// The answer to a request: a kept document of this version of the database, or a new one.
async fn answered<F: Future<Output = Result<Document, Missing>>>(
    app: &App,
    uri: &Uri,
    names: &[&str],
    headers: &HeaderMap,
    make: impl FnOnce(Query, Timestamp) -> F,
) -> Response<Body> {
    let now = SystemClock.now();
    let query = match query::read(uri.query().unwrap_or_default(), names, &times(now)) {
        Ok(query) => query,
        Err(detail) => return problem(StatusCode::BAD_REQUEST, &detail),
    };
    let key = uri.to_string();
    let version = match app.store.data_version().await {
        Ok(version) => version,
        Err(error) => return failed(&error.to_string()),
    };
    if let Some(document) = app.kept.get(&key, version).await {
        return document.answer(headers).await;
    }
    match make(query, now).await {
        Ok(document) => {
            let document = Arc::new(document);
            app.kept.put(key, version, Arc::clone(&document)).await;
            document.answer(headers).await
        }
        Err(Missing::Request(status, detail)) => problem(status, &detail),
        Err(Missing::Failed(error)) => failed(&error.message),
    }
}

/// The answer where the database fails. The cause is logged and not sent: it may name paths of this machine.
pub fn failed(cause: &str) -> Response<Body> {
    tracing::warn!("a request cannot be answered: {cause}");
    problem(StatusCode::SERVICE_UNAVAILABLE, "the database cannot be read now")
}

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    FILTERS.iter().chain(&TIMES).chain(more).copied().collect()
}

async fn page(State(app): Shared, uri: Uri, headers: HeaderMap) -> Response<Body> {
    let mut response =
        answered(&app, &uri, &[], &headers, |_, now| documents::page(&app.store, &app.settings, now)).await;
    // The page itself restricts its style and script by hash.
    let policy = HeaderValue::from_static(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

async fn stories(State(app): Shared, uri: Uri, headers: HeaderMap) -> Response<Body> {
    let names = with(&["limit", "cursor"]);
    answered(&app, &uri, &names, &headers, |query, _| documents::stories(&app.store, query)).await
}

async fn story(State(app): Shared, Path(id): Path<String>, uri: Uri, headers: HeaderMap) -> Response<Body> {
    answered(&app, &uri, &[], &headers, |_, now| documents::story(&app.store, &app.settings, &id, now)).await
}

async fn calendar(State(app): Shared, uri: Uri, headers: HeaderMap) -> Response<Body> {
    let names = with(&["limit"]);
    answered(&app, &uri, &names, &headers, |query, now| documents::calendar(&app.store, query, now)).await
}

async fn projects(State(app): Shared, uri: Uri, headers: HeaderMap) -> Response<Body> {
    answered(&app, &uri, &[], &headers, async |_, _| Ok(documents::projects(&app.settings))).await
}

async fn project(
    State(app): Shared,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response<Body> {
    answered(&app, &uri, &["limit"], &headers, |query, _| {
        documents::project(&app.store, &app.settings, &name, query)
    })
    .await
}

async fn sources(State(app): Shared, uri: Uri, headers: HeaderMap) -> Response<Body> {
    answered(&app, &uri, &[], &headers, |_, now| documents::sources(&app.store, &app.settings, now)).await
}

async fn cycles(State(app): Shared, uri: Uri, headers: HeaderMap) -> Response<Body> {
    answered(&app, &uri, &["limit"], &headers, |query, now| {
        documents::cycles(&app.store, &app.settings, query, now)
    })
    .await
}

async fn stats(State(app): Shared, uri: Uri, headers: HeaderMap) -> Response<Body> {
    answered(&app, &uri, &[], &headers, |_, now| documents::stats(&app.store, &app.settings, now)).await
}

/// The description of this API, which a test generates from the types (docs/reference/api.md).
async fn openapi(headers: HeaderMap) -> Response<Body> {
    static DOCUMENT: LazyLock<Document> =
        LazyLock::new(|| Document::json(include_str!("openapi.json").to_owned()));
    DOCUMENT.answer(&headers).await
}

async fn atom(State(app): Shared, uri: Uri, headers: HeaderMap) -> Response<Body> {
    answered(&app, &uri, &with(&[]), &headers, |query, now| {
        documents::atom(&app.store, &app.settings, query, now)
    })
    .await
}

async fn json_feed(State(app): Shared, uri: Uri, headers: HeaderMap) -> Response<Body> {
    answered(&app, &uri, &with(&[]), &headers, |query, _| {
        documents::json_feed(&app.store, &app.settings, query)
    })
    .await
}

async fn ics(State(app): Shared, uri: Uri, headers: HeaderMap) -> Response<Body> {
    answered(&app, &uri, &FILTERS, &headers, |query, now| {
        documents::ics(&app.store, &app.settings, query, now)
    })
    .await
}

/// Not kept: the figures of the server change without the database.
async fn metrics(State(app): Shared, headers: HeaderMap) -> Response<Body> {
    let log_end = match app.store.log_end().await {
        Ok(log_end) => log_end,
        Err(error) => return failed(&error.to_string()),
    };
    let own = app.counters.metrics(&app.ring, &app.limits, log_end);
    match documents::metrics(&app.store, &app.settings, own, SystemClock.now()).await {
        Ok(document) => document.answer(&headers).await,
        Err(Missing::Request(status, detail)) => problem(status, &detail),
        Err(Missing::Failed(error)) => failed(&error.message),
    }
}

async fn sse(State(app): Shared, uri: Uri, headers: HeaderMap) -> Response<Body> {
    streamed(&app, &uri, &headers, Form::Sse)
}

async fn ndjson(State(app): Shared, uri: Uri, headers: HeaderMap) -> Response<Body> {
    streamed(&app, &uri, &headers, Form::Ndjson)
}

async fn websocket(
    State(app): Shared,
    uri: Uri,
    headers: HeaderMap,
    connection: Option<Extension<Arc<Connection>>>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response<Body> {
    let reader = match reader(&app, &uri, &headers, Form::WebSocket) {
        Ok(reader) => reader,
        Err(detail) => return problem(StatusCode::BAD_REQUEST, &detail),
    };
    let Ok(upgrade) = upgrade else {
        return problem(
            StatusCode::UPGRADE_REQUIRED,
            "this path speaks WebSocket only; /api/v1/stream is for HTTP",
        );
    };
    websocket::bounded(upgrade).on_upgrade(|socket| {
        websocket::run(socket, reader, connection.map(|Extension(connection)| connection))
    })
}

fn streamed(app: &Arc<App>, uri: &Uri, headers: &HeaderMap, form: Form) -> Response<Body> {
    match reader(app, uri, headers, form) {
        Ok(reader) => stream::response(reader),
        Err(detail) => problem(StatusCode::BAD_REQUEST, &detail),
    }
}

fn reader(app: &Arc<App>, uri: &Uri, headers: &HeaderMap, form: Form) -> Result<Reader, String> {
    let names: Vec<&str> = FILTERS.iter().chain(&["after"]).copied().collect();
    let query = query::read(uri.query().unwrap_or_default(), &names, &times(SystemClock.now()))?;
    // A browser that connects again names the last event itself.
    let last = headers.get("last-event-id").filter(|id| !id.is_empty());
    // Text that is no number of ours is not one of the log either.
    let last = last.map(|id| id.to_str().ok().and_then(|id| id.parse().ok()).unwrap_or(i64::MAX));
    Ok(Reader {
        form,
        filter: query.filter,
        after: last.or(query.after),
        ring: Arc::clone(&app.ring),
        store: app.log.clone(),
        number: app.readers.fetch_add(1, Ordering::Relaxed),
    })
}

/// What answers the methods of a path.
pub type Route = MethodRouter<Arc<App>>;

/// A path with its route.
pub type PathRoute = (&'static str, fn() -> Route);
