//! A host with a thousand sources: plan and queue over several cycles of a simulated time.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};

use super::{
    plan::plan,
    queue::{Place, Queue, Width},
    source_index::SourceIndex,
};
use crate::{
    model::{Source, SourceState, samples},
    text::host::pace_key,
    visit::Refresh,
};

const BUSY: &str = "busy.example";
/// Sources at [`BUSY`], and at a host of their own.
const AT_BUSY: usize = 1_000;
const ELSEWHERE: usize = 4_000;
/// Milliseconds: the deadline of a cycle, the interval between requests to one host, and a response.
const DEADLINE: u64 = 25_000;
const INTERVAL: u64 = 1_000;
const ANSWER: u64 = 80;

/// A queued visit: of a source, or `None` for a page.
type Visit = Option<usize>;

struct World {
    sources: SourceIndex,
    states: BTreeMap<usize, SourceState>,
    now: Timestamp,
}

impl World {
    fn new() -> Self {
        // One in five is at the busy host, so that neither comes first.
        let host = |number: usize| {
            if number.is_multiple_of((AT_BUSY + ELSEWHERE) / AT_BUSY) {
                BUSY.to_owned()
            } else {
                format!("host-{number}.example")
            }
        };
        let source = |number: usize| {
            samples::source(&format!("https://{}/{number}", host(number)), &number.to_string())
        };
        let sources: Vec<Arc<Source>> =
            (0..AT_BUSY + ELSEWHERE).map(|number| Arc::new(source(number))).collect();
        let now = "2026-11-21T06:30:00Z".parse().unwrap();
        Self { sources: SourceIndex::of(&sources), states: BTreeMap::new(), now }
    }

    fn is_busy(&self, at: usize) -> bool {
        self.sources.sources()[at].url.contains(BUSY)
    }

    /// A cycle, with `pages` of each busy source waiting; the visits that end before the deadline. The next cycle is ten
    /// minutes later.
    fn cycle(&mut self, pages: usize) -> (Vec<Visit>, usize) {
        let planned =
            plan(&self.sources, self.states.values().cloned().collect(), &[], &Refresh::Nothing, self.now);
        let mut queue: Queue<Visit> = Queue::new(Width::of(512, 1));
        for planned in &planned.asked {
            queue.push_source(&pace_key(planned.url.host_str().unwrap()), Some(planned.at));
        }
        for owner in (0..AT_BUSY + ELSEWHERE).filter(|at| self.is_busy(*at)) {
            (0..pages).for_each(|_| queue.push_page(&pace_key(BUSY), owner, None));
        }
        let mut running: BinaryHeap<Reverse<(u64, usize)>> = BinaryHeap::new();
        let (mut begun, mut time, mut ended): (Vec<(Place, Visit)>, _, _) = (Vec::new(), 0, Vec::new());
        // The HTTP client sends no request to the busy host before.
        let mut next_request = 0;
        loop {
            while let Some((place, visit)) = queue.next() {
                let mut sent = time;
                if place.host == pace_key(BUSY) {
                    sent = next_request.max(time);
                    next_request = sent + INTERVAL;
                }
                running.push(Reverse((sent + ANSWER, begun.len())));
                begun.push((place, visit));
            }
            let Some(Reverse((at, number))) = running.pop() else { break };
            if at > DEADLINE {
                break;
            }
            time = at;
            let (place, visit) = &begun[number];
            queue.done(place);
            ended.push(*visit);
            if let Some(source) = visit {
                self.states.insert(*source, self.asked(*source));
            }
        }
        self.now += SignedDuration::from_mins(10);
        (ended, queue.unfinished().iter().map(|(_, jobs)| jobs).sum())
    }

    fn asked(&self, at: usize) -> SourceState {
        SourceState {
            url: self.sources.sources()[at].url.clone(),
            checked_at: Some(self.now),
            due_at: Some(self.now + SignedDuration::from_mins(10)),
            mean_ms: 80,
            ..SourceState::default()
        }
    }
}

#[test]
fn a_host_with_a_thousand_sources_delays_no_other_and_starves_none_of_its_own() {
    let mut world = World::new();
    let slots = usize::try_from(DEADLINE / INTERVAL).unwrap();
    let mut times: BTreeMap<usize, usize> = BTreeMap::new();
    for round in 1..=2 {
        for _ in 0..AT_BUSY / slots {
            let (ended, unfinished) = world.cycle(0);
            let sources: Vec<usize> = ended.into_iter().flatten().collect();
            let busy = sources.iter().filter(|at| world.is_busy(**at)).count();
            assert_eq!((sources.len() - busy, busy, unfinished), (ELSEWHERE, slots, AT_BUSY - slots));
            for at in sources.into_iter().filter(|at| world.is_busy(*at)) {
                *times.entry(at).or_default() += 1;
            }
        }
        assert_eq!(times.len(), AT_BUSY);
        assert!(times.values().all(|times| *times == round), "none is asked twice before all were asked");
    }
}

#[test]
fn pages_and_sources_of_a_busy_host_share_its_time() {
    let mut world = World::new();
    let (ended, _) = world.cycle(3);
    let (pages, sources) = (
        ended.iter().filter(|visit| visit.is_none()).count(),
        ended.iter().flatten().filter(|at| world.is_busy(**at)).count(),
    );
    assert_eq!((sources, pages), (13, 12));
}
