//! The stages of a cycle, one by one: median and 99th percentile.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that cannot go on should say where"
)]

mod stages;

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{FutureExt, future::join_all};
use jiff::Timestamp;
use moka::future::Cache;
use tge_scrape::{
    model::{
        Article, ArticleRecord, Commit, EntryKey, EntryRecord, EntryState, Rewordings, SourceState,
        Validators,
    },
    store::{Access, Store},
    text::address,
};
use url::Url;

const RUNS: usize = 2000;
/// Slow stages run less often.
const LONG_ENOUGH: Duration = Duration::from_secs(5);

/// Runs `work` often and prints its times.
fn time(name: &str, mut work: impl FnMut(usize)) {
    let begun = Instant::now();
    (0..RUNS / 10).take_while(|_| begun.elapsed() < LONG_ENOUGH / 10).for_each(&mut work);
    let begun = Instant::now();
    let mut times: Vec<u128> = (1..=RUNS)
        .take_while(|_| begun.elapsed() < LONG_ENOUGH)
        .map(|run| {
            let start = Instant::now();
            work(run);
            start.elapsed().as_nanos()
        })
        .collect();
    times.sort_unstable();
    let at = |share: usize| times[times.len() * share / 100] as f64 / 1e3;
    println!("{name:<34} p50 {:>9.2} µs   p99 {:>9.2} µs", at(50), at(99));
}

fn article_of(number: usize, now: Timestamp) -> ArticleRecord {
    ArticleRecord {
        key: format!("news.example/{number}"),
        final_url: format!("https://news.example/{number}"),
        validators: Validators::default(),
        fetched_at: now,
        article: Article {
            title: "A claim opens".to_owned(),
            text: "Words of a page. ".repeat(200),
            ..Article::default()
        },
    }
}

fn entry(number: usize, now: Timestamp) -> EntryRecord {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&(number as u64).to_le_bytes());
    EntryRecord {
        source_url: "https://news.example/feed".to_owned(),
        key: EntryKey(key),
        title: "Museum opens its map room".to_owned(),
        link: Some(format!("https://news.example/{number}")),
        summary: String::new(),
        author: String::new(),
        published: now,
        first_seen: now,
        suppress_alerts: false,
        state: EntryState::Dropped { reason: "no_vocabulary".to_owned() },
        rules: 7,
        marks: None,
        rewordings: Rewordings::default(),
    }
}

fn main() {
    let now: Timestamp = "2026-11-21T06:00:00Z".parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), Access::Write).unwrap();
    let articles: Vec<_> = (0..5000).map(|number| article_of(number, now)).collect();
    runtime.block_on(store.commit(Commit { articles: articles.clone(), ..Commit::default() })).unwrap();
    let memory: Cache<String, Arc<ArticleRecord>> = Cache::new(100_000);
    for one in &articles {
        runtime.block_on(memory.insert(one.key.clone(), Arc::new(one.clone())));
    }
    let links: Vec<Url> =
        (0..5000).map(|number| Url::parse(&format!("https://news.example/{number}")).unwrap()).collect();

    time("cache lookup, memory", |run| {
        let found = memory.get(&articles[run % 5000].key).now_or_never();
        assert!(black_box(found).flatten().is_some());
    });
    time("address to cache key", |run| {
        black_box(address::canonical(&links[run % 5000]));
    });
    time("cache lookup, SQLite", |run| {
        let key = articles[run * 7 % 5000].key.clone();
        assert!(runtime.block_on(store.article(key)).unwrap().is_some());
    });
    time("sixteen at once, SQLite", |run| {
        let keys = (0..16).map(|at| articles[(run * 16 + at) * 7 % 5000].key.clone());
        let all = runtime.block_on(join_all(keys.map(|key| store.article(key))));
        assert!(all.into_iter().all(|found| found.unwrap().is_some()));
    });
    let source = SourceState { url: "https://news.example/feed".to_owned(), ..SourceState::default() };
    runtime.block_on(store.commit(Commit { source: Some(source), ..Commit::default() })).unwrap();
    time("commit of a visit, 30 new entries", |run| {
        let entries = (0..30).map(|at| entry(run * 30 + at, now)).collect();
        runtime.block_on(store.commit(Commit { entries, ..Commit::default() })).unwrap();
    });

    for stage in stages::all() {
        time(stage.name, |_| (stage.work)());
    }
}
