//! Cycles with their stages and sources, and the sums that outlive them.

use jiff::{
    Timestamp,
    civil::{Date, Time},
    tz::TimeZone,
};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use super::{StoreError, amount, clock_skew, count, log, seconds, statements, time};
use crate::{
    failpoint::hit,
    model::{CycleStart, SourceStatus},
    store::{CycleRecord, CycleRow, EarlierCycles, PeriodSums, SourceLine, SourceYield},
};

pub fn begin_cycle(connection: &mut Connection, now: Timestamp) -> Result<i64, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if let Some(jump) = clock_skew::mend(&transaction, now)? {
        tracing::warn!("the clock was set back by {} s; stored waits are moved by the same time", jump);
    }
    transaction.prepare_cached(statements::CYCLE_BEGIN)?.execute([seconds(now)])?;
    let id = transaction.last_insert_rowid();
    transaction.commit()?;
    hit("cycle-begun");
    Ok(id)
}

pub fn cycles_before(connection: &Connection, id: i64, limit: u64) -> Result<EarlierCycles, StoreError> {
    let started_at =
        connection.prepare_cached(statements::CYCLE_BEFORE)?.query_row([id], |row| row.get(0)).optional()?;
    let (cycles, ok) = connection
        .prepare_cached(statements::CYCLES_OK)?
        .query_row(params![id, count(limit)], |row| Ok((amount(row.get(0)?), amount(row.get(1)?))))?;
    Ok(EarlierCycles { started_at: started_at.map(time), cycles, ok })
}

pub fn next_cycle_id(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.prepare_cached(statements::CYCLE_NEXT)?.query_row([], |row| row.get(0))?)
}

pub fn end_cycle(connection: &mut Connection, cycle: &CycleRecord) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let values =
        params![cycle.id, count(cycle.duration_ms), cycle.status.as_str(), cycle.exit_code, cycle.report];
    transaction.prepare_cached(statements::CYCLE_END)?.execute(values)?;
    for (stage, histogram) in &cycle.histograms {
        transaction.prepare_cached(statements::CYCLE_STAGE)?.execute(params![cycle.id, stage, histogram])?;
    }
    for source in &cycle.sources {
        let failed = source.outcome == SourceStatus::Failed;
        let asked = params![source.url, failed, count(source.bytes)];
        transaction.prepare_cached(statements::SOURCE_ASKED)?.execute(asked)?;
        if !failed && source.entries == 0 {
            continue;
        }
        transaction.prepare_cached(statements::CYCLE_SOURCE)?.execute(params![
            cycle.id,
            source.url,
            source.outcome.as_str(),
            source.failure,
            source.status,
            source.entries,
            source.new,
            source.ms
        ])?;
    }
    for sums in &cycle.sums {
        let values = params![sums.period, sums.document];
        transaction.prepare_cached(statements::SUMS_PUT)?.execute(values)?;
        for (stage, histogram) in &sums.histograms {
            let values = params![sums.period, stage, histogram];
            transaction.prepare_cached(statements::SUM_STAGE_PUT)?.execute(values)?;
        }
    }
    log::put_cycle(&transaction, cycle)?;
    hit("in-cycle-end");
    transaction.commit()?;
    hit("cycle-ended");
    Ok(())
}

