//! The simulated internet: outlets on loopback, changes by a script, and a log of all requests.
//!
//! Imports no other module of this crate, so client and server do not share errors. Every host is a name under
//! `.localhost` on one listener (docs/explain/decisions/0001-fixture-hosts-use-localhost-names.md); what the hosts
//! publish is in `fixtures/web`.

mod bulk;
mod failure;
mod feeds;
mod hosts;
mod injection;
mod moment;
mod page;
mod random;
mod server;
pub mod x;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, AtomicU32, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpSocket},
    task::JoinHandle,
};

pub use bulk::Bulk;
pub use failure::InjectedFailure;
pub use hosts::Truth;
pub use injection::Injection;

use failure::RandomFailure;
use hosts::Host;

/// What kind of web is wanted.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The present, seconds since 1970: entries are dated before it.
    pub now: i64,
    /// Seed of the delays.
    pub seed: u64,
    /// How long an answer takes on average.
    pub latency: Duration,
    /// How far an answer's time may differ from that.
    pub spread: Duration,
    /// Port to listen on; 0 lets the system choose.
    pub port: u16,
    /// Generated hosts instead of the written ones.
    pub bulk: Option<Bulk>,
    /// A simulated X beside them.
    pub x: Option<x::Options>,
    /// Failures from the start, by host or beginning of an address.
    pub failures: Vec<(String, InjectedFailure)>,
    /// TLS on every connection, with HTTP/2 where the client agrees.
    pub tls: Option<Arc<tokio_rustls::rustls::ServerConfig>>,
}

/// Connections that may wait to be accepted: every host stands behind the one listener, and one that finds the queue full
/// tries again after a second.
const WAITING: u32 = 4096;
/// Name of the simulated X under `.localhost`.
const X_HOST: &str = "x";

/// One request as the server saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Host name without port.
    pub host: String,
    /// Path and query.
    pub path: String,
    /// Whether it carried a validator.
    pub conditional: bool,
    /// What it was answered.
    pub status: u16,
    /// Bytes of the answer's body.
    pub bytes: usize,
    /// The tick it came in.
    pub tick: u32,
}

/// Everything the server saw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestLog {
    /// Requests, in the order they came.
    pub requests: Vec<Asked>,
    /// Connections accepted.
    pub connections: u64,
    /// Of those over TLS, the ones that agreed on HTTP/2.
    pub http2: u64,
    /// Of those over TLS, the ones that went on with an earlier session.
    pub resumed: u64,
    /// Connections to the address that stands for a private one; a correct client makes none.
    pub inward: u64,
}

/// What all connections share.
#[derive(Debug)]
struct World {
    options: Options,
    port: u16,
    hosts: Vec<Host>,
    x: Option<x::Simulator>,
    /// Average time of an answer, and the largest difference from it.
    latency: Mutex<(Duration, Duration)>,
    tick: AtomicU32,
    tick_s: AtomicI64,
    /// Of the generated hosts, one in this many publishes in each tick; 0: as unevenly as in a day of news.
    every: AtomicUsize,
    requests: Mutex<Vec<Asked>>,
    connections: AtomicU64,
    http2: AtomicU64,
    resumed: AtomicU64,
    failures: Mutex<Vec<Injection<InjectedFailure>>>,
    random_failures: Mutex<Vec<Injection<RandomFailure>>>,
    /// Requests to a host or part that fails.
    failed: AtomicU64,
    /// Port of the listener that stands for a private address.
    inward: u16,
    inward_connections: AtomicU64,
}

/// A running web; it ends when dropped.
#[derive(Debug)]
pub struct FixtureWeb {
    world: Arc<World>,
    tasks: [JoinHandle<()>; 2],
}

