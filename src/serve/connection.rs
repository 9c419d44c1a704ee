//! One connection: its limits in time and size, and TLS.

use std::{net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Router, http::StatusCode};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::Notify,
    task::JoinSet,
    time::timeout,
};
use tokio_io_timeout::TimeoutStream;

use super::{
    app::{self, App},
    limits::{Connection, Full},
    tls::HANDSHAKE,
};
use crate::clock::{Clock, SystemClock};

/// Time for the handshake of TLS, for the head of a request, and between two requests of a connection.
const HEAD: Duration = Duration::from_secs(15);
/// Time after which a reader that takes nothing is cut off.
const STALLED: Duration = Duration::from_secs(10);
/// Bytes of a request's head.
const HEAD_BYTES: usize = 16 << 10;
/// Time after a signal for the first request of a client that has connected before it.
const LAST_REQUEST: Duration = Duration::from_secs(1);

/// Serves a connection in a task of its own, or refuses it.
pub fn accept(app: &Arc<App>, router: &Router, stream: TcpStream, peer: SocketAddr, tasks: &mut JoinSet<()>) {
    let is_trusted = app.settings.serve.is_trusted(peer.ip().to_canonical());
    let connection = match app.limits.connect(peer.ip(), is_trusted) {
        Ok(connection) => connection,
        Err(full) => {
            app.counters.refuse(full);
            if app.tls.is_none() {
                refuse(&stream, full);
            }
            return;
        }
    };
    app.counters.accept();
    // Events are small, and each should arrive at once.
    let _ = stream.set_nodelay(true);
    let served =
        Served { app: Arc::clone(app), router: router.clone(), peer, connection: Arc::new(connection) };
    tasks.spawn(async move {
        let connection = Arc::clone(&served.connection);
        match &served.app.tls {
            None => served.serve(Box::pin(timed(stream))).await,
            // Boxed, so that connections without TLS do not take its memory.
            Some(_) => Box::pin(served.serve_tls(stream)).await,
        }
        // A WebSocket has a copy and outlasts this task.
        drop(connection);
    });
}

fn timed(stream: TcpStream) -> TimeoutStream<TcpStream> {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(STALLED));
    stream
}

struct Served {
    app: Arc<App>,
    router: Router,
    peer: SocketAddr,
    connection: Arc<Connection>,
}

impl Served {
    /// The same after a handshake.
    async fn serve_tls(self, stream: TcpStream) {
        let Some(tls) = self.app.tls.clone() else { return };
        let handshake = async {
            let mut first = [0];
            let is_http = stream.peek(&mut first).await.ok()? == 1 && first[0] != HANDSHAKE;
            if is_http {
                answer_http(&stream);
                return None;
            }
            tls.accept(Box::pin(timed(stream))).await.ok()
        };
        tokio::select! {
            handshake = timeout(HEAD, handshake) => {
                if let Ok(Some(stream)) = handshake {
                    self.serve(stream).await;
                }
            }
            () = self.last_request() => {}
        }
    }

    /// Answers the requests of `stream`.
    async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(self, stream: S) {
        let asked = Notify::new();
        let service = service_fn(|mut request: Request<Incoming>| {
            asked.notify_one();
            request.extensions_mut().insert(Arc::clone(&self.connection));
            let (app, router, peer) = (Arc::clone(&self.app), self.router.clone(), self.peer.ip());
            async move { Ok::<_, std::convert::Infallible>(app::handle(app, router, peer, request).await) }
        });
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(HEAD_BYTES);
        let mut served = pin!(builder.serve_connection(TokioIo::new(stream), service).with_upgrades());
        let stopping = async {
            tokio::select! {
                () = self.last_request() => {}
                () = async { self.stopped().await; asked.notified().await } => {}
            }
        };
        tokio::select! {
            _ = served.as_mut() => {}
            () = stopping => {
                served.as_mut().graceful_shutdown();
                let _ = served.await;
            }
        }
    }

    /// Resolves when the server stops.
    async fn stopped(&self) {
        // An error means that the server has gone.
        let _ = self.app.stop.clone().wait_for(|stopped| *stopped).await;
    }

    /// Resolves when no first request is awaited any more. Without this time a client would lose the request that it sends
    /// while the server stops, although the next server accepts connections on the same socket.
    async fn last_request(&self) {
        self.stopped().await;
        SystemClock.sleep(LAST_REQUEST).await;
    }
}

/// Answers without a task: as much as the socket takes at once.
fn refuse(stream: &TcpStream, full: Full) {
    let (status, detail) = match full {
        Full::Server => (StatusCode::SERVICE_UNAVAILABLE, "too many connections"),
        Full::Address => (StatusCode::TOO_MANY_REQUESTS, "too many connections from this address"),
    };
    write_now(stream, status, "retry-after: 5\r\n", detail);
}

/// Answers a client that speaks HTTP to the port of HTTPS.
fn answer_http(stream: &TcpStream) {
    write_now(stream, StatusCode::BAD_REQUEST, "", "this port speaks TLS: the address begins with https://");
}

fn write_now(stream: &TcpStream, status: StatusCode, header: &str, detail: &str) {
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n{header}connection: close\r\n\r\n{detail}\n",
        detail.len() + 1
    );
    // A socket that is closed with unread data drops what was written.
    let _ = stream.try_read(&mut [0; HEAD_BYTES]);
    let _ = stream.try_write(answer.as_bytes());
}
