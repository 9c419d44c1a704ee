mod cleanup;
mod clock;
mod files;
mod findings;
mod growth;
mod heads;
mod labels;
mod log;
mod lookup;
mod outbox;

use jiff::{SignedDuration, Timestamp};

use super::{open, statements};
use crate::{
    model::{
        Caution, Class, Commit, CycleStatus, Detection, DetectionRecord, EntryKey, EntryMarks, EntryRecord,
        EntryState, Event, FailureKind, HostWait, LastSeen, Rewordings, Signature, Skips, SourceState,
        SourceStatus, Stage, StoredFinding, Story, Validators,
        samples::{self, now},
    },
    store::{
        Access, CycleRecord, EventFilter, KnownEntry, KnownState, Lookup, PeriodSums, Retention,
        SourceResult, Store, StoreError,
    },
};

const FEED: &str = "https://news.example/feed";

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn entry(number: u8, state: EntryState) -> EntryRecord {
    EntryRecord {
        source_url: FEED.to_owned(),
        key: EntryKey([number; 16]),
        title: format!("Entry {number}"),
        link: Some(format!("https://news.example/{number}")),
        summary: "What the feed said.".to_owned(),
        author: "reporter".to_owned(),
        published: now(),
        first_seen: now(),
        suppress_alerts: false,
        state,
        rules: 7,
        marks: None,
        rewordings: Rewordings::default(),
    }
}

fn waiting(number: u8) -> EntryRecord {
    entry(number, EntryState::Waiting { tries: 1, next_try: now() })
}

fn dropped(number: u8) -> EntryRecord {
    entry(number, EntryState::Dropped { reason: "no_vocabulary".to_owned() })
}

fn source(read_at: Timestamp) -> SourceState {
    SourceState {
        url: FEED.to_owned(),
        validators: Validators { etag: Some(b"W/\"a b\"".to_vec()), last_modified: Some(vec![0xff, b'x']) },
        validators_url: "https://news.example/moved".to_owned(),
        rules: u64::MAX - 3,
        body_hash: Some([9; 16]),
        first_read_at: Some(now()),
        checked_at: Some(read_at),
        read_at: Some(read_at),
        changed_at: Some(read_at),
        not_before: Some(read_at),
        failures: 2,
        status: Some(304),
        conditional: true,
        skips: Skips { hours: 1 << 23 | 1, days: 1 << 6 },
        ..SourceState::default()
    }
}

fn story(id: &str) -> Story {
    Story {
        id: id.to_owned(),
        project: Some("Caldera".to_owned()),
        token: Some("ERA".to_owned()),
        event: Event::Airdrop,
        stage: Stage::Live,
        event_date: None,
        opened_at: now(),
        updated_at: now(),
        mentions: Vec::new(),
    }
}

fn detection(id: &str, story: &str, score: u8) -> DetectionRecord {
    let found = Detection {
        id: id.to_owned(),
        story_id: story.to_owned(),
        score,
        event_date: None,
        title: format!("Reported by {id}"),
        url: format!("https://{id}.example/1"),
        source: id.to_owned(),
        also_at: Vec::new(),
        ..samples::detection()
    };
    DetectionRecord {
        detection: found,
        source_url: FEED.to_owned(),
        entry: EntryKey([1; 16]),
        signature: Signature(vec![1, 2, 3]),
        suppress_alerts: false,
        about: None,
    }
}

fn finding(id: &str, story_id: &str, absorbed: &[&str]) -> StoredFinding {
    StoredFinding {
        record: detection(id, story_id, 80),
        story: story(story_id),
        joined: true,
        absorbed: absorbed.iter().map(|story| (*story).to_owned()).collect(),
        alerts: Vec::new(),
        channel_states: Vec::new(),
    }
}

fn found(id: &str, story_id: &str, score: u8) -> Commit {
    let finding = StoredFinding { record: detection(id, story_id, score), ..finding(id, story_id, &[]) };
    Commit { findings: vec![finding], ..Commit::default() }
}

fn absorbing(id: &str, story_id: &str, absorbed: &[&str]) -> Commit {
    Commit { findings: vec![finding(id, story_id, absorbed)], ..Commit::default() }
}

async fn save(store: &Store, entries: Vec<EntryRecord>) {
    let commit = Commit { source: Some(source(now())), entries, ..Commit::default() };
    store.commit(commit).await.unwrap();
}

