//! Import and export of lists of feeds: added feeds, skipped outlines, valid settings.

use std::{fs, io::Write, process::Stdio};

use crate::support::lab::{Lab, Ran, ran};

fn opml(outlines: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\"><head/><body>\n{outlines}\n</body></opml>\n"
    )
}

/// A lab with settings and a list, and the result of its import.
fn imported(settings: &str, list: &[u8], more: &[&str]) -> (Lab, Ran) {
    let lab = Lab::new();
    lab.settings(settings);
    fs::write(lab.path().join("list.opml"), list).unwrap();
    let ran = lab.run(&[&["feed", "import", "list.opml"], more].concat());
    (lab, ran)
}

fn file(lab: &Lab) -> String {
    fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap()
}

fn is_valid(lab: &Lab) {
    let check = lab.run(&["config", "check"]);
    assert_eq!(check.code, 0, "{}\n{}", check.stderr, file(lab));
}

#[test]
fn feed_import_writes_only_valid_settings() {
    let list = opml(
        "<outline type=\"rss\" text=\"Paid letter\" xmlUrl=\"https://reader:hunter2@letters.example/feed\"/>\n\
         <outline type=\"rss\" text=\"Token\" xmlUrl=\"feed://hunter2@token.example/feed\"/>\n\
         <outline type=\"rss\" text=\"https://me:hunter2@title.example/\" xmlUrl=\"https://title.example/feed?key=abc\"/>\n\
         <outline type=\"rss\" text=\"Control &#7; char\" xmlUrl=\"https://control.example/feed\" htmlUrl=\"https://me:hunter2@control.example/\"/>\n\
         <outline type=\"rss\" text=\"\" xmlUrl=\"https://nameless.example/a b\" category=\" , / ,&#1;\"/>\n\
         <outline type=\"rss\" text=\"Local\" xmlUrl=\"rsshub://a/b\"/>\n\
         <outline type=\"rss\" text=\"No scheme\" xmlUrl=\"five.example/rss\"/>",
    );
    let (lab, ran) = imported("# mine\n[cache]\nfeed_ttl = \"10m\" # ten\n", list.as_bytes(), &[]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "3 added, 0 known, 4 invalid\n"), "{}", ran.stderr);
    is_valid(&lab);
    let text = file(&lab);
    assert!(text.contains("# mine") && text.contains("# ten") && text.contains("feed?key=abc"), "{text}");
    for wanted in [
        "line 3: \"Paid letter\": ",
        "https://letters.example/feed",
        "LETTERS_EXAMPLE_LOGIN",
        "headers_env = { Authorization = ",
        "line 4: \"Token\": ",
        "line 8: \"Local\": \"rsshub://a/b\" is not an http or https address",
        "line 9: \"No scheme\": ",
    ] {
        assert!(ran.stderr.contains(wanted), "{wanted:?} is missing in {}", ran.stderr);
    }
    assert!(!text.contains("hunter2") && !ran.stderr.contains("hunter2"), "{text}{}", ran.stderr);
    let again = lab.run(&["feed", "import", "list.opml", "-q"]);
    assert_eq!(
        (again.code, again.stdout.as_str(), again.stderr.as_str()),
        (0, "0 added, 3 known, 4 invalid\n", "")
    );
    assert_eq!(file(&lab), text);
}

#[test]
fn feed_add_and_project_add_write_only_valid_settings() {
    let lab = Lab::new();
    lab.settings("# mine\nfeeds = []\n");
    for url in [
        "https://me:hunter2@a.example/f",
        "feed:https://hunter2@a.example/f",
        "a.example/f",
        "ftp://a.example",
    ] {
        for untried in [&["--no-check"][..], &[]] {
            let refused = lab.run(&[&["feed", "add", url], untried].concat());
            assert_eq!(refused.code, 2, "{url}: {}", refused.stderr);
            assert!(
                !refused.stderr.contains("hunter2") && refused.stderr.contains("hint: "),
                "{}",
                refused.stderr
            );
        }
    }
    assert_eq!(file(&lab), "# mine\nfeeds = []\n");
    let add =
        ["feed", "add", "--no-check", "FEED://a.example/f", "--tag", "", "--tag", "l2", "--name", "\u{1}"];
    assert_eq!(lab.run(&add).code, 0);
    is_valid(&lab);
    assert_eq!(file(&lab), "# mine\n[[feeds]]\nurl = \"https://a.example/f\"\ntags = [\"l2\"]\n");
    for name in ["\u{7f}", " "] {
        assert_eq!(lab.run(&["project", "add", name]).code, 2);
    }
    assert_eq!(lab.run(&["project", "add", "Zorb\nlax", "--token", "$", "--alias", "\u{2}"]).code, 0);
    is_valid(&lab);
}

