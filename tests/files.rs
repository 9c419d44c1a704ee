//! Other files at the paths of the database, its lock or a backup.

use std::{fs, path::Path, process::Command};

use rusqlite::Connection;

use crate::support::{
    lab::{Lab, ran},
    state::number,
    world::bulk,
};

/// Fails unless the command exits with 1, with `sentence` and a hint.
fn refused(lab: &Lab, arguments: &[&str], sentence: &str) {
    let ran = lab.run(arguments);
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{arguments:?}: {}", ran.stderr);
    assert!(ran.stderr.contains(sentence), "{arguments:?}: {sentence:?} in {}", ran.stderr);
    assert!(ran.stderr.contains("hint: "), "{}", ran.stderr);
}

fn database(lab: &Lab) -> std::path::PathBuf {
    lab.state().join("tge-scrape.db")
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn truncated_database_file_is_not_replaced() {
    let header = b"SQLite format 3\0".to_vec();
    let short = [vec![b'S'], vec![0; 100], header.clone(), [header, vec![0; 490]].concat(), vec![b'x'; 4096]];
    for bytes in short {
        let lab = Lab::with_web();
        fs::create_dir_all(lab.state()).unwrap();
        fs::write(database(&lab), &bytes).unwrap();
        for command in
            [&["cycle"][..], &["events"], &["db", "check"], &["db", "prune"], &["db", "backup", "copy"]]
        {
            refused(&lab, command, "the database is damaged");
        }
        refused(&lab, &["db", "check", "--repair"], "nothing can be recovered");
        assert_eq!(fs::read(database(&lab)).unwrap(), bytes, "the file was changed");
    }
}

#[test]
fn database_of_another_program_is_not_changed() {
    for version in [0, 5] {
        let lab = Lab::with_web();
        fs::create_dir_all(lab.state()).unwrap();
        let other = Connection::open(database(&lab)).unwrap();
        other.execute_batch("CREATE TABLE bookmarks (url TEXT); INSERT INTO bookmarks VALUES ('a')").unwrap();
        other.pragma_update(None, "user_version", version).unwrap();
        drop(other);
        for command in [&["cycle"][..], &["events"], &["db", "prune"]] {
            refused(&lab, command, "it is not one of this program's");
        }
        let other = Connection::open(database(&lab)).unwrap();
        assert_eq!(number(&other, "SELECT count(*) FROM sqlite_schema"), 1);
        assert_eq!(number(&other, "SELECT count(*) FROM bookmarks"), 1);
    }
}

#[test]
fn folder_at_the_path_of_a_state_file_is_reported() {
    for name in ["tge-scrape.db", "lock"] {
        let lab = Lab::with_web();
        fs::create_dir_all(lab.state().join(name)).unwrap();
        refused(&lab, &["cycle"], &format!("{name}: this is a folder, where a file belongs"));
    }
}

#[cfg(unix)]
#[test]
fn pipe_at_the_path_of_a_state_file_is_reported_at_once() {
    for name in ["tge-scrape.db", "lock", "schema.lock"] {
        let lab = Lab::with_web();
        fs::create_dir_all(lab.state()).unwrap();
        assert!(Command::new("mkfifo").arg(lab.state().join(name)).status().unwrap().success());
        refused(&lab, &["cycle"], &format!("{name}: this is no regular file"));
    }
}

#[cfg(unix)]
#[test]
fn symbolic_link_at_the_path_of_a_lock_is_not_followed() {
    for name in ["lock", "schema.lock"] {
        let lab = Lab::with_web();
        fs::create_dir_all(lab.state()).unwrap();
        let target = lab.path().join("target");
        fs::write(&target, "not to be written to").unwrap();
        std::os::unix::fs::symlink(&target, lab.state().join(name)).unwrap();
        refused(&lab, &["cycle"], &format!("{name}: this is a symbolic link"));
        assert_eq!(fs::read_to_string(&target).unwrap(), "not to be written to");
        fs::remove_file(&target).unwrap();
        refused(&lab, &["cycle"], "symbolic link");
        assert!(!target.exists(), "a file was created through the link");
    }
    // The database itself may be a symbolic link.
    let lab = bulk(1, 1);
    lab.cycle();
    let elsewhere = lab.path().join("elsewhere.db");
    let folded = Connection::open(database(&lab)).unwrap();
    folded.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(())).unwrap();
    drop(folded);
    fs::rename(database(&lab), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, database(&lab)).unwrap();
    lab.cycle();
}

