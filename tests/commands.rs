//! What a user types first, and what they are told when it is wrong.

use std::{io::Write, process::Stdio};

use crate::support::{
    inbox::{Answer, Inbox},
    lab::{Lab, ran},
};

#[test]
fn the_demo_shows_detections_figures_and_targets_and_leaves_nothing() {
    let lab = Lab::new();
    let demo = lab.run(&["demo"]);
    assert_eq!(demo.code, 0, "{}", demo.stderr);
    for wanted in ["Caldera", "cache hits", "cycle_time", "requests / connections"] {
        assert!(demo.stdout.contains(wanted), "{wanted} is missing in {}", demo.stdout);
    }
    assert_eq!(std::fs::read_dir(lab.path()).unwrap().count(), 0);
    let (table, why) = demo.stdout.split_once("misses by this web's design:").unwrap();
    let missed: Vec<&str> = table.lines().filter(|line| line.contains("MISSED")).collect();
    assert!(missed.iter().any(|line| line.contains("error_ratio")), "{table}");
    for line in missed {
        let name = line.split_whitespace().next().unwrap();
        assert!(why.contains(&format!("{name}: ")), "{name} is missed without a word why: {why}");
    }
    assert!(why.contains("outlets fail on purpose (") && why.contains("not_found"), "{why}");
}

#[test]
fn help_names_every_command_and_a_wrong_one_is_exit_2() {
    let lab = Lab::new();
    let help = lab.run(&["--help"]);
    assert_eq!(help.code, 0);
    for command in [
        "demo", "cycle", "events", "stats", "feed", "article", "explain", "classify", "config", "doctor",
        "db",
    ] {
        assert!(help.stdout.contains(command), "{command}");
    }
    let wrong = lab.run(&["cycel"]);
    assert_eq!((wrong.code, wrong.stdout.as_str()), (2, ""));
}

#[test]
fn wrong_settings_are_exit_3_with_every_mistake() {
    let lab = Lab::new();
    lab.settings("[http]\nconcurency = 3\n[cycle]\ntimeout = \"soon\"\n");
    for command in [["config", "check"], ["cycle", "--dry-run"]] {
        let ran = lab.run(&command);
        assert_eq!(ran.code, 3, "{}", ran.stderr);
        assert!(
            ran.stderr.contains("tge-scrape.toml:2") && ran.stderr.contains("did you mean http.concurrency")
        );
        assert!(ran.stderr.contains("tge-scrape.toml:4") && ran.stderr.contains("is not a duration"));
    }
    assert!(!lab.state().exists());
}

#[test]
fn a_settings_file_that_is_named_must_be_there() {
    let lab = Lab::new();
    let ran = lab.run(&["-c", "nowhere.toml", "config", "check"]);
    assert_eq!(ran.code, 3);
    assert!(ran.stderr.contains("nowhere.toml"), "{}", ran.stderr);
}

#[test]
fn the_settings_it_writes_are_settings_it_takes() {
    let lab = Lab::new();
    assert_eq!(lab.run(&["config", "init"]).code, 0);
    let again = lab.run(&["config", "init"]);
    assert!(again.code == 1 && again.stderr.contains("--force"), "{}", again.stderr);
    let check = lab.run(&["config", "check"]);
    assert_eq!(check.code, 0, "{}", check.stderr);
    assert!(lab.run(&["config", "show", "--format", "csv"]).stdout.contains("tge-scrape.toml:"));
}

#[test]
fn feeds_come_and_go_and_comments_stay() {
    let lab = Lab::new();
    lab.settings(
        "# my own words\n[http]\nconcurrency = 3 # few\n\n[[feeds]]\nurl = \"https://a.example/feed\"\n",
    );
    assert_eq!(
        lab.run(&["feed", "add", "--untried", "https://b.example/feed", "--name", "B", "--tag", "x"]).code,
        0
    );
    assert!(lab.run(&["feed", "add", "http://www.b.example/feed/"]).stdout.contains("has it already"));
    assert_eq!(lab.run(&["feed", "add", "b.example"]).code, 2);
    let opml = lab.run(&["feed", "export"]).stdout;
    assert!(opml.contains("xmlUrl=\"https://b.example/feed\"") && opml.contains("category=\"x\""), "{opml}");
    std::fs::write(lab.path().join("list.opml"), opml.replace("a.example", "c.example")).unwrap();
    assert_eq!(lab.run(&["feed", "import", "list.opml"]).stdout, "1 added, 1 known, 0 invalid\n");
    assert_eq!(lab.run(&["feed", "remove", "https://a.example/feed"]).code, 0);
    assert_eq!(lab.run(&["feed", "remove", "https://a.example/feed"]).code, 1);
    let file = std::fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap();
    assert!(
        file.contains("# my own words") && file.contains("# few") && !file.contains("a.example"),
        "{file}"
    );
    assert_eq!(lab.run(&["feed", "list", "--format", "ndjson"]).stdout.lines().count(), 2);
}

