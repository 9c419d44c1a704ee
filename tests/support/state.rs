//! Reads a state folder without the program: its integrity and the outcome of a run.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use rusqlite::{Connection, types::FromSql};
use serde_json::Value;

/// Opens a copy of the database in `dir` with its log. The original stays as a kill made it.
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

/// Fails unless the database in `dir` passes the checks of SQLite. A kill may have prevented its creation.
pub fn sound(dir: &Path) {
    if !dir.join("tge-scrape.db").exists() {
        return;
    }
    let (_copy, connection) = opened(dir);
    let word: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(word, "ok");
    let mut statement = connection.prepare("PRAGMA foreign_key_check").unwrap();
    assert!(!statement.exists([]).unwrap(), "a row refers to a missing row");
}

/// The first column of all rows.
pub fn column<T: FromSql + Ord>(connection: &Connection, sql: &str) -> BTreeSet<T> {
    let mut statement = connection.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

pub fn number(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// The outcome of a run, without times.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Each entry with its state and score.
    pub entries: BTreeSet<String>,
    /// Detections by story.
    pub stories: BTreeSet<BTreeSet<String>>,
    /// Stored posts.
    pub posts: BTreeSet<i64>,
    /// Waiting alerts: channel and story.
    pub waiting: BTreeSet<String>,
}

impl Outcome {
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

/// The lines of the file of a file channel.
pub fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line:?}"))).collect()
}

/// ID, class and date of each detection in `documents`. Fails if one is reported twice.
pub fn alerted_stories<'a>(documents: impl IntoIterator<Item = &'a Value>) -> BTreeSet<String> {
    let mut alerted_stories = BTreeSet::new();
    for detection in documents.into_iter().flat_map(|document| document["detections"].as_array().unwrap()) {
        let key = format!("{} {} {}", detection["id"], detection["class"], detection["event_date"]);
        assert!(alerted_stories.insert(key.clone()), "{key} was reported twice");
    }
    alerted_stories
}

/// Deletes the log of the database in `dir`, as docs/reference/database.md says before a copy is restored.
pub fn remove_log(dir: &Path) {
    for end in ["-wal", "-shm"] {
        let _ = fs::remove_file(dir.join(format!("tge-scrape.db{end}")));
    }
}

/// Writes a database of the first schema, with one source, into `dir`.
pub fn write_first_schema(dir: &Path) {
    fs::create_dir_all(dir).unwrap();
    let database = Connection::open(dir.join("tge-scrape.db")).unwrap();
    database.execute_batch(include_str!("../../src/store/sqlite/migrations/1.sql")).unwrap();
    database.execute("INSERT INTO sources (url) VALUES ('http://old.example/feed')", []).unwrap();
    database.pragma_update(None, "user_version", 1).unwrap();
    database.pragma_update(None, "journal_mode", "WAL").unwrap();
}

/// Paths of the detections without the port, which differs between webs.
pub fn detection_paths(dir: &Path) -> BTreeSet<String> {
    let urls: BTreeSet<String> =
        column(&opened(dir).1, "SELECT json_extract(document, '$.url') FROM detections");
    urls.iter().map(|url| format!("{}{}", &url[7..17], url.rsplit_once('/').unwrap().1)).collect()
}
