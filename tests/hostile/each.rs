//! Every failure by itself, in a source that worked before and works again.

use tge_scrape::fixture_web::InjectedFailure;

use super::{alerted, asked_for, ending, host, is_in, lab, line, settings, source};

const LIMITS: &str = "connect_timeout = \"3s\"\nidle_timeout = \"4s\"\ntotal_timeout = \"12s\"";

/// Ticks of the failures, in which every host publishes three entries.
const TICKS: usize = 120;

#[test]
fn injected_failures_are_named_waited_for_and_cost_no_entry() {
    let all = InjectedFailure::ALL;
    let lab = lab(all.len(), 8);
    let hosts: Vec<String> = (1..=all.len()).map(host).collect();
    let sources = lab.web().feed_urls();
    let now = settings(&lab, LIMITS, "0s", &hosts, &sources);
    let later = settings(&lab, LIMITS, "10m", &hosts, &sources);
    let faults = || -> Vec<_> { hosts.iter().cloned().zip(all.iter().copied()).collect() };
    // The result of a web without failures.
    let calm = super::lab(all.len(), 8);
    calm.cycle();
    (0..TICKS).for_each(|_| calm.web().advance());
    calm.cycle();

    lab.settings(&now);
    lab.cycle();
    let before = alerted(&lab);
    lab.web().set_failures(&faults());
    (0..TICKS).for_each(|_| lab.web().advance());
    let report = lab.cycle();
    let mut wrong = Vec::new();
    for (fault, url) in all.iter().zip(&sources) {
        let source = source(&report, url);
        // A 304 is a good response to a request with validators.
        let expected = ending(*fault).filter(|_| *fault != InjectedFailure::Stuck304);
        if source.failure.as_deref() != expected {
            wrong.push(format!("{}: {source:?}", fault.name()));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(alerted(&lab).is_superset(&before), "earlier findings are lost");

    lab.web().set_failures(&[]);
    lab.cycle();
    let found = alerted(&lab);
    let asks_for_time = |url: &str| {
        let at = hosts.iter().position(|host| url.contains(&format!("{host}."))).unwrap();
        all[at] == InjectedFailure::Gone || asked_for(all[at]).is_some()
    };
    let missing: Vec<_> = alerted(&calm).into_iter().filter(|url| !found.contains(url)).collect();
    let lost: Vec<_> = missing.iter().filter(|url| !asks_for_time(url)).collect();
    assert!(lost.is_empty(), "{lost:?}");
    assert!(!missing.is_empty(), "hosts that asked for a pause get it");

    lab.web().set_failures(&faults());
    lab.settings(&later);
    lab.cycle();
    let list = lab.run(&["feed", "list", "--format", "json"]).json();
    for (fault, url) in all.iter().zip(&sources) {
        let line = line(&list["feeds"], url);
        match (asked_for(*fault), ending(*fault)) {
            _ if *fault == InjectedFailure::Gone => assert_eq!(line["state"], "gone"),
            (Some(seconds), _) => assert!(is_in(&line["next"], seconds), "{}: {line}", fault.name()),
            (None, Some(_)) => assert!(is_in(&line["next"], 600), "{}: {line}", fault.name()),
            (None, None) => assert_ne!(line["state"], "failing", "{}: {line}", fault.name()),
        }
    }
    let asked = lab.web().request_log().requests.len();
    let report = lab.cycle();
    assert_eq!(lab.web().request_log().requests.len(), asked, "a host was requested too soon: {report:?}");
    assert_eq!(lab.web().request_log().inward, 0, "a private address was requested");
}

#[test]
fn newest_thousand_of_a_hundred_thousand_entries_are_read() {
    let lab = lab(1, 8);
    let (hosts, sources) = (vec![host(1)], lab.web().feed_urls());
    lab.settings(&settings(&lab, "", "0s", &hosts, &sources));
    lab.web().set_failures(&[(host(1), InjectedFailure::ManyEntries)]);
    let report = lab.cycle();
    assert_eq!(report.entries.read, 1000);
    assert_eq!(report.feeds.repaired, 1);
    // The real entries are last in the feed, and the only ones with a date.
    assert_eq!(alerted(&lab).len(), 2);
}

#[test]
fn feed_over_the_limit_is_reported_with_the_setting_to_raise() {
    let lab = lab(1, 8);
    let (hosts, sources) = (vec![host(1)], lab.web().feed_urls());
    lab.settings(&settings(&lab, "feed_body_limit = \"4KiB\"", "0s", &hosts, &sources));
    lab.web().set_failures(&[(host(1), InjectedFailure::EndlessBody)]);
    let sentence =
        "the body is larger than http.feed_body_limit (4KiB) allows; raise that setting to read it";
    let cycle = lab.run(&["cycle", "-v"]);
    assert!(cycle.stdout.contains(sentence), "{}", cycle.stdout);
    let list = lab.run(&["feed", "list"]).stdout;
    assert!(list.contains(sentence) && list.contains("too large"), "{list}");
    assert_eq!(lab.run(&["feed", "list", "--format", "json"]).json()["feeds"][0]["hint"], sentence);
    assert_eq!(lab.run(&["feed", "check", &sources[0], "--format", "json"]).json()["sentence"], sentence);
    assert!(lab.run(&["doctor"]).stdout.contains(sentence));
    lab.web().set_failures(&[]);
    lab.settings(&settings(&lab, "", "0s", &hosts, &sources));
    lab.cycle();
    assert_eq!(
        lab.run(&["feed", "list", "--format", "json"]).json()["feeds"][0]["hint"],
        serde_json::Value::Null
    );
}
