//! What the queue promises: bounds, turns and a fair share for each source.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

fn width(per_host: usize, all: usize, requests: usize) -> Width {
    Width { per_host, all, requests }
}

fn begun(queue: &mut Queue<u32>) -> Option<(String, u32)> {
    queue.next().map(|(place, job)| (place.host, job))
}

fn ended(queue: &mut Queue<u32>, host: &str, owner: Option<usize>) {
    queue.done(&Place { host: host.to_owned(), owner });
}

#[test]
fn visits_wait_for_their_host_and_for_the_bound_of_all() {
    let mut queue = Queue::new(width(1, 2, 2));
    for (host, job) in [("a", 1), ("a", 2), ("b", 3), ("c", 4)] {
        queue.push_source(host, job);
    }
    assert_eq!(begun(&mut queue), Some(("a".to_owned(), 1)));
    assert_eq!(begun(&mut queue), Some(("b".to_owned(), 3)), "the second job at a waits for the first");
    assert_eq!(begun(&mut queue), None, "two are under way");
    ended(&mut queue, "a", None);
    assert_eq!(begun(&mut queue), Some(("a".to_owned(), 2)), "a goes on before c begins");
    ended(&mut queue, "b", None);
    queue.push_page("b", 0, 5);
    assert_eq!(begun(&mut queue), Some(("b".to_owned(), 5)), "a page goes before a source");
    ended(&mut queue, "a", None);
    assert_eq!(begun(&mut queue), Some(("c".to_owned(), 4)));
}

#[test]
fn one_source_with_a_thousand_silent_hosts_gets_half_of_the_requests() {
    let mut queue = Queue::new(Width::of(512, 1));
    for host in 0..1_000 {
        queue.push_page(&format!("silent-{host}"), 0, 0);
    }
    let held = std::iter::from_fn(|| begun(&mut queue)).count();
    assert_eq!(held, 256);
    // Nothing of it ends; the others are read all the same.
    for owner in 1..=20 {
        queue.push_source(&format!("host-{owner}"), 1);
        queue.push_page(&format!("host-{owner}-pages"), owner, 1);
    }
    assert_eq!(std::iter::from_fn(|| begun(&mut queue)).filter(|(_, job)| *job == 1).count(), 40);
}

#[test]
fn however_many_sources_hold_requests_some_are_left() {
    let mut queue = Queue::new(Width::of(512, 1));
    for owner in 0..20 {
        for host in 0..100 {
            queue.push_page(&format!("silent-{owner}-{host}"), owner, 0);
        }
    }
    let held = std::iter::from_fn(|| queue.next()).fold(HashMap::new(), |mut held, (place, _)| {
        *held.entry(place.owner).or_insert(0) += 1;
        held
    });
    assert_eq!(held.len(), 20);
    assert!(held.values().all(|held| (23..=26).contains(held)), "{held:?}");
    assert!(held.values().sum::<usize>() < 512);
}

#[test]
fn sources_take_turns_with_their_pages_at_one_host() {
    let mut queue = Queue::new(Width::of(512, 1));
    for page in 0..10 {
        queue.push_page("shared", 0, page);
    }
    assert_eq!(begun(&mut queue), Some(("shared".to_owned(), 0)));
    for page in 100..103 {
        queue.push_page("shared", 1, page);
    }
    // The first owner has other hosts too, and so stands in the list of turns already.
    queue.push_page("other", 0, 50);
    queue.push_source("shared", 200);
    assert_eq!(begun(&mut queue), Some(("other".to_owned(), 50)));
    let mut order = Vec::new();
    let mut owner = Some(0);
    for _ in 0..8 {
        ended(&mut queue, "shared", owner);
        let (place, job) = queue.next().unwrap();
        assert_eq!(place.host, "shared");
        order.push(job);
        owner = place.owner;
    }
    assert_eq!(order, [200, 100, 1, 101, 2, 102, 3, 4]);
}

#[test]
fn one_visit_more_waits_at_a_host_with_many_jobs() {
    let mut queue = Queue::new(width(1, 8, 8));
    for job in 0..20 {
        queue.push_source("busy", job);
    }
    for job in 0..3 {
        queue.push_source("quiet", job);
    }
    let running =
        |queue: &mut Queue<u32>| std::iter::from_fn(|| begun(queue)).map(|(host, _)| host).collect();
    let first: Vec<String> = running(&mut queue);
    assert_eq!(first, ["busy", "busy", "quiet"]);
    let mut later = Vec::new();
    while later.len() < 17 {
        ended(&mut queue, "busy", None);
        later.push(running(&mut queue).len());
    }
    assert_eq!(later, [1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], "few are left after the second");
}

#[test]
fn the_last_page_of_a_source_beyond_its_share_keeps_no_other_from_its_host() {
    let mut queue = Queue::new(width(1, 8, 4));
    for host in ["a", "b", "c"] {
        queue.push_page(host, 0, 0);
    }
    assert_eq!((begun(&mut queue).is_some(), begun(&mut queue).is_some()), (true, true));
    assert_eq!(begun(&mut queue), None, "two of four requests are its share");
    queue.push_page("c", 1, 1);
    assert_eq!(begun(&mut queue), Some(("c".to_owned(), 1)), "the host is free");
}

proptest! {
    /// Whatever comes in whatever order: every job begins once, and no bound is ever broken.
    #[test]
    fn every_job_begins_once_within_the_bounds(
        jobs in prop::collection::vec((0_u8..6, prop::option::of(0_usize..4)), 0..60),
        per_host in 1_usize..4, all in 1_usize..8, requests in 1_usize..8, first in 0_usize..60,
    ) {
        let mut queue = Queue::new(width(per_host, all, requests));
        let push = |queue: &mut Queue<usize>, (job, (host, owner)): (usize, (u8, Option<usize>))| match owner {
            Some(owner) => queue.push_page(&host.to_string(), owner, job),
            None => queue.push_source(&host.to_string(), job),
        };
        let mut jobs = jobs.into_iter().enumerate();
        for job in jobs.by_ref().take(first) {
            push(&mut queue, job);
        }
        let (mut begun, mut running) = (Vec::new(), Vec::<Place>::new());
        loop {
            while let Some((place, job)) = queue.next() {
                begun.push(job);
                running.push(place);
            }
            let mut at: HashMap<&String, usize> = HashMap::new();
            let mut of: HashMap<usize, usize> = HashMap::new();
            for place in &running {
                *at.entry(&place.host).or_default() += 1;
                if let Some(owner) = place.owner {
                    *of.entry(owner).or_default() += 1;
                }
            }
            prop_assert!(running.len() <= all && at.values().all(|count| *count <= per_host + 1));
            prop_assert!(of.values().all(|count| *count <= 1.max(requests.div_ceil(2))));
            if let Some(job) = jobs.next() {
                push(&mut queue, job);
            } else if running.is_empty() {
                break;
            }
            if !running.is_empty() {
                queue.done(&running.remove(begun.len() % running.len()));
            }
        }
        begun.sort_unstable();
        prop_assert_eq!(begun.clone(), (0..begun.len()).collect::<Vec<_>>());
        prop_assert!(jobs.next().is_none());
        prop_assert_eq!((queue.running, queue.pages), (0, 0));
        prop_assert!(queue.hosts.is_empty() && queue.sources.is_empty(), "{:?}", queue);
        prop_assert!(queue.owners.is_empty() && queue.rotation.is_empty(), "{:?}", queue);
    }
}
