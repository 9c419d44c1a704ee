//! Figures of the server for `/metrics`.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    limits::{Full, Limits},
    live::Ring,
};
use crate::render::prometheus::Metric;

#[derive(Debug, Default)]
pub struct Counters {
    by_status: Mutex<BTreeMap<u16, u64>>,
    server_full: AtomicU64,
    address_full: AtomicU64,
}

impl Counters {
    pub fn count(&self, status: u16) {
        *self.by_status.lock().unwrap_or_else(PoisonError::into_inner).entry(status).or_default() += 1;
    }

    pub fn refuse(&self, full: Full) {
        let counter = match full {
            Full::Server => &self.server_full,
            Full::Address => &self.address_full,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub fn metrics(&self, ring: &Ring, limits: &Limits) -> Vec<Metric> {
        let by_status = self.by_status.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let codes: Vec<(String, f64)> =
            by_status.into_iter().map(|(status, number)| (status.to_string(), number as f64)).collect();
        let refused = [("server", &self.server_full), ("address", &self.address_full)]
            .map(|(limit, counter)| (limit, counter.load(Ordering::Relaxed) as f64));
        vec![
            Metric::many(
                ("serve_requests_total", &["code"]),
                true,
                "Answers of this server since its start.",
                codes.iter().map(|(code, number)| (code.as_str(), *number)),
            ),
            Metric::many(
                ("serve_connections_refused_total", &["limit"]),
                true,
                "Connections refused by the limit of the server or of an address.",
                refused,
            ),
            Metric::one("serve_connections", false, "Open connections.", limits.open() as f64),
            Metric::one("serve_stream_readers", false, "Readers of streams.", ring.readers() as f64),
            Metric::one("serve_last_event", false, "Number of the newest event.", ring.newest() as f64),
        ]
    }
}
