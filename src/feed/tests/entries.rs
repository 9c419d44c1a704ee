//! Text, dates and lengths of entries.

use super::*;

fn first(item: &str) -> Entry {
    rss(&format!("<item>{item}</item>")).entries.remove(0)
}

#[test]
fn xhtml_is_mark_up_under_any_prefix() {
    let space = "http://www.w3.org/1999/xhtml";
    let body = "<h:div><h:p>One.</h:p><h:p>Two<h:br/>three</h:p></h:div>";
    let atom = format!(
        "<a:feed xmlns:a=\"http://www.w3.org/2005/Atom\" xmlns:h=\"{space}\"><a:entry>\
         <a:title type=\"xhtml\"><h:div>Claims <h:em>open</h:em> today</h:div></a:title>\
         <a:summary type=\"xhtml\">{body}</a:summary><a:content type=\"xhtml\">{body}</a:content></a:entry></a:feed>"
    );
    let entry = read_text(&atom).unwrap().entries.remove(0);
    assert_eq!(entry.title, "Claims open today");
    assert_eq!((entry.summary.as_str(), entry.content.as_str()), ("One. Two three", "One. Two three"));
    // Bound where it is used, without a declaration, and escaped.
    for body in [
        format!("<h:div xmlns:h=\"{space}\">One <h:b>two</h:b></h:div>"),
        "<xhtml:div>One <xhtml:b>two</xhtml:b></xhtml:div>".to_owned(),
        "&lt;xhtml:div&gt;One &lt;xhtml:b&gt;two&lt;/xhtml:b&gt;&lt;/xhtml:div&gt;".to_owned(),
    ] {
        let entry = first(&format!(
            "<title>{body}</title><content:encoded xmlns:content=\"http://purl.org/rss/1.0/modules/content/\">{body}</content:encoded>"
        ));
        assert_eq!((entry.title.as_str(), entry.content.as_str()), ("One two", "One two"), "{body}");
    }
    assert_eq!(first_title("<x:b xmlns:x=\"urn:x\">kept</x:b>"), "<x:b xmlns:x=\"urn:x\">kept</x:b>");
}

#[test]
fn two_references_to_halves_of_a_character_are_one_character() {
    for (title, meant) in [
        ("Launch &#55357;&#56960; day", "Launch 🚀 day"),
        ("&amp;#xD83D;&amp;#xDE80;", "🚀"),
        ("a&#55357;b", "ab"),
        ("Ti\u{8}tle&#8;s", "Titles"),
    ] {
        assert_eq!(first_title(title), meant, "{title}");
    }
}

#[test]
fn titles_of_a_json_feed_are_plain_text() {
    let text = r#"{"version": "https://jsonfeed.org/version/1.1", "title": "A &amp; <b>", "items": [
        {"id": "1", "title": "The <i> and <b> tags, AT&amp;amp;T", "tags": ["R&amp;D <i>"], "authors": [{"name": "A <i>"}],
         "url": "https://a.example/x", "date_published": "05/10/2026"},
        {"id": "2", "content_text": "First words\nand more", "external_url": "https://a.example/2", "url": "",
         "date_published": "20/10/2026"}]}"#;
    let feed = read_text(text).unwrap();
    assert_eq!(feed.title, "A & <b>");
    let entry = &feed.entries[0];
    assert_eq!(entry.title, "The <i> and <b> tags, AT&T");
    assert_eq!((entry.author.as_str(), entry.categories[0].as_str()), ("A <i>", "R&D <i>"));
    // The other date of the document shows that the day is first.
    assert_eq!(entry.published.unwrap().to_string(), "2026-10-05T00:00:00Z");
    assert_eq!(feed.entries[1].title, "First words and more");
    assert_eq!(feed.entries[1].link.as_deref(), Some("https://a.example/2"));
}

#[test]
fn an_entry_without_a_title_is_called_by_its_first_words() {
    let words = "Claim <b>opens</b> now ".repeat(20);
    for text in [
        format!("<description><![CDATA[{words}]]></description>"),
        format!("<title> </title><content>{words}</content>"),
        format!("<description>https://a.example/1 {words}</description>"),
    ] {
        let title = first(&text).title;
        assert!(title.starts_with("Claim opens now Claim") && title.ends_with('…'), "{title}");
        assert!((60..=100).contains(&title.chars().count()), "{title}");
    }
    assert_eq!(first("<link>https://a.example/</link>").title, "");
    let odd = "<description>&lt;dialog&gt;Fees &lt; 1 % and &lt;3 &lt;svg:a x=\"1\"&gt;for all</description>";
    assert_eq!(first(odd).title, "Fees < 1 % and <3 for all");
    let same = "<item><description>gm</description></item>";
    let two = rss(&format!(
        "{}{}",
        same.replace("<desc", "<guid>a</guid><desc"),
        same.replace("<desc", "<guid>b</guid><desc")
    ));
    assert_eq!((two.entries[0].title.as_str(), two.entries[1].title.as_str()), ("gm", "gm"));
    assert_ne!(two.entries[0].key, two.entries[1].key);
}

