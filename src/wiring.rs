//! Settings in, real parts out: the only file that names the real network and the real clock.

use std::{io, sync::Arc, thread};

use tokio::runtime::{Builder, Runtime};

use crate::{
    clock::SystemClock,
    config::Settings,
    cycle,
    detect::Rules,
    error::Error,
    exit::Exit,
    http::{Client, Poster},
    store::Store,
    visit::{self, Context, PageCache, ParsePool},
};

/// Pairs of open files that must be free for a runtime; tokio opens seven files for itself.
#[cfg(unix)]
const SPARE_PAIRS: usize = 4;

/// A runtime of as many workers as cores.
///
/// # Errors
/// When the system gives no threads.
pub fn runtime() -> Result<Runtime, Error> {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    spare(workers).and_then(|()| Builder::new_multi_thread().enable_all().build()).map_err(no_runtime)
}

/// The runtime of a cycle, and of what only reads the database: one thread waits for the network. What computes has
/// threads of its own, so a second would mostly wake the first.
///
/// # Errors
/// When the system gives none.
pub fn small_runtime() -> Result<Runtime, Error> {
    spare(1).and_then(|()| Builder::new_current_thread().enable_all().build()).map_err(no_runtime)
}

/// Whether the system gives the files and threads that tokio panics without.
fn spare(threads: usize) -> io::Result<()> {
    #[cfg(unix)]
    {
        let pair = || std::os::unix::net::UnixStream::pair();
        (0..SPARE_PAIRS).map(|_| pair()).collect::<io::Result<Vec<_>>>()?;
    }
    let parked = (0..threads).map(|_| thread::Builder::new().spawn(thread::park));
    for thread in parked.collect::<io::Result<Vec<_>>>()? {
        thread.thread().unpark();
        // It only waited.
        let _ = thread.join();
    }
    Ok(())
}

fn no_runtime(error: std::io::Error) -> Error {
    Error::new(
        Exit::Failure,
        format!("the system gives too few threads or open files: {error}"),
        "raise the limits of this user (ulimit -u, ulimit -n)",
    )
}

/// The one client of a run.
///
/// # Errors
/// When the proxy or the TLS roots cannot be used.
pub fn client(settings: &Settings) -> Result<Client<SystemClock>, Error> {
    Ok(Client::new(settings.http.clone(), SystemClock)?)
}

/// The rules of judgement.
#[must_use]
pub fn rules(settings: &Settings) -> Rules {
    Rules::compile(&settings.detect)
}

/// What the visits of a run share; `naive` switches every saving off.
///
/// # Errors
/// As [`client`].
pub fn context(
    settings: &Settings,
    store: Store,
    catch_up: usize,
    without_savings: bool,
) -> Result<Context<Client<SystemClock>, SystemClock>, Error> {
    Ok(Context {
        fetch: if without_savings {
            Client::without_reuse(settings.http.clone(), SystemClock)?
        } else {
            client(settings)?
        },
        store,
        rules: Arc::new(rules(settings)),
        user_agent: settings.http.user_agent.clone(),
        parsers: ParsePool::start(thread::available_parallelism().map_or(1, usize::from))
            .map_err(no_runtime)?,
        pages: PageCache::new(settings.cache.memory_limit),
        settings: visit::Settings { catch_up, without_savings, ..settings.cache.clone() },
        clock: SystemClock,
    })
}

/// What a cycle is told to do.
#[must_use]
pub fn task(settings: &Settings, dry_run: bool) -> cycle::Task {
    cycle::Task {
        sources: settings.sources.clone(),
        settings: settings.cycle.clone(),
        targets: settings.targets,
        dry_run,
        notifier: notifier(settings),
        backlog: true,
        x: settings.x.is_on().then(|| Arc::new(settings.x.clone())),
        width: cycle::Width::of(settings.http.concurrency, settings.http.per_host_concurrency),
    }
}

/// Whom a cycle tells.
#[must_use]
pub fn notifier(settings: &Settings) -> cycle::Notifier {
    cycle::Notifier {
        settings: Arc::clone(&settings.alerts),
        post: Arc::new(poster(settings)),
        state_dir: settings.state_dir.clone(),
    }
}

/// The network to the channels.
#[must_use]
pub fn poster(settings: &Settings) -> Poster {
    Poster::new(settings.http.clone())
}
