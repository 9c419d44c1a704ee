//! The real binary against the fixture web and the simulated X, with and without savings.
//!
//! Counts are compared with `budget.toml`; times are printed as ratios. `--quick` runs the smallest web
//! only, a number the web of so many hosts; `--write` prints a new budget instead of the comparison. `--pages` measures
//! page sources only, 400 or the number.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that cannot go on should say where"
)]

mod counts;
mod lists;
mod polling;
mod site;

use std::collections::BTreeMap;

use counts::{Counts, share};
use site::Site;

/// The budget: exact counts by scenario.
const BUDGET: &str = include_str!("budget.toml");
/// Page sources of `--pages`.
const PAGES: usize = 400;
/// Cycles of a day, ten minutes apart.
const DAY: u64 = 144;
/// Bytes may differ by this share: addresses hold the port, and packing depends on it. So may the counts of a day: what
/// falls due at the edge between two cycles, a feed or a robots.txt of yesterday, is asked for in the one or in the
/// other.
const NEARLY: f64 = 0.01;
/// The scenarios in the order of their runs. A day starts after the tick.
const SCENARIOS: [&str; 4] = ["cold", "warm", "tick", "day"];

/// How the binary is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum How {
    WithoutSavings,
    Ours,
}

impl How {
    fn as_str(self) -> &'static str {
        match self {
            Self::WithoutSavings => "without savings",
            Self::Ours => "ours",
        }
    }
}

type Measured = BTreeMap<(usize, How), Counts>;

/// The scenarios of a web of `hosts` hosts.
fn measure(hosts: usize) -> Measured {
    let mut all = BTreeMap::new();
    for how in [How::Ours, How::WithoutSavings] {
        let flags = if how == How::WithoutSavings { &["--naive"][..] } else { &[] };
        let mut site = Site::new(hosts, flags);
        let cold = site.cycle(&[]);
        site.advance_x();
        let warm = site.cycle(&[]);
        site.advance();
        let tick = site.cycle(&[]);
        site.begin_day("");
        let mut day = Counts::default();
        for _ in 0..DAY {
            site.advance();
            day.add(&site.cycle(if how == How::WithoutSavings { &["--only", "news"] } else { &[] }));
        }
        if how == How::WithoutSavings {
            // The cycles before asked X for the same every time, one account, one author and one search a call, and once
            // for its count: a day of them would bring nothing but 144 times that, the count, and the new authors.
            let steady = |counts: &Counts| counts.x - counts.x_users;
            assert_eq!(steady(&cold), steady(&warm) + 1, "calls to X besides lookups");
            assert_eq!(steady(&warm), steady(&tick), "calls to X besides lookups");
            let ours: &Counts = &all[&(SCENARIOS.len() - 1, How::Ours)];
            let x = DAY * (steady(&tick) + tick.x_users) + 1 + ours.x_users;
            (day.x, day.requests, day.full) = (x, day.requests + x, day.full + x);
        }
        site.end();
        for (at, counts) in [cold, warm, tick, day].into_iter().enumerate() {
            all.insert((at, how), counts);
        }
    }
    // The reported cost without savings equals that of the same cycle with every saving switched off.
    for at in 0..3 {
        let (ours, without_savings) = (all[&(at, How::Ours)], all[&(at, How::WithoutSavings)]);
        assert_eq!(
            ours.calls_without_savings, without_savings.requests,
            "calls.naive of the {} cycle",
            SCENARIOS[at]
        );
    }
    all
}