async fn known_at(store: &Store, rules: u64, numbers: &[u8], at: Timestamp) -> Vec<KnownEntry> {
    let lookup = |number: &u8| Lookup { keys: vec![EntryKey([*number; 16])], marks: EntryMarks::default() };
    store.known_entries(FEED.to_owned(), rules, numbers.iter().map(lookup).collect(), at).await.unwrap()
}

async fn new_under(store: &Store, rules: u64, numbers: &[u8]) -> Vec<EntryKey> {
    let known = known_at(store, rules, numbers, now()).await;
    let again = KnownState::Dropped { by_other_rules: true };
    let is_known = |key: &EntryKey| known.iter().any(|known| known.key == *key && known.state != again);
    numbers.iter().map(|number| EntryKey([*number; 16])).filter(|key| !is_known(key)).collect()
}

#[test]
fn a_source_comes_back_as_it_went() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        for _ in 0..2 {
            store.commit(Commit { source: Some(source(now())), ..Commit::default() }).await.unwrap();
        }
        assert_eq!(store.sources().await.unwrap(), [source(now())]);
    });
}

#[test]
fn problem_sources_are_found_without_the_others() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        let sound = SourceState { failures: 0, changed_at: Some(now()), ..source(now()) };
        let of = |url: &str| SourceState { url: format!("https://{url}.example/feed"), ..sound.clone() };
        let expected = [
            SourceState { failures: 1, last_failure: Some(FailureKind::RateLimited), ..of("a-failed") },
            SourceState { gone_at: Some(now()), ..of("b-gone") },
            SourceState { changed_at: Some(now() - days(7)), ..of("c-quiet") },
            SourceState { last_failure: Some(FailureKind::Gone), gone_at: Some(now()), ..of("d-both") },
        ];
        for state in
            expected.iter().cloned().chain([of("sound"), SourceState { changed_at: None, ..of("new") }])
        {
            store.commit(Commit { source: Some(state), ..Commit::default() }).await.unwrap();
        }
        let mut found = store.problem_sources(now() - days(7)).await.unwrap();
        found.sort_by(|one, other| one.url.cmp(&other.url));
        assert_eq!(found, expected);
    });
}

#[test]
fn a_dropped_entry_is_new_again_under_other_rules() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        save(&store, vec![dropped(1), waiting(2)]).await;
        assert_eq!(new_under(&store, 7, &[1, 2, 3]).await, [EntryKey([3; 16])]);
        assert_eq!(new_under(&store, 8, &[1, 2, 3]).await, [EntryKey([1; 16]), EntryKey([3; 16])]);
    });
}

#[test]
fn a_waiting_entry_stays_in_the_backlog_until_it_is_judged() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        save(&store, vec![waiting(1)]).await;
        assert_eq!(store.backlog(now(), 10).await.unwrap(), [waiting(1)]);
        assert_eq!(store.backlog(now() - days(1), 10).await.unwrap(), []);
        save(&store, vec![entry(1, EntryState::Judged { score: 80 })]).await;
        assert_eq!(store.backlog(now(), 10).await.unwrap(), []);
        assert_eq!(new_under(&store, 8, &[1]).await, []);
    });
}

#[test]
fn a_backlog_takes_sources_in_turn() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        let of = |url: &str, number: u8| EntryRecord { source_url: url.to_owned(), ..waiting(number) };
        save(&store, (1..=5).map(|number| of(FEED, number)).collect()).await;
        let other = "https://other.example/feed";
        save(&store, vec![of(other, 6), of(other, 7)]).await;
        let taken = store.backlog(now(), 4).await.unwrap();
        let of_other = taken.iter().filter(|entry| entry.source_url == other).count();
        assert_eq!((taken.len(), of_other), (4, 2), "{taken:?}");
    });
}

#[test]
fn a_backlog_of_one_host_does_not_keep_out_other_hosts() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        // A hundred sources have pages at one host, and these have waited for longer.
        let at = |number: u8, host: &str, next_try| EntryRecord {
            source_url: format!("https://{number}.example/feed"),
            link: Some(format!("https://{host}/{number}")),
            ..entry(number, EntryState::Waiting { tries: 0, next_try })
        };
        let busy = (0..100).map(|number| at(number, "busy.example", now() - days(1)));
        let others = (100..103).map(|number| at(number, &format!("host-{number}.example"), now()));
        save(&store, busy.chain(others).collect()).await;
        let taken = store.backlog(now(), 20).await.unwrap();
        let busy = taken.iter().filter(|entry| entry.link.as_ref().unwrap().contains("busy")).count();
        assert_eq!((taken.len(), busy), (20, 17));
        assert!(taken[..5].iter().rev().take(3).all(|entry| entry.link.as_ref().unwrap().contains("host-")));
    });
}

