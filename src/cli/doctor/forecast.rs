//! What goes wrong later: a disk that fills, cycles that do not reach every source.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp, civil::Date};

use super::{Finding, Level, finding};
use crate::{
    config::Settings,
    model::{HostWait, SourceState},
    text::{host::pace_key, quantity::plural},
    visit::{Due, due},
};

/// How far back the growth of the database is read.
pub const HISTORY: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Fewest days of which the growth is a trend.
const DAYS: usize = 7;
/// A disk that is full within this time is a problem now.
const SOON: f64 = 30.0;
/// Cycles that did not reach a source before it counts as overdue.
const CYCLES: usize = 3;

/// The finding on the disk of the state folder, of which `free` bytes are free: whether less than `least` are, and when
/// the database will have filled it. `sizes` are those of the database by day. `None` if neither can be judged.
pub fn disk(sizes: &[(Date, u64)], free: Option<u64>, least: u64, now: Timestamp) -> Option<Finding> {
    let free = free?;
    let hint = "free some space, or keep less: `[keep]` and `tge-scrape db compact`";
    if free < least {
        let message = format!("{} MiB are free, less than alerts.disk_free", free >> 20);
        return Some(finding("disk", Level::Wrong, message, hint));
    }
    let growth = growth(sizes)?;
    let mebibytes = |bytes: f64| format!("{:.1} MiB", bytes / 1_048_576.0);
    let grows = format!("the database grows by {} a day", mebibytes(growth));
    if growth <= 0.0 {
        return Some(finding("disk", Level::Ok, "the database does not grow", ""));
    }
    let days = free as f64 / growth;
    // A date is no forecast beyond the time that disks last.
    if days > 3650.0 {
        return Some(finding(
            "disk",
            Level::Ok,
            format!("{grows}; the disk has space for over 10 years"),
            "",
        ));
    }
    let at =
        SignedDuration::try_from_secs_f64(days * 86_400.0).ok().and_then(|long| now.checked_add(long).ok());
    let date = at.map_or_else(String::new, |at| at.strftime(" (%Y-%m-%d)").to_string());
    let message = format!("disk full in {days:.0} days{date}: {grows}, {} are free", mebibytes(free as f64));
    Some(if days < SOON {
        finding("disk", Level::Wrong, message, hint)
    } else {
        finding("disk", Level::Ok, message, "")
    })
}

/// Bytes a day: the slope of the line with the least squares of its distances.
fn growth(sizes: &[(Date, u64)]) -> Option<f64> {
    let (first, _) = sizes.first().filter(|_| sizes.len() >= DAYS)?;
    let days: Vec<f64> =
        sizes.iter().map(|(day, _)| day.duration_since(*first).as_secs_f64() / 86_400.0).collect();
    let count = sizes.len() as f64;
    let mean_day = days.iter().sum::<f64>() / count;
    let mean_size = sizes.iter().map(|(_, bytes)| *bytes as f64).sum::<f64>() / count;
    let covariance: f64 =
        days.iter().zip(sizes).map(|(day, (_, bytes))| (day - mean_day) * (*bytes as f64 - mean_size)).sum();
    let variance: f64 = days.iter().map(|day| (day - mean_day).powi(2)).sum();
    (variance > 0.0).then(|| covariance / variance)
}

