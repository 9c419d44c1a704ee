//! Sources and the pauses of hosts.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{StoreError, amount, bits, count, optional, seconds, statements, time};
use crate::model::{AddressState, FailureKind, HostWait, Skips, SourceState, Validators};

/// Number of columns of a state.
pub(super) const COLUMNS: usize = 31;

pub fn sources(connection: &Connection) -> Result<Vec<SourceState>, StoreError> {
    all(connection, statements::SOURCES)
}

/// Every source ever fetched but the imported ones that are read.
pub fn sources_of_settings(connection: &Connection) -> Result<Vec<SourceState>, StoreError> {
    all(connection, statements::SOURCES_OF_SETTINGS)
}

fn all(connection: &Connection, statement: &str) -> Result<Vec<SourceState>, StoreError> {
    let mut statement = connection.prepare_cached(statement)?;
    let rows = statement.query_map([], read)?;
    let mut found: Vec<SourceState> = rows.collect::<Result<_, _>>()?;
    add_addresses(connection, &mut found)?;
    Ok(found)
}

/// Adds the addresses of mirrors to `states`.
pub(super) fn add_addresses(connection: &Connection, states: &mut [SourceState]) -> Result<(), StoreError> {
    let mut addresses = addresses(connection)?;
    if !addresses.is_empty() {
        for source in states {
            source.addresses = addresses.remove(&source.url).unwrap_or_default();
        }
    }
    Ok(())
}

/// The sources that failed last, are gone, or had their last new entry at `quiet_since` or before; without the addresses of
/// mirrors.
pub fn problem_sources(
    connection: &Connection,
    quiet_since: Timestamp,
) -> Result<Vec<SourceState>, StoreError> {
    let mut statement = connection.prepare_cached(statements::PROBLEM_SOURCES)?;
    let rows = statement.query_map([seconds(quiet_since)], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The addresses of the sources with mirrors, by source.
fn addresses(connection: &Connection) -> Result<HashMap<String, Vec<AddressState>>, StoreError> {
    let mut statement = connection.prepare_cached(statements::SOURCE_ADDRESSES)?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>("source")?, read_address(row)?)))?;
    let mut found: HashMap<String, Vec<AddressState>> = HashMap::new();
    for row in rows {
        let (source, address) = row?;
        found.entry(source).or_default().push(address);
    }
    Ok(found)
}

fn read_address(row: &Row<'_>) -> rusqlite::Result<AddressState> {
    let at = |column: &str| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(time));
    Ok(AddressState {
        url: row.get("url")?,
        validators: Validators { etag: row.get("etag")?, last_modified: row.get("last_modified")? },
        validators_url: row.get("validators_url")?,
        rules: row.get::<_, i64>("rules")?.cast_unsigned(),
        body_hash: row.get("body_hash")?,
        unmodified_since: at("unmodified_since")?,
        plain_get_at: at("plain_get_at")?,
        answered_at: at("answered_at")?,
        not_before: at("not_before")?,
        due_at: at("due_at")?,
        failures: row.get("failures")?,
        last_failure: row.get::<_, Option<String>>("last_failure")?.as_deref().map(FailureKind::from),
    })
}

fn put_addresses(connection: &Connection, source: &SourceState) -> Result<(), StoreError> {
    let id = id(connection, &source.url)?;
    connection.prepare_cached(statements::SOURCE_ADDRESSES_DROP)?.execute([id])?;
    let mut put = connection.prepare_cached(statements::SOURCE_ADDRESS_PUT)?;
    for address in &source.addresses {
        put.execute(params![
            id,
            address.url,
            address.validators.etag,
            address.validators.last_modified,
            address.validators_url,
            bits(address.rules),
            address.body_hash,
            optional(address.unmodified_since),
            optional(address.plain_get_at),
            optional(address.answered_at),
            optional(address.not_before),
            optional(address.due_at),
            address.failures,
            address.last_failure.as_ref().map(AsRef::<str>::as_ref),
        ])?;
    }
    Ok(())
}