#[test]
fn a_detection_is_new_only_once() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        assert_eq!(store.commit(found("a", "s", 90)).await.unwrap(), ["a"]);
        assert_eq!(store.commit(found("a", "s", 50)).await.unwrap(), Vec::<String>::new());
        assert_eq!(
            store.events(EventFilter { limit: 9, ..EventFilter::default() }).await.unwrap()[0].score,
            90
        );
    });
}

#[test]
fn a_story_is_one_row_with_every_outlet_and_comes_back_with_its_mentions() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        for (id, score) in [("a", 80), ("b", 95), ("c", 70)] {
            store.commit(found(id, "s", score)).await.unwrap();
        }
        let rows = store.events(EventFilter { limit: 9, ..EventFilter::default() }).await.unwrap();
        let outlets: Vec<&str> = rows[0].also_at.iter().map(|outlet| outlet.source.as_str()).collect();
        assert_eq!((rows.len(), rows[0].id.as_str(), outlets), (1, "b", vec!["a", "c"]));
        let stories = store.recent_stories(now() - days(1)).await.unwrap();
        assert_eq!(stories[0].mentions.len(), 3);
        assert_eq!(stories[0].mentions[0].signature, Signature(vec![1, 2, 3]));
        assert_eq!(store.recent_stories(now() + days(1)).await.unwrap(), []);
    });
}

#[test]
fn events_are_filtered_as_asked() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        store.commit(found("a", "s", 80)).await.unwrap();
        let all = EventFilter { limit: 9, ..EventFilter::default() };
        let count = async |filter: EventFilter| store.events(filter).await.unwrap().len();
        assert_eq!(
            count(EventFilter {
                projects: vec!["x".to_owned(), "calde".to_owned()],
                watched: true,
                ..all.clone()
            })
            .await,
            1
        );
        assert_eq!(count(EventFilter { projects: vec!["era".to_owned()], ..all.clone() }).await, 1);
        assert_eq!(count(EventFilter { projects: vec!["other".to_owned()], ..all.clone() }).await, 0);
        assert_eq!(count(EventFilter { events: vec![Event::Sale], ..all.clone() }).await, 0);
        assert_eq!(count(EventFilter { stages: vec![Stage::Past], ..all.clone() }).await, 0);
        assert_eq!(count(EventFilter { min_score: Some(81), ..all.clone() }).await, 0);
        assert_eq!(count(EventFilter { since: Some(now() + days(1)), ..all.clone() }).await, 0);
        assert_eq!(count(EventFilter { limit: 0, ..all }).await, 0);
    });
}

#[test]
fn pauses_of_hosts_end_by_themselves() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        let wait = HostWait {
            host: "a.example".to_owned(),
            not_before: now() + days(1),
            reason: FailureKind::RateLimited,
        };
        store.commit(Commit { host_waits: vec![wait.clone()], ..Commit::default() }).await.unwrap();
        assert_eq!(store.host_waits(now()).await.unwrap(), [wait]);
        assert_eq!(store.host_waits(now() + days(2)).await.unwrap(), []);
    });
}

#[test]
fn an_old_last_seen_day_is_renewed() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        save(&store, vec![entry(1, EntryState::Judged { score: 1 }), dropped(2)]).await;
        let is_stale = async |at| known_at(&store, 7, &[1], at).await[0].is_stale;
        assert!(!is_stale(now() + days(30)).await);
        assert!(is_stale(now() + days(31)).await);
        let is_stale_dropped = async |at| known_at(&store, 7, &[2], at).await[0].is_stale;
        assert!(!is_stale_dropped(now() + days(5)).await);
        assert!(is_stale_dropped(now() + days(6)).await);
        let refreshed = vec![LastSeen { source_url: FEED.to_owned(), key: EntryKey([1; 16]), marks: None }];
        let commit = Commit { source: Some(source(now() + days(31))), refreshed, ..Commit::default() };
        store.commit(commit).await.unwrap();
        assert!(!is_stale(now() + days(31)).await);
    });
}

