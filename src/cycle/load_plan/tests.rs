//! The plan of imported feeds, found by the index, against the plan that is made from the states of all sources.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::{
    cycle::plan::Idle,
    model::{Commit, FailureKind, ImportedFeed, SourceState, samples},
    store::{IdleFeeds, SourceCounts},
};

/// A source in any state. Times are seconds from now.
#[derive(Debug, Clone)]
struct Fact {
    host: u8,
    due: Option<i64>,
    not_before: Option<i64>,
    failures: u32,
    is_gone: bool,
    every: Option<u64>,
    place: Place,
    is_known: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Settings,
    Imported,
    Disabled,
    /// The settings and the database, in the same spelling or not.
    Both(bool),
}

fn fact() -> impl Strategy<Value = Fact> {
    let near = || prop::option::of(prop_oneof![-700_i64..700, Just(60), Just(61), Just(0)]);
    let place = prop_oneof![
        3 => Just(Place::Settings),
        9 => Just(Place::Imported),
        1 => Just(Place::Disabled),
        2 => any::<bool>().prop_map(Place::Both),
    ];
    let numbers = (0_u8..5, near(), near(), prop_oneof![3 => Just(0_u32), 1 => 1_u32..9]);
    (numbers, prop::bool::weighted(0.1), prop::option::of(60_u64..900), place, prop::bool::weighted(0.8))
        .prop_map(|((host, due, not_before, failures), is_gone, every, place, is_known)| Fact {
            host,
            due,
            not_before,
            failures,
            is_gone,
            every,
            place,
            is_known,
        })
}

fn url(number: usize, fact: &Fact) -> String {
    format!("https://host-{}.example/{number}", fact.host)
}

fn source(number: usize, fact: &Fact) -> Source {
    let every = fact.every.map(std::time::Duration::from_secs);
    Source { every, ..samples::source(&url(number, fact), &number.to_string()) }
}

fn state(number: usize, fact: &Fact, now: Timestamp) -> SourceState {
    let at = |seconds: i64| now + SignedDuration::from_secs(seconds);
    SourceState {
        url: url(number, fact),
        checked_at: Some(at(-600)),
        due_at: fact.due.map(at),
        not_before: fact.not_before.map(at),
        failures: fact.failures,
        last_failure: (fact.failures > 0 || fact.is_gone).then_some(FailureKind::IdleTimeout),
        gone_at: fact.is_gone.then_some(now),
        ..SourceState::default()
    }
}

/// Fresh, waiting, and waiting after a failure.
fn counts(idle: &[Idle]) -> (u64, u64, u64) {
    let count = |of: &dyn Fn(&&Idle) -> bool| idle.iter().filter(of).count() as u64;
    (
        count(&|idle| idle.fresh),
        count(&|idle| !idle.fresh),
        count(&|idle| !idle.fresh && idle.failure.is_some()),
    )
}

fn asked(plan: &Plan) -> BTreeSet<String> {
    plan.asked.iter().map(|planned| planned.source.url.clone()).collect()
}

