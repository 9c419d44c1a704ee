//! An upgrade from version 0.1.0, with the settings and the database that it wrote (`fixtures/upgrade`): rows stay, nothing is
//! alerted again, and the copy leads back.

use std::{collections::BTreeSet, fs, path::Path};

use rusqlite::Connection;

use crate::support::{
    inbox::{Answer, Inbox, Received},
    lab::{Lab, Ran, now, ran},
    state::{column, number, opened, remove_log, sound},
};

const DATABASE: &[u8] = include_bytes!("../fixtures/upgrade/tge-scrape.db.zst");
const SETTINGS: &str = include_str!("../fixtures/upgrade/tge-scrape.toml");
/// What `config init` of version 0.1.0 wrote.
const STARTER: &str = include_str!("../fixtures/upgrade/config-init.toml");
/// Schema of version 0.1.0.
const SCHEMA: i64 = 8;

/// Tables of version 0.1.0 whose rows all stay, with the number of rows.
const KEPT: [(&str, i64); 13] = [
    ("articles", 6),
    ("channels", 2),
    ("detections", 7),
    ("entries", 18),
    ("labels", 2),
    ("messages", 8),
    ("outbox", 8),
    ("stories", 4),
    ("told", 8),
    ("x_accounts", 1),
    ("x_billed", 3),
    ("x_people", 1),
    ("x_posts", 2),
];

/// Fails unless all rows that were there are there.
fn complete(state: &Path) {
    let (_copy, database) = opened(state);
    let counts = KEPT.map(|(table, _)| (table, number(&database, &format!("SELECT count(*) FROM {table}"))));
    assert_eq!(counts, KEPT);
    assert_eq!(number(&database, "SELECT sum(micros) FROM x_months"), 20_000, "the money spent on X");
}

/// The web that version 0.1.0 read, as a proxy: hosts are folders. X has nothing new, and the channels accept everything.
fn web() -> Inbox {
    let files = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/upgrade/web"));
    Inbox::start(move |received: &Received, _| {
        let url = received.path.strip_prefix("http://").unwrap();
        let (host, path) = url.split_once('/').unwrap();
        let path = path.split('?').next().unwrap();
        Some(match (host, fs::read_to_string(files.join(host).join(path))) {
            ("hooks.example", _) => Answer::new(200, ""),
            ("goneweekly.example", _) => Answer::new(410, ""),
            ("x.localhost", _) => Answer::new(200, "{\"meta\":{\"result_count\":0}}"),
            (_, Ok(text)) => Answer::new(200, &text),
            _ => Answer::new(404, ""),
        })
    })
}

/// A lab with what version 0.1.0 wrote, whose requests go to `web`.
fn upgraded(web: &Inbox) -> Lab {
    let lab = Lab::new();
    lab.settings(&SETTINGS.replace("http://127.0.0.1:9", &web.url("")));
    fs::create_dir(lab.state()).unwrap();
    fs::write(lab.state().join("tge-scrape.db"), zstd::decode_all(DATABASE).unwrap()).unwrap();
    lab
}

/// Runs the program `minutes` after the last cycle of version 0.1.0.
fn later(lab: &Lab, minutes: i64, arguments: &[&str]) -> Ran {
    let (_copy, database) = opened(&lab.state());
    let last = number(&database, "SELECT max(started_at) FROM cycles WHERE id <= 2");
    let shift = (last + 60 * minutes - now().as_second()).to_string();
    let mut command = lab.command(&["--shift-clock", &shift]);
    command.args(arguments).env("X_BEARER_TOKEN", "AAAAAAAAAAAAAAAAAAAAAtestonly");
    ran(command.output().unwrap())
}

/// Names of the delivered messages.
fn delivered(web: &Inbox, path: &str) -> Vec<String> {
    let to = format!("http://hooks.example/{path}");
    web.all().iter().filter(|one| one.path == to).map(|one| one.header("webhook-id").to_owned()).collect()
}

#[test]
fn cycles_after_an_upgrade_keep_every_row_and_alert_nothing_again() {
    let web = web();
    let lab = upgraded(&web);
    complete(&lab.state());
    let (_copy, before) = opened(&lab.state());
    let stories = column::<String>(&before, "SELECT DISTINCT story FROM detections");
    let waiting = column::<String>(&before, "SELECT id FROM messages WHERE settled_at IS NULL");
    for minutes in [45, 90] {
        let cycle = later(&lab, minutes, &["cycle", "--format", "json"]);
        assert_eq!(cycle.code, 0, "{}", cycle.stderr);
        let report = cycle.report();
        assert_eq!((report.feeds.fetched, report.detections.len()), (2, 0), "{:?}", report.feeds);
        sound(&lab.state());
        complete(&lab.state());
    }
    assert_eq!(delivered(&web, "ok"), [""; 0]);
    let late = delivered(&web, "down");
    assert_eq!(late.len(), waiting.len(), "what waited is delivered once");
    assert_eq!(late.into_iter().collect::<BTreeSet<_>>(), waiting, "under its name");
    let events = later(&lab, 90, &["events", "--since", "30d", "--format", "json"]).json();
    let shown = events["detections"].as_array().unwrap().iter();
    let shown: BTreeSet<&str> = shown.map(|detection| detection["story_id"].as_str().unwrap()).collect();
    assert_eq!(shown, stories.iter().map(String::as_str).collect());
    for command in
        [&["stats"][..], &["stats", "--why"], &["x", "plan"], &["alerts", "list"], &["db", "check"]]
    {
        let ran = later(&lab, 90, command);
        assert_eq!(ran.code, 0, "{command:?}: {}", ran.stderr);
    }
}

#[test]
fn commands_before_the_first_cycle_say_what_to_do() {
    let lab = upgraded(&web());
    let events = lab.run(&["events"]);
    assert_eq!((events.code, events.stdout.as_str()), (1, ""));
    assert!(events.stderr.contains("an older version of this program (schema 8, known"), "{}", events.stderr);
    assert!(events.stderr.contains("hint: run `tge-scrape cycle`"), "{}", events.stderr);
    let doctor = lab.run(&["doctor"]).stdout;
    let line = doctor.lines().find(|line| line.contains(" database ")).unwrap();
    assert!(line.starts_with("note") && line.contains("older version"), "{line}");
}

#[test]
fn the_copy_made_before_an_upgrade_leads_back() {
    let web = web();
    let lab = upgraded(&web);
    let before = fs::read(lab.state().join("tge-scrape.db")).unwrap();
    assert_eq!(later(&lab, 45, &["cycle"]).code, 0);
    let copies: Vec<_> = fs::read_dir(lab.state())
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.to_string_lossy().contains(".db.before-"))
        .collect();
    assert_eq!(copies.len(), 1, "{copies:?}");
    // The steps of docs/reference/database.md.
    remove_log(&lab.state());
    fs::copy(&copies[0], lab.state().join("tge-scrape.db")).unwrap();
    let database = Connection::open(&copies[0]).unwrap();
    assert_eq!(number(&database, "PRAGMA user_version"), SCHEMA);
    drop(database);
    complete(&lab.state());
    assert_eq!(fs::read(&copies[0]).unwrap().len(), before.len());
}

#[test]
fn settings_of_version_0_1_are_accepted() {
    let lab = Lab::new();
    for settings in [SETTINGS, STARTER] {
        lab.settings(settings);
        let check = lab.run(&["config", "check"]);
        assert_eq!(check.code, 0, "{}", check.stdout);
        assert!(check.stdout.contains("no errors"), "{}", check.stdout);
    }
}
