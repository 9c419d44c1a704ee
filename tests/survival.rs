//! Deadlines, no network, private addresses, titles that are too long or missing.

use crate::support::{
    inbox::{Answer, Inbox},
    lab::Lab,
    state::{number, opened},
};

#[test]
fn cycle_timeout_keeps_finished_work() {
    let quick = Inbox::start(|_, _| {
        let item = "<item><guid>1</guid><title>Museum opens its map collection</title></item>";
        Some(Answer::new(200, &format!("<rss version=\"2.0\"><channel>{item}</channel></rss>")))
    });
    let silent = Inbox::start(|_, _| None);
    let lab = Lab::new();
    lab.settings(&format!(
        "[http]\nallow_private_addresses = true\nidle_timeout = \"600s\"\ntotal_timeout = \"600s\"\n[cycle]\ntimeout = \"5s\"\n\
         max_failed_ratio = 1.0\n[[feeds]]\nurl = \"{}\"\n[[feeds]]\nurl = \"{}\"\n",
        quick.url("/feed"),
        silent.url("/feed")
    ));
    let report = lab.run(&["cycle", "--format", "json"]).report();
    assert!(report.cycle.deadline_hit);
    assert_eq!((report.feeds.fetched, report.sources[1].failure.as_deref()), (1, Some("unfinished")));
    assert_eq!(number(&opened(&lab.state()).1, "SELECT count(*) FROM entries"), 1);
}

#[test]
fn missing_network_is_reported_in_one_line() {
    let lab = Lab::new();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let feed = format!("[[feeds]]\nurl = \"http://127.0.0.1:{closed}/feed.xml\"\n");
    lab.settings(&format!("[http]\nallow_private_addresses = true\n{feed}"));
    let ran = lab.run(&["cycle"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (4, ""));
    assert!(ran.stderr.contains("no connection"), "{}", ran.stderr);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    // The next cycle does not request the failing feed and reports the failure all the same.
    let report = lab.run(&["cycle", "--format", "json"]);
    assert_eq!((report.code, report.report().http.requests), (4, 0));
}

#[test]
fn private_addresses_are_rejected_by_default() {
    let lab = Lab::with_web();
    let settings = lab.web().settings_toml().replace("allow_private_addresses = true", "");
    lab.settings(&settings);
    let report = lab.run(&["cycle", "--format", "json"]);
    assert_eq!(report.code, 4);
    assert_eq!(lab.web().request_log().connections, 0);
    assert_eq!(report.report().sources[0].failure.as_deref(), Some("private_address"));
}

#[test]
fn long_titles_are_cut_in_database_and_outputs() {
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
         [[feeds]]\nurl = \"{}\"\n[[channels]]\nkind = \"file\"\npath = \"alerts.ndjson\"\n[outputs]\natom = \"out.atom\"\n",
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
    let sizes = [state, events.len() as u64, written("alerts.ndjson"), written("out.atom")];
    // Each of the three titles has 1 MB; an empty database with its log has up to 1.1 MB.
    assert!(sizes[0] < 1_500_000 && sizes[1..].iter().all(|size| *size < 100_000), "{sizes:?}");
    assert!(sizes[2] > 0 && sizes[3] > 0, "{sizes:?}");
}

#[test]
fn untitled_entries_get_titles_from_their_text() {
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
         [[channels]]\nkind = \"file\"\npath = \"alerts.ndjson\"\nmin_class = \"low\"\n[outputs]\natom = \"out.atom\"\njson_feed = \"out.json\"\n",
        feed.url("/feed")
    ));
    let report = lab.run(&["cycle", "--catch-up", "9", "--format", "json"]);
    assert_eq!(report.code, 0, "{}", report.stderr);
    assert_eq!(report.report().entries.new, 3);
    let shown = [
        lab.run(&["events"]).stdout,
        lab.run(&["events", "--format", "csv"]).stdout,
        lab.run(&["events", "--format", "json"]).stdout,
        lab.run(&["events", "--format", "atom"]).stdout,
        std::fs::read_to_string(lab.path().join("alerts.ndjson")).unwrap(),
        std::fs::read_to_string(lab.path().join("out.atom")).unwrap(),
        std::fs::read_to_string(lab.path().join("out.json")).unwrap(),
    ];
    for output in shown {
        assert!(output.contains("Korvane airdrop is live"), "{output}");
    }
}
