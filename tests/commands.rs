//! Commands that a new user runs first, and the messages for wrong input.

use std::{io::Write, process::Stdio, sync::LazyLock};

use crate::support::{
    inbox::{Answer, Inbox},
    lab::{Lab, Ran, ran},
};

/// A demo takes long in a test build.
static DEMO: LazyLock<Ran> = LazyLock::new(|| Lab::new().run(&["demo"]));

#[test]
fn demo_shows_detections_figures_and_targets_and_writes_no_file() {
    let lab = Lab::new();
    let demo = &*DEMO;
    assert_eq!(demo.code, 0, "{}", demo.stderr);
    let lines: Vec<&str> = demo.stdout.lines().collect();
    assert!(lines[0].starts_with("first cycle") && lines[1].starts_with(" NEW "), "{lines:?}");
    assert_eq!(lines.last(), Some(&"Next: tge-scrape config init"));
    assert!(lines.iter().any(|line| line.starts_with("the best 8 of ")), "{lines:?}");
    assert!(!demo.stdout.contains("MISSED"), "{}", demo.stdout);
    let demo = lab.run(&["demo", "--figures"]);
    for wanted in ["Caldera", "cache hits", "cycle_time", "requests / connections"] {
        assert!(demo.stdout.contains(wanted), "{wanted} is missing in {}", demo.stdout);
    }
    assert_eq!(std::fs::read_dir(lab.path()).unwrap().count(), 0);
    let (table, why) = demo.stdout.split_once("because of how this demo is built:").unwrap();
    let missed: Vec<&str> = table.lines().filter(|line| line.contains("MISSED")).collect();
    assert!(missed.iter().any(|line| line.contains("error_ratio")), "{table}");
    for line in missed {
        let name = line.split_whitespace().next().unwrap();
        assert!(why.contains(&format!("{name}: ")), "{name} is missed without a reason: {why}");
    }
    assert!(why.contains("outlets fail on purpose (") && why.contains("not_found"), "{why}");
}

/// `text` without numbers and names of months: the demo dates its launches from the day on which it runs.
fn undated(text: &str) -> String {
    let months = "January February March April May June July August September October November December";
    let mut words = Vec::new();
    for word in text.split(|c: char| !c.is_alphanumeric()) {
        let varies =
            word.contains(|c: char| c.is_ascii_digit()) || months.split(' ').any(|month| month == word);
        words.extend((!varies && !word.is_empty()).then_some(word));
    }
    words.join(" ")
}

#[test]
fn picture_of_the_readme_shows_what_the_demo_prints() {
    let lab = Lab::new();
    let (_, best) = DEMO.stdout.split_once("the best ").unwrap();
    let titles: Vec<String> = lab
        .run(&["demo", "--format", "ndjson"])
        .stdout
        .lines()
        .map(|line| {
            undated(serde_json::from_str::<serde_json::Value>(line).unwrap()["title"].as_str().unwrap())
        })
        .collect();
    let picture = include_str!("../docs/demo.svg");
    let (mut headlines, mut frame) = (0, 0);
    for part in picture.split("<text ").skip(1) {
        let (attributes, rest) = part.split_once('>').unwrap();
        let text = rest
            .split("</text>")
            .next()
            .unwrap()
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&");
        if attributes.contains("bold") && !["high", "critical"].contains(&text.as_str()) {
            headlines += 1;
            let shown = undated(text.trim_end_matches('…'));
            assert!(
                titles.iter().any(|title| title.starts_with(&shown)),
                "{text}: .ci/picture draws it again"
            );
        } else if attributes.contains("fill-opacity") && text.chars().all(char::is_alphabetic) {
            frame += 1;
            assert!(best.contains(&text), "{text}: .ci/picture draws it again");
        }
    }
    assert!(headlines >= 8 && frame >= 6, "{headlines} headlines, {frame} other words");
    for words in ["the best 8 of", "more", "Next: tge-scrape config init"] {
        assert!(
            picture.contains(words) && DEMO.stdout.contains(words),
            "{words}: .ci/picture draws it again"
        );
    }
}

