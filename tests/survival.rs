//! What must not go wrong when things go wrong: kills, stops, overlaps, disks that are full.

use std::{
    collections::BTreeSet,
    fs,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use tge_scrape::fixture_web::Options;

use crate::{
    cycle::{addresses, events, wanted},
    ground_truth::excused,
    support::lab::{Lab, now, ran},
};

/// Runs killed in one test: at every moment from the first instruction to past the end of a whole cycle.
const KILLS: u32 = 40;

/// Waits without sleeping long: the tests' own clock.
#[expect(clippy::disallowed_methods, reason = "a process is left to itself for a moment before it is killed")]
fn pass(time: Duration) {
    std::thread::sleep(time);
}

#[test]
fn killed_at_any_moment_nothing_is_lost_and_nothing_is_told_twice() {
    let lab = Lab::with_options(Options {
        now: now().as_second(),
        latency: Duration::from_millis(4),
        spread: Duration::from_millis(3),
        ..Options::default()
    });
    // Two hosts answer 500 to some pages at first: their tries would be used up by so many runs.
    lab.web().advance();
    lab.web().advance();
    for kill in 0..KILLS {
        let mut child = lab.start(&["cycle", "--format", "json"]);
        pass(Duration::from_millis(u64::from(kill) * 9));
        // It may have ended by itself.
        let _ = child.kill();
        child.wait().unwrap();
    }
    lab.cycle();
    lab.cycle();
    let check = lab.run(&["db", "check"]);
    assert_eq!(check.code, 0, "{}{}", check.stdout, check.stderr);
    let found = events(&lab);
    let mut missing: Vec<_> = wanted(&lab, 2).difference(&addresses(&found)).cloned().collect();
    missing.retain(|url| !excused(url));
    assert_eq!(missing, Vec::<String>::new());
    let mut seen = BTreeSet::new();
    for detection in &found {
        assert!(seen.insert(detection["url"].as_str().unwrap().to_owned()), "told twice: {detection}");
    }
}

#[test]
fn of_two_runs_one_works_and_one_leaves_with_75() {
    let lab = Lab::with_web();
    fs::create_dir_all(lab.state()).unwrap();
    let lock = fs::File::create(lab.state().join("lock")).unwrap();
    lock.lock().unwrap();
    let refused = lab.run(&["cycle"]);
    assert_eq!(refused.code, 75, "{}", refused.stderr);
    assert!(refused.stderr.contains("another cycle is at work") && refused.stderr.contains("--wait-lock"));
    let mut waiting = lab.command(&["cycle", "--wait-lock", "30s"]).spawn().unwrap();
    pass(Duration::from_millis(50));
    lock.unlock().unwrap();
    assert_eq!(waiting.wait().unwrap().code(), Some(0));
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

#[test]
fn a_state_folder_that_cannot_be_used_is_one_sentence_and_exit_1() {
    let lab = Lab::with_web();
    fs::write(lab.state(), "a file stands where the folder should").unwrap();
    let ran = lab.run(&["cycle"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("hint:") && ran.stderr.contains("--state-dir"), "{}", ran.stderr);
    assert_eq!(ran.stderr.lines().count(), 2, "{}", ran.stderr);
}

#[test]
fn a_damaged_database_is_named_and_left_alone() {
    let lab = Lab::with_web();
    fs::create_dir_all(lab.state()).unwrap();
    let rubbish = "rubbish ".repeat(2000);
    fs::write(lab.state().join("tge-scrape.db"), &rubbish).unwrap();
    let ran = lab.run(&["cycle"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("damaged") && ran.stderr.contains("hint:"), "{}", ran.stderr);
    assert_eq!(fs::read_to_string(lab.state().join("tge-scrape.db")).unwrap(), rubbish);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_and_what_was_saved_stays() {
    let lab = Lab::with_web();
    let mount = lab.path().join("small");
    fs::create_dir(&mount).unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=256k", "none", mount.to_str().unwrap()])
        .stderr(Stdio::null())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        eprintln!("skipped: only root can make a small disk here");
        return;
    }
    let small = mount.to_str().unwrap().to_owned();
    let full = lab.run(&["--state-dir", &small, "cycle"]);
    let unmounted = Command::new("umount").args(["-l", &small]).status().unwrap();
    assert!(unmounted.success());
    assert_eq!(full.code, 1, "{}", full.stderr);
    assert!(full.stderr.contains("the disk is full") && full.stderr.contains("hint:"), "{}", full.stderr);
}
