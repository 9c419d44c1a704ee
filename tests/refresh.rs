//! `cycle --refresh`: caches are ignored once, waits are not, and nothing is stored or alerted twice.

use tge_scrape::fixture_web::{Bulk, InjectedFailure, Options};

use crate::support::{
    lab::{Lab, now},
    state,
    world::AT_ONCE,
};

/// Three feeds that stay fresh for ten minutes, and a channel.
fn lab() -> Lab {
    let bulk = Bulk { feeds: 3, entries: 6, relevant: 3 };
    let lab = Lab::with_options(Options { now: now().as_second(), bulk: Some(bulk), ..Options::default() });
    let fresh = lab.web().settings_toml().replace("feed_ttl = \"0s\"", "feed_ttl = \"10m\"");
    lab.settings(&format!("{fresh}\n[[channels]]\nkind = \"file\"\npath = \"a.ndjson\"\n{AT_ONCE}"));
    lab
}

fn requests(lab: &Lab, run: &[&str]) -> Vec<(String, bool)> {
    let before = lab.web().request_log().requests.len();
    let ran = lab.run(run);
    assert!(ran.code == 0 || ran.code == 4, "{}", ran.stderr);
    let after = lab.web().request_log().requests.split_off(before);
    after.into_iter().map(|asked| (asked.host, asked.conditional)).collect()
}

#[test]
fn a_refresh_fetches_whole_bodies_and_stores_and_alerts_nothing_twice() {
    let lab = lab();
    lab.run(&["cycle", "--catch-up", "9"]);
    let stories = lab.events().len();
    let alerts = state::lines(&lab.path().join("a.ndjson")).len();
    assert!(stories > 2 && alerts > 2);
    assert!(requests(&lab, &["cycle"]).is_empty(), "all feeds are fresh");
    let all = requests(&lab, &["cycle", "--refresh"]);
    assert_eq!((all.len(), all.iter().any(|(_, conditional)| *conditional)), (3, false), "{all:?}");
    let named = lab.run(&["feed", "list", "--format", "json"]).json()["feeds"][1]["name"]
        .as_str()
        .unwrap()
        .to_owned();
    let one = requests(&lab, &["cycle", "--refresh", &named]);
    assert_eq!(one.len(), 1, "{one:?}");
    assert_eq!(lab.events().len(), stories);
    assert_eq!(state::lines(&lab.path().join("a.ndjson")).len(), alerts);
    assert_eq!(lab.cycle().entries.new, 0);
}

#[test]
fn a_refresh_respects_the_wait_of_a_feed_that_failed() {
    let lab = lab();
    let host = lab.web().feed_urls()[0].split('/').nth(2).unwrap().split('.').next().unwrap().to_owned();
    lab.web().set_failures(&[(host.clone(), InjectedFailure::named("server_error").unwrap())]);
    lab.run(&["cycle"]);
    let all = requests(&lab, &["cycle", "--refresh"]);
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(all.iter().all(|(asked, _)| !asked.starts_with(&host)), "{all:?}");
}

#[test]
fn an_unknown_feed_is_named_with_the_nearest_name() {
    let lab = lab();
    let feeds = lab.run(&["feed", "list", "--format", "json"]).json();
    let name = feeds["feeds"][0]["name"].as_str().unwrap().to_owned();
    let ran = lab.run(&["cycle", "--refresh", &format!("{name}x")]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains(&format!("did you mean {name:?}?")), "{}", ran.stderr);
    assert!(lab.web().request_log().requests.is_empty());
}
