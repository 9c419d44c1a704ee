//! One message before a channel formats it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{Change, Class, Detection, Notice, Summary};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// One launch.
    Single,
    /// The launches of a cycle beyond the limit of single messages.
    More,
    /// Everything collected since the last digest.
    Digest,
    /// Notices about the program itself.
    Ops,
    /// What happened in a week.
    Summary,
    /// `alerts test`.
    Sample,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    pub detection: Detection,
    /// Outlets that carried it at the time of binding.
    pub outlets: usize,
    /// What changed since the channel was last notified.
    pub change: Option<Change>,
    /// The other coins of the same notice.
    #[serde(default)]
    pub also: Vec<Detection>,
}

impl Item {
    pub fn detections(&self) -> impl Iterator<Item = &Detection> {
        std::iter::once(&self.detection).chain(&self.also)
    }
}

/// More outlets for a launch that was reported before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    pub story: String,
    pub project: Option<String>,
    pub title: String,
    /// Address of the newest mention.
    pub url: String,
    pub source: String,
    pub outlets: usize,
}

/// A message, bound once and sent unchanged until it arrives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Stable: the same in all attempts.
    pub id: String,
    pub channel: String,
    pub form: Form,
    pub at: Timestamp,
    /// Highest class first.
    pub items: Vec<Item>,
    /// More outlets for launches that were reported before.
    pub updates: Vec<Update>,
    /// About the program itself.
    pub notices: Vec<Notice>,
    /// Launches that did not fit and come in the next digest.
    pub waiting: usize,
    #[serde(default)]
    pub summary: Option<Box<Summary>>,
}

impl Message {
    /// The highest class in it. Notices about the program count as high, a summary as medium.
    pub fn class(&self) -> Class {
        let loudest = self.items.iter().flat_map(Item::detections).map(|found| found.class).max();
        loudest.unwrap_or(match (self.notices.is_empty(), &self.summary) {
            (false, _) => Class::High,
            (true, Some(_)) => Class::Medium,
            (true, None) => Class::Low,
        })
    }
}
