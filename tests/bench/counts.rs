//! Counts of one or more cycles.

use serde_json::Value;

/// The counts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    pub cycles: u64,
    /// Every request, X included.
    pub requests: u64,
    /// Of these, calls to X.
    pub x: u64,
    /// Accounts and authors that they looked up.
    pub x_users: u64,
    /// Answers with a body.
    pub full: u64,
    pub unmodified: u64,
    pub pages: u64,
    pub connections: u64,
    pub new: u64,
    pub stories: u64,
    /// Answers 429.
    pub violations: u64,
    /// Bytes of feeds and pages; how many posts X packs into an answer is no saving of ours.
    pub news_bytes: u64,
    pub lookups: u64,
    pub hits: u64,
    /// Requests beyond the first to their origin, and those of them on a connection that was open.
    pub reusable: u64,
    pub reused: u64,
    /// The cost without savings, as the cycle reports it.
    pub calls_without_savings: u64,
    pub ms: u64,
    pub peak: u64,
}

impl Counts {
    /// Reads the report of a cycle.
    pub fn of(report: &Value) -> Self {
        let figure = |path: &str| report.pointer(path).and_then(Value::as_u64).unwrap_or(0);
        let (requests, connections) = (figure("/http/requests"), figure("/http/connections_opened"));
        let reusable = requests.saturating_sub(figure("/http/origins"));
        Self {
            cycles: 1,
            requests,
            x: figure("/x/calls"),
            x_users: figure("/x/users_looked_up"),
            full: figure("/http/outcomes/2xx"),
            unmodified: figure("/http/outcomes/304"),
            pages: figure("/articles/fetched"),
            connections,
            new: figure("/entries/new"),
            stories: figure("/stories/new"),
            violations: figure("/http/outcomes/429"),
            news_bytes: figure("/http/bytes_received"),
            lookups: figure("/cache/lookups"),
            hits: figure("/cache/fresh_hits") + figure("/cache/revalidated"),
            reusable,
            reused: requests.saturating_sub(connections).min(reusable),
            calls_without_savings: figure("/calls/naive"),
            ms: figure("/cycle/duration_ms"),
            peak: figure("/memory/peak_rss_bytes"),
        }
    }

    /// Adds `other`. Of the memory the larger peak stays.
    pub fn add(&mut self, other: &Self) {
        self.peak = self.peak.max(other.peak);
        for (sum, more) in [
            (&mut self.cycles, other.cycles),
            (&mut self.requests, other.requests),
            (&mut self.x, other.x),
            (&mut self.x_users, other.x_users),
            (&mut self.full, other.full),
            (&mut self.unmodified, other.unmodified),
            (&mut self.pages, other.pages),
            (&mut self.connections, other.connections),
            (&mut self.new, other.new),
            (&mut self.stories, other.stories),
            (&mut self.violations, other.violations),
            (&mut self.news_bytes, other.news_bytes),
            (&mut self.lookups, other.lookups),
            (&mut self.hits, other.hits),
            (&mut self.reusable, other.reusable),
            (&mut self.reused, other.reused),
            (&mut self.calls_without_savings, other.calls_without_savings),
            (&mut self.ms, other.ms),
        ] {
            *sum += more;
        }
    }

    /// The counts of the budget.
    pub fn exact(&self) -> [(&'static str, u64); 9] {
        [
            ("requests", self.requests),
            ("x", self.x),
            ("full", self.full),
            ("unmodified", self.unmodified),
            ("pages", self.pages),
            ("connections", self.connections),
            ("new", self.new),
            ("stories", self.stories),
            ("violations", self.violations),
        ]
    }
}

/// `part` of `whole` in per cent.
pub fn share(part: u64, whole: u64) -> String {
    if whole == 0 { "–".to_owned() } else { format!("{:.1} %", part as f64 / whole as f64 * 100.0) }
}
