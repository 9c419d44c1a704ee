//! Entries of feeds and their processing states.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use url::Url;

use super::{StoreError, bits, day, seconds, sources, statements, time};
use crate::{
    model::{EntryKey, EntryMarks, EntryRecord, EntryState, LastSeen, Rewordings},
    text::host::pace_key,
};

/// The pages of one host may fill this part of the backlog while others wait: 500 of 5,000. With one second between
/// requests, a cycle of four minutes does not request more of one host.
const PART_OF_ONE_HOST: usize = 10;

/// Up to `limit` waiting entries that are due at `now`.
pub fn backlog(
    connection: &Connection,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<EntryRecord>, StoreError> {
    let mut statement = connection.prepare_cached(statements::BACKLOG)?;
    let rows = statement.query_map([seconds(now)], |row| {
        let link: Option<String> = row.get(2)?;
        let url = link.and_then(|link| Url::parse(&link).ok());
        let host = pace_key(url.as_ref().and_then(Url::host_str).unwrap_or_default());
        Ok((host, (row.get::<_, i64>(0)?, row.get::<_, [u8; 16]>(1)?)))
    })?;
    let chosen = share(rows, limit.div_ceil(PART_OF_ONE_HOST), limit)?;
    let mut entry = connection.prepare_cached(statements::WAITING_ENTRY)?;
    let entries = chosen.into_iter().map(|(source, key)| entry.query_row(params![source, key], read));
    Ok(entries.collect::<Result<_, _>>()?)
}

/// Up to `limit` of `rows` with their hosts, in their order. What a host has beyond `per_host` comes last, where the others
/// have too few.
fn share<T, E>(
    rows: impl Iterator<Item = Result<(String, T), E>>,
    per_host: usize,
    limit: usize,
) -> Result<Vec<T>, E> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    let (mut chosen, mut others) = (Vec::new(), Vec::new());
    for row in rows {
        let (host, row) = row?;
        if chosen.len() == limit {
            break;
        }
        let count = counts.entry(host).or_default();
        *count += 1;
        if *count <= per_host {
            chosen.push(row);
        } else if others.len() < limit {
            others.push(row);
        }
    }
    others.truncate(limit - chosen.len());
    chosen.append(&mut others);
    Ok(chosen)
}

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
        suppress_alerts: row.get("silent")?,
        state,
        rules: row.get::<_, i64>("rules")?.cast_unsigned(),
        marks: None,
        rewordings: rewordings(row.get("reworded")?),
    })
}

/// Unpacks the column: the day, then 8 bits for the total number, then 8 for the number on that day. None is 0, which
/// SQLite stores without extra bytes.
pub fn rewordings(packed: i64) -> Rewordings {
    let [.., a, b, c, d, total, on_day] = packed.to_be_bytes();
    Rewordings { day: u32::from_be_bytes([a, b, c, d]), on_day, total }
}

fn packed(rewordings: Rewordings) -> i64 {
    i64::from(rewordings.day) << 16 | i64::from(rewordings.total) << 8 | i64::from(rewordings.on_day)
}

/// The columns of `marks` for the entry `key`: identifier, link, title, text. An identifier equal to the key is 0,
/// which SQLite stores without extra bytes.
fn columns(key: EntryKey, marks: Option<EntryMarks>) -> [Option<i64>; 4] {
    let marks = marks.unwrap_or_default();
    let id = marks.id.map(|id| if id == key { 0 } else { id.short() });
    [id, marks.link.map(EntryKey::short), marks.title.map(EntryKey::short), marks.text.map(EntryKey::short)]
}

/// Saves `entries`; a known entry changes its state.
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
    let [id, link, title, text] = columns(entry.key, entry.marks);
    connection.prepare_cached(statements::ENTRY_PUT)?.execute(params![
        source,
        key,
        state,
        bits(entry.rules),
        day(entry.first_seen),
        score,
        reason,
        id,
        link,
        title,
        text,
        packed(entry.rewordings),
        seconds(entry.first_seen)
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
            entry.suppress_alerts
        ])?;
    }
    Ok(())
}

/// Updates the last-seen day and the marks of known entries.
pub fn refresh_last_seen(
    connection: &Connection,
    entries: &[LastSeen],
    at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let Some(at) = at else { return Ok(()) };
    for LastSeen { source_url, key, marks } in entries {
        let source = sources::id(connection, source_url)?;
        connection.prepare_cached(statements::ENTRY_LAST_SEEN)?.execute(params![source, key.0, day(at)])?;
        if marks.is_some() {
            let [id, link, title, text] = columns(*key, *marks);
            connection
                .prepare_cached(statements::ENTRY_MARKED)?
                .execute(params![source, key.0, id, link, title, text])?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_beyond_its_share_takes_what_others_do_not_need() {
        let rows = |hosts: &str| -> Vec<Result<(String, usize), StoreError>> {
            hosts.chars().enumerate().map(|(at, host)| Ok((host.to_string(), at))).collect()
        };
        let shared = |hosts: &str, per_host, limit| share(rows(hosts).into_iter(), per_host, limit).unwrap();
        assert_eq!(shared("aaaaaaaabcb", 2, 5), [0, 1, 8, 9, 10], "the others come before the rest of a");
        assert_eq!(shared("aaaaaaaabcb", 2, 8), [0, 1, 8, 9, 10, 2, 3, 4]);
        assert_eq!(shared("aaaaaaaa", 1, 3), [0, 1, 2]);
        assert_eq!(shared("abcdef", 1, 3), [0, 1, 2]);
        assert_eq!(shared("aab", 5, 9), [0, 1, 2]);
    }

    #[test]
    fn rewordings_come_back_as_they_went() {
        for one in [
            Rewordings::default(),
            Rewordings { day: 20_800, on_day: 3, total: 30 },
            Rewordings { day: u32::MAX, on_day: 255, total: 255 },
        ] {
            assert_eq!(rewordings(packed(one)), one);
        }
        assert_eq!(packed(Rewordings::default()), 0);
    }
}
