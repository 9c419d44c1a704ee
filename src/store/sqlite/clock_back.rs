//! A clock that goes back: what was to wait ten minutes must not wait a year.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::{StoreError, seconds, statements};

/// Seconds the clock may go back without being noticed: what keeping it right by the network amounts to.
const TOLERANCE: i64 = 120;

/// Moments in seconds.
const IN_SECONDS: [&str; 12] = [
    statements::CYCLES_BACK,
    statements::SOURCES_BACK,
    statements::HOST_WAITS_BACK,
    statements::WAITING_BACK,
    statements::ARTICLES_BACK,
    statements::ROBOTS_BACK,
    statements::STORIES_BACK,
    statements::ALERTS_BACK,
    statements::MESSAGES_BACK,
    statements::TOLD_BACK,
    statements::CHANNELS_BACK,
    statements::MATTERS_BACK,
];
/// Moments in milliseconds.
const IN_MILLISECONDS: [&str; 4] = [
    statements::X_SOURCES_BACK,
    statements::X_ACCOUNTS_BACK,
    // Windows are by the server's clock, told apart from ours by a difference that holds no more.
    statements::X_LIMITS_BACK,
    statements::X_CALLS_BACK,
];

/// If the last cycle began later than `now`, moves every moment that now lies ahead back by as much, so that
/// pauses last as long as they would have. Gives the seconds of the jump.
pub fn mend(connection: &Connection, now: Timestamp) -> Result<Option<i64>, StoreError> {
    let mut newest = connection.prepare_cached(statements::CYCLE_NEWEST)?;
    let last: Option<i64> = newest.query_row([], |row| row.get(0)).optional()?;
    let Some(jump) = last.map(|last| last - seconds(now)).filter(|jump| *jump > TOLERANCE) else {
        return Ok(None);
    };
    for statement in IN_SECONDS {
        connection.prepare_cached(statement)?.execute([jump, seconds(now)])?;
    }
    for statement in IN_MILLISECONDS {
        connection.prepare_cached(statement)?.execute([jump * 1000, now.as_millisecond()])?;
    }
    Ok(Some(jump))
}
