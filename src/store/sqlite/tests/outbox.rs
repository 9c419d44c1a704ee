use super::*;
use crate::model::{
    Alert, AlertState, Body, BoundMessage, ChannelState, ChannelStoryState, Incident, Notice, Phase, Settled,
    Severity, Topic,
};
use crate::store::AlertCounts;

fn alert(id: &str, story_id: &str) -> Alert {
    Alert { outlets: 2, ..samples::alert(id, detection("d", story_id, 80).detection) }
}

fn state(story_id: &str, outlets: usize) -> ChannelStoryState {
    ChannelStoryState {
        story: story_id.to_owned(),
        channel: "a".to_owned(),
        class: Class::High,
        event_date: None,
        notified_at: now(),
        outlets,
        pending: true,
    }
}

fn commit_with_alert(id: &str, story_id: &str, alert: Alert, outlets: usize) -> Commit {
    let finding = StoredFinding {
        alerts: vec![alert],
        channel_states: vec![state(story_id, outlets)],
        ..finding(id, story_id, &[])
    };
    Commit { findings: vec![finding], ..Commit::default() }
}

fn message(id: &str, alerts: &[&str]) -> BoundMessage {
    BoundMessage {
        id: id.to_owned(),
        channel: "a".to_owned(),
        created_at: now(),
        document: "{}".to_owned(),
        alerts: alerts.iter().map(|alert| (*alert).to_owned()).collect(),
    }
}

fn names() -> Vec<String> {
    vec!["a".to_owned()]
}

#[test]
fn an_alert_keeps_its_detection_and_is_delivered_once() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        for _ in 0..2 {
            store.commit(commit_with_alert("d", "s", alert("n1", "s"), 2)).await.unwrap();
        }
        let queued = store.queued("a".to_owned()).await.unwrap();
        assert_eq!(queued, [alert("n1", "s")]);
        let counts = || store.alert_counts(now());
        let waiting = AlertCounts { waiting: 1, next: Some(now()), ..AlertCounts::default() };
        assert_eq!(counts().await.unwrap(), waiting);
        assert!(store.channel_story_states(vec!["s".to_owned()]).await.unwrap()[0].pending);
        assert_eq!(store.oldest_due(names()).await.unwrap(), Some(now()));
        for _ in 0..2 {
            store.bind(vec![message("m", &["n1"])], Vec::new()).await.unwrap();
        }
        assert!(store.queued("a".to_owned()).await.unwrap().is_empty());
        assert!(!store.channel_story_states(vec!["s".to_owned()]).await.unwrap()[0].pending);
        assert_eq!(counts().await.unwrap(), waiting);
        store.attempt("m".to_owned()).await.unwrap();
        let state = ChannelState { name: "a".to_owned(), failures: 1, ..ChannelState::default() };
        let later = now() + days(1);
        let again = Settled::Again { next_try: later, error: "not now".to_owned() };
        store.settle("m".to_owned(), again, state.clone(), now()).await.unwrap();
        let failed = AlertCounts { failed: 1, ..AlertCounts::default() };
        assert_eq!(counts().await.unwrap(), failed);
        let open = store.open_messages("a".to_owned()).await.unwrap();
        assert_eq!((open[0].tries, open[0].next_try), (1, later));
        assert_eq!(store.channels().await.unwrap(), std::slice::from_ref(&state));
        store.settle("m".to_owned(), Settled::Delivered, state, later).await.unwrap();
        assert!(store.open_messages("a".to_owned()).await.unwrap().is_empty());
        assert_eq!(store.oldest_due(names()).await.unwrap(), None);
        let sent = AlertCounts { sent: 1, ..AlertCounts::default() };
        assert_eq!(counts().await.unwrap(), sent);
        assert_eq!(store.alert_counts(later + days(1)).await.unwrap(), AlertCounts::default());
        let rows = store.outbox(false, 9).await.unwrap();
        assert_eq!((rows[0].state, rows[0].title.as_str()), (AlertState::Delivered, "Reported by d"));
        assert!(store.outbox(true, 9).await.unwrap().is_empty());
        // A cycle that repeats its work queues nothing twice.
        store.commit(commit_with_alert("d", "s", alert("n1", "s"), 2)).await.unwrap();
        assert!(store.queued("a".to_owned()).await.unwrap().is_empty());
        store.prune(later + days(31), 10, Retention::default()).await.unwrap();
        assert!(store.outbox(false, 9).await.unwrap().is_empty());
    });
}

