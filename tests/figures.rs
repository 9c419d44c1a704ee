//! Figures of `stats`, `report` and monitoring, compared with the counts of the web.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tge_scrape::figures::CycleReport;

use crate::support::{
    lab::Lab,
    world::{AT_ONCE, bulk},
};

fn stats(lab: &Lab) -> Value {
    lab.run(&["stats", "--format", "json"]).json()
}

#[test]
fn stats_equal_the_request_log_of_the_web() {
    let lab = Lab::with_web();
    for _ in 0..3 {
        lab.cycle();
        lab.web().advance();
    }
    let (ledger, stats) = (lab.web().request_log(), stats(&lab));
    let totals = &stats["totals"];
    let count = |status: u16| ledger.requests.iter().filter(|asked| asked.status == status).count();
    assert_eq!(totals["cycles"], 3);
    assert_eq!(totals["requests"], ledger.requests.len());
    assert_eq!(totals["connections_opened"], ledger.connections);
    assert_eq!((&totals["not_modified"], &totals["too_many"]), (&count(304).into(), &count(429).into()));
    let conditional = ledger.requests.iter().filter(|asked| asked.conditional).count();
    assert_eq!(totals["conditional"], conditional);
    let sent: usize = ledger.requests.iter().map(|asked| asked.bytes).sum();
    let received = totals["bytes_received"].as_u64().unwrap();
    assert!(received.abs_diff(sent as u64) * 100 <= sent as u64, "{received} of {sent}");
    let cycles: Vec<CycleReport> = serde_json::from_value(stats["cycles"].clone()).unwrap();
    assert_eq!(totals["requests"], cycles.iter().map(|cycle| cycle.http.requests).sum::<u64>());
    for cycle in &cycles {
        let path: f64 = cycle.critical_path.iter().map(|step| step.ms).sum();
        let whole = cycle.cycle.duration_ms as f64;
        assert!((path - whole).abs() < 2.0, "the critical path has {path} ms of {whole}");
    }
    let asked: u64 =
        stats["sources"].as_array().unwrap().iter().map(|source| source["asked"].as_u64().unwrap()).sum();
    let visits = |cycle: &CycleReport| cycle.feeds.fetched + cycle.feeds.not_modified + cycle.feeds.failed;
    assert_eq!(asked, cycles.iter().map(visits).sum::<u64>());
}

#[test]
fn stats_views_exclude_each_other() {
    let lab = Lab::with_web();
    lab.cycle();
    for (flag, wanted) in [("--stages", "whole cycle"), ("--why", "along their critical paths")] {
        let shown = lab.run(&["stats", flag]);
        assert!(shown.stdout.contains(wanted) && !shown.stdout.contains('\x1b'), "{flag}: {}", shown.stdout);
    }
    lab.cycle();
    let cycles = lab.run(&["stats", "--cycles", "--format", "csv"]).stdout;
    let mut rows = csv::Reader::from_reader(cycles.as_bytes());
    let status = rows.headers().unwrap().iter().position(|name| name == "status").unwrap();
    let statuses: Vec<String> = rows.records().map(|row| row.unwrap()[status].to_owned()).collect();
    assert_eq!(statuses, ["ok", "ok"], "{cycles}");
    assert!(lab.run(&["stats", "--stages", "--since", "400d"]).stdout.contains("feed_fetch"));
    assert_eq!(lab.run(&["events", "--format", "prometheus"]).code, 2);
    assert_eq!(lab.run(&["stats", "--why", "--feeds"]).code, 2);
    assert!(lab.run(&["stats", "--feeds", "--format", "csv"]).stdout.starts_with("url,name,attention"));
}

