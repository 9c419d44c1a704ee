//! What a machine needs by the number of feeds: memory, processor time, size of the database.

use std::{collections::BTreeMap, time::Duration};

use rusqlite::Connection;
use tge_scrape::clock::{Clock, SystemClock};

use super::{
    meter::{Cost, median},
    site::{NOW, Site},
};

const FEEDS: [usize; 4] = [50, 200, 1_000, 5_000];
/// Cycles of a day, ten minutes apart; a tick of the web is a minute.
const CYCLES: i64 = 144;
const TICKS: i64 = 10;
const TICK_S: i64 = 60;
/// Days that cycles and pages are kept (`keep.cycles`, `keep.articles`); other rows are kept for longer than a year, or
/// are entries, which are counted as a year.
const KEPT_DAYS: u64 = 30;
const YEAR_DAYS: u64 = 365;

/// Bytes of each table and index.
type Sizes = BTreeMap<String, u64>;

/// Prints a row of the table for each number of feeds.
pub fn run(runs: usize) {
    println!(
        "{:>6} {:>12} {:>12} {:>9} {:>9} {:>9} {:>10} {:>10} {:>10}",
        "feeds",
        "first, MB",
        "later, MB",
        "first CPU",
        "warm CPU",
        "day CPU",
        "first, MB",
        "day, MB",
        "year, MB"
    );
    for feeds in FEEDS {
        row(feeds, runs);
    }
}

fn row(feeds: usize, runs: usize) {
    let site = Site::new(feeds, 5, "");
    site.web.pace(TICK_S);
    let cold = cycle(&site, 0);
    let first = sizes(&site).values().sum::<u64>();
    let warm: Vec<Cost> = std::iter::repeat_with(|| cycle(&site, 0)).take(runs).collect();
    let before = sizes(&site);
    site.web.set_latency(Duration::ZERO, Duration::ZERO);
    site.poll_as_built_in();
    let day: Vec<Cost> = (1..=CYCLES)
        .map(|number| {
            (0..TICKS).for_each(|_| site.web.advance());
            cycle(&site, number * TICKS * TICK_S)
        })
        .collect();
    let grown = growth(&before, &sizes(&site));
    let later = warm.iter().chain(&day).map(|cost| cost.peak).max().unwrap_or_default();
    let mb = |bytes: u64| bytes as f64 / 1e6;
    println!(
        "{feeds:>6} {:>12.0} {:>12.0} {:>7.2} s {:>7.2} s {:>7.1} s {:>10.1} {:>10.2} {:>10.0}",
        mb(cold.peak),
        mb(later),
        cold.cpu.as_secs_f64(),
        median(&warm).cpu.as_secs_f64(),
        day.iter().map(|cost| cost.cpu.as_secs_f64()).sum::<f64>(),
        mb(first),
        mb(grown.values().sum()),
        mb(first + grown.iter().map(|(name, bytes)| bytes * days_kept(name)).sum::<u64>()),
    );
    site.end();
}

/// A cycle `passed` seconds after the start of the web.
fn cycle(site: &Site, passed: i64) -> Cost {
    let shift = NOW + passed - SystemClock.now().as_second();
    site.command(&["cycle", "--shift-clock", &shift.to_string()])
}

fn sizes(site: &Site) -> Sizes {
    let database = Connection::open(site.path("state").join("tge-scrape.db")).unwrap();
    let mut tables = database.prepare("SELECT name, sum(pgsize) FROM dbstat GROUP BY name").unwrap();
    let row = |row: &rusqlite::Row| Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned()));
    tables.query_map([], row).unwrap().map(Result::unwrap).collect()
}

fn growth(before: &Sizes, after: &Sizes) -> Sizes {
    let grown = |(name, bytes): (&String, &u64)| {
        (name.clone(), bytes.saturating_sub(before.get(name).copied().unwrap_or_default()))
    };
    after.iter().map(grown).collect()
}

/// Days of a year that the rows of a table or index are kept.
fn days_kept(name: &str) -> u64 {
    let is_deleted = name.contains("cycle") || name.contains("article");
    if is_deleted { KEPT_DAYS } else { YEAR_DAYS }
}
