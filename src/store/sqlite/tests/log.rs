//! Each change is logged once, in the order of commits.

use std::sync::Arc;

use super::*;
use crate::store::{LogEntry, News};

/// Each entry as text.
async fn log(store: &Store, after: i64) -> Vec<String> {
    let entries = store.log(after, 100).await.unwrap();
    assert!(entries.is_sorted_by_key(|entry| entry.seq));
    entries.iter().map(text).collect()
}

fn text(entry: &LogEntry) -> String {
    match &entry.news {
        News::Story(news) => {
            let update = &news.update;
            let class = update.class.map(|(_, class)| class.as_str());
            let date = update.event_date.as_ref().map(|(_, date)| date.as_str());
            let parts = [
                Some(update.detection.story_id.as_str()),
                update.is_new.then_some("new"),
                news.at_first_fetch.then_some("first fetch"),
                class,
                date,
            ];
            format!("{} +{}", parts.into_iter().flatten().collect::<Vec<_>>().join(" "), update.outlets)
        }
        News::Cycle(cycle) => format!("cycle {} {}", cycle.id, cycle.exit_code),
    }
}

#[test]
fn a_story_is_logged_when_it_opens_and_when_it_changes_but_once_per_transaction() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        let mut silent = found("a", "s1", 80);
        silent.findings[0].record.suppress_alerts = true;
        store.commit(silent.clone()).await.unwrap();
        // The visit may be repeated after a crash.
        store.commit(silent).await.unwrap();
        let both = vec![found("b", "s1", 80), found("c", "s1", 80), found("d", "s2", 80)];
        store.commit_all(Arc::new(both)).await.unwrap();
        let mut dated = found("e", "s1", 80);
        dated.findings[0].record.detection.event_date = Some("2026-12-03".to_owned());
        dated.findings[0].record.detection.class = Class::Critical;
        store.commit(dated).await.unwrap();
        let expected = ["s1 new first fetch +1", "s1 +2", "s2 new +1", "s1 critical 2026-12-03 +1"];
        assert_eq!(log(&store, 0).await, expected);
        assert_eq!(log(&store, 3).await, expected[3..]);
        let filter = EventFilter { limit: 1, ..EventFilter::default() };
        let (rows, end) = store.stories_with_log_end(filter).await.unwrap();
        assert_eq!((rows.len(), end), (1, 4));
    });
}

#[test]
fn a_story_that_absorbs_another_is_not_new() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        store.commit(found("a", "s1", 80)).await.unwrap();
        store.commit(absorbing("b", "s2", &["s1"])).await.unwrap();
        let again = vec![found("c", "s3", 80), absorbing("d", "s2", &["s3"])];
        store.commit_all(Arc::new(again)).await.unwrap();
        assert_eq!(log(&store, 0).await, ["s1 new +1", "s2 +1", "s2 +2"]);
    });
}

#[test]
fn a_transaction_that_fails_adds_no_entry() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        let mut broken = found("b", "s2", 80);
        broken.findings[0].record.detection.story_id = "nowhere".to_owned();
        store.commit_all(Arc::new(vec![found("a", "s1", 80), broken])).await.unwrap_err();
        assert_eq!(log(&store, 0).await, Vec::<String>::new());
    });
}

#[test]
fn numbers_of_deleted_entries_are_not_used_again() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        let start = now() - days(40);
        for at in [start, start + days(10), start + days(20)] {
            let id = store.begin_cycle(at).await.unwrap();
            let ended = CycleRecord { id, exit_code: 1, ..CycleRecord::default() };
            store.end_cycle(ended).await.unwrap();
        }
        assert_eq!(log(&store, 0).await, ["cycle 1 1", "cycle 2 1", "cycle 3 1"]);
        // The third newest cycle confirms the time up to one day after its start.
        for _ in 0..3 {
            store.begin_cycle(now() - days(2)).await.unwrap();
        }
        store.prune(now(), 1, Retention::default()).await.unwrap();
        assert_eq!(log(&store, 0).await, ["cycle 2 1", "cycle 3 1"], "at most the limit");
        store.prune(now(), 100, Retention::default()).await.unwrap();
        assert_eq!(log(&store, 0).await, Vec::<String>::new());
        store.commit(found("a", "s1", 80)).await.unwrap();
        assert_eq!(store.log(0, 1).await.unwrap()[0].seq, 4);
    });
}
