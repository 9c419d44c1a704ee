//! IDs, their beginnings and addresses find stories and entries.

use super::*;
use crate::store::{EntryStatus, History, Reference, Resolved};

async fn by_id(store: &Store, start: &str) -> Resolved {
    store.resolve(Reference::Id(start.to_owned())).await.unwrap()
}

fn one(resolved: Resolved) -> History {
    let Resolved::One(history) = resolved else { panic!("{resolved:?}") };
    *history
}

fn ids(resolved: &Resolved) -> Vec<&str> {
    let Resolved::Several(candidates) = resolved else { panic!("{resolved:?}") };
    candidates.iter().map(|candidate| candidate.id.as_str()).collect()
}

#[test]
fn the_beginning_of_an_id_finds_one_or_lists_the_candidates() {
    let store = Store::open_in_memory().unwrap();
    block(async {
        for (id, story) in [("a1", "a1"), ("a2", "a1"), ("b1", "c1")] {
            store.commit(found(id, story, 80)).await.unwrap();
        }
        store
            .commit(Commit {
                entries: vec![dropped(0xb2), dropped(0xe1), dropped(0xe2)],
                ..Commit::default()
            })
            .await
            .unwrap();
        assert_eq!(ids(&by_id(&store, "a").await), ["a1", "a2"]);
        assert_eq!(ids(&by_id(&store, "e").await), ["e1".repeat(16), "e2".repeat(16)]);
        assert_eq!(one(by_id(&store, "b").await).detection.unwrap().id, "b1", "before an entry");
        assert_eq!(one(by_id(&store, "a2").await).detection.unwrap().id, "a2");
        assert_eq!(one(by_id(&store, "c").await).detection.unwrap().id, "b1", "the ID of its story");
        let entry = one(by_id(&store, "b2b").await);
        assert_eq!((entry.detection, entry.entries.len()), (None, 1));
        assert_eq!(by_id(&store, "d").await, Resolved::Nothing);
        assert_eq!(by_id(&store, &"a".repeat(40)).await, Resolved::Nothing, "longer than any");
    });
}

#[test]
fn an_address_finds_a_dropped_entry_with_the_time_of_its_first_sighting() {
    let store = Store::open_in_memory().unwrap();
    let (link, page) = (EntryKey([7; 16]), "https://news.example/9".to_owned());
    let marks = EntryMarks { link: Some(link), ..EntryMarks::default() };
    let seen = |hours| EntryRecord {
        first_seen: now() + SignedDuration::from_hours(hours),
        marks: Some(marks),
        ..dropped(9)
    };
    block(async {
        for hours in [0, 5] {
            store.commit(Commit { entries: vec![seen(hours)], ..Commit::default() }).await.unwrap();
        }
        let url = page.clone();
        let history = one(store.resolve(Reference::Address { url, link, page }).await.unwrap());
        let [entry] = history.entries.as_slice() else { panic!("{history:?}") };
        assert_eq!(entry.first_seen, Some(now()));
        assert_eq!(entry.status, EntryStatus::Dropped { reason: "no_vocabulary".to_owned() });
        assert!(history.stories.is_empty());
    });
}

#[test]
fn a_story_has_its_mentions_and_the_changes_that_they_made() {
    let store = Store::open_in_memory().unwrap();
    block(async {
        for (id, date, class) in [
            ("a1", None, Class::High),
            ("a2", Some("2026-12-01"), Class::High),
            ("a3", Some("2026-12-03"), Class::Critical),
        ] {
            let mut finding = finding(id, "s", &[]);
            let number: i64 = id[1..].parse().unwrap();
            finding.record.detection.detected_at = now() + SignedDuration::from_mins(number);
            finding.record.detection.event_date = date.map(str::to_owned);
            finding.record.detection.class = class;
            store.commit(Commit { findings: vec![finding], ..Commit::default() }).await.unwrap();
        }
        let history = one(by_id(&store, "a3").await);
        let [story] = history.stories.as_slice() else { panic!("{history:?}") };
        assert_eq!(story.mentions.len(), 3);
        let changes: Vec<_> = story
            .changes
            .iter()
            .map(|change| (change.mention, change.event_date.as_deref(), change.class))
            .collect();
        assert_eq!(changes, [(1, Some("2026-12-01"), None), (2, Some("2026-12-03"), Some(Class::Critical))]);
    });
}
