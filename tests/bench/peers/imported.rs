//! 100,000 feeds of the database: what a cycle costs where all are due, and where none is.

use std::time::Duration;

use serde_json::Value;

use super::{
    WIDE,
    meter::{Cost, median},
    show,
    site::Site,
};

const FEEDS: usize = 100_000;
/// Entries of a body; few, because a first cycle is not what is measured.
const ENTRIES: usize = 5;
/// One in so many has something new in a cycle.
const CHANGED: usize = 100;

/// Imports the feeds, reads all, then measures cycles with all and with none of them due.
pub fn run(runs: usize) {
    let site = Site::with_entries(FEEDS, ENTRIES, WIDE);
    site.web.publish_every(CHANGED);
    show(&format!("{FEEDS} feeds, import into the database"), site.import_into_database());
    // A first cycle of so many takes longer than the time between two.
    site.change_settings("[cycle]\n", "[cycle]\ntimeout = \"1h\"\n");
    show(&format!("{FEEDS} feeds, the first cycle"), site.cycle());
    site.web.set_latency(Duration::from_millis(10), Duration::from_millis(5));
    let tick = || {
        site.web.advance();
        site.cycle()
    };
    let cost = median(&std::iter::repeat_with(tick).take(runs).collect::<Vec<_>>());
    show(&format!("{FEEDS} feeds, all due, 1 % changed"), cost);
    println!("{FEEDS} feeds: {:.3} ms CPU a feed", cost.cpu.as_secs_f64() * 1e3 / FEEDS as f64);

    site.poll_as_built_in();
    let all = site.report();
    let feeds = |report: &Value, outcome: &str| report["feeds"][outcome].as_u64().unwrap();
    let answered = feeds(&all, "fetched") + feeds(&all, "not_modified");
    assert_eq!((answered, feeds(&all, "failed"), feeds(&all, "total")), (FEEDS as u64, 0, FEEDS as u64));
    println!("{FEEDS} feeds, all due: the plan took {} ms", all["stages_ms"]["plan"]["total"]);
    let none = site.report();
    assert_eq!((feeds(&none, "fresh"), feeds(&none, "total")), (FEEDS as u64, FEEDS as u64));
    println!("{FEEDS} feeds, none due: the plan took {} ms", none["stages_ms"]["plan"]["total"]);
    let idle: Vec<Cost> = std::iter::repeat_with(|| site.cycle()).take(runs).collect();
    show(&format!("{FEEDS} feeds, none due"), median(&idle));
    for arguments in [&["stats"][..], &["stats", "--feeds"], &["doctor"], &["feed", "list"]] {
        let once = || site.command(arguments);
        let cost = median(&std::iter::repeat_with(once).take(runs).collect::<Vec<_>>());
        show(&format!("{} with {FEEDS} feeds", arguments.join(" ")), cost);
    }
    site.end();
}
