use jiff::Timestamp;
use tge_scrape::{
    config::presets,
    feed::{self, Document},
    model::{PageSelectors, SourceFormat},
};
use url::Url;

use super::Message;

/// A rebuilt feed always parses and is rebuilt into itself. Entries keep the limits of `model::Entry`. Lists of feeds are
/// equal after export and import.
pub fn feed(input: &[u8]) {
    let url: Url = "https://news.example/feeds/main.xml".parse().unwrap();
    let message = Message::read(input);
    let content_type = message.text("content-type");
    let (text, _) = feed::decode(message.body, content_type);

    let rebuilt = feed::rebuild(&text, &url);
    let parsed = feed::parse(&rebuilt.atom);
    assert!(parsed.is_ok(), "{parsed:?}: {}", rebuilt.atom);
    let again = feed::rebuild(&rebuilt.atom, &url);
    assert_eq!(again.atom, rebuilt.atom, "rebuilt twice");
    assert!(again.is_feed);
    assert_eq!(again.feed.repairs, [], "mended what was rebuilt: {}", rebuilt.atom);
    assert!(rebuilt.feed.skip_hours.iter().all(|hour| *hour < 24));
    assert!(rebuilt.feed.skip_days.iter().all(|day| (1..=7).contains(day)));

    let document = Document { bytes: message.body, content_type, url: &url, now: Timestamp::UNIX_EPOCH };
    promises(&document, &SourceFormat::Feed);
    for chosen in presets::examples() {
        promises(&document, &chosen.source.format);
    }
    let item = "li, article, div:has(> a[href])".to_owned();
    promises(&document, &SourceFormat::Page(Box::new(PageSelectors { item, ..PageSelectors::default() })));
    // Any line may be a date.
    text.lines().take(64).filter(|line| line.len() <= 200).for_each(super::date);
    if text.contains("outline") {
        lists(message.body);
    }
}

/// The limits of `model::Entry`.
fn promises(document: &Document<'_>, format: &SourceFormat) {
    let Ok(feed) = feed::read(document, format) else { return };
    for entry in feed.entries {
        let words = [&entry.summary, &entry.content].iter().any(|text| has_words(text));
        assert!(!entry.title.is_empty() || !words, "no title for {:?}", entry.summary);
        assert!(entry.title.chars().count() <= 1000 && entry.author.chars().count() <= 200);
        assert!(entry.categories.iter().all(|label| label.chars().count() <= 200));
        assert!(entry.id.as_ref().is_none_or(|id| id.len() <= 1000));
        if let Some(link) = &entry.link {
            assert!(link.len() <= 2048, "{} bytes", link.len());
            let link = Url::parse(link).unwrap_or_else(|error| panic!("{link:?}: {error}"));
            assert!(matches!(link.scheme(), "http" | "https"), "{link}");
        }
        for at in [entry.published, entry.updated].into_iter().flatten() {
            assert!(at.to_string().as_str() >= "1995", "{at}");
        }
        assert_ne!(entry.key.0, [0; 16]);
        assert!(entry.id.is_none_or(|id| !id.is_empty()));
    }
}

fn lists(bytes: &[u8]) {
    let Ok(list) = feed::read_opml(bytes) else { return };
    let lines = String::from_utf8_lossy(bytes).matches('\n').count() + 1;
    assert!(list.skipped.iter().all(|skipped| (1..=lines).contains(&skipped.line)), "{:?}", list.skipped);
    let outlines = |list: feed::OpmlList| -> Vec<feed::Outline> {
        list.feeds.into_iter().map(|(_, outline)| outline).collect()
    };
    let round = |list: &[feed::Outline]| {
        let back = feed::read_opml(feed::write_opml("mine", list).as_bytes()).unwrap_or_default();
        let mut back = outlines(back);
        back.sort_by(|a, b| (&a.url, &a.title, &a.tags).cmp(&(&b.url, &b.title, &b.tags)));
        back
    };
    let list = outlines(list);
    let once = round(&list);
    assert_eq!(round(&once), once, "a list goes out and in unchanged");
}

/// Whether `text` has words outside of tags, which are removed from a title.
fn has_words(text: &str) -> bool {
    let mut in_tag = false;
    text.chars().any(|c| {
        in_tag = c == '<' || in_tag && c != '>';
        !in_tag && c.is_alphanumeric()
    })
}
