//! Official sources, and notices of several coins: feeds and pages on loopback, read by the real binary.

use std::collections::BTreeSet;

use serde_json::Value;
use tge_scrape::model::{Class, Detection};

use crate::support::{
    inbox::{Answer, Inbox},
    lab::{Lab, now},
};

/// Hosts answer by their names: a feed with `items`, the site of a project with one page, and other hosts with a page about
/// a claim. `PORT` in the items stands for the port of this web.
fn web(items: String, own_page: Option<&'static str>) -> Inbox {
    Inbox::start(move |received, _| {
        let (host, port) = received.header("host").split_once(':').unwrap_or_default();
        Some(match (host, received.path.as_str()) {
            (_, "/feed") => feed(&items.replace("PORT", port)),
            (_, "/robots.txt") => Answer::new(404, ""),
            ("plimsoll.localhost", "/away") => {
                Answer::new(302, "").with("Location", &format!("http://elsewhere.localhost:{port}/claim"))
            }
            ("plimsoll.localhost", _) => own_page.map_or_else(|| Answer::new(404, ""), page),
            _ => page(CLAIM),
        })
    })
}

fn feed(items: &str) -> Answer {
    let head = "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Feed</title>";
    Answer::new(200, &format!("{head}<link>http://x.example/</link>{items}</channel></rss>"))
        .with("Content-Type", "application/rss+xml")
}

fn page(title: &str) -> Answer {
    let text =
        format!("{title}. The team says so here, and explains what it means for its users. ").repeat(12);
    let html = format!(
        "<html><head><title>{title}</title></head><body><article><h1>{title}</h1><p>{text}</p></article></body></html>"
    );
    Answer::new(200, &html).with("Content-Type", "text/html")
}

fn item(title: &str, link: &str, more: &str) -> String {
    let date = now().strftime("%a, %d %b %Y %H:%M:%S GMT");
    let link = if link.is_empty() { String::new() } else { format!("<link>{link}</link>") };
    format!(
        "<item><title>{title}</title><guid>{title}{link}</guid>{link}<pubDate>{date}</pubDate>{more}</item>"
    )
}

const QUICK: &str = "[http]\nallow_private_addresses = true\nper_host_interval = \"0s\"\n";
const PROJECT: &str = "[[projects]]\nname = \"Plimsoll\"\ntokens = [\"PLIM\"]\nhandles = [\"plimsollxyz\"]\ndomains = [\"plimsoll.localhost\"]\n";

/// The detections of one feed. Each alert is a line of `alerts.ndjson`.
fn found(web: &Inbox, host: &str, tier: u8, more: &str) -> (Lab, Vec<Detection>) {
    let lab = Lab::new();
    let port = web.port;
    let feed = format!("[[feeds]]\nurl = \"http://{host}:{port}/feed\"\nname = \"Source\"\ntier = {tier}\n");
    let channel =
        "[[channels]]\nkind = \"file\"\npath = \"alerts.ndjson\"\nmin_class = \"low\"\ninstant = \"low\"\n";
    lab.settings(&format!("{QUICK}{feed}{channel}{more}"));
    let ran = lab.run(&["cycle", "--catch-up", "9"]);
    assert!(ran.code == 0 || ran.code == 4, "{}", ran.stderr);
    let events = lab.events();
    (lab, events)
}

const CLAIM: &str = "Plimsoll airdrop claim is now live: claim PLIM tokens";

#[test]
fn official_requires_the_page_of_the_project() {
    let author =
        "<author>plimsollxyz</author><source url=\"http://plimsoll.localhost/feed\">Plimsoll</source>";
    for (name, link, more, own_page) in [
        ("a claimed author", "http://elsewhere.localhost:PORT/claim", author, None),
        ("a missing page", "http://plimsoll.localhost:PORT/blog/claim", "", None),
        ("a page that does not say it", "http://plimsoll.localhost:PORT/", "", Some("About our company")),
        ("a redirect away", "http://plimsoll.localhost:PORT/away", "", Some(CLAIM)),
        ("a forum", "http://plimsoll.localhost:PORT/forum/claim", "", Some(CLAIM)),
        ("a name in front", "http://plimsoll.localhost.elsewhere.localhost:PORT/claim", "", Some(CLAIM)),
    ] {
        let web = web(item(CLAIM, link, more), own_page);
        let (_lab, events) = found(&web, "stranger.localhost", 3, PROJECT);
        assert_eq!(events.len(), 1, "{name}: {events:?}");
        assert_eq!((events[0].watched, events[0].official), (true, false), "{name}");
        assert_ne!(events[0].class, Class::Critical, "{name}");
    }
}

#[test]
fn official_is_set_for_the_page_and_the_feed_of_a_project() {
    let link = "http://plimsoll.localhost:PORT/blog/claim";
    // A third party's headline does not count as official: title and verdict come from the page.
    let there = web(item("Plimsoll airdrop claim ended, buy PLIM now", link, ""), Some(CLAIM));
    let (_lab, events) = found(&there, "stranger.localhost", 3, PROJECT);
    assert_eq!((events[0].official, events[0].class), (true, Class::Critical));
    assert_eq!(events[0].title, CLAIM);
    let own = web(item(CLAIM, "", ""), None);
    let (_lab, events) = found(&own, "plimsoll.localhost", 2, PROJECT);
    assert_eq!((events[0].official, events[0].class), (true, Class::Critical));
}

