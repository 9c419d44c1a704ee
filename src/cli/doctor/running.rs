//! Whether cycles run as often as they did, and which feeds fail.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::{Finding, Level, finding};
use crate::{
    config::Settings,
    exit::Exit,
    figures::{CycleReport, interval::usual_interval},
    model::{Source, SourceState},
    render::format::rough,
    text::quantity::plural,
};

/// Cycles from which the usual time between two is derived.
pub const CYCLES: usize = 20;
/// A cycle is overdue after this many usual intervals.
const OVERDUE: i32 = 3;
/// A cycle is never overdue within this time: the machine may have been restarted.
const GRACE: SignedDuration = SignedDuration::from_mins(15);
/// Failures in a row after which a feed counts as dead.
const DEAD: u32 = 3;
/// Feeds that are named.
const NAMED: usize = 5;

/// The finding on the last cycle. `starts` and `last` are of finished cycles, the newest first.
pub fn cycle(starts: &[Timestamp], last: Option<&CycleReport>, now: Timestamp) -> Finding {
    let (Some(started), Some(last)) = (starts.first(), last) else {
        return finding(
            "cycle",
            Level::Note,
            "none has run yet",
            "run `tge-scrape cycle`, or add it to cron",
        );
    };
    let age = now.duration_since(*started);
    let usual = usual_interval(starts);
    let often = usual.map_or_else(String::new, |usual| format!("; usually every {}", rough(usual)));
    let overdue = usual.is_some_and(|usual| age > (usual * OVERDUE).max(GRACE));
    let code = last.cycle.exit_code;
    let interrupted = [Exit::Interrupted, Exit::Terminated].iter().any(|exit| exit.code() == code);
    let feeds = last.feeds;
    let result = if code == Exit::Success.code() {
        "ok".to_owned()
    } else if interrupted {
        "stopped by a signal".to_owned()
    } else if code == Exit::Undelivered.code() {
        "alerts are overdue (exit 5)".to_owned()
    } else if last.cycle.deadline_hit {
        format!("stopped at cycle.timeout (exit {code})")
    } else {
        format!("{} of {} failed (exit {code})", feeds.failed, plural(feeds.total, "feed", "feeds"))
    };
    if overdue {
        let message = format!("no cycle for {}{often}; the last one: {result}", rough(age));
        let hint = "see that cron or the timer runs: docs/guide/scheduling.md";
        return finding("cycle", Level::Wrong, message, hint);
    }
    let message = format!("last {} ago: {result}{often}", rough(age));
    if code == Exit::Success.code() || interrupted {
        finding("cycle", Level::Ok, message, "")
    } else {
        let hint = if code == Exit::Undelivered.code() {
            "`tge-scrape alerts list` shows them"
        } else {
            "`tge-scrape doctor --online` tries the network; `tge-scrape feed list --failing` names the feeds"
        };
        finding("cycle", Level::Wrong, message, hint)
    }
}

/// The finding on the feeds of `settings`.
pub fn feeds(settings: &Settings, states: &[SourceState]) -> Finding {
    let states: HashMap<&str, &SourceState> =
        states.iter().map(|state| (state.url.as_str(), state)).collect();
    let state = |source: &Source| states.get(source.url.as_str()).copied();
    let all = plural(settings.sources.len(), "feed", "feeds");
    let mut failing: Vec<(&Source, &SourceState)> = settings
        .sources
        .iter()
        .filter_map(|source| Some((source.as_ref(), state(source)?)))
        .filter(|(_, state)| state.gone_at.is_some() || state.failures > 0)
        .collect();
    if failing.is_empty() {
        let asked = settings.sources.iter().filter(|source| state(source).is_some()).count();
        let message =
            if asked == 0 { format!("{all}, none asked yet") } else { format!("{all}, none failing") };
        return finding("feeds", Level::Ok, message, "");
    }
    failing.sort_by_key(|(_, state)| (!is_dead(state), std::cmp::Reverse(state.failures)));
    let dead = failing.iter().filter(|(_, state)| is_dead(state)).count();
    let named: Vec<String> = failing.iter().take(NAMED).map(|(source, state)| named(source, state)).collect();
    let more = failing.len() - named.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let message = format!("{} of {all} failing: {}{more}", failing.len(), named.join(", "));
    let hint = "`tge-scrape feed list --failing` shows all; `feed disable NAME` stops reading one";
    finding("feeds", if dead > 0 { Level::Wrong } else { Level::Note }, message, hint)
}

/// Whether it has never answered, fails for long, or was removed by its publisher.
fn is_dead(state: &SourceState) -> bool {
    let never = state.failures > 0 && state.succeeded_at.is_none();
    state.gone_at.is_some() || never || state.failures >= DEAD
}

fn named(source: &Source, state: &SourceState) -> String {
    let reason = state.last_failure.as_ref().map_or_else(String::new, |kind| format!(" ({kind})"));
    format!("{}{reason}", source.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
    }

    fn ended(exit: Exit) -> CycleReport {
        let mut report = CycleReport::default();
        report.cycle.exit_code = exit.code();
        (report.feeds.total, report.feeds.failed) = (40, 40);
        report
    }

    #[test]
    fn a_missed_cycle_is_measured_against_the_usual_interval() {
        let regular: Vec<Timestamp> = [100, 90, 80, 70, 5, -5].map(at).to_vec();
        for (starts, minute, expected) in [
            (&regular[..], 101, Level::Ok),
            (&regular[..], 129, Level::Ok),
            (&regular[..], 131, Level::Wrong),
            (&regular[..2], 400, Level::Ok),
            (&[at(100), at(98), at(40), at(39), at(0)][..], 400, Level::Ok),
            (&[at(100), at(99), at(98), at(97)][..], 114, Level::Ok),
            (&[][..], 0, Level::Note),
        ] {
            let found = cycle(starts, Some(&ended(Exit::Success)), at(minute));
            assert_eq!(found.level, expected, "{starts:?} {minute}: {}", found.message);
        }
        let found = cycle(&regular, Some(&ended(Exit::Success)), at(280));
        assert_eq!(found.message, "no cycle for 3 h; usually every 10 min; the last one: ok");
    }

    #[test]
    fn a_failed_cycle_is_named_with_its_exit_code() {
        let starts = [at(0)];
        for (exit, level, message) in [
            (Exit::Degraded, Level::Wrong, "last 1 min ago: 40 of 40 feeds failed (exit 4)"),
            (Exit::Undelivered, Level::Wrong, "last 1 min ago: alerts are overdue (exit 5)"),
            (Exit::Interrupted, Level::Ok, "last 1 min ago: stopped by a signal"),
        ] {
            let found = cycle(&starts, Some(&ended(exit)), at(1));
            assert_eq!((found.level, found.message.as_str()), (level, message));
        }
    }
}
