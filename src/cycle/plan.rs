//! Which sources a cycle asks, and in what order. Pure.

use std::{cmp::Reverse, collections::HashMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use url::Url;

use crate::{
    model::{HostWait, Source, SourceState},
    text::host::pace_key,
    visit::{Due, due},
};

/// What a cycle will do, and what it leaves alone.
#[derive(Debug)]
pub struct Plan {
    /// To be asked, in this order.
    pub asked: Vec<Planned>,
    /// Not to be asked now.
    pub idle: Vec<Idle>,
}

/// A source to be asked.
#[derive(Debug)]
pub struct Planned {
    /// The source.
    pub source: Arc<Source>,
    /// Its address.
    pub url: Url,
    /// What is remembered of it.
    pub state: SourceState,
}

/// A source that is not asked in this cycle.
#[derive(Debug, PartialEq, Eq)]
pub struct Idle {
    /// Its address.
    pub url: String,
    /// Whether what we have of it is fresh; else it waits.
    pub fresh: bool,
    /// Why it waits, if it does: the last failure's stable name.
    pub failure: Option<String>,
    /// The last status code.
    pub status: Option<u16>,
}

/// Sources asked within this time of each other were asked in one cycle.
const ONE_CYCLE: Duration = Duration::from_mins(5);

/// Sorts `sources` into those due at `now` and the rest. Those asked longest ago come first, so that a
/// deadline never starves the tail of the list (feed-fetching, rule 17); of those asked in one cycle the slowest, so
/// that it does not end with waiting for one that began last.
#[must_use]
pub fn plan(
    sources: Vec<Arc<Source>>,
    states: Vec<SourceState>,
    pauses: &[HostWait],
    now: Timestamp,
) -> Plan {
    let mut states: HashMap<String, SourceState> =
        states.into_iter().map(|state| (state.url.clone(), state)).collect();
    let pauses: HashMap<&str, Timestamp> =
        pauses.iter().map(|pause| (pause.host.as_str(), pause.not_before)).collect();
    let mut plan = Plan { asked: Vec::new(), idle: Vec::new() };
    for source in sources {
        let state = states
            .remove(&source.url)
            .unwrap_or_else(|| SourceState { url: source.url.clone(), ..SourceState::default() });
        let Ok(url) = Url::parse(&source.url) else {
            // The settings refuse such an address; a caller that does not is told so here.
            let failure = Some("bad_address".to_owned());
            plan.idle.push(Idle { url: source.url.clone(), fresh: false, failure, status: None });
            continue;
        };
        let pause = pauses.get(pace_key(url.host_str().unwrap_or_default()).as_str()).copied();
        match due(&state, pause, now) {
            Due::Now => plan.asked.push(Planned { source, url, state }),
            not_now => plan.idle.push(Idle {
                url: source.url.clone(),
                fresh: matches!(not_now, Due::Fresh(_)),
                failure: state.last_failure,
                status: state.status,
            }),
        }
    }
    plan.asked.sort_by_key(|planned| {
        let SourceState { checked_at, mean_ms, .. } = planned.state;
        let age = checked_at
            .map(|at| now.duration_since(at).as_secs().div_euclid(ONE_CYCLE.as_secs().cast_signed()));
        (age.is_some(), Reverse(age), Reverse(mean_ms))
    });
    plan
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::model::SourceFormat;

    #[test]
    fn new_sources_come_first_then_starved_ones_then_slow_ones() {
        let now: Timestamp = "2026-11-21T06:30:00Z".parse().unwrap();
        let source = |name: &str| Source {
            url: format!("https://{name}.example/feed"),
            name: name.to_owned(),
            format: SourceFormat::Feed,
            tier: 2,
            tags: Vec::new(),
            headers: Vec::new(),
        };
        let state = |name: &str, seconds: i64, mean_ms: u32| SourceState {
            url: source(name).url,
            checked_at: Some(now - SignedDuration::from_secs(seconds)),
            mean_ms,
            ..SourceState::default()
        };
        let states = vec![state("quick", 605, 40), state("starved", 1_205, 10), state("slow", 603, 900)];
        let sources = ["quick", "slow", "new", "starved"].map(|name| Arc::new(source(name))).to_vec();
        let plan = plan(sources, states, &[], now);
        let order: Vec<&str> = plan.asked.iter().map(|planned| planned.source.name.as_str()).collect();
        assert_eq!(order, ["new", "starved", "slow", "quick"]);
    }
}
