//! All failures at once on half of forty hosts, and TLS failures.

use std::{collections::BTreeMap, path::Path};

use tge_scrape::{
    figures::{CycleReport, report::SourceFigures},
    fixture_web::{Bulk, InjectedFailure, Options},
    model::SourceStatus,
};

use super::{alerted, asked_for, ending, host, is_in, line, settings, source};
use crate::support::{
    lab::{Lab, Ran, now, ran},
    tls::{FAULTY, TlsServer},
};

/// Hosts without a failure.
const WELL: usize = 20;
/// Hosts with failures other than those of TLS.
const ILL: usize = 17;
/// Entries of a host about a launch.
const RELEVANT: usize = 5;
/// Largest peak memory of a cycle, bytes: 107 to 116 million were measured in November 2026, 27 of them for the encoder. On a
/// busy machine more bodies are in memory at once.
const MEMORY: u64 = 125_000_000;

const FEED: &str = "<rss version=\"2.0\"><channel><title>Sound</title><item><title>Harbour opens airdrop claim for its HRB token</title>\
    <description>Harbour said eligible users can claim the HRB token from today.</description><guid>1</guid></item></channel></rss>";

/// Every failure with its source. A host that asks for a pause has only that failure, because it is not requested
/// afterwards.
fn spread(lab: &Lab) -> Vec<(InjectedFailure, String, String)> {
    let (limits, others): (Vec<InjectedFailure>, Vec<InjectedFailure>) =
        InjectedFailure::ALL.iter().partition(|fault| fault.name().starts_with("limit_"));
    let hosts = WELL + limits.len() + 1..=WELL + ILL;
    let placed = limits.into_iter().zip(WELL + 1..).chain(others.into_iter().zip(hosts.cycle()));
    let source = |(fault, number): (InjectedFailure, usize)| {
        let at = format!("{}/feed.xml?{}", host(number), fault.name());
        let url = format!("http://{}.localhost:{}/feed.xml?{}", host(number), lab.web().port(), fault.name());
        (fault, at, url)
    };
    placed.map(source).collect()
}

struct Hostile {
    lab: Lab,
    tls: TlsServer,
    ill: Vec<(InjectedFailure, String, String)>,
    /// Other sources that must fail, with their failure.
    others: BTreeMap<String, &'static str>,
}

impl Hostile {
    fn new(limits: &str) -> Self {
        let bulk = Bulk { feeds: WELL + ILL, entries: 30, relevant: RELEVANT };
        let lab =
            Lab::with_options(Options { now: now().as_second(), bulk: Some(bulk), ..Options::default() });
        let tls = TlsServer::start(lab.path(), FEED);
        let ill = spread(&lab);
        let failures: Vec<_> = ill.iter().map(|(fault, at, _)| (at.clone(), *fault)).collect();
        lab.web().set_failures(&failures);
        let inward = lab.web().inward_port();
        let mut others: BTreeMap<String, &str> = FAULTY.map(|name| (tls.feed(name), "tls")).into();
        others.insert(tls.feed("downgrade"), "downgrade");
        for name in ["127.0.0.1", "[::1]", "inward.localhost"] {
            others.insert(format!("http://{name}:{inward}/feed.xml"), "private_address");
        }
        let mut hosts: Vec<String> = (1..=WELL + ILL).map(host).collect();
        hosts.extend(FAULTY.iter().chain(&["sound", "downgrade"]).map(|&name| name.to_owned()));
        let mut sources: Vec<String> = ill.iter().map(|(_, _, url)| url.clone()).collect();
        sources.extend(others.keys().cloned());
        sources.extend(lab.web().feed_urls().into_iter().take(WELL));
        sources.push(tls.feed("sound"));
        lab.settings(&settings(&lab, limits, "10m", &hosts, &sources));
        Self { lab, tls, ill, others }
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.lab.command(arguments);
        ran(command.env("SSL_CERT_FILE", &self.tls.authority).output().unwrap())
    }

    fn cycle(&self) -> CycleReport {
        let ran = self.run(&["cycle", "--format", "json"]);
        assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
        ran.report()
    }

    /// Addresses of the healthy hosts' launches that were not found.
    fn lost(&self) -> Vec<String> {
        let found = alerted(&self.lab);
        let item = |number: usize, item: usize| format!("http://{}.localhost/item-{item}", host(number));
        let wanted = (1..=WELL).flat_map(|number| (0..RELEVANT).map(move |at| item(number, at)));
        wanted.filter(|url| !found.contains(url)).collect()
    }
}

