//! What is to be told to whom: the words in which the alert room, the cycle and the store speak.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

use super::{Class, Detection};

/// What an alert is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumString, IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Topic {
    /// A launch, or that its class or date changed.
    News,
    /// A launch told before is carried by more outlets now.
    Update,
    /// The program itself: a dead feed, a failing channel, a budget.
    Ops,
}

impl Topic {
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// What changed since a channel was last told of a story.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Change {
    /// The class it was told at, where it is louder now.
    pub class_was: Option<Class>,
    /// The date it was told with, where there is another now; empty if it was told without one.
    pub date_was: Option<String>,
}

/// One state of the program that its operator should know of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What it is about, such as `feed https://…`; its identity.
    pub subject: String,
    /// New, still so after a day, or over.
    pub phase: Phase,
    /// What is the matter, one sentence.
    #[serde(rename = "says")]
    pub message: String,
    /// What to do about it; empty when it is over.
    #[serde(rename = "todo")]
    pub hint: String,
    /// Since when.
    pub since: Timestamp,
}

/// How far a matter has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// It crossed its threshold.
    Raised,
    /// A day later it is still so.
    Lasting,
    /// It is over.
    Recovered,
}

/// What one alert says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Body {
    /// A launch.
    News {
        /// The detection, with the story's project and date.
        detection: Box<Detection>,
        /// Set if the channel was told before.
        change: Option<Change>,
        /// Tier of its source: 1 the project or venue itself, 2 press, 3 noisy. Rows of older versions have none.
        #[serde(default = "noisy")]
        tier: u8,
    },
    /// More outlets.
    Update {
        /// Whose token.
        project: Option<String>,
        /// Headline.
        title: String,
        /// Address of the newest telling.
        url: String,
        /// Name of the outlet that joined.
        source: String,
    },
    /// About the program.
    Ops(Notice),
}

/// The tier of a source that is not known.
fn noisy() -> u8 {
    3
}

/// One thing to tell one channel: a row of the outbox.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// Lasting identity: the same finding gives the same one in every run.
    pub id: String,
    /// Name of the channel.
    pub channel: String,
    /// What it is about.
    pub topic: Topic,
    /// The story, if it is about one.
    pub story: Option<String>,
    /// How loud.
    pub class: Class,
    /// Whether it may have a message of its own; else it waits for a digest.
    pub instant: bool,
    /// Not before this.
    pub due_at: Timestamp,
    /// When it was decided.
    pub created_at: Timestamp,
    /// What it says.
    pub body: Body,
    /// Whether it stands for what of its story still waits unbound: the channel hears of it once.
    pub replaces: bool,
    /// Outlets that carry the story, as known when this is read.
    pub outlets: usize,
}

/// What one channel knows of one story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelStoryState {
    /// The story.
    pub story: String,
    /// The channel's name.
    pub channel: String,
    /// The loudest class it was told at.
    pub class: Class,
    /// The date it was told with.
    pub event_date: Option<String>,
    /// When that was due.
    pub notified_at: Timestamp,
    /// Outlets known by now.
    pub outlets: usize,
    /// Whether an alert on it still waits unbound, and so will carry the number of outlets by itself.
    pub pending: bool,
}

/// Alerts bound into one message, which is sent as it is until it arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundMessage {
    /// Lasting identity; what channels that can dedupe dedupe by.
    pub id: String,
    /// Name of the channel.
    pub channel: String,
    /// When it was bound.
    pub created_at: Timestamp,
    /// What it says, serialised.
    pub document: String,
    /// The alerts in it.
    pub alerts: Vec<String>,
}

/// A message that has not arrived yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenMessage {
    /// See [`BoundMessage::id`].
    pub id: String,
    /// Name of the channel.
    pub channel: String,
    /// When it was bound.
    pub created_at: Timestamp,
    /// See [`BoundMessage::document`].
    pub document: String,
    /// Attempts begun so far; more than noted failures means that one may have arrived.
    pub tries: u32,
    /// Not to be tried before this.
    pub next_try: Timestamp,
}

/// How a channel is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChannelState {
    /// Its name.
    pub name: String,
    /// Fingerprint of the settings it had; others give it a new chance.
    pub fingerprint: String,
    /// Nothing is sent before this.
    pub not_before: Option<Timestamp>,
    /// Failures in a row.
    pub failures: u32,
    /// Since when it fails.
    pub failing_since: Option<Timestamp>,
    /// What the last failure said.
    pub last_error: Option<String>,
    /// Whether it refused for good and is left alone until its settings change.
    pub broken: bool,
    /// Last message that arrived.
    pub sent_at: Option<Timestamp>,
}

/// How an attempt ended, to be noted with the channel's new state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// It arrived.
    Delivered,
    /// It is to be tried again.
    Again {
        /// Not before this.
        next_try: Timestamp,
        /// Why.
        error: String,
    },
    /// It never will arrive.
    GivenUp {
        /// Why.
        error: String,
    },
}

/// A matter that its operator was told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// See [`Notice::subject`].
    pub subject: String,
    /// Since when.
    pub since: Timestamp,
    /// When it was last told.
    pub notified_at: Timestamp,
    /// When it ended; kept for a day, so that one that comes and goes is told daily at most.
    pub over_at: Option<Timestamp>,
    /// What was said.
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
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
    /// The alert.
    pub id: String,
    /// Name of the channel.
    pub channel: String,
    /// What it is about.
    pub topic: Topic,
    /// How loud.
    pub class: Class,
    pub state: AlertState,
    /// Headline or sentence.
    pub title: String,
    /// When it was decided.
    pub created_at: Timestamp,
    /// Not before this.
    pub due_at: Timestamp,
    /// When it arrived.
    pub delivered_at: Option<Timestamp>,
    /// The message it was bound into.
    pub message: Option<String>,
    /// Attempts begun on that message.
    pub tries: u32,
    /// What the last attempt said.
    pub error: Option<String>,
}
