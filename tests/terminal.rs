//! Feeds, pages and posts cannot control a terminal. Titles have escape sequences, C1 controls and characters that change
//! the writing direction; every command that prints foreign text is run.

use std::fs;

use crate::support::{
    inbox::{Answer, Inbox},
    lab::{Lab, Ran},
};

/// Colour, clipboard (OSC 52), link (OSC 8), window title, CSI of C1, bell, writing direction and deletion, as a feed can
/// send them.
const MARKS: &str = "\x1b[31m\x1b]52;c;aGk=\x07\x1b]8;;https://evil.example\x1b\\\u{9b}2J\u{90}\u{7}\u{202E}\u{2066}\u{7f}\r\u{8}";

/// The characters of `text` that control a terminal.
fn steering(text: &str) -> Vec<char> {
    let turns = |c: char| matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    // CSV has CRLF at the end of lines (RFC 4180).
    text.replace("\r\n", "\n").chars().filter(|c| *c != '\n' && (c.is_control() || turns(*c))).collect()
}

fn feed(host: &str) -> String {
    // XML permits no characters below U+0020. Readers ignore them or accept the reference.
    let marks = MARKS.replace('\x1b', "&#27;").replace('\x07', "&#7;");
    let names = ["Zorblax", "Quendar", "Mivotel"];
    let item = |name: &str| {
        format!(
            "<item><guid>{name}{MARKS}</guid><link>http://{host}/claim/{0}{MARKS}</link><title>{MARKS}{marks} {name}{MARKS} opens airdrop \
             claim for its {1} token {MARKS}</title><description>{name} said eligible users can claim the {1} token from 25 December 2026; \
             the claim stays open for 30 days. {MARKS} {marks}</description><author>{MARKS}A</author><category>{MARKS}</category></item>",
            name.to_lowercase(),
            name[..4].to_uppercase()
        )
    };
    let items: String = names.iter().map(|name| item(name)).collect();
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>F{MARKS}{marks}</title>{items}</channel></rss>"
    )
}

fn article() -> String {
    let words =
        format!("Eligible users {MARKS} can claim the token from 25 December 2026 {MARKS}, for 30 days. ")
            .repeat(9);
    format!(
        "<html><head><title>T{MARKS}</title><meta name=author content=\"A{MARKS}\"></head><body><article><p>{words}</p></article></body></html>"
    )
}

/// A lab with a hostile feed, one with a hostile redirect, and a page with a hostile title.
fn lab() -> (Lab, Inbox) {
    let inbox = Inbox::start(|received, _| {
        Some(match received.path.split('?').next().unwrap_or_default() {
            "/feed" => Answer::new(200, &feed(received.header("host"))),
            path if path.starts_with("/claim") => Answer::new(200, &article()).with("Content-Type", "text/html; charset=utf-8"),
            "/moved" => Answer::new(302, "").with("Location", "http:///\u{9b}2J\u{202E}"),
            "/page" => Answer::new(
                200,
                &format!("<html><head><title>{MARKS}</title><link rel=alternate type=application/rss+xml href=\"/no{MARKS}\"></head></html>"),
            )
            .with("Content-Type", "text/html; charset=utf-8"),
            _ => Answer::new(404, MARKS),
        })
    });
    let lab = Lab::new();
    lab.settings(&format!(
        "[http]\nallow_private_addresses = true\nper_host_interval = \"0s\"\n[cache]\nfeed_ttl = \"0s\"\n[cycle]\nmax_failed_ratio = 1.0\n\
         [detect]\nthreshold = 20\n[x]\nenabled = false\n[[feeds]]\nurl = \"{}\"\n[[feeds]]\nurl = \"{}\"\n[[feeds]]\nurl = \"{}\"\n",
        inbox.url("/feed"),
        inbox.url("/moved"),
        inbox.url("/page")
    ));
    (lab, inbox)
}

