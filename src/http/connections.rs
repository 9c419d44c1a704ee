//! Connections: every host has a client of its own while it is being asked, so that what was opened to it is closed as
//! soon as nothing more is wanted.
//!
//! An open connection costs about 30 kB (measured: what hyper keeps to read, to write and to be told) and a file
//! handle; a client too little to be seen in a cycle over 10,000 hosts. With one client for all, a cycle over 1,000
//! hosts ended with 1,000 connections open, and any time limit short enough to help cut off hosts whose pages were
//! still to come.

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

/// How long a connection stays open to a host nobody says goodbye to: one that redirects led to, or an API.
const KEPT_OPEN: Duration = Duration::from_secs(15);

/// A client with our manners: no redirects, no retries, no proxy but the user's, no address that `admission` does not
/// admit.
///
/// # Errors
/// When the proxy's address or the user agent cannot be used, or TLS cannot be set up.
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

/// Whether `settings` can be used as far as that can be said without a connection.
///
/// # Errors
/// As a client made from them would give.
pub fn check(settings: &Settings) -> Result<(), SetupError> {
    user_agent(settings).and(proxy(settings)).map(drop)
}

fn user_agent(settings: &Settings) -> Result<HeaderValue, SetupError> {
    HeaderValue::from_str(&settings.user_agent).map_err(|_| SetupError::UserAgent)
}

/// The proxy, if there is one.
fn proxy(settings: &Settings) -> Result<Option<Proxy>, SetupError> {
    if settings.proxy.is_empty() {
        return Ok(None);
    }
    let refused = |message: String| SetupError::Proxy(message);
    // What is no http address would be taken, and no request would go through it.
    if let Some((scheme, _)) = settings.proxy.split_once("://")
        && !matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https")
    {
        return Err(refused(format!("{scheme} is no scheme of a proxy here; use http or https")));
    }
    Proxy::all(&settings.proxy).map(Some).map_err(|error| refused(error.to_string()))
}

/// The clients of the hosts that are being asked.
pub(super) struct Connections {
    settings: Settings,
    policy: AddressPolicy,
    /// Connections kept for a host's next request.
    kept: usize,
    opened: Arc<AtomicU64>,
    clients: Mutex<HashMap<String, Client>>,
}

impl Connections {
    /// Connections as `settings` want them; each for one request only unless `reuse`.
    ///
    /// # Errors
    /// As [`builder`].
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

    /// The client of `host`, with what is open to it.
    ///
    /// # Errors
    /// As [`builder`].
    pub fn to(&self, host: &str) -> Result<Client, SetupError> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(host) {
            return Ok(client.clone());
        }
        let client = self.make()?;
        clients.insert(host.to_owned(), client.clone());
        Ok(client)
    }

    /// Closes what is open to `host` and not in use.
    pub fn close_idle(&self, host: &str) {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).remove(host);
    }

    /// How many were ever opened.
    pub fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }
}
