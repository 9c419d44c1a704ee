//! Opens, creates, migrates and checks the database file.

use std::{fs::File, io::Read, path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags};
use rusqlite_migration::{M, Migrations};

use super::{StoreError, backup, compact, detections, statements};
use crate::{
    failpoint::hit,
    store::{Access, Health, files},
};

/// Each step migrates the schema by one version. A released step never changes.
const STEPS: &[M<'static>] = &[
    M::up(include_str!("migrations/1.sql")),
    M::up(include_str!("migrations/2.sql")),
    M::up(include_str!("migrations/3.sql")),
    M::up(include_str!("migrations/4.sql")),
    M::up(include_str!("migrations/5.sql")),
    M::up(include_str!("migrations/6.sql")),
    M::up(include_str!("migrations/7.sql")),
    M::up(include_str!("migrations/8.sql")),
    M::up(include_str!("migrations/9.sql")),
    M::up(include_str!("migrations/10.sql")),
    M::up(include_str!("migrations/11.sql")),
    M::up(include_str!("migrations/12.sql")),
    M::up(include_str!("migrations/13.sql")),
    M::up(include_str!("migrations/14.sql")),
    M::up(include_str!("migrations/15.sql")),
    M::up(include_str!("migrations/16.sql")),
    M::up(include_str!("migrations/17.sql")),
    M::up(include_str!("migrations/18.sql")),
    M::up(include_str!("migrations/19.sql")),
    M::up(include_str!("migrations/20.sql")),
    M::up(include_str!("migrations/21.sql")),
    M::up(include_str!("migrations/22.sql")),
];

/// Time that a statement waits for a lock of another process.
const BUSY: Duration = Duration::from_secs(10);
/// Pages of the write-ahead log at which SQLite checkpoints it: 4 MiB.
const LOG_PAGES: u32 = 1000;

/// First bytes of an SQLite database ("Database File Format", section 1.3).
const HEADER: &[u8] = b"SQLite format 3\0";
/// SQLite's smallest page size (section 1.3.2): no database is shorter.
const SHORTEST: u64 = 512;

/// Opens the database in `dir`; with write access it is created or migrated.
pub fn open_file(dir: &Path, access: Access) -> Result<Connection, StoreError> {
    let path = dir.join(files::DATABASE);
    match access {
        Access::Read => {
            if !files::is_there(&path)? {
                return Err(StoreError::Missing(dir.to_owned()));
            }
            read(&path).map_err(|error| at(&path, error))
        }
        Access::Write => {
            files::make_dir(dir)?;
            if !files::is_there(&path)? {
                create(dir, &path)?;
            }
            write(dir, &path).map_err(|error| at(&path, error))
        }
    }
}

