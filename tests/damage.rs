//! Disks that are full or read-only, databases that are damaged, old or too new: one error message, the right exit code,
//! and no loss of readable rows.

use std::{
    collections::BTreeSet,
    fs,
    io::{Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use rusqlite::Connection;

use crate::support::{
    lab::{Lab, Ran, ran},
    mount::{Mount, mounted},
    state::{Outcome, column, detection_paths, number, opened, remove_log, sound, write_first_schema},
    world::bulk,
};

fn database(lab: &Lab) -> PathBuf {
    lab.state().join("tge-scrape.db")
}

/// Fails unless the command prints one sentence and a hint, and nothing else.
fn said(ran: &Ran, code: i32, sentence: &str, hint: &str) {
    assert_eq!((ran.code, ran.stdout.as_str()), (code, ""), "{}", ran.stderr);
    assert!(ran.stderr.contains(sentence), "{sentence:?} in {}", ran.stderr);
    assert!(ran.stderr.contains("hint: ") && ran.stderr.contains(hint), "{hint:?} in {}", ran.stderr);
    assert_eq!(ran.stderr.lines().count(), 2, "{}", ran.stderr);
}

/// Writes the log into the database file and returns its bytes.
fn folded(lab: &Lab) -> Vec<u8> {
    let connection = Connection::open(database(lab)).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(connection);
    fs::read(database(lab)).unwrap()
}

fn overwrite(path: &Path, at: u64, bytes: &[u8]) {
    let mut file = fs::File::options().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(bytes).unwrap();
}

/// A lab with detections.
fn full() -> Lab {
    let lab = bulk(6, 8);
    lab.cycle();
    lab
}

#[test]
fn unusable_state_folder_exits_with_1_and_a_hint() {
    let lab = Lab::with_web();
    fs::write(lab.state(), "a file stands where the folder should").unwrap();
    said(&lab.run(&["cycle"]), 1, "state", "--state-dir");
}

#[test]
fn invalid_database_is_reported_and_not_changed() {
    let rubbish = "rubbish ".repeat(2000).into_bytes();
    for (bytes, sentence) in [(rubbish, "damaged"), (Vec::new(), "the file is empty")] {
        let lab = Lab::with_web();
        fs::create_dir_all(lab.state()).unwrap();
        fs::write(database(&lab), &bytes).unwrap();
        for command in [&["cycle"][..], &["events"], &["stats"], &["db", "check"]] {
            said(&lab.run(command), 1, sentence, "db check --repair");
        }
        said(&lab.run(&["db", "check", "--repair"]), 1, "nothing can be recovered", "reference/database.md");
        assert_eq!(fs::read(database(&lab)).unwrap(), bytes);
    }
}

#[test]
fn newer_database_exits_with_3_and_is_not_changed() {
    let lab = full();
    Connection::open(database(&lab)).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let before = folded(&lab);
    for command in [&["cycle"][..], &["events"], &["db", "check"], &["db", "check", "--repair"]] {
        said(&lab.run(command), 3, "newer version of this program (schema 99", "newer program");
    }
    assert_eq!(folded(&lab), before);
}

#[test]
fn damaged_pages_are_reported_and_readable_rows_recovered() {
    let lab = full();
    let whole = folded(&lab);
    let entries = number(&opened(&lab.state()).1, "SELECT count(*) FROM entries");
    let detections: BTreeSet<String> = column(&opened(&lab.state()).1, "SELECT id FROM detections");
    let pages = whole.len() as u64 / 4096;
    let mut recovered = 0;
    for (number, page) in
        [2, pages / 5, pages / 3, pages / 2, pages * 2 / 3, pages - 2].into_iter().enumerate()
    {
        remove_log(&lab.state());
        fs::write(database(&lab), &whole).unwrap();
        if number == 5 {
            fs::write(database(&lab), &whole[..usize::try_from(page).unwrap() * 4096]).unwrap();
        } else {
            overwrite(&database(&lab), page * 4096, &[0xA5; 4096]);
        }
        let damaged = fs::read(database(&lab)).unwrap();
        let check = lab.run(&["db", "check"]);
        assert_eq!(check.code, 1, "page {page}: {}", check.stdout);
        assert!(check.stderr.contains("db check --repair"), "{}", check.stderr);
        let mended = lab.run(&["db", "check", "--repair"]);
        assert_eq!(mended.code, 0, "page {page}: {}{}", mended.stdout, mended.stderr);
        let kept = lab.state().join(format!("tge-scrape.db.damaged-{}", number + 1));
        assert_eq!(fs::read(&kept).unwrap(), damaged, "as it was");
        sound(&lab.state());
        let found: BTreeSet<String> = column(&opened(&lab.state()).1, "SELECT id FROM detections");
        recovered += found.len();
        // Lost entries that the feeds still contain come back.
        lab.cycle();
        lab.cycle();
        sound(&lab.state());
        assert_eq!(number_of_entries(&lab), entries, "page {page}");
        assert_eq!(column::<String>(&opened(&lab.state()).1, "SELECT id FROM detections"), detections);
    }
    assert!(recovered >= detections.len() * 3, "only {recovered} of {} were recovered", detections.len() * 6);
}

fn number_of_entries(lab: &Lab) -> i64 {
    number(&opened(&lab.state()).1, "SELECT count(*) FROM entries")
}

#[test]
fn damaged_index_is_rebuilt_without_losing_rows() {
    let lab = full();
    let before = Outcome::of(&lab.state());
    folded(&lab);
    let connection = Connection::open(database(&lab)).unwrap();
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'detections_by_time'";
    let page = u64::try_from(number(&connection, sql)).unwrap() - 1;
    drop(connection);
    // An index page that claims to be empty: cell count and content start of a leaf.
    overwrite(&database(&lab), page * 4096, &[0x0A, 0, 0, 0, 0, 0x10, 0, 0]);
    let check = lab.run(&["db", "check"]);
    assert_eq!(check.code, 1);
    assert!(check.stdout.contains("detections_by_time"), "{}", check.stdout);
    let mended = lab.run(&["db", "check", "--repair"]);
    assert_eq!(mended.code, 0, "{}", mended.stderr);
    assert!(mended.stdout.contains("indexes were rebuilt, no row was lost"), "{}", mended.stdout);
    assert_eq!(lab.run(&["db", "check"]).code, 0);
    assert_eq!(Outcome::of(&lab.state()), before);
    assert!(lab.run(&["db", "check", "--repair"]).stdout.contains("sound"));
}

#[test]
fn older_database_is_backed_up_before_migration() {
    let lab = Lab::with_web();
    write_first_schema(&lab.state());
    // Only the newest three backups stay.
    for number in [-3, -2, -1] {
        fs::write(lab.state().join(format!("tge-scrape.db.before-{number}")), "older").unwrap();
    }
    lab.cycle();
    let copy = lab.state().join("tge-scrape.db.before-2");
    let (schema, source) =
        ("PRAGMA user_version", "SELECT count(*) FROM sources WHERE url LIKE '%old.example%'");
    let kept = Connection::open(&copy).unwrap();
    assert_eq!((number(&kept, schema), number(&kept, source)), (1, 1));
    drop(kept);
    assert!(!lab.state().join("tge-scrape.db.before--3").exists(), "three are kept");
    assert!(lab.state().join("tge-scrape.db.before--2").exists());
    // The steps of docs/reference/database.md.
    remove_log(&lab.state());
    fs::rename(&copy, database(&lab)).unwrap();
    assert_eq!(number_of_entries(&lab), 0);
    lab.cycle();
    assert!(number_of_entries(&lab) > 0 && copy.exists());
    assert_eq!(lab.run(&["db", "check"]).code, 0);
}

/// Runs a cycle that cannot write a file beyond so many blocks of 512 or 1024 bytes.
#[cfg(unix)]
fn limited(lab: &Lab, blocks: u32) -> Ran {
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" cycle");
    let output = Command::new("/bin/sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_tge-scrape")])
        .current_dir(lab.path())
        .env_clear()
        .stdin(Stdio::null())
        .output();
    ran(output.unwrap())
}