#[test]
fn official_is_set_for_tier_1_sources_only_on_their_own_pages() {
    for (link, official) in [
        ("", true),
        ("http://venue.localhost:PORT/notice", true),
        ("http://elsewhere.localhost:PORT/claim", false),
    ] {
        let web = web(item(CLAIM, link, ""), None);
        let (_lab, events) = found(&web, "venue.localhost", 1, "");
        assert_eq!(events[0].official, official, "{link}");
    }
}

#[test]
fn notice_of_three_coins_gives_three_stories_in_one_alert() {
    let title = "Korvex Will List Quorra (QRA), Plimsoll (PLIM) and Sabelle (SBL)";
    let web = web(item(title, "", ""), None);
    let (lab, events) = found(&web, "venue.localhost", 2, PROJECT);
    let mut coins: Vec<_> = events
        .iter()
        .map(|event| (event.project.as_deref().unwrap(), event.token.as_deref().unwrap(), event.watched))
        .collect();
    coins.sort_unstable();
    assert_eq!(coins, [("Plimsoll", "PLIM", true), ("Quorra", "QRA", false), ("Sabelle", "SBL", false)]);
    let ids: BTreeSet<&str> = events.iter().map(|event| event.id.as_str()).collect();
    let stories: BTreeSet<&str> = events.iter().map(|event| event.story_id.as_str()).collect();
    assert_eq!((ids.len(), stories.len()), (3, 3));
    assert!(events.iter().all(|event| event.also_at.is_empty()), "one outlet");
    let alerts = std::fs::read_to_string(lab.path().join("alerts.ndjson")).unwrap();
    let message: Value = serde_json::from_str(alerts.lines().next().unwrap()).unwrap();
    assert_eq!((alerts.lines().count(), message["detections"].as_array().unwrap().len()), (1, 3));
    assert_eq!(message["detections"][0]["project"], "Plimsoll", "the watched one first");
    // A later cycle and a rescan find nothing new.
    lab.cycle();
    let again = lab.run(&["rescan", "--format", "json"]).json();
    assert_eq!(again["changes"].as_array().unwrap().len(), 0, "{again}");
    // After a change of the watch list the coins have the same IDs.
    let settings = std::fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap();
    lab.settings(&settings.replace("Plimsoll", "SABELLE").replace("\"PLIM\"", "\"SBL\""));
    assert_eq!(lab.run(&["rescan"]).code, 0);
    let ids = |events: &[Detection]| -> BTreeSet<(Option<String>, String)> {
        events.iter().map(|event| (event.token.clone(), event.id.clone())).collect()
    };
    assert_eq!(ids(&lab.events()), ids(&events));
    assert_eq!(std::fs::read_to_string(lab.path().join("alerts.ndjson")).unwrap(), alerts);
}

#[test]
fn watched_project_is_alerted_first_despite_a_flood() {
    let flood: String = (0..40)
        .map(|number| {
            let name = format!("Zork{}{}eth", char::from(b'A' + number % 26), char::from(b'a' + number / 26));
            item(&format!("{name} airdrop claim is now live"), "", "")
        })
        .collect();
    // Its score is lower than those of the flood, and its source is better.
    let watched = item("Korvex Lists Plimsoll (PLIM)", "", "");
    let web = Inbox::start(move |received, _| {
        let outlet = received.header("host").starts_with("outlet.localhost");
        Some(feed(if outlet { &watched } else { &flood }))
    });
    let inbox = Inbox::start(|_, _| Some(Answer::new(200, "{\"id\":\"x\"}")));
    let lab = Lab::new();
    let feed = |host: &str, tier: u8| {
        format!("[[feeds]]\nurl = \"http://{host}:{}/feed\"\nname = \"{host}\"\ntier = {tier}\n", web.port)
    };
    let channel = format!(
        "[[channels]]\nkind = \"ntfy\"\nurl = \"{}\"\nallow_private_address = true\ninterval = \"0s\"\n",
        inbox.url("/t")
    );
    let feeds = feed("stranger.localhost", 3) + &feed("outlet.localhost", 2);
    lab.settings(&format!("{QUICK}{feeds}{channel}{PROJECT}"));
    assert_eq!(lab.run(&["cycle", "--catch-up", "99"]).code, 0);
    let events = lab.events();
    let plimsoll = events.iter().find(|event| event.project.as_deref() == Some("Plimsoll")).unwrap();
    assert!(events.iter().filter(|event| event.score > plimsoll.score).count() > 30, "{plimsoll:?}");
    let first = inbox.all().remove(0).json();
    assert!(first["title"].as_str().unwrap().contains("Plimsoll"), "{first}");
}
