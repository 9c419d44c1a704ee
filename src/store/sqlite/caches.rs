//! What the caches hold, and what deduplication held back.

use rusqlite::Connection;

use super::{StoreError, amount, statements, time};
use crate::store::{CacheSizes, HeldAlert, StoredCache};

pub fn cache_sizes(connection: &Connection) -> Result<CacheSizes, StoreError> {
    let size = |statement: &'static str| -> Result<StoredCache, StoreError> {
        let mut prepared = connection.prepare_cached(statement)?;
        let (entries, bytes): (i64, i64) = prepared.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(StoredCache { entries: amount(entries), bytes: amount(bytes) })
    };
    let counted: (i64, i64) = connection
        .prepare_cached(statements::MENTION_COUNT)?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(CacheSizes {
        validators: size(statements::CACHE_VALIDATORS)?,
        pages: size(statements::CACHE_PAGES)?,
        robots: size(statements::CACHE_ROBOTS)?,
        user_ids: size(statements::CACHE_USERS)?,
        mentions: amount(counted.0),
        stories: amount(counted.1),
    })
}

pub fn held_alerts(connection: &Connection) -> Result<Vec<HeldAlert>, StoreError> {
    let mut statement = connection.prepare_cached(statements::ALERTS_HELD)?;
    let rows = statement.query_map([], |row| {
        Ok(HeldAlert {
            channel: row.get(0)?,
            created_at: time(row.get(1)?),
            due_at: time(row.get(2)?),
            is_instant: row.get(3)?,
            is_change: row.get(4)?,
            published_at: row.get::<_, Option<String>>(5)?.and_then(|at| at.parse().ok()),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