#[test]
fn report_page_is_written_before_and_after_the_first_cycle() {
    let lab = Lab::with_web();
    let read = || std::fs::read_to_string(lab.path().join("page.html")).unwrap();
    assert_eq!(lab.run(&["report", "-o", "page.html"]).code, 0);
    assert!(read().contains("No cycle has finished yet") && read().contains("No story yet."));
    lab.cycle();
    lab.cycle();
    assert_eq!(lab.run(&["report", "-o", "page.html"]).code, 0);
    let page = read();
    assert!(page.contains("$ERA") && page.contains("data-points=\"2\""), "{page}");
    // The page loads nothing from the network: addresses are only in links.
    assert!(!page.contains(" src=") && page.contains("default-src 'none'"));
    let printed = lab.run(&["report", "-o", "-", "--since", "1h"]);
    assert!(printed.stdout.starts_with("<!doctype html>") && printed.stderr.is_empty());
    assert!(!lab.path().join("-").exists());
    assert_eq!(lab.run(&["report", "-o", "nowhere/page.html"]).code, 1);
    assert_eq!(lab.run(&["report", "-o", "page.html", "--since", "soon"]).code, 2);
}

#[test]
fn board_is_written_again_after_each_cycle_and_loads_itself_again() {
    let lab = Lab::with_web();
    let channel = "[[channels]]\nkind = \"file\"\npath = \"alerts.ndjson\"\nmin_class = \"medium\"\nmax_age = \"400d\"\n";
    let settings = lab.web().settings_toml();
    lab.settings(&format!("{settings}\n[outputs]\nboard = \"out/board.html\"\n{channel}"));
    let read = || std::fs::read_to_string(lab.path().join("out/board.html")).unwrap();
    assert_eq!(lab.run(&["cycle", "--catch-up", "99"]).code, 0);
    let first = read();
    assert!(first.contains("\"reload\":60") && first.contains("http-equiv=\"refresh\" content=\"60\""));
    let data = first.split("id=\"data\">").nth(1).unwrap().split("</script>").next().unwrap();
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    let texts = data["texts"].as_array().unwrap();
    let channel = texts.iter().position(|text| text == "file").expect("no alert is on the page");
    let delivered = |row: &serde_json::Value| {
        let sent = row[15][10].as_array().unwrap();
        sent.iter().any(|one| {
            one[0] == channel
                && data["states"][usize::try_from(one[1].as_u64().unwrap()).unwrap()] == "delivered"
        })
    };
    assert!(data["rows"].as_array().unwrap().iter().any(delivered), "{}", data["rows"]);
    lab.cycle();
    assert_ne!(read(), first);
}

#[test]
fn textfile_is_complete_and_counters_never_fall() {
    let lab = Lab::with_web();
    let settings = lab.web().settings_toml();
    lab.settings(&format!("{settings}\n[metrics]\ntextfile = \"figures.prom\"\n"));
    let figure = |name: &str| -> f64 {
        let text = std::fs::read_to_string(lab.path().join("figures.prom")).unwrap();
        assert!(text.ends_with('\n'));
        let line =
            text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name} in {text}"));
        line.rsplit_once(' ').unwrap().1.parse().unwrap()
    };
    let mut before = 0.0;
    for _ in 0..2 {
        lab.cycle();
        let all = figure("tge_scrape_http_requests_total{code=\"2xx\"}");
        assert!(all > before);
        before = all;
    }
    assert!(figure("tge_scrape_last_success_timestamp_seconds") > 1.7e9);
    assert!(figure("tge_scrape_stage_duration_seconds{stage=\"commit\"}") > 0.0);
    let shown = lab.run(&["stats", "--format", "prometheus"]).stdout;
    assert!(shown.contains("tge_scrape_build_info{version="));
    let left = std::fs::read_dir(lab.path())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains(".prom."));
    assert_eq!(left.count(), 0);
}

