//! Detections and their stories.

mod changes;
mod summary;

use std::cmp::Reverse;

use jiff::{Timestamp, civil::Date};
use rusqlite::{Connection, OptionalExtension, params};

use super::{StoreError, from_json, outbox, seconds, sources, statements, time, to_json};
use crate::{
    model::{
        Detection, DetectionRecord, Event, Mention, Signature, Stage, StoredFinding, Story,
        event_date::event_days,
    },
    store::{EventFilter, Order, StoryChange, StoryRow},
};

use changes::changes;
pub use changes::{update_by, updates};
pub use summary::{dated_between, found_between};

/// Saves findings in their order: each with its story, the stories that it absorbs, and its alerts. Returns the ids of
/// the new detections.
///
/// The order is significant: one finding may open a story, the next absorb it, and a third open it again.
pub fn put(connection: &Connection, findings: &[StoredFinding]) -> Result<Vec<String>, StoreError> {
    let mut new = Vec::new();
    for finding in findings {
        let id = &finding.record.detection.id;
        let known = connection.prepare_cached(statements::DETECTION_KNOWN)?.exists([id])?;
        if known && !(finding.joined && is_story(connection, &finding.story.id)?) {
            // Its story was pruned: it is not opened or reported a second time.
            continue;
        }
        put_story(connection, &finding.story)?;
        if !known {
            put_one(connection, &finding.record)?;
            new.push(id.clone());
        }
        for absorbed in &finding.absorbed {
            let into = &finding.story.id;
            connection.prepare_cached(statements::STORY_MOVE)?.execute([absorbed, into])?;
            connection.prepare_cached(statements::STORY_DROP)?.execute([absorbed])?;
            outbox::absorb(connection, absorbed, into)?;
        }
        outbox::put(connection, &finding.alerts, &finding.channel_states)?;
    }
    Ok(new)
}

fn is_story(connection: &Connection, id: &str) -> Result<bool, StoreError> {
    Ok(connection.prepare_cached(statements::STORY_DATE)?.exists([id])?)
}

