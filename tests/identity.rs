//! A feed changes its items from document to document: each item is new once, and none is lost.
//!
//! A long run: `PROPTEST_CASES=100000 cargo test --test main identity::`.

mod publisher;

use std::{
    collections::BTreeMap,
    future::ready,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use proptest::{
    prelude::*,
    test_runner::{TestCaseError, TestCaseResult, TestRunner},
};
use sha2::{Digest, Sha256};
use tge_scrape::{
    clock::Clock,
    config,
    detect::{self, Rules},
    http::Client,
    model::{Commit, EntryState, Source, SourceFormat, SourceState},
    store::{Access, Store},
    visit::{Context, Refresh, SourceOutcome, visit_feed},
    wiring,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};
use url::Url;

use publisher::{Part, Publisher};

/// A clock that stands still.
#[derive(Clone, Copy)]
struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        "2026-11-21T10:00:00Z".parse().unwrap()
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'_, ()> {
        Box::pin(ready(()))
    }
}

/// A web server that answers every request with one body, and what visits need to read from it.
struct OneBody {
    url: Url,
    body: Arc<Mutex<String>>,
    context: Context,
}

impl OneBody {
    /// Listens on loopback for as long as `runtime` exists.
    fn serve(runtime: &Runtime, store: Store) -> Self {
        let settings = "[http]\nallow_private_addresses = true\nper_host_interval = \"0s\"\n[cache]\nfeed_ttl = \"0s\"\n";
        let settings = config::from_text(settings, Path::new("state")).unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let body = Arc::new(Mutex::new(String::new()));
        runtime.spawn(accept(listener, Arc::clone(&body)));
        let context = Context {
            http: Client::new(settings.http.clone(), Arc::new(Standing)).unwrap(),
            clock: Arc::new(Standing),
            // Those of `old_database`.
            rules: Arc::new(Rules::compile(&detect::Settings::default())),
            ..wiring::context(&settings, store, usize::MAX, false, Refresh::Nothing).unwrap()
        };
        Self { url, body, context }
    }
}

async fn accept(listener: TcpListener, body: Arc<Mutex<String>>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(answer(BufReader::new(stream), Arc::clone(&body)));
    }
}

/// Answers each request of one connection.
async fn answer(mut stream: BufReader<TcpStream>, body: Arc<Mutex<String>>) {
    let mut line = String::new();
    while stream.read_line(&mut line).await.is_ok_and(|length| length > 0) {
        if line == "\r\n" {
            let body = body.lock().unwrap().clone();
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            stream.get_mut().write_all(answer.as_bytes()).await.unwrap();
        }
        line.clear();
    }
}

/// The number of each.
fn counted<T: Ord>(all: impl IntoIterator<Item = T>) -> BTreeMap<T, usize> {
    let mut counts = BTreeMap::new();
    for one in all {
        *counts.entry(one).or_default() += 1;
    }
    counts
}

/// The letters of a title, which are equal in all its spellings.
fn letters(title: &str) -> String {
    let lower = title.to_lowercase().replace("update:", "").replace("(updated)", "");
    lower.chars().filter(|c| c.is_alphanumeric()).collect()
}

fn feed(url: &str) -> Source {
    Source {
        url: url.to_owned(),
        name: "News".to_owned(),
        format: SourceFormat::Feed,
        tier: 2,
        tags: Vec::new(),
        also: Vec::new(),
        every: None,
        headers: Vec::new(),
    }
}

/// Changes the feed step by step, and reads each document.
async fn read_all(web: &OneBody, url: &str, steps: &[Vec<(u8, u8, u8)>]) -> TestCaseResult {
    let source = feed(url);
    let mut state = SourceState { url: url.to_owned(), ..SourceState::default() };
    let mut publisher = Publisher::default();
    for step in steps {
        for change in step {
            publisher.change(*change);
        }
        let document = publisher.document();
        let items: String = document.iter().map(|at| publisher.items[*at].xml()).collect();
        let body = format!("<rss version=\"2.0\"><channel><title>News</title>{items}</channel></rss>");
        *web.body.lock().unwrap() = body;
        let (visit, _) = visit_feed(&web.context, &source, web.url.clone(), state.clone()).await;
        prop_assert_eq!(&visit.outcome, &SourceOutcome::Fetched);

        let (again, new): (Vec<_>, Vec<_>) =
            visit.commit.entries.iter().partition(|entry| entry.rewordings.any());
        let mut fresh: Vec<usize> =
            document.iter().copied().filter(|at| !publisher.items[*at].is_seen).collect();
        fresh.sort_unstable();
        fresh.dedup();
        let expected = counted(fresh.iter().map(|at| letters(&publisher.items[*at].title)));
        prop_assert_eq!(
            counted(new.iter().map(|entry| letters(&entry.title))),
            expected,
            "new of {:#?}",
            publisher
        );
        prop_assert_eq!(usize::try_from(visit.figures.new), Ok(new.len()));
        prop_assert!(new.iter().all(|entry| !entry.suppress_alerts), "{:#?}", publisher);
        for entry in again {
            let is_reworded = |at: &usize| {
                let item = &publisher.items[*at];
                letters(&item.title) == letters(&entry.title) && item.changed == Some(Part::Words)
            };
            prop_assert!(document.iter().any(is_reworded), "{:?} of {:#?}", entry, publisher);
        }

        publisher.set_read(&document);
        // The pages have been read and report no launch.
        let mut read = visit.commit.entries.clone();
        read.retain(|entry| matches!(entry.state, EntryState::Waiting { .. }));
        for entry in &mut read {
            (entry.state, entry.marks) = (EntryState::Judged { score: 1 }, None);
        }
        state = visit.commit.source.clone().unwrap();
        let commits = vec![visit.commit, Commit { entries: read, ..Commit::default() }];
        let saved = web.context.store.commit_all(Arc::new(commits)).await;
        saved.map_err(|error| TestCaseError::fail(error.to_string()))?;
        // The next body counts as changed, even if it is equal.
        state.body_hash = None;
        state.read_at = state.read_at.map(|at| at - SignedDuration::from_mins(10));
    }
    Ok(())
}

