//! Import of lists in CSV, JSON, OPML and plain lines: the same feeds and projects from each, bad rows named.

use std::{fs, io::Write, process::Stdio};

use crate::support::lab::{Lab, Ran, ran};

/// A lab without feeds and projects, with these files.
fn lab(files: &[(&str, &[u8])]) -> Lab {
    let lab = Lab::new();
    lab.settings("feeds = []\nprojects = []\n");
    for (name, bytes) in files {
        fs::write(lab.path().join(name), bytes).unwrap();
    }
    lab
}

fn settings(lab: &Lab) -> String {
    let check = lab.run(&["config", "check"]);
    let text = fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap();
    assert_eq!(check.code, 0, "{}\n{text}", check.stderr);
    text
}

fn piped(lab: &Lab, arguments: &[&str], input: &[u8]) -> Ran {
    let mut child = lab.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    ran(child.wait_with_output().unwrap())
}

fn utf16(text: &str, mark: bool) -> Vec<u8> {
    let units = text.encode_utf16().flat_map(u16::to_le_bytes);
    if mark { [0xff, 0xfe].into_iter().chain(units).collect() } else { units.collect() }
}

#[test]
fn every_format_gives_the_same_feeds() {
    let csv = "Name,Feed URL,Tier,Tags,Every\nÖne,https://one.example/feed,1,\"L2; news\",15m\nTwo,https://two.example/feed,,,\n";
    let variants: Vec<Vec<u8>> = vec![
        csv.into(),
        csv.replace('\n', "\r\n").into(),
        csv.replace(';', "|").replace(',', ";").into(),
        csv.replace(',', "\t").replace("\"L2; news\"", "L2, news").into(),
        [b"\xef\xbb\xbf", csv.as_bytes()].concat(),
        utf16(csv, true),
        utf16(csv, false),
        r#"[{"title": "Öne", "xmlUrl": "https://one.example/feed", "tier": 1, "tags": ["L2", "news"], "every": "15m"},
            {"name": "Two", "url": "https://two.example/feed", "more": {"x": [1]}}]"#.into(),
        r#"{"schema": 1, "other": [], "feeds": [{"name": "Öne", "feed": "https://one.example/feed", "tier": "1", "tags": "L2, news", "every": "15m"}, {"name": "Two", "url": "https://two.example/feed"}]}"#.into(),
        "{\"name\": \"Öne\", \"url\": \"https://one.example/feed\", \"tier\": 1, \"tags\": [\"L2\", \"news\"], \"every\": \"15m\"}\n{\"name\": \"Two\", \"url\": \"https://two.example/feed\"}\n".into(),
    ];
    let wanted = "[[feeds]]\nurl = \"https://one.example/feed\"\nname = \"Öne\"\ntier = 1\nevery = \"15m\"\ntags = [\"L2\", \"news\"]\n\n\
                  [[feeds]]\nurl = \"https://two.example/feed\"\nname = \"Two\"\n";
    for bytes in &variants {
        let lab = lab(&[("list", bytes)]);
        let ran = lab.run(&["feed", "import", "list"]);
        let shown = String::from_utf8_lossy(bytes);
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (0, "2 added, 0 known, 0 invalid\n"),
            "{shown}\n{}",
            ran.stderr
        );
        assert!(settings(&lab).ends_with(wanted), "{shown}\n{}", settings(&lab));
    }
}

