//! The outbox: alerts, messages and their results.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::{StoreError, amount, deliveries::state, from_json, optional, seconds, statements, time, to_json};
use crate::store::{AlertCounts, AlertTotal};
use crate::{
    failpoint::hit,
    model::{
        Alert, AlertState, Body, BoundMessage, ChannelState, ChannelStoryState, ChannelTest, Class, Incident,
        OpenMessage, OutboxRow, Settled, Topic,
    },
};

/// Queues alerts and stores the channels' new states. A known alert stays unchanged.
pub fn put(
    connection: &Connection,
    alerts: &[Alert],
    states: &[ChannelStoryState],
) -> Result<(), StoreError> {
    for alert in alerts {
        let body = to_json(&alert.body)?;
        if alert.replaces {
            connection
                .prepare_cached(statements::ALERT_REPLACED)?
                .execute(params![alert.story, alert.channel])?;
        }
        connection.prepare_cached(statements::ALERT_PUT)?.execute(params![
            alert.id,
            alert.channel,
            alert.topic.as_str(),
            alert.story,
            alert.class.as_str(),
            alert.instant,
            seconds(alert.due_at),
            seconds(alert.created_at),
            body
        ])?;
    }
    for state in states {
        connection.prepare_cached(statements::CHANNEL_STORY_PUT)?.execute(params![
            state.story,
            state.channel,
            state.class.as_str(),
            state.event_date,
            seconds(state.notified_at),
            i64::try_from(state.outlets).unwrap_or(i64::MAX)
        ])?;
    }
    Ok(())
}

/// Moves alerts and states of the story `absorbed` to the story `into`.
pub fn absorb(connection: &Connection, absorbed: &str, into: &str) -> Result<(), StoreError> {
    connection.prepare_cached(statements::CHANNEL_STORY_LOUDER)?.execute([absorbed, into])?;
    connection.prepare_cached(statements::CHANNEL_STORY_MOVE)?.execute([absorbed, into])?;
    connection.prepare_cached(statements::CHANNEL_STORY_DROP)?.execute([absorbed])?;
    // Of two queued alerts the one with the higher class stays, so that the channel gets one.
    connection.prepare_cached(statements::ALERT_QUIETER)?.execute([absorbed, into])?;
    connection.prepare_cached(statements::ALERT_QUIETER)?.execute([into, absorbed])?;
    connection.prepare_cached(statements::ALERT_MOVE)?.execute([absorbed, into])?;
    Ok(())
}

pub fn channel_story_states(
    connection: &Connection,
    stories: &[String],
) -> Result<Vec<ChannelStoryState>, StoreError> {
    let mut statement = connection.prepare_cached(statements::CHANNEL_STORY)?;
    let mut all = Vec::new();
    for story in stories {
        let rows = statement.query_map([story], |row| {
            Ok(ChannelStoryState {
                story: story.clone(),
                channel: row.get(0)?,
                class: class(&row.get::<_, String>(1)?),
                event_date: row.get(2)?,
                notified_at: time(row.get(3)?),
                outlets: outlets(row, 4)?,
                pending: row.get(5)?,
            })
        })?;
        for row in rows {
            all.push(row?);
        }
    }
    Ok(all)
}

pub fn class(name: &str) -> Class {
    name.parse().unwrap_or(Class::Medium)
}

fn outlets(row: &Row<'_>, column: usize) -> rusqlite::Result<usize> {
    Ok(usize::try_from(amount(row.get(column)?)).unwrap_or(usize::MAX))
}

pub fn queued(connection: &Connection, channel: &str) -> Result<Vec<Alert>, StoreError> {
    let mut statement = connection.prepare_cached(statements::QUEUED)?;
    let mut rows = statement.query([channel])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let body: String = row.get(7)?;
        let story: Option<String> = row.get(2)?;
        let mut body = from_json(&body)?;
        if let (Body::News { detection, .. }, Some(story)) = (&mut body, &story) {
            // Its story may have been absorbed since.
            detection.story_id.clone_from(story);
        }
        all.push(Alert {
            id: row.get(0)?,
            channel: channel.to_owned(),
            topic: row.get::<_, String>(1)?.parse().unwrap_or(Topic::News),
            story,
            class: class(&row.get::<_, String>(3)?),
            instant: row.get(4)?,
            due_at: time(row.get(5)?),
            created_at: time(row.get(6)?),
            body,
            replaces: false,
            outlets: outlets(row, 8)?,
        });
    }
    Ok(all)
}