#[test]
fn numbers_of_one_feed_settle_the_order_of_all_its_dates() {
    let dates = |channel: &str, dates: &[&str]| -> Vec<Option<String>> {
        let items: String =
            dates.iter().map(|date| format!("<item><pubDate>{date}</pubDate></item>")).collect();
        rss(&format!("{channel}{items}"))
            .entries
            .iter()
            .map(|entry| entry.published.map(|at| at.to_string()))
            .collect()
    };
    let october = Some("2026-10-05T09:00:00Z".to_owned());
    let may = Some("2026-05-10T09:00:00Z".to_owned());
    let open = "05/10/2026 09:00";
    assert_eq!(dates("", &[open, "20/09/2026"])[0], october);
    assert_eq!(dates("", &["09/20/2026", open])[1], may);
    assert_eq!(dates("<lastBuildDate>20/09/2026</lastBuildDate>", &[open])[0], october);
    assert_eq!(dates("", &[open])[0], None);
    assert_eq!(dates("", &[open, "09/20/2026", "20/09/2026"])[0], None);
    // An ambiguous date does not hide a readable one.
    let entry = first(&format!(
        "<pubDate>{open}</pubDate><dc:date xmlns:dc=\"http://purl.org/dc/elements/1.1/\">2026-10-05T09:00:00Z</dc:date>"
    ));
    assert_eq!(entry.published.map(|at| at.to_string()), october);
}

#[test]
fn a_date_far_ahead_is_kept_as_it_is() {
    let entry = first("<pubDate>Tue, 01 Jan 2030 00:00:00 GMT</pubDate>");
    assert_eq!(entry.published.unwrap().to_string(), "2030-01-01T00:00:00Z");
}

#[test]
fn the_texts_of_an_entry_are_bounded() {
    let long = "word ".repeat(100_000);
    let path = "a".repeat(3000);
    let item = format!(
        "<title>{long}</title><author>{long}</author><category>{long}</category><guid isPermaLink=\"false\">{long}</guid>\
         <link>https://a.example/{path}</link><enclosure url=\"https://a.example/short\"/>"
    );
    let entry = first(&item);
    assert!((900..=1000).contains(&entry.title.chars().count()) && entry.title.ends_with("word…"));
    assert!(entry.author.chars().count() <= 200 && entry.categories[0].chars().count() <= 200);
    assert_eq!(entry.link.as_deref(), Some("https://a.example/short"));
    let id = entry.id.unwrap();
    assert!(id.starts_with("sha256:") && id.len() == 71, "{id}");
    // What differs only behind the cut are two entries.
    let other = first(&item.replace("word </guid>", "ward </guid>"));
    assert_ne!((&other.id.unwrap(), other.key), (&id, entry.key));
    let json = serde_json::json!({"version": "https://jsonfeed.org/version/1", "title": long, "items": [
        {"id": long, "title": long, "url": format!("https://a.example/{path}"), "author": {"name": long}, "tags": [long]}]});
    let feed = read_text(&json.to_string()).unwrap();
    let entry = &feed.entries[0];
    assert!(
        [&feed.title, &entry.title, &entry.author, &entry.categories[0]]
            .iter()
            .all(|text| text.len() <= 1003)
    );
    assert_eq!(entry.link, None);
    let list = serde_json::json!({"list": [{"t": long, "u": format!("https://a.example/{path}"), "i": long}, {"s": "Only words"}]});
    let mapping = crate::model::JsonMapping {
        items: "list".to_owned(),
        title: "t".to_owned(),
        link: "u".to_owned(),
        id: "i".to_owned(),
        summary: "s".to_owned(),
        ..crate::model::JsonMapping::default()
    };
    let bytes = list.to_string();
    let document = Document { bytes: bytes.as_bytes(), content_type: None, url: &base(), now: NOW };
    let entries = read(&document, &SourceFormat::Json(Box::new(mapping.into()))).unwrap().entries;
    assert!(
        entries[0].title.len() <= 1003
            && entries[0].link.is_none()
            && entries[0].id.as_ref().unwrap().len() == 71
    );
    assert_eq!(entries[1].title, "Only words");
}

#[test]
fn a_link_over_a_counter_of_clicks_leads_to_its_target() {
    let entry = first(
        "<link>https://www.google.com/url?sa=t&amp;url=https%3A%2F%2Fnews.example%2Fclaim&amp;ct=ga</link>",
    );
    assert_eq!(entry.link.as_deref(), Some("https://news.example/claim"));
}
