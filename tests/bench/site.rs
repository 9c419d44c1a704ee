//! A web with a state folder, and the real binary.

use std::{process::Command, time::Duration};

use jiff::Timestamp;
use serde_json::Value;
use tge_scrape::{
    clock::{Clock, SystemClock},
    fixture_web::{Bulk, FixtureWeb, Options, x},
};

use crate::counts::Counts;

/// The time of the web at the start, seconds since 1970; equal in every run.
const NOW: i64 = 1_795_000_000;
/// Seconds between two cycles.
const BETWEEN_S: i64 = 600;
/// A tick of the web, seconds.
const TICK_S: i64 = 60;
/// Longest time of a cycle, which finds hangs only.
const CEILING_MS: u64 = 240_000;

pub struct Site {
    runtime: tokio::runtime::Runtime,
    web: FixtureWeb,
    dir: tempfile::TempDir,
    flags: &'static [&'static str],
    /// Seconds since [`NOW`].
    passed: i64,
    /// Seconds from the publication of what was detected to its detection, of all news published after [`NOW`].
    pub delays: Vec<i64>,
}

impl Site {
    /// `hosts` outlets, and an X with a hundred accounts and twenty topics.
    pub fn new(hosts: usize, flags: &'static [&'static str]) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let people = x::Population { days_before: 2, days_after: 2, ..x::Population::default() };
        let options = Options {
            now: NOW,
            seed: 7,
            latency: Duration::from_millis(50),
            spread: Duration::from_millis(20),
            port: 0,
            bulk: Some(Bulk { feeds: hosts, entries: 30, relevant: 5 }),
            x: Some(x::Options { content: x::Content::Generated(people), ..x::Options::at(NOW * 1000) }),
            ..Options::default()
        };
        let web = runtime.block_on(FixtureWeb::start(options)).unwrap();
        web.pace(TICK_S);
        let dir = tempfile::tempdir().unwrap();
        let x = web.x().unwrap().settings_toml(&web.x_url());
        // The budget is large, because a used-up budget would stop the counted calls.
        let settings = format!("{}{x}monthly_budget_usd = 100000.0\n", web.settings_toml());
        std::fs::write(dir.path().join("tge-scrape.toml"), settings).unwrap();
        Self { runtime, web, dir, flags, passed: 0, delays: Vec::new() }
    }

    /// One cycle with `more` flags. Its report must equal the counts of the web.
    pub fn cycle(&mut self, more: &[&str]) -> Counts {
        let x = self.web.x().unwrap();
        let (before, calls_before) = (self.web.request_log(), x.calls(0).len());
        let mut command = Command::new(env!("CARGO_BIN_EXE_tge-scrape"));
        let wrong = NOW + self.passed - SystemClock.now().as_second();
        command.args(["cycle", "--format", "json", "--shift-clock", &wrong.to_string()]);
        command.args(self.flags).args(more);
        command.current_dir(self.dir.path()).env_clear().env("X_BEARER_TOKEN", x::TOKEN);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["x"]["problem"], Value::Null, "X was read");
        let (ledger, calls) = (self.web.request_log(), x.calls(calls_before));
        let asked = &ledger.requests[before.requests.len()..];
        let mut counts = Counts::of(&report);
        assert_eq!(counts.requests, (asked.len() + calls.len()) as u64, "requests, as the web counted them");
        assert_eq!(counts.x, calls.len() as u64, "calls to X, as X counted them");
        assert!(calls.iter().all(|call| !call.beyond_limit && call.violations.is_empty()), "{calls:?}");
        assert_eq!(counts.unmodified, asked.iter().filter(|one| one.status == 304).count() as u64);
        assert_eq!(counts.connections, ledger.connections - before.connections, "connections");
        assert!(counts.ms < CEILING_MS, "a cycle took {} ms", counts.ms);
        // What comes with an error is not read.
        let news: usize = asked.iter().filter(|one| one.status < 400).map(|one| one.bytes).sum();
        assert!(counts.news_bytes >= news as u64, "bytes: {} of {news}", counts.news_bytes);
        counts.news_bytes = news as u64;
        for detection in report["detections"].as_array().unwrap().iter().filter(|one| one["kind"] == "news") {
            let at =
                |field: &str| detection[field].as_str().unwrap().parse::<Timestamp>().unwrap().as_second();
            if at("published_at") > NOW {
                self.delays.push(at("detected_at") - at("published_at"));
            }
        }
        counts
    }

    /// Moves the time by ten minutes with news and posts.
    pub fn advance(&mut self) {
        (0..BETWEEN_S / TICK_S).for_each(|_| self.web.advance());
        self.passed += BETWEEN_S;
        self.advance_x();
    }

    /// Moves the time by ten minutes with posts but without news.
    pub fn advance_x(&self) {
        self.web.x().unwrap().advance_clock(BETWEEN_S * 1000);
    }

    /// From now on answers come at once, what follows counting calls and not time, and feeds are asked as often as
    /// `polling` says, lines for `[cache]`; so far each was asked in each cycle.
    pub fn begin_day(&self, polling: &str) {
        self.web.set_latency(Duration::ZERO, Duration::ZERO);
        let path = self.dir.path().join("tge-scrape.toml");
        let settings = std::fs::read_to_string(&path).unwrap();
        let always = "feed_ttl = \"0s\"\n";
        assert!(settings.contains(always));
        std::fs::write(&path, settings.replace(always, polling)).unwrap();
    }

    pub fn end(self) {
        drop(self.web);
        self.runtime.shutdown_background();
    }
}