async fn compare(facts: Vec<Fact>, paused: Vec<u8>, refresh: Refresh, backlog: Vec<usize>) {
    let now = samples::now();
    let store = Store::open_in_memory().unwrap();
    let mut own = Vec::new();
    let mut identities = Vec::new();
    let mut imported = Vec::new();
    for (number, fact) in facts.iter().enumerate() {
        let (source, identity) = (source(number, fact), number.to_string());
        if matches!(fact.place, Place::Settings | Place::Both(_)) {
            let other = matches!(fact.place, Place::Both(false));
            let url = if other { format!("{}/", source.url) } else { source.url.clone() };
            own.push(Arc::new(Source { url, ..source.clone() }));
            identities.push(identity.clone());
        }
        if fact.place != Place::Settings {
            let enabled = fact.place != Place::Disabled;
            imported.push(ImportedFeed { identity, source: Arc::new(source), site: String::new(), enabled });
        }
        if fact.is_known {
            let commit = Commit { source: Some(state(number, fact, now)), ..Commit::default() };
            store.commit(commit).await.unwrap();
        }
    }
    store.import_feeds(imported).await.unwrap();
    let pauses: Vec<HostWait> = paused
        .iter()
        .map(|host| HostWait {
            host: format!("host-{host}.example"),
            not_before: now + SignedDuration::from_secs(90),
            reason: FailureKind::RateLimited,
        })
        .collect();
    let backlog: BTreeSet<String> =
        backlog.into_iter().filter_map(|number| Some(url(number, facts.get(number)?))).collect();

    let all: Vec<Arc<Source>> = facts
        .iter()
        .enumerate()
        .filter(|(_, fact)| fact.place == Place::Imported)
        .map(|(number, fact)| Arc::new(source(number, fact)))
        .chain(own.iter().cloned())
        .collect();
    let states = store.sources().await.unwrap();
    let expected = plan(&SourceIndex::of(&all), states, &pauses, &refresh, now);

    let in_use = store.feeds_in_use(identities).await.unwrap();
    let addresses = own.iter().map(|source| source.url.clone()).collect();
    let is_both = |(_, fact): &(usize, &Fact)| fact.place == Place::Both(true);
    let both: BTreeSet<String> =
        facts.iter().enumerate().filter(is_both).map(|(number, fact)| url(number, fact)).collect();
    let counted = store.source_counts(addresses, in_use.clone()).await.unwrap();
    let mut working = SourceCounts::default();
    for state in store.sources().await.unwrap() {
        let is_own = own.iter().any(|source| source.url == state.url);
        let is_read = all.iter().any(|source| source.url == state.url);
        // Each request of a feed sets one of these.
        let has_next = state.due_at.is_some() || state.not_before.is_some() || state.gone_at.is_some();
        let by_settings = is_own && !both.contains(&state.url);
        if is_read && state.checked_at.is_some() && (by_settings || has_next) {
            working.add(state.gone_at.is_some(), state.failures > 0);
        }
    }
    assert_eq!(counted, working);
    let sources = Sources { own: &own, imported: in_use.as_ref() };
    let (index, found) = load_plan(&store, sources, (&pauses, backlog.clone()), &refresh, now).await.unwrap();
    assert_eq!(asked(&found), asked(&expected));
    let IdleFeeds { total, fresh, failing } = found.idle_imported;
    let few = counts(&found.idle);
    assert_eq!((few.0 + fresh, few.1 + total - fresh, few.2 + failing), counts(&expected.idle));
    for url in &backlog {
        assert_eq!(index.get(url).is_some(), all.iter().any(|source| source.url == *url));
    }
    for planned in &found.asked {
        assert_eq!(Some(&planned.source), all.iter().find(|source| source.url == planned.source.url));
    }
    if refresh == Refresh::Nothing && backlog.is_empty() {
        let is_due = |url: &String| {
            let facts = facts.iter().enumerate().find(|(number, fact)| self::url(*number, fact) == *url);
            let by_time = |fact: &Fact| !fact.is_gone && fact.due.max(fact.not_before) <= Some(60);
            // A feed that is new is due, and an interval may make one due.
            facts.is_some_and(|(_, fact)| by_time(fact) || !fact.is_known || fact.every.is_some())
        };
        let imported = index.sources().iter().skip(own.len());
        assert!(imported.into_iter().all(|source| is_due(&source.url)), "only those that are due are read");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn the_index_finds_the_same_feeds_and_numbers_as_a_plan_of_all(
        facts in prop::collection::vec(fact(), 0..30),
        paused in prop::collection::vec(0_u8..5, 0..2),
        refresh in 0..4,
        backlog in prop::collection::vec(0_usize..30, 0..4),
    ) {
        let refresh = match refresh {
            0 => Refresh::Everything,
            1 => Refresh::Sources(
                facts.iter().enumerate().step_by(3).map(|(number, fact)| url(number, fact)).collect(),
            ),
            _ => Refresh::Nothing,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(compare(facts, paused, refresh, backlog));
    }
}
