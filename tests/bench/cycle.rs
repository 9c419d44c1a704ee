//! The real binary against the simulated internet, with and without its savings.
//!
//! Counts are exact and held against `budget.toml`; times are told as ratios. `--quick` runs the smallest web
//! only, `--write` prints a new budget instead of holding to the old one.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that cannot go on should say where"
)]

use std::{collections::BTreeMap, process::Command, time::Duration};

use serde_json::Value;
use tge_scrape::fixture_web::{Bulk, FixtureWeb, Options};

/// What the budget holds: exact counts by scenario.
const BUDGET: &str = include_str!("budget.toml");
/// Cycles of a day: one an hour, news in a quarter of the feeds each time.
const DAY: u32 = 24;
/// Bytes may differ by this share: addresses hold the port, and packing depends on it.
const BYTES: f64 = 0.01;
/// No cycle may take longer: the ceiling catches hangs, nothing finer.
const CEILING_MS: u64 = 240_000;

/// What is counted in one cycle, or in several together.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    cycles: u64,
    requests: u64,
    full: u64,
    unmodified: u64,
    pages: u64,
    connections: u64,
    new: u64,
    stories: u64,
    violations: u64,
    bytes: u64,
    lookups: u64,
    hits: u64,
    ms: u64,
    peak: u64,
}

impl Counts {
    fn of(report: &Value) -> Self {
        let figure = |path: &str| report.pointer(path).and_then(Value::as_u64).unwrap_or(0);
        Self {
            cycles: 1,
            requests: figure("/http/requests"),
            full: figure("/http/outcomes/2xx"),
            unmodified: figure("/http/outcomes/304"),
            pages: figure("/articles/fetched"),
            connections: figure("/http/connections_opened"),
            new: figure("/entries/new"),
            stories: figure("/stories/new"),
            violations: figure("/http/outcomes/429"),
            bytes: figure("/http/bytes_received"),
            lookups: figure("/cache/lookups"),
            hits: figure("/cache/fresh_hits") + figure("/cache/revalidated"),
            ms: figure("/cycle/duration_ms"),
            peak: figure("/memory/peak_rss_bytes"),
        }
    }

    fn add(&mut self, other: Self) {
        self.cycles += other.cycles;
        self.requests += other.requests;
        self.full += other.full;
        self.unmodified += other.unmodified;
        self.pages += other.pages;
        self.connections += other.connections;
        self.new += other.new;
        self.stories += other.stories;
        self.violations += other.violations;
        self.bytes += other.bytes;
        self.lookups += other.lookups;
        self.hits += other.hits;
        self.ms += other.ms;
        self.peak = self.peak.max(other.peak);
    }

    /// What the budget holds of it.
    fn exact(&self) -> [(&'static str, u64); 8] {
        [
            ("requests", self.requests),
            ("full", self.full),
            ("unmodified", self.unmodified),
            ("pages", self.pages),
            ("connections", self.connections),
            ("new", self.new),
            ("stories", self.stories),
            ("violations", self.violations),
        ]
    }
}

/// A web with a state folder of its own.
struct Site {
    runtime: tokio::runtime::Runtime,
    web: FixtureWeb,
    dir: tempfile::TempDir,
    flags: &'static [&'static str],
}

impl Site {
    fn new(hosts: usize, flags: &'static [&'static str]) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let options = Options {
            now: 1_795_000_000,
            seed: 7,
            latency: Duration::from_millis(50),
            spread: Duration::from_millis(20),
            port: 0,
            bulk: Some(Bulk { feeds: hosts, entries: 30, relevant: 5 }),
            x: None,
            faults: Vec::new(),
        };
        let web = runtime.block_on(FixtureWeb::start(options)).unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("tge-scrape.toml"), web.settings_toml()).unwrap();
        Self { runtime, web, dir, flags }
    }

    /// One cycle; what it says must be what the web counted.
    fn cycle(&self) -> Counts {
        let before = self.web.ledger();
        let mut command = Command::new(env!("CARGO_BIN_EXE_tge-scrape"));
        command.args(["cycle", "--format", "json"]).args(self.flags).current_dir(self.dir.path()).env_clear();
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let counts = Counts::of(&report);
        let ledger = self.web.ledger();
        let asked = &ledger.requests[before.requests.len()..];
        assert_eq!(counts.requests, asked.len() as u64, "requests, as the web counted them");
        assert_eq!(counts.unmodified, asked.iter().filter(|one| one.status == 304).count() as u64);
        assert_eq!(counts.connections, ledger.connections - before.connections, "connections");
        assert!(counts.ms < CEILING_MS, "a cycle took {} ms", counts.ms);
        counts
    }

    /// A day of cycles with news coming in before each.
    fn day(&self, forgetful: bool) -> Counts {
        let mut sum = Counts::default();
        for _ in 0..DAY {
            self.web.advance();
            if forgetful {
                let _ = std::fs::remove_dir_all(self.dir.path().join("state"));
            }
            sum.add(self.cycle());
        }
        sum
    }

    fn end(self) {
        drop(self.web);
        self.runtime.shutdown_background();
    }
}

