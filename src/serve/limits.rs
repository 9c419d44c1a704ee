//! Bounds by sender: connections at a time, requests a minute.

use std::{
    collections::HashMap,
    net::IpAddr,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::guard::network;
use crate::config::ServeSettings;

pub struct Limits {
    connections: usize,
    per_address: usize,
    open: Arc<Mutex<Open>>,
    requests: DefaultKeyedRateLimiter<IpAddr>,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    by_network: HashMap<IpAddr, usize>,
}

/// Why a connection is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    Server,
    Address,
}

/// Counts a connection while it lasts.
#[derive(Debug)]
pub struct Connection {
    open: Arc<Mutex<Open>>,
    /// `None` for a proxy, which has the connections of many.
    network: Option<IpAddr>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all -= 1;
        if let Some(network) = self.network
            && let Some(number) = open.by_network.get_mut(&network)
        {
            *number -= 1;
            if *number == 0 {
                open.by_network.remove(&network);
            }
        }
    }
}

impl Limits {
    pub fn new(settings: &ServeSettings) -> Self {
        let rate = NonZeroU32::new(settings.requests_per_address).unwrap_or(NonZeroU32::MIN);
        Self {
            connections: settings.connections,
            per_address: settings.connections_per_address,
            open: Arc::default(),
            requests: RateLimiter::keyed(Quota::per_minute(rate)),
        }
    }

    /// Counts a new connection of `peer`.
    pub fn connect(&self, peer: IpAddr, is_trusted: bool) -> Result<Connection, Full> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.all >= self.connections {
            return Err(Full::Server);
        }
        let network = (!is_trusted).then(|| network(peer));
        if let Some(network) = network {
            let number = open.by_network.entry(network).or_default();
            if *number >= self.per_address {
                return Err(Full::Address);
            }
            *number += 1;
        }
        open.all += 1;
        Ok(Connection { open: Arc::clone(&self.open), network })
    }

    /// Connections that are open.
    pub fn open(&self) -> usize {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).all
    }

    /// Counts a request of `sender`; false if it is one too many.
    pub fn admits(&self, sender: IpAddr) -> bool {
        self.requests.check_key(&network(sender)).is_ok()
    }

    /// Forgets senders that have not asked for a while.
    pub fn tidy(&self) {
        self.requests.retain_recent();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(connections: usize, per_address: usize, requests: u32) -> Limits {
        Limits::new(&ServeSettings {
            listen: ([127, 0, 0, 1], 0).into(),
            tokens: Vec::new(),
            wrong_tokens: Vec::new(),
            tls: None,
            hosts: Vec::new(),
            trusted_proxies: Vec::new(),
            connections,
            connections_per_address: per_address,
            requests_per_address: requests,
        })
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn connections_count_by_network_until_they_end() {
        let limits = limits(4, 2, 9);
        let (one, near, other) = (address("2001:db8::1"), address("2001:db8::2"), address("192.0.2.1"));
        let first = limits.connect(one, false).unwrap();
        let _second = limits.connect(near, false).unwrap();
        assert_eq!(limits.connect(one, false).unwrap_err(), Full::Address);
        let _third = limits.connect(other, false).unwrap();
        drop(first);
        let _again = limits.connect(one, false).unwrap();
        let _proxy = limits.connect(other, true).unwrap();
        assert_eq!(limits.connect(address("192.0.2.9"), true).unwrap_err(), Full::Server);
        assert_eq!(limits.open(), 4);
    }

    #[test]
    fn requests_count_by_network() {
        let limits = limits(9, 9, 3);
        let asked: Vec<bool> = (0..4).map(|_| limits.admits(address("192.0.2.1"))).collect();
        assert_eq!(asked, [true, true, true, false]);
        assert!(limits.admits(address("192.0.2.2")));
    }
}