#[test]
fn empty_and_inline_lists_are_extended() {
    let list = opml(
        "<outline title=\"Chain\" xmlUrl=\"https://one.example/feed\"/><outline xmlUrl=\"https://two.example/feed\"/>",
    );
    for settings in [
        "feeds = []\nprojects = []\n",
        "# mine\nfeeds = [] # none\n[http]\nconcurrency = 3\n",
        "feeds = [\n  { url = \"https://three.example/feed\" }, # kept\n]\nprojects = [{ name = \"Caldera\" }]\n",
        "",
    ] {
        let (lab, ran) = imported(settings, list.as_bytes(), &[]);
        assert_eq!((ran.code, ran.stdout.as_str()), (0, "2 added, 0 known, 0 invalid\n"), "{}", ran.stderr);
        assert!(ran.stderr.ends_with("feeds are read now\n"), "{}", ran.stderr);
        assert_eq!(lab.run(&["feed", "add", "--no-check", "https://four.example/feed"]).code, 0);
        assert_eq!(lab.run(&["project", "add", "Zorblax"]).code, 0);
        is_valid(&lab);
        let feeds = if settings.contains("three") { 4 } else { 3 };
        assert_eq!(lab.run(&["feed", "list", "--format", "ndjson"]).stdout.lines().count(), feeds);
        for url in ["https://one.example/feed", "http://www.two.example/feed/", "feed://four.example/feed"] {
            assert_eq!(lab.run(&["feed", "remove", url]).code, 0, "{}", file(&lab));
        }
        assert_eq!(lab.run(&["feed", "list", "--format", "ndjson"]).stdout.lines().count(), feeds - 3);
        is_valid(&lab);
    }
}

#[test]
fn settings_file_given_by_flag_is_created_by_feed_add() {
    let lab = Lab::new();
    let add = ["-c", "new.toml", "feed", "add", "--no-check", "https://a.example/f"];
    assert_eq!(lab.run(&add).code, 0);
    assert_eq!(lab.run(&["-c", "new.toml", "config", "check"]).code, 0);
    assert_eq!(lab.run(&["-c", "none.toml", "feed", "remove", "https://a.example/f"]).code, 1);
    assert!(!lab.path().join("none.toml").exists());
}

#[test]
fn invalid_opml_gives_one_error_message() {
    let lab = Lab::new();
    lab.settings("feeds = []\n");
    for (name, bytes, expected) in [
        ("empty.opml", &b""[..], "the file is empty"),
        ("page.html", b"<!DOCTYPE html><html><body>x</body></html>", "web page"),
        ("feed.xml", b"<rss version=\"2.0\"><channel/></rss>", "feed add"),
        ("list.gz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00", "no text"),
        ("none.opml", b"<opml version=\"2.0\"><body/></opml>", "holds no feeds"),
        ("words.txt", b"just some words", "this is no list of feeds"),
    ] {
        fs::write(lab.path().join(name), bytes).unwrap();
        let refused = lab.run(&["feed", "import", name]);
        assert_eq!((refused.code, refused.stdout.as_str()), (1, ""), "{name}: {}", refused.stderr);
        assert!(
            refused.stderr.contains(name) && refused.stderr.contains(expected),
            "{name}: {}",
            refused.stderr
        );
        assert_eq!(refused.stderr.lines().count(), 2, "{}", refused.stderr);
    }
    for path in ["missing.opml", ".", "/dev/zero"] {
        let refused = lab.run(&["feed", "import", path]);
        assert_eq!(refused.code, 1, "{path}: {}", refused.stderr);
        assert!(refused.stderr.contains("cannot be read"), "{path}: {}", refused.stderr);
    }
    let (lab, ran) = imported(
        "feeds = []\n",
        opml("<outline text=\"A\" xmlUrl=\"gopher://a.example/\"/>").as_bytes(),
        &[],
    );
    assert_eq!((ran.code, ran.stdout.as_str()), (1, "0 added, 0 known, 1 invalid\n"));
    assert!(ran.stderr.contains("nothing in it could be imported"), "{}", ran.stderr);
    assert_eq!(file(&lab), "feeds = []\n");
}

