//! The state folder's files, readable by their owner only (docs/reference/database.md#files).

use std::{fs, io, path::Path};

use super::StoreError;

pub const DATABASE: &str = "tge-scrape.db";

/// Lock for creating the database and changing its schema.
pub const SCHEMA_LOCK: &str = "schema.lock";

/// Creates `dir` with mode 0700 if it is missing.
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

/// Whether `path` is a file. A folder, link or device is an error, and so is a path that this user may not read: an
/// unreadable folder is not an empty one.
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

/// Opens `path` for reading and writing and creates it with mode 0600; SQLite would use the umask. A symbolic link is
/// not followed: users who may write to the folder could redirect the file.
pub fn open_private(path: &Path) -> Result<fs::File, StoreError> {
    // Before it is opened, because opening a pipe may block.
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

/// Removes `path` if it exists.
pub fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(access(path, &error)),
        _ => Ok(()),
    }
}

/// Maps an error of the file system.
pub fn access(path: &Path, error: &io::Error) -> StoreError {
    if error.kind() == io::ErrorKind::StorageFull {
        StoreError::DiskFull
    } else {
        StoreError::Access { path: path.to_owned(), cause: error.to_string() }
    }
}

/// Free bytes on the disk of `dir`, where the system reports them.
#[cfg(unix)]
pub(crate) fn free_bytes(dir: &Path) -> Option<u64> {
    let states = rustix::fs::statvfs(dir).ok()?;
    states.f_bavail.checked_mul(states.f_frsize)
}

#[cfg(not(unix))]
pub(crate) fn free_bytes(_: &Path) -> Option<u64> {
    None
}