pub fn cycles(connection: &Connection, since: Timestamp, limit: usize) -> Result<Vec<CycleRow>, StoreError> {
    let mut statement = connection.prepare_cached(statements::CYCLES_LAST)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement.query_map([seconds(since), limit], cycle_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn cycles_between(
    connection: &Connection,
    since: Timestamp,
    until: Timestamp,
) -> Result<Vec<CycleRow>, StoreError> {
    let mut statement = connection.prepare_cached(statements::CYCLES_BETWEEN)?;
    let rows = statement.query_map([seconds(since), seconds(until)], cycle_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn cycle_row(row: &Row<'_>) -> rusqlite::Result<CycleRow> {
    Ok(CycleRow { id: row.get(0)?, started_at: time(row.get(1)?), report: row.get(2)? })
}

pub fn history_start(connection: &Connection) -> Result<Option<Timestamp>, StoreError> {
    let oldest: Option<i64> =
        connection.prepare_cached(statements::CYCLE_OLDEST)?.query_row([], |row| row.get(0))?;
    let day: Option<String> =
        connection.prepare_cached(statements::SUMS_FIRST_DAY)?.query_row([], |row| row.get(0)).optional()?;
    let day = day.and_then(|day| day.parse::<Date>().ok());
    let midnight = |day: Date| TimeZone::UTC.to_timestamp(day.to_datetime(Time::midnight())).ok();
    let day_end = day.and_then(|day| midnight(day.tomorrow().ok()?));
    Ok(oldest.map(time).into_iter().chain(day_end).min())
}

pub fn cycle_starts(connection: &Connection, since: Timestamp) -> Result<Vec<CycleStart>, StoreError> {
    let mut statement = connection.prepare_cached(statements::CYCLE_STARTS)?;
    let rows = statement.query_map([seconds(since)], |row| {
        let status = row.get_ref(3)?.as_str()?.parse().ok();
        let duration_ms = row.get::<_, Option<i64>>(2)?.map(amount);
        Ok(CycleStart { id: row.get(0)?, started_at: time(row.get(1)?), duration_ms, status })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// `cycle.settings` of the last finished cycle.
pub fn last_settings(connection: &Connection) -> Result<Option<String>, StoreError> {
    let mut statement = connection.prepare_cached(statements::CYCLE_SETTINGS)?;
    Ok(statement.query_row([], |row| row.get(0)).optional()?)
}

pub fn last_success(connection: &Connection) -> Result<Option<Timestamp>, StoreError> {
    let at: Option<i64> =
        connection.prepare_cached(statements::CYCLE_SUCCESS)?.query_row([], |row| row.get(0)).optional()?;
    Ok(at.map(time))
}

type Stage = (String, Vec<u8>);

fn stage(row: &Row<'_>) -> rusqlite::Result<Stage> {
    Ok((row.get(0)?, row.get(1)?))
}

pub fn cycle_stages(connection: &Connection, first: i64, last: i64) -> Result<Vec<Stage>, StoreError> {
    let mut statement = connection.prepare_cached(statements::CYCLE_STAGES)?;
    let rows = statement.query_map([first, last], stage)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn sums(connection: &Connection, first: &str, last: &str) -> Result<Vec<(String, String)>, StoreError> {
    let mut statement = connection.prepare_cached(statements::SUMS)?;
    let rows = statement.query_map([first, last], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn period(connection: &Connection, period: &str) -> Result<PeriodSums, StoreError> {
    let document = sums(connection, period, period)?.pop().map(|(_, document)| document);
    let mut statement = connection.prepare_cached(statements::SUM_STAGES)?;
    let rows = statement.query_map([period], stage)?;
    Ok(PeriodSums {
        period: period.to_owned(),
        document: document.unwrap_or_default(),
        histograms: rows.collect::<Result<_, _>>()?,
    })
}

/// Period, stage and serialised histogram of all periods from `first` to `last`, days and months mixed.
pub fn stages_between(
    connection: &Connection,
    first: &str,
    last: &str,
) -> Result<Vec<(String, Stage)>, StoreError> {
    let mut statement = connection.prepare_cached(statements::SUM_STAGES_BETWEEN)?;
    let rows = statement.query_map([first, last], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn yields(connection: &Connection) -> Result<Vec<SourceYield>, StoreError> {
    let mut statement = connection.prepare_cached(statements::SOURCE_YIELDS)?;
    let rows = statement.query_map([], |row| {
        Ok(SourceYield {
            url: row.get(0)?,
            asked: amount(row.get(1)?),
            failed: amount(row.get(2)?),
            bytes: amount(row.get(3)?),
            first: amount(row.get(4)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn source_lines(connection: &Connection, first: i64) -> Result<Vec<SourceLine>, StoreError> {
    let mut statement = connection.prepare_cached(statements::CYCLE_SOURCES)?;
    let rows = statement.query_map([first], |row| {
        Ok(SourceLine { cycle: row.get(0)?, url: row.get(1)?, failure: row.get(2)?, ms: row.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