#[test]
fn items_are_new_once_whatever_their_feed_changes() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let web = OneBody::serve(&runtime, Store::open_in_memory().unwrap());
    let change = (0_u8..22, any::<u8>(), any::<u8>());
    let first = prop::collection::vec((0_u8..6, any::<u8>(), any::<u8>()), 1..6);
    let later = prop::collection::vec(prop::collection::vec(change, 1..5), 1..7);
    let steps = (first, later).prop_map(|(first, later)| [vec![first], later].concat());
    let feeds = std::sync::atomic::AtomicUsize::new(0);
    let outcome = TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })
        .run(&steps, |steps| {
            let number = feeds.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            runtime.block_on(read_all(&web, &format!("https://feed-{number}.example/rss"), &steps))
        });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

/// A key as version 0.1.0 computed it.
fn old_key(identity: &str) -> Vec<u8> {
    Sha256::digest(identity.as_bytes())[..16].to_vec()
}

/// A database of version 0.1.0 with one source and the keys of entries that it dropped.
fn old_database(dir: &Path, source: &str, keys: &[&str]) {
    let database = rusqlite::Connection::open(dir.join("tge-scrape.db")).unwrap();
    for step in [
        include_str!("../src/store/sqlite/migrations/1.sql"),
        include_str!("../src/store/sqlite/migrations/2.sql"),
        include_str!("../src/store/sqlite/migrations/3.sql"),
        include_str!("../src/store/sqlite/migrations/4.sql"),
        include_str!("../src/store/sqlite/migrations/5.sql"),
        include_str!("../src/store/sqlite/migrations/6.sql"),
        include_str!("../src/store/sqlite/migrations/7.sql"),
        include_str!("../src/store/sqlite/migrations/8.sql"),
    ] {
        database.execute_batch(step).unwrap();
    }
    database.pragma_update(None, "user_version", 8).unwrap();
    database.execute("INSERT INTO sources (url, first_read_at) VALUES (?1, 0)", [source]).unwrap();
    for key in keys {
        let rules = Rules::compile(&detect::Settings::default()).fingerprint().cast_signed();
        let row = "INSERT INTO entries (source, key, state, rules, seen, reason) VALUES (1, ?1, 'd', ?2, 20000, 'x')";
        database.execute(row, rusqlite::params![old_key(key), rules]).unwrap();
    }
}

#[test]
fn entries_stored_by_version_8_stay_known() {
    let dir = tempfile::tempdir().unwrap();
    let url = "https://old.example/feed";
    old_database(
        dir.path(),
        url,
        &["id\ng1", "link\nhttps://old.example/2", "link\nhttps://old.example/3", "text\nFour\nFourth words"],
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = Store::open(dir.path(), Access::Write).unwrap();
    let web = OneBody::serve(&runtime, store);
    let source = feed(url);
    let item = |guid: &str, link: &str, title: &str, text: &str| {
        let guid = if guid.is_empty() {
            String::new()
        } else {
            format!("<guid isPermaLink=\"false\">{guid}</guid>")
        };
        let link =
            if link.is_empty() { String::new() } else { format!("<link>https://old.example/{link}</link>") };
        format!("<item><title>{title}</title>{link}{guid}<description>{text}</description></item>")
    };
    let read = |items: &[String]| {
        let body = format!("<rss><channel><title>Old</title>{}</channel></rss>", items.concat());
        *web.body.lock().unwrap() = body;
        let state = SourceState { first_read_at: Some(Timestamp::UNIX_EPOCH), ..SourceState::default() };
        let state = SourceState { url: url.to_owned(), ..state };
        let (visit, _) = runtime.block_on(visit_feed(&web.context, &source, web.url.clone(), state));
        let new: Vec<String> = visit.commit.entries.iter().map(|entry| entry.title.clone()).collect();
        runtime.block_on(web.context.store.commit(visit.commit)).unwrap();
        new
    };
    // That version ignored the repeated guid of the second and third item and used their links.
    let known = [
        item("g1", "1", "One", "First words"),
        item("g2", "2", "Two", "Second words"),
        item("g2", "3", "Three", "Third words"),
        item("", "", "Four", "Fourth words"),
    ];
    let new = item("g5", "5", "Five", "Fifth words");
    assert_eq!(read(&[&[new], known.as_slice()].concat()), ["Five"]);
    // From now on each part identifies them.
    let again = [
        item("h1", "1?utm_source=x", "ONE", "First words"),
        item("", "2", "Two", "Second words"),
        item("h3", "other", "Three", "Third words"),
        item("h4", "4", "Four", "Fourth words"),
    ];
    assert_eq!(read(&again), Vec::<String>::new());
}
