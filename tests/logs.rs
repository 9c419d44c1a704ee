//! Log lines and summaries on stderr.

use serde_json::Value;

use crate::support::{
    inbox::{Answer, Inbox},
    lab::Lab,
};

/// A lab whose only feed is missing.
fn failing() -> (Inbox, Lab) {
    let site = Inbox::start(move |_, _| Some(Answer::new(404, "")));
    let lab = Lab::new();
    lab.settings(&format!(
        "[http]\nallow_private_addresses = true\nper_host_interval = \"0s\"\n[cache]\nfeed_ttl = \"0s\"\n[[feeds]]\nurl = \"{}\"\nname = \"Dead\"\n",
        site.url("/feed")
    ));
    (site, lab)
}

#[test]
fn a_failing_feed_is_named_once_and_libraries_are_silent() {
    let (_site, lab) = failing();
    let ran = lab.run(&["cycle", "-v"]);
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("not found (404)").count(), 1, "{}", ran.stderr);
    assert!(!ran.stderr.contains("rusqlite_migration"), "{}", ran.stderr);
}

#[test]
fn every_line_on_stderr_is_json_if_asked_for() {
    let (_site, lab) = failing();
    for arguments in [&["cycle", "-v"][..], &["cycle", "-vv"], &["explain", "nowhere.txt"]] {
        let ran = lab.run(&[arguments, &["--log-format", "json"]].concat());
        assert!(!ran.stderr.is_empty());
        for line in ran.stderr.lines() {
            let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            assert!(value["level"].is_string() && value["fields"]["message"].is_string(), "{line}");
        }
    }
}

/// The lines of the log file of `lab`.
fn log_lines(lab: &Lab) -> Vec<String> {
    let text = std::fs::read_to_string(lab.path().join("run.log")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Adds `[log]` to the settings of `lab`.
fn with_log(lab: &Lab, more: &str) {
    let settings = std::fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap();
    lab.settings(&format!("{settings}\n[log]\nfile = \"run.log\"\n{more}"));
}

#[test]
fn the_log_file_has_the_result_of_each_cycle_and_each_request_at_vv() {
    let lab = Lab::with_web();
    with_log(&lab, "");
    let quiet = lab.run(&["cycle", "-q"]);
    assert_eq!(quiet.stderr, "", "the file changes nothing on stderr");
    let lines = log_lines(&lab);
    assert!(lines.iter().any(|line| line.contains(" INFO tge_scrape: ok in ")), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.contains("DEBUG")), "{lines:#?}");
    let before = lab.web().request_log().requests.len();
    let ran = lab.run(&["cycle", "-vv"]);
    let sent = lab.web().request_log().requests.len() - before;
    let requests: Vec<String> =
        log_lines(&lab).into_iter().filter(|line| line.contains("GET purpose=")).collect();
    assert_eq!(requests.len(), sent, "{requests:#?}");
    assert_eq!(ran.stderr.matches("GET purpose=").count(), sent);
    for wanted in ["purpose=\"feed\"", "address=\"http://", "status=304", "bytes=", "ms=", "conditional=true"]
    {
        assert!(requests.iter().any(|line| line.contains(wanted)), "{wanted} is missing in {requests:#?}");
    }
    assert!(!log_lines(&lab).iter().any(|line| line.contains("hyper") || line.contains("reqwest")));
}

#[test]
fn processes_that_share_the_log_file_rotate_it_and_lose_no_line() {
    let lab = Lab::with_web();
    with_log(&lab, "max_size = \"64KiB\"\nkeep = 20\n");
    let mut children = Vec::new();
    for number in 0..4 {
        let state = format!("state-{number}");
        children.push(lab.start(&["--state-dir", &state, "cycle", "-vv", "--log-format", "json"]));
    }
    let mut requests = 0;
    for child in children {
        let stderr = child.wait_with_output().unwrap().stderr;
        requests += String::from_utf8_lossy(&stderr).matches("\"message\":\"GET\"").count();
    }
    let mut logged = 0;
    let mut files = 0;
    for file in std::fs::read_dir(lab.path()).unwrap().map(|file| file.unwrap().path()) {
        if !file.file_name().unwrap().to_string_lossy().starts_with("run.log") {
            continue;
        }
        files += 1;
        for line in std::fs::read_to_string(&file).unwrap().lines() {
            let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            logged += usize::from(line["fields"]["message"] == "GET");
        }
    }
    assert_eq!(logged, requests);
    assert!(files > 3, "{files} files: it was not rotated");
}

#[test]
fn a_log_file_that_cannot_be_written_gives_a_sentence_and_stops_nothing() {
    let lab = Lab::with_web();
    with_log(&lab, "");
    std::fs::write(lab.path().join("file"), "").unwrap();
    let settings = std::fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap();
    lab.settings(&settings.replace("file = \"run.log\"", "file = \"file/run.log\""));
    let ran = lab.run(&["cycle"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("log.file: ") && ran.stderr.contains("cannot be written"), "{}", ran.stderr);
    lab.settings(&settings.replace("file = \"run.log\"", "keep = 0\nmax_size = \"1KiB\""));
    let wrong = lab.run(&["config", "check"]);
    assert!(
        wrong.code != 0 && wrong.stdout.contains("log.keep") | wrong.stderr.contains("log.keep"),
        "{}",
        wrong.stderr
    );
}
