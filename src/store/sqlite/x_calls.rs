//! The request log of X: calls are reserved before they are sent and settled when they are answered, so that
//! several processes with one token share its limits and one budget.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};

use super::{StoreError, amount, count, statements};
use crate::{
    failpoint::hit,
    model::{
        RateState, XIntent, XLimit, XPage, XReserved,
        event_date::{day_of, month_number},
    },
    store::XEnding,
};

/// Milliseconds after which a call counts as lost: longer than any response may take.
const FORGOTTEN_MS: i64 = 120_000;

pub(super) fn ms(at: Timestamp) -> i64 {
    at.as_millisecond()
}

pub(super) fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
}

pub(super) fn month(at: Timestamp) -> i64 {
    i64::from(month_number(day_of(at)))
}

fn begin(connection: &mut Connection) -> Result<Transaction<'_>, StoreError> {
    Ok(connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
}

fn add_to_month(connection: &Connection, month: i64, micros: i64) -> Result<(), StoreError> {
    connection.prepare_cached(statements::X_MONTH_ADD)?.execute([month, micros])?;
    Ok(())
}

/// Spent and reserved in `month` and later ones: after a clock was set back, the later ones belong to this month too.
pub(super) fn spent(connection: &Connection, month: i64) -> Result<u64, StoreError> {
    let mut statement = connection.prepare_cached(statements::X_MONTH)?;
    let micros: Option<i64> = statement.query_row([month], |row| row.get(0))?;
    Ok(amount(micros.unwrap_or(0)))
}

pub(super) fn read_limit(row: &Row<'_>) -> rusqlite::Result<XLimit> {
    let small = |value: i64| u32::try_from(value).unwrap_or(0);
    Ok(XLimit {
        limit: small(row.get("calls")?),
        remaining: small(row.get("remaining")?),
        reset: row.get("window_end")?,
        skew_ms: row.get("skew_ms")?,
        blocked_until: row.get::<_, Option<i64>>("blocked_until")?.map(at),
        strikes: small(row.get("strikes")?),
        reason: row.get("reason")?,
    })
}

fn limit(connection: &Connection, credential: &str, route: &str) -> Result<Option<XLimit>, StoreError> {
    let mut statement = connection.prepare_cached(statements::X_LIMIT)?;
    Ok(statement.query_row([credential, route], read_limit).optional()?)
}

pub fn reserve<R>(
    connection: &mut Connection,
    intent: &XIntent,
    decide: impl FnOnce(&RateState) -> Result<u32, R>,
) -> Result<Result<XReserved, R>, StoreError> {
    let transaction = begin(connection)?;
    let month = month(intent.at);
    let flying = params![intent.credential, intent.route, ms(intent.at - XLimit::WINDOW)];
    let in_flight: i64 =
        transaction.prepare_cached(statements::X_IN_FLIGHT)?.query_row(flying, |row| row.get(0))?;
    let view = RateState {
        limit: limit(&transaction, &intent.credential, intent.route)?,
        block: limit(&transaction, &intent.credential, XLimit::ALL_ROUTES)?,
        in_flight: u32::try_from(in_flight).unwrap_or(u32::MAX),
        spent: spent(&transaction, month)?,
    };
    let most = match decide(&view) {
        Ok(most) => most,
        Err(refused) => return Ok(Err(refused)),
    };
    let reserved = count(u64::from(most).saturating_mul(intent.price));
    let sources = serde_json::to_string(&intent.sources).unwrap_or_default();
    transaction.prepare_cached(statements::X_CALL_OPEN)?.execute(params![
        ms(intent.at),
        ms(intent.server_at),
        intent.credential,
        intent.route,
        sources,
        count(intent.low),
        count(intent.ceiling),
        most,
        count(intent.price),
        reserved,
        month
    ])?;
    let call = transaction.last_insert_rowid();
    add_to_month(&transaction, month, reserved)?;
    transaction.commit()?;
    hit("x-reserved");
    Ok(Ok(XReserved { call, most }))
}

pub fn end(connection: &mut Connection, call: i64, ending: &XEnding) -> Result<(), StoreError> {
    let transaction = begin(connection)?;
    match ending {
        XEnding::Free { status, note } => {
            settle(&transaction, call, *status, Some(note.as_str()), (0, 0), 0)?;
        }
        XEnding::Charged(page) => charge(&transaction, page)?,
        XEnding::Lost { note } => {
            transaction.prepare_cached(statements::X_CALL_LOST)?.execute(params![call, note])?;
        }
    }
    Ok(transaction.commit()?)
}

