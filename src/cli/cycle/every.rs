//! `cycle --every TIME`: cycles in the foreground, for machines without cron.

use std::time::Duration;

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};

use super::{Args, run_once, stop_signal};
use crate::{
    cli::{Globals, output::Output},
    clock::{Clock, SystemClock},
    error::Error,
    exit::Exit,
    wiring,
};

/// Runs cycles until a signal comes. Settings are read anew for each; the first cycle's error ends the command, a later
/// one is printed.
pub fn run(args: &Args, every: Duration, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let runtime = wiring::small_runtime()?;
    // Registered before the first cycle, so that no signal between two cycles is lost.
    let stop = {
        let _inside = runtime.enter();
        stop_signal().shared()
    };
    let mut is_first = true;
    loop {
        let started = SystemClock.now();
        match run_once(args, globals, output) {
            Ok(exit @ (Exit::Interrupted | Exit::Terminated)) => return Ok(exit),
            Ok(_) => {}
            Err(error) if is_first || error.message.is_empty() => return Err(error),
            Err(error) => output.complain(&error),
        }
        is_first = false;
        let now = SystemClock.now();
        let wait = left(started, every, now);
        output.next(&format!("a cycle in {}, until Ctrl-C", crate::text::quantity::show_duration(wait)));
        let stopped = runtime.block_on(async {
            tokio::select! {
                biased;
                _ = stop.clone() => true,
                () = SystemClock.sleep(wait) => false,
            }
        });
        if stopped {
            return Ok(Exit::Success);
        }
    }
}

/// Time until the cycle after the one of `started`; none if it took longer than `every`.
fn left(started: Timestamp, every: Duration, now: Timestamp) -> Duration {
    let took = now.duration_since(started).max(SignedDuration::ZERO).unsigned_abs();
    every.saturating_sub(took)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cycle_starts_at_each_interval_and_a_late_one_at_once() {
        let start = Timestamp::UNIX_EPOCH;
        let after =
            |seconds| left(start, Duration::from_mins(10), start + SignedDuration::from_secs(seconds));
        assert_eq!([0, 90, 700].map(after), [600, 510, 0].map(Duration::from_secs));
        // The clock was set back meanwhile.
        assert_eq!(after(-5), Duration::from_mins(10));
    }
}
