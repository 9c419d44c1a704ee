//! The summary of a week, as one document: messages, JSON and Markdown are made from it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Class, Event, Stage, stamp};

/// Items of a list with the number of those that were cut off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed<T> {
    pub items: Vec<T>,
    pub more: usize,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self { items: Vec::new(), more: 0 }
    }
}

impl<T> Listed<T> {
    /// The first `most` of `items`.
    pub fn of(items: Vec<T>, most: usize) -> Self {
        Self { items, more: 0 }.cut(most)
    }

    /// With at most `most` items.
    pub fn cut(mut self, most: usize) -> Self {
        self.more += self.items.len().saturating_sub(most);
        self.items.truncate(most);
        self
    }

    /// Number of all items, those cut off included.
    pub fn count(&self) -> usize {
        self.items.len() + self.more
    }
}

/// The summary of the time from `from` to `to`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    #[serde(serialize_with = "stamp::serialize")]
    pub from: Timestamp,
    /// Exclusive.
    #[serde(serialize_with = "stamp::serialize")]
    pub to: Timestamp,
    pub launches: ClassCounts,
    /// Launches found in the time, highest class first.
    pub stories: Listed<SummaryStory>,
    /// Launches dated within seven days after it, nearest first.
    pub due: Listed<SummaryStory>,
    /// Outlets by the number of those launches that they reported first.
    pub first: Listed<FirstReporter>,
    pub silent: Listed<SilentFeed>,
    /// By channel.
    pub alerts: Listed<ChannelAlerts>,
    /// `None` if nothing was spent on X in the time and its month.
    pub x: Option<XSpending>,
    pub cycles: CyclesInTime,
    /// For operators.
    pub machine: Option<Machine>,
}

impl Summary {
    /// With at most `most` items in each list.
    pub fn cut(self, most: usize) -> Self {
        let machine = |machine: Machine| Machine { failures: machine.failures.cut(most), ..machine };
        Self {
            stories: self.stories.cut(most),
            due: self.due.cut(most),
            first: self.first.cut(most),
            silent: self.silent.cut(most),
            alerts: self.alerts.cut(most),
            machine: self.machine.map(machine),
            ..self
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassCounts {
    pub critical: usize,
    pub high: usize,
    pub medium: usize,
    pub low: usize,
}

impl ClassCounts {
    pub fn add(&mut self, class: Class) {
        *match class {
            Class::Critical => &mut self.critical,
            Class::High => &mut self.high,
            Class::Medium => &mut self.medium,
            Class::Low => &mut self.low,
        } += 1;
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SummaryStory {
    pub story_id: String,
    pub class: Class,
    pub score: u8,
    pub project: Option<String>,
    pub token: Option<String>,
    pub event: Event,
    pub stage: Stage,
    pub event_date: Option<String>,
    pub title: String,
    pub url: String,
    /// The outlet that reported it first.
    pub source: String,
    pub outlets: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstReporter {
    pub source: String,
    pub stories: usize,
}

/// A feed that brought nothing new, fails or is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SilentFeed {
    pub feed: String,
    /// `silent`, `failing` or `gone`.
    pub reason: String,
    /// Its last new entry; `None` if it never had one.
    #[serde(serialize_with = "stamp::option::serialize")]
    pub since: Option<Timestamp>,
}

/// Alerts of one channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelAlerts {
    pub channel: String,
    /// Delivered in the time.
    pub sent: u64,
    /// Held back at its end: for a digest, for quiet hours, or because the channel fails.
    pub held: u64,
    /// Given up in the time.
    pub given_up: u64,
}

/// US dollars as a text with six decimals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names of the JSON, with their unit")]
pub struct XSpending {
    pub cost_usd: String,
    /// Of the calendar month.
    pub month_cost_usd: String,
    pub budget_usd: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CyclesInTime {
    /// Started.
    pub all: usize,
    /// With exit code 0.
    pub ok: usize,
    /// Stopped by `cycle.timeout`.
    pub timed_out: usize,
    /// The longest time between the starts of two cycles; `None` with fewer than two.
    pub longest_gap_s: Option<i64>,
}

/// The state of the program and its machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Durations of the cycles; `None` without a finished one.
    pub cycle_ms: Option<Percentiles>,
    /// Failed fetches of feeds by cause, the most frequent first.
    pub failures: Listed<FailureCount>,
    pub database_bytes: u64,
    /// At the summary before; `None` for the first one.
    pub database_bytes_before: Option<u64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Percentiles {
    pub p50: u64,
    pub p95: u64,
    pub p99: u64,
    pub max: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureCount {
    /// As in docs/reference/failures.md.
    pub cause: String,
    pub number: u64,
}

/// What a channel's last summary was, or when the topic was first seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryState {
    pub channel: String,
    /// Summaries due up to this time are sent, or were due before the channel had the topic.
    pub handled_at: Timestamp,
    /// Size of the database at the last summary.
    pub database_bytes: Option<u64>,
}

/// What the database has of a time, for a summary.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SummaryFacts {
    /// Stories found in the time, in any order.
    pub stories: Vec<SummaryStory>,
    /// Stories dated within seven days after it, in any order.
    pub due: Vec<SummaryStory>,
    pub alerts: Vec<ChannelAlerts>,
    /// In the order of their start.
    pub cycles: Vec<CycleFacts>,
    /// Whether a cycle began before the time.
    pub had_cycles_before: bool,
    /// Failed fetches of feeds by cause.
    pub failures: Vec<FailureCount>,
    pub database_bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CycleFacts {
    pub started_at: Timestamp,
    /// `None` for a cycle that did not end.
    pub duration_ms: Option<u64>,
    pub exit_code: Option<u8>,
    pub deadline_hit: bool,
    /// As in the report.
    pub x_cost_usd: Option<String>,
    pub x_month_cost_usd: Option<String>,
}