#[test]
fn lines_and_json_texts_are_addresses() {
    let lines = "# mine\n\n  https://one.example/feed  # the first\r\nhttps://two.example/feed#top \"l2 news\" \"~Two words\"\nfeed://three.example/rss\n";
    let lab = lab(&[
        ("urls", lines.as_bytes()),
        ("urls.json", br#"["https://four.example/f", "https://one.example/feed/"]"#),
    ]);
    let ran = lab.run(&["feed", "import", "urls", "urls.json"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "4 added, 0 known, 0 invalid, 1 duplicate\n"),
        "{}",
        ran.stderr
    );
    let text = settings(&lab);
    for wanted in [
        "url = \"https://one.example/feed\"\n",
        "url = \"https://two.example/feed#top\"\nname = \"Two words\"\ntags = [\"l2 news\"]",
        "url = \"https://three.example/rss\"\n",
        "url = \"https://four.example/f\"\n",
    ] {
        assert!(text.contains(wanted), "{wanted} is missing in {text}");
    }
    let again = piped(&lab, &["feed", "import", "-"], lines.as_bytes());
    assert_eq!((again.code, again.stdout.as_str()), (0, "0 added, 3 known, 0 invalid\n"), "{}", again.stderr);
    assert_eq!(settings(&lab), text);
}

#[test]
fn wrong_rows_are_named_and_the_others_imported() {
    let csv = "url,name,tier,every,kind,tagz\n\
               https://one.example/f,One,2,,,x\n\
               https://two.example/f,Two,7,,,\n\
               https://me:hunter2@three.example/f,Three,,,,\n\
               ,Four,,,,\n\
               https://five.example/f,Five,,1s,,\n\
               /usr/bin/list,Six,,,exec,\n\
               https://seven.example/f,Seven,,,page,\n\
               https://eight.example/f,Eight,,,,,surplus\n\
               \n\
               https://nine.example/news-sitemap.xml,Nine,,,sitemap,\n\
               ,Twelve,,,,\n";
    let json = "[\n  \"https://one.example/f\",\n  7,\n  {\"url\": \"https://ten.example/f\", \"command\": [\"/bin/sh\"]},\n  {\"name\": \"Eleven\"}\n]";
    let lab = lab(&[("a.csv", csv.as_bytes()), ("b.json", json.as_bytes())]);
    let ran = lab.run(&["feed", "import", "a.csv"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "2 added, 0 known, 8 invalid\n"), "{}", ran.stderr);
    for wanted in [
        "line 3: \"https://two.example/f\": tier: should be 1, 2 or 3, is \"7\"",
        "line 4: \"Three\": the address https://three.example/f contains a name or password",
        "line 5: \"Four\": the row has no address",
        "line 6: \"https://five.example/f\": every: should be between 1m and 1d",
        "line 7: \"/usr/bin/list\": runs a program and is never imported",
        "line 8: \"https://seven.example/f\": is of kind \"page\"",
        "line 9: the row has 7 values for 6 columns",
        "line 12: \"Twelve\": the row has no address",
        "not used: tagz",
    ] {
        assert!(ran.stderr.contains(wanted), "{wanted:?} is missing in {}", ran.stderr);
    }
    let text = settings(&lab);
    assert!(text.contains("news-sitemap.xml\"\nname = \"Nine\"\nkind = \"sitemap\""), "{text}");
    assert!(!text.contains("hunter2") && !ran.stderr.contains("hunter2") && !text.contains("exec"), "{text}");
    let ran = lab.run(&["feed", "import", "b.json", "a.csv"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "0 added, 3 known, 11 invalid\n"), "{}", ran.stderr);
    for wanted in [
        "b.json: line 3: the row is neither a text nor an object",
        "b.json: line 4: \"https://ten.example/f\": runs a program",
        "b.json: line 5: \"Eleven\": the row has no address",
        "a.csv: line 3: ",
    ] {
        assert!(ran.stderr.contains(wanted), "{wanted:?} is missing in {}", ran.stderr);
    }
    assert_eq!(settings(&lab), text);
}

#[test]
fn a_dry_run_and_an_unreadable_list_change_nothing() {
    let lab = lab(&[
        ("a.csv", b"url,name\nhttps://one.example/f,One\n"),
        ("broken.json", b"[\"https://two.example/f\",\n  oops]"),
        ("headless.csv", b"https://two.example/f,Two\n"),
        ("numbers.json", b"{\"a\": 1}"),
        ("none.json", b"{\"feeds\": []}"),
        ("words.txt", b"just some words\n"),
        ("projects.txt", b"# none\n"),
    ]);
    let before = settings(&lab);
    let ran = lab.run(&["feed", "import", "a.csv", "--dry-run"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "+ One  https://one.example/f\n1 would be added, 0 known, 0 invalid\n"),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.stderr, "1 feed would then be read; nothing was written\n");
    assert_eq!(settings(&lab), before);
    for (arguments, expected) in [
        (
            &["feed", "import", "a.csv", "broken.json"][..],
            "broken.json: not JSON: expected value at line 2 column 3",
        ),
        (&["feed", "import", "a.csv", "missing"], "missing: it cannot be read"),
        (&["feed", "import", "--as", "csv", "headless.csv"], "names no column with the url; there is xmlurl"),
        (&["feed", "import", "numbers.json"], "it holds no array"),
        (&["feed", "import", "none.json"], "the list holds no feeds"),
        (&["feed", "import", "words.txt"], "this is no list of feeds"),
        (&["feed", "import", "--as", "opml", "a.csv"], "not an OPML file"),
        (&["feed", "import", "--as", "json", "a.csv"], "not JSON"),
        (&["project", "import", "projects.txt"], "the list holds no projects"),
        (
            &["project", "import", "--as", "csv", "a.csv", "words.txt"],
            "words.txt: its first line names no column with the name",
        ),
    ] {
        let ran = lab.run(arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{arguments:?}: {}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 2, "{arguments:?}: {}", ran.stderr);
        assert_eq!(settings(&lab), before);
    }
    assert_eq!(lab.run(&["feed", "import"]).code, 2);
    assert_eq!(lab.run(&["feed", "import", "--as", "yaml", "a.csv"]).code, 2);
}

#[test]
fn every_format_gives_the_same_projects() {
    let csv = "project,symbol,handle,domain,aliases,priority,threshold\n\
               Zorblax,$ZRB,https://x.com/zorblax,https://www.zorblax.example/about,Zorblax Labs;Zorb,High,70\n\
               Quillnet,,,,,,\n";
    let json = r#"{"projects": [{"name": "Zorblax", "tokens": ["ZRB"], "handles": ["@zorblax"], "domains": ["zorblax.example"],
        "aliases": ["Zorblax Labs", "Zorb"], "priority": "high", "threshold": 70}, "Quillnet"]}"#;
    let wanted = "[[projects]]\nname = \"Zorblax\"\naliases = [\"Zorblax Labs\", \"Zorb\"]\ntokens = [\"ZRB\"]\nhandles = [\"zorblax\"]\n\
                  domains = [\"zorblax.example\"]\npriority = \"high\"\nthreshold = 70\n\n[[projects]]\nname = \"Quillnet\"\n";
    for list in [csv, json, &csv.replace('\n', "\r\n")] {
        let lab = lab(&[("list", list.as_bytes())]);
        let ran = lab.run(&["project", "import", "list"]);
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (0, "2 added, 0 known, 0 invalid\n"),
            "{list}\n{}",
            ran.stderr
        );
        assert!(ran.stderr.ends_with("2 projects are watched now\n"), "{}", ran.stderr);
        assert!(settings(&lab).ends_with(wanted), "{list}\n{}", settings(&lab));
    }
    let opml = "<opml version=\"2.0\"><body><outline text=\"Zorblax\" xmlUrl=\"https://zorblax.example/f\" htmlUrl=\"https://zorblax.example/\"/></body></opml>";
    let lab = lab(&[("names", b"Zorblax # first\nQuillnet\nzorblax\n"), ("list.opml", opml.as_bytes())]);
    let ran = lab.run(&["project", "import", "names"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "2 added, 0 known, 0 invalid, 1 duplicate\n"),
        "{}",
        ran.stderr
    );
    assert_eq!(lab.run(&["project", "import", "list.opml"]).stdout, "0 added, 1 known, 0 invalid\n");
    let exported = lab.run(&["project", "list", "--format", "json"]).stdout;
    let again = piped(&lab, &["project", "import", "-"], exported.as_bytes());
    assert_eq!((again.code, again.stdout.as_str()), (0, "0 added, 2 known, 0 invalid\n"), "{}", again.stderr);
}

