//! Opening, migrating, checking and copying the database file.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags};
use rusqlite_migration::{M, Migrations};

use super::{StoreError, detections, statements};
use crate::store::{Access, Health, files};

/// Each step takes the schema one version up; a step that has been released never changes.
const STEPS: &[M<'static>] = &[
    M::up(include_str!("migrations/1.sql")),
    M::up(include_str!("migrations/2.sql")),
    M::up(include_str!("migrations/3.sql")),
    M::up(include_str!("migrations/4.sql")),
    M::up(include_str!("migrations/5.sql")),
    M::up(include_str!("migrations/6.sql")),
];

/// How long a statement waits for another process to finish writing.
const BUSY: Duration = Duration::from_secs(10);
/// Pages of the write-ahead log after which SQLite folds it back: 4 MiB.
const LOG_PAGES: u32 = 1000;

/// Opens the database in `dir`, made or brought up to date if `access` allows writing.
pub fn open_file(dir: &Path, access: Access) -> Result<Connection, StoreError> {
    let path = dir.join(files::DATABASE);
    match access {
        Access::Read => {
            if !path.exists() {
                return Err(StoreError::Missing(dir.to_owned()));
            }
            // Not read-only to the file system: a reader of a write-ahead log shares its index file.
            let connection = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)
                .or_else(|_| Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY))
                .map_err(|error| opening(&path, error))?;
            connection.busy_timeout(BUSY)?;
            let found = version(&connection)?;
            refuse_newer(found)?;
            if found < known() {
                return Err(StoreError::Other(format!(
                    "schema {found} is older than {}: run a cycle first",
                    known()
                )));
            }
            connection.pragma_update(None, "query_only", true)?;
            Ok(connection)
        }
        Access::Write => {
            files::make_dir(dir)?;
            files::make_private(&path)?;
            let mut connection = Connection::open(&path).map_err(|error| opening(&path, error))?;
            connection.busy_timeout(BUSY)?;
            migrate(&mut connection, Some(&path))?;
            Ok(connection)
        }
    }
}

/// A database that lives as long as the process holds it.
pub fn open_memory() -> Result<Connection, StoreError> {
    let mut connection = Connection::open_in_memory()?;
    migrate(&mut connection, None)?;
    Ok(connection)
}

fn opening(path: &Path, error: rusqlite::Error) -> StoreError {
    match StoreError::from(error) {
        StoreError::Other(cause) => StoreError::Access { path: path.to_owned(), cause },
        other => other,
    }
}

fn known() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

fn version(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

fn refuse_newer(found: i64) -> Result<(), StoreError> {
    if found > known() { Err(StoreError::Newer { found, known: known() }) } else { Ok(()) }
}

fn migrate(connection: &mut Connection, path: Option<&Path>) -> Result<(), StoreError> {
    let found = version(connection)?;
    refuse_newer(found)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // With a write-ahead log a commit survives the death of the process; the last ones may be lost with the
    // power, never the consistency. A visit lost is a visit repeated.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    connection.set_prepared_statement_cache_capacity(64);
    if found == known() {
        return Ok(());
    }
    if let Some(path) = path.filter(|_| found > 0) {
        let mut copy = path.as_os_str().to_owned();
        copy.push(format!(".before-{}", found + 1));
        backup(connection, Path::new(&copy))?;
    }
    Migrations::from_slice(STEPS).to_latest(connection).map_err(|error| match error {
        rusqlite_migration::Error::RusqliteError { err, .. } => err.into(),
        other => StoreError::Other(other.to_string()),
    })
}

/// Copies the database to `to`, which must not exist, while it is in use.
pub fn backup(connection: &Connection, to: &Path) -> Result<(), StoreError> {
    if to.exists() {
        return Err(StoreError::Access { path: to.to_owned(), cause: "the file exists already".to_owned() });
    }
    files::make_private(to)?;
    // Copying writes to the other file only, but a connection for reading refuses it all the same.
    connection.pragma_update(None, "query_only", false)?;
    connection.execute("VACUUM INTO ?1", [to.to_string_lossy()])?;
    Ok(())
}

/// What is wrong with the database, one sentence each; nothing for a sound one.
pub fn check(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut faults = Vec::new();
    let mut statement = connection.prepare("PRAGMA integrity_check")?;
    for row in statement.query_map([], |row| row.get::<_, String>(0))? {
        faults.extend(Some(row?).filter(|word| word != "ok"));
    }
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    for row in statement.query_map([], |row| row.get::<_, String>(0))? {
        faults.push(format!("a row of {} points nowhere", row?));
    }
    Ok(faults)
}

/// How large the memory is.
pub fn health(connection: &Connection) -> Result<Health, StoreError> {
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let entries: Option<i64> =
        connection.prepare_cached(statements::ENTRY_COUNT)?.query_row([], |row| row.get(0))?;
    Ok(Health {
        schema: version(connection)?,
        bytes: super::amount(pragma("page_count")? * pragma("page_size")?),
        entries: super::amount(entries.unwrap_or(0)),
        detections: super::amount(detections::extent(connection)?.unwrap_or(0)),
    })
}
