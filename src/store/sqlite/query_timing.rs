//! Times of statements. SQLite reports each statement's time in milliseconds on the thread that ran it. That is the
//! database thread, so the sums need no lock.

use std::{cell::RefCell, time::Duration};

use rusqlite::{
    Connection,
    trace::{TraceEvent, TraceEventCodes},
};

use super::statements;
use crate::{model::SlowStatement, store::StatementTimes};

/// Slower statements are named in the figures.
const SLOW: Duration = Duration::from_millis(100);

thread_local! {
    static SEEN: RefCell<StatementTimes> = RefCell::default();
}

pub fn watch(connection: &Connection) {
    connection.trace_v2(TraceEventCodes::SQLITE_TRACE_PROFILE, Some(ended));
}

fn ended(event: TraceEvent<'_>) {
    if let TraceEvent::Profile(statement, took) = event {
        let name = (took > SLOW).then(|| name(&statement.sql()).to_owned());
        SEEN.with_borrow_mut(|seen| add(seen, took, name));
    }
}

fn add(seen: &mut StatementTimes, took: Duration, slow: Option<String>) {
    let ms = u32::try_from(took.as_millis()).unwrap_or(u32::MAX);
    *seen.durations_ms.entry(ms).or_default() += 1;
    let Some(name) = slow else { return };
    if let Some(known) = seen.slow.iter_mut().find(|known| known.name == name) {
        known.count += 1;
        known.max_ms = known.max_ms.max(ms);
    } else {
        seen.slow.push(SlowStatement { name, count: 1, max_ms: ms });
    }
}

/// The statement's name in the list, or its first word, such as COMMIT.
fn name(sql: &str) -> &str {
    let listed = statements::ALL.iter().find(|(_, text)| *text == sql).map(|(name, _)| *name);
    listed.unwrap_or_else(|| sql.split_whitespace().next().unwrap_or("unknown"))
}

/// The times since the last call. Must run on the connection's thread.
pub fn take() -> StatementTimes {
    SEEN.with_borrow_mut(std::mem::take)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_statements_are_counted_by_name() {
        let mut seen = StatementTimes::default();
        let slow = name(statements::BACKLOG).to_owned();
        add(&mut seen, Duration::from_millis(130), Some(slow.clone()));
        add(&mut seen, Duration::from_millis(190), Some(slow));
        add(&mut seen, Duration::from_micros(30), None);
        assert_eq!(seen.slow, [SlowStatement { name: "BACKLOG".to_owned(), count: 2, max_ms: 190 }]);
        assert_eq!(seen.durations_ms.values().sum::<u64>(), 3);
        assert_eq!(name("COMMIT"), "COMMIT");
    }

    #[test]
    fn every_statement_of_a_connection_is_seen() {
        let connection = Connection::open_in_memory().unwrap();
        watch(&connection);
        take();
        connection
            .execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (1); INSERT INTO t VALUES (2);")
            .unwrap();
        assert_eq!(take().durations_ms.values().sum::<u64>(), 3);
        assert!(take().durations_ms.is_empty());
    }
}
