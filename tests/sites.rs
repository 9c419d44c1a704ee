//! Rules for the article pages of a host, used by the real binary.

use std::fs;

use crate::support::{
    inbox::{Answer, Inbox, Received},
    lab::Lab,
};

const HEAD: &str = "[http]\nallow_private_addresses = true\nper_host_interval = \"0s\"\n[cache]\nfeed_ttl = \"0s\"\n[x]\nenabled = false\n";
const TITLE: &str = "Tidefall (TIDE) airdrop claim opens for early users";

fn page() -> String {
    let text = "The team confirmed the token launch and its terms today. ".repeat(12);
    format!(
        "<html><title>Venue</title><body><h2 class=t>{TITLE}</h2><i data-at=2026-11-20T10:00:00Z>then</i>\
         <section class=post><p>{text}</p><p class=ad>Buy our course</p></section></body></html>"
    )
}

/// A feed with one entry, and its page.
fn site() -> Inbox {
    Inbox::start(|received: &Received, _| {
        Some(match received.path.as_str() {
            "/feed" => Answer::new(
                200,
                &format!(
                    "<rss version=\"2.0\"><channel><item><title>{TITLE}</title><link>http://{}/a/tidefall</link></item></channel></rss>",
                    received.header("host")
                ),
            ),
            "/a/tidefall" => Answer::new(200, &page()).with("Content-Type", "text/html"),
            _ => Answer::new(404, ""),
        })
    })
}

#[test]
fn rules_read_the_pages_of_their_host_and_doctor_names_those_that_find_nothing() {
    let web = site();
    for (content, method) in [("section.post", "site"), ("section.gone", "readability")] {
        let lab = Lab::new();
        lab.settings(&format!(
            "{HEAD}[[feeds]]\nurl = \"{}\"\n[[sites]]\nhost = \"127.0.0.1\"\ncontent = \"{content}\"\nremove = [\".ad\"]\n",
            web.url("/feed")
        ));
        let ran = lab.run(&["cycle", "--format", "json", "-v"]);
        assert_eq!(ran.report().stories.new, 1, "{}", ran.stderr);
        assert_eq!(ran.stderr.contains("finds nothing"), method != "site", "{}", ran.stderr);
        let doctor = lab.run(&["doctor"]).stdout;
        assert_eq!(doctor.contains("finds nothing: 127.0.0.1 (last 1 page)"), method != "site", "{doctor}");
    }
}

#[test]
fn rules_are_tried_on_a_saved_page() {
    let lab = Lab::new();
    lab.settings(
        "[[sites]]\nhost = \"www.venue.example\"\ncontent = \"section.post\"\nremove = [\".ad\", \".none\"]\ntitle = \"h2.t\"\ntime = \"i@data-at\"\n",
    );
    fs::write(lab.path().join("page.html"), page()).unwrap();
    let read = lab.run(&["article", "extract", "--site", "venue.example", "page.html"]).json();
    assert_eq!((read["method"].as_str(), read["title"].as_str()), (Some("site"), Some(TITLE)));
    assert_eq!(read["published"], "2026-11-20T10:00:00Z");
    assert!(!read["text"].as_str().unwrap().contains("Buy our course"));
    let rules = read["rules"].as_array().unwrap();
    let found: Vec<(&str, u64)> = rules
        .iter()
        .map(|rule| (rule["rule"].as_str().unwrap(), rule["elements"].as_u64().unwrap()))
        .collect();
    assert_eq!(found, [("title", 1), ("time", 1), ("remove", 1), ("remove", 0), ("content", 1)]);
    assert_eq!(rules[1]["taken"], "2026-11-20T10:00:00Z");

    let unknown = lab.run(&["article", "extract", "--site", "other.example", "page.html"]);
    assert_eq!(unknown.code, 2, "{}", unknown.stderr);
    assert!(unknown.stderr.contains("venue.example"), "{}", unknown.stderr);
    let without = lab.run(&["article", "extract", "page.html"]).json();
    assert_eq!(without.get("rules"), None);
}

#[test]
fn selectors_are_checked_with_their_line() {
    let lab = Lab::new();
    lab.settings(
        "[[sites]]\nhost = \"a.example\"\ncontent = \"li[\"\nremove = [\"p\", \":nope(\"]\n\
         [[sites]]\nhost = \"www.a.example\"\ntitle = \"h1\"\n\
         [[sites]]\nhost = \"https://b.example/x\"\ntitle = \"h1\"\n\
         [[sites]]\nhost = \"c.example\"\nbody = \"x\"\n",
    );
    let checked = lab.run(&["config", "check"]);
    let text = checked.stdout + &checked.stderr;
    for part in [
        "toml:3:11: content: \"li[\" is no CSS selector",
        "toml:4:16: remove: \":nope(\" is no CSS selector: it has a pseudo-class",
        "toml:6:8: host: duplicate of the rules in",
        "toml:9:8: host: \"https://b.example/x\" is no host",
        "toml:12:8: host: needs a rule",
        "toml:13:1: ",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(checked.code, 3);
}
