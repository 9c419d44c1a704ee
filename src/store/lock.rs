//! One cycle at a time: an advisory lock of the operating system, released by the kernel when its holder
//! dies. The number inside is for people only.

use std::{
    fs::{File, TryLockError},
    io::{Read, Seek, Write},
    path::Path,
    time::Duration,
};

use super::{StoreError, files};
use crate::clock::Clock;

/// How often a waiting run looks again.
const LOOK: Duration = Duration::from_millis(200);

/// The lock of a state folder, held until dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of `dir`, waiting up to `patience` for another run to end.
    ///
    /// # Errors
    /// [`StoreError::Locked`] where another run still holds it, [`StoreError::Access`] where the folder cannot
    /// be written.
    pub async fn take(dir: &Path, patience: Duration, clock: impl Clock) -> Result<Self, StoreError> {
        files::make_dir(dir)?;
        let path = dir.join("lock");
        let refused = |error: std::io::Error| files::access(&path, &error);
        let mut file = files::open_private(&path)?;
        // Counted in looks, not read off a clock that may be set back meanwhile.
        let mut left = patience;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(refused(error)),
                Err(TryLockError::WouldBlock) if !left.is_zero() => {
                    clock.sleep(LOOK.min(left)).await;
                    left = left.saturating_sub(LOOK);
                }
                Err(TryLockError::WouldBlock) => {
                    let mut holder = String::new();
                    // Who holds it is a courtesy: unreadable, it is left out.
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
