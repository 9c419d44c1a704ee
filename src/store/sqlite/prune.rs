//! Deletes expired rows in small steps.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior};

use super::{StoreError, confirmed_time, day, seconds, statements};
use crate::{failpoint::hit, store::Retention};

/// Days for a dropped entry: long enough that it cannot come back as new.
const DROPPED: i64 = 400;
/// Seconds for a robots.txt, which is valid for one day.
const ROBOTS: i64 = 2 * 86_400;
/// Seconds for a channel's state of a story, twice the time in which stories accept mentions, and for queued alerts of
/// channels that the settings no longer have.
const CHANNEL_STORIES: i64 = 180 * 86_400;
/// Seconds after the end of a host's pause, because the confirmed time may be a day ahead.
const WAITS: i64 = 86_400;
/// Seconds for the log, the time for which a reader can go on where it stopped.
const LOG: i64 = 7 * 86_400;
/// Days for X's charged posts: today, and the days of calls that lost their response.
const BILLED: i64 = 3;

/// Days without a request after which a source counts as new, and its entries may be deleted.
const UNASKED: i64 = 400;

/// Deletes at most `limit` rows of each kind and returns their number. Ages are counted up to the time that earlier
/// cycles confirm (see [`confirmed_time`]).
///
/// An entry that may be in the last body of its source is kept, however old that body is: otherwise it would come back
/// as new. Reading a body renews last-seen days that are 30 days old. So an entry last seen more than 31 days before
/// the source's last new entry was in no body since. A source cannot grow without new entries, so the number of
/// kept entries is bounded. Their last-seen day is renewed here, so that the next prune does not read them
/// again.
///
/// A source without a request for 400 days (removed, or gone for good) is reset to new first, so that deleted
/// entries cannot be reported later: the first fetch of a new source sends no alerts.
pub fn prune(
    connection: &mut Connection,
    now: Timestamp,
    limit: usize,
    keep: &Retention,
) -> Result<usize, StoreError> {
    let whole_seconds = |age: Duration| i64::try_from(age.as_secs()).unwrap_or(i64::MAX / 2_000);
    let judged = whole_seconds(keep.entries) / 86_400;
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
            DROPPED.max(judged),
        ),
        (
            transaction.prepare_cached(statements::ENTRIES_PRUNE_JUDGED)?,
            transaction.prepare_cached(statements::ENTRIES_RENEW_JUDGED)?,
            judged,
        ),
    ] {
        gone += prune.execute([today - days, limit, unasked])?;
        renew.execute([today - days, limit, today, unasked])?;
    }
    gone += transaction
        .prepare_cached(statements::ARTICLES_PRUNE)?
        .execute([second - whole_seconds(keep.articles), limit])?;
    gone += transaction.prepare_cached(statements::ROBOTS_PRUNE)?.execute([second - ROBOTS, limit])?;
    gone += transaction
        .prepare_cached(statements::CYCLES_PRUNE)?
        .execute([second - whole_seconds(keep.cycles), limit])?;
    let messages = whole_seconds(keep.messages);
    gone += transaction.prepare_cached(statements::OUTBOX_PRUNE)?.execute([second - messages, limit])?;
    gone += transaction.prepare_cached(statements::MESSAGES_PRUNE)?.execute([second - messages, limit])?;
    gone +=
        transaction.prepare_cached(statements::QUEUED_PRUNE)?.execute([second - CHANNEL_STORIES, limit])?;
    gone += transaction
        .prepare_cached(statements::CHANNEL_STORY_PRUNE)?
        .execute([second - CHANNEL_STORIES, limit])?;
    gone += transaction.prepare_cached(statements::LOG_PRUNE)?.execute([second - LOG, limit])?;
    gone += transaction.prepare_cached(statements::HOST_WAITS_PRUNE)?.execute([second - WAITS])?;
    let posts = now.as_millisecond() - whole_seconds(keep.posts) * 1_000;
    gone += transaction.prepare_cached(statements::X_BILLED_PRUNE)?.execute([today - BILLED, limit])?;
    gone += transaction.prepare_cached(statements::X_CALLS_PRUNE)?.execute([posts, limit])?;
    gone += transaction.prepare_cached(statements::X_PEOPLE_PRUNE)?.execute([posts, limit])?;
    gone += transaction.prepare_cached(statements::X_POSTS_PRUNE)?.execute([posts, limit])?;
    transaction.commit()?;
    // Recommended before the connection of a short-lived process closes (sqlite.org/pragma.html#pragma_optimize).
    connection.execute_batch("PRAGMA optimize")?;
    hit("pruned");
    Ok(gone)
}