#[test]
fn feed_text_cannot_control_the_terminal() {
    let (lab, inbox) = lab();
    let quiet = |ran: &Ran, arguments: &[&str]| {
        for (stream, text) in [("stdout", &ran.stdout), ("stderr", &ran.stderr)] {
            assert_eq!(steering(text), Vec::<char>::new(), "{arguments:?} on {stream}: {text:?}");
        }
    };
    let first = ["cycle", "-vv", "--catch-up", "9"];
    let ran = lab.run(&first);
    quiet(&ran, &first);
    assert!(ran.code == 0 || ran.code == 4, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("ZORB"), "{}", ran.stdout);
    fs::write(lab.path().join("feed.xml"), feed("f.example")).unwrap();
    fs::write(
        lab.path().join("text"),
        format!("Zorblax opens airdrop claim {MARKS} for ZORB\nThe claim {MARKS} is live {MARKS}."),
    )
    .unwrap();
    fs::write(lab.path().join("page.html"), article()).unwrap();
    let (feed, page, missing) = (inbox.url("/feed"), inbox.url("/page"), inbox.url("/\u{9b}2J"));
    let events = lab.run(&["events", "--format", "ndjson"]).stdout;
    let event = events.lines().find(|line| line.contains("Zorblax")).unwrap();
    let id: serde_json::Value = serde_json::from_str(event).unwrap();
    let id = id["id"].as_str().unwrap();
    let odd = format!("http://127.0.0.1:9/{MARKS}");
    let commands: Vec<Vec<&str>> = vec![
        vec!["cycle", "-vv", "--log-format", "json"],
        vec!["cycle", "--format", "json"],
        vec!["cycle", "--format", "ndjson"],
        vec!["cycle", "--format", "csv"],
        vec!["events"],
        vec!["events", "--format", "csv"],
        vec!["events", "--format", "json"],
        vec!["events", "--format", "ndjson"],
        vec!["events", "--format", "atom"],
        vec!["events", "--project", MARKS],
        vec!["explain", "text"],
        vec!["explain", "text", "--post"],
        vec!["explain", "text", "--format", "json"],
        vec!["explain", &page],
        vec!["explain", id, "--all"],
        vec!["show", id],
        vec!["show", id, "--format", "json"],
        vec!["show", MARKS],
        vec!["cycle", "--dry-run"],
        vec!["article", "extract", "page.html"],
        vec!["article", "extract", "page.html", "--format", "json"],
        vec!["feed", "list"],
        vec!["feed", "list", "--format", "json"],
        vec!["feed", "list", "--format", "csv"],
        vec!["feed", "check", &feed],
        vec!["feed", "check", &feed, "--format", "json"],
        vec!["feed", "check", &page],
        vec!["feed", "check", &missing],
        vec!["feed", "check", &odd],
        vec!["feed", "add", &page],
        vec!["feed", "parse", "feed.xml"],
        vec!["feed", "parse", "text"],
        vec!["feed", "export"],
        vec!["rescan", "--dry-run"],
        vec!["label", id, "yes"],
        vec!["label", MARKS, "yes"],
        vec!["stats"],
        vec!["stats", "--feeds"],
        vec!["stats", "--feeds", "--format", "csv"],
        vec!["stats", "--why"],
        vec!["stats", "--format", "json"],
        vec!["stats", "--format", "prometheus"],
        vec!["doctor"],
        vec!["config", "show"],
        vec!["project", "list"],
        vec!["project", "add", MARKS],
        vec!["--config", MARKS, "cycle"],
    ];
    let mut shown = 0;
    for arguments in &commands {
        let ran = lab.run(arguments);
        quiet(&ran, arguments);
        shown += usize::from(["Zorblax", "ZORB"].iter().any(|name| ran.stdout.contains(name)));
    }
    assert!(shown >= 12, "only {shown} commands showed a launch");
    let html = lab.run(&["report", "-o", "report.html"]);
    quiet(&html, &["report"]);
    let judged = format!(
        "{}\n",
        serde_json::json!({"id": MARKS, "title": format!("Zorblax airdrop claim {MARKS} is live"), "text": MARKS})
    );
    let mut child = lab.command(&["classify"]).stdin(std::process::Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), judged.as_bytes()).unwrap();
    quiet(&crate::support::lab::ran(child.wait_with_output().unwrap()), &["classify"]);
}
