//! The parts of a cycle, each on its own: median and 99th percentile.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that cannot go on should say where"
)]

use std::{hint::black_box, path::Path, sync::Arc, time::Instant};

use futures_util::FutureExt;
use jiff::Timestamp;
use moka::future::Cache;
use tge_scrape::{
    article::{self, Effort, Page},
    config,
    detect::{Headline, Item, Rules},
    feed::{self, Document},
    model::{
        Article, ArticleRecord, Commit, EntryKey, EntryRecord, EntryState, Kind, SourceFormat, SourceState,
        Validators,
    },
    store::{Access, Store},
    text::address,
};
use url::Url;

const RUNS: usize = 2000;

/// Runs `work` often and tells its times.
fn time(name: &str, mut work: impl FnMut(usize)) {
    (0..RUNS / 10).for_each(&mut work);
    let mut times: Vec<u128> = (0..RUNS)
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
        silent: false,
        state: EntryState::Dropped { reason: "no_vocabulary".to_owned() },
        rules: 7,
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
    let source = SourceState { url: "https://news.example/feed".to_owned(), ..SourceState::default() };
    runtime.block_on(store.commit(Commit { source: Some(source), ..Commit::default() })).unwrap();
    time("commit of a visit, 30 new entries", |run| {
        let entries = (0..30).map(|at| entry(run * 30 + at, now)).collect();
        runtime.block_on(store.commit(Commit { entries, ..Commit::default() })).unwrap();
    });

    let settings = config::from_text("", Path::new("state")).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let rules = Rules::compile(&settings.detect);
    let titles = ["Museum opens its map room to visitors", "Caldera opens airdrop claim for its ERA token"];
    time("early filter, one headline", |run| {
        let headline = Headline {
            title: titles[run % 2],
            summary: "What the feed said of it.",
            categories: &[],
            cut_short: false,
        };
        black_box(rules.early(&headline));
    });
    let text =
        "Caldera said eligible users can claim the ERA token from today; the window stays open. ".repeat(14);
    time("judge, one text", |_| {
        let item = Item {
            kind: Kind::News,
            title: titles[1],
            text: &text,
            author: "",
            source: "https://news.example/feed",
            url: "https://news.example/1",
            published: Some(now),
        };
        black_box(rules.judge(&item));
    });

    let items: String = (0..30)
        .map(|at| format!("<item><title>Part {at}</title><link>https://news.example/{at}</link><guid>{at}</guid><pubDate>Sat, 21 Nov 2026 06:00:00 GMT</pubDate><description>What it says.</description></item>"))
        .collect();
    let rss = format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>News</title>{items}</channel></rss>"
    );
    let url = Url::parse("https://news.example/feed").unwrap();
    time("parse, a feed of 30 entries", |_| {
        let document =
            Document { bytes: rss.as_bytes(), content_type: Some("application/rss+xml"), url: &url };
        assert_eq!(feed::read(&document, &SourceFormat::Feed).unwrap().entries.len(), 30);
    });
    let paragraphs: String = (0..60)
        .map(|at| {
            format!("<p>Paragraph {at} of a long report, told at the length a reader expects of a paper.</p>")
        })
        .collect();
    let html = format!(
        "<html><head><title>Report</title></head><body><article><h1>Report</h1>{paragraphs}</article></body></html>"
    );
    time("extract, a page of 60 paragraphs", |_| {
        let page = Page { bytes: html.as_bytes(), content_type: Some("text/html"), url: &url };
        black_box(article::read(&page, Effort::Quick)).unwrap();
    });
}