fn show(hosts: usize, all: &Measured) {
    println!("\n{hosts} hosts, 30 entries each, answers after 50 ± 20 ms, 100 accounts and 20 searches on X");
    println!(
        "{:<12} {:>8} {:>7} {:>8} {:>6} {:>6} {:>7} {:>7} {:>7} {:>7} {:>9} {:>8}",
        "", "requests", "x", "full", "304", "pages", "conns", "reuse", "hits", "stories", "time", "memory"
    );
    for ((at, how), one) in all {
        println!(
            "{:<12} {:>8} {:>7} {:>8} {:>6} {:>6} {:>7} {:>7} {:>7} {:>7} {:>6} ms {:>4} MiB",
            format!("{} {}", SCENARIOS[*at], how.as_str()),
            one.requests,
            one.x,
            one.full,
            one.unmodified,
            one.pages,
            one.connections,
            share(one.reused, one.reusable),
            share(one.hits, one.lookups),
            one.stories,
            one.ms / one.cycles.max(1),
            one.peak >> 20,
        );
    }
    let saved =
        |ours: u64, without_savings: u64| share(without_savings.saturating_sub(ours), without_savings);
    for (at, name) in SCENARIOS.iter().enumerate() {
        let (ours, without_savings) = (all[&(at, How::Ours)], all[&(at, How::WithoutSavings)]);
        println!(
            "{name}: calls −{}, of these news −{} and X −{}; full responses −{}, news' bytes −{}, time × {:.2}, answers 429: {}",
            saved(ours.requests, without_savings.requests),
            saved(ours.requests - ours.x, without_savings.requests - without_savings.x),
            saved(ours.x, without_savings.x),
            saved(ours.full, without_savings.full),
            saved(ours.news_bytes, without_savings.news_bytes),
            ours.ms as f64 / without_savings.ms.max(1) as f64,
            ours.violations,
        );
    }
    let (day, cold) = (all[&(3, How::Ours)], all[&(0, How::WithoutSavings)]);
    println!(
        "day, against a program that forgets everything between runs and so makes a cold cycle without savings each time: calls −{}, full responses −{}",
        saved(day.requests, DAY * cold.requests),
        saved(day.full, DAY * cold.full),
    );
}

/// Where `counts` exceed the budget.
fn compare(section: &str, counts: &Counts, budget: &toml_edit::Table, wrong: &mut Vec<String>) {
    let held = budget.get(section).and_then(toml_edit::Item::as_table);
    let held = |key: &str| held.and_then(|held| held.get(key)?.as_integer()).map(i64::cast_unsigned);
    let nearly = |value: u64, held: u64| value.abs_diff(held) as f64 <= (held as f64 * NEARLY).ceil();
    let day = section.contains(" day ");
    for (key, value) in counts.exact() {
        if !held(key).is_some_and(|held| value == held || day && nearly(value, held)) {
            wrong.push(format!("[\"{section}\"] {key}: {value}, budget {:?}", held(key)));
        }
    }
    if !held("news_bytes").is_some_and(|held| nearly(counts.news_bytes, held)) {
        wrong.push(format!(
            "[\"{section}\"] news_bytes: {}, budget {:?}",
            counts.news_bytes,
            held("news_bytes")
        ));
    }
}

fn main() {
    let has = |flag: &str| std::env::args().any(|argument| argument == flag);
    let named: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    if has("--pages") {
        lists::measure(named.first().copied().unwrap_or(PAGES));
        return;
    }
    let sizes = if has("--quick") {
        vec![20]
    } else if named.is_empty() {
        vec![20, 200, 1000]
    } else {
        named
    };
    let budget: toml_edit::DocumentMut = BUDGET.parse().unwrap();
    let mut wrong = Vec::new();
    let mut written = String::new();
    for hosts in sizes {
        let all = measure(hosts);
        show(hosts, &all);
        polling::compare(hosts);
        for ((at, how), counts) in &all {
            let section = format!("{hosts} hosts, {} {}", SCENARIOS[*at], how.as_str());
            compare(&section, counts, &budget, &mut wrong);
            written.push_str(&format!("\n[\"{section}\"]\n"));
            for (key, value) in counts.exact() {
                written.push_str(&format!("{key} = {value}\n"));
            }
            written.push_str(&format!("news_bytes = {}\n", counts.news_bytes));
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
