//! How many requests may be in flight on this machine.

use std::{fmt, fs};

use crate::text::proc_file;

/// Files that are no requests: the database, its log and lock, pipes, the files of the runtime.
const OTHER_FILES: u64 = 128;
/// Open files for two requests: connections that wait for their next request are open too. At 512 requests in flight, 530
/// to 650 files were open (docs/measurements/2026-11-performance.md).
const FILES_FOR_TWO: u64 = 3;
/// Memory for one request in flight: its body, and its part of the pages that wait to be read. A first cycle of 1,000 feeds
/// takes 0.1 MB more for each further request (same page), and the rest of the program needs memory too.
const MEMORY_FOR_ONE: u64 = 1 << 20;

/// What the system permits; `None` where there is no limit or none can be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Permitted {
    /// Files that this process may open.
    pub open_files: Option<u64>,
    /// Bytes that the process can take.
    pub memory: Option<u64>,
}

impl Permitted {
    /// Reads the limit of open files (`ulimit -Hn`, to which a cycle raises its own), the memory that is available, and the
    /// limit of the control group.
    #[must_use]
    pub fn here() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let group =
            group(&read("/proc/self/cgroup")).map(|path| read(&format!("/sys/fs/cgroup{path}/memory.max")));
        // What programs can take without swapping.
        let available = proc_file::bytes(&read("/proc/meminfo"), "MemAvailable");
        let limits = [available, group.and_then(|text| text.trim().parse().ok())];
        Self { open_files: open_files(), memory: limits.into_iter().flatten().min() }
    }
}

#[cfg(unix)]
fn open_files() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum
}

/// Only Unix has such a limit.
#[cfg(not(unix))]
fn open_files() -> Option<u64> {
    None
}

/// The path of a process in the unified hierarchy of control groups: `0::PATH` of `/proc/self/cgroup`.
fn group(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.strip_prefix("0::"))
}

/// Why fewer requests are in flight than the settings ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The limit of open files.
    OpenFiles(u64),
    /// Bytes of memory.
    Memory(u64),
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpenFiles(files) => write!(f, "this process may open {files} files"),
            Self::Memory(bytes) => write!(f, "{} MiB of memory are available", bytes >> 20),
        }
    }
}

/// The requests in flight, at least one and at most `wanted`, and what bounds them if they are fewer.
#[must_use]
pub fn width(wanted: usize, permitted: Permitted) -> (usize, Option<Bound>) {
    let by_files = permitted
        .open_files
        .map(|files| (files.saturating_sub(OTHER_FILES) * 2 / FILES_FOR_TWO, Bound::OpenFiles(files)));
    let by_memory = permitted.memory.map(|bytes| (bytes / MEMORY_FOR_ONE, Bound::Memory(bytes)));
    let least = by_files.into_iter().chain(by_memory).min_by_key(|(requests, _)| *requests);
    match least {
        Some((requests, bound)) if requests < wanted as u64 => {
            (usize::try_from(requests).unwrap_or(wanted).max(1), Some(bound))
        }
        _ => (wanted, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_files_and_memory_bound_the_requests_in_flight() {
        let of = |open_files, memory: Option<u64>| {
            width(512, Permitted { open_files, memory: memory.map(|mib| mib << 20) })
        };
        assert_eq!(of(None, None), (512, None));
        assert_eq!(of(Some(1_024), Some(16_000)), (512, None));
        assert_eq!(of(Some(256), Some(16_000)), (85, Some(Bound::OpenFiles(256))));
        assert_eq!(of(Some(64), None), (1, Some(Bound::OpenFiles(64))));
        assert_eq!(of(None, Some(200)), (200, Some(Bound::Memory(200 << 20))));
        assert_eq!(of(Some(256), Some(64)), (64, Some(Bound::Memory(64 << 20))));
    }

    #[test]
    fn the_control_group_is_read_as_the_kernel_writes_it() {
        assert_eq!(group("1:cpu:/a\n0::/user.slice/cron.service\n"), Some("/user.slice/cron.service"));
        assert_eq!(group("4:memory:/a\n"), None);
    }
}
