//! A simulated month of cycles with news, random failures, X, alerts and a follower of events.
//!
//! Each cycle is a process, as cron runs it. Only `events --follow` runs for long, so open files are counted there.
//! After the month, further cycles check the deletion of old rows.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    path::PathBuf,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use rusqlite::Connection;
use serde_json::Value;
use tge_scrape::fixture_web::{
    Bulk, Options,
    x::{self, Population},
};

use crate::support::{
    lab::{Lab, now},
    state::{alerted_stories, column, lines, number, sound},
    world::AT_ONCE,
    x::random_failures,
};

/// Seconds of the month.
const MONTH: i64 = 30 * 86_400;
/// Seconds of the further cycles: longer than cycles and articles are stored.
const AFTER: i64 = 60 * 86_400;
/// Failing requests in a thousand.
const FAILURES_PER_MILLE: u32 = 40;

/// Pages of the database and bytes of its log.
#[derive(Debug, Clone, Copy)]
struct Size {
    pages: i64,
    free: i64,
    log: u64,
}

struct Soak {
    lab: Lab,
    follower: Child,
    begun: Instant,
    /// Peak of resident memory of each cycle, bytes.
    memory: Vec<u64>,
    cycles: u64,
}

impl Drop for Soak {
    fn drop(&mut self) {
        // An error means that it has ended by itself.
        let _ = self.follower.kill();
        let _ = self.follower.wait();
    }
}

impl Soak {
    fn new(cycles: i64) -> Self {
        let at = now();
        let mut people = x::Options::at(at.as_millisecond());
        people.content = x::Content::Generated(Population {
            accounts: 6,
            topics: 2,
            days_before: 1,
            days_after: 31,
            originals: 2.0,
            replies: 2.0,
            reposts: 1.0,
            on_topics: 20.0,
            ..Population::default()
        });
        people.failures = random_failures();
        people.hold_ms = 5;
        let lab = Lab::with_options(Options {
            now: at.as_second(),
            bulk: Some(Bulk { feeds: 8, entries: 12, relevant: 3 }),
            x: Some(people),
            ..Options::default()
        });
        lab.web().publish_every(4);
        lab.web().pace(MONTH / cycles);
        lab.web().fail_share(FAILURES_PER_MILLE);
        fs::write(lab.path().join("token"), x::TOKEN).unwrap();
        let posts = lab.web().x().unwrap().settings_toml(&lab.web().x_url());
        lab.settings(&format!(
            "{}{posts}bearer_token_file = \"token\"\nmonthly_budget_usd = 1000.0\nmin_followers = 0\n\
             \n[[channels]]\nkind = \"file\"\npath = \"alerts.ndjson\"\n{AT_ONCE}",
            lab.web().settings_toml(),
        ));
        // The first fetch of a source sends no alerts. It also creates the database for the follower.
        lab.cycle();
        let seen = File::create(lab.path().join("followed.ndjson")).unwrap();
        let mut follow = lab.command(&["events", "--follow", "--format", "ndjson", "--since", "1h"]);
        let follower = follow.stdout(seen).stderr(Stdio::inherit()).spawn().unwrap();
        Self { lab, follower, begun: Instant::now(), memory: Vec::new(), cycles: 1 }
    }

    /// One cycle `at` seconds from now, after what is new has been published.
    fn cycle(&mut self, at: i64) {
        self.lab.web().advance();
        self.lab.web().x().unwrap().set_clock(now().as_millisecond() + at * 1000);
        let ran = self.lab.run(&["--shift-clock", &at.to_string(), "cycle", "--format", "json"]);
        assert!(ran.code == 0 || ran.code == 4, "at {at} s: {} {}", ran.code, ran.stderr);
        let report = ran.report();
        assert!(!report.cycle.deadline_hit);
        self.memory.extend(report.memory.peak_rss_bytes);
        self.cycles += 1;
    }

    fn database(&self) -> Connection {
        Connection::open(self.lab.state().join("tge-scrape.db")).unwrap()
    }

    fn size(&self) -> Size {
        let database = self.database();
        let log = fs::metadata(self.lab.state().join("tge-scrape.db-wal")).map_or(0, |file| file.len());
        Size {
            pages: number(&database, "PRAGMA page_count"),
            free: number(&database, "PRAGMA freelist_count"),
            log,
        }
    }

    /// Open files of `events --follow`; `None` without `/proc`.
    fn handles(&self) -> Option<usize> {
        let folder = PathBuf::from(format!("/proc/{}/fd", self.follower.id()));
        fs::read_dir(folder).ok().map(Iterator::count)
    }

