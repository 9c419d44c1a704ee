//! What the running cycle has done so far, in a file of the state folder that other processes read.

use std::{fs, io::Write, path::Path};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::files;

const NAME: &str = "progress.json";
/// The file is written each second. An older one is of a process that died.
const FRESH: SignedDuration = SignedDuration::from_secs(10);

/// The counts of a running cycle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RunningCycle {
    #[cfg_attr(test, schemars(with = "crate::model::stamp::Time"))]
    pub started_at: Timestamp,
    #[cfg_attr(test, schemars(with = "crate::model::stamp::Time"))]
    pub written_at: Timestamp,
    /// Feeds that are requested, and those of them that are done.
    pub feeds: usize,
    pub feeds_done: usize,
    pub pages: usize,
    pub x_calls: usize,
    /// Launches found.
    pub new: usize,
    /// The host whose response takes longest.
    pub waiting_for: Option<String>,
    /// For how long.
    pub waiting_s: u64,
}

impl RunningCycle {
    /// Writes the file of the state folder `dir`. A failure is no reason to disturb the cycle.
    pub fn write(&self, dir: &Path) {
        // Plain data always serialises.
        let json = serde_json::to_vec(self).unwrap_or_default();
        let written = files::open_private(&dir.join(NAME)).and_then(|mut file| {
            let written = file.set_len(0).and_then(|()| file.write_all(&json));
            written.map_err(|error| files::access(&dir.join(NAME), &error))
        });
        if let Err(error) = written {
            tracing::debug!(%error, "the progress cannot be written");
        }
    }

    /// The cycle that runs in `dir` for some seconds at `now`.
    pub fn read(dir: &Path, now: Timestamp) -> Option<Self> {
        // Half-written JSON is no cycle; the next second has the whole.
        let running: Self = serde_json::from_slice(&fs::read(dir.join(NAME)).ok()?).ok()?;
        (now.duration_since(running.written_at).abs() <= FRESH).then_some(running)
    }

    /// Removes the file.
    pub fn remove(dir: &Path) {
        // Most cycles are too short to write one.
        let _ = fs::remove_file(dir.join(NAME));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_cycle_is_read_until_its_file_is_removed_or_old() {
        let dir = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        let running = RunningCycle {
            started_at: now,
            written_at: now,
            feeds: 3,
            feeds_done: 1,
            pages: 0,
            x_calls: 0,
            new: 0,
            waiting_for: Some("a.example".to_owned()),
            waiting_s: 7,
        };
        running.write(dir.path());
        RunningCycle { feeds_done: 2, waiting_for: None, ..running.clone() }.write(dir.path());
        let read = RunningCycle::read(dir.path(), now + SignedDuration::from_secs(9)).unwrap();
        assert_eq!((read.feeds_done, read.waiting_for), (2, None));
        assert_eq!(RunningCycle::read(dir.path(), now + SignedDuration::from_secs(11)), None);
        RunningCycle::remove(dir.path());
        assert_eq!(RunningCycle::read(dir.path(), now), None);
    }
}
