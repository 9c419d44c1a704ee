//! The pure stages of a cycle, each with something to work on.

use std::{hint::black_box, path::Path};

use jiff::Timestamp;
use tge_scrape::{
    article::{self, Effort, Page},
    config,
    detect::{self, Headline, Item, Rules},
    feed::{self, Document},
    model::{Kind, PageSelectors, SourceFormat},
};
use url::Url;

/// A stage.
pub struct Stage {
    pub name: &'static str,
    /// One run of it.
    pub work: Box<dyn Fn()>,
}

fn stage(name: &'static str, work: impl Fn() + 'static) -> Stage {
    Stage { name, work: Box::new(work) }
}

fn rss() -> String {
    let item = |number: usize| {
        format!(
            "<item><title>Museum opens its map room to visitors, part {number}</title><link>https://news.example/{number}</link><guid>https://news.example/{number}</guid><pubDate>Sat, 21 Nov 2026 06:{number:02}:00 GMT</pubDate><description>A report of &lt;b&gt;two&lt;/b&gt; sentences. It says what the title says &amp; little more.</description></item>"
        )
    };
    let items: String = (0..30).map(item).collect();
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>News</title><link>https://news.example</link>{items}</channel></rss>"
    )
}

fn html() -> String {
    let line = |number: usize| {
        format!(
            "<p>Paragraph {number} of a long report: what was said, who was there, and what the weather was like, told at the length a reader expects.</p>"
        )
    };
    let lines: String = (0..60).map(line).collect();
    format!(
        "<!doctype html><html><head><title>Caldera opens airdrop claim</title></head><body><nav><a href=\"/\">Home</a></nav><article><h1>Caldera opens airdrop claim</h1>{lines}</article><footer>About us</footer></body></html>"
    )
}

/// A list page of 50 items with a menu.
fn list() -> String {
    let item = |number: usize| {
        format!(
            "<li class=\"card news\"><a href=\"/news/{number}\"><h3>Museum opens its map room to visitors, part {number}</h3></a><time datetime=\"2026-11-21T06:{number:02}:00Z\">lately</time><p>A summary of two sentences. It says what the title says &amp; little more.</p></li>"
        )
    };
    let items: String = (0..50).map(item).collect();
    let menu: String =
        (0..40).map(|number| format!("<li><a href=\"/m/{number}\">Section {number}</a></li>")).collect();
    format!(
        "<!doctype html><html><head><title>News</title></head><body><nav><ul>{menu}</ul></nav><main><ul>{items}</ul></main><footer>About us</footer></body></html>"
    )
}

fn rules() -> Rules {
    let settings = config::from_text("", Path::new("state")).unwrap_or_else(|errors| panic!("{errors}"));
    // Instructions of the encoder depend on the processor.
    Rules::compile(&detect::Settings { encoder: false, ..settings.detect })
}

/// Every stage.
pub fn all() -> Vec<Stage> {
    let url = Url::parse("https://news.example/feed").unwrap();
    let (body, page_url) = (rss(), url.clone());
    let parse = move || {
        let document = Document {
            bytes: body.as_bytes(),
            content_type: Some("application/rss+xml"),
            url: &url,
            now: Timestamp::UNIX_EPOCH,
        };
        assert_eq!(black_box(feed::read(&document, &SourceFormat::Feed)).unwrap().entries.len(), 30);
    };
    let (body, list_url) = (list(), Url::parse("https://venue.example/news").unwrap());
    let text = str::to_owned;
    let selectors = PageSelectors {
        item: text("li.card"),
        title: text("h3"),
        time: text("time@datetime"),
        summary: text("p"),
        pages: 1,
        ..PageSelectors::default()
    };
    let format = SourceFormat::Page(Box::new(selectors));
    let parse_page = move || {
        let document = Document {
            bytes: body.as_bytes(),
            content_type: Some("text/html"),
            url: &list_url,
            now: Timestamp::UNIX_EPOCH,
        };
        assert_eq!(black_box(feed::read(&document, &format)).unwrap().entries.len(), 50);
    };
    let page = html();
    let now = "2026-11-21T06:00:00Z".parse().unwrap();
    let extract = move || {
        let page = Page { bytes: page.as_bytes(), content_type: Some("text/html"), url: &page_url, now };
        assert!(black_box(article::read(&page, Effort::AsNeeded)).unwrap().text.len() > 1_000);
    };
    let ready = rules();
    let early = move || {
        let titles =
            ["Museum opens its map room to visitors", "Caldera opens airdrop claim for its ERA token"];
        // One address takes less than the difference between two starts of a program.
        for title in titles.into_iter().cycle().take(2_000) {
            let headline =
                Headline { title, summary: "What the feed said of it.", categories: &[], cut_short: false };
            black_box(ready.early(&headline));
        }
    };
    let ready = rules();
    let text =
        "Caldera said eligible users can claim the ERA token from today; the window stays open. ".repeat(14);
    let judge = move || {
        let item = Item {
            origin: detect::Origin::Unproven,
            kind: Kind::News,
            title: "Caldera opens airdrop claim for its ERA token",
            text: &text,
            author: "",
            source: "News",
            url: "https://news.example/1",
            published: None,
        };
        assert!(black_box(ready.judge(&item)).tge);
    };
    let many: String = (0..1_000)
        .map(|feed| format!("[[feeds]]\nurl = \"https://feed-{feed}.example/rss\"\nname = \"Feed {feed}\"\n"))
        .collect();
    let settings = move || {
        assert_eq!(black_box(config::from_text(&many, Path::new("state"))).unwrap().sources.len(), 1_000);
    };
    vec![
        stage("parse, a feed of 30 entries", parse),
        stage("parse, a page of 50 items", parse_page),
        stage("extract, a page of 60 paragraphs", extract),
        stage("early filter, 2,000 headlines", early),
        stage("judge, one text", judge),
        stage("rules, made ready", || rules().prepare()),
        stage("settings, 1,000 feeds", settings),
    ]
}
