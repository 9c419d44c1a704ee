//! One cycle at a time, by an advisory file lock that the kernel releases when its process dies. The process id in the
//! file is for messages only.

use std::{
    fs::{File, TryLockError},
    io::{Read, Seek, Write},
    path::Path,
    time::Duration,
};

use super::{StoreError, files};
use crate::clock::Clock;

/// Time between two attempts of a waiting run.
const RETRY: Duration = Duration::from_millis(200);

/// The lock of a state folder, released on drop.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of `dir`, waiting up to `patience` for another run to end.
    pub async fn take(dir: &Path, patience: Duration, clock: impl Clock) -> Result<Self, StoreError> {
        files::make_dir(dir)?;
        let path = dir.join("lock");
        let refused = |error: std::io::Error| files::access(&path, &error);
        let mut file = files::open_private(&path)?;
        // Counted in attempts, because the clock may be set back meanwhile.
        let mut left = patience;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(refused(error)),
                Err(TryLockError::WouldBlock) if !left.is_zero() => {
                    clock.sleep(RETRY.min(left)).await;
                    left = left.saturating_sub(RETRY);
                }
                Err(TryLockError::WouldBlock) => {
                    let mut holder = String::new();
                    // The message omits an unreadable process id.
                    let _ = file.read_to_string(&mut holder);
                    return Err(StoreError::Locked(holder.trim().parse().ok()));
                }
            }
        }
        let noted = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| write!(file, "{}", std::process::id()));
        noted.map_err(refused)?;
        Ok(Self { _file: file })
    }
}