/// The state in the first columns of `row`, in the order of the statement: to find 31 columns by their names would take most of
/// the time of the query.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<SourceState> {
    let at = |column: usize| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(time));
    Ok(SourceState {
        url: row.get(0)?,
        validators: Validators { etag: row.get(1)?, last_modified: row.get(2)? },
        validators_url: row.get(3)?,
        rules: row.get::<_, i64>(4)?.cast_unsigned(),
        body_hash: row.get(5)?,
        first_read_at: at(6)?,
        checked_at: at(7)?,
        succeeded_at: at(8)?,
        read_at: at(9)?,
        changed_at: at(10)?,
        due_at: at(11)?,
        not_before: at(12)?,
        failures: row.get(13)?,
        last_failure: row.get::<_, Option<String>>(14)?.as_deref().map(FailureKind::from),
        status: row.get(15)?,
        conditional: row.get(16)?,
        unmodified_since: at(17)?,
        plain_get_at: at(18)?,
        mean_interval_s: row.get(19)?,
        moved_to: row.get(20)?,
        moved_seen: row.get(21)?,
        gone_at: at(22)?,
        repaired: row.get(23)?,
        entries_total: amount(row.get(24)?),
        candidates_total: amount(row.get(25)?),
        detections_total: amount(row.get(26)?),
        mean_ms: row.get(27)?,
        publisher_ttl_s: row.get(28)?,
        skips: Skips { hours: row.get(29)?, days: row.get(30)? },
        addresses: Vec::new(),
    })
}

pub fn put(connection: &Connection, source: &SourceState) -> Result<(), StoreError> {
    connection.prepare_cached(statements::SOURCE_PUT)?.execute(params![
        source.url,
        source.validators.etag,
        source.validators.last_modified,
        source.validators_url,
        bits(source.rules),
        source.body_hash,
        optional(source.first_read_at),
        optional(source.checked_at),
        optional(source.succeeded_at),
        optional(source.read_at),
        optional(source.changed_at),
        optional(source.due_at),
        optional(source.not_before),
        source.failures,
        source.last_failure.as_ref().map(AsRef::<str>::as_ref),
        source.status,
        source.conditional,
        optional(source.unmodified_since),
        optional(source.plain_get_at),
        source.mean_interval_s,
        source.moved_to,
        source.moved_seen,
        optional(source.gone_at),
        source.repaired,
        count(source.entries_total),
        count(source.candidates_total),
        count(source.detections_total),
        source.mean_ms,
        source.publisher_ttl_s,
        source.skips.hours,
        source.skips.days,
    ])?;
    if source.addresses.is_empty() { Ok(()) } else { put_addresses(connection, source) }
}

/// The id of the source at `url`, which is created if it is unknown.
pub fn id(connection: &Connection, url: &str) -> Result<i64, StoreError> {
    if let Some(id) = known_id(connection, url)? {
        return Ok(id);
    }
    connection.prepare_cached(statements::SOURCE_ADD)?.execute([url])?;
    Ok(connection.last_insert_rowid())
}

pub fn known_id(connection: &Connection, url: &str) -> Result<Option<i64>, StoreError> {
    Ok(connection.prepare_cached(statements::SOURCE_ID)?.query_row([url], |row| row.get(0)).optional()?)
}

pub fn host_waits(connection: &Connection, now: Timestamp) -> Result<Vec<HostWait>, StoreError> {
    let mut statement = connection.prepare_cached(statements::HOST_WAITS)?;
    let rows = statement.query_map([seconds(now)], |row| {
        Ok(HostWait {
            host: row.get(0)?,
            not_before: time(row.get(1)?),
            reason: row.get::<_, String>(2)?.as_str().into(),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn put_wait(connection: &Connection, wait: &HostWait) -> Result<(), StoreError> {
    let values = params![wait.host, seconds(wait.not_before), wait.reason.as_ref()];
    connection.prepare_cached(statements::HOST_WAIT_PUT)?.execute(values)?;
    Ok(())
}
