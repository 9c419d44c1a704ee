//! Connections: each host has its own client while it has requests, so that its connections can be closed as soon as no
//! work remains for it (docs/explain/decisions/0016-one-http-client-per-host.md).
//!
//! An open connection costs about 30 kB (measured: hyper's buffers) and a file handle. With one client for all, a cycle
//! over 1,000 hosts ended with 1,000 open connections, and a time limit short enough to help closed connections that were
//! still needed.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use reqwest::{Client, ClientBuilder, Proxy, header::HeaderValue, redirect::Policy};
use tower::util::MapResponseLayer;

use super::{
    Settings, SetupError,
    resolve::{AddressPolicy, PolicyResolver},
    tls,
};

/// How long an idle connection stays open to a host without a call of `close_idle`: a redirect's target, or an API.
const KEPT_OPEN: Duration = Duration::from_secs(15);

/// A client without redirects, retries and proxies except that of the settings, and with the addresses of `policy` only.
pub(super) fn builder(settings: &Settings, policy: AddressPolicy) -> Result<ClientBuilder, SetupError> {
    let (agent, proxy) = (user_agent(settings)?, proxy(settings)?);
    let builder = Client::builder()
        .user_agent(agent)
        .referer(false)
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(settings.connect_timeout)
        .dns_resolver(Arc::new(PolicyResolver::new(policy)))
        .tls_backend_preconfigured(tls::config()?)
        .no_proxy();
    Ok(match proxy {
        Some(proxy) => builder.proxy(proxy),
        None => builder,
    })
}

/// Checks `settings` without a connection.
pub fn check(settings: &Settings) -> Result<(), SetupError> {
    user_agent(settings).and(proxy(settings)).map(drop)
}

fn user_agent(settings: &Settings) -> Result<HeaderValue, SetupError> {
    HeaderValue::from_str(&settings.user_agent).map_err(|_| SetupError::UserAgent)
}

fn proxy(settings: &Settings) -> Result<Option<Proxy>, SetupError> {
    if settings.proxy.is_empty() {
        return Ok(None);
    }
    let refused = |message: String| SetupError::Proxy(message);
    // reqwest accepts other schemes, but then no request succeeds.
    if let Some((scheme, _)) = settings.proxy.split_once("://")
        && !matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https")
    {
        return Err(refused(format!("{scheme} is no scheme of a proxy here; use http or https")));
    }
    Proxy::all(&settings.proxy).map(Some).map_err(|error| refused(error.to_string()))
}

/// The clients of the hosts with requests.
pub(super) struct Connections {
    settings: Settings,
    policy: AddressPolicy,
    /// Idle connections to keep for each host.
    kept: usize,
    opened: Arc<AtomicU64>,
    clients: Mutex<HashMap<String, Client>>,
}

impl Connections {
    /// Without `reuse`, each connection serves one request.
    pub fn new(settings: Settings, policy: AddressPolicy, reuse: bool) -> Result<Self, SetupError> {
        let kept = if reuse { settings.per_host_concurrency.max(1) } else { 0 };
        let (opened, clients) = (Arc::default(), Mutex::default());
        let connections = Self { settings, policy, kept, opened, clients };
        connections.make()?;
        Ok(connections)
    }

    fn make(&self) -> Result<Client, SetupError> {
        let opened = Arc::clone(&self.opened);
        builder(&self.settings, self.policy.clone())?
            .pool_max_idle_per_host(self.kept)
            .pool_idle_timeout(self.settings.per_host_interval + KEPT_OPEN)
            .connector_layer(MapResponseLayer::new(move |connection| {
                opened.fetch_add(1, Ordering::Relaxed);
                connection
            }))
            .build()
            .map_err(|error| SetupError::Tls(error.to_string()))
    }

    /// The client of `host`, with its open connections.
    pub fn to(&self, host: &str) -> Result<Client, SetupError> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(host) {
            return Ok(client.clone());
        }
        let client = self.make()?;
        clients.insert(host.to_owned(), client.clone());
        Ok(client)
    }

    /// Closes the idle connections to `host`.
    pub fn close_idle(&self, host: &str) {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).remove(host);
    }

    pub fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }
}
