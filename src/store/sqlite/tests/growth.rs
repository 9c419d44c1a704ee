//! The size of a database over months: a model of feeds that publish, without network and texts.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rusqlite::Connection;

use super::*;
use crate::{store::CleanUp, text::hash::sha256};

/// Entries that a feed publishes a day.
const ENTRIES_A_DAY: usize = 11;
/// Entries of its first body.
const IN_A_BODY: usize = 30;
/// One entry in so many passes the early filter and is judged; an assumption.
const PER_JUDGED: usize = 50;
const CYCLES_A_DAY: usize = 24;
/// Visits that share a transaction, as in a cycle.
const BATCH: usize = 64;

/// What the database has at the end of a day.
#[derive(Debug)]
struct Day {
    number: usize,
    /// Bytes of pages in use, and free ones.
    used: u64,
    free: u64,
    dropped: i64,
    judged: i64,
    longest_clean_up: Duration,
}

struct Model {
    store: Store,
    feeds: usize,
    /// Entries so far, by feed.
    published: Vec<usize>,
}

impl Model {
    fn new(store: Store, feeds: usize) -> Self {
        Self { store, feeds, published: vec![0; feeds] }
    }

    /// The visit of a feed that brings `new` entries at `at`.
    fn visit(&mut self, feed: usize, new: usize, at: Timestamp) -> Commit {
        let url = format!("https://host-{feed}.example/feed");
        let first = self.published[feed];
        self.published[feed] += new;
        let entries = (first..first + new).map(|number| {
            let hash = |part: &str| Some(EntryKey(sha256(format!("{feed} {number} {part}").as_bytes())));
            let state = if number % PER_JUDGED == PER_JUDGED - 1 {
                EntryState::Judged { score: 10 }
            } else {
                EntryState::Dropped { reason: "no_vocabulary".to_owned() }
            };
            EntryRecord {
                source_url: url.clone(),
                key: hash("id").unwrap(),
                first_seen: at,
                marks: Some(EntryMarks {
                    id: hash("id"),
                    link: hash("link"),
                    title: hash("title"),
                    text: hash("text"),
                }),
                ..entry(0, state)
            }
        });
        let entries = entries.collect();
        Commit { source: Some(SourceState { url, ..source(at) }), entries, ..Commit::default() }
    }

    /// A cycle at `at` in which each feed brings `new` entries; the time of its clean-up.
    async fn cycle(&mut self, at: Timestamp, new: impl Fn(usize) -> usize) -> Duration {
        let id = self.store.begin_cycle(at).await.unwrap();
        let mut sources = Vec::new();
        for batch in (0..self.feeds).collect::<Vec<_>>().chunks(BATCH) {
            let mut commits = Vec::new();
            for feed in batch.iter().copied().filter(|feed| new(*feed) > 0) {
                let commit = self.visit(feed, new(feed), at);
                sources.push(SourceResult {
                    url: format!("https://host-{feed}.example/feed"),
                    outcome: SourceStatus::Fetched,
                    failure: None,
                    status: Some(200),
                    entries: 30,
                    new: 1,
                    ms: 50,
                    bytes: 20_000,
                });
                commits.push(commit);
            }
            self.store.commit_all(Arc::new(commits)).await.unwrap();
        }
        let start = Instant::now();
        let mut rest = CleanUp::after(self.store.begin_clean_up(at).await.unwrap());
        while let Some(limit) = rest.next_step() {
            rest.record(&self.store.prune(at, limit, Retention::default()).await.unwrap());
        }
        let took = start.elapsed();
        let record = CycleRecord {
            id,
            duration_ms: 1,
            status: CycleStatus::Ok,
            exit_code: 0,
            report: "{}".to_owned(),
            histograms: Vec::new(),
            sources,
            sums: Vec::new(),
        };
        self.store.end_cycle(record).await.unwrap();
        took
    }

