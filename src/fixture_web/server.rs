//! The listener: finds the host of a request, answers, and logs it.

use std::{
    io::{self, Write},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::{
    Request, Response,
    body::{Frame, Incoming},
    header::{HOST, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH},
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};
use tokio_rustls::{TlsAcceptor, rustls::HandshakeKind};

use super::{
    Asked, World, X_HOST, bulk,
    failure::{self, RandomFailure},
    feeds,
    hosts::Host,
    injection, lock, page,
    random::{self, number},
    x,
};

/// An answer before it is sent.
#[derive(Debug, Default)]
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(&'static str, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl Reply {
    /// A page or feed.
    pub fn ok(content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, headers: vec![("content-type", content_type.to_owned())], body: body.into() }
    }

    /// A bare status.
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: format!("{status}\n").into_bytes() }
    }

    /// With one header more.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// Accepts until the task is aborted.
pub async fn serve(listener: TcpListener, world: Arc<World>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let _ = stream.set_nodelay(true);
        world.connections.fetch_add(1, Ordering::SeqCst);
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let Some(stream) = failure::intercept(stream, &world).await else { return };
            match &world.options.tls {
                Some(tls) => {
                    let Ok(stream) = TlsAcceptor::from(Arc::clone(tls)).accept(stream).await else { return };
                    let session = stream.get_ref().1;
                    let http2 = session.alpn_protocol() == Some(b"h2");
                    let resumed = session.handshake_kind() == Some(HandshakeKind::Resumed);
                    world.http2.fetch_add(u64::from(http2), Ordering::SeqCst);
                    world.resumed.fetch_add(u64::from(resumed), Ordering::SeqCst);
                    talk(&world, stream, http2).await;
                }
                None => talk(&world, stream, false).await,
            }
        });
    }
}

/// Answers on one connection until it ends.
async fn talk(world: &Arc<World>, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, http2: bool) {
    let stream = TokioIo::new(stream);
    let service = service_fn(|request| {
        let world = Arc::clone(world);
        async move { answer(&world, request).await }
    });
    // A client may close the connection at any time.
    let _ = if http2 {
        http2::Builder::new(TokioExecutor::new()).serve_connection(stream, service).await
    } else {
        http1::Builder::new().serve_connection(stream, service).await
    };
}

/// Counts connections that a correct client does not make.
pub async fn count(listener: TcpListener, world: Arc<World>) {
    while listener.accept().await.is_ok() {
        world.inward_connections.fetch_add(1, Ordering::SeqCst);
    }
}

/// What a host answers to an unconditional request, and the host if it is a written one.
pub fn route<'a>(world: &'a World, host: &str, path: &str, tick: u32) -> (Reply, Option<&'a Host>) {
    let found = world.hosts.iter().find(|known| known.name == host);
    let reply = match (found, &world.options.bulk) {
        (Some(host), _) => written(world, host, path, tick),
        (None, Some(plan)) => bulk::reply(world, plan, host, path),
        (None, None) => Reply::status(404),
    };
    (reply, found)
}

async fn answer(world: &World, request: Request<Incoming>) -> Result<Response<Body>, io::Error> {
    let text = |name: HeaderName| {
        request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    };
    // HTTP/2 names the host in the address (RFC 9113, section 8.3.1).
    let host =
        text(HOST).or_else(|| Some(request.uri().authority()?.as_str().to_owned())).unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default().trim_end_matches(".localhost").to_owned();
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    if let Some(x) = world.x.as_ref().filter(|_| host == X_HOST) {
        pause(world, &host, &path, world.tick()).await;
        let (reply, cut) = x::serve(x, request).await?;
        return Ok(send(reply, cut));
    }
    let (tag, date) = (text(IF_NONE_MATCH), text(IF_MODIFIED_SINCE));
    let tick = world.tick();
    pause(world, &host, &path, tick).await;
    let (mut reply, found) = route(world, &host, &path, tick);
    let request = [world.options.seed, number(&host), number(&path), tick.into()];
    let failure = injection::next(&mut lock(&world.random_failures), &request, |_| true);
    let failure = failure.map(|(failure, _)| failure);
    if let Some(failure) = failure {
        reply = failure.reply();
    }
    let gzip = text(hyper::header::ACCEPT_ENCODING).is_some_and(|accepts| accepts.contains("gzip"));
    revalidate(&mut reply, tag.as_deref(), date.as_deref(), found.is_some_and(|host| host.does("stubborn")));
    if gzip && reply.status == 200 && reply.body.len() > 512 && found.is_none_or(|host| host.does("gzip")) {
        pack(&mut reply);
    }
    let asked = Asked {
        host,
        path,
        conditional: tag.is_some() || date.is_some(),
        status: reply.status,
        bytes: reply.body.len(),
        tick,
    };
    lock(&world.requests).push(asked);
    let breaks_off = failure == Some(RandomFailure::BrokenOff);
    Ok(send(reply, breaks_off || found.is_some_and(|host| host.does("reset"))))
}

