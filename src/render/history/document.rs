//! The history for programs (docs/reference/outputs.md#show).

use jiff::Timestamp;
use serde::Serialize;

use super::Surroundings;
use crate::{
    figures::report::Schema,
    model::{AlertState, ChannelStoryState, Class, Detection, Topic},
    store::{EntryHistory, EntryStatus, History, SentAlert, StoryHistory},
};

/// A story or entry, as `show` prints it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "History"))]
pub struct HistoryDocument<'a> {
    /// Of the mention; null for an entry that is no launch.
    id: Option<&'a str>,
    #[serde(serialize_with = "crate::model::stamp::option::serialize")]
    #[cfg_attr(test, schemars(with = "Option<crate::model::stamp::Time>"))]
    page_read_at: Option<Timestamp>,
    entries: Vec<Entry<'a>>,
    stories: Vec<Story<'a>>,
    schema: Schema,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "EntryState"))]
enum State {
    /// Before its page was read.
    Dropped,
    /// For its page.
    Waiting,
    Judged,
}

/// An entry of a feed.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "HistoryEntry"))]
struct Entry<'a> {
    id: String,
    source: &'a str,
    #[serde(serialize_with = "crate::model::stamp::option::serialize")]
    #[cfg_attr(test, schemars(with = "Option<crate::model::stamp::Time>"))]
    first_seen_at: Option<Timestamp>,
    state: State,
    /// Why it was dropped.
    reason: Option<&'a str>,
    score: Option<u8>,
    #[serde(serialize_with = "crate::model::stamp::option::serialize")]
    #[cfg_attr(test, schemars(with = "Option<crate::model::stamp::Time>"))]
    next_try_at: Option<Timestamp>,
    /// Empty for a dropped entry.
    title: &'a str,
    url: Option<&'a str>,
    #[serde(serialize_with = "crate::model::stamp::option::serialize")]
    #[cfg_attr(test, schemars(with = "Option<crate::model::stamp::Time>"))]
    published_at: Option<Timestamp>,
    /// Whether it stood in a feed when that was first fetched.
    suppress_alerts: bool,
    /// How often it was judged again because its words changed.
    judged_again: u8,
}

/// A story with all its mentions.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "HistoryStory"))]
struct Story<'a> {
    detection: &'a Detection,
    #[serde(serialize_with = "crate::model::stamp::serialize")]
    #[cfg_attr(test, schemars(with = "crate::model::stamp::Time"))]
    opened_at: Timestamp,
    #[serde(serialize_with = "crate::model::stamp::serialize")]
    #[cfg_attr(test, schemars(with = "crate::model::stamp::Time"))]
    changed_at: Timestamp,
    mentions: Vec<Mention<'a>>,
    changes: Vec<Change<'a>>,
    alerts: Vec<Alert<'a>>,
    channels: Vec<ChannelView<'a>>,
    /// Of the user: whether it is a launch.
    label: Option<bool>,
}

/// What one outlet wrote.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Mention<'a> {
    id: &'a str,
    source: &'a str,
    url: &'a str,
    title: &'a str,
    #[serde(serialize_with = "crate::model::stamp::option::serialize")]
    #[cfg_attr(test, schemars(with = "Option<crate::model::stamp::Time>"))]
    published_at: Option<Timestamp>,
    #[serde(serialize_with = "crate::model::stamp::serialize")]
    #[cfg_attr(test, schemars(with = "crate::model::stamp::Time"))]
    detected_at: Timestamp,
    class: Class,
    score: u8,
    event_date: Option<&'a str>,
}

/// A change of class or date.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "HistoryChange"))]
struct Change<'a> {
    #[serde(serialize_with = "crate::model::stamp::serialize")]
    #[cfg_attr(test, schemars(with = "crate::model::stamp::Time"))]
    at: Timestamp,
    /// The ID of the mention that made it.
    mention: Option<&'a str>,
    /// The new one, if it rose.
    class: Option<Class>,
    /// The new one, if it changed.
    event_date: Option<&'a str>,
}

