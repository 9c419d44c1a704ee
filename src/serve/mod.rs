//! `tge-scrape serve`: a read-only HTTP server beside the cycles (docs/reference/serve.md).

mod answer;
mod app;
mod counters;
mod documents;
mod guard;
mod health;
mod limits;
mod live;
mod login;
#[cfg(test)]
mod openapi;
mod query;
mod stream;
mod websocket;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, http::StatusCode};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::timeout,
};
use tokio_io_timeout::TimeoutStream;

use crate::{
    clock::{Clock, SystemClock},
    config::Settings,
    error::Error,
    exit::Exit,
    store::{Access, Store},
};
use app::App;
use limits::Full;

/// Time for the head of a request, and between two requests of a connection.
const HEAD: Duration = Duration::from_secs(15);
/// Time after which a reader that takes nothing is cut off.
const STALLED: Duration = Duration::from_secs(10);
/// Bytes of a request's head.
const HEAD_BYTES: usize = 16 << 10;
/// Time for answers in progress after a signal.
const DRAIN: Duration = Duration::from_secs(5);
/// Interval in which old senders are forgotten.
const TIDY: Duration = Duration::from_mins(1);
/// Pause after an error of the listener, such as too many open files.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    settings: Settings,
}

impl Server {
    /// Listens at the address of the settings.
    pub async fn bind(settings: Settings) -> Result<Self, Error> {
        let serve = &settings.serve;
        if let Some(first) = serve.wrong_tokens.first() {
            return Err(Error::new(Exit::Settings, first.clone(), ""));
        }
        if serve.tokens.is_empty() && !serve.listen.ip().is_loopback() {
            let message =
                format!("{} can be reached from other machines, and there is no token", serve.listen);
            let hint = "set TGE_SERVE_TOKEN or serve.token_file, or listen on 127.0.0.1";
            return Err(Error::new(Exit::Settings, message, hint));
        }
        let listener = TcpListener::bind(serve.listen).await.map_err(|error| {
            let message = format!("cannot listen on {}: {error}", serve.listen);
            Error::new(Exit::Failure, message, "choose another address with --listen")
        })?;
        Ok(Self { listener, settings })
    }

    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until `stop`, then for at most 5 s more.
    pub async fn run(self, stop: impl Future) -> Result<(), Error> {
        let dir = self.settings.state_dir.clone();
        if !Store::exists(&dir) {
            // Before the first cycle the board is empty.
            Store::open(&dir, Access::Write)?;
        }
        let open = || Store::open(&dir, Access::Read);
        let (store, log) = (open()?, open()?);
        let ring = Arc::new(live::Ring::new(log.log_end().await?));
        let (stopped, is_stopped) = watch::channel(false);
        let app = Arc::new(App {
            guard: guard::Guard::new(&self.settings.serve),
            limits: limits::Limits::new(&self.settings.serve),
            counters: counters::Counters::default(),
            kept: answer::Kept::new(),
            ring: Arc::clone(&ring),
            stop: is_stopped,
            readers: 0.into(),
            settings: self.settings,
            store,
            log: log.clone(),
        });
        let router = app::router(Arc::clone(&app));
        let mut tasks = JoinSet::new();
        let follower = tokio::spawn(live::follow(log, ring));
        let tidier = {
            let app = Arc::clone(&app);
            tokio::spawn(async move {
                loop {
                    SystemClock.sleep(TIDY).await;
                    app.limits.tidy();
                }
            })
        };
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                _ = &mut stop => break,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, peer)) => accept(&app, &router, stream, peer, &mut tasks),
                    Err(error) => {
                        tracing::warn!("a connection cannot be accepted: {error}");
                        SystemClock.sleep(ACCEPT_AGAIN).await;
                    }
                },
                Some(_) = tasks.join_next() => {}
            }
        }
        drop(self.listener);
        stopped.send_replace(true);
        app.ring.end();
        let _ = timeout(DRAIN, async { while tasks.join_next().await.is_some() {} }).await;
        tasks.abort_all();
        follower.abort();
        tidier.abort();
        Ok(())
    }
}

/// Serves a connection in a task of its own, or refuses it.
fn accept(app: &Arc<App>, router: &Router, stream: TcpStream, peer: SocketAddr, tasks: &mut JoinSet<()>) {
    let is_trusted = app.settings.serve.is_trusted(peer.ip().to_canonical());
    let connection = match app.limits.connect(peer.ip(), is_trusted) {
        Ok(connection) => connection,
        Err(full) => {
            app.counters.refuse(full);
            refuse(&stream, full);
            return;
        }
    };
    app.counters.accept();
    // Events are small, and each should arrive at once.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(STALLED));
    let (app, router, mut stop) = (Arc::clone(app), router.clone(), app.stop.clone());
    tasks.spawn(async move {
        let connection = Arc::new(connection);
        let service = {
            let app = Arc::clone(&app);
            let connection = Arc::clone(&connection);
            service_fn(move |mut request: Request<Incoming>| {
                // A WebSocket outlasts the service.
                request.extensions_mut().insert(Arc::clone(&connection));
                let (app, router) = (Arc::clone(&app), router.clone());
                async move {
                    Ok::<_, std::convert::Infallible>(app::handle(app, router, peer.ip(), request).await)
                }
            })
        };
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(HEAD_BYTES);
        let served = builder.serve_connection(TokioIo::new(Box::pin(stream)), service).with_upgrades();
        let mut served = std::pin::pin!(served);
        let stopping = async {
            // An error means that the server has gone.
            let _ = stop.wait_for(|stopped| *stopped).await;
        };
        tokio::select! {
            _ = served.as_mut() => {}
            () = stopping => {
                served.as_mut().graceful_shutdown();
                let _ = served.await;
            }
        }
        drop(connection);
    });
}

/// Answers without a task: as much as the socket takes at once.
fn refuse(stream: &TcpStream, full: Full) {
    let (status, detail) = match full {
        Full::Server => (StatusCode::SERVICE_UNAVAILABLE, "too many connections"),
        Full::Address => (StatusCode::TOO_MANY_REQUESTS, "too many connections from this address"),
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {}\r\nretry-after: 5\r\nconnection: close\r\n\r\n{detail}\n",
        detail.len() + 1
    );
    let _ = stream.try_write(answer.as_bytes());
}
