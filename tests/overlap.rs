//! Several processes at once: one cycle runs, the others exit, readers are not blocked, and one process migrates.

use std::{
    fs,
    process::{Child, Command},
    sync::{Mutex, mpsc::channel},
    time::Duration,
};

use crate::support::{
    inbox::{Answer, Inbox},
    lab::{Lab, ran},
    state::{number, opened, sound, write_first_schema},
};

const FEED: &str = "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>One</title><item><title>Kalori opens \
                    airdrop claim for its KALO token</title><link>http://127.0.0.1/1</link><guid>1</guid></item></channel></rss>";

/// A lab with the feed of `inbox`.
fn lab(inbox: &Inbox) -> Lab {
    let lab = Lab::new();
    lab.settings(&format!(
        "[http]\nallow_private_addresses = true\ntotal_timeout = \"200s\"\nidle_timeout = \"200s\"\n[cache]\n\
         feed_ttl = \"0s\"\n[[feeds]]\nurl = \"{}\"\n",
        inbox.url("/feed.xml")
    ));
    lab
}

#[test]
fn ten_cycles_at_once_run_one_and_block_no_reader() {
    let (arrived, first) = channel();
    let (release, held) = channel::<()>();
    let held = Mutex::new(held);
    let inbox = Inbox::start(move |_, before| {
        if before > 0 {
            let _ = arrived.send(());
            // Answers at once when the sender is dropped.
            let _ = held.lock().unwrap().recv();
        }
        Some(Answer::new(200, FEED).with("content-type", "application/rss+xml"))
    });
    let lab = lab(&inbox);
    lab.cycle();
    let mut running: Vec<Child> = (0..10).map(|_| lab.start(&["cycle", "--format", "json"])).collect();
    first.recv().unwrap();
    let readers: [&[&str]; 5] =
        [&["stats"], &["events"], &["db", "check"], &["feed", "list"], &["alerts", "list"]];
    let mut ended = 0;
    while ended < 9 {
        for reader in readers {
            let read = lab.run(reader);
            assert_eq!((read.code, read.stderr.as_str()), (0, ""), "{reader:?}: {}", read.stdout);
        }
        ended = running.iter_mut().filter_map(|child| child.try_wait().unwrap()).count();
        assert!(ended < 10, "the running cycle ended before its feed answered");
    }
    drop(release);
    let mut codes: Vec<i32> = running
        .into_iter()
        .map(|child| {
            let ended = ran(child.wait_with_output().unwrap());
            if ended.code == 75 {
                assert!(ended.stderr.contains("another cycle is at work"), "{}", ended.stderr);
                assert_eq!(ended.stdout, "");
            }
            ended.code
        })
        .collect();
    codes.sort_unstable();
    assert_eq!(codes, [0, 75, 75, 75, 75, 75, 75, 75, 75, 75]);
    let (_copy, database) = opened(&lab.state());
    assert_eq!(
        number(&database, "SELECT count(*) FROM cycles"),
        2,
        "a cycle that exits with 75 is not recorded"
    );
    sound(&lab.state());
}

#[test]
fn wait_lock_runs_the_cycle_when_the_lock_is_free() {
    let lab = Lab::with_web();
    fs::create_dir_all(lab.state()).unwrap();
    let lock = fs::File::create(lab.state().join("lock")).unwrap();
    lock.lock().unwrap();
    let refused = lab.run(&["cycle"]);
    assert_eq!(refused.code, 75, "{}", refused.stderr);
    assert!(refused.stderr.contains("another cycle is at work") && refused.stderr.contains("--wait-lock"));
    let late = lab.run(&["cycle", "--wait-lock", "250ms"]);
    assert_eq!(late.code, 75, "{}", late.stderr);
    let mut waiting = lab.command(&["cycle", "--wait-lock", "60s"]).spawn().unwrap();
    assert!(waiting.try_wait().unwrap().is_none());
    lock.unlock().unwrap();
    assert_eq!(waiting.wait().unwrap().code(), Some(0));
}

/// Eight commands that write to the database, at once.
fn eight_writers(lab: &Lab) -> Vec<Child> {
    let one = |_| {
        let mut command: Command = lab.command(&["db", "prune"]);
        command.spawn().unwrap()
    };
    (0..8).map(one).collect()
}

#[test]
fn database_is_created_and_migrated_by_one_of_many_processes() {
    for old in [false, true] {
        let lab = Lab::new();
        if old {
            write_first_schema(&lab.state());
        }
        // `db prune` takes the lock of cycles; the library itself takes none.
        let openers: Vec<_> = (0..4)
            .map(|_| {
                let dir = lab.state();
                std::thread::spawn(move || {
                    tge_scrape::store::Store::open(&dir, tge_scrape::store::Access::Write).map(drop)
                })
            })
            .collect();
        let codes: Vec<i32> = eight_writers(&lab)
            .into_iter()
            .map(|child| ran(child.wait_with_output().unwrap()).code)
            .collect();
        for opener in openers {
            opener.join().unwrap().unwrap();
        }
        assert!(codes.iter().all(|code| [0, 75].contains(code)) && codes.contains(&0), "{codes:?}");
        sound(&lab.state());
        let (_copy, database) = opened(&lab.state());
        assert_eq!(number(&database, "SELECT count(*) FROM sources"), i64::from(old));
        let names: Vec<String> = fs::read_dir(lab.state())
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.ends_with("lock") && !name.ends_with("-wal") && !name.ends_with("-shm"))
            .collect();
        assert_eq!(names.len(), if old { 2 } else { 1 }, "{names:?}");
    }
}

#[test]
fn database_locked_by_another_program_is_reported_in_one_sentence() {
    let lab = Lab::with_web();
    lab.cycle();
    let entries = |lab: &Lab| number(&opened(&lab.state()).1, "SELECT count(*) FROM entries");
    let before = entries(&lab);
    let other = rusqlite::Connection::open(lab.state().join("tge-scrape.db")).unwrap();
    other.busy_timeout(Duration::ZERO).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    lab.web().advance();
    let kept = lab.run(&["cycle"]);
    assert_eq!(kept.code, 1, "{}", kept.stderr);
    assert!(kept.stderr.contains("another program has kept the database locked"), "{}", kept.stderr);
    assert!(kept.stderr.contains("hint: close the program"), "{}", kept.stderr);
    assert_eq!(kept.stderr.lines().count(), 2, "{}", kept.stderr);
    assert_eq!(lab.run(&["events"]).code, 0, "readers are not blocked");
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(entries(&lab), before);
    lab.cycle();
    assert!(entries(&lab) > before);
}