/// Replaces a call's reservation by its cost, in the month of the reservation by our clock.
fn settle(
    connection: &Connection,
    call: i64,
    status: Option<u16>,
    note: Option<&str>,
    (returned, billed): (u64, u64),
    cost: u64,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(statements::X_CALL_COST)?;
    let Some((reserved, month)) =
        statement.query_row([call], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))).optional()?
    else {
        return Ok(());
    };
    add_to_month(connection, month, count(cost) - reserved)?;
    let values = params![call, status, note, count(returned), count(billed), count(cost)];
    connection.prepare_cached(statements::X_CALL_DONE)?.execute(values)?;
    Ok(())
}

/// Charges a page: each object once a day (UTC, by the server's clock).
pub fn charge(connection: &Connection, page: &XPage) -> Result<(), StoreError> {
    let day = super::day(page.answered_at);
    let mut statement = connection.prepare_cached(statements::X_BILL)?;
    let mut new = |kind: &str, ids: &[u64]| -> Result<u64, StoreError> {
        let mut new = 0;
        for id in ids {
            new += statement.execute(params![day, kind, count(*id)])? as u64;
        }
        Ok(new)
    };
    let (posts, users) = (new("p", &page.posts_billed)?, new("u", &page.users_billed)?);
    let cost = posts * page.post_price + users * page.user_price;
    let returned = (page.posts_billed.len() + page.users_billed.len()) as u64;
    settle(connection, page.call, Some(page.status), None, (returned, posts + users), cost)
}

pub fn learn(
    connection: &mut Connection,
    credential: &str,
    route: &str,
    learn: impl FnOnce(Option<&XLimit>) -> XLimit,
) -> Result<(), StoreError> {
    let transaction = begin(connection)?;
    let limit = learn(limit(&transaction, credential, route)?.as_ref());
    transaction.prepare_cached(statements::X_LIMIT_PUT)?.execute(params![
        credential,
        route,
        limit.limit,
        limit.remaining,
        limit.reset,
        limit.skew_ms,
        limit.blocked_until.map(ms),
        limit.strikes,
        limit.reason
    ])?;
    Ok(transaction.commit()?)
}

/// A call without a response.
struct Pending {
    call: i64,
    sent: i64,
    server_sent: i64,
    lost: bool,
    route: String,
    sources: Vec<String>,
    low: i64,
    ceiling: i64,
    most: i64,
    price: i64,
}

/// A later call reads the same posts again. On the same UTC day that is free, so the lost call cost nothing beyond the
/// later one's charge. On another day it cost at most the posts of its window that were
/// read again.
pub fn resolve(connection: &mut Connection, now: Timestamp) -> Result<(), StoreError> {
    let transaction = begin(connection)?;
    let pending: Vec<Pending> = {
        let mut statement = transaction.prepare_cached(statements::X_PENDING)?;
        let rows = statement.query_map([], |row| {
            Ok(Pending {
                call: row.get(0)?,
                sent: row.get(1)?,
                server_sent: row.get(2)?,
                lost: row.get::<_, String>(3)? == "l",
                route: row.get(4)?,
                sources: serde_json::from_str(&row.get::<_, String>(5)?).unwrap_or_default(),
                low: row.get(6)?,
                ceiling: row.get(7)?,
                most: row.get(8)?,
                price: row.get(9)?,
            })
        })?;
        rows.collect::<Result<_, _>>()?
    };
    for pending in pending.iter().filter(|call| call.lost || call.sent < ms(now) - FORGOTTEN_MS) {
        if let Some(cost) = cost_of(&transaction, pending)? {
            settle(&transaction, pending.call, None, Some("no answer"), (0, 0), amount(cost))?;
        }
    }
    Ok(transaction.commit()?)
}

/// The cost of a call without a response, if it is known by now.
fn cost_of(connection: &Connection, pending: &Pending) -> Result<Option<i64>, StoreError> {
    let sent_on = super::day(at(pending.server_sent));
    if pending.sources.is_empty() {
        let later = params![pending.sent, pending.route];
        let again: Option<i64> = connection
            .prepare_cached(statements::X_ASKED_AGAIN)?
            .query_row(later, |row| row.get(0))
            .optional()?;
        let same_day = again.map(|again| super::day(at(again)) == sent_on);
        return Ok(same_day.map(|same| if same { 0 } else { pending.most * pending.price }));
    }
    let (mut same_day, mut posts) = (true, 0);
    for source in &pending.sources {
        let read: Option<(Option<i64>, i64)> = connection
            .prepare_cached(statements::X_SOURCE_READ)?
            .query_row([source], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        match read {
            Some((Some(complete), 0)) if complete > pending.server_sent => {
                same_day &= super::day(at(complete)) == sent_on;
            }
            _ => return Ok(None),
        }
        let window = params![source, pending.low, pending.ceiling, sent_on];
        let unread: i64 =
            connection.prepare_cached(statements::X_UNBILLED)?.query_row(window, |row| row.get(0))?;
        posts += unread;
    }
    Ok(Some(if same_day { 0 } else { posts.min(pending.most) * pending.price }))
}