#[test]
fn wrong_projects_are_named() {
    let csv = "name,handle,domain,priority,threshold\n\
               One,two words,,,\nTwo,,nodots,,\nThree,,,top,\nFour,,,,101\n,@five,,,\nhttps://six.example,,,,\nSeven,@seven,,,\n";
    let lab = lab(&[("a.csv", csv.as_bytes())]);
    let ran = lab.run(&["project", "import", "a.csv"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "1 added, 0 known, 6 invalid\n"), "{}", ran.stderr);
    for wanted in [
        "line 2: \"One\": \"two words\" is no account of X",
        "line 3: \"Two\": \"nodots\" is no domain",
        "line 4: \"Three\": priority: should be high, normal or low, is \"top\"",
        "line 5: \"Four\": threshold: should be a whole number from 0 to 100, is \"101\"",
        "line 6: \"@five\": the row has no name",
        "line 7: \"https://six.example\": is an address, not the name of a project",
    ] {
        assert!(ran.stderr.contains(wanted), "{wanted:?} is missing in {}", ran.stderr);
    }
    settings(&lab);
}

#[test]
fn built_in_tables_still_apply_after_an_import() {
    let lab = Lab::new();
    let run = |arguments: &[&str]| {
        let mut command = lab.command(arguments);
        ran(command.env_remove("TGE_SCRAPE_CYCLE__BUILTIN_FEEDS").output().unwrap())
    };
    fs::write(lab.path().join("names"), "Zorblax\nCaldera\n").unwrap();
    let projects = || run(&["project", "list", "--format", "ndjson"]).stdout.lines().count();
    let before = projects();
    let dry = run(&["project", "import", "names", "--dry-run"]);
    assert_eq!(dry.stdout, "+ Zorblax\n1 would be added, 1 known, 0 invalid\n", "{}", dry.stderr);
    assert!(
        dry.stderr.contains(&format!("{} projects ({before} built in) would then be watched", before + 1)),
        "{}",
        dry.stderr
    );
    assert!(!lab.path().join("tge-scrape.toml").exists());
    assert_eq!(run(&["project", "import", "names"]).stdout, "1 added, 1 known, 0 invalid\n");
    assert_eq!(projects(), before + 1);
}

#[test]
fn long_lists_are_imported() {
    let rows: String = (0..20_000).map(|at| format!("https://h{at}.example/f,Outlet {at}\n")).collect();
    let objects: Vec<String> =
        (0..20_000).map(|at| format!("{{\"url\": \"https://h{at}.example/f\"}}")).collect();
    let json = format!("[{}]", objects.join(",\n"));
    let lab = lab(&[("a.csv", format!("url,name\n{rows}").as_bytes()), ("b.json", json.as_bytes())]);
    let ran = lab.run(&["feed", "import", "a.csv", "b.json", "-q"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "20000 added, 0 known, 0 invalid, 20000 duplicates\n"),
        "{}",
        ran.stderr
    );
}
