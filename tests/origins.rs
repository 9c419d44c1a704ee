//! Who speaks, and of which coins: feeds and pages of our own on loopback, read by the real binary.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    cycle::events,
    support::{
        inbox::{Answer, Inbox},
        lab::{Lab, now},
    },
};

/// Hosts answer by their names: a feed with `items`, a project's own site with one page, and any other host with a page
/// on a claim. `PORT` in the items is the port of this web.
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

/// What the launches of one feed come to, each alert on its own line of `alerts.ndjson`.
fn found(web: &Inbox, host: &str, tier: u8, more: &str) -> (Lab, Vec<Value>) {
    let lab = Lab::new();
    let port = web.port;
    let feed = format!("[[feeds]]\nurl = \"http://{host}:{port}/feed\"\nname = \"Source\"\ntier = {tier}\n");
    let channel =
        "[[channels]]\nkind = \"file\"\npath = \"alerts.ndjson\"\nmin_class = \"low\"\ninstant = \"low\"\n";
    lab.settings(&format!("{QUICK}{feed}{channel}{more}"));
    let ran = lab.run(&["cycle", "--catch-up", "9"]);
    assert!(ran.code == 0 || ran.code == 4, "{}", ran.stderr);
    let events = events(&lab);
    (lab, events)
}

const CLAIM: &str = "Plimsoll airdrop claim is now live: claim PLIM tokens";

#[test]
fn nobody_speaks_for_a_project_by_saying_so() {
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
        assert_eq!(
            (&events[0]["watched"], &events[0]["official"]),
            (&Value::Bool(true), &Value::Bool(false)),
            "{name}"
        );
        assert_ne!(events[0]["class"], "critical", "{name}");
    }
}

#[test]
fn a_project_speaks_on_its_own_page_and_in_its_own_feed() {
    let link = "http://plimsoll.localhost:PORT/blog/claim";
    // A stranger's headline is not the project's word: the page gives title and verdict.
    let there = web(item("Plimsoll airdrop claim ended, buy PLIM now", link, ""), Some(CLAIM));
    let (_lab, events) = found(&there, "stranger.localhost", 3, PROJECT);
    assert_eq!(
        (events[0]["official"].as_bool(), events[0]["class"].as_str()),
        (Some(true), Some("critical"))
    );
    assert_eq!(events[0]["title"], CLAIM);
    let own = web(item(CLAIM, "", ""), None);
    let (_lab, events) = found(&own, "plimsoll.localhost", 2, PROJECT);
    assert_eq!(
        (events[0]["official"].as_bool(), events[0]["class"].as_str()),
        (Some(true), Some("critical"))
    );
}

#[test]
fn a_tier_1_source_speaks_in_its_own_words_and_not_on_the_pages_of_others() {
    for (link, official) in [
        ("", true),
        ("http://venue.localhost:PORT/notice", true),
        ("http://elsewhere.localhost:PORT/claim", false),
    ] {
        let web = web(item(CLAIM, link, ""), None);
        let (_lab, events) = found(&web, "venue.localhost", 1, "");
        assert_eq!(events[0]["official"], official, "{link}");
    }
}

#[test]
fn each_coin_of_a_notice_is_a_detection_and_a_story_and_they_are_alerted_together() {
    let title = "Korvex Will List Quorra (QRA), Plimsoll (PLIM) and Sabelle (SBL)";
    let web = web(item(title, "", ""), None);
    let (lab, events) = found(&web, "venue.localhost", 2, PROJECT);
    let mut coins: Vec<(&str, &str, bool)> = events
        .iter()
        .map(|event| {
            let text = |key: &str| event[key].as_str().unwrap();
            (text("project"), text("token"), event["watched"].as_bool().unwrap())
        })
        .collect();
    coins.sort_unstable();
    assert_eq!(coins, [("Plimsoll", "PLIM", true), ("Quorra", "QRA", false), ("Sabelle", "SBL", false)]);
    for key in ["id", "story_id"] {
        let values: BTreeSet<&str> = events.iter().map(|event| event[key].as_str().unwrap()).collect();
        assert_eq!(values.len(), 3, "{key}");
    }
    assert!(events.iter().all(|event| event["also_at"].as_array().unwrap().is_empty()), "one outlet");
    let alerts = std::fs::read_to_string(lab.path().join("alerts.ndjson")).unwrap();
    let message: Value = serde_json::from_str(alerts.lines().next().unwrap()).unwrap();
    assert_eq!((alerts.lines().count(), message["detections"].as_array().unwrap().len()), (1, 3));
    assert_eq!(message["detections"][0]["project"], "Plimsoll", "the watched one first");
    // A later cycle, and a second judgement of what is kept, find nothing new.
    lab.cycle();
    let again = lab.run(&["rescan", "--format", "json"]).json();
    assert_eq!(again["changes"].as_array().unwrap().len(), 0, "{again}");
    // Other words of the user: the coins keep their identities.
    let settings = std::fs::read_to_string(lab.path().join("tge-scrape.toml")).unwrap();
    lab.settings(&settings.replace("Plimsoll", "SABELLE").replace("\"PLIM\"", "\"SBL\""));
    assert_eq!(lab.run(&["rescan"]).code, 0);
    let ids = |events: &[Value]| -> BTreeSet<(String, String)> {
        events.iter().map(|event| (event["token"].to_string(), event["id"].to_string())).collect()
    };
    assert_eq!(ids(&crate::cycle::events(&lab)), ids(&events));
    assert_eq!(std::fs::read_to_string(lab.path().join("alerts.ndjson")).unwrap(), alerts);
}

#[test]
fn a_strangers_flood_does_not_hold_back_what_is_watched() {
    let flood: String = (0..40)
        .map(|number| {
            let name = format!("Zork{}{}eth", char::from(b'A' + number % 26), char::from(b'a' + number / 26));
            item(&format!("{name} airdrop claim is now live"), "", "")
        })
        .collect();
    // Scored lower than the flood, and from a better source.
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
    let score = |event: &Value| event["score"].as_u64().unwrap();
    let events = events(&lab);
    let plimsoll = events.iter().find(|event| event["project"] == "Plimsoll").unwrap();
    assert!(events.iter().filter(|event| score(event) > score(plimsoll)).count() > 30, "{plimsoll}");
    let first = inbox.all().remove(0).json();
    assert!(first["title"].as_str().unwrap().contains("Plimsoll"), "{first}");
}
