use std::{fs, path::Path};

use proptest::prelude::*;
use serde_json::Value;
use url::Url;

use super::*;

mod entries;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn base() -> Url {
    Url::parse("https://news.example/feeds/main.xml").unwrap()
}

fn read_text(text: &str) -> Result<Feed, FeedError> {
    read(
        &Document { bytes: text.as_bytes(), content_type: None, url: &base(), now: NOW },
        &SourceFormat::Feed,
    )
}

fn rss(items: &str) -> Feed {
    read_text(&format!("<rss version=\"2.0\"><channel><title>T</title>{items}</channel></rss>")).unwrap()
}

fn first_title(title: &str) -> String {
    rss(&format!("<item><title>{title}</title><link>https://x.example/1</link></item>")).entries[0]
        .title
        .clone()
}

#[test]
fn each_saved_feed_reads_as_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/entries");
    let mut seen = 0;
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let feed = read(
            &Document { bytes: &bytes, content_type: None, url: &base(), now: NOW },
            &SourceFormat::Feed,
        )
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let found: Vec<_> = feed
            .entries
            .iter()
            .map(|entry| {
                serde_json::json!({
                    "title": entry.title, "link": entry.link, "published": entry.published, "summary": entry.summary,
                })
            })
            .collect();
        let twin: Value = serde_json::from_slice(&fs::read(path.with_extension("json")).unwrap()).unwrap();
        assert_eq!(Value::from(found), twin, "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 6, "only {seen} saved feeds");
}

#[test]
fn titles_come_out_as_their_writers_meant_them() {
    for (title, meant) in [
        ("AT&T", "AT&T"),
        ("BTC < 50k", "BTC < 50k"),
        ("AT&amp;amp;T", "AT&T"),
        ("&lt;b&gt;Live&lt;/b&gt; now", "Live now"),
        ("<![CDATA[A & B]]> C", "A & B C"),
        ("a <b>b</b> c", "a b c"),
        ("caf&eacute;&nbsp;bar", "café bar"),
    ] {
        assert_eq!(first_title(title), meant, "{title}");
    }
}

#[test]
fn links_are_found_where_writers_hide_them() {
    for (item, link) in [
        ("<guid>https://x.example/1</guid>", Some("https://x.example/1")),
        ("<guid isPermaLink=\"false\">https://x.example/1</guid>", None),
        ("<link>\n https://x.example/1 \n</link>", Some("https://x.example/1")),
        ("<link>//x.example/1</link>", Some("https://x.example/1")),
        ("<link>/1</link>", Some("https://news.example/1")),
        ("<link/>https://x.example/1", Some("https://x.example/1")),
        ("<link href=\"https://x.example/a\u{1}b\"/>", Some("https://x.example/a%01b")),
        ("<link>javascript:alert(1)</link>", None),
        ("<enclosure url=\"https://x.example/1.mp3\"/>", Some("https://x.example/1.mp3")),
    ] {
        let feed = rss(&format!("<item><title>t</title>{item}</item>"));
        assert_eq!(feed.entries[0].link.as_deref(), link, "{item}");
    }
}

