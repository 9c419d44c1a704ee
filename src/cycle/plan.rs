//! Which sources a cycle requests, and in which order. Pure.

use std::{cmp::Reverse, collections::HashMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use url::Url;

use crate::{
    model::{FailureKind, HostWait, Source, SourceState},
    store::IdleFeeds,
    text::host::pace_key,
    visit::{Due, Refresh, due, next_address},
};

use super::source_index::SourceIndex;

#[derive(Debug)]
pub struct Plan {
    /// To request, in this order.
    pub asked: Vec<Planned>,
    pub idle: Vec<Idle>,
    /// The imported feeds that are neither of these.
    pub idle_imported: IdleFeeds,
}

#[derive(Debug)]
pub struct Planned {
    /// Its position among the sources.
    pub at: usize,
    pub source: Arc<Source>,
    pub url: Url,
    pub state: SourceState,
}

/// A source that is not requested in this cycle.
#[derive(Debug, PartialEq, Eq)]
pub struct Idle {
    /// Its position among the sources.
    pub at: usize,
    /// Whether its last result is fresh; else it waits.
    pub fresh: bool,
    /// Name of the last failure.
    pub failure: Option<FailureKind>,
    /// Last status code.
    pub status: Option<u16>,
}

/// Sources requested within this time of each other belong to one cycle.
const ONE_CYCLE: Duration = Duration::from_mins(5);

/// Selects the sources that are due at `now`. Those not requested for the longest time come first, so that a deadline
/// never starves the end of the list (docs/reference/http.md#pacing). Of one cycle's sources the slowest come first, so
/// that the cycle does not end with waiting for one that started last. Sources of `refresh` are due although they are
/// fresh.
pub fn plan(
    index: &SourceIndex,
    states: Vec<SourceState>,
    pauses: &[HostWait],
    refresh: &Refresh,
    now: Timestamp,
) -> Plan {
    let pauses: HashMap<&str, Timestamp> =
        pauses.iter().map(|pause| (pause.host.as_str(), pause.not_before)).collect();
    let sources = index.sources();
    let mut known = vec![false; sources.len()];
    let mut plan = Plan { asked: Vec::new(), idle: Vec::new(), idle_imported: IdleFeeds::default() };
    // From the states to the sources: no address is copied.
    for state in states {
        // A source that left the settings is ignored.
        let Some(at) = index.position(&state.url) else { continue };
        known[at] = true;
        plan.add(at, &sources[at], state, (&pauses, refresh), now);
    }
    for (at, source) in sources.iter().enumerate().filter(|(at, _)| !known[*at]) {
        let state = SourceState { url: source.url.clone(), ..SourceState::default() };
        plan.add(at, source, state, (&pauses, refresh), now);
    }
    plan.asked.sort_by_key(|planned| {
        let SourceState { checked_at, mean_ms, .. } = planned.state;
        let age = checked_at
            .map(|at| now.duration_since(at).as_secs().div_euclid(ONE_CYCLE.as_secs().cast_signed()));
        (age.is_some(), Reverse(age), Reverse(mean_ms), planned.at)
    });
    plan
}

impl Plan {
    fn add(
        &mut self,
        at: usize,
        source: &Arc<Source>,
        state: SourceState,
        (pauses, refresh): (&HashMap<&str, Timestamp>, &Refresh),
        now: Timestamp,
    ) {
        let Ok(url) = Url::parse(&source.url) else {
            // The settings refuse such an address; other callers get this failure.
            let failure = Some(FailureKind::BadAddress);
            self.idle.push(Idle { at, fresh: false, failure, status: None });
            return;
        };
        let pause = |url: &Url| pauses.get(pace_key(url.host_str().unwrap_or_default()).as_str()).copied();
        let pause = if source.also.is_empty() {
            pause(&url)
        } else {
            next_address(source, &state, |url| pause(&Url::parse(url).ok()?), now)
        };
        match due(&state, source.every, pause, now) {
            Due::Now => self.asked.push(Planned { at, source: Arc::clone(source), url, state }),
            Due::Fresh(_) if refresh.covers(&source.url) => {
                self.asked.push(Planned { at, source: Arc::clone(source), url, state });
            }
            not_now => self.idle.push(Idle {
                at,
                fresh: matches!(not_now, Due::Fresh(_)),
                failure: state.last_failure,
                status: state.status,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::model::samples;

    fn source(name: &str) -> Source {
        samples::source(&format!("https://{name}.example/feed"), name)
    }

    #[test]
    fn what_is_remembered_goes_to_its_source_in_whatever_order() {
        let now: Timestamp = "2026-11-21T06:30:00Z".parse().unwrap();
        let names: Vec<String> = (0..60).map(|number| format!("host-{}", number * 7 % 60)).collect();
        let sources: Vec<Arc<Source>> = names.iter().map(|name| Arc::new(source(name))).collect();
        let state = |number: usize| SourceState {
            url: source(&format!("host-{number}")).url,
            status: u16::try_from(number).ok(),
            due_at: number.is_multiple_of(2).then(|| now + SignedDuration::from_mins(5)),
            ..SourceState::default()
        };
        let gone = SourceState { url: source("gone").url, ..SourceState::default() };
        let plan = plan(
            &SourceIndex::of(&sources),
            (0..59).map(state).chain([gone]).collect(),
            &[],
            &Refresh::Nothing,
            now,
        );
        let number = |at: usize| names[at][5..].parse::<usize>().unwrap();
        assert_eq!((plan.idle.len(), plan.asked.len()), (30, 30));
        assert!(
            plan.idle.iter().all(|idle| idle.fresh && idle.status.map(usize::from) == Some(number(idle.at)))
        );
        for planned in &plan.asked {
            let number = number(planned.at);
            assert_eq!(planned.state.status.map(usize::from), (number < 59).then_some(number));
            assert_eq!(
                (&planned.state.url, &planned.source.url),
                (&sources[planned.at].url, &planned.state.url)
            );
        }
    }

    #[test]
    fn a_refresh_ends_freshness_but_no_wait() {
        let now: Timestamp = "2026-11-21T06:30:00Z".parse().unwrap();
        let state = |name: &str| SourceState {
            url: source(name).url,
            due_at: Some(now + SignedDuration::from_mins(9)),
            ..SourceState::default()
        };
        let states = vec![
            state("fresh"),
            SourceState { not_before: Some(now + SignedDuration::from_mins(9)), ..state("asked-to-wait") },
            SourceState { failures: 2, ..state("failed") },
            SourceState { gone_at: Some(now), ..state("gone") },
        ];
        let sources =
            ["fresh", "asked-to-wait", "failed", "gone"].map(|name| Arc::new(source(name))).to_vec();
        let asked = |refresh: &Refresh| {
            let plan = plan(&SourceIndex::of(&sources), states.clone(), &[], refresh, now);
            plan.asked.iter().map(|planned| planned.source.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(asked(&Refresh::Everything), ["fresh"]);
        assert_eq!(asked(&Refresh::Sources(vec![source("fresh").url])), ["fresh"]);
        assert!(asked(&Refresh::Sources(vec![source("gone").url])).is_empty());
        assert!(asked(&Refresh::Nothing).is_empty());
    }

    #[test]
    fn new_sources_come_first_then_starved_ones_then_slow_ones() {
        let now: Timestamp = "2026-11-21T06:30:00Z".parse().unwrap();
        let state = |name: &str, seconds: i64, mean_ms: u32| SourceState {
            url: source(name).url,
            checked_at: Some(now - SignedDuration::from_secs(seconds)),
            mean_ms,
            ..SourceState::default()
        };
        let states = vec![state("quick", 605, 40), state("starved", 1_205, 10), state("slow", 603, 900)];
        let sources = ["quick", "slow", "new", "starved"].map(|name| Arc::new(source(name))).to_vec();
        let plan = plan(&SourceIndex::of(&sources), states, &[], &Refresh::Nothing, now);
        let order: Vec<&str> = plan.asked.iter().map(|planned| planned.source.name.as_str()).collect();
        assert_eq!(order, ["new", "starved", "slow", "quick"]);
    }
}
