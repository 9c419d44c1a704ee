//! The signals that ask the process to stop.

use crate::cycle::Stop;

/// Resolves with the next signal; never where there is no handler.
#[cfg(unix)]
async fn received(signal: &mut Option<tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// Resolves when the process is asked to stop. The handlers are there as soon as this returns.
#[cfg(unix)]
pub fn stop_signal() -> impl Future<Output = Stop> {
    use tokio::signal::unix::{SignalKind, signal};
    // Without a handler a signal ends the process, which loses nothing: the next cycle does the rest.
    let mut interrupt = signal(SignalKind::interrupt()).ok();
    let mut terminate = signal(SignalKind::terminate()).ok();
    async move {
        tokio::select! {
            () = received(&mut interrupt) => Stop::Interrupted,
            () = received(&mut terminate) => Stop::Terminated,
        }
    }
}

/// Resolves when the process is asked to stop.
#[cfg(not(unix))]
pub async fn stop_signal() -> Stop {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
    Stop::Interrupted
}
