//! The cycle as cron runs it: a new process of the real binary each time, against the fixture web.

use std::collections::BTreeSet;

use tge_scrape::{
    figures::report::Schema,
    fixture_web::{Bulk, Options},
    model::Detection,
};

use crate::support::{
    authority::both,
    inbox::Inbox,
    lab::{Lab, addresses, now, ran},
};

#[test]
fn entry_waits_until_its_page_can_be_read() {
    let lab = Lab::with_web();
    let first = lab.cycle();
    assert!(first.entries.waiting >= 3, "{first:?}");
    let failing = |found: &[Detection]| {
        addresses(found).iter().any(|url| url.contains("ledgerline") && url.contains("120-000-wallets"))
    };
    assert!(!failing(&lab.events()));
    lab.web().advance();
    let second = lab.cycle();
    assert_eq!(second.entries.waiting, 0);
    assert!(failing(&lab.events()));
}

#[test]
fn second_cycle_sends_conditional_requests_and_fetches_no_page_again() {
    let lab = Lab::with_web();
    lab.cycle();
    let before = lab.web().request_log().requests;
    let warm = lab.cycle();
    let after: Vec<_> = lab.web().request_log().requests.split_off(before.len());
    // These hosts send no validators, fail or break off, so they cannot be requested conditionally.
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
    assert_eq!(warm.entries.new, 0);
    assert!(warm.feeds.not_modified >= 48, "{warm:?}");
    assert!(
        !after.iter().any(
            |asked| ["gonedaily", "goneweekly", "slowdownsun", "busydesk"].contains(&asked.host.as_str())
        ),
        "gone or paused"
    );
}

#[test]
fn report_equals_the_counts_of_the_web() {
    let lab = Lab::with_web();
    let report = lab.cycle();
    let ledger = lab.web().request_log();
    assert_eq!(report.http.requests, ledger.requests.len() as u64);
    assert_eq!(report.http.connections_opened, ledger.connections);
    let count = |status: std::ops::Range<u16>| {
        ledger.requests.iter().filter(|asked| status.contains(&asked.status)).count() as u64
    };
    assert_eq!(report.http.outcomes.server_error, count(500..600));
    assert_eq!(report.http.outcomes.too_many, count(429..430));
    assert_eq!(report.schema, Schema::default());
    assert_eq!(report.feeds.total, lab.web().feed_urls().len() as u64);
    assert!(report.memory.peak_rss_bytes.is_none_or(|bytes| bytes > 1 << 20));
}

#[test]
fn forbidden_page_is_not_fetched_and_its_feed_entry_is_judged() {
    let lab = Lab::with_web();
    lab.cycle();
    let asked = lab.web().request_log().requests;
    assert!(asked.iter().any(|a| a.host == "stubbornnews" && a.path == "/robots.txt"));
    assert!(!asked.iter().any(|a| a.host == "stubbornnews" && a.path.contains("huddle01")));
    assert!(addresses(&lab.events()).iter().any(|url| url.contains("huddle01")));
}

#[test]
fn dry_run_finds_the_same_and_writes_no_state() {
    let lab = Lab::with_web();
    let ran = lab.run(&["cycle", "--dry-run", "--format", "json"]);
    let dry = addresses(&ran.report().detections);
    assert!(!lab.state().exists());
    let real = addresses(&lab.cycle().detections);
    assert_eq!(dry, real);
}

#[test]
fn changed_rules_judge_dropped_entries_again() {
    let lab = Lab::with_web();
    lab.cycle();
    let settings = lab.web().settings_toml();
    lab.settings(&format!("{settings}\n[[projects]]\nname = \"Harbour\"\naliases = [\"Litecoin\"]\n"));
    let again = lab.cycle();
    assert!(again.entries.new > 100, "{:?}", again.entries);
    assert_eq!(again.feeds.not_modified, 0);
}

#[test]
fn tls_uses_one_http2_connection_per_host_and_resumes_sessions() {
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
    // Without savings each request has its own connection, and only the first to a host needs a full handshake.
    let (then, opened, _, resumed) = cycle(&["cycle", "--naive"]);
    let (then, opened) = (then - requests, opened - connections);
    assert!(then >= 6, "{then}");
    assert_eq!((opened, resumed), (then, then - 6));
}

#[test]
fn stats_say_how_far_a_running_cycle_is() {
    // Never answers, so the cycle waits until it gives the feed up.
    let silent = Inbox::start(|_, _| None);
    let lab = Lab::new();
    lab.settings(&format!(
        "[http]\nallow_private_addresses = true\nidle_timeout = \"6s\"\ntotal_timeout = \"6s\"\nretries = 0\n[x]\nenabled = false\n[[feeds]]\nurl = \"{}\"\nname = \"Silent\"\n",
        silent.url("/feed")
    ));
    let mut cycle = lab.start(&["cycle", "--quiet"]);
    let text = loop {
        assert!(cycle.try_wait().unwrap().is_none(), "the cycle ended before its progress was seen");
        let running = lab.run(&["stats", "--format", "json"]);
        if running.code == 0 && !running.json()["running"]["waiting_for"].is_null() {
            break running;
        }
    };
    let running = &text.json()["running"];
    assert_eq!((&running["feeds"], &running["feeds_done"]), (&1.into(), &0.into()));
    assert_eq!(running["waiting_for"], "127.0.0.1");
    assert!(lab.run(&["stats"]).stdout.contains("running now"));
    cycle.wait().unwrap();
    assert!(lab.run(&["stats", "--format", "json"]).json()["running"].is_null());
    assert!(!lab.state().join("progress.json").exists());
}
