//! What the operator hears of a drift, a gap, a silent source, a rising level and a full disk: once, at the level and in
//! the time of docs/reference/failures.md.

use std::{fs, time::Duration};

use serde_json::Value;
use tge_scrape::fixture_web::InjectedFailure;

use crate::support::{lab::Lab, state::lines, world::bulk};

const CHANNEL: &str = "[[channels]]\nkind = \"file\"\npath = \"ops.ndjson\"\ntopics = [\"ops\"]\n";
const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A lab with an ops channel that records, and `more` settings.
fn lab(feeds: usize, more: &str) -> Lab {
    let lab = bulk(feeds, 2);
    // Only what a test plays may be reported: the first cycles open a connection for each request, and a debug build is
    // slow.
    let targets = "[targets]\ncycle_time = \"1h\"\nconnection_reuse = 0.0\ncall_reduction = 0.0\ncache_hit_ratio = 0.0\n\
                   memory = \"10GiB\"\nerror_ratio = 1.0\nstatement_time = \"1h\"\ncycle_success = 0.0\n";
    let feeds = lab.web().settings_toml().replace("[cycle]\n", "[cycle]\nmax_failed_ratio = 1.0\n");
    lab.settings(&format!("{feeds}\n{CHANNEL}{targets}{more}"));
    lab
}

/// Runs a cycle `at` seconds after the start of the test; returns phase, level and sentence of the notices that it sends on
/// subjects beginning with `subject`. It sends no other.
fn notices(lab: &Lab, at: i64, subject: &str) -> Vec<(String, String, String)> {
    let file = lab.path().join("ops.ndjson");
    let before = if file.exists() { lines(&file).len() } else { 0 };
    let ran = lab.run(&["--shift-clock", &at.to_string(), "cycle"]);
    assert_eq!(ran.code, 0, "at {at} s: {}", ran.stderr);
    let messages = if file.exists() { lines(&file) } else { Vec::new() };
    let new = messages.iter().skip(before).flat_map(|message| message["notices"].as_array().unwrap());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    new.map(|notice| {
        assert!(text(&notice["subject"]).starts_with(subject), "at {at} s: {notice}");
        (text(&notice["phase"]), text(&notice["level"]), text(&notice["says"]))
    })
    .collect()
}

/// As [`notices`], which must be one, of that phase and level; returns its sentence.
fn one(lab: &Lab, at: i64, subject: &str, phase: &str, level: &str) -> String {
    let sent = notices(lab, at, subject);
    assert!(matches!(&sent[..], [only] if only.0 == phase && only.1 == level), "at {at} s: {sent:?}");
    sent[0].2.clone()
}

fn none(lab: &Lab, at: i64) {
    assert_eq!(notices(lab, at, ""), [], "at {at} s");
}

#[test]
fn a_gap_is_reported_once_by_the_first_cycle_after_it() {
    let lab = lab(2, "");
    for number in 0..5 {
        none(&lab, number * 10 * MINUTE);
    }
    // Shorter than an hour, then longer than an hour and three usual intervals.
    none(&lab, 90 * MINUTE);
    none(&lab, 100 * MINUTE);
    let says = one(&lab, 161 * MINUTE + 30, "gap ", "raised", "warning");
    assert!(says.starts_with("no cycle began for 61m, from "), "{says}");
    none(&lab, 171 * MINUTE);
    none(&lab, 181 * MINUTE + DAY);
}

#[test]
fn max_gap_decides_from_when_on_a_gap_is_reported_and_how_loudly() {
    let lab = lab(2, "max_gap = { warning = \"30m\", critical = \"2h\" }\n");
    none(&lab, 0);
    none(&lab, 30 * MINUTE - 10);
    one(&lab, 61 * MINUTE, "gap ", "raised", "warning");
    none(&lab, 70 * MINUTE);
    one(&lab, 70 * MINUTE + 2 * HOUR + 10, "gap ", "raised", "critical");
    none(&lab, 90 * MINUTE + 2 * HOUR);
}

