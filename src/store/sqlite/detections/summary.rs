//! Stories for the summary of a time.

use jiff::{Timestamp, civil::Date};
use rusqlite::Connection;

use super::{heard, history, mentions, story_date};
use crate::{
    model::{Detection, SummaryStory},
    store::{EventFilter, StoreError, StoryRow, sqlite::statements},
};

/// The stories whose first mention was found from `from` to `to`, with their stages on `today`.
pub fn found_between(
    connection: &Connection,
    from: Timestamp,
    to: Timestamp,
    today: Date,
) -> Result<Vec<SummaryStory>, StoreError> {
    let filter = EventFilter { since: Some(from), ..EventFilter::default() };
    let mut found = Vec::new();
    for (story, _) in heard(connection, &filter)? {
        let story = history(mentions(connection, &story)?, story_date(connection, &story)?, Some(today));
        let is_new = |(row, _): &(StoryRow, _)| (from..to).contains(&row.opened_at);
        found.extend(story.filter(is_new).map(summary_story));
    }
    Ok(found)
}

/// The stories dated on a day from `first` to `last`.
pub fn dated_between(
    connection: &Connection,
    first: Date,
    last: Date,
) -> Result<Vec<SummaryStory>, StoreError> {
    let mut statement = connection.prepare_cached(statements::STORIES_DATED)?;
    let ids = statement.query_map([first.to_string(), last.to_string()], |row| row.get::<_, String>(0))?;
    let mut found = Vec::new();
    for id in ids {
        let id = id?;
        let story = history(mentions(connection, &id)?, story_date(connection, &id)?, Some(first));
        found.extend(story.map(summary_story));
    }
    Ok(found)
}

fn summary_story((row, mentions): (StoryRow, Vec<Detection>)) -> SummaryStory {
    let published = |mention: &&Detection| mention.published_at.unwrap_or(mention.detected_at);
    let first = mentions.iter().min_by_key(published).map(|mention| mention.source.clone());
    let found = row.detection;
    let outlets = found.outlets();
    SummaryStory {
        story_id: found.story_id,
        class: found.class,
        score: found.score,
        project: found.project,
        token: found.token,
        event: found.event,
        stage: found.stage,
        event_date: row.event_date,
        title: found.title,
        url: found.url,
        source: first.unwrap_or(found.source),
        outlets,
    }
}