/// The scenarios of a web of `hosts` hosts, by name.
fn measure(hosts: usize) -> BTreeMap<String, Counts> {
    let mut all = BTreeMap::new();
    for (name, flags) in [("ours", &[][..]), ("naive", &["--naive"][..])] {
        let site = Site::new(hosts, flags);
        let mut put = |what: &str, counts| all.insert(format!("{what} {name}"), counts);
        put("1 cold", site.cycle());
        put("2 warm", site.cycle());
        site.web.advance();
        put("3 tick", site.cycle());
        put("4 day", site.day(false));
        site.end();
    }
    // Without any memory every cycle is a first one; more hosts would only repeat the finding.
    if hosts <= 20 {
        let site = Site::new(hosts, &["--naive"]);
        all.insert("5 day, without memory naive".to_owned(), site.day(true));
        site.end();
    }
    all
}

fn share(part: u64, whole: u64) -> String {
    if whole == 0 { "–".to_owned() } else { format!("{:.1} %", part as f64 / whole as f64 * 100.0) }
}

fn show(hosts: usize, all: &BTreeMap<String, Counts>) {
    println!("\n{hosts} hosts, 30 entries each, answers after 50 ± 20 ms");
    println!(
        "{:<28} {:>8} {:>8} {:>7} {:>7} {:>7} {:>7} {:>7} {:>8} {:>9} {:>10}",
        "", "requests", "full", "304", "pages", "conns", "reuse", "hits", "stories", "time", "memory"
    );
    for (name, one) in all {
        println!(
            "{:<28} {:>8} {:>8} {:>7} {:>7} {:>7} {:>7} {:>7} {:>8} {:>6} ms {:>6} MiB",
            name[2..].to_owned(),
            one.requests,
            one.full,
            one.unmodified,
            one.pages,
            one.connections,
            share(one.requests.saturating_sub(one.connections), one.requests),
            share(one.hits, one.lookups),
            one.stories,
            one.ms / one.cycles.max(1),
            one.peak >> 20,
        );
    }
    let find = |name: &str| all.get(name).copied().unwrap_or_default();
    for what in ["1 cold", "2 warm", "3 tick", "4 day"] {
        let (ours, naive) = (find(&format!("{what} ours")), find(&format!("{what} naive")));
        println!(
            "{}: calls −{}, full responses −{}, bytes −{}, time × {:.2}, violations {}",
            &what[2..],
            share(naive.requests.saturating_sub(ours.requests), naive.requests),
            share(naive.full.saturating_sub(ours.full), naive.full),
            share(naive.bytes.saturating_sub(ours.bytes), naive.bytes),
            ours.ms as f64 / naive.ms.max(1) as f64,
            ours.violations,
        );
    }
    if let Some(forgetful) = all.get("5 day, without memory naive") {
        let ours = find("4 day ours");
        println!(
            "day against a program without memory: calls −{}, bytes −{}",
            share(forgetful.requests.saturating_sub(ours.requests), forgetful.requests),
            share(forgetful.bytes.saturating_sub(ours.bytes), forgetful.bytes),
        );
    }
}

/// Where `counts` leave the budget.
fn compare(section: &str, counts: &Counts, budget: &toml::Table, wrong: &mut Vec<String>) {
    let held = budget.get(section).and_then(toml::Value::as_table);
    let held = |key: &str| held.and_then(|held| held.get(key)?.as_integer()).map(i64::cast_unsigned);
    for (key, value) in counts.exact() {
        if held(key) != Some(value) {
            wrong.push(format!("[\"{section}\"] {key}: {value}, budget {:?}", held(key)));
        }
    }
    let bytes = held("bytes").unwrap_or(0);
    if counts.bytes.abs_diff(bytes) as f64 > bytes as f64 * BYTES {
        wrong.push(format!("[\"{section}\"] bytes: {}, budget {bytes}", counts.bytes));
    }
}

fn main() {
    let has = |flag: &str| std::env::args().any(|argument| argument == flag);
    let sizes: &[usize] = if has("--quick") { &[20] } else { &[20, 200, 1000] };
    let budget: toml::Table = toml::from_str(BUDGET).unwrap();
    let mut wrong = Vec::new();
    let mut written = String::new();
    for hosts in sizes {
        let all = measure(*hosts);
        show(*hosts, &all);
        for (name, counts) in &all {
            let section = format!("{hosts} hosts, {}", &name[2..]);
            compare(&section, counts, &budget, &mut wrong);
            written.push_str(&format!("\n[\"{section}\"]\n"));
            for (key, value) in counts.exact() {
                written.push_str(&format!("{key} = {value}\n"));
            }
            written.push_str(&format!("bytes = {}\n", counts.bytes));
        }
    }
    if has("--write") {
        println!("{written}");
    } else {
        assert!(
            wrong.is_empty(),
            "counts left their budget (cargo bench --bench cycle -- --write):\n{}",
            wrong.join("\n")
        );
    }
}
