//! The cycle as cron runs it: the real binary against the fixture web, a new process each time.

use std::collections::BTreeSet;

use serde_json::Value;

use tge_scrape::fixture_web::{Bulk, Options};

use crate::support::{
    authority::both,
    lab::{Lab, now, ran},
};

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Every address told of: detections and their further outlets.
pub fn addresses<'a>(detections: impl IntoIterator<Item = &'a Value>) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for detection in detections {
        all.insert(text(&detection["url"]));
        all.extend(detection["also_at"].as_array().unwrap().iter().map(|outlet| text(&outlet["url"])));
    }
    all
}

pub fn events(lab: &Lab) -> Vec<Value> {
    lab.run(&["events", "--format", "json"]).json()["detections"].as_array().unwrap().clone()
}

/// What must have been found by `tick`: every launch of a feed that can be read.
pub fn wanted(lab: &Lab, tick: u32) -> BTreeSet<String> {
    let launches = lab.web().truth(tick).into_iter().filter(|truth| truth.tge == "yes" && truth.reachable);
    launches.map(|truth| truth.url).collect()
}

#[test]
fn a_page_that_fails_leaves_its_entry_waiting_until_it_can_be_read() {
    let lab = Lab::with_web();
    let first = lab.cycle();
    assert!(first["entries"]["waiting"].as_u64().unwrap() >= 3, "{first}");
    let failing = |found: &[Value]| {
        addresses(found).iter().any(|url| url.contains("ledgerline") && url.contains("120-000-wallets"))
    };
    assert!(!failing(&events(&lab)));
    lab.web().advance();
    let second = lab.cycle();
    assert_eq!(second["entries"]["waiting"], 0);
    assert!(failing(&events(&lab)));
}

#[test]
fn a_second_process_asks_politely_and_never_twice() {
    let lab = Lab::with_web();
    lab.cycle();
    let before = lab.web().request_log().requests;
    let warm = lab.cycle();
    let after: Vec<_> = lab.web().request_log().requests.split_off(before.len());
    // Hosts that send no validators, fail, or break off can only be asked in full; those whose feeds are cut off
    // are once more.
    let open = [
        "brokenpages",
        "brokenpress",
        "busydesk",
        "cutnews",
        "cutoffnews",
        "errorecho",
        "gonedaily",
        "goneweekly",
        "lostpaper",
        "missingmirror",
        "noticeboard",
        "oldgazette",
        "parkedpage",
        "parkedpost",
        "resetreview",
        "silentfail",
        "slowdownsun",
        "undated",
        "vestnik",
    ];
    let plain: Vec<_> = after
        .iter()
        .filter(|asked| !asked.conditional && !open.contains(&asked.host.as_str()))
        .filter(|asked| asked.status != 500 && asked.status != 301 && asked.status != 302)
        .collect();
    assert!(plain.is_empty(), "{plain:?}");
    let pages: BTreeSet<_> = before.iter().filter(|a| a.status == 200).map(|a| (&a.host, &a.path)).collect();
    let again: Vec<_> = after
        .iter()
        .filter(|asked| {
            !asked.path.contains("feed") && !asked.path.contains("atom") && !asked.path.contains("api")
        })
        .filter(|asked| pages.contains(&(&asked.host, &asked.path)))
        .collect();
    assert!(again.is_empty(), "{again:?}");
    assert_eq!(warm["entries"]["new"], 0);
    assert!(warm["feeds"]["not_modified"].as_u64().unwrap() >= 48, "{warm}");
    assert!(
        !after.iter().any(
            |asked| ["gonedaily", "goneweekly", "slowdownsun", "busydesk"].contains(&asked.host.as_str())
        ),
        "gone or paused"
    );
}

#[test]
fn figures_are_what_the_web_counted() {
    let lab = Lab::with_web();
    let report = lab.cycle();
    let ledger = lab.web().request_log();
    assert_eq!(report["http"]["requests"], ledger.requests.len());
    assert_eq!(report["http"]["connections_opened"], ledger.connections);
    let count =
        |status: std::ops::Range<u16>| ledger.requests.iter().filter(|a| status.contains(&a.status)).count();
    assert_eq!(report["http"]["outcomes"]["5xx"], count(500..600));
    assert_eq!(report["http"]["outcomes"]["429"], count(429..430));
    assert_eq!(report["schema"], 1);
    assert_eq!(report["feeds"]["total"], lab.web().feed_urls().len());
    assert!(report["memory"]["peak_rss_bytes"].as_u64().is_none_or(|bytes| bytes > 1 << 20));
}

#[test]
fn robots_are_obeyed_and_the_feed_is_judged_instead() {
    let lab = Lab::with_web();
    lab.cycle();
    let asked = lab.web().request_log().requests;
    assert!(asked.iter().any(|a| a.host == "stubbornnews" && a.path == "/robots.txt"));
    assert!(!asked.iter().any(|a| a.host == "stubbornnews" && a.path.contains("huddle01")));
    assert!(addresses(&events(&lab)).iter().any(|url| url.contains("huddle01")));
}

#[test]
fn a_dry_run_finds_the_same_and_leaves_nothing() {
    let lab = Lab::with_web();
    let ran = lab.run(&["cycle", "--dry-run", "--format", "json"]);
    let dry = addresses(ran.json()["detections"].as_array().unwrap());
    assert!(!lab.state().exists());
    let real = addresses(lab.cycle()["detections"].as_array().unwrap());
    assert_eq!(dry, real);
}

#[test]
fn other_rules_look_again_at_what_was_dropped() {
    let lab = Lab::with_web();
    lab.cycle();
    let settings = lab.web().settings_toml();
    lab.settings(&format!("{settings}\n[[projects]]\nname = \"Harbour\"\naliases = [\"Litecoin\"]\n"));
    let again = lab.cycle();
    assert!(again["entries"]["new"].as_u64().unwrap() > 100, "{}", again["entries"]);
    assert_eq!(again["feeds"]["not_modified"], 0);
}

#[test]
fn over_tls_a_host_is_asked_by_http2_on_one_connection_and_a_second_one_spares_the_handshake() {
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("authority.pem");
    let bulk = Some(Bulk { feeds: 6, entries: 8, relevant: 3 });
    let tls = Some(both(&authority));
    let lab = Lab::with_options(Options { now: now().as_second(), bulk, tls, ..Options::default() });
    let cycle = |arguments: &[&str]| {
        let ran = ran(lab.command(arguments).env("SSL_CERT_FILE", &authority).output().unwrap());
        assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
        let ledger = lab.web().request_log();
        (ledger.requests.len() as u64, ledger.connections, ledger.http2, ledger.resumed)
    };
    let (requests, connections, http2, resumed) = cycle(&["cycle"]);
    assert!(requests >= 6 * 4, "each feed and the pages of its launches: {requests}");
    assert_eq!((connections, http2, resumed), (6, 6, 0));
    // Without kept connections each request has its own; only a host's first needs the whole handshake.
    let (then, opened, _, resumed) = cycle(&["cycle", "--naive"]);
    let (then, opened) = (then - requests, opened - connections);
    assert!(then >= 6, "{then}");
    assert_eq!((opened, resumed), (then, then - 6));
}