#[cfg(unix)]
#[test]
fn unreadable_state_folder_is_not_taken_for_an_empty_one() {
    use std::os::unix::{fs::PermissionsExt, process::CommandExt};
    let lab = bulk(1, 1);
    lab.cycle();
    // Root may read anything, so the command runs as another user.
    let open = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    open(lab.path());
    let binary = lab.path().join("tge-scrape");
    let built = Path::new(env!("CARGO_BIN_EXE_tge-scrape"));
    if fs::hard_link(built, &binary).or_else(|_| fs::copy(built, &binary).map(drop)).is_err() {
        eprintln!("skipped: the program cannot be put where another user may run it");
        return;
    }
    let as_other = |arguments: &[&str]| {
        let mut command = Command::new(&binary);
        command.args(arguments).current_dir(lab.path()).env_clear().uid(65_534).gid(65_534);
        command.output().map(ran)
    };
    let Ok(version) = as_other(&["--version"]) else {
        eprintln!("skipped: only root can become another user");
        return;
    };
    assert_eq!(version.code, 0, "{}", version.stderr);
    for command in
        [&["events"][..], &["stats"], &["db", "check"], &["db", "backup", "/tmp/no-copy"], &["cycle"]]
    {
        let other = as_other(command).unwrap();
        assert_eq!(other.code, 1, "{command:?}: {}{}", other.stdout, other.stderr);
        assert!(
            other.stderr.contains("Permission denied") && other.stderr.contains("state/"),
            "{}",
            other.stderr
        );
        assert!(other.stderr.contains("--state-dir"), "{}", other.stderr);
    }
}

#[test]
fn backup_overwrites_no_file() {
    let lab = bulk(1, 1);
    lab.cycle();
    fs::create_dir(lab.path().join("folder")).unwrap();
    fs::write(lab.path().join("file"), "mine").unwrap();
    let log = "state/tge-scrape.db-wal";
    let before = (names(lab.path()), names(&lab.path().join("folder")));
    for (to, sentence) in [
        ("file", "file: the file exists already"),
        ("folder", "folder: this is a folder"),
        ("folder/", "this is a folder"),
        ("state/tge-scrape.db", "this name belongs to the database itself"),
        (log, "this name belongs to the database itself"),
        ("state/../state/tge-scrape.db-journal", "this name belongs to the database itself"),
        ("-", "a copy is a file; name one"),
        ("missing/copy.db", "No such file or directory"),
        ("file/copy.db", "Not a directory"),
    ] {
        refused(&lab, &["db", "backup", to], sentence);
    }
    if cfg!(unix) {
        refused(&lab, &["db", "backup", "/dev/stdout"], "exists already");
        refused(&lab, &["db", "backup", "/dev/null"], "exists already");
    }
    assert_eq!((names(lab.path()), names(&lab.path().join("folder"))), before, "a file was added or removed");
    assert_eq!(fs::read_to_string(lab.path().join("file")).unwrap(), "mine");
    let copied = lab.run(&["db", "backup", "folder/copy.db"]);
    assert_eq!(copied.code, 0, "{}", copied.stderr);
    assert_eq!(names(&lab.path().join("folder")), ["copy.db"]);
    let copy = Connection::open(lab.path().join("folder/copy.db")).unwrap();
    assert!(number(&copy, "SELECT count(*) FROM entries") > 0);
}

#[cfg(target_os = "linux")]
#[test]
fn full_disk_keeps_no_partial_backup_or_repair() {
    use crate::support::mount::{Mount, mounted};

    let lab = bulk(4, 8);
    lab.cycle();
    let disk = lab.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let path = disk.to_str().unwrap().to_owned();
    let Some(_mount) = Mount::new(&disk, &["-t", "tmpfs", "-o", "size=100k", "none"]) else { return };
    refused(&lab, &["db", "backup", "disk/copy.db"], "the disk is full");
    assert_eq!(names(&disk), Vec::<String>::new());
    assert!(mounted(&["-o", "remount,size=20m", &path]));
    assert_eq!(lab.run(&["db", "backup", "disk/copy.db"]).code, 0);

    // Rebuilding indexes cannot repair this database. The disk has space for its copy but not for a new one.
    fs::create_dir(disk.join("state")).unwrap();
    fs::rename(disk.join("copy.db"), disk.join("state/tge-scrape.db")).unwrap();
    let database = Connection::open(disk.join("state/tge-scrape.db")).unwrap();
    database
        .execute_batch("PRAGMA journal_mode = DELETE; PRAGMA foreign_keys = OFF; DELETE FROM stories")
        .unwrap();
    drop(database);
    let size = fs::metadata(disk.join("state/tge-scrape.db")).unwrap().len() / 1024;
    let small = format!("remount,size={}k", size * 2 + 60);
    assert!(mounted(&["-o", &small, &path]));
    let repaired = lab.run(&["--state-dir", "disk/state", "db", "check", "--repair"]);
    assert_eq!(repaired.code, 1, "{}", repaired.stdout);
    assert!(repaired.stderr.contains("full"), "{}", repaired.stderr);
    let left = names(&disk.join("state"));
    assert!(left.iter().all(|name| !name.contains("damaged") && !name.contains("recovered")), "{left:?}");
    assert!(mounted(&["-o", "remount,size=20m", &path]));
    assert_eq!(lab.run(&["--state-dir", "disk/state", "db", "check", "--repair"]).code, 0);
}
