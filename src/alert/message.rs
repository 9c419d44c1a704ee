//! One message of a channel: what is bound together, before any channel gives it its form.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{Change, Class, Detection, Notice};

/// What kind of message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// One launch.
    Single,
    /// What a cycle found beyond the messages it may send.
    More,
    /// What was gathered.
    Digest,
    /// The program's own troubles.
    Ops,
    /// `alerts test`.
    Sample,
}

/// One launch in a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// The launch.
    pub detection: Detection,
    /// Outlets that carried it when the message was bound.
    pub outlets: usize,
    /// What changed since the channel was told before.
    pub change: Option<Change>,
    /// The other coins of the same notice.
    #[serde(default)]
    pub also: Vec<Detection>,
}

impl Item {
    /// Every launch of it.
    pub fn detections(&self) -> impl Iterator<Item = &Detection> {
        std::iter::once(&self.detection).chain(&self.also)
    }
}

/// One line on a launch told before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    /// Its story.
    pub story: String,
    /// Whose token.
    pub project: Option<String>,
    /// Headline.
    pub title: String,
    /// The newest telling.
    pub url: String,
    /// The outlet that joined.
    pub source: String,
    /// Outlets that carry it now.
    pub outlets: usize,
}

/// A message, bound once and sent as it is until it arrives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Lasting identity; the same over all attempts.
    pub id: String,
    /// Name of the channel.
    pub channel: String,
    /// What kind of message it is.
    pub form: Form,
    /// When it was bound.
    pub at: Timestamp,
    /// Launches, loudest first.
    pub items: Vec<Item>,
    /// More outlets for what was told before.
    pub updates: Vec<Update>,
    /// About the program.
    pub notices: Vec<Notice>,
    /// Launches that found no room and come in the next digest.
    pub waiting: usize,
}

impl Message {
    /// The loudest class in it; what concerns the program counts as high.
    pub fn class(&self) -> Class {
        let loudest = self.items.iter().flat_map(Item::detections).map(|found| found.class).max();
        loudest.unwrap_or(if self.notices.is_empty() { Class::Low } else { Class::High })
    }
}
