//! Failures of pages: the entry is judged on the text of its feed.

use std::collections::BTreeSet;

use tge_scrape::fixture_web::InjectedFailure;

use super::{alerted, host, lab, settings};

#[test]
fn entries_with_failing_pages_are_judged_on_their_feed_text() {
    let faults = [
        InjectedFailure::ServerError,
        InjectedFailure::Missing,
        InjectedFailure::Challenge,
        InjectedFailure::Stuck304,
        InjectedFailure::RedirectChain,
        InjectedFailure::RedirectPrivate,
        InjectedFailure::SlowDrip,
        InjectedFailure::Silence,
        InjectedFailure::HangUp,
        InjectedFailure::EndlessBody,
        InjectedFailure::Reset,
        InjectedFailure::GzipBomb,
        InjectedFailure::DamagedGzip,
        InjectedFailure::LengthTooLong,
        InjectedFailure::ManyHeaders,
        InjectedFailure::NoHttp,
        InjectedFailure::Empty,
        InjectedFailure::Html,
        InjectedFailure::DeepNesting,
    ];
    let lab = lab(faults.len(), 3);
    let hosts: Vec<String> = (1..=faults.len()).map(host).collect();
    let limits = "idle_timeout = \"1s\"\ntotal_timeout = \"2s\"";
    lab.settings(&settings(&lab, limits, "0s", &hosts, &lab.web().feed_urls()));
    let failures: Vec<_> = hosts.iter().map(|host| format!("{host}/item-")).zip(faults).collect();
    lab.web().set_failures(&failures);
    let wanted: BTreeSet<String> = hosts
        .iter()
        .flat_map(|host| (0..2).map(move |item| format!("http://{host}.localhost/item-{item}")))
        .collect();
    // Three tries of each page, and one more for a slow machine.
    let mut found = BTreeSet::new();
    for _ in 0..4 {
        lab.cycle();
        found = alerted(&lab);
    }
    assert_eq!(wanted.difference(&found).collect::<Vec<_>>(), Vec::<&String>::new());
    assert_eq!(lab.web().request_log().inward, 0, "a private address was requested");
}
