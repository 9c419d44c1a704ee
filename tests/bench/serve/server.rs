//! A server on a database with stories.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rusqlite::Connection;
use tge_scrape::{
    clock::{Clock, SystemClock},
    fixture_web::{Bulk, FixtureWeb, Options},
};
use tokio::runtime::Runtime;

use crate::{event_log::EventLog, load};

const PROGRAM: &str = env!("CARGO_BIN_EXE_tge-scrape");

/// A clock tick of /proc/PID/stat, which every usual Linux has.
const TICK_MS: u64 = 10;

pub struct Server {
    dir: tempfile::TempDir,
    child: Child,
    /// Address and port.
    pub address: String,
    /// What its cycles read.
    _web: (Runtime, FixtureWeb),
}

impl Server {
    /// Serves a state with a story for each of `feeds` that a cycle found, and `copies` more.
    pub fn start(feeds: usize, copies: u32) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let runtime = Runtime::new().unwrap();
        let now = SystemClock.now().as_second();
        let bulk = Some(Bulk { feeds, entries: 1, relevant: 1 });
        let web = runtime.block_on(FixtureWeb::start(Options { now, bulk, ..Options::default() })).unwrap();
        let limits =
            "[serve]\nconnections = 20000\nconnections_per_address = 20000\nrequests_per_address = 1000000\n";
        std::fs::write(dir.path().join("tge-scrape.toml"), web.settings_toml() + limits).unwrap();
        cycle(dir.path());
        let mut serve = program(dir.path(), &["serve", "--listen", "127.0.0.1:0"]);
        let server = Self {
            child: serve.stderr(Stdio::piped()).spawn().unwrap(),
            address: String::new(),
            dir,
            _web: (runtime, web),
        };
        server.multiply(copies);
        server.ready()
    }

    fn ready(mut self) -> Self {
        let mut note = String::new();
        BufReader::new(self.child.stderr.take().unwrap()).read_line(&mut note).unwrap();
        let (address, _) = note.strip_prefix("serving http://").unwrap().split_once('/').unwrap();
        address.clone_into(&mut self.address);
        self
    }

    fn multiply(&self, copies: u32) {
        let mut database = Connection::open(self.state().join("tge-scrape.db")).unwrap();
        let transaction = database.transaction().unwrap();
        let columns = |table: &str| -> Vec<String> {
            let sql = format!("SELECT name FROM pragma_table_info('{table}')");
            let mut statement = transaction.prepare(&sql).unwrap();
            let names = statement.query_map([], |row| row.get(0)).unwrap();
            names.collect::<Result<_, _>>().unwrap()
        };
        let copy = |table: &str, replaced: &[(&str, &str)]| {
            let names = columns(table);
            let values: Vec<String> = names
                .iter()
                .map(|name| {
                    let other = replaced.iter().find(|(column, _)| column == name);
                    other.map_or_else(|| name.clone(), |(_, value)| (*value).to_owned())
                })
                .collect();
            format!(
                "INSERT INTO {table} ({}) SELECT {} FROM {table} ORDER BY {table}.id LIMIT 1",
                names.join(", "),
                values.join(", ")
            )
        };
        let story = copy("stories", &[("id", "printf('%032x', ?1)")]);
        let document = "json_set(document, '$.id', printf('%032x', ?1), '$.story_id', printf('%032x', ?1))";
        let key = "CAST(printf('%016x', ?1) AS BLOB)";
        let found = [
            ("id", "printf('%032x', ?1)"),
            ("story", "printf('%032x', ?1)"),
            ("key", key),
            ("detected_at", "detected_at - ?1"),
            ("told_at", "told_at - ?1"),
            ("document", document),
        ];
        let detection = copy("detections", &found);
        for number in 1..=copies {
            transaction.execute(&story, [number]).unwrap();
            transaction.execute(&detection, [number]).unwrap();
        }
        transaction.commit().unwrap();
    }

    /// Runs a cycle; how long it took.
    pub fn cycle(&self) -> Duration {
        let began = Instant::now();
        cycle(self.dir.path());
        began.elapsed()
    }

    /// The log, to write beside the server.
    pub fn log(&self) -> EventLog {
        EventLog::open(&self.state())
    }

    fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    /// In user and system mode.
    pub fn processor_time(&self) -> Duration {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // proc(5): the fields after the name, which may contain spaces; 14 and 15 are utime and stime.
        let (_, fields) = text.rsplit_once(") ").unwrap();
        let ticks: u64 = fields.split(' ').skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum();
        Duration::from_millis(ticks * TICK_MS)
    }

    /// Resident bytes.
    pub fn memory(&self) -> u64 {
        load::memory(&self.child)
    }
}

fn program(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).current_dir(dir).env_clear();
    command
}

fn cycle(dir: &Path) {
    assert!(program(dir, &["-q", "cycle"]).status().unwrap().success(), "the cycle failed");
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
