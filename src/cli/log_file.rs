//! The log file of `[log]`: lines of all processes that share it, rotated by size
//! (docs/explain/decisions/0042-log-file-rotated-under-a-lock.md).

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::Path,
    sync::{Mutex, PoisonError},
};

use file_rotate::{ContentLimit, FileRotate, compression::Compression, suffix::AppendCount};

use crate::config::LogSettings;

/// The open file; `None` without `log.file`, or after it could not be written.
static LOG: Mutex<Option<LogSettings>> = Mutex::new(None);

/// Writes log lines to the file of `settings` from now on. Returns a sentence if it cannot be written.
pub fn start(settings: &LogSettings) -> Result<(), String> {
    let mut log = LOG.lock().unwrap_or_else(PoisonError::into_inner);
    *log = None;
    let Some(path) = &settings.file else { return Ok(()) };
    // Hooks and systemd may change the folder later.
    let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
    append(&path, "").map_err(|error| {
        format!("log.file: {} cannot be written: {error}; log lines go to stderr only", path.display())
    })?;
    *log = Some(LogSettings { file: Some(path), ..settings.clone() });
    Ok(())
}

pub fn is_open() -> bool {
    LOG.lock().unwrap_or_else(PoisonError::into_inner).is_some()
}

/// Appends `line`, which ends with a line break. A file that can no longer be written, such as on a full disk, gets no
/// further line of this process.
pub fn write(line: &str) {
    // The lock is free again before anything is written: a panic while writing is a log line too.
    let settings = LOG.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let Some(LogSettings { file: Some(path), keep, max_size }) = settings else { return };
    // A file that cannot be rotated grows; its lines are worth more than its size.
    let _ = rotate(&path, keep, max_size, line.len() as u64);
    if append(&path, line).is_err() {
        *LOG.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Appends in one write, so that lines of several processes do not mix.
fn append(path: &Path, line: &str) -> io::Result<()> {
    open(path)?.write_all(line.as_bytes())
}

fn open(path: &Path) -> io::Result<File> {
    options().open(path)
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Renames the file if `more` bytes would exceed `max_size`, and deletes the oldest beyond `keep`. One process at a time
/// does this, and the others see the new file.
fn rotate(path: &Path, keep: usize, max_size: u64, more: u64) -> io::Result<()> {
    let is_full = || fs::metadata(path).is_ok_and(|file| file.len() > 0 && file.len() + more > max_size);
    if !is_full() {
        return Ok(());
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".lock");
    let lock = open(&path.with_file_name(name))?;
    lock.lock()?;
    if is_full() {
        let scheme = AppendCount::new(keep);
        FileRotate::new(path, scheme, ContentLimit::None, Compression::None, Some(options())).rotate()?;
    }
    lock.unlock()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_file_is_rotated_and_only_so_many_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.log");
        for number in 0..50 {
            let line = format!("line {number:03} of ten bytes more\n");
            rotate(&path, 3, 100, line.len() as u64).unwrap();
            append(&path, &line).unwrap();
        }
        let text = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap_or_default();
        assert!(text("run.log").ends_with("line 049 of ten bytes more\n"));
        for name in ["run.log", "run.log.1", "run.log.2", "run.log.3"] {
            assert!((1..=100).contains(&text(name).len()), "{name}: {}", text(name));
        }
        assert!(!dir.path().join("run.log.4").exists());
    }

    #[test]
    fn lines_of_several_writers_are_whole_and_none_is_lost() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.log");
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let path = path.clone();
                scope.spawn(move || {
                    for number in 0..200 {
                        let line = format!("writer {writer} line {number:04}\n");
                        rotate(&path, 1000, 500, line.len() as u64).unwrap();
                        append(&path, &line).unwrap();
                    }
                });
            }
        });
        let mut lines = Vec::new();
        for file in fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().path()) {
            lines.extend(fs::read_to_string(file).unwrap().lines().map(str::to_owned));
        }
        lines.sort();
        lines.dedup();
        assert_eq!(lines.len(), 800);
        assert!(lines.iter().all(|line| line.len() == "writer 0 line 0000".len()), "a line is not whole");
    }
}
