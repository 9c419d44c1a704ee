//! The state folder's files, readable by their owner only (docs/reference/database.md#files).

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

/// Whether there is a file at `path`. Anything else that is there is refused, and so is what may not be looked at: a
/// folder that is closed to this user is not an empty one.
pub fn is_there(path: &Path) -> Result<bool, StoreError> {
    match fs::metadata(path) {
        Ok(found) if found.is_file() => Ok(true),
        Ok(found) => Err(no_file(path, &found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(access(path, &error)),
    }
}

fn no_file(path: &Path, found: &fs::Metadata) -> StoreError {
    let cause = if found.is_dir() {
        "this is a folder, where a file belongs"
    } else if found.is_symlink() {
        "this is a symbolic link, which is not followed here; remove it"
    } else {
        "this is no regular file; remove it"
    };
    StoreError::Access { path: path.to_owned(), cause: cause.to_owned() }
}

/// Opens `path` for reading and writing, made with mode 0600 if it is missing: SQLite would give it the mask's mode. A
/// symbolic link is not followed: whoever may write to the folder could have us write anywhere.
pub fn open_private(path: &Path) -> Result<fs::File, StoreError> {
    // Before it is opened: to open a pipe may take for ever.
    if let Ok(found) = fs::symlink_metadata(path)
        && !found.is_file()
    {
        return Err(no_file(path, &found));
    }
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    }
    options.open(path).map_err(|error| access(path, &error))
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
