//! The program and its peers on one web in one run: the cost of the network, of a minimal program, and of this one.
//!
//! `cargo bench --bench peers [-- PART…]` with the parts `warm`, `cold`, `whole`, `tls`, `many`, `imported`, `start`, `history`
//! and `sizing`; `--runs N` sets the number of runs (five). Every run is a process, and program and peer alternate.
//! Medians are printed. Nothing here fails for being slow; the bench `cycle` checks exact counts.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that cannot go on should say where"
)]

#[path = "../../support/authority.rs"]
mod authority;
mod bare;
mod history;
mod imported;
mod meter;
mod site;
mod sizing;

use std::path::Path;

use meter::{Cost, median};
use site::{Site, Wire};

/// Requests at once, where the default is not what is measured: as many as hosts wait, far from the limit of files.
const WIDE: &str = "concurrency = 512";

fn show(what: &str, cost: Cost) {
    println!(
        "{what:<58} {:>7.3} s {:>7.3} s {:>6.1} MB",
        cost.wall.as_secs_f64(),
        cost.cpu.as_secs_f64(),
        cost.peak as f64 / 1e6
    );
}

/// Alternates the program with a peer.
fn beside(
    what: &str,
    runs: usize,
    peer: &str,
    mut ours: impl FnMut() -> Cost,
    mut other: impl FnMut() -> Cost,
) {
    let (mut own, mut peers) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        own.push(ours());
        peers.push(other());
    }
    let (own, other) = (median(&own), median(&peers));
    show(&format!("{what}: ours"), own);
    show(&format!("{what}: {peer}"), other);
    println!(
        "{what}: wall × {:.2}, CPU × {:.2}, memory × {:.2}",
        own.wall.as_secs_f64() / other.wall.as_secs_f64(),
        own.cpu.as_secs_f64() / other.cpu.as_secs_f64(),
        own.peak as f64 / other.peak as f64
    );
}

/// One line about the measurement.
fn name(feeds: usize, what: &str, http: &str, wire: Wire) -> String {
    let width = if http.is_empty() { "default width" } else { http };
    let tls = if wire == Wire::Tls { " over TLS" } else { "" };
    format!("{feeds} feeds {what}{tls}, {width}")
}

/// Every feed answers 304.
fn warm(runs: usize) {
    for (feeds, http) in [(200, ""), (200, WIDE), (1000, ""), (1000, WIDE)] {
        warm_over(Wire::Plain, runs, feeds, http);
    }
}

fn warm_over(wire: Wire, runs: usize, feeds: usize, http: &str) {
    let site = Site::over(wire, feeds, 5, http);
    site.cycle();
    let tagged = site.tagged();
    let before = site.answered();
    let what = name(feeds, "warm", http, wire);
    beside(&what, runs, "curl, 50", || site.cycle(), || site.curl(&tagged));
    let after = site.answered();
    assert_eq!(after.0 - before.0, after.1 - before.1, "everything was a 304");
    site.end();
}

/// Every feed is new, and none has a candidate.
fn cold(runs: usize) {
    for http in ["", WIDE] {
        cold_over(Wire::Plain, runs, http);
    }
}

fn cold_over(wire: Wire, runs: usize, http: &str) {
    let site = Site::over(wire, 200, 0, http);
    let ours = || {
        site.forget();
        site.cycle()
    };
    let what = name(200, "cold, no articles", http, wire);
    beside(&what, runs, "bare loop, 50", ours, || site.bare());
    site.end();
}

/// Every feed is new, five of its entries are launches with a page each.
fn whole(runs: usize) {
    for (feeds, http) in [(200, ""), (200, WIDE), (1000, WIDE)] {
        whole_over(Wire::Plain, runs, feeds, http);
    }
}

fn whole_over(wire: Wire, runs: usize, feeds: usize, http: &str) {
    let site = Site::over(wire, feeds, 5, http);
    site.cycle();
    let asked = site.asked();
    let ours = || {
        site.forget();
        site.cycle()
    };
    let what = name(feeds, &format!("cold, {} requests", asked.len()), http, wire);
    beside(&what, runs, "curl, 50", ours, || site.curl(&asked));
    site.forget();
    let report = site.report();
    let total = |stage: &str| report["stages_ms"][stage]["total"].as_f64().unwrap_or_default() / 1e3;
    let parts = ["feed_parse", "early_filter", "extract", "judge", "commit"];
    let parts: Vec<String> = parts.iter().map(|part| format!("{part} {:.3} s", total(part))).collect();
    println!("{what}: threads spent {}", parts.join(", "));
    site.end();
}

/// The same over TLS, with HTTP/2 where a host is asked twice.
fn tls(runs: usize) {
    for (feeds, http) in [(200, ""), (1000, ""), (1000, WIDE)] {
        warm_over(Wire::Tls, runs, feeds, http);
    }
    cold_over(Wire::Tls, runs, "");
    whole_over(Wire::Tls, runs, 200, "");
    let site = Site::over(Wire::Tls, 200, 5, "");
    for arguments in [&["cycle"][..], &["cycle", "--naive"]] {
        site.forget();
        let before = site.web.request_log();
        site.command(arguments);
        let after = site.web.request_log();
        println!(
            "200 feeds over TLS, `{}`: {} requests on {} connections, {} of them HTTP/2, {} by an earlier session",
            arguments.join(" "),
            after.requests.len() - before.requests.len(),
            after.connections - before.connections,
            after.http2 - before.http2,
            after.resumed - before.resumed,
        );
    }
    site.end();
}

/// Ten thousand feeds of which one in a hundred has something new.
fn many(runs: usize) {
    let site = Site::new(10_000, 0, WIDE);
    site.web.publish_every(100);
    show("10,000 feeds, the first cycle", site.cycle());
    let tick = || {
        site.web.advance();
        site.cycle()
    };
    let cost = median(&std::iter::repeat_with(tick).take(runs).collect::<Vec<_>>());
    show("10,000 feeds, 1 % changed", cost);
    println!("10,000 feeds, 1 % changed: {:.3} ms CPU a feed", cost.cpu.as_secs_f64() * 1e3 / 10_000.0);
    site.end();
}

/// The time of a start.
fn start(runs: usize) {
    let site = Site::new(20, 5, "");
    site.cycle();
    for arguments in [&["--help"][..], &["stats"], &["events", "--since", "1d"], &["feed", "list"]] {
        let once = || site.command(arguments);
        show(&arguments.join(" "), median(&std::iter::repeat_with(once).take(runs * 10).collect::<Vec<_>>()));
    }
    site.end();
}

/// A comparison with the number of runs.
type Part = fn(usize);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if arguments.first().is_some_and(|first| first == bare::FLAG) {
        return bare::run(Path::new(&arguments[1]), Path::new(&arguments[2]));
    }
    let runs = arguments.iter().skip_while(|one| *one != "--runs").nth(1);
    let runs = runs.map_or(5, |runs| runs.parse().unwrap());
    let parts: [(&str, Part); 9] = [
        ("warm", warm),
        ("cold", cold),
        ("whole", whole),
        ("tls", tls),
        ("many", many),
        ("imported", imported::run),
        ("start", start),
        ("history", history::run),
        ("sizing", sizing::run),
    ];
    let asked = parts.iter().any(|(name, _)| arguments.iter().any(|one| one == name));
    println!("{:<58} {:>9} {:>9} {:>9}", "medians", "wall", "CPU", "memory");
    for (name, part) in parts {
        if !asked || arguments.iter().any(|one| one == name) {
            part(runs);
        }
    }
}
