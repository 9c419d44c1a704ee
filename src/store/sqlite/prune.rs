//! Deletes expired rows in small steps.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::{
    StoreError, amount, confirmed_time, count, day,
    known::{STALE_DAYS, STALE_DROPPED_DAYS},
    seconds, statements,
};
use crate::{
    failpoint::hit,
    store::{Retention, clean_up::Pruned},
};

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

/// Cycles for each row of other kinds: a cycle has a row for each stage and each source with a body, deleted with it.
const ROWS_OF_A_CYCLE: usize = 50;

/// Prepares a clean-up and returns the rows that came in since the last one.
///
/// A source without a request for 400 days (removed, or gone for good) is reset to new, so that deleted entries cannot be
/// reported later: the first fetch of a new source sends no alerts.
pub fn begin_clean_up(connection: &mut Connection, now: Timestamp) -> Result<u64, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let unasked = seconds(confirmed_time(&transaction, now)?) - UNASKED * 86_400;
    transaction.prepare_cached(statements::SOURCES_FORGET)?.execute([unasked])?;
    let inflow = inflow(&transaction)?;
    transaction.commit()?;
    Ok(inflow)
}

fn inflow(connection: &Connection) -> Result<u64, StoreError> {
    let rows = connection.prepare_cached(statements::INFLOW)?.query_row([], |row| row.get(0)).optional()?;
    Ok(amount(rows.unwrap_or(0)))
}

/// Counts `rows` that are written in the same transaction.
pub fn add_inflow(connection: &Connection, rows: usize) -> Result<(), StoreError> {
    if rows > 0 {
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        connection.prepare_cached(statements::INFLOW_ADD)?.execute([rows])?;
    }
    Ok(())
}

/// What one transaction has deleted.
#[derive(Default)]
struct Deletions {
    rows: usize,
    is_full: bool,
}

impl Deletions {
    /// Executes a statement whose last parameter is its `limit`.
    fn execute(
        &mut self,
        connection: &Connection,
        statement: &'static str,
        before: i64,
        limit: usize,
    ) -> Result<(), StoreError> {
        let most = i64::try_from(limit).unwrap_or(i64::MAX);
        let deleted = connection.prepare_cached(statement)?.execute([before, most])?;
        self.rows += deleted;
        self.is_full |= deleted >= limit;
        Ok(())
    }
}

/// Handles at most `limit` expired rows of each kind in one transaction. Ages are counted up to the time that earlier
/// cycles confirm (see [`confirmed_time`]).
///
/// An entry that may be in the last body of its source is kept, however old that body is: otherwise it would come back
/// as new. Reading a body renews last-seen days that are 30 days old, or 5 days of dropped entries. So an entry last seen a
/// day more than that before the source's last new entry was in no body since. A source cannot grow without new entries,
/// so the number of kept entries is bounded. Their last-seen day is renewed here, so that the next clean-up does not read
/// them again.
pub fn prune(
    connection: &mut Connection,
    now: Timestamp,
    limit: usize,
    keep: &Retention,
) -> Result<Pruned, StoreError> {
    let whole_seconds = |age: Duration| i64::try_from(age.as_secs()).unwrap_or(i64::MAX / 2_000);
    let days = |age: Duration| whole_seconds(age) / 86_400;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let start = Instant::now();
    let now = confirmed_time(&transaction, now)?;
    let (today, second) = (day(now), seconds(now));
    let mut deletions = Deletions::default();
    let unasked = second - UNASKED * 86_400;
    let mut renewed = 0;
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    for (mut prune, mut renew, age, stale) in [
        (
            transaction.prepare_cached(statements::ENTRIES_PRUNE_DROPPED)?,
            transaction.prepare_cached(statements::ENTRIES_RENEW_DROPPED)?,
            keep.dropped,
            STALE_DROPPED_DAYS,
        ),
        (
            transaction.prepare_cached(statements::ENTRIES_PRUNE_JUDGED)?,
            transaction.prepare_cached(statements::ENTRIES_RENEW_JUDGED)?,
            keep.entries,
            STALE_DAYS,
        ),
    ] {
        let (before, stale) = (today - days(age), stale + 1);
        let deleted = prune.execute([before, most, unasked, stale])?;
        let kept = renew.execute([before, most, today, unasked, stale])?;
        deletions.rows += deleted;
        deletions.is_full |= deleted + kept >= limit;
        renewed += kept;
    }
    let posts = now.as_millisecond() - whole_seconds(keep.posts) * 1_000;
    let messages = second - whole_seconds(keep.messages);
    for (statement, before, limit) in [
        (statements::ARTICLES_PRUNE, second - whole_seconds(keep.articles), limit),
        (statements::ROBOTS_PRUNE, second - ROBOTS, limit),
        (statements::CYCLES_PRUNE, second - whole_seconds(keep.cycles), limit.div_ceil(ROWS_OF_A_CYCLE)),
        (statements::OUTBOX_PRUNE, messages, limit),
        (statements::MESSAGES_PRUNE, messages, limit),
        (statements::QUEUED_PRUNE, second - CHANNEL_STORIES, limit),
        (statements::CHANNEL_STORY_PRUNE, second - CHANNEL_STORIES, limit),
        (statements::LOG_PRUNE, second - LOG, limit),
        (statements::X_BILLED_PRUNE, today - BILLED, limit),
        (statements::X_CALLS_PRUNE, posts, limit),
        (statements::X_PEOPLE_PRUNE, posts, limit),
        (statements::X_POSTS_PRUNE, posts, limit),
    ] {
        deletions.execute(&transaction, statement, before, limit)?;
    }
    deletions.rows += transaction.prepare_cached(statements::HOST_WAITS_PRUNE)?.execute([second - WAITS])?;
    let (deleted, renewed) = (deletions.rows as u64, renewed as u64);
    let mut pruned = Pruned { deleted, renewed, is_done: !deletions.is_full, took: Duration::ZERO };
    let inflow = inflow(&transaction)?;
    let unanswered = pruned.unanswered(inflow);
    if unanswered != inflow {
        transaction.prepare_cached(statements::INFLOW_SET)?.execute([count(unanswered)])?;
    }
    transaction.commit()?;
    pruned.took = start.elapsed();
    // Recommended before the connection of a short-lived process closes (sqlite.org/pragma.html#pragma_optimize).
    if pruned.is_done {
        connection.execute_batch("PRAGMA optimize")?;
    }
    hit("pruned");
    Ok(pruned)
}
