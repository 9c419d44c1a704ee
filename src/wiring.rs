//! Builds the real network client, clock and store from the settings.

use std::{
    io,
    sync::{Arc, LazyLock},
    thread,
};

use tokio::runtime::{Builder, Runtime};

use crate::{
    article::Sites,
    clock::SystemClock,
    config::Settings,
    cycle,
    detect::Rules,
    error::Error,
    exit::Exit,
    http::{self, Client, Permitted, Poster},
    model::{ImportedInUse, Source},
    store::Store,
    text::hash::sha256_hex,
    visit::{self, Context, PageCache, ParsePool},
};

/// Pairs of open files that must be free for a runtime: tokio opens seven files.
#[cfg(unix)]
const SPARE_PAIRS: usize = 4;

/// A runtime with a worker for each core.
pub fn runtime() -> Result<Runtime, Error> {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    spare(workers).and_then(|()| Builder::new_multi_thread().enable_all().build()).map_err(no_runtime)
}

/// A runtime of one thread, for a cycle and for commands that read the database. Computation has threads of its own, so
/// a second worker would mostly wake the first.
pub fn small_runtime() -> Result<Runtime, Error> {
    spare(1).and_then(|()| Builder::new_current_thread().enable_all().build()).map_err(no_runtime)
}

/// Fails where tokio would panic: the system gives too few files or threads.
fn spare(threads: usize) -> io::Result<()> {
    #[cfg(unix)]
    {
        let pair = || std::os::unix::net::UnixStream::pair();
        (0..SPARE_PAIRS).map(|_| pair()).collect::<io::Result<Vec<_>>>()?;
    }
    let parked = (0..threads).map(|_| thread::Builder::new().spawn(thread::park));
    for thread in parked.collect::<io::Result<Vec<_>>>()? {
        thread.thread().unpark();
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

/// The HTTP client.
pub fn client(settings: &Settings) -> Result<Client, Error> {
    Ok(Client::new(bounded(settings), Arc::new(SystemClock))?)
}

/// The settings of requests, with no more in flight than this machine permits. What it permits is read once: the client and
/// the queue of a cycle agree, also where the available memory changes between them.
fn bounded(settings: &Settings) -> http::Settings {
    static HERE: LazyLock<Permitted> = LazyLock::new(Permitted::here);
    let (concurrency, _) = http::width(settings.http.concurrency, *HERE);
    http::Settings { concurrency, ..settings.http.clone() }
}

/// The compiled rules of detection.
#[must_use]
pub fn rules(settings: &Settings) -> Rules {
    Rules::compile(&settings.detect)
}

/// The parts that all visits share; `without_savings` switches every saving off, `refresh` ignores caches once.
pub fn context(
    settings: &Settings,
    store: Store,
    catch_up: usize,
    without_savings: bool,
    refresh: visit::Refresh,
) -> Result<Context, Error> {
    Ok(Context {
        http: if without_savings {
            Client::without_reuse(bounded(settings), Arc::new(SystemClock))?
        } else {
            client(settings)?
        },
        store,
        rules: Arc::new(rules(settings)),
        user_agent: settings.http.user_agent.clone(),
        parsers: ParsePool::start(thread::available_parallelism().map_or(1, usize::from))
            .map_err(no_runtime)?,
        pages: PageCache::new(settings.cache.memory_limit).with_sites(Sites::new(&settings.sites)),
        labels: visit::Labels::default(),
        settings: visit::Settings { catch_up, without_savings, refresh, ..settings.cache.clone() },
        clock: Arc::new(SystemClock),
    })
}

/// The work of a cycle by the settings, and by the imported feeds that are read beside them.
#[must_use]
pub fn task(settings: &Settings, imported: Option<ImportedInUse>, dry_run: bool) -> cycle::Task {
    cycle::Task {
        sources: settings.sources.clone(),
        fingerprint: fingerprint(settings, imported.as_ref()),
        imported,
        settings: settings.cycle.clone(),
        targets: settings.targets,
        checks: settings.checks.clone(),
        strictness: cycle::Strictness::default(),
        dry_run,
        notifier: notifier(settings),
        backlog: true,
        x: settings.x.is_on().then(|| Arc::new(settings.x.clone())),
        width: cycle::Width::of(bounded(settings).concurrency, settings.http.per_host_concurrency),
    }
}

/// Identifies the settings that can change the figures of a cycle, without secrets: eight hexadecimal digits. Another
/// version of the program has another fingerprint.
#[must_use]
pub fn fingerprint(settings: &Settings, imported: Option<&ImportedInUse>) -> String {
    let Settings { cycle, http, cache, detect, x, sources, sites, alerts, .. } = settings;
    let policies = alerts.policies();
    let mut text =
        format!("{} {cycle:?} {http:?} {cache:?} {detect:?} {x:?} {policies:?}", env!("CARGO_PKG_VERSION"));
    if !sites.is_empty() {
        text.push_str(&format!("{sites:?}"));
    }
    for source in sources {
        // Values of headers may be secret. Debug hides the token of X.
        let Source { url, also, name: _, format, tier, tags, every, headers } = &**source;
        let headers = headers.iter().map(|(name, _)| name).collect::<Vec<_>>();
        text.push_str(&format!("{url} {also:?} {format:?} {tier} {tags:?} {every:?} {headers:?}"));
    }
    if let Some(imported) = imported {
        text.push_str(&format!("{imported:?}"));
    }
    sha256_hex::<4>(text)
}

/// The alerts of a cycle.
#[must_use]
pub fn notifier(settings: &Settings) -> cycle::Notifier {
    cycle::Notifier {
        settings: Arc::clone(&settings.alerts),
        post: Arc::new(poster(settings)),
        state_dir: settings.state_dir.clone(),
    }
}

/// The client for the channels.
#[must_use]
pub fn poster(settings: &Settings) -> Poster {
    Poster::new(settings.http.clone())
}
