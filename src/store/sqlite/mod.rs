//! SQLite: the only module that uses rusqlite.

mod articles;
mod backup;
mod caches;
mod clock_skew;
mod compact;
mod confirmed;
mod cycles;
mod deliveries;
mod detections;
mod entries;
mod feeds;
mod known;
mod labels;
mod log;
mod lookup;
mod open;
mod outbox;
mod prune;
mod query_timing;
mod rejudge;
mod repair;
mod sources;
mod statements;
mod summaries;
mod x_calls;
mod x_pages;

#[cfg(test)]
mod history_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod x_tests;

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use serde::{Serialize, de::DeserializeOwned};

use super::{StoreError, files};

pub use articles::{article, methods as article_methods, robots};
pub use backup::backup;
pub use caches::{cache_sizes, held_alerts};
pub use compact::{compact, page_bytes};
pub use confirmed::confirmed_time;
pub use cycles::{
    begin_cycle, cycle_stages, cycle_starts, cycles, cycles_before, cycles_between, end_cycle, history_start,
    last_settings, last_success, next_cycle_id, period, source_lines, stages_between, sums, yields,
};
pub use deliveries::{delivered_since, deliveries};
pub use detections::{any as any_detection, fold_stories, recent_stories, updates as story_updates};
pub use entries::{backlog, postpone};
pub use feeds::{
    feeds_in_use, import_feeds, imported_feeds, imported_names, planned_feeds, remove_feed, source_counts,
    switch_feed,
};
pub use known::known_entries;
pub use labels::{label, labelled_mentions, labels, put_label_vectors};
pub use log::{data_version, log, log_end, log_start, stories_with_log_end};
pub use lookup::resolve;
pub use open::{check, health, open_file, open_memory};
pub use outbox::{
    alert_counts, alert_totals, attempt, bind, channel_story_states, channel_tests, channels, hasten,
    incidents, notice, oldest_due, open_messages, put_channel_test, queued, revive, rows, settle, waiting,
};
pub use prune::{begin_clean_up, prune};
pub use query_timing::{take as take_times, watch};
pub use rejudge::{detections_of, judged_entries, rejudge};
pub use repair::repair;
pub use sources::{host_waits, problem_sources, sources, sources_of_settings};
pub use summaries::{put_summaries, summary_facts, summary_states};
pub use x_calls::{end as x_end, learn as x_learn, reserve as x_reserve, resolve as x_resolve};
pub use x_pages::{
    drop_gaps as x_drop_gaps, failed as x_failed, known as x_known, memory as x_memory, people as x_people,
    posts_billed as x_posts_billed, purge as x_purge, set_dialect as x_set_dialect, set_usage as x_set_usage,
};

use crate::{failpoint::hit, model::Commit};

pub fn commit(connection: &mut Connection, commits: &[Commit]) -> Result<Vec<String>, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut new = Vec::new();
    for commit in commits {
        new.extend(put(&transaction, commit)?);
    }
    prune::add_inflow(&transaction, commits.iter().map(Commit::rows).sum())?;
    log::put_stories(&transaction, commits.iter().flat_map(|commit| &commit.findings), &new)?;
    transaction.commit()?;
    hit("visit-saved");
    Ok(new)
}

fn put(transaction: &Connection, commit: &Commit) -> Result<Vec<String>, StoreError> {
    if let Some(source) = &commit.source {
        sources::put(transaction, source)?;
    }
    for wait in &commit.host_waits {
        sources::put_wait(transaction, wait)?;
    }
    entries::put(transaction, &commit.entries)?;
    entries::refresh_last_seen(
        transaction,
        &commit.refreshed,
        commit.source.as_ref().and_then(|source| source.read_at),
    )?;
    articles::put(transaction, &commit.articles, &commit.robots)?;
    for page in &commit.x {
        x_pages::put(transaction, page)?;
    }
    hit("in-visit");
    let new = detections::put(transaction, &commit.findings)?;
    hit("in-visit-whole");
    Ok(new)
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::ConstraintViolation) => Self::Refused(error.to_string()),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(error.to_string()),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::SystemIoFailure) => Self::Disk(error.to_string()),
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::Access { path: files::DATABASE.into(), cause: error.to_string() }
            }
            _ => Self::Other(error.to_string()),
        }
    }
}

#[cfg(test)]
pub fn column(connection: &Connection, sql: &str) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn to_json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Other(error.to_string()))
}

fn from_json<T: DeserializeOwned>(document: &str) -> Result<T, StoreError> {
    serde_json::from_str(document).map_err(|error| StoreError::Corrupt(error.to_string()))
}

fn seconds(at: Timestamp) -> i64 {
    at.as_second()
}

fn optional(at: Option<Timestamp>) -> Option<i64> {
    at.map(seconds)
}

/// A stored time. An invalid one reads as 1970, so that a damaged row stays readable.
fn time(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn day(at: Timestamp) -> i64 {
    at.as_second().div_euclid(86_400)
}

/// A fingerprint's bits as one of SQLite's signed integers.
fn bits(value: u64) -> i64 {
    value.cast_signed()
}

fn count(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn amount(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