/// The finding on sources that the last cycles, which began at `starts`, newest first, should have requested and did not
/// reach. `None` if there are none.
pub fn overdue(
    settings: &Settings,
    states: &[SourceState],
    pauses: &[HostWait],
    starts: &[Timestamp],
) -> Option<Finding> {
    let since = *starts.get(CYCLES - 1)?;
    let states: HashMap<&str, &SourceState> =
        states.iter().map(|state| (state.url.as_str(), state)).collect();
    let is_overdue = |url: &str, every| {
        let Some(state) = states.get(url) else { return false };
        let host = url::Url::parse(url).ok().map(|url| pace_key(url.host_str().unwrap_or_default()));
        let is_paused = pauses.iter().any(|pause| Some(&pause.host) == host.as_ref());
        let is_reached = state.checked_at.is_some_and(|at| at >= since);
        !is_paused && !is_reached && due(state, every, None, since) == Due::Now
    };
    let overdue = settings.sources.iter().filter(|source| is_overdue(&source.url, source.every)).count();
    (overdue > 0).then(|| {
        let message = format!(
            "cycle cannot keep up: {} overdue, not reached by the last {CYCLES} cycles",
            plural(overdue, "source", "sources")
        );
        let hint =
            "raise cycle.timeout or http.concurrency; `tge-scrape stats --why` shows where the time goes";
        finding("pace", Level::Wrong, message, hint)
    })
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;

    use super::*;
    use crate::model::FailureKind;

    fn now() -> Timestamp {
        "2026-11-28T12:00:00Z".parse().unwrap()
    }

    /// Sizes in MiB of consecutive days.
    fn sizes(mebibytes: &[u64]) -> Vec<(Date, u64)> {
        let first: Date = "2026-11-01".parse().unwrap();
        (0_i64..).zip(mebibytes).map(|(day, size)| (first + day.days(), size << 20)).collect()
    }

    #[test]
    fn a_full_disk_is_foreseen_from_a_week_on() {
        let seven = sizes(&[10, 12, 14, 16, 18, 20, 22]);
        assert!(disk(&seven[..6], Some(420 << 20), 0, now()).is_none());
        let found = disk(&seven, Some(420 << 20), 0, now()).unwrap();
        assert_eq!(
            (found.level, found.message.as_str()),
            (
                Level::Ok,
                "disk full in 210 days (2027-06-26): the database grows by 2.0 MiB a day, 420.0 MiB are free"
            )
        );
        assert_eq!(disk(&seven, Some(40 << 20), 0, now()).unwrap().level, Level::Wrong);
        assert_eq!(disk(&seven, Some(40 << 40), 0, now()).unwrap().level, Level::Ok);
        assert_eq!(disk(&sizes(&[9; 8]), Some(1), 0, now()).unwrap().message, "the database does not grow");
    }

    #[test]
    fn too_little_free_space_is_a_problem_without_history() {
        assert_eq!(disk(&[], Some(99), 100, now()).unwrap().level, Level::Wrong);
        assert!(disk(&[], Some(100), 100, now()).is_none());
        assert!(disk(&[], None, 100, now()).is_none());
    }

    #[test]
    fn sources_that_three_cycles_did_not_reach_are_overdue() {
        let text =
            "[[feeds]]\nurl = \"https://a.example/feed\"\n[[feeds]]\nurl = \"https://b.example/feed\"\n";
        let settings = crate::config::from_text(text, std::path::Path::new("state")).unwrap();
        let ago = |minutes| now() - SignedDuration::from_mins(minutes);
        let starts = [ago(5), ago(15), ago(25), ago(35)];
        let state = |name: &str, checked, due| SourceState {
            url: format!("https://{name}.example/feed"),
            checked_at: Some(ago(checked)),
            due_at: Some(ago(due)),
            ..SourceState::default()
        };
        let found =
            |states: &[SourceState]| overdue(&settings, states, &[], &starts).map(|found| found.message);
        assert_eq!(found(&[state("a", 24, 30), state("b", 5, -5)]), None);
        assert_eq!(found(&[state("a", 50, 10), state("b", 5, -5)]), None, "due after the third last cycle");
        let late = [state("a", 50, 30), state("b", 5, -5)];
        assert_eq!(
            found(&late).unwrap(),
            "cycle cannot keep up: 1 source overdue, not reached by the last 3 cycles"
        );
        let pause =
            HostWait { host: "a.example".to_owned(), not_before: now(), reason: FailureKind::RateLimited };
        assert!(overdue(&settings, &late, &[pause], &starts).is_none());
        assert!(overdue(&settings, &late, &[], &starts[..2]).is_none());
    }
}
