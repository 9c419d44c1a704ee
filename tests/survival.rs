//! What must not go wrong when things go wrong: stops, deadlines, no network.

use std::{
    io::{Read, Write},
    net::TcpListener,
    process::Command,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use tge_scrape::fixture_web::Options;

use crate::support::{
    inbox::{Answer, Inbox},
    lab::{Lab, now, ran},
};

/// Waits without sleeping long: the tests' own clock.
#[expect(clippy::disallowed_methods, reason = "a process is left to itself for a moment")]
fn pass(time: Duration) {
    std::thread::sleep(time);
}

#[test]
fn time_that_runs_out_ends_the_cycle_with_what_is_done() {
    let lab = Lab::with_options(Options {
        now: now().as_second(),
        latency: Duration::from_millis(400),
        ..Options::default()
    });
    lab.settings(&format!("{}\n[cycle]\ntimeout = \"1100ms\"\n", lab.web().settings_toml()));
    let start = Instant::now();
    let ran = lab.run(&["cycle", "--format", "json"]);
    let report = ran.json();
    assert_eq!(report["cycle"]["deadline_hit"], true);
    assert!(start.elapsed() < Duration::from_secs(20), "the deadline was not kept");
    assert!(report["feeds"]["fetched"].as_u64().unwrap() > 0, "{report}");
    assert!(report["articles"]["fetched"].as_u64().unwrap() < 50, "{report}");
}

#[cfg(unix)]
#[test]
fn asked_to_stop_it_stops_cleanly_with_143() {
    let lab = Lab::with_options(Options {
        now: now().as_second(),
        latency: Duration::from_millis(1500),
        ..Options::default()
    });
    let child = lab.start(&["cycle", "--format", "json"]);
    // Its database is there once the handlers are: the first request follows.
    while lab.web().request_log().connections == 0 {
        pass(Duration::from_millis(5));
    }
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let ended = ran(child.wait_with_output().unwrap());
    assert_eq!(ended.code, 143, "{}", ended.stderr);
    assert_eq!(ended.json()["cycle"]["exit_code"], 143);
    assert_eq!(lab.run(&["db", "check"]).code, 0);
}

/// The monitor takes the first ping, and answers it once a source has been asked; it never answers the last.
#[cfg(unix)]
#[test]
fn a_monitor_that_hangs_delays_no_request_and_a_signal_ends_the_last_ping() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/token", listener.local_addr().unwrap());
    let (asked, may_answer) = mpsc::channel();
    let (pinged, last) = mpsc::channel();
    let monitor = thread::spawn(move || {
        let (mut first, _) = listener.accept().unwrap();
        may_answer.recv().unwrap();
        first.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
        let (mut last, _) = listener.accept().unwrap();
        last.read_exact(&mut [0; 4]).unwrap();
        pinged.send(()).unwrap();
        // Until the other side has gone.
        while last.read(&mut [0; 64]).is_ok_and(|bytes| bytes > 0) {}
    });
    let lab = Lab::with_web();
    let settings = lab.web().settings_toml();
    lab.settings(&format!("{settings}\n[metrics]\nhealthcheck_url_env = \"PING\"\n"));
    let child = lab.command(&["cycle"]).env("PING", &url).spawn().unwrap();
    while lab.web().request_log().connections == 0 {
        pass(Duration::from_millis(5));
    }
    asked.send(()).unwrap();
    last.recv().unwrap();
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let ended = ran(child.wait_with_output().unwrap());
    monitor.join().unwrap();
    // Had the first ping come before the sources, or the last been waited for, its time would have passed.
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
}

