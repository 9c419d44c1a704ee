//! Sources without a feed, a dozen kinds at once: every launch found, nothing stored twice, a new layout reported once.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::Value;
use tge_scrape::figures::CycleReport;

use crate::support::{lab::Lab, venues::Venues};

const HEAD: &str = "[http]\nallow_private_addresses = true\nper_host_interval = \"0s\"\n[cache]\nfeed_ttl = \"0s\"\n[x]\nenabled = false\n\
                    [cycle]\nmax_failed_ratio = 1.0\n[[channels]]\nkind = \"file\"\npath = \"ops.ndjson\"\ntopics = [\"ops\"]\n";

/// A launch that only a program of the user lists.
const PRINTED: &str = "Harrowgate";

/// The venues, and a program.
fn lab(venues: &Venues) -> Lab {
    let lab = Lab::new();
    let (text, program) =
        ("The team confirmed the token launch and its terms today. ".repeat(25), lab.path().join("votes"));
    let entry = format!(
        "{{\"title\": \"{PRINTED} (HRRW) airdrop claim opens for early users\", \"id\": \"1\", \"content\": \"{text}\"}}"
    );
    fs::write(&program, format!("#!/bin/sh\necho '{entry}'\n")).unwrap();
    fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    let table = "[[feeds]]\nurl = \"exec:votes\"\ntier = 1\ncommand = [\"./votes\"]\n";
    lab.settings(&format!("{HEAD}{}{table}", venues.settings()));
    lab
}

fn launches() -> Vec<&'static str> {
    Venues::launches().into_iter().chain([PRINTED]).collect()
}

/// Phase and message of the notices on feeds so far.
fn notices(lab: &Lab) -> Vec<(String, String)> {
    let text = fs::read_to_string(lab.path().join("ops.ndjson")).unwrap_or_default();
    let messages = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let notices = messages.flat_map(|message| message["notices"].as_array().unwrap().clone());
    let text = |notice: &Value, key: &str| notice[key].as_str().unwrap_or_default().to_owned();
    notices
        .filter(|notice| text(notice, "subject").starts_with("feed "))
        .map(|notice| (text(&notice, "phase"), text(&notice, "says")))
        .collect()
}

fn failures(report: &CycleReport) -> Vec<(&str, &str)> {
    let failed =
        report.sources.iter().filter_map(|source| Some((source.url.as_str(), source.failure.as_deref()?)));
    failed.collect()
}

#[test]
fn every_kind_of_source_gives_its_launches_once() {
    let venues = Venues::start();
    let lab = lab(&venues);
    let first = lab.cycle();
    assert_eq!(failures(&first), []);
    assert_eq!(first.feeds.total, Venues::count() as u64 + 1);
    let titles: Vec<String> = lab.events().into_iter().map(|found| found.title).collect();
    for name in launches() {
        let found = titles.iter().filter(|title| title.to_lowercase().contains(&name.to_lowercase())).count();
        assert_eq!(found, 1, "{name} in {titles:#?}");
    }
    assert_eq!(titles.len(), launches().len(), "{titles:#?}");

    let before = venues.requests();
    let second = lab.cycle();
    assert_eq!((second.entries.new, second.stories.new, second.stories.updated), (0, 0, 0), "{second:?}");
    assert_eq!(failures(&second), []);
    let asked = venues.lists_after(before);
    assert_eq!(asked.len(), Venues::count(), "{asked:?}");
    for (host, is_conditional) in &asked {
        assert_eq!(*is_conditional, Venues::has_validator(host), "{host}");
    }
    // One request for each source: neither further pages nor articles are read again.
    assert_eq!(venues.requests() - before, Venues::count());
    assert_eq!(lab.events().len(), titles.len());
    assert_eq!(notices(&lab), []);
}

#[test]
fn a_new_layout_is_reported_once_and_its_end_once() {
    let venues = Venues::start();
    let lab = lab(&venues);
    lab.cycle();
    lab.cycle();
    venues.advance();
    let changed = lab.cycle();
    assert_eq!(failures(&changed).len(), 1, "{:?}", failures(&changed));
    assert_eq!(failures(&changed)[0].1, "selectors_found_nothing");
    assert_eq!(notices(&lab), [], "one failure may be a page about maintenance");
    for _ in 0..6 {
        lab.cycle();
        let sent = notices(&lab);
        assert_eq!(sent.len(), 1, "{sent:?}");
        assert_eq!(sent[0].0, "raised");
        assert_eq!(sent[0].1, "the source redesign has another layout: its selectors find nothing any more");
    }
    let doctor = lab.run(&["doctor"]);
    assert_eq!(doctor.code, 1, "{}", doctor.stdout);
    assert!(
        doctor.stdout.contains("BAD   layout    redesign: its selectors find nothing any more"),
        "{}",
        doctor.stdout
    );
    venues.advance();
    for _ in 0..3 {
        lab.cycle();
    }
    let sent: Vec<String> = notices(&lab).into_iter().map(|(phase, _)| phase).collect();
    assert_eq!(sent, ["raised", "recovered"]);
    assert!(!lab.run(&["doctor"]).stdout.contains("layout"));
    assert_eq!(lab.events().len(), launches().len(), "the old entries are no news");
}
