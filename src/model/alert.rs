//! Alerts, messages, channels and incidents, as the alert module, the cycle and the store share them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantNames};

use super::{Class, Detection, Summary};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumString, IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Topic {
    /// A launch, or a change of its class or date.
    News,
    /// More outlets carry a launch that was reported before.
    Update,
    /// The program itself: a dead feed, a failing channel, a budget.
    Ops,
    /// What happened in a week.
    Summary,
}

impl Topic {
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Change {
    /// The class that was reported before, if it is higher now.
    pub class_was: Option<Class>,
    /// The date that was reported before, if it is another now; empty if none was.
    pub date_was: Option<String>,
}

/// How serious a condition is (docs/reference/failures.md#operator-notices).
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
    VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Severity {
    /// Something is worse than it should be.
    #[default]
    Warning,
    /// Launches or alerts are lost or late unless someone acts.
    Critical,
}

impl Severity {
    /// The name used in outputs, settings and the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Identity, such as `feed https://…`.
    pub subject: String,
    pub phase: Phase,
    /// Rows of older versions have none.
    #[serde(default)]
    pub level: Severity,
    #[serde(rename = "says")]
    pub message: String,
    /// What to do; empty when it is over.
    #[serde(rename = "todo")]
    pub hint: String,
    pub since: Timestamp,
}

/// The stage of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// It crossed its threshold, or its level rose.
    Raised,
    /// It still lasts a day later.
    Lasting,
    /// It is over.
    Recovered,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Body {
    News {
        /// With the project and date of its story.
        detection: Box<Detection>,
        /// Set if the channel was notified of the story before.
        change: Option<Change>,
        /// Tier of its source: 1 the project or venue itself, 2 press, 3 noisy. Rows of older versions have none.
        #[serde(default = "noisy")]
        tier: u8,
    },
    Update {
        project: Option<String>,
        title: String,
        /// Address of the newest mention.
        url: String,
        source: String,
    },
    Ops(Notice),
    Summary(Box<Summary>),
}

/// Tier of an unknown source.
fn noisy() -> u8 {
    3
}

/// One notification for one channel: a row of the outbox.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// Stable: the same finding gives the same id in every run.
    pub id: String,
    pub channel: String,
    pub topic: Topic,
    pub story: Option<String>,
    pub class: Class,
    /// Whether it may have its own message; otherwise it waits for a digest.
    pub instant: bool,
    /// It is not sent before this time.
    pub due_at: Timestamp,
    pub created_at: Timestamp,
    pub body: Body,
    /// Whether it replaces the queued alerts of its story, so that the channel gets one.
    pub replaces: bool,
    /// Outlets that carry the story at the time of reading.
    pub outlets: usize,
}

/// What one channel was last notified of about one story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelStoryState {
    pub story: String,
    pub channel: String,
    /// The highest class reported.
    pub class: Class,
    /// The date reported.
    pub event_date: Option<String>,
    /// When that alert was due.
    pub notified_at: Timestamp,
    /// Outlets counted so far.
    pub outlets: usize,
    /// Whether an alert on the story is still queued: it will carry the number of outlets.
    pub pending: bool,
}

/// Alerts bound into one message. It is sent unchanged until it arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundMessage {
    /// Stable; receivers can recognise a duplicate by it.
    pub id: String,
    pub channel: String,
    pub created_at: Timestamp,
    /// Its content as JSON.
    pub document: String,
    pub alerts: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenMessage {
    /// See [`BoundMessage::id`].
    pub id: String,
    pub channel: String,
    pub created_at: Timestamp,
    /// See [`BoundMessage::document`].
    pub document: String,
    /// Attempts begun. More attempts than recorded failures mean that one may have arrived.
    pub tries: u32,
    /// It is not tried before this time.
    pub next_try: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChannelState {
    pub name: String,
    /// Fingerprint of its settings; changed settings reset its failures.
    pub fingerprint: String,
    /// Nothing is sent before this time.
    pub not_before: Option<Timestamp>,
    pub failures: u32,
    pub failing_since: Option<Timestamp>,
    pub last_error: Option<String>,
    /// Whether it refused permanently; nothing is sent until its settings change.
    pub broken: bool,
    /// When the last message arrived.
    pub sent_at: Option<Timestamp>,
}

/// The result of the last `alerts test` of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelTest {
    pub name: String,
    /// Fingerprint of its settings; a test of other settings does not count.
    pub fingerprint: String,
    pub tested_at: Timestamp,
    /// `None` if the message arrived.
    pub error: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    Delivered,
    /// It is tried again.
    Again {
        next_try: Timestamp,
        error: String,
    },
    /// It will never arrive.
    GivenUp {
        error: String,
    },
}

/// A condition that the operator was notified of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// See [`Notice::subject`].
    pub subject: String,
    pub since: Timestamp,
    pub notified_at: Timestamp,
    /// When it ended. It is kept for a day, so that a condition that comes and goes is reported at most daily.
    pub over_at: Option<Timestamp>,
    pub message: String,
    /// The level of the last notice.
    pub level: Severity,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum AlertState {
    /// Not in a message yet.
    Queued,
    /// In a message that has not arrived.
    Bound,
    Delivered,
    GivenUp,
}

impl AlertState {
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// One row of the outbox as `alerts list` shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutboxRow {
    pub id: String,
    pub channel: String,
    pub topic: Topic,
    pub class: Class,
    pub state: AlertState,
    /// Headline of the launch, or sentence of the notice.
    pub title: String,
    #[serde(serialize_with = "super::stamp::serialize")]
    pub created_at: Timestamp,
    #[serde(serialize_with = "super::stamp::serialize")]
    pub due_at: Timestamp,
    #[serde(serialize_with = "super::stamp::option::serialize")]
    pub delivered_at: Option<Timestamp>,
    pub message: Option<String>,
    /// Attempts begun on its message.
    pub tries: u32,
    pub error: Option<String>,
}
