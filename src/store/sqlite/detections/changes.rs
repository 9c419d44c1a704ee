//! What mentions changed of their stories.

use std::collections::HashSet;

use jiff::{Timestamp, civil::Date};
use rusqlite::Connection;

use super::{history, mentions, story_date};
use crate::{
    model::Detection,
    store::{StoreError, StoryChange, StoryUpdate, sqlite::seconds},
};

/// What happened to the stories `ids` since `since`.
pub fn updates(
    connection: &Connection,
    ids: &[String],
    since: Timestamp,
    today: Date,
) -> Result<Vec<StoryUpdate>, StoreError> {
    let mut all = Vec::new();
    for id in ids {
        let story = history(mentions(connection, id)?, story_date(connection, id)?, Some(today));
        let Some((row, mentions)) = story else { continue };
        // Stored times have no more than milliseconds.
        let is_old = |mention: &&Detection| seconds(mention.detected_at) < seconds(since);
        let old = mentions.iter().take_while(is_old).count();
        all.push(update(row.detection, &mentions, old));
    }
    Ok(all)
}

/// What the mentions after the first `old` changed.
fn update(detection: Detection, mentions: &[Detection], old: usize) -> StoryUpdate {
    let outlets = mentions.len() - old;
    let Some(first) = mentions.first().filter(|_| old > 0) else {
        return StoryUpdate { detection, is_new: true, event_date: None, class: None, outlets };
    };
    let (before, after): (Vec<StoryChange>, Vec<StoryChange>) =
        changes(mentions).into_iter().partition(|change| change.mention < old);
    let last_date =
        |changes: &[StoryChange]| changes.iter().rev().find_map(|change| change.event_date.clone());
    let last_class = |changes: &[StoryChange]| changes.iter().rev().find_map(|change| change.class);
    let date = last_date(&before).or_else(|| first.event_date.clone());
    let class = last_class(&before).unwrap_or(first.class);
    StoryUpdate {
        detection,
        is_new: false,
        event_date: last_date(&after).map(|new| (date, new)),
        class: last_class(&after).map(|new| (class, new)),
        outlets,
    }
}

/// What the mentions `new` changed of the story `id`; `None` if it has none of them.
pub fn update_by(
    connection: &Connection,
    id: &str,
    new: &HashSet<&str>,
) -> Result<Option<StoryUpdate>, StoreError> {
    let story = history(mentions(connection, id)?, story_date(connection, id)?, None);
    let Some((row, mut mentions)) = story else { return Ok(None) };
    let is_new = |mention: &Detection| new.contains(mention.id.as_str());
    mentions.sort_by_key(is_new);
    let old = mentions.iter().filter(|mention| !is_new(mention)).count();
    Ok((old < mentions.len()).then(|| update(row.detection, &mentions, old)))
}

/// What each of `mentions`, in the order in which they were found, changed of its story's class and date.
pub fn changes(mentions: &[Detection]) -> Vec<StoryChange> {
    let Some(first) = mentions.first() else { return Vec::new() };
    let (mut class, mut dated) = (first.class, first.event_date.as_ref());
    let mut changes = Vec::new();
    for (at, mention) in mentions.iter().enumerate().skip(1) {
        // A less exact form of the known date is no change.
        let other = mention
            .event_date
            .as_ref()
            .filter(|new| dated.is_none_or(|old| !old.starts_with(new.as_str())))
            // A rumour changes no date.
            .filter(|_| !mention.rumour);
        let rises = mention.class > class;
        if rises || other.is_some() {
            class = class.max(mention.class);
            dated = other.or(dated);
            changes.push(StoryChange {
                at: mention.detected_at,
                mention: at,
                class: rises.then_some(class),
                event_date: other.cloned(),
            });
        }
    }
    changes
}