#[test]
fn no_network_is_said_once_and_loses_nothing() {
    let lab = Lab::new();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let feed = format!("[[feeds]]\nurl = \"http://127.0.0.1:{closed}/feed.xml\"\n");
    lab.settings(&format!("[http]\nallow_private_addresses = true\n{feed}"));
    let ran = lab.run(&["cycle"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (4, ""));
    assert!(ran.stderr.contains("no connection"), "{}", ran.stderr);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    // The next run leaves the failing feed alone and still says so.
    let report = lab.run(&["cycle", "--format", "json"]);
    assert_eq!((report.code, report.json()["http"]["requests"].as_u64()), (4, Some(0)));
}

#[test]
fn a_private_address_is_refused_unless_it_is_meant() {
    let lab = Lab::with_web();
    let settings = lab.web().settings_toml().replace("allow_private_addresses = true", "");
    lab.settings(&settings);
    let report = lab.run(&["cycle", "--format", "json"]);
    assert_eq!(report.code, 4);
    assert_eq!(lab.web().request_log().connections, 0);
    assert_eq!(report.json()["sources"][0]["failure"], "private_address");
}

#[test]
fn one_long_title_fills_neither_disk_nor_outputs() {
    let feed = Inbox::start(|_, before| {
        let name = format!("Zor{before}x");
        let title =
            format!("{name} airdrop claim is now live {}", format!("{name} token claim ").repeat(60_000));
        let text =
            format!("The {name} foundation said that the airdrop claim of its token {name} is live now. ")
                .repeat(30);
        let item = format!(
            "<item><title>{title}</title><guid>{title}</guid><author>{title}</author><description>{text}</description></item>"
        );
        Some(Answer::new(
            200,
            &format!("<rss version=\"2.0\"><channel><title>{title}</title>{item}</channel></rss>"),
        ))
    });
    let lab = Lab::new();
    lab.settings(&format!(
        "[http]\nallow_private_addresses = true\nper_host_interval = \"0s\"\n[cache]\nfeed_ttl = \"0s\"\n\
         [[feeds]]\nurl = \"{}\"\n[[channels]]\nkind = \"file\"\npath = \"told.ndjson\"\n[outputs]\natom = \"out.atom\"\n",
        feed.url("/feed")
    ));
    for _ in 0..3 {
        lab.run(&["cycle", "--catch-up", "5"]);
    }
    let events = lab.run(&["events", "--format", "csv"]).stdout;
    assert!(events.contains("Zor0x airdrop claim is now live") && events.contains('…'), "{events}");
    let state: u64 =
        std::fs::read_dir(lab.state()).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum();
    let written = |name: &str| std::fs::metadata(lab.path().join(name)).map_or(0, |file| file.len());
    let sizes = [state, events.len() as u64, written("told.ndjson"), written("out.atom")];
    // One title has 1 MB; an empty database 300 kB.
    assert!(sizes.iter().all(|size| *size < 1_000_000), "{sizes:?}");
    assert!(sizes[2] > 0 && sizes[3] > 0, "{sizes:?}");
}

#[test]
fn posts_without_titles_are_called_by_their_first_words_and_stay_apart() {
    let feed = Inbox::start(|_, _| {
        let item = |guid: u8, words: &str| {
            format!(
                "<item><guid isPermaLink=\"false\">at://x/{guid}</guid><description>{words}</description></item>"
            )
        };
        let words = "Korvane airdrop is live: claim $KRVN now on the claim page, eligible wallets only";
        let items = item(1, words)
            + &item(2, &format!("{words} https://a.example/2"))
            + &item(3, "gm, nothing today");
        Some(Answer::new(
            200,
            &format!("<rss version=\"2.0\"><channel><title>@korvane</title>{items}</channel></rss>"),
        ))
    });
    let lab = Lab::new();
    lab.settings(&format!(
        "[http]\nallow_private_addresses = true\nper_host_interval = \"0s\"\n[[feeds]]\nurl = \"{}\"\n\
         [[channels]]\nkind = \"file\"\npath = \"told.ndjson\"\nmin_class = \"low\"\n[outputs]\natom = \"out.atom\"\njson_feed = \"out.json\"\n",
        feed.url("/feed")
    ));
    let report = lab.run(&["cycle", "--catch-up", "9", "--format", "json"]);
    assert_eq!(report.code, 0, "{}", report.stderr);
    assert_eq!(report.json()["entries"]["new"], 3);
    let shown = [
        lab.run(&["events"]).stdout,
        lab.run(&["events", "--format", "csv"]).stdout,
        lab.run(&["events", "--format", "json"]).stdout,
        lab.run(&["events", "--format", "atom"]).stdout,
        std::fs::read_to_string(lab.path().join("told.ndjson")).unwrap(),
        std::fs::read_to_string(lab.path().join("out.atom")).unwrap(),
        std::fs::read_to_string(lab.path().join("out.json")).unwrap(),
    ];
    for output in shown {
        assert!(output.contains("Korvane airdrop is live"), "{output}");
    }
}
