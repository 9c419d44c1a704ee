//! Adds events to the log of a database, as cycles do.

use std::{path::Path, time::Duration};

use rusqlite::Connection;

pub struct EventLog(Connection);

impl EventLog {
    /// The log of the database in the folder `state`, which has a story.
    pub fn open(state: &Path) -> Self {
        let connection = Connection::open(state.join("tge-scrape.db")).unwrap();
        connection.busy_timeout(Duration::from_secs(10)).unwrap();
        Self(connection)
    }

    /// The number of the newest event.
    pub fn newest(&self) -> i64 {
        self.0.query_row("SELECT max(seq) FROM log", [], |row| row.get(0)).unwrap()
    }

    /// Adds `number` copies of the first event of a story in one transaction.
    pub fn append(&self, number: usize) {
        let transaction = self.0.unchecked_transaction().unwrap();
        let sql = "INSERT INTO log (at, kind, document) SELECT at, kind, document FROM log WHERE kind = 'story' LIMIT 1";
        (0..number).for_each(|_| assert_eq!(transaction.execute(sql, []), Ok(1)));
        transaction.commit().unwrap();
    }
}
