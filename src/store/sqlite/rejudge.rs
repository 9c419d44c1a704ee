//! Judging again what is kept, and the user's own word on it.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::{StoreError, detections, entries, seconds, statements};
use crate::{
    model::{Detection, EntryKey, EntryState},
    store::{JudgedEntry, Labels, Rejudged},
};

/// Every entry judged and first seen since `since`, with the detection it gave, oldest source first.
pub fn judged_entries(connection: &Connection, since: Timestamp) -> Result<Vec<JudgedEntry>, StoreError> {
    let mut statement = connection.prepare_cached(statements::KEPT)?;
    let mut rows = statement.query([seconds(since)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let score = row.get::<_, Option<u8>>("score")?.unwrap_or(0);
        let entry = entries::record(row, EntryState::Judged { score })?;
        let detection = row.get::<_, Option<String>>("document")?.map(|text| read(&text)).transpose()?;
        found.push(JudgedEntry { entry, detection });
    }
    Ok(found)
}

fn read(document: &str) -> Result<Detection, StoreError> {
    serde_json::from_str(document).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// What was found in `entry` of the feed at `source`, oldest first.
pub fn detections_of(
    connection: &Connection,
    source: &str,
    entry: EntryKey,
) -> Result<Vec<Detection>, StoreError> {
    let mut statement = connection.prepare_cached(statements::DETECTIONS_OF_ENTRY)?;
    let rows = statement.query_map(params![source, entry.0], |row| row.get::<_, String>(0))?;
    rows.map(|document| read(&document?)).collect()
}

/// Saves a later judgement whole; gives the ids of the detections that were not known before.
pub fn rejudge(connection: &mut Connection, judged: &Rejudged) -> Result<Vec<String>, StoreError> {
    let transaction = connection.transaction()?;
    let commit = &judged.commit;
    entries::put(&transaction, &commit.entries)?;
    let new = detections::put(&transaction, &commit.findings)?;
    for detection in &judged.changed {
        let document =
            serde_json::to_string(detection).map_err(|error| StoreError::Other(error.to_string()))?;
        transaction.prepare_cached(statements::DETECTION_UPDATE)?.execute(params![
            detection.id,
            detection.event.as_str(),
            detection.stage.as_str(),
            detection.score,
            detection.watched,
            detection.project,
            document
        ])?;
    }
    for detection in &judged.gone {
        // The story of the row, not the document's: it may have been absorbed since.
        let story: Option<String> = transaction
            .prepare_cached(statements::DETECTION_DROP)?
            .query_row([&detection.id], |row| row.get(0))
            .optional()?;
        transaction.prepare_cached(statements::STORY_DROP_EMPTY)?.execute([story])?;
    }
    transaction.commit()?;
    Ok(new)
}

/// Notes that the detection whose id starts with `id` is a launch, or none; gives it, or `None` where no detection,
/// or more than one, is called so.
pub fn label(
    connection: &Connection,
    id: &str,
    yes: bool,
    now: Timestamp,
) -> Result<Option<Detection>, StoreError> {
    let end = format!("{id}\u{10ffff}");
    let mut statement = connection.prepare_cached(statements::DETECTION_BY_PREFIX)?;
    let rows = statement.query_map([id, &end], |row| row.get::<_, String>(0))?;
    let found = rows.collect::<Result<Vec<String>, _>>()?;
    let [document] = found.as_slice() else { return Ok(None) };
    let detection = read(document)?;
    connection.prepare_cached(statements::LABEL_PUT)?.execute(params![detection.id, yes, seconds(now)])?;
    Ok(Some(detection))
}

/// How many of the labelled detections are launches.
pub fn labels(connection: &Connection) -> Result<Labels, StoreError> {
    let row = connection.prepare_cached(statements::LABELS)?.query_row([], |row| {
        Ok(Labels { yes: row.get::<_, Option<u32>>(0)?.unwrap_or(0), all: row.get(1)? })
    });
    Ok(row.optional()?.unwrap_or_default())
}
