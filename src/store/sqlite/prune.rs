//! Forgetting what is past its time, in small steps.

use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior};

use super::{StoreError, confirmed_time, day, seconds, statements};
use crate::failpoint::hit;

/// Days after which a judged entry is forgotten, counted from its last sighting (docs/reference/database.md#retention).
const JUDGED: i64 = 90;
/// Days for a dropped one: long enough that it cannot come back as new.
const DROPPED: i64 = 400;
/// Seconds an article is kept after it was last fetched or confirmed.
const ARTICLES: i64 = 30 * 86_400;
/// Seconds a robots.txt is kept; it holds for one day.
const ROBOTS: i64 = 2 * 86_400;
/// Seconds a message is kept after it arrived or was given up.
const MESSAGES: i64 = 30 * 86_400;
/// Seconds it is remembered what a channel was told of a story, twice as long as stories take new tellings; and
/// that alerts wait for a channel that is no more in the settings.
const TOLD: i64 = 180 * 86_400;
/// Seconds a cycle is kept with all its figures.
const CYCLES: i64 = 30 * 86_400;

/// Seconds a pause of a host is kept after its end: the confirmed time may be a day ahead.
const WAITS: i64 = 86_400;
/// Days for which it is remembered what X charged: today, and what a call lost yesterday may have cost.
const BILLED: i64 = 3;
/// Milliseconds for which posts, their authors and the calls to X are kept: 90 days.
const X_KEPT_MS: i64 = 90 * 86_400_000;

/// Days without a request after which a source counts as new again, and what it brought may be forgotten.
const UNASKED: i64 = 400;

/// Forgets at most `limit` rows of each kind; gives how many went. What is old is decided by the time that earlier
/// cycles confirm (see [`confirmed_time`]).
///
/// An entry that may stand in the last body its source sent is kept, however long ago that was: it would come back as
/// new. Reading a body renews sightings that are 30 days old, so an entry that was sighted more than 31 days before
/// the source last brought anything new was not in that body, nor in a later one. Such a source cannot grow without
/// bringing something new, so what is kept of it is bounded. The sighting of what is kept is renewed here, so that the
/// clean-up does not read it again in each cycle.
///
/// A source that nobody has asked for 400 days (removed, or gone for good) is made new first, so that whatever is
/// forgotten of it cannot be reported later: the first fetch of a new source sends no alerts.
pub fn prune(connection: &mut Connection, now: Timestamp, limit: usize) -> Result<usize, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let now = confirmed_time(&transaction, now)?;
    let (today, second) = (day(now), seconds(now));
    let mut gone = 0;
    let unasked = second - UNASKED * 86_400;
    transaction.prepare_cached(statements::SOURCES_FORGET)?.execute([unasked])?;
    for (mut prune, mut renew, days) in [
        (
            transaction.prepare_cached(statements::ENTRIES_PRUNE_DROPPED)?,
            transaction.prepare_cached(statements::ENTRIES_RENEW_DROPPED)?,
            DROPPED,
        ),
        (
            transaction.prepare_cached(statements::ENTRIES_PRUNE_JUDGED)?,
            transaction.prepare_cached(statements::ENTRIES_RENEW_JUDGED)?,
            JUDGED,
        ),
    ] {
        gone += prune.execute([today - days, limit, unasked])?;
        renew.execute([today - days, limit, today, unasked])?;
    }
    gone += transaction.prepare_cached(statements::ARTICLES_PRUNE)?.execute([second - ARTICLES, limit])?;
    gone += transaction.prepare_cached(statements::ROBOTS_PRUNE)?.execute([second - ROBOTS, limit])?;
    gone += transaction.prepare_cached(statements::CYCLES_PRUNE)?.execute([second - CYCLES, limit])?;
    gone += transaction.prepare_cached(statements::OUTBOX_PRUNE)?.execute([second - MESSAGES, limit])?;
    gone += transaction.prepare_cached(statements::MESSAGES_PRUNE)?.execute([second - MESSAGES, limit])?;
    gone += transaction.prepare_cached(statements::QUEUED_PRUNE)?.execute([second - TOLD, limit])?;
    gone += transaction.prepare_cached(statements::TOLD_PRUNE)?.execute([second - TOLD, limit])?;
    gone += transaction.prepare_cached(statements::HOST_WAITS_PRUNE)?.execute([second - WAITS])?;
    let ms = now.as_millisecond();
    gone += transaction.prepare_cached(statements::X_BILLED_PRUNE)?.execute([today - BILLED, limit])?;
    gone += transaction.prepare_cached(statements::X_CALLS_PRUNE)?.execute([ms - X_KEPT_MS, limit])?;
    gone += transaction.prepare_cached(statements::X_PEOPLE_PRUNE)?.execute([ms - X_KEPT_MS, limit])?;
    gone += transaction.prepare_cached(statements::X_POSTS_PRUNE)?.execute([ms - X_KEPT_MS, limit])?;
    transaction.commit()?;
    hit("pruned");
    Ok(gone)
}
