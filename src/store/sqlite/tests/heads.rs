//! The mention that represents a story, and its class, stage and date.

use jiff::civil::date;

use super::*;
use crate::store::{Order, StoryRow};

/// A mention that differs from the usual one.
fn mention(id: &str, score: u8, change: impl FnOnce(&mut Detection)) -> Commit {
    let mut commit = found(id, "s", score);
    change(&mut commit.findings[0].record.detection);
    commit
}

async fn row(store: &Store, filter: EventFilter) -> Option<StoryRow> {
    let mut rows = store.stories(EventFilter { limit: 9, ..filter }).await.unwrap();
    assert!(rows.len() < 2);
    rows.pop()
}

#[test]
fn a_rumour_represents_only_a_story_without_other_mentions_and_is_low() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        let rumour = |found: &mut Detection| (found.rumour, found.class) = (true, Class::High);
        store.commit(mention("rumour", 97, rumour)).await.unwrap();
        let alone = row(&store, EventFilter::default()).await.unwrap().detection;
        assert_eq!((alone.id.as_str(), alone.rumour, alone.class), ("rumour", true, Class::Low));
        store.commit(mention("doubtful", 95, |found| found.cautions = vec![Caution::Bait])).await.unwrap();
        store.commit(mention("report", 70, |found| found.class = Class::Medium)).await.unwrap();
        let head = row(&store, EventFilter::default()).await.unwrap().detection;
        assert_eq!((head.id.as_str(), head.rumour), ("report", false));
        assert_eq!(head.also_at.len(), 2);
    });
}

#[test]
fn a_stage_is_adjusted_to_the_date_of_the_story_on_today() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        store.commit(found("a", "s", 95)).await.unwrap();
        let mut dated = mention("b", 80, |found| found.event_date = Some("2026-12-03".to_owned()));
        dated.findings[0].story.event_date = Some("2026-12-03".to_owned());
        store.commit(dated).await.unwrap();
        let stage = async |today| {
            let found = row(&store, EventFilter { today, ..EventFilter::default() }).await.unwrap().detection;
            assert_eq!((found.id.as_str(), found.event_date.as_deref()), ("a", Some("2026-12-03")));
            found.stage
        };
        assert_eq!(stage(None).await, Stage::Live);
        assert_eq!(stage(Some(date(2026, 11, 27))).await, Stage::Upcoming);
        assert_eq!(stage(Some(date(2026, 12, 3))).await, Stage::Live);
        let upcoming = EventFilter {
            stages: vec![Stage::Upcoming],
            today: Some(date(2026, 11, 27)),
            ..EventFilter::default()
        };
        assert!(row(&store, upcoming.clone()).await.is_some(), "filters see the same stage");
        assert!(row(&store, EventFilter { stages: vec![Stage::Live], ..upcoming }).await.is_none());
    });
}

#[test]
fn stories_are_sorted_by_the_time_that_is_shown() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        let at = |hours: i64| now() - jiff::SignedDuration::from_hours(hours);
        // Found at the first fetch of its source, an hour ago, and published two days ago.
        for (id, published, detected, silent, score) in
            [("a", 48, 1, true, 90), ("b", 48, 2, false, 70), ("c", 5, 3, true, 80)]
        {
            let mut commit = found(id, id, score);
            let record = &mut commit.findings[0].record;
            record.suppress_alerts = silent;
            record.detection.published_at = Some(at(published));
            record.detection.detected_at = at(detected);
            store.commit(commit).await.unwrap();
        }
        let ids = async |filter: EventFilter| -> Vec<String> {
            let rows = store.events(EventFilter { limit: 9, ..filter }).await.unwrap();
            rows.into_iter().map(|found| found.id).collect()
        };
        let all = EventFilter::default();
        assert_eq!(ids(all.clone()).await, ["b", "c", "a"]);
        assert_eq!(ids(EventFilter { reverse: true, ..all.clone() }).await, ["a", "c", "b"]);
        assert_eq!(ids(EventFilter { order: Order::Score, ..all.clone() }).await, ["a", "c", "b"]);
        assert_eq!(ids(EventFilter { since: Some(at(4)), ..all.clone() }).await, ["b"]);
        assert_eq!(ids(EventFilter { found_since: Some(at(4)), ..all.clone() }).await, ["b", "c", "a"]);
        assert_eq!(ids(EventFilter { until: Some(at(5)), ..all.clone() }).await, ["a"]);
        let heard = store.events(EventFilter { limit: 1, ..all }).await.unwrap()[0].heard_at();
        assert_eq!(heard, at(2));
    });
}
