//! What must not go wrong when things go wrong: stops, deadlines, no network.

use std::{
    io::{Read, Write},
    net::TcpListener,
    process::Command,
    sync::mpsc,
    thread,
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

/// The monitor takes the first ping, and answers it once a source has been asked; it never answers the last.
#[cfg(unix)]
#[test]
fn a_monitor_that_hangs_delays_no_request_and_a_signal_ends_the_last_ping() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/token", listener.local_addr().unwrap());
    let (asked, may_answer) = mpsc::channel();
    let (pinged, last) = mpsc::channel();
    let monitor = thread::spawn(move || {
        let (mut first, _) = listener.accept().unwrap();
        may_answer.recv().unwrap();
        first.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
        let (mut last, _) = listener.accept().unwrap();
        last.read_exact(&mut [0; 4]).unwrap();
        pinged.send(()).unwrap();
        // Until the other side has gone.
        while last.read(&mut [0; 64]).is_ok_and(|bytes| bytes > 0) {}
    });
    let lab = Lab::with_web();
    let settings = lab.web().settings_toml();
    lab.settings(&format!("{settings}\n[metrics]\nhealthcheck_url_env = \"PING\"\n"));
    let child = lab.command(&["cycle"]).env("PING", &url).spawn().unwrap();
    while lab.web().ledger().connections == 0 {
        pass(Duration::from_millis(5));
    }
    asked.send(()).unwrap();
    last.recv().unwrap();
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let ended = ran(child.wait_with_output().unwrap());
    monitor.join().unwrap();
    // Had the first ping come before the sources, or the last been waited for, its time would have passed.
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
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