pub fn bind(
    connection: &mut Connection,
    messages: &[BoundMessage],
    later: &[(String, Timestamp)],
) -> Result<(), StoreError> {
    let transaction = connection.transaction()?;
    for message in messages {
        transaction.prepare_cached(statements::MESSAGE_PUT)?.execute(params![
            message.id,
            message.channel,
            seconds(message.created_at),
            message.document
        ])?;
        for alert in &message.alerts {
            transaction.prepare_cached(statements::ALERT_BIND)?.execute([alert, &message.id])?;
        }
    }
    for (alert, due_at) in later {
        transaction.prepare_cached(statements::ALERT_LATER)?.execute(params![alert, seconds(*due_at)])?;
    }
    hit("in-binding");
    transaction.commit()?;
    hit("bound");
    Ok(())
}

pub fn open_messages(connection: &Connection, channel: &str) -> Result<Vec<OpenMessage>, StoreError> {
    let mut statement = connection.prepare_cached(statements::MESSAGES_OPEN)?;
    let rows = statement.query_map([channel], |row| {
        Ok(OpenMessage {
            id: row.get(0)?,
            channel: channel.to_owned(),
            created_at: time(row.get(1)?),
            document: row.get(2)?,
            tries: row.get(3)?,
            next_try: time(row.get(4)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn attempt(connection: &Connection, message: &str) -> Result<(), StoreError> {
    connection.prepare_cached(statements::MESSAGE_ATTEMPT)?.execute([message])?;
    hit("attempt-noted");
    Ok(())
}

pub fn settle(
    connection: &mut Connection,
    message: &str,
    settled: &Settled,
    channel: &ChannelState,
    now: Timestamp,
) -> Result<(), StoreError> {
    let transaction = connection.transaction()?;
    match settled {
        Settled::Delivered => {
            transaction.prepare_cached(statements::MESSAGE_SETTLED)?.execute(params![
                message,
                seconds(now),
                false,
                None::<String>
            ])?;
        }
        Settled::GivenUp { error } => {
            transaction.prepare_cached(statements::MESSAGE_SETTLED)?.execute(params![
                message,
                seconds(now),
                true,
                error
            ])?;
        }
        Settled::Again { next_try, error } => {
            transaction.prepare_cached(statements::MESSAGE_AGAIN)?.execute(params![
                message,
                seconds(*next_try),
                error
            ])?;
        }
    }
    put_channel(&transaction, channel)?;
    hit("in-settling");
    transaction.commit()?;
    hit("settled");
    Ok(())
}

fn put_channel(connection: &Connection, channel: &ChannelState) -> Result<(), StoreError> {
    connection.prepare_cached(statements::CHANNEL_PUT)?.execute(params![
        channel.name,
        channel.fingerprint,
        optional(channel.not_before),
        channel.failures,
        optional(channel.failing_since),
        channel.last_error,
        channel.broken,
        optional(channel.sent_at)
    ])?;
    Ok(())
}

pub fn maybe(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(time))
}

pub fn channels(connection: &Connection) -> Result<Vec<ChannelState>, StoreError> {
    let mut statement = connection.prepare_cached(statements::CHANNELS)?;
    let rows = statement.query_map([], |row| {
        Ok(ChannelState {
            name: row.get(0)?,
            fingerprint: row.get(1)?,
            not_before: maybe(row, 2)?,
            failures: row.get(3)?,
            failing_since: maybe(row, 4)?,
            last_error: row.get(5)?,
            broken: row.get(6)?,
            sent_at: maybe(row, 7)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn channel_tests(connection: &Connection) -> Result<Vec<ChannelTest>, StoreError> {
    let mut statement = connection.prepare_cached(statements::CHANNEL_TESTS)?;
    let rows = statement.query_map([], |row| {
        Ok(ChannelTest {
            name: row.get(0)?,
            fingerprint: row.get(1)?,
            tested_at: time(row.get(2)?),
            error: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn put_channel_test(connection: &Connection, test: &ChannelTest) -> Result<(), StoreError> {
    let values = params![test.name, test.fingerprint, seconds(test.tested_at), test.error];
    connection.prepare_cached(statements::CHANNEL_TEST_PUT)?.execute(values)?;
    Ok(())
}

pub fn incidents(connection: &Connection) -> Result<Vec<Incident>, StoreError> {
    let mut statement = connection.prepare_cached(statements::INCIDENTS)?;
    let rows = statement.query_map([], |row| {
        Ok(Incident {
            subject: row.get(0)?,
            since: time(row.get(1)?),
            notified_at: time(row.get(2)?),
            over_at: maybe(row, 3)?,
            message: row.get(4)?,
            level: row.get::<_, String>(5)?.parse().unwrap_or_default(),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn notice(
    connection: &mut Connection,
    incidents: &[Incident],
    forgotten: &[String],
    alerts: &[Alert],
) -> Result<(), StoreError> {
    let transaction = connection.transaction()?;
    for incident in incidents {
        transaction.prepare_cached(statements::INCIDENT_PUT)?.execute(params![
            incident.subject,
            seconds(incident.since),
            seconds(incident.notified_at),
            optional(incident.over_at),
            incident.message,
            incident.level.as_str()
        ])?;
    }
    for subject in forgotten {
        transaction.prepare_cached(statements::INCIDENT_DROP)?.execute([subject])?;
    }
    put(&transaction, alerts, &[])?;
    transaction.commit()?;
    Ok(())
}

pub fn oldest_due(connection: &Connection, channels: &[String]) -> Result<Option<Timestamp>, StoreError> {
    let mut oldest: Option<i64> = None;
    for channel in channels {
        for statement in [statements::QUEUED_OLDEST, statements::OPEN_OLDEST] {
            let due: Option<i64> =
                connection.prepare_cached(statement)?.query_row([channel], |row| row.get(0))?;
            oldest = oldest.into_iter().chain(due).min();
        }
    }
    Ok(oldest.map(time))
}

pub fn alert_totals(connection: &Connection) -> Result<Vec<AlertTotal>, StoreError> {
    let mut statement = connection.prepare_cached(statements::ALERT_TOTALS)?;
    let rows = statement.query_map([], |row| {
        Ok(AlertTotal {
            channel: row.get(0)?,
            result: row.get::<_, String>(1)?.parse().unwrap_or(AlertState::GivenUp),
            number: super::amount(row.get(2)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn rows(connection: &Connection, open: bool, limit: usize) -> Result<Vec<OutboxRow>, StoreError> {
    let mut statement = connection.prepare_cached(statements::OUTBOX_ROWS)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![limit, open], |row| {
        let (message, settled): (Option<String>, Option<Timestamp>) = (row.get(7)?, maybe(row, 8)?);
        let given_up: bool = row.get::<_, Option<bool>>(9)?.unwrap_or(false);
        let state = state(message.is_some(), settled.is_some(), given_up);
        Ok(OutboxRow {
            id: row.get(0)?,
            channel: row.get(1)?,
            topic: row.get::<_, String>(2)?.parse().unwrap_or(Topic::News),
            class: class(&row.get::<_, String>(3)?),
            state,
            due_at: time(row.get(4)?),
            created_at: time(row.get(5)?),
            title: row.get::<_, Option<String>>(6)?.unwrap_or_default(),
            delivered_at: settled.filter(|_| !given_up),
            message,
            tries: row.get::<_, Option<u32>>(10)?.unwrap_or(0),
            error: row.get(11)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn alert_counts(connection: &Connection, since: Timestamp) -> Result<AlertCounts, StoreError> {
    let number = |row: &Row<'_>| Ok(amount(row.get(0)?));
    let sent = connection.prepare_cached(statements::ALERTS_SENT)?.query_row([seconds(since)], number)?;
    let given_up = connection.prepare_cached(statements::ALERTS_GIVEN_UP)?.query_row([], number)?;
    let mut counts = AlertCounts { sent, failed: given_up, ..AlertCounts::default() };
    let mut waiting = |number: i64, due: Option<Timestamp>| {
        counts.waiting += amount(number);
        counts.next = counts.next.into_iter().chain(due).min();
    };
    let (number, due) = connection
        .prepare_cached(statements::ALERTS_QUEUED)?
        .query_row([], |row| Ok((row.get(0)?, maybe(row, 1)?)))?;
    waiting(number, due);
    let mut open = connection.prepare_cached(statements::ALERTS_OPEN)?;
    let rows =
        open.query_map([], |row| Ok((row.get::<_, bool>(0)?, row.get::<_, i64>(1)?, maybe(row, 2)?)))?;
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    let mut failed = 0;
    for (has_failed, number, due) in rows {
        if has_failed {
            failed += amount(number);
        } else {
            waiting(number, due);
        }
    }
    counts.failed += failed;
    Ok(counts)
}

pub fn hasten(connection: &mut Connection, channels: &[String], now: Timestamp) -> Result<(), StoreError> {
    let transaction = connection.transaction()?;
    for channel in channels {
        let due = params![channel, seconds(now)];
        transaction.prepare_cached(statements::MESSAGES_HASTEN)?.execute(due)?;
        transaction.prepare_cached(statements::QUEUED_HASTEN)?.execute(due)?;
    }
    transaction.commit()?;
    Ok(())
}

pub fn revive(connection: &mut Connection, channels: &[String], now: Timestamp) -> Result<(), StoreError> {
    let transaction = connection.transaction()?;
    for channel in channels {
        transaction.prepare_cached(statements::MESSAGES_REVIVE)?.execute(params![channel, seconds(now)])?;
    }
    transaction.commit()?;
    Ok(())
}

pub fn waiting(connection: &Connection, channels: &[String]) -> Result<u64, StoreError> {
    let mut waiting = 0;
    for channel in channels {
        for statement in [statements::QUEUED_COUNT, statements::OPEN_COUNT] {
            let count: i64 = connection.prepare_cached(statement)?.query_row([channel], |row| row.get(0))?;
            waiting += amount(count);
        }
    }
    Ok(waiting)
}
