//! Shrinks the database file, in place.

use std::path::Path;

use rusqlite::Connection;

use super::{StoreError, amount};
use crate::{
    failpoint::hit,
    store::{Compacted, files},
};

/// Steps of SQLite's virtual machine between two calls of the progress handler.
const PROGRESS_STEPS: i32 = 200;

/// Bytes of pages in use, and of free pages.
pub fn page_bytes(connection: &Connection) -> Result<(u64, u64), StoreError> {
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (size, all, free) = (pragma("page_size")?, pragma("page_count")?, pragma("freelist_count")?);
    Ok((amount((all - free) * size), amount(free * size)))
}

/// Rewrites the file without free pages. SQLite copies all rows to a temporary file and from there to the write-ahead
/// log, so a process that dies in between changes nothing.
pub fn compact(connection: &Connection) -> Result<Compacted, StoreError> {
    let (used, free) = page_bytes(connection)?;
    if let Some(folder) = connection.path().map(Path::new).and_then(Path::parent) {
        refuse_without_space(folder, used)?;
        // The temporary file is written where the space was checked, and not on a small /tmp.
        connection.pragma_update(None, "temp_store_directory", folder.to_string_lossy())?;
    }
    connection.progress_handler(
        PROGRESS_STEPS,
        Some(|| {
            hit("compacting");
            false
        }),
    )?;
    connection.execute_batch("VACUUM")?;
    hit("compacted");
    // Only the checkpoint makes the file shorter.
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    let (now_used, now_free) = page_bytes(connection)?;
    Ok(Compacted { before: used + free, after: now_used + now_free })
}

/// The temporary file and the write-ahead log each need as much as the pages in use.
fn refuse_without_space(folder: &Path, used: u64) -> Result<(), StoreError> {
    let needed = used.saturating_mul(2);
    match files::free_bytes(folder) {
        Some(free) if free < needed => Err(StoreError::NeedsSpace { needed, free }),
        _ => Ok(()),
    }
}
