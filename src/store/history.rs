//! What the store has of one story or entry: where it was seen, what was decided, who was notified.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{Store, StoreError, StoryRow, sqlite};
use crate::model::{
    AlertState, ChannelStoryState, Class, Detection, EntryKey, EntryRecord, EntryState, Rewordings, Topic,
};

/// How a user names a story or an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// The beginning of an ID in lower case.
    Id(String),
    /// The address of a page or post.
    Address {
        /// As detections show it.
        url: String,
        /// [`crate::model::EntryMarks::link`] of an entry with this link.
        link: EntryKey,
        /// Key of its article.
        page: String,
    },
}

/// The result of a search for a [`Reference`].
#[derive(Debug, Clone, PartialEq)]
pub enum Resolved {
    Nothing,
    /// Stories and entries whose IDs begin so.
    Several(Vec<Candidate>),
    One(Box<History>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub id: String,
    /// Headline; `None` if it is not stored.
    pub title: Option<String>,
}

/// What is stored of a story or an entry.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    /// The detection that the ID names; the first of a page with several.
    pub detection: Option<Detection>,
    /// In the order in which they were first seen.
    pub entries: Vec<EntryHistory>,
    /// A page about several coins has one for each.
    pub stories: Vec<StoryHistory>,
    /// When the page was last read; `None` if it is not stored.
    pub page_read_at: Option<Timestamp>,
}

/// An entry of a feed.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryHistory {
    pub key: EntryKey,
    pub source_url: String,
    pub status: EntryStatus,
    /// `None` for an entry that was dropped by schema 12 or older.
    pub first_seen: Option<Timestamp>,
    /// The day of the last sighting.
    pub last_seen: Timestamp,
    /// Empty for a dropped entry, whose words are not stored.
    pub title: String,
    pub link: Option<String>,
    pub summary: String,
    pub author: String,
    pub published: Option<Timestamp>,
    /// Whether it stood in a feed when that was first fetched.
    pub suppress_alerts: bool,
    /// How often it was judged again because its words changed.
    pub reworded: u8,
}

impl EntryHistory {
    /// The entry with its words; `None` if they are not stored.
    pub fn record(&self) -> Option<EntryRecord> {
        let state = match &self.status {
            EntryStatus::Dropped { .. } => return None,
            EntryStatus::Waiting { tries, next_try } => {
                EntryState::Waiting { tries: *tries, next_try: *next_try }
            }
            EntryStatus::Judged { score } => EntryState::Judged { score: score.unwrap_or(0) },
        };
        Some(EntryRecord {
            source_url: self.source_url.clone(),
            key: self.key,
            title: self.title.clone(),
            link: self.link.clone(),
            summary: self.summary.clone(),
            author: self.author.clone(),
            published: self.published?,
            first_seen: self.first_seen.unwrap_or(self.last_seen),
            suppress_alerts: self.suppress_alerts,
            state,
            rules: 0,
            marks: None,
            rewordings: Rewordings::default(),
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryStatus {
    /// Before its page was read.
    Dropped {
        reason: String,
    },
    /// For its page.
    Waiting {
        tries: u32,
        next_try: Timestamp,
    },
    Judged {
        score: Option<u8>,
    },
}

/// A story with its mentions and what channels were sent.
#[derive(Debug, Clone, PartialEq)]
pub struct StoryHistory {
    pub story: StoryRow,
    /// In the order in which they were found.
    pub mentions: Vec<Detection>,
    pub changes: Vec<StoryChange>,
    pub channels: Vec<ChannelStoryState>,
    pub alerts: Vec<SentAlert>,
    /// The user's label of a mention: whether it is a launch.
    pub label: Option<bool>,
}

/// A change of a story's class or date by a mention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryChange {
    pub at: Timestamp,
    /// Index of the mention.
    pub mention: usize,
    /// The new class, if it rose.
    pub class: Option<Class>,
    /// The new date, if it changed.
    pub event_date: Option<String>,
}

/// What happened to a story since some time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoryUpdate {
    /// The story's head now.
    pub detection: Detection,
    pub is_new: bool,
    /// The date before and now, if it changed.
    pub event_date: Option<(Option<String>, String)>,
    /// The class before and now, if it rose.
    pub class: Option<(Class, Class)>,
    /// Mentions since then.
    pub outlets: usize,
}

/// An alert on a story, and its message's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentAlert {
    pub channel: String,
    pub topic: Topic,
    pub class: Class,
    pub state: AlertState,
    pub created_at: Timestamp,
    pub due_at: Timestamp,
    pub delivered_at: Option<Timestamp>,
    pub error: Option<String>,
}

impl Store {
    /// The story or entry that `reference` names, with its history.
    pub(crate) async fn resolve(&self, reference: Reference) -> Result<Resolved, StoreError> {
        self.db.call(move |connection| sqlite::resolve(connection, &reference)).await
    }

    /// What happened to the stories `ids` since `since`; stories that are not stored are left out.
    pub(crate) async fn story_updates(
        &self,
        ids: Vec<String>,
        since: Timestamp,
        today: Date,
    ) -> Result<Vec<StoryUpdate>, StoreError> {
        self.db.call(move |connection| sqlite::story_updates(connection, &ids, since, today)).await
    }

    /// Alerts that arrived since `since`, by channel.
    pub(crate) async fn delivered_since(
        &self,
        since: Timestamp,
    ) -> Result<BTreeMap<String, u64>, StoreError> {
        self.db.call(move |connection| sqlite::delivered_since(connection, since)).await
    }
}