#[test]
fn healthy_hosts_are_read_while_all_failures_are_injected() {
    let web = Hostile::new("connect_timeout = \"3s\"\nidle_timeout = \"4s\"\ntotal_timeout = \"12s\"");
    let report = web.cycle();
    assert!(!report.cycle.deadline_hit);
    assert_eq!(web.lost(), Vec::<String>::new());
    let mut wrong = Vec::new();
    for (fault, _, url) in &web.ill {
        let source = source(&report, url);
        if source.failure.as_deref() != ending(*fault) {
            wrong.push(format!("{}: {source:?}", fault.name()));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    for (url, failure) in &web.others {
        assert_eq!(source(&report, url).failure.as_deref(), Some(*failure), "{url}");
    }
    assert_eq!(source(&report, &web.tls.feed("sound")).outcome, SourceStatus::Fetched);
    let is_private = |source: &&SourceFigures| source.failure.as_deref() == Some("private_address");
    let refused = report.sources.iter().filter(is_private).count();
    assert_eq!((web.lab.web().request_log().inward, refused), (0, 7));
    assert!(report.memory.peak_rss_bytes.is_none_or(|peak| peak < MEMORY), "{:?}", report.memory);
    let list = web.run(&["feed", "list", "--format", "json"]).json();
    for (fault, _, url) in &web.ill {
        let line = line(&list["feeds"], url);
        match (asked_for(*fault), ending(*fault)) {
            _ if *fault == InjectedFailure::Gone => assert_eq!(line["state"], "gone"),
            (seconds, Some(_)) => {
                assert!(is_in(&line["next"], seconds.unwrap_or(600)), "{}: {line}", fault.name());
            }
            (_, None) => assert_ne!(line["state"], "failing", "{}: {line}", fault.name()),
        }
    }
    let asked = web.lab.web().request_log().requests.len();
    let next = web.cycle();
    assert_eq!((next.http.requests, web.lab.web().request_log().requests.len()), (0, asked));
    for source in &next.sources {
        let failed = source.failure.is_some();
        let expected = if failed { SourceStatus::Waiting } else { SourceStatus::Fresh };
        assert_eq!(source.outcome, expected, "{source:?}");
    }
}

#[test]
fn deadline_ends_a_hostile_cycle_and_keeps_what_was_read() {
    let web = Hostile::new("idle_timeout = \"60s\"\ntotal_timeout = \"60s\"");
    let text = std::fs::read_to_string(web.lab.path().join("tge-scrape.toml")).unwrap();
    web.lab.settings(&text.replace("timeout = \"120s\"", "timeout = \"8s\""));
    let report = web.run(&["cycle", "--format", "json"]).report();
    assert!(report.cycle.deadline_hit);
    let drip = web.ill.iter().find(|(fault, ..)| *fault == InjectedFailure::SlowDrip).unwrap();
    assert_eq!(source(&report, &drip.2).failure.as_deref(), Some("unfinished"));
    assert!(report.feeds.fetched > 0, "{report:?}");
    let database = web.lab.run(&["db", "check"]);
    assert_eq!(database.code, 0, "{}{}", database.stdout, database.stderr);
}

#[test]
fn invalid_certificates_are_reported_with_their_reason() {
    let web = Hostile::new("");
    let sentence = |url: &str, authority: &Path| {
        let mut command = web.lab.command(&["feed", "check", url, "--format", "json"]);
        let ran = ran(command.env("SSL_CERT_FILE", authority).output().unwrap());
        (ran.code, ran.json()["sentence"].as_str().unwrap_or_default().to_lowercase())
    };
    for (name, reason) in [("selfsigned", "issuer"), ("expired", "expired"), ("wrongname", "name")] {
        let (code, alerted) = sentence(&web.tls.feed(name), &web.tls.authority);
        assert!(
            code == 1 && alerted.starts_with("tls failed") && alerted.contains(reason),
            "{name}: {alerted}"
        );
    }
    assert_eq!(sentence(&web.tls.feed("sound"), &web.tls.authority).0, 0);
    // A plain response where TLS is expected.
    let plain = format!("https://{}.localhost:{}/feed.xml", host(1), web.lab.web().port());
    let (_, alerted) = sentence(&plain, &web.tls.authority);
    assert!(alerted.starts_with("tls failed"), "{alerted}");
}
