//! Stored entries that are judged again.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::{StoreError, detections, entries, from_json, log, seconds, statements, to_json};
use crate::{
    model::{Detection, EntryKey, EntryState},
    store::{JudgedEntry, Rejudged},
};

pub fn judged_entries(connection: &Connection, since: Timestamp) -> Result<Vec<JudgedEntry>, StoreError> {
    let mut statement = connection.prepare_cached(statements::JUDGED_ENTRIES)?;
    let mut rows = statement.query([seconds(since)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let score = row.get::<_, Option<u8>>("score")?.unwrap_or(0);
        let entry = entries::record(row, EntryState::Judged { score })?;
        let detection = row.get::<_, Option<String>>("document")?.map(|text| from_json(&text)).transpose()?;
        found.push(JudgedEntry { entry, detection });
    }
    Ok(found)
}

pub fn detections_of(
    connection: &Connection,
    source: &str,
    entry: EntryKey,
) -> Result<Vec<Detection>, StoreError> {
    let mut statement = connection.prepare_cached(statements::DETECTIONS_OF_ENTRY)?;
    let rows = statement.query_map(params![source, entry.0], |row| row.get::<_, String>(0))?;
    rows.map(|document| from_json(&document?)).collect()
}

pub fn rejudge(connection: &mut Connection, judged: &Rejudged) -> Result<Vec<String>, StoreError> {
    let transaction = connection.transaction()?;
    let commit = &judged.commit;
    entries::put(&transaction, &commit.entries)?;
    let new = detections::put(&transaction, &commit.findings)?;
    log::put_stories(&transaction, commit.findings.iter(), &new)?;
    for detection in &judged.changed {
        let document = to_json(detection)?;
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
        // The story of the row, because the document's may have been absorbed since.
        let story: Option<String> = transaction
            .prepare_cached(statements::DETECTION_DROP)?
            .query_row([&detection.id], |row| row.get(0))
            .optional()?;
        transaction.prepare_cached(statements::STORY_DROP_EMPTY)?.execute([story])?;
    }
    transaction.commit()?;
    Ok(new)
}
