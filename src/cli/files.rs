//! Writes files for the user: each in full or not at all.
//!
//! The text goes into a temporary file of a random name in the same folder, which is then renamed. The temporary file
//! is opened exclusively, so that a link planted under its name is never followed (docs/explain/decisions/0027-files-are-replaced-atomically.md).

use std::{
    fs::{self, File, Metadata},
    io::{self, Write},
    path::{Path, PathBuf},
};

use tempfile::{Builder, NamedTempFile};

/// The purpose of a file: decides who may read a new one, and whether a symbolic link is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A settings file: may hold secrets, so a new one is its owner's only. A link is followed, as editors do.
    Settings,
    /// A file for others: a new one follows the mask. A link is replaced.
    Output,
    /// A file for a program of another user: a new one can be read by all. A link is replaced.
    Public,
}

/// Writes `bytes` to `path`; on failure the file is unchanged. An existing file keeps its mode; devices and pipes are
/// written in place.
pub fn write(path: &Path, bytes: &[u8], kind: Kind) -> io::Result<()> {
    if is_stream(path) {
        return append(path, bytes, false);
    }
    let path = if kind == Kind::Settings { followed(path) } else { path.to_owned() };
    let old = match fs::symlink_metadata(&path) {
        Ok(old) => Some(old),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if let Some(old) = old.as_ref().map(Metadata::file_type) {
        if old.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if !old.is_file() && !old.is_symlink() {
            return append(&path, bytes, true);
        }
    }
    let old = old.filter(Metadata::is_file);
    match temporary(&path, bytes, kind, old.as_ref()) {
        // Without permission for the folder, only the file itself can be written.
        Err(error)
            if error.kind() == io::ErrorKind::PermissionDenied && old.is_some() && kind != Kind::Settings =>
        {
            overwrite(&path, bytes)
        }
        written => written?.persist(&path).map(drop).map_err(|error| error.error),
    }
}

/// Writes `bytes` to `path`, which must not exist.
pub fn create(path: &Path, bytes: &[u8], kind: Kind) -> io::Result<()> {
    if fs::symlink_metadata(path).is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    temporary(path, bytes, kind, None)?.persist_noclobber(path).map(drop).map_err(|error| error.error)
}

/// Whether `path` names an open stream, such as `/dev/stdout`: links of the system, which are followed.
fn is_stream(path: &Path) -> bool {
    ["/dev/stdout", "/dev/stderr"].iter().any(|stream| path == Path::new(stream))
        || ["/dev/fd", "/proc"].iter().any(|folder| path.starts_with(folder))
}

/// The target of the links of `path`; `path` itself where it does not exist.
fn followed(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// A temporary file beside `path` that holds `bytes` and has its mode; it is removed when dropped.
fn temporary(path: &Path, bytes: &[u8], kind: Kind, old: Option<&Metadata>) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut builder = Builder::new();
    builder.prefix(".tge-scrape-").suffix(".tmp");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(match kind {
        Kind::Settings => 0o600,
        Kind::Output | Kind::Public => 0o666,
    }));
    let mut temporary = builder.tempfile_in(folder.unwrap_or(Path::new(".")))?;
    #[cfg(unix)]
    set_mode(temporary.as_file(), kind, old)?;
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    Ok(temporary)
}

#[cfg(unix)]
fn set_mode(file: &File, kind: Kind, old: Option<&Metadata>) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};

    let mode = match old {
        Some(old) => {
            if kind == Kind::Settings {
                // When root changes the settings of a service, the service keeps the file. Others cannot change
                // the owner.
                let _ = fchown(file, Some(old.uid()), Some(old.gid()));
            }
            old.mode() & 0o777
        }
        None if kind == Kind::Public => 0o644,
        None => return Ok(()),
    };
    file.set_permissions(PermissionsExt::from_mode(mode))
}

/// Appends to a file that is not regular; `exclusive` refuses a link.
fn append(path: &Path, bytes: &[u8], exclusive: bool) -> io::Result<()> {
    let mut options = File::options();
    options.append(true);
    #[cfg(unix)]
    if exclusive {
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, NO_FOLLOW);
    }
    let mut file = options.open(path)?;
    if exclusive && file.metadata()?.is_file() {
        return Err(io::Error::other("it was replaced while it was opened"));
    }
    file.write_all(bytes)
}

/// Overwrites a regular file in place.
fn overwrite(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, NO_FOLLOW);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// `O_NOFOLLOW`: a link as the last part of a path is an error.
#[cfg(unix)]
const NO_FOLLOW: i32 = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_keeps_its_mode_and_a_new_one_gets_that_of_its_kind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        for (kind, fresh) in
            [(Kind::Settings, Some(0o600)), (Kind::Output, None), (Kind::Public, Some(0o644))]
        {
            write(&path, b"first", kind).unwrap();
            if let Some(fresh) = fresh {
                assert_eq!(mode(&path), fresh, "{kind:?}");
            }
            fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
            write(&path, b"second", kind).unwrap();
            assert_eq!((mode(&path), fs::read(&path).unwrap()), (0o640, b"second".to_vec()), "{kind:?}");
            assert_eq!(names(dir.path()), ["file"]);
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn a_link_is_followed_to_settings_and_replaced_elsewhere() {
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("real"), dir.path().join("link"));
        fs::write(&real, "old").unwrap();
        symlink(&real, &link).unwrap();
        write(&link, b"new", Kind::Settings).unwrap();
        assert_eq!(fs::read(&real).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        for kind in [Kind::Output, Kind::Public] {
            let _ = fs::remove_file(&link);
            symlink(&real, &link).unwrap();
            write(&link, b"for others", kind).unwrap();
            assert_eq!(fs::read(&real).unwrap(), b"new", "{kind:?}");
            assert_eq!(fs::read(&link).unwrap(), b"for others", "{kind:?}");
            assert!(!fs::symlink_metadata(&link).unwrap().is_symlink());
        }
        let dangling = dir.path().join("dangling");
        symlink(dir.path().join("nowhere"), &dangling).unwrap();
        assert_eq!(create(&dangling, b"x", Kind::Settings).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn a_failed_write_creates_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("folder");
        fs::create_dir(&folder).unwrap();
        assert_eq!(write(&folder, b"x", Kind::Output).unwrap_err().kind(), io::ErrorKind::IsADirectory);
        assert!(write(&dir.path().join("none/file"), b"x", Kind::Output).is_err());
        assert_eq!(names(dir.path()), ["folder"]);
        let file = dir.path().join("file");
        create(&file, b"x", Kind::Settings).unwrap();
        assert_eq!(create(&file, b"y", Kind::Settings).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!((fs::read(&file).unwrap(), mode(&file)), (b"x".to_vec(), 0o600));
    }

    #[test]
    fn devices_and_pipes_are_written_in_place() {
        write(Path::new("/dev/null"), b"x", Kind::Output).unwrap();
        assert!(!fs::symlink_metadata("/dev/null").unwrap().is_file());
        let dir = tempfile::tempdir().unwrap();
        let open = File::create(dir.path().join("stream")).unwrap();
        let stream = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&open));
        for _ in 0..2 {
            write(Path::new(&stream), b"x", Kind::Output).unwrap();
        }
        assert_eq!(fs::read(dir.path().join("stream")).unwrap(), b"xx");
        assert_eq!(names(dir.path()), ["stream"]);
    }
}
