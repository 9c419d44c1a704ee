//! Processes killed at failpoints: the next run completes the work.

use std::fs;

use tge_scrape::failpoint::FAILPOINTS;

use crate::support::{
    lab::Lab,
    state::{self, Outcome},
    twin::{TWIN_CYCLE, assert_equals_twin, run_cycle, settings_with_file, world_with_twin},
    world::bulk,
};

/// Failpoints of a migration.
const MIGRATION: [&str; 3] = ["copy-written", "copy-kept", "schema-changed"];
/// Failpoints of a repair.
const REPAIR: [&str; 3] = ["damaged-kept", "rows-recovered", "mended"];
/// Failpoints while the database file is compacted.
const COMPACTION: [&str; 2] = ["compacting", "compacted"];
/// Failpoints of a weekly summary, which tests/summaries.rs reaches.
const SUMMARY: [&str; 2] = ["in-summary", "summary-queued"];
/// Failpoints that a cycle reaches once.
const ONCE: [&str; 7] =
    ["database-built", "cycle-begun", "pruned", "in-binding", "bound", "in-cycle-end", "cycle-ended"];

/// Kills a cycle when it reaches each of `points` for the first and for the third time. Each has a state folder of its
/// own.
fn kill_at(points: &[&str]) {
    let world = world_with_twin();
    let lab = &world.lab;
    run_cycle(lab, &TWIN_CYCLE);
    for point in points {
        for nth in if ONCE.contains(point) { &[1][..] } else { &[1, 3] } {
            let name = format!("{point}-{nth}");
            let (settings, file) = (format!("{name}.toml"), format!("{name}.ndjson"));
            fs::write(lab.path().join(&settings), settings_with_file(lab, &file)).unwrap();
            let cycle = ["--config", &settings, "--state-dir", &name, "cycle", "--catch-up", "100"];
            let armed = format!("{point}:{nth}");
            let ran = lab.run(&[&["--kill-at", &armed], &cycle[..]].concat());
            assert_eq!(ran.code, -9, "{armed} was not reached: {}", ran.stderr);
            state::sound(&lab.path().join(&name));
            run_cycle(lab, &cycle);
            run_cycle(lab, &cycle);
            assert_equals_twin(lab, &name, &file, &armed);
        }
    }
}

#[test]
fn failpoints_of_a_cycle_lose_nothing_after_the_next_cycle() {
    let elsewhere = [&MIGRATION[..], &REPAIR, &COMPACTION, &SUMMARY].concat();
    let is_of_cycle = |point: &&str| !elsewhere.contains(point);
    let points: Vec<&str> = FAILPOINTS.iter().copied().filter(is_of_cycle).collect();
    assert!(points.len() > ONCE.len(), "{points:?}");
    std::thread::scope(|scope| {
        for part in points.chunks(points.len().div_ceil(3)) {
            scope.spawn(|| kill_at(part));
        }
    });
}

#[test]
fn failpoints_of_a_migration_keep_the_backup_complete() {
    for point in MIGRATION {
        let lab = Lab::new();
        state::write_first_schema(&lab.state());
        let ran = lab.run(&["--kill-at", point, "db", "prune"]);
        assert_eq!(ran.code, -9, "{point}: {}", ran.stderr);
        state::sound(&lab.state());
        assert_eq!(lab.run(&["db", "prune"]).code, 0, "{point}");
        assert_eq!(lab.run(&["db", "check"]).code, 0, "{point}");
        let (_copy, database) = state::opened(&lab.state());
        assert_eq!(state::number(&database, "SELECT count(*) FROM sources"), 1, "{point}");
        let backup = rusqlite::Connection::open(lab.state().join("tge-scrape.db.before-2")).unwrap();
        assert_eq!(state::number(&backup, "SELECT count(*) FROM sources"), 1, "{point}");
        assert!(!lab.state().join("tge-scrape.db.copying").exists(), "{point}");
    }
}

#[test]
fn failpoints_of_a_repair_allow_another_repair() {
    let lab = bulk(2, 6);
    lab.cycle();
    let before = Outcome::of(&lab.state());
    for point in REPAIR {
        let database = rusqlite::Connection::open(lab.state().join("tge-scrape.db")).unwrap();
        // Detections without their stories: rebuilding indexes cannot repair that.
        database.execute_batch("PRAGMA foreign_keys = OFF; DELETE FROM stories;").unwrap();
        drop(database);
        assert_eq!(lab.run(&["db", "check"]).code, 1);
        let ran = lab.run(&["--kill-at", point, "db", "check", "--repair"]);
        assert_eq!(ran.code, -9, "{point}: {}", ran.stderr);
        let again = lab.run(&["db", "check", "--repair"]);
        assert_eq!(again.code, 0, "{point}: {}", again.stderr);
        assert_eq!(lab.run(&["db", "check"]).code, 0, "{point}");
        assert_eq!(Outcome::of(&lab.state()), before, "{point}");
    }
}

#[test]
fn failpoints_of_a_compaction_change_no_row() {
    let lab = bulk(4, 40);
    lab.cycle();
    let file = lab.state().join("tge-scrape.db");
    let database = rusqlite::Connection::open(&file).unwrap();
    // Pages that become free.
    database
        .execute_batch(
            "CREATE TABLE filler (text); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
             INSERT INTO filler SELECT hex(randomblob(50)) FROM n; DROP TABLE filler;
             PRAGMA wal_checkpoint(TRUNCATE);",
        )
        .unwrap();
    drop(database);
    let before = (Outcome::of(&lab.state()), fs::metadata(&file).unwrap().len());
    for armed in ["compacting:1", "compacting:20", "compacted:1"] {
        let ran = lab.run(&["--kill-at", armed, "db", "compact"]);
        assert_eq!(ran.code, -9, "{armed} was not reached: {}", ran.stderr);
        state::sound(&lab.state());
        assert_eq!(Outcome::of(&lab.state()), before.0, "{armed}");
    }
    let ran = lab.run(&["db", "compact"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    state::sound(&lab.state());
    assert_eq!(Outcome::of(&lab.state()), before.0);
    let after = fs::metadata(&file).unwrap().len();
    assert!(after + 2_000_000 < before.1, "{} bytes became {after}: {}", before.1, ran.stdout);
    assert_eq!(fs::read_dir(lab.state()).unwrap().filter(|file| is_left(file.as_ref().unwrap())).count(), 0);
    lab.cycle();
}

/// Whether a file of the state folder is a temporary one.
fn is_left(file: &fs::DirEntry) -> bool {
    let name = file.file_name();
    !["tge-scrape.db", "tge-scrape.db-wal", "tge-scrape.db-shm", "lock", "schema.lock"]
        .iter()
        .any(|known| name == *known)
}