#[test]
fn profile_has_one_event_per_visit_without_crossings() {
    let lab = Lab::with_web();
    let report = lab.run(&["cycle", "--format", "json", "--profile", "trace.json"]).report();
    let trace: Value =
        serde_json::from_str(&std::fs::read_to_string(lab.path().join("trace.json")).unwrap()).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let named = |name: &str| events.iter().filter(|event| event["name"] == name).count();
    let visits = report.feeds.total + report.entries.candidates - report.articles.from_feed;
    assert_eq!(named("visit") as u64, visits);
    // Viewers show overlapping events of a thread as nested and fail on events that cross.
    let mut threads: BTreeMap<u64, Vec<(f64, f64)>> = BTreeMap::new();
    for event in events.iter().filter(|event| event["ph"] == "X") {
        let (start, took) = (event["ts"].as_f64().unwrap(), event["dur"].as_f64().unwrap());
        assert!(start >= 0.0 && took >= 0.0 && event["pid"] == 1, "{event}");
        threads.entry(event["tid"].as_u64().unwrap()).or_default().push((start, start + took));
    }
    for thread in threads.values() {
        for (at, (start, end)) in thread.iter().enumerate() {
            // Times are written as floats with nanoseconds.
            let before = |one: &f64, other: &f64| *one <= other + 0.001;
            let crosses = |(from, to): &&(f64, f64)| {
                let inside = before(start, from) && before(to, end);
                let around = before(from, start) && before(end, to);
                !inside && !around && !before(to, start) && !before(end, from)
            };
            assert!(!thread[at + 1..].iter().any(|other| crosses(&other)), "{thread:?}");
        }
    }
    let names = events.iter().filter(|event| event["ph"] == "M" && event["name"] == "thread_name");
    assert_eq!(names.count(), threads.len());
    assert!(named("answer") > 30 && named("read") > 20, "{} {}", named("answer"), named("read"));
}

#[test]
fn healthcheck_is_pinged_at_start_and_end() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/token", listener.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        let mut asked = Vec::new();
        while asked.len() < 2 {
            let (mut stream, _) = listener.accept().unwrap();
            let mut text = Vec::new();
            let mut buffer = [0; 4096];
            while !String::from_utf8_lossy(&text).contains("\r\n\r\n") {
                let read = stream.read(&mut buffer).unwrap();
                text.extend_from_slice(&buffer[..read]);
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
            asked.push(String::from_utf8_lossy(&text).lines().next().unwrap().to_owned());
        }
        asked
    });
    let lab = Lab::with_web();
    let settings = lab.web().settings_toml();
    lab.settings(&format!("{settings}\n[metrics]\nhealthcheck_url_env = \"PING\"\n"));
    let run = lab.command(&["cycle"]).env("PING", &url).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let asked = served.join().unwrap();
    assert!(asked[0].starts_with("POST /token/start?rid="), "{asked:?}");
    assert!(asked[1].starts_with("POST /token/0?rid="), "{asked:?}");
    let run_of = |line: &str| line.split(['=', ' ']).nth(2).unwrap().to_owned();
    assert_eq!(run_of(&asked[0]), run_of(&asked[1]));
}

#[test]
fn cycle_without_savings_sends_more_requests() {
    let lab = Lab::with_web();
    let without_savings = Lab::with_web();
    let ours = lab.cycle();
    let theirs = without_savings.run(&["cycle", "--naive", "--format", "json"]).report();
    assert!(2 * theirs.http.requests > 3 * ours.http.requests, "{:?} {:?}", theirs.http, ours.http);
    assert_eq!(theirs.http.connections_opened, theirs.http.requests);
    let again = without_savings.run(&["cycle", "--naive", "--format", "json"]).report();
    assert_eq!((again.feeds.not_modified, again.entries.new), (0, 0));
}