#[test]
fn a_cycle_is_kept_with_its_report() {
    block(async {
        let store = Store::open_in_memory().unwrap();
        store.commit(Commit { source: Some(source(now())), ..Commit::default() }).await.unwrap();
        let id = store.begin_cycle(now()).await.unwrap();
        assert_eq!(store.cycles(5).await.unwrap(), []);
        let result = SourceResult {
            url: FEED.to_owned(),
            outcome: SourceStatus::Fetched,
            failure: None,
            status: Some(200),
            entries: 3,
            new: 1,
            ms: 12,
            bytes: 70,
        };
        let cycle = CycleRecord {
            id,
            duration_ms: 5,
            status: CycleStatus::Ok,
            exit_code: 0,
            report: "{}".to_owned(),
            histograms: vec![("plan".to_owned(), vec![1])],
            sources: vec![result],
            sums: vec![PeriodSums {
                period: "2026-11-21".to_owned(),
                document: "{}".to_owned(),
                histograms: vec![("plan".to_owned(), vec![2])],
            }],
        };
        store.end_cycle(cycle).await.unwrap();
        let rows = store.cycles(5).await.unwrap();
        assert_eq!((rows.len(), rows[0].started_at, rows[0].report.as_str()), (1, now(), "{}"));
        assert_eq!(store.cycle_stages(id, id).await.unwrap(), [("plan".to_owned(), vec![1])]);
        assert_eq!(store.source_lines(id).await.unwrap().len(), 1);
        let given = &store.yields().await.unwrap()[0];
        assert_eq!((given.asked, given.failed, given.bytes), (1, 0, 70));
        for hours in [31 * 24 + 1, 32 * 24 + 1, 33 * 24 + 1] {
            store.begin_cycle(now() + SignedDuration::from_hours(hours)).await.unwrap();
        }
        store.prune(now() + days(35), 10, Retention::default()).await.unwrap();
        assert_eq!(store.cycles(5).await.unwrap(), []);
        assert_eq!(
            store.period("2026-11-21".to_owned()).await.unwrap().histograms.len(),
            1,
            "sums outlive cycles"
        );
        assert!(store.statement_times().await.unwrap().durations_ms.values().sum::<u64>() > 5);
    });
}

#[test]
fn no_statement_walks_through_a_table_that_grows() {
    let connection = open::open_memory().unwrap();
    // Read whole on purpose: a row per configured source, channel or account, the few incidents, the few
    // pauses that run, the newest cycles and calls, which are walked backwards up to a limit, what is judged again on
    // request, and the user's own labels.
    let whole = [
        "SOURCES",
        "CACHE_VALIDATORS",
        "CACHE_PAGES",
        "CACHE_ROBOTS",
        "CACHE_USERS",
        "MENTION_COUNT",
        "ALERTS_HELD",
        "SOURCES_BACK",
        "SOURCES_FORGET",
        "SOURCE_ADDRESSES",
        "SOURCE_ADDRESSES_BACK",
        "HOST_WAITS_BACK",
        "CHANNELS_BACK",
        "INCIDENTS_BACK",
        "SUMMARIES",
        "SUMMARIES_BACK",
        "X_SOURCES_BACK",
        "X_ACCOUNTS_BACK",
        "X_LIMITS_BACK",
        "CYCLE_NEWEST",
        "BACKLOG",
        "ENTRY_COUNT",
        "HOST_WAITS",
        "HOST_WAITS_PRUNE",
        "CYCLES_LAST",
        "CYCLES_OK",
        "CYCLE_SUCCESS",
        "CYCLE_SETTINGS",
        "SOURCE_YIELDS",
        "CHANNELS",
        "CHANNEL_TESTS",
        "ALERT_TOTALS",
        "INCIDENTS",
        "JUDGED_ENTRIES",
        "LABELS",
        "LABELLED_MENTIONS",
        "ENTRIES_OF_LINK",
        "ENTRIES_OF_KEYS",
        "DETECTIONS_OF_URL",
        "ALERTS_OF_STORY",
        "X_SOURCES",
        "X_GAPS",
        "X_ACCOUNTS",
    ];
    let mut walks = Vec::new();
    for (name, sql) in statements::ALL {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let parameters = statement.parameter_count();
        let values = vec![rusqlite::types::Value::Null; parameters];
        let plan =
            statement.query_map(rusqlite::params_from_iter(values), |row| row.get::<_, String>(3)).unwrap();
        for step in plan.map(Result::unwrap) {
            let by_index = step.contains("USING") || step.contains("CONSTANT ROW");
            // `oldest` is a subquery with a limit.
            let is_scan = step.starts_with("SCAN") && step != "SCAN oldest";
            if is_scan && !by_index && !whole.contains(name) {
                walks.push(format!("{name}: {step}"));
            }
        }
    }
    assert!(statements::ALL.len() > 30);
    assert_eq!(walks, Vec::<String>::new());
}
