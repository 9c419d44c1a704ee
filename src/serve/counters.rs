//! Figures of the server for `/metrics` (docs/reference/metrics.md#server).

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use strum::{IntoStaticStr, VariantArray};

use super::{
    guard::Refusal,
    limits::{Full, Limits},
    live::Ring,
    stream::Form,
};
use crate::render::prometheus::Metric;

/// Why a request is refused before it is read.
#[derive(Debug, Clone, Copy, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Cause {
    Body,
    Token,
    Host,
    OtherSite,
    /// Too many requests of one address.
    Rate,
}

impl From<Refusal> for Cause {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Body => Self::Body,
            Refusal::Token => Self::Token,
            Refusal::Host => Self::Host,
            Refusal::OtherSite => Self::OtherSite,
        }
    }
}

#[derive(Debug, Default)]
pub struct Counters {
    by_status: Mutex<BTreeMap<u16, u64>>,
    refused: [AtomicU64; Cause::VARIANTS.len()],
    connections: AtomicU64,
    server_full: AtomicU64,
    address_full: AtomicU64,
    bytes: AtomicU64,
}

impl Counters {
    /// Counts an answer whose body has this many bytes, if that is known.
    pub fn count(&self, status: u16, bytes: Option<u64>) {
        *self.by_status.lock().unwrap_or_else(PoisonError::into_inner).entry(status).or_default() += 1;
        self.bytes.fetch_add(bytes.unwrap_or(0), Relaxed);
    }

    pub fn refuse_request(&self, cause: Cause) {
        self.refused[cause as usize].fetch_add(1, Relaxed);
    }

    pub fn accept(&self) {
        self.connections.fetch_add(1, Relaxed);
    }

    pub fn refuse(&self, full: Full) {
        let counter = match full {
            Full::Server => &self.server_full,
            Full::Address => &self.address_full,
        };
        counter.fetch_add(1, Relaxed);
    }

    /// All figures, given the number of the newest entry of the log.
    pub fn metrics(&self, ring: &Ring, limits: &Limits, log_end: i64) -> Vec<Metric> {
        let by_status = self.by_status.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let codes: Vec<(String, f64)> =
            by_status.into_iter().map(|(status, number)| (status.to_string(), number as f64)).collect();
        let read = |counter: &AtomicU64| counter.load(Relaxed) as f64;
        let sent = &ring.sent;
        let bytes = named::<Form>(&sent.bytes).chain([("document", read(&self.bytes))]);
        let total = |name, help, value| Metric::one(name, true, help, value);
        let now = |name, help, value| Metric::one(name, false, help, value);
        vec![
            Metric::many(
                ("serve_requests_total", &["code"]),
                true,
                "Answers of the server since its start.",
                codes.iter().map(|(code, number)| (code.as_str(), *number)),
            ),
            Metric::many(
                ("serve_requests_refused_total", &["cause"]),
                true,
                "Requests refused before they were read.",
                named::<Cause>(&self.refused),
            ),
            total("serve_connections_total", "Connections accepted.", read(&self.connections)),
            Metric::many(
                ("serve_connections_refused_total", &["limit"]),
                true,
                "Connections refused by the limit of the server or of an address.",
                [("server", read(&self.server_full)), ("address", read(&self.address_full))],
            ),
            Metric::many(
                ("serve_sent_bytes_total", &["form"]),
                true,
                "Bytes of bodies sent, after compression.",
                bytes,
            ),
            Metric::many(
                ("serve_events_total", &["form"]),
                true,
                "Events sent to readers of streams.",
                named::<Form>(&sent.events),
            ),
            total("serve_resets_total", "Readers that were sent a reset.", read(&sent.resets)),
            total(
                "serve_refills_total",
                "Reads of the log for readers that were behind.",
                read(&sent.refills),
            ),
            now("serve_connections", "Open connections.", limits.open() as f64),
            now("serve_stream_readers", "Readers of streams.", ring.readers() as f64),
            now("serve_last_event", "Number of the newest event that readers can get.", ring.newest() as f64),
            now("serve_log_last_event", "Number of the newest event in the database.", log_end as f64),
        ]
    }
}

/// What the readers of streams got.
#[derive(Debug, Default)]
pub struct Sent {
    events: [AtomicU64; Form::VARIANTS.len()],
    bytes: [AtomicU64; Form::VARIANTS.len()],
    resets: AtomicU64,
    refills: AtomicU64,
}

impl Sent {
    pub fn events(&self, form: Form, number: u64) {
        self.events[form as usize].fetch_add(number, Relaxed);
    }

    /// Counts a part of a stream.
    pub fn part(&self, form: Form, bytes: usize) {
        self.bytes[form as usize].fetch_add(bytes as u64, Relaxed);
    }

    pub fn reset(&self) {
        self.resets.fetch_add(1, Relaxed);
    }

    /// Counts a read of the log.
    pub fn refill(&self) {
        self.refills.fetch_add(1, Relaxed);
    }
}

/// The counters of an enum with the names of its variants.
fn named<T: VariantArray + Into<&'static str> + Copy>(
    counters: &[AtomicU64],
) -> impl Iterator<Item = (&'static str, f64)> {
    let names = T::VARIANTS.iter().map(|variant| (*variant).into());
    names.zip(counters.iter().map(|counter| counter.load(Relaxed) as f64))
}
