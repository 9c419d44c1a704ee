//! Rate windows per credential and route, and what remains of a block.

use std::{
    collections::HashMap,
    io,
    time::{Duration, Instant},
};

use serde::Deserialize;

/// Length of a window, milliseconds: 15 minutes (docs/reference/x-api.md#endpoints).
const WINDOW_MS: i64 = 15 * 60 * 1000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    limits: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    path: String,
    app: u64,
    user: u64,
}

/// Credential and route.
type Key = (String, String);

#[derive(Debug, Clone, Copy)]
struct Window {
    until_ms: i64,
    used: u64,
    /// Whether it was used up by an injected failure, not by requests.
    spoilt: bool,
}

/// The state of a window at a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Requests a window allows.
    pub limit: u64,
    /// Of those, left.
    pub remaining: u64,
    /// When it ends, Unix milliseconds by the server.
    pub until_ms: i64,
    /// Whether the request is within it.
    pub allowed: bool,
    /// Whether a client that counts its own requests had to know that it is not.
    pub beyond: bool,
}

/// All windows.
#[derive(Debug)]
pub struct Limits {
    published: HashMap<String, (u64, u64)>,
    windows: HashMap<Key, Window>,
    blocked: HashMap<Key, (i64, Instant)>,
}

impl Limits {
    /// The published limits.
    ///
    /// # Errors
    /// When the table is broken.
    pub fn load() -> io::Result<Self> {
        let table: Table = toml_edit::de::from_str(include_str!("../../../fixtures/x/limits.toml"))
            .map_err(|error| io::Error::other(format!("fixtures/x/limits.toml: {error}")))?;
        let limits = table.limits.into_iter().map(|row| (row.path, (row.app, row.user))).collect();
        Ok(Self { published: limits, windows: HashMap::new(), blocked: HashMap::new() })
    }

    /// Another limit for a route, for apps and users alike.
    pub fn set(&mut self, path: &str, limit: u64) {
        self.published.insert(path.to_owned(), (limit, limit));
    }

    /// Counts a request.
    pub fn take(&mut self, credential: &str, user: bool, path: &str, now: i64) -> Taken {
        let (app_limit, user_limit) = self.published.get(path).copied().unwrap_or((0, 0));
        let limit = if user { user_limit } else { app_limit };
        let key = (credential.to_owned(), path.to_owned());
        let window =
            self.windows.entry(key).or_insert(Window { until_ms: now + WINDOW_MS, used: 0, spoilt: false });
        if now >= window.until_ms {
            *window = Window { until_ms: now + WINDOW_MS, used: 0, spoilt: false };
        }
        let allowed = window.used < limit;
        window.used += u64::from(allowed);
        let remaining = limit.saturating_sub(window.used);
        Taken { limit, remaining, until_ms: window.until_ms, allowed, beyond: !allowed && !window.spoilt }
    }

    /// Uses up what is left of a window; gives how it stands then.
    pub fn exhaust(&mut self, credential: &str, path: &str, taken: Taken) -> Taken {
        let key = (credential.to_owned(), path.to_owned());
        if let Some(window) = self.windows.get_mut(&key) {
            window.spoilt = window.used < taken.limit;
            window.used = window.used.max(taken.limit);
        }
        Taken { remaining: 0, ..taken }
    }

    /// Notes that a 429 asked for silence until then.
    pub fn block(&mut self, credential: &str, path: &str, until_ms: i64) {
        let key = (credential.to_owned(), path.to_owned());
        let (until, _) = self.blocked.entry(key).or_insert_with(|| (until_ms, Instant::now()));
        *until = (*until).max(until_ms);
    }

    /// Whether a 429 that left longer than `flight` ago still asks for silence at `now`.
    pub fn is_blocked(&mut self, credential: &str, path: &str, now: i64, flight: Duration) -> bool {
        let key = (credential.to_owned(), path.to_owned());
        match self.blocked.get(&key) {
            Some((until, left)) if now < *until => left.elapsed() >= flight,
            Some(_) => {
                self.blocked.remove(&key);
                false
            }
            None => false,
        }
    }
}
