//! Entries: known or not, waiting or done.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{StoreError, bits, day, seconds, sources, statements, time};
use crate::{
    model::{EntryKey, EntryRecord, EntryState},
    store::Sifted,
};

/// A sighting this old is renewed, in days: often enough to outlive the clean-up, seldom enough to cost nothing.
const AGING: i64 = 30;

/// Which of a source's `keys` are new, and which known ones were last sighted long ago.
pub fn sift(
    connection: &Connection,
    source: &str,
    rules: u64,
    keys: &[EntryKey],
    now: Timestamp,
) -> Result<Sifted, StoreError> {
    let mut sifted = Sifted::default();
    let Some(id) = sources::known_id(connection, source)? else {
        sifted.new = keys.to_vec();
        return Ok(sifted);
    };
    let mut statement = connection.prepare_cached(statements::ENTRY_SIFT)?;
    for key in keys {
        let known = statement
            .query_row(params![id, key.0], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
            })
            .optional()?;
        match known {
            None => sifted.new.push(*key),
            // What other rules dropped is looked at again.
            Some((state, by, _)) if state == "d" && by != bits(rules) => sifted.new.push(*key),
            Some((_, _, seen)) if seen < day(now) - AGING => sifted.aging.push(*key),
            Some(_) => {}
        }
    }
    Ok(sifted)
}

/// Entries waiting for their page, due at `now`, longest first.
pub fn backlog(
    connection: &Connection,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<EntryRecord>, StoreError> {
    let mut statement = connection.prepare_cached(statements::BACKLOG)?;
    let rows = statement.query_map(params![seconds(now), i64::try_from(limit).unwrap_or(i64::MAX)], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Has a waiting entry tried no earlier than `next_try`.
pub fn postpone(
    connection: &Connection,
    source: &str,
    key: EntryKey,
    next_try: Timestamp,
) -> Result<(), StoreError> {
    let source = sources::id(connection, source)?;
    let values = params![source, key.0, seconds(next_try)];
    connection.prepare_cached(statements::WAITING_LATER)?.execute(values)?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<EntryRecord> {
    let state = EntryState::Waiting { tries: row.get("tries")?, next_try: time(row.get("next_try")?) };
    record(row, state)
}

/// The entry of `row`, which stands at `state`.
pub fn record(row: &Row<'_>, state: EntryState) -> rusqlite::Result<EntryRecord> {
    Ok(EntryRecord {
        source_url: row.get("url")?,
        key: EntryKey(row.get("key")?),
        title: row.get("title")?,
        link: row.get("link")?,
        summary: row.get("summary")?,
        author: row.get("author")?,
        published: time(row.get("published")?),
        first_seen: time(row.get("first_seen")?),
        silent: row.get("silent")?,
        state,
        rules: row.get::<_, i64>("rules")?.cast_unsigned(),
    })
}

/// Saves `entries` as they stand; an entry that is there already changes its state.
pub fn put(connection: &Connection, entries: &[EntryRecord]) -> Result<(), StoreError> {
    let mut ids: HashMap<&str, i64> = HashMap::new();
    for entry in entries {
        let source = match ids.get(entry.source_url.as_str()) {
            Some(id) => *id,
            None => sources::id(connection, &entry.source_url)?,
        };
        ids.insert(&entry.source_url, source);
        put_one(connection, source, entry)?;
    }
    Ok(())
}

fn put_one(connection: &Connection, source: i64, entry: &EntryRecord) -> Result<(), StoreError> {
    let (state, score, reason) = match &entry.state {
        EntryState::Dropped { reason } => ("d", None, Some(reason)),
        EntryState::Waiting { .. } => ("w", None, None),
        EntryState::Judged { score } => ("j", Some(*score), None),
    };
    let key = entry.key.0;
    connection.prepare_cached(statements::ENTRY_PUT)?.execute(params![
        source,
        key,
        state,
        bits(entry.rules),
        day(entry.first_seen),
        score,
        reason
    ])?;
    if let EntryState::Waiting { tries, next_try } = entry.state {
        let values = params![source, key, tries, seconds(next_try)];
        connection.prepare_cached(statements::WAITING_PUT)?.execute(values)?;
    } else {
        connection.prepare_cached(statements::WAITING_DONE)?.execute(params![source, key])?;
    }
    if !matches!(entry.state, EntryState::Dropped { .. }) {
        connection.prepare_cached(statements::TEXT_PUT)?.execute(params![
            source,
            key,
            entry.title,
            entry.link,
            entry.summary,
            entry.author,
            seconds(entry.published),
            seconds(entry.first_seen),
            entry.silent
        ])?;
    }
    Ok(())
}

/// Renews the sighting of known entries.
pub fn sighted(
    connection: &Connection,
    entries: &[(String, EntryKey)],
    at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let Some(at) = at else { return Ok(()) };
    for (source, key) in entries {
        let source = sources::id(connection, source)?;
        connection.prepare_cached(statements::ENTRY_SIGHTED)?.execute(params![source, key.0, day(at)])?;
    }
    Ok(())
}
