//! `tge-scrape serve`: a read-only HTTP server beside the cycles (docs/reference/serve.md).

mod answer;
mod app;
mod connection;
mod counters;
mod documents;
mod guard;
mod health;
mod limits;
mod listen;
mod live;
mod login;
#[cfg(test)]
mod openapi;
mod query;
mod stream;
mod tls;
mod websocket;

use std::{io, sync::Arc, time::Duration};

use tokio::{net::TcpListener, sync::watch, task::JoinSet, time::timeout};

use crate::{
    clock::{Clock, SystemClock},
    config::Settings,
    error::Error,
    exit::Exit,
    store::{Access, Store},
};
use app::App;
pub use listen::inherited;

/// Time for answers in progress after a signal.
const DRAIN: Duration = Duration::from_secs(5);
/// Interval in which old senders are forgotten.
const TIDY: Duration = Duration::from_mins(1);
/// Pause after an error of the listener, such as too many open files.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// A server that listens.
pub struct Server {
    listeners: Vec<TcpListener>,
    tls: Option<tls::Tls>,
    settings: Settings,
}

impl Server {
    /// Listens on the sockets that it [inherits](inherited), or at the address of the settings.
    pub async fn bind(settings: Settings, inherited: Vec<std::net::TcpListener>) -> Result<Self, Error> {
        let serve = &settings.serve;
        if let Some(first) = serve.wrong_tokens.first() {
            return Err(Error::new(Exit::Settings, first.clone(), ""));
        }
        let tls = serve.tls.as_ref().map(tls::Tls::read).transpose()?;
        let listeners = listen::listen(serve, inherited).await?;
        Ok(Self { listeners, tls, settings })
    }

    /// The addresses of the board.
    pub fn addresses(&self) -> io::Result<Vec<String>> {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let address = |listener: &TcpListener| Ok(format!("{scheme}://{}/", listener.local_addr()?));
        self.listeners.iter().map(address).collect()
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
            tls: self.tls,
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
        listen::notify_ready();
        loop {
            tokio::select! {
                _ = &mut stop => break,
                accepted = listen::accept(&self.listeners) => match accepted {
                    Ok((stream, peer)) => connection::accept(&app, &router, stream, peer, &mut tasks),
                    Err(error) => {
                        tracing::warn!("a connection cannot be accepted: {error}");
                        SystemClock.sleep(ACCEPT_AGAIN).await;
                    }
                },
                Some(_) = tasks.join_next() => {}
            }
        }
        drop(self.listeners);
        stopped.send_replace(true);
        app.ring.end();
        let _ = timeout(DRAIN, async { while tasks.join_next().await.is_some() {} }).await;
        tasks.abort_all();
        follower.abort();
        tidier.abort();
        Ok(())
    }
}
