//! Resolves names and refuses private addresses. The client connects to the addresses checked here, so DNS rebinding
//! cannot lead it elsewhere: a second look-up is checked again.

use std::{
    future::Future,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::{Failure, guard::is_private};

/// Which hosts may have private addresses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct AddressPolicy {
    all: bool,
    hosts: Arc<[String]>,
}

impl AddressPolicy {
    /// Every host if `all`, else those of `hosts`, written as in a [`url::Url`].
    pub fn new(all: bool, hosts: &[String]) -> Self {
        Self { all, hosts: hosts.into() }
    }

    fn admits(&self, host: &str) -> bool {
        self.all || self.hosts.iter().any(|known| known == host)
    }

    /// Refuses a `url` without a host, or with a private address in place of a name.
    pub fn check_literal(&self, url: &Url) -> Result<(), Failure> {
        let address = match url.host() {
            Some(Host::Ipv4(v4)) => IpAddr::V4(v4),
            Some(Host::Ipv6(v6)) => IpAddr::V6(v6),
            Some(Host::Domain(_)) => return Ok(()),
            None => return Err(Failure::BadAddress(url.to_string())),
        };
        let host = url.host_str().unwrap_or_default();
        if is_private(address) && !self.admits(host) {
            return Err(Failure::PrivateAddress(host.to_owned()));
        }
        Ok(())
    }
}

/// Tests replace the system's resolver.
pub(super) trait Lookup: Clone + Send + Sync + 'static {
    fn addresses(&self, name: &str) -> impl Future<Output = io::Result<Vec<IpAddr>>> + Send;
}

/// The system's resolver.
#[derive(Debug, Clone, Copy)]
pub(super) struct System;

impl Lookup for System {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// Refuses private addresses after resolution, and answers names under `.localhost` itself (RFC 6761,
/// section 6.3).
#[derive(Debug, Clone)]
pub(super) struct PolicyResolver<L = System> {
    pub(super) policy: AddressPolicy,
    pub(super) lookup: L,
}

impl PolicyResolver {
    pub fn new(policy: AddressPolicy) -> Self {
        Self { policy, lookup: System }
    }
}

impl<L: Lookup> Resolve for PolicyResolver<L> {
    fn resolve(&self, name: Name) -> Resolving {
        let Self { policy, lookup } = self.clone();
        Box::pin(async move {
            let name = name.as_str();
            let found = if name == "localhost" || name.ends_with(".localhost") {
                vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]
            } else {
                let looked_up = lookup.addresses(name).await;
                looked_up.map_err(|error| {
                    tracing::debug!("{name}: {error}");
                    Refused::Dns(name.to_owned())
                })?
            };
            let open: Vec<SocketAddr> = found
                .iter()
                .filter(|address| !is_private(**address) || policy.admits(name))
                .map(|address| SocketAddr::new(*address, 0))
                .collect();
            match (found.is_empty(), open.is_empty()) {
                (true, _) => Err(Refused::Dns(name.to_owned()).into()),
                (false, true) => Err(Refused::Private(name.to_owned()).into()),
                (false, false) => Ok(Box::new(open.into_iter()) as Addrs),
            }
        })
    }
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error("{0}: not found (DNS)")]
    Dns(String),
    #[error("{0} leads to a private address")]
    Private(String),
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use super::*;

    /// A name server with another answer for each query.
    #[derive(Clone)]
    struct Turning(Arc<Mutex<Vec<Vec<IpAddr>>>>);

    impl Turning {
        fn new(answers: &[&[&str]]) -> Self {
            let answer = |answer: &&[&str]| answer.iter().map(|ip| ip.parse().unwrap()).collect();
            Self(Arc::new(Mutex::new(answers.iter().rev().map(answer).collect())))
        }
    }

    impl Lookup for Turning {
        async fn addresses(&self, _: &str) -> io::Result<Vec<IpAddr>> {
            let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            left.pop().ok_or_else(|| io::Error::other("asked once too often"))
        }
    }

    async fn asked(resolver: &PolicyResolver<Turning>, name: &str) -> Result<Vec<String>, String> {
        let found = resolver.resolve(name.parse().unwrap()).await;
        found.map(|all| all.map(|address| address.ip().to_string()).collect()).map_err(|e| e.to_string())
    }

    #[tokio::test]
    async fn private_addresses_are_removed_from_each_answer() {
        let lookup = Turning::new(&[
            &["10.0.0.1", "93.184.215.14", "::1"],
            &["127.0.0.1", "fd00::1"],
            &[],
            &["192.168.1.5"],
        ]);
        let resolver =
            PolicyResolver { policy: AddressPolicy::new(false, &["mine.example".to_owned()]), lookup };
        assert_eq!(asked(&resolver, "turns.example").await.unwrap(), ["93.184.215.14"]);
        assert!(asked(&resolver, "turns.example").await.unwrap_err().contains("private"));
        assert!(asked(&resolver, "turns.example").await.unwrap_err().contains("not found"));
        assert_eq!(asked(&resolver, "mine.example").await.unwrap(), ["192.168.1.5"]);
        assert!(asked(&resolver, "a.localhost").await.unwrap_err().contains("private"));
    }

    /// The connection goes to the checked address, even if the name server has another answer by then.
    #[tokio::test]
    async fn a_connection_goes_to_the_checked_address_without_a_second_query() {
        let checked = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = checked.local_addr().unwrap().port();
        let lookup = Turning::new(&[&["127.0.0.1"], &["169.254.169.254"]]);
        let left = Arc::clone(&lookup.0);
        let resolver =
            PolicyResolver { policy: AddressPolicy::new(false, &["turns.example".to_owned()]), lookup };
        let client = reqwest::Client::builder().no_proxy().dns_resolver(Arc::new(resolver)).build().unwrap();
        let asking = client.get(format!("http://turns.example:{port}/")).send();
        let (answer, met) = tokio::join!(asking, async {
            let met = checked.accept().await;
            met.map(|(stream, peer)| (drop(stream), peer.ip()))
        });
        assert!(answer.is_err(), "it was only let in");
        assert_eq!(met.unwrap().1.to_string(), "127.0.0.1");
        assert_eq!(left.lock().unwrap().len(), 1, "the name was looked up twice for one connection");
    }
}