#[test]
fn a_feed_is_read_however_it_begins_and_ends() {
    let item = "<item><title>One</title><link>https://x.example/1</link></item>";
    for text in [
        format!("\n\n<?xml version=\"1.0\"?><rss version=\"2.0\"><channel>{item}</channel></rss>"),
        format!(
            "<br /><b>Notice</b>: x<?xml version=\"1.0\"?><rss version=\"2.0\"><channel>{item}</channel></rss>"
        ),
        format!("<rss version=\"2.0\"><channel>{item}</channel></rss><script>1 < 2</script>"),
        format!("<rss>{item}"),
        format!("<rss version=\"2.01\"><channel>{item}"),
        format!(
            "<!DOCTYPE rss [<!ENTITY o \"One\">]><rss version=\"2.0\"><channel>{}",
            item.replace("One", "&o;")
        ),
        format!(
            "<rss version=\"2.0\" xmlns:x=\"urn:x\"><channel>{}",
            item.replace("<title>", "<x:title>no</x:title><title>")
        ),
        format!(
            "<rss version=\"2.0\"><channel>{}",
            item.replace("<title>", "<foo:title>no</foo:title><title>")
        ),
        format!("<rss version=\"2.0\"><channel>{}", item.replace("</title>", "</titel>")),
    ] {
        let feed = read_text(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(feed.entries.len(), 1, "{text}");
        assert_eq!(feed.entries[0].title, "One", "{text}");
        assert_eq!(feed.entries[0].link.as_deref(), Some("https://x.example/1"), "{text}");
    }
}

#[test]
fn a_cut_feed_keeps_what_is_whole() {
    let items: String = (1..=10)
        .map(|n| format!("<item><title>Item {n}</title><link>https://x.example/{n}</link></item>"))
        .collect();
    let text = format!("<rss version=\"2.0\"><channel>{items}");
    let cut = text.find("Item 9").unwrap() + 3;
    let feed = read_text(&text[..cut]).unwrap();
    assert_eq!(feed.entries.len(), 8);
    assert!(feed.repairs.contains(&Repair::CutOff));
}

#[test]
fn what_makes_the_parser_panic_gives_entries() {
    for item in [
        "<author>Joe\u{a0}joe@x.example</author>",
        "<i:duration xmlns:i=\"http://www.itunes.com/dtds/podcast-1.0.dtd\">99999999999999999999999</i:duration>",
        "<dc:creator xmlns:dc=\"http://purl.org/dc/elements/1.1/\">Zoë\u{a0}z@x.example</dc:creator>",
    ] {
        let feed = rss(&format!("<item>{item}<title>t</title></item>"));
        assert_eq!(feed.entries[0].title, "t", "{item}");
    }
    let utf16: Vec<u8> = "<?xml version=\"1.0\" encoding=\"UTF-16\"?><rss version=\"2.0\"><channel><item><title>t</title></item></channel></rss>"
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    let document = Document { bytes: &utf16, content_type: None, url: &base(), now: NOW };
    assert_eq!(read(&document, &SourceFormat::Feed).unwrap().entries[0].title, "t");
}

#[test]
fn a_page_is_no_feed_and_names_the_feeds_it_knows() {
    let page = "<!doctype html><html><head><link rel=\"alternate\" type=\"application/rss+xml\" href=\"/rss?a=1&amp;b=2\"></head></html>";
    let alternates = vec!["https://news.example/rss?a=1&b=2".to_owned()];
    assert_eq!(read_text(page), Err(FeedError::NotAFeed { page: true, alternates }));
    assert_eq!(read_text(" \n"), Err(FeedError::Empty));
    assert!(matches!(read_text("{\"a\": 1}"), Err(FeedError::NotAFeed { .. })));
    assert_eq!(
        read_text("<rss version=\"2.0\"><channel><title>Quiet</title></channel></rss>").unwrap().entries,
        []
    );
}

#[test]
fn what_the_publisher_wishes_is_passed_on() {
    let feed = rss(
        "<ttl>30</ttl><skipHours><hour>1</hour><hour>24</hour></skipHours><skipDays><day>Sunday</day></skipDays>",
    );
    assert_eq!(feed.ttl, Some(Duration::from_mins(30)));
    assert_eq!((feed.skip_hours, feed.skip_days), (vec![1, 0], vec![7]));
}

#[test]
fn the_site_of_a_feed_is_its_channel_s_own_link() {
    for (document, site) in [
        (
            "<rss><channel><link>https://site.example/</link><image><link>https://x.example/</link></image></channel></rss>",
            Some("https://site.example/"),
        ),
        (
            "<rss><channel><image><link>https://x.example/</link></image><item><link>https://x.example/1</link></item></channel></rss>",
            None,
        ),
        (
            "<rss xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel><atom:link rel=\"self\" href=\"https://x.example/f?auth=k\"/><link>/home</link></channel></rss>",
            Some("https://feeds.example/home"),
        ),
        (
            "<feed><link rel=\"self\" href=\"https://x.example/f\"/><link rel=\"alternate\" href=\"https://site.example/\"/></feed>",
            Some("https://site.example/"),
        ),
        ("<rss><channel><link>javascript:alert(1)</link></channel></rss>", None),
        (
            r#"{"version": "https://jsonfeed.org/version/1.1", "home_page_url": "https://site.example/", "items": []}"#,
            Some("https://site.example/"),
        ),
    ] {
        let url = Url::parse("https://feeds.example/main.xml").unwrap();
        let read = read(
            &Document { bytes: document.as_bytes(), content_type: None, url: &url, now: NOW },
            &SourceFormat::Feed,
        );
        assert_eq!(read.unwrap().website.as_deref(), site, "{document}");
    }
}

#[test]
fn an_identifier_shared_by_all_identifies_nothing() {
    let same: String =
        (1..=10).map(|n| format!("<item><title>{n}</title><guid isPermaLink=\"false\">x</guid><link>https://x.example/{n}</link></item>")).collect();
    let keys: std::collections::HashSet<_> = rss(&same).entries.iter().map(|entry| entry.key).collect();
    assert_eq!(keys.len(), 10);
    let before = rss("<item><title>Old words</title><guid isPermaLink=\"false\">x</guid></item>");
    let after = rss("<item><title>New words</title><guid isPermaLink=\"false\">x</guid></item>");
    assert_eq!(before.entries[0].key, after.entries[0].key);
    let nameless = || rss("<item><title>Only words</title></item>").entries[0].key;
    assert_eq!(nameless(), nameless());
}

fn scraps() -> impl Strategy<Value = String> {
    let scrap = prop_oneof![
        Just("<rss version=\"2.0\">"),
        Just("<channel>"),
        Just("<item>"),
        Just("</item>"),
        Just("<title>"),
        Just("</title>"),
        Just("<link>"),
        Just("</link>"),
        Just("<link/>"),
        Just("<feed xmlns=\"http://www.w3.org/2005/Atom\">"),
        Just("<entry>"),
        Just("</entry>"),
        Just("<content type=\"xhtml\">"),
        Just("</content>"),
        Just("<![CDATA["),
        Just("]]>"),
        Just("&amp;"),
        Just("& <"),
        Just("https://x.example/1"),
        Just("<description>"),
        Just("<p>"),
        Just("<b a=1 a='2'"),
        Just("<!-- "),
        Just("-->"),
        Just("2026-01-05"),
        Just("<pubDate>"),
        Just("</pubDate>"),
        Just("é\u{a0}\u{1}"),
        Just("\u{fffe}"),
        Just("<category term='"),
        Just("'/>"),
        Just("<link>https://a.example/"),
        Just("<x:y>"),
    ];
    prop::collection::vec(scrap, 0..40).prop_map(|scraps| scraps.concat())
}

proptest! {
    #[test]
    fn any_text_is_rebuilt_to_atom_that_parses(text in scraps()) {
        let rebuilt = rebuild::rebuild(&text, &base());
        prop_assert!(parse::parse(&rebuilt.atom).is_ok(), "{}", rebuilt.atom);
        let again = rebuild::rebuild(&rebuilt.atom, &base());
        prop_assert_eq!(&again.atom, &rebuilt.atom);
    }

    #[test]
    fn any_bytes_give_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&Document { bytes: &bytes, content_type: None, url: &base(), now: NOW }, &SourceFormat::Feed);
    }
}