#[cfg(unix)]
#[test]
fn file_size_limit_is_reported_and_the_next_cycle_continues() {
    let lab = bulk(6, 8);
    for blocks in [40, 160, 400, 800] {
        let full = limited(&lab, blocks);
        if full.code == 0 {
            break;
        }
        assert_eq!(full.code, 1, "{}", full.stderr);
        assert!(full.stderr.contains("hint:"), "{}", full.stderr);
        assert_eq!(full.stderr.lines().count(), 2, "{}", full.stderr);
        sound(&lab.state());
    }
    lab.cycle();
    let never = bulk(6, 8);
    never.cycle();
    assert_eq!(detection_paths(&lab.state()), detection_paths(&never.state()));
    sound(&lab.state());
}

#[cfg(target_os = "linux")]
#[test]
fn full_disk_is_reported_and_saved_rows_stay() {
    let lab = bulk(6, 8);
    let disk = lab.state();
    fs::create_dir(&disk).unwrap();
    let path = disk.to_str().unwrap().to_owned();
    let Some(mount) = Mount::new(&disk, &["-t", "tmpfs", "-o", "size=128k", "none"]) else { return };
    let mut refused = 0;
    for size in ["128k", "400k", "700k", "1000k"] {
        assert!(mounted(&["-o", &format!("remount,size={size}"), &path]));
        let full = lab.run(&["cycle"]);
        if full.code != 0 {
            said(&full, 1, "the disk is full", "free some space");
            sound(&lab.state());
            refused += 1;
        }
    }
    assert!(refused >= 2, "{refused}");
    assert!(mounted(&["-o", "remount,size=64m", &path]));
    lab.cycle();
    let never = bulk(6, 8);
    never.cycle();
    assert_eq!(detection_paths(&lab.state()), detection_paths(&never.state()));
    sound(&lab.state());
    drop(mount);
}

