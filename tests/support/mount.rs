//! Mounts of small and read-only disks, which only root can make.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Runs `mount`; false if it fails.
pub fn mounted(arguments: &[&str]) -> bool {
    Command::new("mount").args(arguments).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// A mounted folder, until it is dropped.
pub struct Mount(PathBuf);

impl Mount {
    /// Mounts `folder`. Without the right to do so the test is skipped, with a message.
    #[expect(clippy::print_stderr, reason = "the output shows which tests were skipped")]
    pub fn new(folder: &Path, arguments: &[&str]) -> Option<Self> {
        let done = mounted(&[arguments, &[folder.to_str()?]].concat());
        if !done {
            eprintln!("skipped: only root can mount a disk here");
        }
        done.then(|| Self(folder.to_owned()))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