impl Drop for FixtureWeb {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl FixtureWeb {
    /// Starts serving on 127.0.0.1.
    ///
    /// # Errors
    /// When the port cannot be had, or the compiled-in content is broken.
    pub async fn start(options: Options) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, options.port)))?;
        let listener = socket.listen(WAITING)?;
        let inward = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let hosts = if options.bulk.is_some() { Vec::new() } else { hosts::all(options.now)? };
        let x = options.x.clone().map(x::Simulator::new).transpose()?;
        let world = Arc::new(World {
            x,
            port: listener.local_addr()?.port(),
            hosts,
            latency: Mutex::new((options.latency, options.spread)),
            failures: Mutex::new(always(&options.failures)),
            random_failures: Mutex::default(),
            failed: AtomicU64::new(0),
            inward: inward.local_addr()?.port(),
            inward_connections: AtomicU64::new(0),
            options,
            tick: AtomicU32::new(0),
            tick_s: AtomicI64::new(0),
            every: AtomicUsize::new(0),
            requests: Mutex::default(),
            connections: AtomicU64::new(0),
            http2: AtomicU64::new(0),
            resumed: AtomicU64::new(0),
        });
        let tasks = [
            tokio::spawn(server::serve(listener, Arc::clone(&world))),
            tokio::spawn(server::count(inward, Arc::clone(&world))),
        ];
        Ok(Self { world, tasks })
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.world.port
    }

    /// Port of the listener that stands for a private address: `127.0.0.1` or `inward.localhost` there.
    #[must_use]
    pub fn inward_port(&self) -> u16 {
        self.world.inward
    }

    /// Replaces the failures, by host (`feed-00001`) or beginning of an address (`feed-00001/item-`).
    pub fn set_failures(&self, failures: &[(String, InjectedFailure)]) {
        *lock(&self.world.failures) = always(failures);
    }

    /// Lets time pass: what is scripted for the next tick is published.
    pub fn advance(&self) {
        let tick = self.world.tick.fetch_add(1, Ordering::SeqCst) + 1;
        if let Some(x) = self.x() {
            x.publish_tick(tick);
        }
    }

    /// Dates what generated hosts publish later by the tick it comes in, each so many seconds long.
    pub fn pace(&self, tick_s: i64) {
        self.world.tick_s.store(tick_s, Ordering::SeqCst);
    }

    /// So many of a thousand requests fail by chance: 404, 429, 500, 503, a page instead of a feed, half an answer.
    pub fn fail_share(&self, per_mille: u32) {
        *lock(&self.world.random_failures) = RandomFailure::injections(per_mille);
    }

    /// Answers take another time from now on.
    pub fn set_latency(&self, latency: Duration, spread: Duration) {
        *lock(&self.world.latency) = (latency, spread);
    }

    /// Of the generated hosts, one in `feeds` publishes in each tick. To be called before the first tick.
    pub fn publish_every(&self, feeds: usize) {
        self.world.every.store(feeds.max(1), Ordering::SeqCst);
    }

    /// The simulated X, where one was asked for.
    #[must_use]
    pub fn x(&self) -> Option<&x::Simulator> {
        self.world.x.as_ref()
    }

    /// Base address of the simulated X.
    #[must_use]
    pub fn x_url(&self) -> String {
        self.world.origin(X_HOST)
    }

    /// All requests and connections so far.
    #[must_use]
    pub fn request_log(&self) -> RequestLog {
        RequestLog {
            requests: lock(&self.world.requests).clone(),
            connections: self.world.connections.load(Ordering::SeqCst),
            http2: self.world.http2.load(Ordering::SeqCst),
            resumed: self.world.resumed.load(Ordering::SeqCst),
            inward: self.world.inward_connections.load(Ordering::SeqCst),
        }
    }

    /// Addresses of all feeds, in the settings' order.
    #[must_use]
    pub fn feed_urls(&self) -> Vec<String> {
        match &self.world.options.bulk {
            Some(bulk) => (0..bulk.feeds)
                .map(|feed| format!("{}/feed.xml", self.world.origin(&bulk::name(feed))))
                .collect(),
            None => self
                .world
                .hosts
                .iter()
                .map(|host| format!("{}{}", self.world.origin(&host.name), host.path()))
                .collect(),
        }
    }

    /// What is true of every entry published up to `tick`, where it stands.
    #[must_use]
    pub fn truth(&self, tick: u32) -> Vec<Truth> {
        let truths = |host: &Host| host.truths(&self.world.origin(&host.name), tick);
        self.world.hosts.iter().flat_map(truths).collect()
    }

    /// A settings file that names every feed, with waits switched off and a small watch list.
    #[must_use]
    pub fn settings_toml(&self) -> String {
        let mut text = String::from(
            "[cycle]\nbuiltin_feeds = false\n\n[detect]\nbuiltin_projects = false\n\n\
             [http]\nallow_private_addresses = true\nper_host_interval = \"0s\"\n\n[cache]\nfeed_ttl = \"0s\"\n",
        );
        for (at, url) in self.feed_urls().iter().enumerate() {
            text.push_str(&format!("\n[[feeds]]\nurl = \"{url}\"\n"));
            if let Some(host) = self.world.hosts.get(at) {
                text.push_str(&format!("name = \"{}\"\ntier = {}\n", host.outlet, host.tier));
                if host.dialect == "okx" {
                    text.push_str("preset = \"okx\"\n");
                }
            }
        }
        for (name, aliases, tokens, exclude) in WATCHED {
            text.push_str(&format!(
                "\n[[projects]]\nname = \"{name}\"\naliases = [{aliases}]\ntokens = [{tokens}]\nexclude = [{exclude}]\n"
            ));
        }
        text
    }
}

/// The watch list of [`FixtureWeb::settings_toml`]: name, aliases, tokens, phrases that mean something else.
const WATCHED: [(&str, &str, &str, &str); 3] = [
    ("Caldera", "\"Caldera Labs\"", "\"ERA\"", "\"volcanic caldera\", \"volcano\""),
    ("Fabric", "\"Fabric Protocol\"", "", "\"fabric softener\""),
    ("Seismic", "\"Seismic Systems\"", "\"SEIS\"", "\"seismic activity\""),
];

/// Locks `mutex`, also after a panic elsewhere.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Failures that never end.
fn always(failures: &[(String, InjectedFailure)]) -> Vec<Injection<InjectedFailure>> {
    failures.iter().map(|(target, failure)| Injection::new(*failure).times(u32::MAX).on(target)).collect()
}

impl World {
    fn origin(&self, host: &str) -> String {
        let scheme = if self.options.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{host}.localhost:{}", self.port)
    }

    fn tick(&self) -> u32 {
        self.tick.load(Ordering::SeqCst)
    }
}
