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
