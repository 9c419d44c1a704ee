//! What a state folder holds, read past the program: whether it is sound, and what a run has come to.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use rusqlite::{Connection, types::FromSql};
use serde_json::Value;

/// Opens a copy of the database in `dir`, log included, so that what a kill left stays for the next run to mend.
pub fn opened(dir: &Path) -> (tempfile::TempDir, Connection) {
    let copy = tempfile::tempdir().unwrap();
    for name in ["tge-scrape.db", "tge-scrape.db-wal"] {
        if dir.join(name).exists() {
            fs::copy(dir.join(name), copy.path().join(name)).unwrap();
        }
    }
    let connection = Connection::open(copy.path().join("tge-scrape.db")).unwrap();
    (copy, connection)
}

/// Fails unless SQLite finds the database of `dir` whole. One that was never finished is not there.
pub fn sound(dir: &Path) {
    if !dir.join("tge-scrape.db").exists() {
        return;
    }
    let (_copy, connection) = opened(dir);
    let word: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(word, "ok");
    let mut statement = connection.prepare("PRAGMA foreign_key_check").unwrap();
    assert!(!statement.exists([]).unwrap(), "a row points nowhere");
}

/// The first column of all rows.
pub fn column<T: FromSql + Ord>(connection: &Connection, sql: &str) -> BTreeSet<T> {
    let mut statement = connection.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// One number.
pub fn number(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// What a run has come to, without the moments it happened in.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Each entry with its state and score.
    pub entries: BTreeSet<String>,
    /// Detections, those of one story together.
    pub stories: BTreeSet<BTreeSet<String>>,
    /// Posts kept.
    pub posts: BTreeSet<i64>,
    /// Alerts that wait: channel and story.
    pub waiting: BTreeSet<String>,
}

impl Outcome {
    /// Reads it from the database in `dir`.
    pub fn of(dir: &Path) -> Self {
        let (_copy, connection) = opened(dir);
        let mut stories: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for pair in column::<String>(&connection, "SELECT story || ' ' || id FROM detections") {
            let (story, id) = pair.split_once(' ').unwrap();
            stories.entry(story.to_owned()).or_default().insert(id.to_owned());
        }
        Self {
            entries: column(
                &connection,
                "SELECT url || ' ' || hex(key) || ' ' || state || ' ' || ifnull(score, '-')
                 FROM entries JOIN sources ON sources.id = entries.source",
            ),
            stories: stories.into_values().collect(),
            posts: column(&connection, "SELECT id FROM x_posts"),
            waiting: column(
                &connection,
                "SELECT outbox.channel || ' ' || story FROM outbox LEFT JOIN messages ON messages.id = message
                 WHERE topic = 'news' AND settled_at IS NULL",
            ),
        }
    }
}

/// Each line of a file channel's file.
pub fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line:?}"))).collect()
}

/// What was told in `documents`: id, class and date of each detection; fails where one is told twice.
pub fn alerted_stories<'a>(documents: impl IntoIterator<Item = &'a Value>) -> BTreeSet<String> {
    let mut alerted_stories = BTreeSet::new();
    for detection in documents.into_iter().flat_map(|document| document["detections"].as_array().unwrap()) {
        let key = format!("{} {} {}", detection["id"], detection["class"], detection["event_date"]);
        assert!(alerted_stories.insert(key.clone()), "{key} was told twice");
    }
    alerted_stories
}
