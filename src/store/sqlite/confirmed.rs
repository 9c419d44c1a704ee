//! The confirmed time: a clock that is far ahead for some cycles must not delete data.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::{StoreError, seconds, statements, time};

/// Seconds that the time may be ahead of an earlier cycle: most installations run a cycle at least once a day.
const STEP: i64 = 86_400;
/// Cycles that must have begun at least a day before a later time is accepted. Two cycles with a wrong clock confirm
/// nothing.
const CONFIRMING: i64 = 3;

/// The latest time up to `now` that earlier cycles confirm.
///
/// It is a day after the third newest of the cycles that began at least a day before `now`. A correct clock is
/// confirmed within a day; a clock that jumps ahead must stay there for a day and three cycles. In a new
/// database the oldest cycle counts instead of the third.
pub fn confirmed_time(connection: &Connection, now: Timestamp) -> Result<Timestamp, StoreError> {
    let known: Option<i64> = connection
        .prepare_cached(statements::CYCLE_CONFIRMING)?
        .query_row([seconds(now) - STEP, CONFIRMING - 1], |row| row.get(0))
        .optional()?;
    let known = match known {
        Some(known) => Some(known),
        None => connection.prepare_cached(statements::CYCLE_OLDEST)?.query_row([], |row| row.get(0))?,
    };
    Ok(known.map_or(now, |known| now.min(time(known.saturating_add(STEP)))))
}
