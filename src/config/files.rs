//! Reads files of settings with limits on size and time, because they may be endless devices or silent pipes.

use std::{
    fs::{self, File},
    io::Read,
    path::Path,
    sync::mpsc,
    thread,
    time::Duration,
};

use super::raw;
use crate::text::quantity::show_size;

/// Maximum bytes of a settings file: a hundred thousand feeds take a fifth of it.
pub const LONGEST: u64 = 64 << 20;
/// Maximum bytes of a file that holds one secret.
pub const LONGEST_SECRET: u64 = 1 << 20;
/// Time limit of a pipe: a password manager may ask its user first.
const PATIENCE: Duration = Duration::from_mins(1);

/// The text of the file, pipe or device `path`. An error continues a sentence that begins with the file's name.
pub fn read_text(path: &Path, limit: u64) -> Result<String, String> {
    read_within(path, limit, PATIENCE)
}

fn read_within(path: &Path, limit: u64, patience: Duration) -> Result<String, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    let kind = fs::metadata(path).map_err(unreadable)?;
    if kind.is_dir() {
        return Err("is a folder; name a file".to_owned());
    }
    let bytes = if kind.is_file() {
        bounded(path, limit)
    } else {
        let (done, read) = mpsc::channel();
        let path = path.to_owned();
        // If nothing ever comes, the thread waits until the process ends.
        let reader = thread::Builder::new().spawn(move || done.send(bounded(&path, limit)));
        reader.map_err(unreadable)?;
        let silent = || format!("gave nothing to read within {} s", patience.as_secs());
        read.recv_timeout(patience).map_err(|_| silent())?
    };
    let bytes = bytes.map_err(unreadable)?;
    if bytes.len() as u64 > limit {
        return Err(format!("is longer than {}; name another file", show_size(limit)));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let at = raw::end_of(&String::from_utf8_lossy(valid));
        format!("is not text in UTF-8 (at {at}, line and column); save it as UTF-8")
    })
}

/// The first `limit` bytes of `path`, and one more if there are more.
fn bounded(path: &Path, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unreadable_files_give_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let read = |path: &Path| read_within(path, 16, Duration::from_millis(1));
        fs::write(path("whole"), "a = 1\n").unwrap();
        assert_eq!(read(&path("whole")).unwrap(), "a = 1\n");
        fs::write(path("long"), "a".repeat(17)).unwrap();
        fs::write(path("latin"), b"a = 1\n# caf\xe9\n").unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, path("pipe"), rustix::fs::Mode::RUSR).unwrap();
        for (path, expected) in [
            (path("none"), "cannot be read: "),
            (dir.path().to_owned(), "is a folder"),
            (path("long"), "is longer than 16B"),
            (path("latin"), "is not text in UTF-8 (at 2:6, line and column)"),
            (path("pipe"), "gave nothing to read"),
        ] {
            let error = read(&path).unwrap_err();
            assert!(error.starts_with(expected), "{}: {error}", path.display());
        }
        assert!(read_within(Path::new("/dev/zero"), 16, PATIENCE).unwrap_err().contains("longer than 16B"));
    }
}
