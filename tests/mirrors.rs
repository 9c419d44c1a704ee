//! Feeds with mirrors, read by the real binary.

use std::sync::{Arc, Mutex};

use tge_scrape::figures::CycleReport;

use crate::support::{
    inbox::{Answer, Inbox, Received},
    lab::Lab,
};

const HEAD: &str = "[http]\nallow_private_addresses = true\nper_host_interval = \"0s\"\nretries = 0\n[cache]\nfeed_ttl = \"0s\"\n[x]\nenabled = false\n";

/// A feed with these items, whose links are at `host`.
fn feed(host: &str, items: &[&str]) -> String {
    let item = |slug: &&str| {
        let text = "The team confirmed the token launch and its terms today. ".repeat(30);
        format!(
            "<item><guid isPermaLink=\"false\">{slug}</guid><title>{slug} (TIDE) airdrop claim opens</title><link>{host}/a/{slug}</link><description>{text}</description></item>"
        )
    };
    format!(
        "<rss version=\"2.0\"><channel><title>News</title>{}</channel></rss>",
        items.iter().map(item).collect::<String>()
    )
}

/// What a server answers: a status, and the items of its feed.
type Script = Arc<Mutex<(u16, Vec<&'static str>)>>;

fn server(host: &'static str, script: &Script) -> Inbox {
    let script = Arc::clone(script);
    Inbox::start(move |received: &Received, _| {
        let (status, items) = script.lock().unwrap().clone();
        let body = feed(host, &items);
        let tag = format!("\"{host}{}\"", body.len());
        Some(match status {
            200 if received.header("if-none-match") == tag => Answer::new(304, "").with("ETag", &tag),
            200 => Answer::new(200, &body).with("ETag", &tag),
            429 => Answer::new(429, "").with("Retry-After", "3600"),
            _ => Answer::new(status, ""),
        })
    })
}

fn cycle(lab: &Lab) -> CycleReport {
    lab.run(&["cycle", "--format", "json"]).report()
}

#[test]
fn a_mirror_answers_for_a_feed_that_fails_and_nothing_is_stored_twice() {
    let (first, second): (Script, Script) =
        (Arc::new(Mutex::new((200, vec!["one"]))), Arc::new(Mutex::new((200, vec!["one", "two"]))));
    let (own, mirror) = (server("https://own.example", &first), server("https://mirror.example", &second));
    let lab = Lab::new();
    // Another name of the same machine is another host.
    let mirror_url = mirror.url("/feed").replace("127.0.0.1", "localhost");
    lab.settings(&format!(
        "{HEAD}[[feeds]]\nurl = \"{}\"\nalso = [\"{mirror_url}\"]\nname = \"News\"\ntier = 1\nheaders = {{ Authorization = \"secret\" }}\n",
        own.url("/feed")
    ));
    let report = cycle(&lab);
    assert_eq!((report.entries.new, mirror.all().len()), (1, 0), "{report:?}");

    first.lock().unwrap().0 = 503;
    let report = cycle(&lab);
    assert_eq!((report.feeds.total, report.feeds.fetched, report.feeds.failed), (1, 1, 0), "{report:?}");
    assert_eq!(report.entries.new, 1, "of two entries one was known");
    let asked = mirror.all();
    assert_eq!(
        (asked.len(), asked[0].header("authorization"), asked[0].header("if-none-match")),
        (1, "", "")
    );
    let shown = lab.run(&["feed", "show", "News"]).stdout;
    assert!(shown.lines().any(|line| line.contains("answered by") && line.contains(&mirror_url)), "{shown}");
    assert!(lab.run(&["doctor"]).stdout.contains("answered by a mirror"));

    // The first address is tried first again; the mirror is asked with its own validators.
    let report = cycle(&lab);
    assert_eq!((report.feeds.not_modified, report.entries.new), (1, 0), "{report:?}");
    assert_eq!(own.all().len(), 3);

    *first.lock().unwrap() = (200, vec!["one", "two", "three"]);
    let report = cycle(&lab);
    assert_eq!((report.feeds.fetched, report.entries.new), (1, 1), "{report:?}");
    let asked = own.all();
    assert_eq!((asked.len(), asked[3].header("authorization")), (4, "secret"));
    assert!(asked[3].header("if-none-match").contains("own.example"));
    assert!(lab.run(&["feed", "show", "News"]).stdout.contains(&own.url("/feed")));
}

#[test]
fn a_wait_that_the_first_address_asked_for_holds_for_it_alone() {
    let (first, second): (Script, Script) =
        (Arc::new(Mutex::new((429, vec![]))), Arc::new(Mutex::new((200, vec!["one"]))));
    let (own, mirror) = (server("https://own.example", &first), server("https://mirror.example", &second));
    let lab = Lab::new();
    lab.settings(&format!(
        "{HEAD}[[feeds]]\nurl = \"{}\"\nalso = [\"{}\"]\n",
        own.url("/feed"),
        mirror.url("/feed").replace("127.0.0.1", "localhost")
    ));
    cycle(&lab);
    let report = cycle(&lab);
    assert_eq!((report.feeds.not_modified, own.all().len(), mirror.all().len()), (1, 1, 2), "{report:?}");

    second.lock().unwrap().0 = 429;
    let report = cycle(&lab);
    assert_eq!(report.sources[0].failure.as_deref(), Some("rate_limited"), "{report:?}");
    let report = cycle(&lab);
    assert_eq!((report.feeds.waiting, own.all().len(), mirror.all().len()), (1, 1, 3), "{report:?}");
}

#[test]
fn the_failure_of_all_addresses_names_each_and_a_feed_that_is_gone_everywhere_is_gone() {
    let (first, second): (Script, Script) =
        (Arc::new(Mutex::new((404, vec![]))), Arc::new(Mutex::new((410, vec![]))));
    let (own, mirror) = (server("https://own.example", &first), server("https://mirror.example", &second));
    let lab = Lab::new();
    let mirror_url = mirror.url("/feed").replace("127.0.0.1", "localhost");
    lab.settings(&format!("{HEAD}[[feeds]]\nurl = \"{}\"\nalso = [\"{mirror_url}\"]\n", own.url("/feed")));
    let ran = lab.run(&["cycle", "--format", "json", "-v"]);
    assert_eq!(ran.report().sources[0].failure.as_deref(), Some("not_found"), "{}", ran.stderr);
    first.lock().unwrap().0 = 410;
    cycle(&lab);
    assert_eq!((own.all().len(), mirror.all().len()), (2, 1), "an address that is gone is not asked again");
    assert!(lab.run(&["feed", "list"]).stdout.contains("gone"));
}

#[test]
fn mirrors_are_checked() {
    let lab = Lab::new();
    lab.settings("[[feeds]]\nurl = \"https://a.example/feed\"\nalso = [\"https://a.example/feed/\", \"ftp://b.example\"]\n");
    let checked = lab.run(&["config", "check"]);
    let text = checked.stdout + &checked.stderr;
    assert!(
        text.contains("toml:3:9: also: \"https://a.example/feed/\" is there twice, or is the url itself"),
        "{text}"
    );
    assert!(text.contains("toml:3:36: also: \"ftp://b.example\" is not an http or https address"), "{text}");
}