#[test]
fn a_silent_source_is_reported_once_after_seven_days() {
    let lab = lab(1, "");
    for day in 0..6 {
        none(&lab, day * DAY);
    }
    // From here on a cycle each three hours. Time counts when cycles have confirmed it, six hours later.
    let mut at = 6 * DAY;
    while at < 7 * DAY + 6 * HOUR {
        none(&lab, at);
        at += 3 * HOUR;
    }
    let says = one(&lab, at, "feed ", "raised", "warning");
    assert!(says.ends_with("answers, but has brought nothing new for over 7 days"), "{says}");
    for _ in 0..7 {
        at += 3 * HOUR;
        none(&lab, at);
    }
    one(&lab, at + 3 * HOUR, "feed ", "lasting", "warning");
}

#[test]
fn a_level_that_rises_is_reported_at_once_and_reaches_the_critical_channel() {
    let check = |at_most: u32, level: &str| {
        format!(
            "[[checks]]\nfigure = \"feeds.failed\"\nover = \"6h\"\nat_most = {at_most}\nlevel = \"{level}\"\n"
        )
    };
    let pager = "[[channels]]\nkind = \"file\"\nname = \"pager\"\npath = \"pager.ndjson\"\ntopics = [\"ops\"]\n\
                 min_level = \"critical\"\n";
    let settings = check(0, "warning") + &check(3, "critical") + pager;
    let lab = lab(5, &format!("max_gap = \"1d\"\n{settings}"));
    let urls = lab.web().feed_urls();
    let hosts: Vec<String> = urls
        .iter()
        .map(|url| url.split("://").nth(1).unwrap().split(['.', '/', ':']).next().unwrap().to_owned())
        .collect();
    let fail = |feeds: std::ops::Range<usize>| {
        let failures: Vec<_> = feeds.map(|at| (hosts[at].clone(), InjectedFailure::Missing)).collect();
        lab.web().set_failures(&failures);
    };
    none(&lab, 0);
    none(&lab, 10 * MINUTE);
    fail(0..1);
    none(&lab, 20 * MINUTE);
    fail(0..0);
    let says = one(&lab, 30 * MINUTE, "check feeds.failed 6h", "raised", "warning");
    assert_eq!(says, "feeds.failed over 6h: 1, wanted is at most 0");
    none(&lab, 40 * MINUTE);
    fail(1..5);
    none(&lab, 50 * MINUTE);
    fail(0..0);
    let says = one(&lab, 60 * MINUTE, "check feeds.failed 6h", "raised", "critical");
    assert_eq!(says, "feeds.failed over 6h: 5, wanted is at most 3");
    none(&lab, 70 * MINUTE);
    // Six hours after the failures both checks hold, and the channel that got the notice gets its end.
    one(&lab, 7 * HOUR, "check feeds.failed 6h", "recovered", "critical");
    let pager = lines(&lab.path().join("pager.ndjson"));
    let phases: Vec<_> = pager.iter().map(|message| message["notices"][0]["phase"].clone()).collect();
    assert_eq!(phases, ["raised", "recovered"]);
}

#[test]
fn checks_are_shown_beside_the_targets_and_strict_exits_with_4() {
    let check = "[[checks]]\nfigure = \"stories.new\"\nover = \"1h\"\nat_most = 1\nlevel = \"critical\"\n\
                 [[checks]]\nfigure = \"stories.new\"\nover = \"7d\"\nat_least = 1000\n";
    let lab = lab(3, check);
    assert_eq!(lab.run(&["cycle", "--catch-up", "9"]).code, 0);
    let shown = lab.run(&["stats", "--targets"]);
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    for part in ["stories.new over 1h: ", "at most 1", "MISSED", "stories.new over 7d: ", "not judged yet"] {
        assert!(shown.stdout.contains(part), "{part}: {}", shown.stdout);
    }
    assert_eq!(lab.run(&["stats", "--targets", "--strict"]).code, 4);
    let json = lab.run(&["stats", "--format", "json"]).json();
    assert_eq!((&json["checks"][0]["ok"], &json["checks"][0]["over"]), (&false.into(), &"1h".into()));
    assert_eq!(json["checks"][1]["ok"], Value::Null, "an hour of history is no week");
    let doctor = lab.run(&["doctor", "--format", "json"]);
    let findings = doctor.json()["findings"].as_array().unwrap().clone();
    let line = findings.iter().find(|finding| finding["thing"] == "checks").unwrap();
    assert_eq!((doctor.code, &line["level"]), (1, &"wrong".into()), "{line}");
    let metrics = lab.run(&["stats", "--format", "prometheus"]).stdout;
    let series = "tge_scrape_check_missed{figure=\"stories.new\",over=\"1h\",level=\"critical\"} 1\n";
    assert!(metrics.contains(series) && !metrics.contains("over=\"7d\""), "{metrics}");
    // Two hours later the hour holds no story.
    assert_eq!(lab.run(&["--shift-clock", "7200", "cycle"]).code, 0);
    assert_eq!(lab.run(&["--shift-clock", "7300", "stats", "--targets", "--strict"]).code, 0);
}