/// A message to a channel.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "HistoryAlert"))]
struct Alert<'a> {
    channel: &'a str,
    topic: Topic,
    class: Class,
    state: AlertState,
    #[serde(serialize_with = "crate::model::stamp::serialize")]
    #[cfg_attr(test, schemars(with = "crate::model::stamp::Time"))]
    created_at: Timestamp,
    #[serde(serialize_with = "crate::model::stamp::serialize")]
    #[cfg_attr(test, schemars(with = "crate::model::stamp::Time"))]
    due_at: Timestamp,
    #[serde(serialize_with = "crate::model::stamp::option::serialize")]
    #[cfg_attr(test, schemars(with = "Option<crate::model::stamp::Time>"))]
    delivered_at: Option<Timestamp>,
    error: Option<&'a str>,
}

/// What a channel was sent last.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "HistoryChannel"))]
struct ChannelView<'a> {
    channel: &'a str,
    class: Class,
    event_date: Option<&'a str>,
    #[serde(serialize_with = "crate::model::stamp::serialize")]
    #[cfg_attr(test, schemars(with = "crate::model::stamp::Time"))]
    notified_at: Timestamp,
    outlets: usize,
}

pub fn document<'a>(history: &'a History, around: Surroundings<'a>) -> HistoryDocument<'a> {
    HistoryDocument {
        id: history.detection.as_ref().map(|detection| detection.id.as_str()),
        page_read_at: history.page_read_at,
        entries: history.entries.iter().map(|entry| Entry::new(entry, around)).collect(),
        stories: history.stories.iter().map(Story::from).collect(),
        schema: Schema::default(),
    }
}

impl<'a> Entry<'a> {
    fn new(entry: &'a EntryHistory, around: Surroundings<'a>) -> Self {
        let (state, reason, score, next_try_at) = match &entry.status {
            EntryStatus::Dropped { reason } => (State::Dropped, Some(reason.as_str()), None, None),
            EntryStatus::Waiting { next_try, .. } => (State::Waiting, None, None, Some(*next_try)),
            EntryStatus::Judged { score } => (State::Judged, None, *score, None),
        };
        Self {
            id: entry.key.to_string(),
            source: around.names.get(&entry.source_url).unwrap_or(&entry.source_url),
            first_seen_at: entry.first_seen,
            state,
            reason,
            score,
            next_try_at,
            title: &entry.title,
            url: entry.link.as_deref(),
            published_at: entry.published,
            suppress_alerts: entry.suppress_alerts,
            judged_again: entry.reworded,
        }
    }
}

impl<'a> From<&'a StoryHistory> for Story<'a> {
    fn from(story: &'a StoryHistory) -> Self {
        let changes = story.changes.iter().map(|change| Change {
            at: change.at,
            mention: story.mentions.get(change.mention).map(|mention| mention.id.as_str()),
            class: change.class,
            event_date: change.event_date.as_deref(),
        });
        Self {
            detection: &story.story.detection,
            opened_at: story.story.opened_at,
            changed_at: story.story.changed_at,
            mentions: story.mentions.iter().map(Mention::from).collect(),
            changes: changes.collect(),
            alerts: story.alerts.iter().map(Alert::from).collect(),
            channels: story.channels.iter().map(ChannelView::from).collect(),
            label: story.label,
        }
    }
}

impl<'a> From<&'a Detection> for Mention<'a> {
    fn from(mention: &'a Detection) -> Self {
        Self {
            id: &mention.id,
            source: &mention.source,
            url: &mention.url,
            title: &mention.title,
            published_at: mention.published_at,
            detected_at: mention.detected_at,
            class: mention.class,
            score: mention.score,
            event_date: mention.event_date.as_deref(),
        }
    }
}

impl<'a> From<&'a SentAlert> for Alert<'a> {
    fn from(alert: &'a SentAlert) -> Self {
        Self {
            channel: &alert.channel,
            topic: alert.topic,
            class: alert.class,
            state: alert.state,
            created_at: alert.created_at,
            due_at: alert.due_at,
            delivered_at: alert.delivered_at,
            error: alert.error.as_deref(),
        }
    }
}

impl<'a> From<&'a ChannelStoryState> for ChannelView<'a> {
    fn from(state: &'a ChannelStoryState) -> Self {
        Self {
            channel: &state.channel,
            class: state.class,
            event_date: state.event_date.as_deref(),
            notified_at: state.notified_at,
            outlets: state.outlets,
        }
    }
}