#[cfg(target_os = "linux")]
#[test]
fn compaction_without_space_is_refused() {
    let lab = bulk(6, 8);
    let disk = lab.state();
    fs::create_dir(&disk).unwrap();
    let Some(mount) = Mount::new(&disk, &["-t", "tmpfs", "-o", "size=8m", "none"]) else { return };
    lab.cycle();
    let before = detection_paths(&disk);
    let size = usize::try_from(fs::metadata(disk.join("tge-scrape.db")).unwrap().len()).unwrap();
    fs::write(disk.join("filler"), vec![0; 8 << 20]).unwrap_err();
    // Space for one copy of the rows, where two are needed.
    let filler = fs::OpenOptions::new().write(true).open(disk.join("filler")).unwrap();
    filler.set_len(filler.metadata().unwrap().len() - size as u64).unwrap();
    said(&lab.run(&["db", "compact"]), 1, "of free space", "free some space");
    assert_eq!(detection_paths(&disk), before);
    filler.set_len(0).unwrap();
    assert_eq!(lab.run(&["db", "compact"]).code, 0);
    sound(&disk);
    drop(mount);
}

#[cfg(target_os = "linux")]
#[test]
fn read_only_state_folder_stops_writers_but_not_readers() {
    let lab = full();
    let before = folded(&lab);
    let path = lab.state().to_str().unwrap().to_owned();
    let Some(mount) = Mount::new(&lab.state(), &["--bind", &path]) else { return };
    if !mounted(&["-o", "remount,ro,bind", &path]) {
        eprintln!("skipped: this system cannot make a folder read-only");
        return;
    }
    said(&lab.run(&["cycle"]), 1, "Read-only file system", "--state-dir");
    for reader in [&["events", "--format", "json"][..], &["stats"], &["db", "check"]] {
        let read = lab.run(reader);
        assert_eq!((read.code, read.stderr.as_str()), (0, ""), "{reader:?}");
    }
    drop(mount);
    assert_eq!(folded(&lab), before);
    lab.cycle();
}
