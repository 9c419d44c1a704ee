//! Findings are saved in the order in which the stories took them.

use std::{collections::BTreeSet, sync::Arc};

use super::*;
use crate::model::{Alert, Body, ChannelStoryState};

fn commit(findings: Vec<StoredFinding>) -> Commit {
    Commit { findings, ..Commit::default() }
}

/// Which detections each story has.
async fn grouped(store: &Store) -> BTreeSet<String> {
    let rows = store.stories(EventFilter { limit: 99, ..EventFilter::default() }).await.unwrap();
    let of = |row: &crate::store::StoryRow| {
        let mut urls: Vec<&str> = row.detection.also_at.iter().map(|outlet| outlet.source.as_str()).collect();
        urls.push(&row.detection.source);
        urls.sort_unstable();
        format!("{}: {}", row.detection.story_id, urls.join(" "))
    };
    let ids: Vec<String> = store
        .recent_stories(Timestamp::UNIX_EPOCH)
        .await
        .unwrap()
        .into_iter()
        .map(|story| story.id)
        .collect();
    assert_eq!(ids.len(), rows.len(), "no story is left without a detection: {ids:?}");
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
    rows.iter().map(of).collect()
}

fn groups(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn a_story_absorbed_by_another_gives_it_its_detections() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        store.commit(found("a", "first", 80)).await.unwrap();
        store.commit(absorbing("b", "second", &["first"])).await.unwrap();
        assert_eq!(grouped(&store).await, groups(&["second: a b"]));
    });
}

#[test]
fn a_story_may_be_opened_and_absorbed_in_one_visit() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        store.commit(found("a", "first", 80)).await.unwrap();
        let one = commit(vec![finding("b", "second", &[]), finding("c", "first", &["second"])]);
        // The visit may be repeated after a crash.
        for new in [2, 0] {
            assert_eq!(store.commit(one.clone()).await.unwrap().len(), new);
            assert_eq!(grouped(&store).await, groups(&["first: a b c"]));
        }
    });
}

#[test]
fn absorbed_in_a_chain_or_in_one_commit_and_named_in_a_later_one() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        let chain = commit(vec![
            finding("a", "s1", &[]),
            finding("b", "s2", &[]),
            finding("c", "s3", &[]),
            finding("d", "s2", &["s3"]),
            finding("e", "s1", &["s2"]),
        ]);
        let later = commit(vec![finding("f", "s1", &[]), finding("g", "s3", &[])]);
        store.commit_all(Arc::new(vec![chain, later])).await.unwrap();
        assert_eq!(grouped(&store).await, groups(&["s1: a b c d e f", "s3: g"]));
        let both = commit(vec![finding("h", "s4", &["s1", "s3"])]);
        store.commit(both).await.unwrap();
        assert_eq!(grouped(&store).await, groups(&["s4: a b c d e f g h"]));
    });
}

#[test]
fn of_a_transaction_that_fails_nothing_is_kept() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        store.commit(found("a", "s1", 80)).await.unwrap();
        let mut broken = finding("c", "s2", &[]);
        broken.record.detection.story_id = "nowhere".to_owned();
        let all = vec![commit(vec![finding("b", "s2", &["s1"])]), commit(vec![broken])];
        let error = store.commit_all(Arc::new(all)).await.unwrap_err();
        assert!(matches!(error, StoreError::Refused(_)) && error.concerns_data(), "{error:?}");
        assert_eq!(grouped(&store).await, groups(&["s1: a"]));
    });
}

#[test]
fn a_known_detection_opens_no_second_story_and_sends_no_alert() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        store.commit(found("a", "old", 80)).await.unwrap();
        let again = StoredFinding { joined: false, ..finding_with_alert("a", "new", &[], Class::High) };
        assert_eq!(store.commit(commit(vec![again])).await.unwrap(), Vec::<String>::new());
        assert_eq!(grouped(&store).await, groups(&["old: a"]));
        assert_eq!(store.queued("a".to_owned()).await.unwrap(), []);
    });
}

/// A finding with an alert, called like it, for the channel "a".
fn finding_with_alert(id: &str, story: &str, absorbed: &[&str], class: Class) -> StoredFinding {
    let alert = Alert { class, ..samples::alert(id, detection(id, story, 80).detection) };
    let state = ChannelStoryState {
        story: story.to_owned(),
        channel: "a".to_owned(),
        class,
        event_date: None,
        notified_at: now(),
        outlets: 1,
        pending: true,
    };
    StoredFinding { alerts: vec![alert], channel_states: vec![state], ..finding(id, story, absorbed) }
}

#[test]
fn alerts_move_with_their_story_and_the_higher_class_stays() {
    use Class::{Critical, High};
    for (first, second, stays) in [(High, High, "a"), (High, Critical, "b"), (Critical, High, "a")] {
        block(async {
            let store = Store::open_in_memory().unwrap();
            let one = commit(vec![
                finding_with_alert("a", "s1", &[], first),
                finding_with_alert("b", "s2", &[], second),
                finding("c", "s1", &["s2"]),
            ]);
            store.commit(one).await.unwrap();
            let queued = store.queued("a".to_owned()).await.unwrap();
            assert_eq!(queued.iter().map(|alert| alert.id.as_str()).collect::<Vec<_>>(), [stays]);
            assert_eq!(queued[0].story.as_deref(), Some("s1"));
            let Body::News { detection, .. } = &queued[0].body else { panic!("no news") };
            assert_eq!(detection.story_id, "s1", "the alert names the story that there is");
            assert!(store.channel_story_states(vec!["s2".to_owned()]).await.unwrap().is_empty());
            assert_eq!(
                store.channel_story_states(vec!["s1".to_owned()]).await.unwrap()[0].class,
                first.max(second)
            );
        });
    }
}

#[test]
fn a_later_judgement_drops_the_story_that_its_last_detection_belongs_to_now() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        store.commit(found("a", "s1", 80)).await.unwrap();
        store.commit(absorbing("b", "s2", &["s1"])).await.unwrap();
        let gone = |id: &str| detection(id, "s1", 80).detection;
        let judged = crate::store::Rejudged { gone: vec![gone("a"), gone("b")], ..Default::default() };
        store.rejudge(judged).await.unwrap();
        assert_eq!(grouped(&store).await, groups(&[]));
        // What opens a story and what joins two may come in one later judgement.
        store.commit(found("a", "s1", 80)).await.unwrap();
        let one = commit(vec![finding("b", "s2", &[]), finding("c", "s1", &["s2"])]);
        store.rejudge(crate::store::Rejudged { commit: one, ..Default::default() }).await.unwrap();
        assert_eq!(grouped(&store).await, groups(&["s1: a b c"]));
    });
}

#[test]
fn a_post_is_known_to_its_story_under_the_address_it_points_at() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        let mut post = finding("a", "s", &[]);
        post.record.about = Some("https://press.example/claim".to_owned());
        store.commit(commit(vec![post, finding("b", "s", &[])])).await.unwrap();
        let stories = store.recent_stories(now() - days(1)).await.unwrap();
        let mut urls: Vec<&str> = stories[0].mentions.iter().map(|mention| mention.url.as_str()).collect();
        urls.sort_unstable();
        assert_eq!(urls, ["https://b.example/1", "https://press.example/claim"]);
        // What is shown is the post's own address.
        let shown = store.events(EventFilter { limit: 9, ..EventFilter::default() }).await.unwrap();
        assert!(format!("{shown:?}").contains("https://a.example/1"));
    });
}