#[test]
fn alert_counters_have_channel_and_result() {
    let lab = bulk(1, 2);
    let settings = format!(
        "{}\n[metrics]\ntextfile = \"figures.prom\"\n[[channels]]\nkind = \"file\"\npath = \"alerts.ndjson\"\n{AT_ONCE}",
        lab.web().settings_toml()
    );
    lab.settings(&settings);
    let series = |name: &str| -> f64 {
        let text = std::fs::read_to_string(lab.path().join("figures.prom")).unwrap();
        let line =
            text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name} in {text}"));
        line.rsplit_once(' ').unwrap().1.parse().unwrap()
    };
    assert_eq!(lab.run(&["cycle", "--catch-up", "9"]).code, 0);
    let delivered = series("tge_scrape_alerts_total{channel=\"file\",result=\"delivered\"}");
    assert!(delivered >= 2.0, "{delivered}");
    assert_eq!(series("tge_scrape_alerts_total{channel=\"file\",result=\"given_up\"}").to_bits(), 0);
    assert_eq!(series("tge_scrape_outbox_pending{channel=\"file\"}").to_bits(), 0);
    assert_eq!(series("tge_scrape_outbox_oldest_timestamp_seconds{channel=\"file\"}").to_bits(), 0);
    lab.cycle();
    let again = series("tge_scrape_alerts_total{channel=\"file\",result=\"delivered\"}");
    assert_eq!(again.to_bits(), delivered.to_bits(), "a cycle without news sends nothing");
}

/// The metrics named in `text`.
fn metrics_in(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let names = text.split(|c| !is_part(c)).filter_map(|word| word.strip_prefix("tge_scrape_"));
    names.map(str::to_owned).collect()
}

#[test]
fn metrics_of_the_textfile_rules_and_dashboard_are_documented() {
    let read = |path: &str| std::fs::read_to_string(path).unwrap();
    let page = read("docs/reference/metrics.md");
    let documented: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split(" |").next())
        .flat_map(|cell| cell.split('`').map(str::to_owned))
        .collect();
    let lab = Lab::with_web();
    lab.cycle();
    let shown = metrics_in(&lab.run(&["stats", "--format", "prometheus"]).stdout);
    assert!(shown.len() > 40, "{shown:?}");
    for (text, least) in [
        (shown, 40),
        (metrics_in(&read("docs/monitoring/rules.yml")), 8),
        (metrics_in(&read("docs/monitoring/rules-test.yml")), 3),
        (metrics_in(&read("docs/monitoring/dashboard.json")), 15),
    ] {
        let unknown: Vec<&String> = text.difference(&documented).collect();
        assert!(unknown.is_empty() && text.len() >= least, "{unknown:?} of {text:?}");
    }
}

#[test]
fn caches_and_requests_by_purpose_equal_the_request_log() {
    let lab = Lab::with_web();
    lab.cycle();
    lab.web().advance();
    lab.cycle();
    let log = lab.web().request_log();
    let robots = log.requests.iter().filter(|asked| asked.path == "/robots.txt").count();
    let shown = lab.run(&["stats", "--cache", "--format", "json"]).json();
    let requests = &shown["requests"];
    let number = |name: &str| requests[name].as_u64().unwrap();
    assert_eq!((number("x"), number("channels")), (0, 0));
    assert_eq!(number("feeds") + number("pages") + number("robots"), log.requests.len() as u64);
    assert_eq!(number("robots"), robots as u64);
    let caches: BTreeMap<&str, &Value> =
        shown["caches"].as_array().unwrap().iter().map(|row| (row["cache"].as_str().unwrap(), row)).collect();
    let not_modified = log.requests.iter().filter(|asked| asked.status == 304).count();
    let hits = caches["feed_validators"]["hits"].as_u64().unwrap();
    assert!(hits > 0 && hits <= not_modified as u64, "{hits} of {not_modified}");
    assert!(caches["pages_in_database"]["entries"].as_u64().unwrap() > 5, "{caches:?}");
    assert!(caches["robots_txt"]["hits"].as_u64().unwrap() > 0, "{caches:?}");
    assert!(shown["compression_ratio"].as_f64().unwrap() >= 1.0, "{shown}");
    let mentions = shown["deduplication"]["mentions"].as_u64().unwrap();
    assert!(mentions >= shown["deduplication"]["stories"].as_u64().unwrap() && mentions > 0);
    let text = lab.run(&["stats", "--cache"]).stdout;
    assert!(text.contains("pages in memory") && text.lines().count() > 8, "{text}");
    let feeds = lab.run(&["stats", "--feeds"]).stdout;
    assert!(feeds.contains("response times by host, the slowest first"), "{feeds}");
}