fn read(path: &Path) -> Result<Connection, StoreError> {
    refuse_foreign(path)?;
    // Writable for the file system, because a reader of a write-ahead log shares its index file.
    let mut connection = connect(path)?;
    let found = match version(&connection) {
        // In a read-only folder that index cannot be created. Without a log no process writes, and the file is
        // complete.
        Err(StoreError::Access { .. }) if !backup::beside(path, "-wal").exists() => {
            connection = unchanging(path)?;
            version(&connection)?
        }
        found => found?,
    };
    refuse_newer(found)?;
    refuse_schema(&connection, found)?;
    if found < known() {
        return Err(StoreError::Older { found, known: known() });
    }
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// Opens the file as one that no process changes.
fn unchanging(path: &Path) -> Result<Connection, StoreError> {
    let name = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    Ok(Connection::open_with_flags(format!("file:{name}?immutable=1"), flags)?)
}

fn write(dir: &Path, path: &Path) -> Result<Connection, StoreError> {
    refuse_foreign(path)?;
    let mut connection = connect(path)?;
    let found = version(&connection)?;
    refuse_newer(found)?;
    refuse_schema(&connection, found)?;
    configure(&connection)?;
    if version(&connection)? < known() {
        let _lock = lock_schema(dir)?;
        // Another process may have migrated it meanwhile.
        let found = version(&connection)?;
        refuse_newer(found)?;
        if found < known() {
            backup::keep_before(&connection, path, found + 1)?;
            to_latest(&mut connection)?;
            hit("schema-changed");
            backup::thin(path);
        }
    }
    Ok(connection)
}

/// Opens an existing file.
pub fn connect(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(BUSY)?;
    Ok(connection)
}

/// Creates a database under another name and renames it when it is complete. Of several processes the first
/// creates it.
fn create(dir: &Path, path: &Path) -> Result<(), StoreError> {
    let _lock = lock_schema(dir)?;
    if files::is_there(path)? {
        return Ok(());
    }
    let new = backup::beside(path, ".new");
    build(&new, known())?;
    // The log of a database that was moved away must not be applied to the new one.
    let log = backup::beside(path, "-wal");
    if log.exists() {
        let left = backup::beside(path, "-wal.left");
        std::fs::rename(&log, &left).map_err(|error| files::access(&left, &error))?;
    }
    hit("database-built");
    std::fs::rename(&new, path).map_err(|error| files::access(path, &error))
}

/// Creates an empty database of that schema, replacing the file `new`.
pub fn build(new: &Path, schema: i64) -> Result<(), StoreError> {
    for end in ["", "-journal", "-wal", "-shm"] {
        files::remove(&backup::beside(new, end))?;
    }
    files::open_private(new)?;
    let mut connection = connect(new)?;
    let steps = usize::try_from(schema).unwrap_or(STEPS.len());
    Migrations::from_slice(STEPS).to_version(&mut connection, steps).map_err(migration)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.close().map_err(|(_, error)| error.into())
}

/// Locks the creation and migration of the database. It is not the lock of cycles, because a cycle that holds that
/// one creates the database too.
fn lock_schema(dir: &Path) -> Result<File, StoreError> {
    let path = dir.join(files::SCHEMA_LOCK);
    let file = files::open_private(&path)?;
    file.lock().map_err(|error| files::access(&path, &error))?;
    Ok(file)
}

/// Refuses a file that is no SQLite database. SQLite would treat an empty or very short file as a new database, but
/// this program never creates one: its content was lost.
pub fn refuse_foreign(path: &Path) -> Result<(), StoreError> {
    let refused = |error: std::io::Error| files::access(path, &error);
    let mut start = Vec::new();
    File::open(path).map_err(refused)?.take(SHORTEST).read_to_end(&mut start).map_err(refused)?;
    if start.is_empty() {
        Err(StoreError::Corrupt("the file is empty".to_owned()))
    } else if (start.len() as u64) < SHORTEST {
        Err(StoreError::Corrupt(format!("the file has {} bytes, less than any database", start.len())))
    } else if !start.starts_with(HEADER) {
        Err(StoreError::Corrupt("the file is no SQLite database".to_owned()))
    } else {
        Ok(())
    }
}

/// Refuses the database of another program. Our schemas begin at 1, and all have the table `sources`.
fn refuse_schema(connection: &Connection, found: i64) -> Result<(), StoreError> {
    let ours = || {
        connection
            .prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'sources'")?
            .exists([])
    };
    if found > 0 && ours()? {
        Ok(())
    } else {
        Err(StoreError::Corrupt("it is not one of this program's".to_owned()))
    }
}

pub fn open_memory() -> Result<Connection, StoreError> {
    let mut connection = Connection::open_in_memory()?;
    configure(&connection)?;
    to_latest(&mut connection)?;
    Ok(connection)
}

/// Adds the path to an error of SQLite.
fn at(path: &Path, error: StoreError) -> StoreError {
    match error {
        StoreError::Access { path: bare, cause } if bare == Path::new(files::DATABASE) => {
            StoreError::Access { path: path.to_owned(), cause }
        }
        other => other,
    }
}

fn known() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

/// The schema version.
pub fn version(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

pub fn refuse_newer(found: i64) -> Result<(), StoreError> {
    if found > known() { Err(StoreError::Newer { found, known: known() }) } else { Ok(()) }
}

fn configure(connection: &Connection) -> Result<(), StoreError> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A commit to the write-ahead log survives the death of the process. A power failure may lose the last ones but
    // keeps the database consistent, and the next cycle repeats a lost visit.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

fn to_latest(connection: &mut Connection) -> Result<(), StoreError> {
    Migrations::from_slice(STEPS).to_latest(connection).map_err(migration)
}

fn migration(error: rusqlite_migration::Error) -> StoreError {
    match error {
        rusqlite_migration::Error::RusqliteError { err, .. } => err.into(),
        other => StoreError::Other(other.to_string()),
    }
}

pub fn check(connection: &Connection) -> Result<Vec<String>, StoreError> {
    match inspect(connection) {
        Err(StoreError::Corrupt(fault)) => Ok(vec![fault]),
        other => other,
    }
}

fn inspect(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut faults = Vec::new();
    let mut statement = connection.prepare("PRAGMA integrity_check")?;
    for row in statement.query_map([], |row| row.get::<_, String>(0))? {
        match row.map_err(StoreError::from) {
            Ok(word) => faults.extend(Some(word).filter(|word| word != "ok")),
            Err(StoreError::Corrupt(fault)) => faults.push(fault),
            Err(other) => return Err(other),
        }
    }
    if !faults.is_empty() {
        return Ok(faults);
    }
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    for row in statement.query_map([], |row| row.get::<_, String>(0))? {
        faults.push(format!("a row of {} points nowhere", row?));
    }
    Ok(faults)
}

pub fn health(connection: &Connection) -> Result<Health, StoreError> {
    let (used, free) = compact::page_bytes(connection)?;
    let entries: Option<i64> =
        connection.prepare_cached(statements::ENTRY_COUNT)?.query_row([], |row| row.get(0))?;
    Ok(Health {
        schema: version(connection)?,
        bytes: used + free,
        free,
        entries: super::amount(entries.unwrap_or(0)),
        detections: super::amount(detections::count(connection)?.unwrap_or(0)),
    })
}