    /// Lives for `days`, with `cycles` a day; the end of each day.
    async fn live(&mut self, days: usize, cycles: usize) -> Vec<Day> {
        let mut ends = Vec::new();
        self.cycle(now(), |_| IN_A_BODY).await;
        for day in 0..days {
            let mut longest_clean_up = Duration::ZERO;
            for cycle in 0..cycles {
                let second = (day * cycles + cycle + 1) * 86_400 / cycles;
                let at = now() + SignedDuration::from_secs(i64::try_from(second).unwrap());
                // A feed's entries are spread over the day, and begin at another time for each feed.
                let until = |feed: usize, cycle: usize| (cycle * ENTRIES_A_DAY + feed % cycles) / cycles;
                let took = self.cycle(at, |feed| until(feed, cycle + 1) - until(feed, cycle)).await;
                longest_clean_up = longest_clean_up.max(took);
            }
            let [used, free, dropped, judged] = self.sizes().await;
            let [dropped, judged] = [dropped, judged].map(u64::cast_signed);
            ends.push(Day { number: day + 1, used, free, dropped, judged, longest_clean_up });
        }
        ends
    }

    async fn sizes(&self) -> [u64; 4] {
        let count = |connection: &Connection, state: &str| {
            let sql = format!("SELECT count(*) FROM entries WHERE state = '{state}'");
            connection.query_row(&sql, [], |row| row.get::<_, i64>(0)).map(i64::cast_unsigned)
        };
        let sizes = move |connection: &mut Connection| {
            let (used, free) = crate::store::sqlite::page_bytes(connection)?;
            Ok([used, free, count(connection, "d")?, count(connection, "j")?])
        };
        self.store.db.call(sizes).await.unwrap()
    }
}

#[test]
fn dropped_entries_of_steady_feeds_stop_growing() {
    block(async {
        let feeds = 12;
        let days = Model::new(Store::open_in_memory().unwrap(), feeds).live(40, 2).await;
        let dropped = |day: usize| days[day - 1].dropped;
        // 14 days, and up to two more until the time is confirmed.
        let most = i64::try_from(feeds * (ENTRIES_A_DAY * 17 + IN_A_BODY)).unwrap();
        let least = i64::try_from(feeds * ENTRIES_A_DAY * 13).unwrap();
        assert!(days.iter().all(|day| day.dropped <= most), "{days:?}");
        // A feed publishes some minutes earlier on one day than on the other.
        let feeds = i64::try_from(feeds).unwrap();
        assert!(dropped(40) <= dropped(20) + feeds, "{} then {}", dropped(20), dropped(40));
        assert!(dropped(40) > least, "{}", dropped(40));
        assert!(days[39].judged > days[19].judged, "judged ones are kept for 90 days");
    });
}

/// Prints the growth; the numbers of feeds are those of `GROWTH_FEEDS`, and the state of the last one stays in the folder
/// `GROWTH_STATE`.
#[test]
#[ignore = "takes minutes"]
#[expect(clippy::disallowed_methods, reason = "the measurement has settings of its own")]
fn growth_of_forty_five_days() {
    let feeds = std::env::var("GROWTH_FEEDS").unwrap_or_else(|_| "1000,2000".to_owned());
    let kept = std::env::var("GROWTH_STATE").ok().map(std::path::PathBuf::from);
    let folder = tempfile::tempdir().unwrap();
    let count = feeds.split(',').count();
    for (at, feeds) in feeds.split(',').map(|feeds| feeds.parse::<usize>().unwrap()).enumerate() {
        let own = folder.path().join(at.to_string());
        let dir = kept.clone().filter(|_| at + 1 == count).unwrap_or(own);
        std::fs::create_dir_all(&dir).unwrap();
        let store = Store::open(&dir, Access::Write).unwrap();
        let days = block(async { Model::new(store, feeds).live(45, CYCLES_A_DAY).await });
        println!("{feeds} feeds: day, MB in use, MB free, dropped, judged, longest clean-up");
        for Day { number, used, free, dropped, judged, longest_clean_up } in days {
            if number == 1 || number.is_multiple_of(5) {
                let mb = |bytes: u64| bytes as f64 / 1e6;
                let ms = longest_clean_up.as_millis();
                println!(
                    "{number:>4} {:>8.1} {:>8.1} {dropped:>10} {judged:>8} {ms:>6} ms",
                    mb(used),
                    mb(free)
                );
            }
        }
    }
}