#[test]
fn skipped_outlines_are_listed_up_to_a_limit() {
    let bad: String = (0..25)
        .map(|at| format!("<outline text=\"Bad {at}\" xmlUrl=\"gopher://{at}.example/\"/>\n"))
        .collect();
    let list = opml(&format!(
        "<outline text=\"Good\" xmlUrl=\"https://a.example/f\"/>\n<outline text=\"Link\" type=\"link\" url=\"https://b.example/\"/>\n\
         <outline text=\"Off\" xmlUrl=\"https://c.example/f\" isComment=\"true\"/>\n{bad}"
    ));
    let (lab, ran) = imported("feeds = []\n", list.as_bytes(), &[]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "1 added, 0 known, 25 invalid, 2 not feeds\n"));
    let error_lines = |ran: &Ran| ran.stderr.lines().filter(|line| line.starts_with("line ")).count();
    assert_eq!(error_lines(&ran), 10, "{}", ran.stderr);
    for wanted in [
        "line 4: \"Link\" is of type link",
        "line 5: \"Off\" is a comment",
        "line 6: \"Bad 0\"",
        "and 17 more",
    ] {
        assert!(ran.stderr.contains(wanted), "{wanted:?} is missing in {}", ran.stderr);
    }
    assert_eq!(error_lines(&lab.run(&["feed", "import", "list.opml", "-v"])), 27);
    assert_eq!(lab.run(&["feed", "import", "list.opml", "-q"]).stderr, "");
    let cut = &list[..list.find("Bad 3").unwrap()];
    let (_, ran) = imported("feeds = []\n", cut.as_bytes(), &[]);
    assert!(ran.code == 0 && ran.stderr.contains("the end of the list is missing"), "{}", ran.stderr);
    assert!(ran.stderr.contains("is cut off or damaged"), "{}", ran.stderr);
}

#[test]
fn exports_of_other_readers_are_imported_completely() {
    let list = opml(
        "<outline text=\"Info\" title=\"Info\"><outline text=\"Deep\"><outline type=\"rss\" text=\"Größe & mehr\" xmlUrl=\"http://one.example/news.atom?a=1&b=2&copy=3\"/></outline></outline>\n\
         ,<outline type=\"rss\" text=\"twice\" xmlUrl=\"https://www.one.example/news.atom?b=2&amp;a=1&amp;copy=3\"/>\n\
         ,<outline type=\"rss\" text=\"feed scheme\" xmlUrl=\"feed://four.example/rss\"/>",
    );
    let utf16: Vec<u8> = [0xFEFF]
        .into_iter()
        .chain(list.replace("UTF-8", "UTF-16").encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    for bytes in [list.clone().into_bytes(), utf16] {
        let (lab, ran) = imported("feeds = []\n", &bytes, &[]);
        assert_eq!(
            (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
            (0, "2 added, 0 known, 0 invalid, 1 duplicate\n", "2 feeds are read now\n")
        );
        let text = file(&lab);
        for wanted in [
            "\"http://one.example/news.atom?a=1&b=2&copy=3\"",
            "name = \"Größe & mehr\"",
            "tags = [\"Info\", \"Deep\"]",
            "\"https://four.example/rss\"",
        ] {
            assert!(text.contains(wanted), "{wanted} is missing in {text}");
        }
        is_valid(&lab);
    }
}

#[test]
fn feed_export_and_import_are_inverse() {
    let lab = Lab::new();
    lab.settings(
        "[[feeds]]\nurl = \"https://a.example/f?x=1&y=2\"\nname = \"A <b> & \\\"c\\\"\"\nsite = \"https://a.example/\"\ntags = [\"L2\", \"news\"]\n\
         [[feeds]]\nurl = \"https://b.example/f\"\ntags = [\"Asia, Pacific\", \"日本\"]\n\
         [[feeds]]\nurl = \"https://c.example/list\"\nkind = \"json\"\npreset = \"okx\"\n",
    );
    let export = lab.run(&["feed", "export"]);
    assert!(export.stderr.contains("1 source of kind \"json\" is omitted"), "{}", export.stderr);
    let before = file(&lab);
    let mut child = lab.command(&["feed", "import", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(export.stdout.as_bytes()).unwrap();
    let same = ran(child.wait_with_output().unwrap());
    assert_eq!((same.code, same.stdout.as_str()), (0, "0 added, 2 known, 0 invalid\n"), "{}", same.stderr);
    assert!(same.stderr.contains("nothing is new"), "{}", same.stderr);
    assert_eq!(file(&lab), before);
    let (other, ran) = imported("feeds = []\n", export.stdout.as_bytes(), &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(other.run(&["feed", "export"]).stdout, export.stdout);
}

#[test]
fn list_of_five_thousand_feeds_is_imported() {
    let many: String = (0..5000)
        .map(|at| format!("<outline text=\"Outlet {at}\" xmlUrl=\"https://h{at}.example/f\"/>\n"))
        .collect();
    let (lab, ran) = imported("", opml(&many).as_bytes(), &[]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "5000 added, 0 known, 0 invalid\n"), "{}", ran.stderr);
    assert_eq!(lab.run(&["feed", "import", "list.opml"]).stdout, "0 added, 5000 known, 0 invalid\n");
    is_valid(&lab);
}