#[test]
fn a_page_leads_to_its_feed_which_is_shown_before_it_is_kept() {
    let page = "<html><head><link rel=\"alternate\" type=\"application/rss+xml\" href=\"/gone.xml\">\
                <link rel=\"alternate\" type=\"application/rss+xml\" href=\"/feed.xml\"></head><body>news</body></html>";
    let feed = "<rss version=\"2.0\"><channel><title>Ledger News</title><item><title>Newest of all</title><guid>1</guid></item></channel></rss>";
    let site = Inbox::start(move |asked, _| {
        Some(match asked.path.as_str() {
            "/" => Answer::new(200, page),
            "/feed.xml" => Answer::new(200, feed),
            _ => Answer::new(404, ""),
        })
    });
    let lab = Lab::new();
    lab.settings("[http]\nallow_private_addresses = true\nper_host_interval = \"0s\"\n# mine\n");
    let added = lab.run(&["feed", "add", &site.url("/"), "--tag", "l2"]);
    assert_eq!(added.code, 0, "{}{}", added.stdout, added.stderr);
    assert!(added.stdout.contains("- Newest of all"), "{}", added.stdout);
    let file = std::fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap();
    for wanted in [
        "# mine",
        "/feed.xml\"",
        "name = \"Ledger News\"",
        "tags = [\"l2\"]",
        &format!("site = \"{}\"", site.url("/")),
    ] {
        assert!(file.contains(wanted), "{wanted} is missing in {file}");
    }
    let dead = lab.run(&["feed", "add", &site.url("/nothing")]);
    assert!(dead.code == 1 && dead.stderr.contains("--untried"), "{}", dead.stderr);
    assert_eq!(std::fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap(), file);
    let opml = lab.run(&["feed", "export"]).stdout;
    assert!(opml.contains("htmlUrl=") && opml.contains("<outline text=\"l2\""), "{opml}");
}

#[test]
fn the_watch_list_is_changed_and_comments_stay() {
    let lab = Lab::new();
    lab.settings("# mine\n[[projects]]\nname = \"Caldera\" # first\n");
    let add = [
        "project",
        "add",
        "Zorblax",
        "--alias",
        "Zorb Labs",
        "--token",
        "$ZORB",
        "--exclude",
        "zorb ball",
        "--priority",
        "low",
    ];
    assert_eq!(lab.run(&add).code, 0);
    assert_eq!(lab.run(&["project", "add", "zorblax"]).code, 1);
    let shown = lab.run(&["project", "list", "--format", "json"]).json();
    assert_eq!(shown["projects"][1]["tokens"][0], "ZORB");
    let file = std::fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap();
    assert!(
        file.contains("# mine") && file.contains("# first") && file.contains("priority = \"low\""),
        "{file}"
    );
    assert_eq!(lab.run(&["project", "remove", "Zorblax"]).code, 0);
    assert_eq!(lab.run(&["project", "remove", "Zorblax"]).code, 1);
}

#[test]
fn a_feed_is_tried_before_it_is_trusted() {
    let lab = Lab::with_web();
    let origin = |host: &str| format!("http://{host}.localhost:{}", lab.web().port());
    let good = lab.run(&["feed", "check", &format!("{}/feed.xml", origin("ledgerline"))]);
    assert_eq!(good.code, 0, "{}", good.stdout);
    assert!(good.stdout.contains("answers conditional requests"), "{}", good.stdout);
    let parked = lab.run(&["feed", "check", &format!("{}/feed.xml", origin("parkedpost"))]);
    assert_eq!(parked.code, 1);
    assert!(
        parked.stdout.contains("this is a web page, not a feed") && parked.stdout.contains("/new-feed.xml"),
        "{}",
        parked.stdout
    );
    assert!(!lab.state().exists());
}

#[test]
fn reading_commands_say_what_is_missing_before_the_first_cycle() {
    let lab = Lab::with_web();
    for command in ["events", "stats"] {
        let ran = lab.run(&[command]);
        assert_eq!(ran.code, 1);
        assert!(ran.stderr.contains("run `tge-scrape cycle` first"), "{}", ran.stderr);
    }
    let doctor = lab.run(&["doctor"]);
    assert_eq!(doctor.code, 0, "{}", doctor.stdout);
    lab.cycle();
    assert!(lab.run(&["stats"]).stdout.contains("ok"));
    assert!(lab.run(&["stats", "--targets"]).stdout.contains("cycle_time"));
    let doctor = lab.run(&["doctor"]).stdout;
    let (passed, _) =
        doctor.split_once("last cycle ").and_then(|(_, rest)| rest.split_once(" s ago")).unwrap();
    assert!(passed.parse::<u8>().is_ok_and(|seconds| seconds < 60), "{doctor}");
    assert_eq!(lab.run(&["db", "backup", "copy.db"]).code, 0);
    assert!(lab.run(&["events", "--project", "caldera"]).stdout.contains("$ERA"));
}

