//! The state folder's files, readable by their owner only (conventions, section 10).

use std::{fs, io, path::Path};

use super::StoreError;

/// Name of the database in the state folder.
pub const DATABASE: &str = "tge-scrape.db";

/// Name of the lock that is held while the database is made or its schema changed.
pub const SCHEMA_LOCK: &str = "schema.lock";

/// Makes `dir` with mode 0700 if it is missing.
pub fn make_dir(dir: &Path) -> Result<(), StoreError> {
    if dir.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|error| access(dir, &error))
}

/// Makes `path` an empty file with mode 0600 if it is missing: SQLite would give it the mask's mode.
pub fn make_private(path: &Path) -> Result<(), StoreError> {
    let mut options = fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(|error| access(path, &error))
}

/// Removes `path`, which may not be there.
pub fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(access(path, &error)),
        _ => Ok(()),
    }
}

/// What a refusal of the file system means.
pub fn access(path: &Path, error: &io::Error) -> StoreError {
    if error.kind() == io::ErrorKind::StorageFull {
        StoreError::DiskFull
    } else {
        StoreError::Access { path: path.to_owned(), cause: error.to_string() }
    }
}