    /// Compares `stats` with the counts of the fixture web and the simulated X.
    fn counted(&self, at: i64) {
        let shift = at.to_string();
        let stats = self.lab.run(&["--shift-clock", &shift, "stats", "--format", "json"]).json();
        let (ledger, calls) = (self.lab.web().request_log(), self.lab.web().x().unwrap().calls(0));
        let totals = &stats["totals"];
        let with = |status: std::ops::Range<u16>| {
            let news = ledger.requests.iter().filter(|asked| status.contains(&asked.status)).count();
            (news + calls.iter().filter(|call| status.contains(&call.status)).count()) as u64
        };
        let expected = [
            ("cycles", self.cycles),
            ("requests", (ledger.requests.len() + calls.len()) as u64),
            ("connections_opened", ledger.connections),
            ("not_modified", with(304..305)),
            ("server_error", with(500..600)),
            ("too_many", with(429..430)),
            ("x_calls", calls.len() as u64),
        ];
        for (name, expected) in expected {
            assert_eq!(totals[name], expected, "{name} in {totals}");
        }
        for source in stats["sources"].as_array().unwrap() {
            let url = source["url"].as_str().unwrap();
            let host = url.trim_start_matches("http://").split('.').next().unwrap();
            // A request that was repeated within a cycle counts once.
            let asked =
                ledger.requests.iter().filter(|asked| asked.host == host && asked.path == "/feed.xml");
            let cycles: BTreeSet<u32> = asked.map(|asked| asked.tick).collect();
            assert_eq!(source["asked"].as_u64(), Some(cycles.len() as u64), "{source}");
        }
        let database = self.database();
        // A merged story has no row any more.
        let stories = number(&database, "SELECT count(*) FROM stories").cast_unsigned();
        assert!(totals["stories_new"].as_u64() >= Some(stories) && stories > 0, "{totals}");
    }

    /// Fails unless old rows are deleted and every story was alerted once.
    fn kept(&self, at: i64, step: i64) {
        sound(&self.lab.state());
        let database = self.database();
        // Deletion uses the time that earlier cycles confirm, which is up to three cycles old.
        let oldest = now().as_second() + at - 30 * 86_400 - 4 * step - 3600;
        for table in ["cycles WHERE started_at", "articles WHERE fetched_at"] {
            let late = number(&database, &format!("SELECT count(*) FROM {table} < {oldest}"));
            assert_eq!(late, 0, "{table} past its time");
        }
        let file = lines(&self.lab.path().join("alerts.ndjson"));
        let news: Vec<Value> = file.into_iter().filter(|line| line["detections"].is_array()).collect();
        alerted_stories(&news);
        let found: BTreeSet<String> =
            column(&database, "SELECT DISTINCT story FROM detections WHERE NOT silent");
        let stories: BTreeSet<String> = news
            .iter()
            .flat_map(|line| line["detections"].as_array().unwrap())
            .map(|detection| detection["story_id"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(found.difference(&stories).collect::<Vec<_>>(), Vec::<&String>::new(), "without an alert");
    }
}

/// The middle of `values`.
fn median(values: &[u64]) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}

/// Runs `month` cycles over a month and `after` cycles over the next two. Fails after `limit`. Returns the figures.
#[expect(clippy::print_stdout, reason = "a test of an hour shows its progress")]
fn soak(month: i64, after: i64, limit: Duration) -> String {
    let mut soak = Soak::new(month);
    let mut handles = Vec::new();
    let mut sizes = Vec::new();
    let mut at = 0;
    for cycle in 1..=month {
        at = cycle * MONTH / month;
        soak.cycle(at);
        if cycle % (month / 10) == 0 {
            handles.extend(soak.handles());
            sizes.push(soak.size());
            println!("{cycle} cycles in {:?}: {:?}, {handles:?} handles", soak.begun.elapsed(), sizes.last());
        }
        assert!(soak.begun.elapsed() < limit, "out of time after {cycle} cycles; all well so far");
    }
    soak.counted(at);
    soak.kept(at, MONTH / month);
    let (full, followed) = (soak.size(), lines(&soak.lab.path().join("followed.ndjson")).len());
    for cycle in 1..=after {
        at = MONTH + cycle * AFTER / after;
        soak.cycle(at);
    }
    soak.kept(at, AFTER / after);
    let end = soak.size();
    handles.extend(soak.handles());

    let tenth = soak.memory.len() / 10;
    let (early, late) =
        (median(&soak.memory[tenth..3 * tenth]), median(&soak.memory[soak.memory.len() - 2 * tenth..]));
    let figures = format!(
        "{} cycles in {:.0?}; memory early {:.1} MiB, late {:.1} MiB (medians of peaks); database {} pages after the \
         month, {} two months later, {} of them free; log at most {} KiB; handles {handles:?}; {} stories, {followed} \
         rows followed; {} requests, {} calls to X",
        soak.cycles,
        soak.begun.elapsed(),
        early as f64 / 1_048_576.0,
        late as f64 / 1_048_576.0,
        full.pages,
        end.pages,
        end.free,
        sizes.iter().map(|size| size.log).max().unwrap_or(0) >> 10,
        number(&soak.database(), "SELECT count(*) FROM stories"),
        soak.lab.web().request_log().requests.len(),
        soak.lab.web().x().unwrap().calls(0).len(),
    );
    assert!(late.abs_diff(early) * 10 <= early, "memory is not flat: {figures}");
    assert!(handles.windows(2).all(|pair| pair[0] == pair[1]), "handles grow: {figures}");
    assert!(end.free > 0 && end.pages <= full.pages + full.pages / 20, "the database grows: {figures}");
    assert!(sizes.iter().all(|size| size.log < 8 << 20), "the log grows: {figures}");
    assert!(followed > 0, "{figures}");
    figures
}

#[test]
fn month_of_forty_cycles_keeps_size_and_figures() {
    println!("{}", soak(40, 10, Duration::from_mins(15)));
}

/// `cargo test --test main -- --ignored month_of_two_thousand --nocapture`
#[test]
#[ignore = "takes long: two thousand processes"]
fn month_of_two_thousand_cycles_keeps_size_and_figures() {
    println!("{}", soak(2000, 200, Duration::from_hours(4)));
}
