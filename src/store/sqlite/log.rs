//! The log of what became known (docs/reference/database.md#log).

use std::collections::{BTreeMap, HashSet};

use rusqlite::{Connection, params};

use super::{StoreError, count, detections, from_json, seconds, statements, time, to_json};
use crate::{
    model::StoredFinding,
    store::{CycleRecord, EndedCycle, EventFilter, LogEntry, News, StoryNews, StoryRow},
};

const STORY: &str = "story";
const CYCLE: &str = "cycle";

/// Adds an entry for each story that the new detections `new` of `findings` opened or changed. Belongs into the transaction
/// that stores them, so that the order of numbers is the order of commits.
pub fn put_stories<'a>(
    connection: &Connection,
    findings: impl Iterator<Item = &'a StoredFinding>,
    new: &[String],
) -> Result<(), StoreError> {
    if new.is_empty() {
        return Ok(());
    }
    let new: HashSet<&str> = new.iter().map(String::as_str).collect();
    let mut stories: BTreeMap<&str, Vec<&StoredFinding>> = BTreeMap::new();
    for finding in findings.filter(|finding| new.contains(finding.record.detection.id.as_str())) {
        stories.entry(&finding.story.id).or_default().push(finding);
    }
    for (story, findings) in stories {
        let Some(update) = detections::update_by(connection, story, &new)? else { continue };
        let Some(at) = findings.iter().map(|finding| finding.record.detection.detected_at).max() else {
            continue;
        };
        let at_first_fetch = findings.iter().all(|finding| finding.record.suppress_alerts);
        let document = to_json(&StoryNews { update, at_first_fetch })?;
        connection.prepare_cached(statements::LOG_PUT)?.execute(params![seconds(at), STORY, document])?;
    }
    Ok(())
}

/// Adds an entry for the end of a cycle.
pub fn put_cycle(connection: &Connection, cycle: &CycleRecord) -> Result<(), StoreError> {
    let ended = EndedCycle {
        id: cycle.id,
        duration_ms: cycle.duration_ms,
        status: cycle.status,
        exit_code: cycle.exit_code,
    };
    let values = params![cycle.id, count(cycle.duration_ms), CYCLE, to_json(&ended)?];
    connection.prepare_cached(statements::LOG_PUT_CYCLE)?.execute(values)?;
    Ok(())
}

/// The number of the newest entry that ever was; 0 without any.
pub fn log_end(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.prepare_cached(statements::LOG_END)?.query_row([], |row| row.get(0))?)
}

/// The stories that pass `filter`, and the number of the last log entry that they include.
pub fn stories_with_log_end(
    connection: &mut Connection,
    filter: &EventFilter,
) -> Result<(Vec<StoryRow>, i64), StoreError> {
    // Both statements of one transaction read the same state.
    let transaction = connection.transaction()?;
    let rows = detections::fold_stories(&transaction, filter, Vec::new(), |rows, row, _| rows.push(row))?;
    Ok((rows, log_end(&transaction)?))
}

/// The number of the oldest entry.
pub fn log_start(connection: &Connection) -> Result<Option<i64>, StoreError> {
    Ok(connection.prepare_cached(statements::LOG_START)?.query_row([], |row| row.get(0))?)
}

/// A number that changes with each commit of another connection.
pub fn data_version(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.pragma_query_value(None, "data_version", |row| row.get(0))?)
}

/// At most `limit` entries after the number `after`, oldest first. Entries of later programs are left out.
pub fn log(connection: &Connection, after: i64, limit: usize) -> Result<Vec<LogEntry>, StoreError> {
    let mut statement = connection.prepare_cached(statements::LOG)?;
    let mut rows = statement.query(params![after, i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        let (kind, document): (String, String) = (row.get(2)?, row.get(3)?);
        let news = match kind.as_str() {
            STORY => News::Story(Box::new(from_json(&document)?)),
            CYCLE => News::Cycle(from_json(&document)?),
            _ => continue,
        };
        entries.push(LogEntry { seq: row.get(0)?, at: time(row.get(1)?), news });
    }
    Ok(entries)
}