#[test]
fn suggested_targets_are_valid_settings() {
    let lab = lab(2, "");
    for number in 0..21 {
        assert_eq!(lab.run(&["--shift-clock", &(number * 600).to_string(), "cycle"]).code, 0);
    }
    let suggested = lab.run(&["stats", "--targets", "--suggest"]);
    assert_eq!(suggested.code, 0, "{}", suggested.stderr);
    for key in ["cycle_time = \"", "memory = \"", "statement_time = \"", "max_gap = \"72"] {
        assert!(suggested.stdout.contains(key), "{key}: {}", suggested.stdout);
    }
    fs::write(lab.path().join("own.toml"), format!("{}\n{}", lab.web().settings_toml(), suggested.stdout))
        .unwrap();
    let checked = lab.run(&["--config", "own.toml", "config", "check"]);
    assert_eq!(checked.code, 0, "{}", checked.stderr);
    let strict = lab.run(&["--config", "own.toml", "--shift-clock", "13200", "cycle", "--strict-targets"]);
    assert_eq!(strict.code, 0, "{}", strict.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_is_reported_at_each_level() {
    use crate::support::mount::Mount;

    let lab = lab(1, "[alerts]\ndisk_free = \"16MiB\"\n");
    let disk = lab.path().join("state");
    fs::create_dir(&disk).unwrap();
    let Some(_mount) = Mount::new(&disk, &["-t", "tmpfs", "-o", "size=40m", "none"]) else { return };
    let fill = |mebibytes: usize| fs::write(disk.join("ballast"), vec![1; mebibytes << 20]).unwrap();
    none(&lab, 0);
    fill(26);
    let says = one(&lab, 10 * MINUTE, "disk", "raised", "warning");
    assert_eq!(says, "less than 16MiB are free on the disk of the state folder");
    none(&lab, 20 * MINUTE);
    fill(37);
    let says = one(&lab, 30 * MINUTE, "disk", "raised", "critical");
    assert_eq!(says, "less than 4MiB are free on the disk of the state folder");
    none(&lab, 40 * MINUTE);
    fill(1);
    one(&lab, 50 * MINUTE, "disk", "recovered", "critical");
}

#[test]
fn a_drift_is_reported_once_by_the_cycle_after_five_slow_ones() {
    let lab = lab(1, "");
    let mut at = 0;
    let mut next = || {
        at += 10 * MINUTE;
        at
    };
    for _ in 0..11 {
        none(&lab, next());
    }
    // Longer than a second: shorter cycles are never slow.
    lab.web().set_latency(Duration::from_millis(1100), Duration::ZERO);
    for _ in 0..5 {
        none(&lab, next());
    }
    let says = one(&lab, next(), "drift", "raised", "warning");
    assert!(says.contains("5 cycles in a row"), "{says}");
    assert!(says.contains("answer") && says.contains(".localhost"), "names no stage or host: {says}");
    none(&lab, next());
    lab.web().set_latency(Duration::ZERO, Duration::ZERO);
    none(&lab, next());
    one(&lab, next(), "drift", "recovered", "warning");
    none(&lab, next());
}
