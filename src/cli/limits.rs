//! System limits (`ulimit`) that would end the process without a message.

/// Raises the limit of open files (`ulimit -n`) as far as the system permits, and returns it: each connection is one.
#[cfg(unix)]
pub fn raise_open_files() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    // Where it cannot be raised, the present limit stays.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    getrlimit(Resource::Nofile).current
}

/// Only Unix has such a limit.
#[cfg(not(unix))]
pub fn raise_open_files() -> Option<u64> {
    None
}

/// Makes a write above the largest file size (`ulimit -f`) fail with an error. Without a handler the signal SIGXFSZ ends
/// the process.
#[cfg(unix)]
pub fn report_file_size() {
    use rustix::process::{Resource, Signal, getrlimit};
    use tokio::signal::unix::{SignalKind, signal};

    if getrlimit(Resource::Fsize).current.is_none() {
        return;
    }
    // If even this fails, the command that follows fails with a message.
    let Ok(runtime) = crate::wiring::small_runtime() else { return };
    let _entered = runtime.enter();
    // The handler outlives the runtime and this receiver (tokio::signal::unix, "Caveats").
    let _ = signal(SignalKind::from_raw(Signal::XFSZ.as_raw()));
}

/// Only Unix has such a limit.
#[cfg(not(unix))]
pub fn report_file_size() {}
