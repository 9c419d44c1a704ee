//! What must not go wrong when things go wrong: stops, deadlines, no network.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use tge_scrape::fixture_web::Options;

use crate::support::lab::{Lab, now, ran};

/// Waits without sleeping long: the tests' own clock.
#[expect(clippy::disallowed_methods, reason = "a process is left to itself for a moment")]
fn pass(time: Duration) {
    std::thread::sleep(time);
}

#[test]
fn time_that_runs_out_ends_the_cycle_with_what_is_done() {
    let lab = Lab::with_options(Options {
        now: now().as_second(),
        latency: Duration::from_millis(400),
        ..Options::default()
    });
    lab.settings(&format!("{}\n[cycle]\ntimeout = \"1100ms\"\n", lab.web().settings_toml()));
    let start = Instant::now();
    let ran = lab.run(&["cycle", "--format", "json"]);
    let report = ran.json();
    assert_eq!(report["cycle"]["deadline_hit"], true);
    assert!(start.elapsed() < Duration::from_secs(20), "the deadline was not kept");
    assert!(report["feeds"]["fetched"].as_u64().unwrap() > 0, "{report}");
    assert!(report["articles"]["fetched"].as_u64().unwrap() < 50, "{report}");
}

#[cfg(unix)]
#[test]
fn asked_to_stop_it_stops_cleanly_with_143() {
    let lab = Lab::with_options(Options {
        now: now().as_second(),
        latency: Duration::from_millis(1500),
        ..Options::default()
    });
    let child = lab.start(&["cycle", "--format", "json"]);
    // Its database is there once the handlers are: the first request follows.
    while lab.web().ledger().connections == 0 {
        pass(Duration::from_millis(5));
    }
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let ended = ran(child.wait_with_output().unwrap());
    assert_eq!(ended.code, 143, "{}", ended.stderr);
    assert_eq!(ended.json()["cycle"]["exit_code"], 143);
    assert_eq!(lab.run(&["db", "check"]).code, 0);
}

#[test]
fn no_network_is_said_once_and_loses_nothing() {
    let lab = Lab::new();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let feed = format!("[[feeds]]\nurl = \"http://127.0.0.1:{closed}/feed.xml\"\n");
    lab.settings(&format!("[http]\nallow_private_addresses = true\n{feed}"));
    let ran = lab.run(&["cycle"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (4, ""));
    assert!(ran.stderr.contains("no connection"), "{}", ran.stderr);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    // The next run leaves the failing feed alone and still says so.
    let report = lab.run(&["cycle", "--format", "json"]);
    assert_eq!((report.code, report.json()["http"]["requests"].as_u64()), (4, Some(0)));
}

#[test]
fn a_private_address_is_refused_unless_it_is_meant() {
    let lab = Lab::with_web();
    let settings = lab.web().settings_toml().replace("allow_private_addresses = true", "");
    lab.settings(&settings);
    let report = lab.run(&["cycle", "--format", "json"]);
    assert_eq!(report.code, 4);
    assert_eq!(lab.web().ledger().connections, 0);
    assert_eq!(report.json()["sources"][0]["failure"], "private_address");
}
