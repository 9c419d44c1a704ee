//! Summaries: for which channels they were sent, and what they are made from.

use jiff::{Timestamp, civil::Date};
use rusqlite::{Connection, TransactionBehavior, params};

use super::{StoreError, amount, compact, detections, outbox, seconds, statements, time};
use crate::{
    failpoint::hit,
    model::{Alert, ChannelAlerts, CycleFacts, FailureCount, SummaryFacts, SummaryState},
};

pub fn summary_states(connection: &Connection) -> Result<Vec<SummaryState>, StoreError> {
    let mut statement = connection.prepare_cached(statements::SUMMARIES)?;
    let rows = statement.query_map([], |row| {
        Ok(SummaryState {
            channel: row.get(0)?,
            handled_at: time(row.get(1)?),
            database_bytes: row.get::<_, Option<i64>>(2)?.map(amount),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn put_summaries(
    connection: &mut Connection,
    states: &[SummaryState],
    forgotten: &[String],
    alerts: &[Alert],
) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for state in states {
        let bytes = state.database_bytes.map(super::count);
        let values = params![state.channel, seconds(state.handled_at), bytes];
        transaction.prepare_cached(statements::SUMMARY_PUT)?.execute(values)?;
    }
    for channel in forgotten {
        transaction.prepare_cached(statements::SUMMARY_DROP)?.execute([channel])?;
    }
    outbox::put(&transaction, alerts, &[])?;
    hit("in-summary");
    transaction.commit()?;
    hit("summary-queued");
    Ok(())
}

pub fn summary_facts(
    connection: &mut Connection,
    (from, to): (Timestamp, Timestamp),
    (first, last): (Date, Date),
) -> Result<SummaryFacts, StoreError> {
    // Read in one transaction, so that all parts agree.
    let transaction = connection.transaction()?;
    let week = [seconds(from), seconds(to)];
    let (used, free) = compact::page_bytes(&transaction)?;
    Ok(SummaryFacts {
        stories: detections::found_between(&transaction, from, to, first)?,
        due: detections::dated_between(&transaction, first, last)?,
        alerts: alerts(&transaction, week)?,
        cycles: cycles(&transaction, week)?,
        had_cycles_before: transaction.prepare_cached(statements::SUMMARY_CYCLE_BEFORE)?.exists([week[0]])?,
        failures: failures(&transaction, week)?,
        database_bytes: used + free,
    })
}

fn alerts(connection: &Connection, week: [i64; 2]) -> Result<Vec<ChannelAlerts>, StoreError> {
    let mut statement = connection.prepare_cached(statements::SUMMARY_ALERTS)?;
    let rows = statement.query_map(week, |row| {
        Ok(ChannelAlerts {
            channel: row.get(0)?,
            sent: amount(row.get(1)?),
            held: amount(row.get(2)?),
            given_up: amount(row.get(3)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn cycles(connection: &Connection, week: [i64; 2]) -> Result<Vec<CycleFacts>, StoreError> {
    let mut statement = connection.prepare_cached(statements::SUMMARY_CYCLES)?;
    let rows = statement.query_map(week, |row| {
        Ok(CycleFacts {
            started_at: time(row.get(0)?),
            duration_ms: row.get::<_, Option<i64>>(1)?.map(amount),
            exit_code: row.get(2)?,
            deadline_hit: row.get::<_, Option<bool>>(3)?.unwrap_or(false),
            x_cost_usd: row.get(4)?,
            x_month_cost_usd: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn failures(connection: &Connection, week: [i64; 2]) -> Result<Vec<FailureCount>, StoreError> {
    let mut statement = connection.prepare_cached(statements::SUMMARY_FAILURES)?;
    let rows = statement
        .query_map(week, |row| Ok(FailureCount { cause: row.get(0)?, number: amount(row.get(1)?) }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
