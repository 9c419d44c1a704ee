//! The state folder's files: who may read, write and lock them.

use std::time::Duration;

use rusqlite::Connection;

use super::*;
use crate::{clock::SystemClock, store::Lock};

#[test]
fn others_read_while_one_writes() {
    let dir = tempfile::tempdir().unwrap();
    block(async {
        assert!(matches!(Store::open(dir.path(), Access::Read), Err(StoreError::Missing(_))));
        let writer = Store::open(dir.path(), Access::Write).unwrap();
        writer.commit(found("a", "s", 80)).await.unwrap();
        let blocker = Connection::open(dir.path().join("tge-scrape.db")).unwrap();
        blocker.execute_batch("BEGIN IMMEDIATE; DELETE FROM detections;").unwrap();
        let reader = Store::open(dir.path(), Access::Read).unwrap();
        assert_eq!(reader.events(EventFilter { limit: 9, ..EventFilter::default() }).await.unwrap().len(), 1);
        assert!(reader.commit(found("b", "s", 80)).await.is_err(), "a reader must not write");
    });
}

#[test]
fn a_newer_or_damaged_database_is_refused_with_its_own_error() {
    let dir = tempfile::tempdir().unwrap();
    drop(Store::open(dir.path(), Access::Write).unwrap());
    let path = dir.path().join("tge-scrape.db");
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    for access in [Access::Read, Access::Write] {
        assert!(matches!(Store::open(dir.path(), access), Err(StoreError::Newer { found: 99, .. })));
    }
    // In a folder of its own: the thread of the first store may still be closing its file.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tge-scrape.db");
    std::fs::write(&path, "this is no database, but long enough to be taken for one".repeat(100)).unwrap();
    assert!(matches!(Store::open(dir.path(), Access::Write), Err(StoreError::Corrupt(_))));
}

#[test]
fn one_run_at_a_time_holds_the_lock() {
    let dir = tempfile::tempdir().unwrap();
    block(async {
        let held = Lock::take(dir.path(), Duration::ZERO, SystemClock).await.unwrap();
        let refused = Lock::take(dir.path(), Duration::ZERO, SystemClock).await.unwrap_err();
        assert!(matches!(refused, StoreError::Locked(Some(pid)) if pid == std::process::id()), "{refused:?}");
        drop(held);
        Lock::take(dir.path(), Duration::ZERO, SystemClock).await.unwrap();
    });
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_state() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("deep/state");
    drop(Store::open(&state, Access::Write).unwrap());
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&state), mode(&state.join("tge-scrape.db"))), (0o700, 0o600));
}

#[test]
fn a_copy_is_a_whole_database() {
    let dir = tempfile::tempdir().unwrap();
    block(async {
        let store = Store::open(&dir.path().join("a"), Access::Write).unwrap();
        store.commit(found("a", "s", 80)).await.unwrap();
        std::fs::create_dir(dir.path().join("b")).unwrap();
        let copy = dir.path().join("b/tge-scrape.db");
        store.backup(&copy).await.unwrap();
        assert!(store.backup(&copy).await.is_err(), "an existing file is never overwritten");
        let copied = Store::open(&dir.path().join("b"), Access::Read).unwrap();
        assert_eq!(copied.events(EventFilter { limit: 9, ..EventFilter::default() }).await.unwrap().len(), 1);
        assert_eq!(copied.check().await.unwrap(), Vec::<String>::new());
    });
}