#[test]
fn of_too_many_entries_the_newest_are_read_in_their_order() {
    let dated = |year: usize| format!("<pubDate>1 Jan {year} 00:00:00 GMT</pubDate>");
    let item = |at: usize, date: &str| format!("<item><title>t{at}</title>{date}</item>");
    let undated: String = (0..3000).map(|at| item(at, "")).collect();
    let (old, new) = (dated(1999), dated(2026));
    let old: String = (3000..4500).map(|at| item(at, &old)).collect();
    let new: String = (4500..5000).map(|at| item(at, &new)).collect();
    let feed = rss(&(undated.clone() + &new + &old));
    assert_eq!(feed.entries.len(), MOST_ENTRIES);
    assert_eq!((&*feed.entries[0].title, &*feed.entries[499].title), ("t4500", "t4999"));
    assert_eq!((&*feed.entries[500].title, &*feed.entries[999].title), ("t3000", "t3499"));
    assert_eq!(feed.repairs, [Repair::TooManyEntries]);
    let feed = rss(&undated);
    assert_eq!((&*feed.entries[0].title, &*feed.entries[999].title), ("t0", "t999"));
    assert!(rss(&(0..MOST_ENTRIES).map(|at| item(at, "")).collect::<String>()).repairs.is_empty());
}

#[test]
fn bases_that_add_up_are_left_out() {
    let step = format!("<x xml:base=\"{}/\">", "a".repeat(900));
    let item = "<item><title>t</title><link>b</link></item>";
    let feed = rss(&format!("{}{item}", step.repeat(150)));
    let link = feed.entries[0].link.as_deref().unwrap();
    assert!(link.ends_with("a/b") && link.len() < rebuild::LONGEST_BASE, "{link}");
}