/// The simulated network's own delay, the same for the same request in every run.
#[expect(clippy::disallowed_methods, reason = "this waiting is what is simulated")]
async fn pause(world: &World, host: &str, path: &str, tick: u32) {
    let (mean, spread) = *lock(&world.latency);
    if mean.is_zero() {
        return;
    }
    let share = random::share(&[world.options.seed, number(host), number(path), tick.into()]);
    let wait = mean.saturating_sub(spread) + spread.mul_f64(2.0 * share);
    tokio::time::sleep(wait.max(Duration::ZERO)).await;
}

/// What a written host answers.
fn written(world: &World, host: &Host, path: &str, tick: u32) -> Reply {
    if path == "/robots.txt" {
        let rules: String = host.forbidden.iter().map(|slug| format!("Disallow: /{slug}\n")).collect();
        return if rules.is_empty() {
            Reply::status(404)
        } else {
            Reply::ok("text/plain", format!("User-agent: *\n{rules}"))
        };
    }
    let bare = path.split('?').next().unwrap_or(path);
    if bare == "/moved/feed.xml" || (bare == host.path() && !host.does("moved") && !host.does("lent")) {
        return feeds::reply(world, host, tick);
    }
    if bare == host.path() {
        let status = if host.does("moved") { 301 } else { 302 };
        return Reply::status(status).with("location", "/moved/feed.xml");
    }
    let slug = bare.trim_start_matches('/').trim_end_matches('/').trim_end_matches("/amp");
    match host.published(tick).find(|entry| entry.slug == slug) {
        Some(_) if tick == 0 && host.failing.iter().any(|failing| failing == slug) => Reply::status(500),
        Some(entry) => page::reply(&world.origin(&host.name), host, entry, world.options.now),
        None => Reply::status(404),
    }
}

/// Turns a 200 into a 304 where the client has it already. A stubborn host sends validators and ignores them.
fn revalidate(reply: &mut Reply, tag: Option<&str>, date: Option<&str>, stubborn: bool) {
    let own =
        |name: &str| reply.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
    let same = match (tag, own("etag")) {
        (Some(tag), Some(own)) => tag == own,
        _ => date.is_some() && date.map(str::to_owned) == own("last-modified"),
    };
    if reply.status == 200 && same && !stubborn {
        reply.status = 304;
        reply.body.clear();
    }
}

fn pack(reply: &mut Reply) {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    if encoder.write_all(&reply.body).is_ok()
        && let Ok(packed) = encoder.finish()
    {
        reply.body = packed;
        reply.headers.push(("content-encoding", "gzip".to_owned()));
    }
}

type Body = BoxBody<Bytes, std::io::Error>;

fn send(reply: Reply, cut: bool) -> Response<Body> {
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(*name, value);
    }
    let body = Bytes::from(reply.body);
    let body = if cut {
        // The connection breaks in mid-body.
        let broken = Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
        BodyExt::boxed(StreamBody::new(stream::iter([Ok(Frame::data(body)), broken])))
    } else {
        Full::new(body).map_err(|never| match never {}).boxed()
    };
    response.body(body).unwrap_or_default()
}