#[test]
fn what_cannot_be_parsed_is_one_line_and_no_panic() {
    let lab = Lab::new();
    let mut child = lab.command(&["feed", "parse", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"<html><p>not a feed").unwrap();
    let refused = ran(child.wait_with_output().unwrap());
    assert_eq!(
        (refused.code, refused.stdout.as_str(), refused.stderr.lines().count()),
        (1, "", 1),
        "{}",
        refused.stderr
    );
    assert!(refused.stderr.contains("a web page, not a feed"), "{}", refused.stderr);
}

/// A feed of one item with a relative link.
const SAVED: &str = "<rss version=\"2.0\"><channel><item><title>Claim opens</title><link>/claim</link></item></channel></rss>";

#[test]
fn a_saved_feed_is_unpacked_and_its_links_get_their_base() {
    let lab = Lab::new();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(SAVED.as_bytes()).unwrap();
    std::fs::write(lab.path().join("feed.xml.gz"), packed.finish().unwrap()).unwrap();
    std::fs::write(lab.path().join("feed.zst"), zstd::encode_all(SAVED.as_bytes(), 1).unwrap()).unwrap();
    for file in ["feed.xml.gz", "feed.zst"] {
        let parsed = lab.run(&["feed", "parse", "--url", "https://news.example/feeds/main.xml", file]);
        assert_eq!(parsed.code, 0, "{}", parsed.stderr);
        assert_eq!(parsed.json()["link"], "https://news.example/claim", "{file}");
        assert_eq!(lab.run(&["feed", "parse", file]).json()["link"], serde_json::Value::Null);
    }
    let file = std::fs::File::open(lab.path().join("feed.xml.gz")).unwrap();
    let piped = lab.command(&["feed", "parse", "-", "--url", "https://news.example/"]).stdin(file).output();
    assert_eq!(ran(piped.unwrap()).json()["link"], "https://news.example/claim");
    let wrong = lab.run(&["feed", "parse", "feed.zst", "--url", "news.example"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("is not an http or https address"), "{}", wrong.stderr);
}

#[test]
fn an_entry_without_a_summary_shows_the_opening_of_its_content() {
    let lab = Lab::new();
    let xhtml = "<x:div xmlns:x=\"http://www.w3.org/1999/xhtml\"><x:p>The claim is open.</x:p></x:div>";
    let entry =
        format!("<entry><title>Claim</title><id>urn:1</id><content type=\"xhtml\">{xhtml}</content></entry>");
    let feed = format!("<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>News</title>{entry}</feed>");
    std::fs::write(lab.path().join("feed.xml"), feed).unwrap();
    assert_eq!(lab.run(&["feed", "parse", "feed.xml"]).json()["summary"], "The claim is open.");
}

#[test]
fn a_saved_feed_is_held_to_the_limit_of_a_feed_before_and_after_unpacking() {
    let lab = Lab::new();
    lab.settings("[http]\nfeed_body_limit = \"2KiB\"\n");
    let large = SAVED.replace("Claim opens", &"Claim opens ".repeat(300));
    std::fs::write(lab.path().join("large.xml"), &large).unwrap();
    std::fs::write(lab.path().join("packed"), zstd::encode_all(large.as_bytes(), 1).unwrap()).unwrap();
    for file in ["large.xml", "packed"] {
        let refused = lab.run(&["feed", "parse", file]);
        assert_eq!((refused.code, refused.stdout.as_str()), (1, ""));
        assert!(
            refused.stderr.contains("larger than 2048 bytes (http.feed_body_limit)"),
            "{}",
            refused.stderr
        );
    }
    let mut broken = zstd::encode_all(SAVED.as_bytes(), 1).unwrap();
    broken.truncate(20);
    std::fs::write(lab.path().join("broken"), broken).unwrap();
    let refused = lab.run(&["feed", "parse", "broken"]);
    assert_eq!((refused.code, refused.stderr.lines().count()), (1, 1), "{}", refused.stderr);
    assert!(refused.stderr.contains("cannot be unpacked"), "{}", refused.stderr);
}

#[test]
fn completions_and_manual_come_from_the_same_definitions() {
    let lab = Lab::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(lab.run(&["completions", shell]).stdout.contains("tge-scrape"), "{shell}");
    }
    assert_eq!(lab.run(&["man", "pages"]).code, 0);
    assert!(
        std::fs::read_to_string(lab.path().join("pages/tge-scrape-cycle.1")).unwrap().contains("wait\\-lock")
    );
}