#[test]
fn unknown_command_exits_with_2() {
    let ran = Lab::new().run(&["cycel"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("'cycle'"), "{}", ran.stderr);
}

#[test]
fn wrong_settings_exit_with_3_and_every_error() {
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
fn settings_file_given_by_flag_must_exist() {
    let lab = Lab::new();
    let ran = lab.run(&["-c", "nowhere.toml", "config", "check"]);
    assert_eq!(ran.code, 3);
    assert!(ran.stderr.contains("nowhere.toml"), "{}", ran.stderr);
}

#[test]
fn config_init_writes_settings_that_config_check_accepts() {
    let lab = Lab::new();
    assert_eq!(lab.run(&["config", "init"]).code, 0);
    let again = lab.run(&["config", "init"]);
    assert!(again.code == 1 && again.stderr.contains("--force"), "{}", again.stderr);
    let check = lab.run(&["config", "check"]);
    assert_eq!(check.code, 0, "{}", check.stderr);
    let file = std::fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap();
    assert!((40..=50).contains(&file.lines().count()), "{}", file.lines().count());
    // Only the built-in lists are fixed, so that own entries add to them.
    let shown = lab.run(&["config", "show", "--format", "csv"]).stdout;
    let fixed: Vec<&str> = shown.lines().filter(|line| line.contains("tge-scrape.toml:")).collect();
    assert!(fixed.len() == 1 && fixed[0].starts_with("detect.builtin_projects,true"), "{fixed:?}");
    // Every value that it shows is the built-in one.
    let shown: String = file
        .lines()
        .take_while(|line| *line != "#[[feeds]]")
        .map(|line| if line.starts_with("# ") { "" } else { line.strip_prefix('#').unwrap_or(line) })
        .flat_map(|line| [line, "\n"])
        .collect();
    let before = lab.run(&["config", "show", "--format", "json"]).json();
    lab.settings(&shown);
    let after = lab.run(&["config", "show", "--format", "json"]).json();
    let values = |shown: &serde_json::Value| -> Vec<(String, String)> {
        let rows = shown["settings"].as_array().unwrap().iter();
        rows.map(|row| (row["key"].to_string(), row["value"].to_string())).collect()
    };
    assert_eq!(values(&before), values(&after));
    assert!(after.to_string().contains("\"tge-scrape.toml:6:"));
}

#[test]
fn feed_add_import_and_remove_keep_comments() {
    let lab = Lab::new();
    lab.settings(
        "# my own words\n[http]\nconcurrency = 3 # few\n\n[[feeds]]\nurl = \"https://a.example/feed\"\n",
    );
    assert_eq!(
        lab.run(&["feed", "add", "--no-check", "https://b.example/feed", "--name", "B", "--tag", "x"]).code,
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
fn feed_add_finds_the_feed_of_a_page_and_shows_it() {
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
    assert!(dead.code == 1 && dead.stderr.contains("--no-check"), "{}", dead.stderr);
    assert_eq!(std::fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap(), file);
    let opml = lab.run(&["feed", "export"]).stdout;
    assert!(opml.contains("htmlUrl=") && opml.contains("<outline text=\"l2\""), "{opml}");
}

#[test]
fn project_add_and_remove_keep_comments() {
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
    assert_eq!(shown["projects"].as_array().unwrap().len(), 2);
    let file = std::fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap();
    assert!(
        file.contains("# mine") && file.contains("# first") && file.contains("priority = \"low\""),
        "{file}"
    );
    assert_eq!(lab.run(&["project", "remove", "Zorblax"]).code, 0);
    assert_eq!(lab.run(&["project", "remove", "Zorblax"]).code, 1);
}

#[test]
fn feed_check_reports_a_good_feed_and_a_parked_page() {
    let lab = Lab::with_web();
    let origin = |host: &str| format!("http://{host}.localhost:{}", lab.web().port());
    let good = lab.run(&["feed", "check", &format!("{}/feed.xml", origin("ledgerline"))]);
    assert_eq!(good.code, 0, "{}", good.stdout);
    assert!(good.stdout.contains("supports ETag/Last-Modified"), "{}", good.stdout);
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
fn reading_commands_ask_for_a_first_cycle() {
    let lab = Lab::with_web();
    for command in ["events", "stats"] {
        let ran = lab.run(&[command]);
        assert_eq!(ran.code, 1);
        assert!(ran.stderr.contains("run `tge-scrape cycle` first"), "{}", ran.stderr);
    }
    let doctor = lab.run(&["doctor"]);
    assert_eq!(doctor.code, 0, "{}", doctor.stdout);
    lab.cycle();
    let doctor = lab.run(&["doctor"]).stdout;
    let (passed, _) =
        doctor.split_once("cycle     last ").and_then(|(_, rest)| rest.split_once(" s ago")).unwrap();
    assert!(passed.parse::<u8>().is_ok_and(|seconds| seconds < 60), "{doctor}");
    assert_eq!(lab.run(&["db", "backup", "copy.db"]).code, 0);
    assert!(lab.run(&["events", "--project", "caldera"]).stdout.contains("$ERA"));
}

#[test]
fn feed_parse_rejects_a_web_page_in_one_line() {
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
fn feed_parse_unpacks_files_and_resolves_links() {
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
fn feed_parse_takes_a_missing_summary_from_the_content() {
    let lab = Lab::new();
    let xhtml = "<x:div xmlns:x=\"http://www.w3.org/1999/xhtml\"><x:p>The claim is open.</x:p></x:div>";
    let entry =
        format!("<entry><title>Claim</title><id>urn:1</id><content type=\"xhtml\">{xhtml}</content></entry>");
    let feed = format!("<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>News</title>{entry}</feed>");
    std::fs::write(lab.path().join("feed.xml"), feed).unwrap();
    assert_eq!(lab.run(&["feed", "parse", "feed.xml"]).json()["summary"], "The claim is open.");
}

#[test]
fn feed_parse_limits_the_size_before_and_after_unpacking() {
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
fn completions_and_manual_pages_are_printed() {
    let lab = Lab::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(lab.run(&["completions", shell]).stdout.contains("tge-scrape"), "{shell}");
    }
    assert_eq!(lab.run(&["man", "pages"]).code, 0);
    assert!(
        std::fs::read_to_string(lab.path().join("pages/tge-scrape-cycle.1")).unwrap().contains("wait\\-lock")
    );
}

/// Types `answers` into `config init` on a terminal; `None` if the machine lacks `script`.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn init_on_a_terminal(lab: &Lab, answers: &str) -> Option<(i32, String)> {
    let program = lab.command(&[]).get_program().to_owned();
    let mut command = std::process::Command::new("script");
    let line = format!("'{}' config init", program.to_str().unwrap());
    command.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    command.current_dir(lab.path()).env("TGE_SCRAPE_CYCLE__BUILTIN_FEEDS", "false").env("HOME", lab.path());
    let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let Ok(mut child) = spawned else {
        eprintln!("skipped: script (bsdutils) is not installed");
        return None;
    };
    child.stdin.take().unwrap().write_all(answers.as_bytes()).unwrap();
    let ran = ran(child.wait_with_output().unwrap());
    Some((ran.code, ran.stdout + &ran.stderr))
}

#[cfg(target_os = "linux")]
#[test]
fn config_init_asks_four_questions_on_a_terminal() {
    let lab = Lab::new();
    let Some((code, said)) = init_on_a_terminal(&lab, "Lumenade, Zorblax\n9\nfile\nalerts.ndjson\ny\n15\n")
    else {
        return;
    };
    assert_eq!(code, 0, "{said}");
    for wanted in
        ["1/4", "\"9\" is none of them", "3/4", "ok    file", "*/15 * * * *  cd ", "next: tge-scrape "]
    {
        assert!(said.contains(wanted), "{wanted:?} is missing in {said}");
    }
    let file = std::fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap();
    for wanted in ["name = \"Lumenade\"", "name = \"Zorblax\"", "kind = \"file\"\npath = \"alerts.ndjson\""] {
        assert!(file.contains(wanted), "{wanted:?} is missing in {file}");
    }
    assert!(lab.path().join("alerts.ndjson").exists());
    assert_eq!(lab.run(&["config", "check"]).code, 0);
    let bare = Lab::new();
    let Some((code, said)) = init_on_a_terminal(&bare, "\n\n0\n") else { return };
    assert!(code == 0 && !said.contains("3/4") && !said.contains("* * * *"), "{said}");
    let wrong = Lab::new();
    let Some((code, said)) = init_on_a_terminal(&wrong, "\nslack\nnot an address\n") else { return };
    assert!(code == 3 && said.contains("nothing is written"), "{said}");
    assert!(!wrong.path().join("tge-scrape.toml").exists());
}

#[test]
fn examples_of_the_help_are_accepted() {
    let lab = Lab::new();
    for command in [&["events"][..], &["feed", "add"], &["explain"], &["rescan"], &["alerts"]] {
        let help = lab.run(&[command, &["-h"]].concat()).stdout;
        let (_, examples) = help.split_once("Examples:\n").unwrap_or_else(|| panic!("{command:?}: {help}"));
        assert!(!help.contains("--version"), "{help}");
        for line in examples.lines().filter(|line| line.contains("tge-scrape")) {
            let (_, words) = line.split_once("tge-scrape ").unwrap();
            // The text after three spaces explains the example.
            let words = words.split("   ").next().unwrap().split(" > ").next().unwrap();
            let words: Vec<&str> = words.split_whitespace().chain(["--help"]).collect();
            let ran = lab.run(&words);
            assert_eq!(ran.code, 0, "{line}: {}", ran.stderr);
        }
    }
}
