//! What became of alerts: by story, and by channel.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::Connection;

use super::{
    StoreError, amount,
    outbox::{class, maybe},
    seconds, statements, time,
};
use crate::{
    model::{AlertState, Topic},
    store::{Delivery, SentAlert},
};

pub fn state(is_bound: bool, is_settled: bool, given_up: bool) -> AlertState {
    match (is_bound, is_settled, given_up) {
        (false, ..) => AlertState::Queued,
        (true, false, _) => AlertState::Bound,
        (true, true, true) => AlertState::GivenUp,
        (true, true, false) => AlertState::Delivered,
    }
}

/// The alerts on `story`, oldest first.
pub fn alerts_of(connection: &Connection, story: &str) -> Result<Vec<SentAlert>, StoreError> {
    let mut statement = connection.prepare_cached(statements::ALERTS_OF_STORY)?;
    let rows = statement.query_map([story], |row| {
        let (message, settled): (Option<String>, Option<Timestamp>) = (row.get(5)?, maybe(row, 6)?);
        let given_up: bool = row.get::<_, Option<bool>>(7)?.unwrap_or(false);
        Ok(SentAlert {
            channel: row.get(0)?,
            topic: row.get::<_, String>(1)?.parse().unwrap_or(Topic::News),
            class: class(&row.get::<_, String>(2)?),
            due_at: time(row.get(3)?),
            created_at: time(row.get(4)?),
            state: state(message.is_some(), settled.is_some(), given_up),
            delivered_at: settled.filter(|_| !given_up),
            error: row.get(8)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn delivered_since(
    connection: &Connection,
    since: Timestamp,
) -> Result<BTreeMap<String, u64>, StoreError> {
    let mut statement = connection.prepare_cached(statements::DELIVERED_SINCE)?;
    let rows = statement.query_map([seconds(since)], |row| Ok((row.get(0)?, amount(row.get(1)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Every alert about a launch, oldest first.
pub fn deliveries(connection: &Connection) -> Result<Vec<Delivery>, StoreError> {
    let mut statement = connection.prepare_cached(statements::DELIVERIES)?;
    let rows = statement.query_map([], |row| {
        let settled = maybe(row, 4)?;
        let given_up = row.get::<_, Option<bool>>(5)?.unwrap_or(false);
        Ok(Delivery {
            detection: row.get(0)?,
            channel: row.get(1)?,
            state: state(row.get(3)?, settled.is_some(), given_up),
            at: settled.unwrap_or(time(row.get(2)?)),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