pub fn any(connection: &Connection, ids: &[String]) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(statements::DETECTION_KNOWN)?;
    for id in ids {
        if statement.exists([id])? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn put_story(connection: &Connection, story: &Story) -> Result<(), StoreError> {
    connection.prepare_cached(statements::STORY_PUT)?.execute(params![
        story.id,
        story.project,
        story.token,
        story.event.as_str(),
        story.stage.as_str(),
        story.event_date,
        seconds(story.opened_at),
        seconds(story.updated_at)
    ])?;
    Ok(())
}

fn put_one(connection: &Connection, record: &DetectionRecord) -> Result<(), StoreError> {
    let source = sources::id(connection, &record.source_url)?;
    let found = &record.detection;
    let document = to_json(found)?;
    connection.prepare_cached(statements::DETECTION_PUT)?.execute(params![
        found.id,
        found.story_id,
        source,
        record.entry.0,
        found.event.as_str(),
        found.stage.as_str(),
        found.score,
        found.watched,
        found.project,
        seconds(found.published_at.unwrap_or(found.detected_at)),
        seconds(found.detected_at),
        record.suppress_alerts,
        record.signature.0,
        document,
        record.about
    ])?;
    connection.prepare_cached(statements::SOURCE_DETECTED)?.execute([source])?;
    Ok(())
}

pub fn recent_stories(connection: &Connection, since: Timestamp) -> Result<Vec<Story>, StoreError> {
    let mut statement = connection.prepare_cached(statements::STORIES_SINCE)?;
    let rows = statement.query_map([seconds(since)], |row| {
        Ok(Story {
            id: row.get(0)?,
            project: row.get(1)?,
            token: row.get(2)?,
            event: row.get::<_, String>(3)?.parse().unwrap_or(Event::Announcement),
            stage: row.get::<_, String>(4)?.parse().unwrap_or(Stage::Upcoming),
            event_date: row.get(5)?,
            opened_at: time(row.get(6)?),
            updated_at: time(row.get(7)?),
            mentions: Vec::new(),
        })
    })?;
    let mut stories = rows.collect::<Result<Vec<_>, _>>()?;
    let mut mentions = connection.prepare_cached(statements::MENTIONS)?;
    for story in &mut stories {
        let rows = mentions.query_map([&story.id], |row| {
            Ok(Mention {
                url: row.get(0)?,
                source: row.get(1)?,
                title: row.get(2)?,
                at: time(row.get(3)?),
                signature: Signature(row.get(4)?),
            })
        })?;
        story.mentions = rows.collect::<Result<_, _>>()?;
    }
    Ok(stories)
}

/// A story and when the program last heard of it: when a mention was detected, or, for what a source had at its first
/// fetch, when it was published.
type Heard = (String, Timestamp);

/// Calls `step` with each story that passes `filter`, in its order, and with its mentions, oldest first.
pub fn fold_stories<T>(
    connection: &Connection,
    filter: &EventFilter,
    mut all: T,
    step: fn(&mut T, StoryRow, Vec<Detection>),
) -> Result<T, StoreError> {
    // Only an order other than that of the times needs all stories at once.
    let (mut sorted, mut found) = (Vec::new(), 0);
    for (story, heard_at) in heard(connection, filter)? {
        if filter.order == Order::Heard && found >= filter.limit {
            break;
        }
        let story = history(mentions(connection, &story)?, story_date(connection, &story)?, filter.today);
        let Some((mut row, mentions)) = story.filter(|(row, _)| filter.passes(&row.detection)) else {
            continue;
        };
        row.detection.heard_at = Some(heard_at);
        found += 1;
        if filter.order == Order::Heard {
            step(&mut all, row, mentions);
        } else {
            sorted.push((row, mentions));
        }
    }
    filter.sort(&mut sorted);
    for (row, mentions) in sorted.into_iter().take(filter.limit) {
        step(&mut all, row, mentions);
    }
    Ok(all)
}

/// The stories of the times of `filter`, the last first; the first first if it reverses the order.
fn heard(connection: &Connection, filter: &EventFilter) -> Result<Vec<Heard>, StoreError> {
    let bound = |at: Option<Timestamp>| at.map_or(i64::MIN, seconds);
    let (since, found_since) = (bound(filter.since), bound(filter.found_since));
    let mut statement = connection.prepare_cached(statements::STORIES_HEARD)?;
    let rows =
        statement.query_map([since.max(found_since), since], |row| Ok((row.get(0)?, time(row.get(1)?))))?;
    let mut heard = rows.collect::<Result<Vec<Heard>, _>>()?;
    heard.retain(|(_, at)| filter.until.is_none_or(|until| *at < until));
    if let Some((at, story)) = &filter.before {
        // A story that was heard of again since has moved to the front; the time then decides alone.
        let place = heard.iter().position(|(id, heard)| id == story && heard == at);
        let start = place.map_or_else(|| heard.partition_point(|(_, heard)| heard >= at), |place| place + 1);
        heard.drain(..start);
    }
    if filter.reverse {
        heard.reverse();
    }
    Ok(heard)
}

/// The mentions of `story`, in the order of their publication.
pub fn mentions(connection: &Connection, story: &str) -> Result<Vec<Detection>, StoreError> {
    let mut of_story = connection.prepare_cached(statements::DETECTIONS_OF_STORY)?;
    let documents = of_story.query_map([story], |row| row.get::<_, String>(0))?;
    documents.map(|document| from_json(&document?)).collect()
}

fn story_date(connection: &Connection, story: &str) -> Result<Option<String>, StoreError> {
    let mut date_of = connection.prepare_cached(statements::STORY_DATE)?;
    Ok(date_of.query_row([story], |row| row.get(0)).optional()?.flatten())
}

pub fn by_id(connection: &Connection, id: &str) -> Result<Option<Detection>, StoreError> {
    let mut statement = connection.prepare_cached(statements::DETECTION)?;
    let document: Option<String> = statement.query_row([id], |row| row.get(0)).optional()?;
    document.map(|document| from_json(&document)).transpose()
}

/// A story, its mentions in the order in which they were found, and the changes that they made.
pub type StoryHistory = (StoryRow, Vec<Detection>, Vec<StoryChange>);

/// The story `id`.
pub fn story(connection: &Connection, id: &str) -> Result<Option<StoryHistory>, StoreError> {
    let story = history(mentions(connection, id)?, story_date(connection, id)?, None);
    Ok(story.map(|(row, mentions)| {
        let changes = changes(&mentions);
        (row, mentions, changes)
    }))
}

/// A story's head with the history of its class and date, and its mentions, oldest first; `date` is the story's own. The
/// stage is adjusted to the date on `today`.
fn history(
    mut mentions: Vec<Detection>,
    date: Option<String>,
    today: Option<Date>,
) -> Option<(StoryRow, Vec<Detection>)> {
    let detection = Detection::head(mentions.clone())?;
    mentions.sort_by_key(|mention| mention.detected_at);
    let first = mentions.first()?;
    let opened_at = first.detected_at;
    let changes = changes(&mentions);
    let changed_at = changes.last().map_or(opened_at, |change| change.at);
    let revision = u32::try_from(changes.len()).unwrap_or(u32::MAX);
    let moved = changes.into_iter().filter_map(|change| Some((change.at, change.event_date?)));
    let dates = first.event_date.clone().map(|date| (opened_at, date)).into_iter().chain(moved).collect();
    let event_date = date.or_else(|| detection.event_date.clone());
    let official = event_date.is_some()
        && mentions.iter().any(|mention| mention.official && mention.event_date == event_date);
    let stage = today.map_or(detection.stage, |today| detection.stage.on(event_date.as_deref(), today));
    let detection = Detection { stage, event_date: event_date.clone(), ..detection };
    Some((StoryRow { detection, opened_at, changed_at, revision, event_date, dates, official }, mentions))
}

impl EventFilter {
    /// Whether it selects a story with this head, but for the times.
    pub fn passes(&self, detection: &Detection) -> bool {
        fn has<T: PartialEq>(wanted: &[T], value: &T) -> bool {
            wanted.is_empty() || wanted.contains(value)
        }
        fn named<'a>(wanted: &[String], mut names: impl Iterator<Item = &'a String>) -> bool {
            let wanted: Vec<String> = wanted.iter().map(|name| name.to_lowercase()).collect();
            wanted.is_empty()
                || names.any(|name| wanted.iter().any(|wanted| name.to_lowercase().contains(wanted)))
        }
        let outlets = detection.also_at.iter().map(|outlet| &outlet.source).chain([&detection.source]);
        let last_day = || detection.event_date.as_deref().and_then(event_days).map(|(_, last)| last);
        named(&self.projects, detection.project.iter().chain(&detection.token))
            && named(&self.sources, outlets)
            && has(&self.events, &detection.event)
            && has(&self.stages, &detection.stage)
            && has(&self.classes, &detection.class)
            && self.min_score.is_none_or(|score| score <= detection.score)
            && (!self.watched || detection.watched)
            && self.dated_from.is_none_or(|from| last_day().is_some_and(|last| last >= from))
    }

    /// Sorts stories that are in the order of their times.
    fn sort(&self, rows: &mut [(StoryRow, Vec<Detection>)]) {
        let days = |row: &StoryRow| row.detection.event_date.as_deref().and_then(event_days);
        match self.order {
            Order::Heard => return,
            // Of dates that begin on one day, the more exact comes first.
            Order::Date => rows.sort_by_key(|(row, _)| (days(row).is_none(), days(row))),
            Order::Score => rows.sort_by_key(|(row, _)| Reverse(row.detection.score)),
            Order::Class => rows.sort_by_key(|(row, _)| Reverse((row.detection.class, row.detection.score))),
        }
        if self.reverse {
            // Equal ones are in the order of their times already.
            rows.reverse();
        }
    }
}

