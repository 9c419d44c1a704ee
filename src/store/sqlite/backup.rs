//! Copies of the database: on request, and before each change of its schema.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rusqlite::Connection;

use super::StoreError;
use crate::{failpoint::hit, store::files};

/// Number of copies from before schema changes that are kept.
const KEPT: usize = 3;

/// `path` with `more` appended to its name.
pub fn beside(path: &Path, more: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(more);
    PathBuf::from(name)
}

/// Copies the database to `to`, which must not exist. The copy is written under a temporary name first, so `to` is a
/// whole database or does not exist.
pub fn backup(connection: &Connection, to: &Path) -> Result<(), StoreError> {
    refuse_target(connection, to)?;
    let refused = |error: io::Error| target(to, &error);
    let name = to.file_name().unwrap_or_default().to_string_lossy();
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Removed on drop, and so on every error.
    let half = tempfile::Builder::new().prefix(&format!(".{name}.")).tempfile_in(folder).map_err(refused)?;
    // Copying writes to the other file only, but a read-only connection refuses it.
    connection.pragma_update(None, "query_only", false)?;
    connection.execute("VACUUM INTO ?1", [half.path().to_string_lossy()])?;
    half.as_file().sync_all().map_err(refused)?;
    half.persist_noclobber(to).map_err(|error| refused(error.error))?;
    Ok(())
}

/// Refuses existing files, and names that SQLite uses for the database's own files.
fn refuse_target(connection: &Connection, to: &Path) -> Result<(), StoreError> {
    let refused = |cause: &str| Err(StoreError::Target { path: to.to_owned(), cause: cause.to_owned() });
    if to == Path::new("-") {
        return refused("a copy is a file; name one");
    }
    let own = connection.path().map(Path::new).filter(|path| !path.as_os_str().is_empty());
    let is_own = own.is_some_and(|own| {
        ["", "-wal", "-shm", "-journal"].iter().any(|end| same_place(&beside(own, end), to))
    });
    if is_own {
        return refused("this name belongs to the database itself");
    }
    match fs::symlink_metadata(to) {
        Ok(found) if found.is_dir() => refused("this is a folder"),
        Ok(_) => refused("the file exists already"),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(target(to, &error)),
        Err(_) => Ok(()),
    }
}

/// Maps an error of the file system at the target of a copy.
fn target(to: &Path, error: &io::Error) -> StoreError {
    match files::access(to, error) {
        StoreError::Access { path, cause } => StoreError::Target { path, cause },
        other => other,
    }
}

/// Whether both paths have the same name in the same folder; neither needs to exist.
fn same_place(one: &Path, other: &Path) -> bool {
    let folder = |path: &Path| {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        fs::canonicalize(parent.unwrap_or(Path::new("."))).ok()
    };
    one.file_name() == other.file_name() && folder(one).is_some_and(|one| folder(other) == Some(one))
}

/// Copies the database at `path` before its schema becomes `next`. The copy is written under another name first, so a
/// copy under the final name is whole.
pub fn keep_before(connection: &Connection, path: &Path, next: i64) -> Result<(), StoreError> {
    let half = beside(path, ".copying");
    files::remove(&half)?;
    backup(connection, &half).map_err(|error| match error {
        StoreError::Target { path, cause } => StoreError::Access { path, cause },
        other => other,
    })?;
    hit("copy-written");
    let kept = beside(path, &format!(".before-{next}"));
    fs::rename(&half, &kept).map_err(|error| files::access(&kept, &error))?;
    hit("copy-kept");
    Ok(())
}

/// Copies of the database at `path` from before schema changes, newest first.
pub fn backups_of(path: &Path) -> Vec<PathBuf> {
    let mut found: Vec<(i64, PathBuf)> = numbered(path, "before-").collect();
    found.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    found.into_iter().map(|(_, path)| path).collect()
}

/// Removes the oldest of these copies.
pub fn thin(path: &Path) {
    for old in backups_of(path).into_iter().skip(KEPT) {
        if let Err(error) = fs::remove_file(&old) {
            tracing::warn!("{}: {error}", old.display());
        }
    }
}

/// The first free name for a copy of a damaged database.
pub fn aside(path: &Path) -> PathBuf {
    let last = numbered(path, "damaged-").map(|(number, _)| number).max().unwrap_or(0);
    beside(path, &format!(".damaged-{}", last + 1))
}

/// Files next to `path` with its name, `.WORD` and a number.
fn numbered(path: &Path, word: &'static str) -> impl Iterator<Item = (i64, PathBuf)> {
    let prefix =
        path.file_name().map(|name| format!("{}.{word}", name.to_string_lossy())).unwrap_or_default();
    let files = path.parent().and_then(|folder| fs::read_dir(folder).ok());
    files.into_iter().flatten().filter_map(Result::ok).filter_map(move |file| {
        let name = file.file_name();
        let number = name.to_str()?.strip_prefix(&prefix)?.parse().ok()?;
        Some((number, file.path()))
    })
}
