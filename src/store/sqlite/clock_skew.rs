//! Corrects stored times after the clock was set back: a wait of ten minutes must not become a year.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::{StoreError, day, seconds, statements, time, to_json};
use crate::model::Detection;

/// Seconds that the clock may go back without a correction: what time synchronisation does.
const TOLERANCE: i64 = 120;

/// Statements for times in seconds.
const IN_SECONDS: [&str; 17] = [
    statements::CYCLES_BACK,
    statements::SOURCES_BACK,
    statements::SOURCE_ADDRESSES_BACK,
    statements::HOST_WAITS_BACK,
    statements::WAITING_BACK,
    statements::TEXTS_BACK,
    statements::ARTICLES_BACK,
    statements::ROBOTS_BACK,
    statements::STORIES_BACK,
    statements::ALERTS_BACK,
    statements::QUEUED_BACK,
    statements::SETTLED_BACK,
    statements::MESSAGES_BACK,
    statements::CHANNEL_STORY_BACK,
    statements::CHANNELS_BACK,
    statements::INCIDENTS_BACK,
    statements::SUMMARIES_BACK,
];
/// Statements for times in milliseconds.
const IN_MILLISECONDS: [&str; 6] = [
    statements::X_SOURCES_BACK,
    statements::X_ACCOUNTS_BACK,
    // Windows use the server's clock, and the stored difference to our clock is wrong now.
    statements::X_LIMITS_BACK,
    statements::X_CALLS_BACK,
    statements::X_POSTS_BACK,
    statements::X_PEOPLE_BACK,
];
/// Statements for last-seen days.
const IN_DAYS: [&str; 3] =
    [statements::ENTRIES_BACK_DROPPED, statements::ENTRIES_BACK_JUDGED, statements::ENTRIES_BACK_WAITING];

/// If the last cycle began later than `now`, moves every time that cycles with such a clock have stored back by the
/// difference, so that pauses keep their length. Times that earlier cycles stored stay, such as a pause that a server
/// asked for before the clock jumped. Returns the seconds of the jump.
pub fn mend(connection: &Connection, now: Timestamp) -> Result<Option<i64>, StoreError> {
    let mut newest = connection.prepare_cached(statements::CYCLE_NEWEST)?;
    let last: Option<i64> = newest.query_row([], |row| row.get(0)).optional()?;
    let Some(jump) = last.map(|last| last - seconds(now)).filter(|jump| *jump > TOLERANCE) else {
        return Ok(None);
    };
    let mut first = connection.prepare_cached(statements::CYCLE_FIRST_AHEAD)?;
    let first: i64 = first.query_row([seconds(now)], |row| row.get(0))?;
    let (today, wrong) = (day(now), day(time(first)));
    if wrong > today {
        for statement in IN_DAYS {
            connection.prepare_cached(statement)?.execute([today, wrong])?;
        }
    }
    detections(connection, jump, first)?;
    for statement in IN_SECONDS {
        connection.prepare_cached(statement)?.execute([jump, first - 1])?;
    }
    for statement in IN_MILLISECONDS {
        connection.prepare_cached(statement)?.execute([jump * 1000, first * 1000 - 1])?;
    }
    Ok(Some(jump))
}

/// Moves detections since `first` back by `jump` seconds, in their documents too, because `events` sorts by time.
fn detections(connection: &Connection, jump: i64, first: i64) -> Result<(), StoreError> {
    let mut ahead = connection.prepare_cached(statements::DETECTIONS_AHEAD)?;
    let rows = ahead.query_map([first - 1], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?))
    })?;
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    let back = |at: Timestamp| if seconds(at) >= first { at - SignedDuration::from_secs(jump) } else { at };
    for (id, published, document) in rows {
        // An unreadable document stays as it is.
        let Ok(mut found) = serde_json::from_str::<Detection>(&document) else { continue };
        found.detected_at = back(found.detected_at);
        found.published_at = found.published_at.map(back);
        let document = to_json(&found)?;
        let values = params![id, seconds(back(time(published))), seconds(found.detected_at), document];
        connection.prepare_cached(statements::DETECTION_BACK)?.execute(values)?;
    }
    Ok(())
}