#[test]
fn a_queued_alert_is_replaced_delayed_and_moved_with_its_story() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        store.commit(commit_with_alert("d", "s", alert("n1", "s"), 1)).await.unwrap();
        let louder = Alert { replaces: true, class: Class::Critical, ..alert("n2", "s") };
        store.commit(commit_with_alert("e", "s", louder, 3)).await.unwrap();
        let queued = store.queued("a".to_owned()).await.unwrap();
        assert_eq!(
            queued.iter().map(|alert| (alert.id.as_str(), alert.outlets)).collect::<Vec<_>>(),
            [("n2", 3)]
        );
        store.bind(Vec::new(), vec![("n2".to_owned(), now() + days(1))]).await.unwrap();
        let queued = store.queued("a".to_owned()).await.unwrap();
        assert!(!queued[0].instant && queued[0].due_at == now() + days(1));
        store.commit(absorbing("f", "t", &["s"])).await.unwrap();
        assert!(store.channel_story_states(vec!["s".to_owned()]).await.unwrap().is_empty());
        assert_eq!(store.channel_story_states(vec!["t".to_owned()]).await.unwrap()[0].outlets, 3);
        assert_eq!(store.queued("a".to_owned()).await.unwrap()[0].story.as_deref(), Some("t"));
        store.hasten(names(), now()).await.unwrap();
        assert_eq!(store.queued("a".to_owned()).await.unwrap()[0].due_at, now());
        assert_eq!(store.waiting(names()).await.unwrap(), 1);
    });
}

#[test]
fn a_given_up_message_can_be_revived() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        store.commit(commit_with_alert("d", "s", alert("n1", "s"), 1)).await.unwrap();
        store.bind(vec![message("m", &["n1"])], Vec::new()).await.unwrap();
        let state = ChannelState { name: "a".to_owned(), ..ChannelState::default() };
        let gone = Settled::GivenUp { error: "never".to_owned() };
        store.settle("m".to_owned(), gone, state, now()).await.unwrap();
        assert_eq!(store.outbox(false, 9).await.unwrap()[0].state, AlertState::GivenUp);
        assert_eq!(store.alert_counts(now()).await.unwrap().failed, 1);
        assert_eq!(store.waiting(names()).await.unwrap(), 0);
        store.revive(names(), now()).await.unwrap();
        assert_eq!(store.open_messages("a".to_owned()).await.unwrap()[0].tries, 0);
    });
}

#[test]
fn incidents_and_their_notices_are_saved_together() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        let incident = Incident {
            subject: "disk".to_owned(),
            since: now(),
            notified_at: now(),
            over_at: None,
            message: "little is left".to_owned(),
            level: Severity::Critical,
        };
        let notice = Notice {
            subject: "disk".to_owned(),
            phase: Phase::Raised,
            level: Severity::Critical,
            message: "little is left".to_owned(),
            hint: String::new(),
            since: now(),
        };
        let state =
            Alert { topic: Topic::Ops, story: None, body: Body::Ops(notice), outlets: 1, ..alert("o1", "s") };
        store.notice(vec![incident.clone()], Vec::new(), vec![state.clone()]).await.unwrap();
        assert_eq!(store.incidents().await.unwrap(), [incident]);
        assert_eq!(store.queued("a".to_owned()).await.unwrap(), [state]);
        store.notice(Vec::new(), vec!["disk".to_owned()], Vec::new()).await.unwrap();
        assert!(store.incidents().await.unwrap().is_empty());
    });
}