/// Number of detections ever stored.
pub fn count(connection: &Connection) -> Result<Option<i64>, StoreError> {
    Ok(connection
        .prepare_cached(statements::STORY_COUNT)?
        .query_row([], |row| row.get(0))
        .optional()?
        .flatten())
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::model::samples;

    #[test]
    fn each_new_date_of_a_story_is_kept_with_its_time() {
        let at = |hours| samples::now() + SignedDuration::from_hours(hours);
        let mention = |hours: i64, date: &str, rumour| Detection {
            id: hours.to_string(),
            event_date: Some(date.to_owned()),
            detected_at: at(hours),
            rumour,
            ..samples::detection()
        };
        let mentions = vec![
            mention(5, "2026-12-03", false),
            mention(0, "2026-12", false),
            mention(1, "2026-12-01", false),
            mention(2, "2026-12", false),
            mention(3, "2026-12-09", true),
        ];
        let (row, mentions) = history(mentions, None, None).unwrap();
        let dates: Vec<_> = row.dates.iter().map(|(at, date)| (*at, date.as_str())).collect();
        assert_eq!(dates, [(at(0), "2026-12"), (at(1), "2026-12-01"), (at(5), "2026-12-03")]);
        assert_eq!((row.revision, row.opened_at, row.changed_at), (2, at(0), at(5)));
        let ids: Vec<&str> = mentions.iter().map(|mention| mention.id.as_str()).collect();
        assert_eq!(ids, ["0", "1", "2", "3", "5"]);
    }
}
