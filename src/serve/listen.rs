//! Where the server listens: an address of its own, or sockets that a supervisor opened for it.

use std::{
    future::poll_fn,
    io,
    net::{SocketAddr, TcpListener},
    task::Poll,
};

use tokio::net::{self, TcpStream};

use crate::{config::ServeSettings, error::Error, exit::Exit};

/// The sockets that a supervisor passed to this process (`sd_listen_fds(3)`). Changes the environment of the process, so it
/// is called before anything else runs.
#[cfg(unix)]
pub fn inherited() -> Result<Vec<TcpListener>, Error> {
    let mut passed = listenfd::ListenFd::from_env();
    let mut sockets = Vec::new();
    for number in 0..passed.len() {
        let socket = passed.take_tcp_listener(number).and_then(|socket| match socket {
            Some(socket) if rustix::net::sockopt::socket_acceptconn(&socket)? => Ok(socket),
            _ => Err(io::Error::other("it does not listen")),
        });
        sockets.push(socket.map_err(|error| {
            let message =
                format!("socket {} of those passed by the supervisor cannot be used: {error}", number + 1);
            Error::new(
                Exit::Settings,
                message,
                "write ListenStream=ADDRESS:PORT and no Accept=yes in its unit",
            )
        })?);
    }
    Ok(sockets)
}

/// Only Unix has them.
#[cfg(not(unix))]
pub fn inherited() -> Result<Vec<TcpListener>, Error> {
    Ok(Vec::new())
}

/// Listens on `inherited`, or at the address of the settings if there are none.
pub async fn listen(
    settings: &ServeSettings,
    inherited: Vec<TcpListener>,
) -> Result<Vec<net::TcpListener>, Error> {
    let failed = |what: &dyn std::fmt::Display, error: io::Error| {
        let message = format!("cannot listen on {what}: {error}");
        Error::new(Exit::Failure, message, "choose another address with --listen")
    };
    if inherited.is_empty() {
        check(settings, settings.listen)?;
        let listener = net::TcpListener::bind(settings.listen).await;
        return Ok(vec![listener.map_err(|error| failed(&settings.listen, error))?]);
    }
    let mut listeners = Vec::new();
    for socket in inherited {
        let address = socket.local_addr().map_err(|error| failed(&"a passed socket", error))?;
        check(settings, address)?;
        let listener = socket.set_nonblocking(true).and_then(|()| net::TcpListener::from_std(socket));
        listeners.push(listener.map_err(|error| failed(&address, error))?);
    }
    Ok(listeners)
}

/// An address that other machines reach needs a token.
fn check(settings: &ServeSettings, address: SocketAddr) -> Result<(), Error> {
    if !settings.tokens.is_empty() || address.ip().to_canonical().is_loopback() {
        return Ok(());
    }
    let message = format!("{address} can be reached from other machines, and there is no token");
    let hint = "set TGE_SERVE_TOKEN or serve.token_file, or listen on 127.0.0.1";
    Err(Error::new(Exit::Settings, message, hint))
}

/// The next connection of any of `listeners`.
pub async fn accept(listeners: &[net::TcpListener]) -> io::Result<(TcpStream, SocketAddr)> {
    poll_fn(|context| {
        let accepted = listeners.iter().map(|listener| listener.poll_accept(context));
        accepted.into_iter().find(Poll::is_ready).unwrap_or(Poll::Pending)
    })
    .await
}

/// Says to a supervisor that waits for it (`sd_notify(3)`) that the server answers.
#[cfg(unix)]
pub fn notify_ready() {
    if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Ready]) {
        tracing::warn!("the supervisor cannot be notified: {error}");
    }
}

/// Only Unix has one.
#[cfg(not(unix))]
pub fn notify_ready() {}
