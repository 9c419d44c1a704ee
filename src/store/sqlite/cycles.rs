//! Cycles, with their stages and sources.

use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior, params};

use super::{StoreError, seconds, statements, time};
use crate::store::{CycleRecord, CycleRow};

/// Opens a cycle and gives its number.
pub fn begin_cycle(connection: &Connection, now: Timestamp) -> Result<i64, StoreError> {
    connection.prepare_cached(statements::CYCLE_BEGIN)?.execute([seconds(now)])?;
    Ok(connection.last_insert_rowid())
}

/// Saves how a cycle went.
pub fn end_cycle(connection: &mut Connection, cycle: &CycleRecord) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let took = i64::try_from(cycle.duration_ms).unwrap_or(i64::MAX);
    let values = params![cycle.id, took, cycle.status, cycle.exit_code, cycle.report];
    transaction.prepare_cached(statements::CYCLE_END)?.execute(values)?;
    for (stage, histogram) in &cycle.histograms {
        transaction.prepare_cached(statements::CYCLE_STAGE)?.execute(params![cycle.id, stage, histogram])?;
    }
    for source in &cycle.sources {
        transaction.prepare_cached(statements::CYCLE_SOURCE)?.execute(params![
            cycle.id,
            source.url,
            source.outcome,
            source.failure,
            source.status,
            source.entries,
            source.new,
            source.ms
        ])?;
    }
    Ok(transaction.commit()?)
}

/// The last `limit` finished cycles, newest first.
pub fn cycles(connection: &Connection, limit: usize) -> Result<Vec<CycleRow>, StoreError> {
    let mut statement = connection.prepare_cached(statements::CYCLES_LAST)?;
    let rows = statement.query_map([i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
        Ok(CycleRow {
            id: row.get(0)?,
            started_at: time(row.get(1)?),
            duration_ms: super::amount(row.get(2)?),
            status: row.get(3)?,
            exit_code: row.get(4)?,
            report: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
