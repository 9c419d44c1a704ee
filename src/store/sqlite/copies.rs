//! Copies of the database: on request, and before each change of its schema.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rusqlite::Connection;

use super::StoreError;
use crate::{rehearsal::reach, store::files};

/// Copies from before a change of the schema that are kept, newest first.
const KEPT: usize = 3;

/// `path` with `more` after its name.
pub fn beside(path: &Path, more: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(more);
    PathBuf::from(name)
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

/// Keeps a copy of the database at `path` as it is before its schema becomes `next`; written under another name
/// first, so that a copy with its own name is whole.
pub fn keep_before(connection: &Connection, path: &Path, next: i64) -> Result<(), StoreError> {
    let half = beside(path, ".copying");
    files::remove(&half)?;
    backup(connection, &half)?;
    reach("copy-written");
    let kept = beside(path, &format!(".before-{next}"));
    fs::rename(&half, &kept).map_err(|error| files::access(&kept, &error))?;
    reach("copy-kept");
    Ok(())
}

/// Copies beside the database at `path` from before changes of its schema, newest first.
pub fn kept(path: &Path) -> Vec<PathBuf> {
    let mut found: Vec<(i64, PathBuf)> = numbered(path, "before-").collect();
    found.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    found.into_iter().map(|(_, path)| path).collect()
}

/// Removes the oldest of these copies. One that cannot be removed harms nobody.
pub fn thin(path: &Path) {
    for old in kept(path).into_iter().skip(KEPT) {
        if let Err(error) = fs::remove_file(&old) {
            tracing::warn!("{}: {error}", old.display());
        }
    }
}

/// The first free name for a damaged database put aside.
pub fn aside(path: &Path) -> PathBuf {
    let last = numbered(path, "damaged-").map(|(number, _)| number).max().unwrap_or(0);
    beside(path, &format!(".damaged-{}", last + 1))
}

/// Files beside `path` named like it with `.WORD` and a number.
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
