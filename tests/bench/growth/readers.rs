//! The pure readers, each with the places in its input where a token may stand.

use std::{hint::black_box, path::Path};

use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tge_scrape::{
    article::{self, Effort, Page},
    config,
    config::presets,
    detect::{self, Headline, Item, Origin, Rules, story},
    feed::{self, Document},
    http::{read_headers, retry_after, robots, unpack},
    model::{Kind, SourceFormat},
    text::{
        address::{canonical, identity, shown},
        cut::{Unit, cut},
        domain::same_owner,
        host::pace_key,
        inert, lines,
        link::Link,
        normal::{fold, normal},
        plain, quantity,
    },
    x::{api, errors, limits::Seen},
};
use url::Url;

/// Readers that are run in one process.
pub struct Group {
    pub name: &'static str,
    /// Creates the readers and what they need.
    pub readers: fn() -> Vec<Reader>,
}

/// A reader of a text.
pub struct Reader {
    pub name: &'static str,
    /// Bytes of the smallest text it is given; the largest has four times as many.
    pub bytes: usize,
    pub work: Box<dyn Fn(&str)>,
}

fn reader(name: &'static str, bytes: usize, work: impl Fn(&str) + 'static) -> Reader {
    Reader { name, bytes, work: Box::new(work) }
}

/// All readers, the slowest group first.
pub const GROUPS: &[Group] = &[
    Group { name: "page-thorough", readers: || pages(Effort::Thorough) },
    Group { name: "page-as-needed", readers: || pages(Effort::AsNeeded) },
    Group { name: "feed", readers: feeds },
    Group { name: "list", readers: lists },
    Group { name: "judgement", readers: judgement },
    Group { name: "settings", readers: settings },
    Group { name: "header", readers: headers },
    Group { name: "text", readers: texts },
];

fn url() -> Url {
    "https://news.example/2026/11/feed.xml".parse().unwrap()
}

fn now() -> Timestamp {
    "2026-11-21T06:00:00Z".parse().unwrap()
}

fn texts() -> Vec<Reader> {
    vec![
        reader("normal form", 1 << 9, |text| {
            black_box((normal(text, usize::MAX), fold(text)));
        }),
        reader("plain text", 1 << 11, |text| {
            black_box((plain(text), lines(text), inert(text.to_owned())));
        }),
        reader("cut", 1 << 9, |text| {
            for unit in [Unit::Scalars, Unit::Utf16, Unit::Bytes] {
                black_box((cut(text, 50, unit), cut(text, text.len() / 8, unit)));
            }
        }),
        reader("address", 1 << 9, |text| {
            let places = [
                format!("https://a.example/{text}"),
                format!("https://a.example/?{text}"),
                format!("https://{text}.example/"),
                text.to_owned(),
            ];
            for place in places {
                black_box((identity(&place), Link::read(&place)));
                if let Ok(url) = Url::parse(&place) {
                    let host = url.host_str().unwrap_or_default();
                    black_box((canonical(&url), shown(&url), pace_key(host), same_owner(host, "a.example")));
                }
            }
        }),
        reader("quantity", 1 << 10, |text| {
            black_box((quantity::duration(text).is_ok(), quantity::size(text).is_ok()));
        }),
    ]
}

fn headers() -> Vec<Reader> {
    const NAMES: [&str; 10] = [
        "content-type",
        "cache-control",
        "retry-after",
        "link",
        "etag",
        "last-modified",
        "date",
        "expires",
        "age",
        "x-ratelimit-reset",
    ];
    vec![
        reader("headers", 1 << 10, |text| {
            let mut headers = HeaderMap::new();
            for name in NAMES {
                if let Ok(value) = HeaderValue::from_bytes(text.as_bytes()) {
                    headers.append(HeaderName::from_static(name), value);
                }
            }
            black_box((read_headers(&headers, now()), retry_after(&headers, now())));
            let pairs: Vec<_> = NAMES.iter().map(|name| ((*name).to_owned(), text.to_owned())).collect();
            black_box(Seen::read(&pairs));
        }),
        reader("robots.txt", 1 << 9, |text| {
            let url = "https://news.example/a/b?c".parse().unwrap();
            let file = format!("User-agent: *\nDisallow: /{text}\nAllow: /a\n{text}");
            black_box(robots::Rules::parse(&file, "tge-scrape/1.0").allow(&url));
        }),
        reader("content codings", 1 << 12, |text| {
            for codings in ["gzip", "br", "zstd", "deflate", "", text] {
                black_box(unpack(text.as_bytes(), codings, 1 << 20).is_ok());
            }
        }),
        reader("an answer of X", 1 << 10, |text| {
            let json = serde_json::json!({ "data": [{ "id": "7", "text": text, "author_id": "9" }], "title": text, "detail": text });
            for body in [json.to_string(), format!("{{\"data\":[{text}"), text.to_owned()] {
                black_box((api::posts(body.as_bytes()).is_ok(), api::people(body.as_bytes()).is_ok()));
                black_box(errors::problem(400, body.as_bytes(), api::Dialect::Tweet).to_string());
            }
        }),
    ]
}

fn settings() -> Vec<Reader> {
    let read = |text: &str| {
        black_box(config::from_text(text, Path::new("state")).is_ok());
    };
    vec![
        reader("settings", 1 << 9, read),
        reader("a value of the settings", 1 << 10, move |text| {
            read(&format!("[[feeds]]\nurl = \"https://a.example/\"\nname = '''{text}'''\n"));
        }),
    ]
}

fn judgement() -> Vec<Reader> {
    let rules = || {
        let settings = config::from_text(
            "[[projects]]\nname = \"Caldera\"\naliases = [\"Caldera Labs\"]\ntokens = [\"ERA\"]\n",
            Path::new("state"),
        );
        let settings = settings.unwrap_or_else(|errors| panic!("{errors}")).detect;
        // The encoder reads at most 64 tokens, and its instructions depend on the processor.
        let rules = Rules::compile(&detect::Settings { encoder: false, ..settings });
        rules.prepare();
        rules
    };
    let rules = std::rc::Rc::new(rules());
    let (early, judge) = (std::rc::Rc::clone(&rules), rules);
    vec![
        // Below 1,200 characters a summary is read as a title is.
        reader("early filter", 1_280, move |text| {
            black_box(early.early(&Headline {
                title: text,
                summary: text,
                categories: &[],
                cut_short: false,
            }));
        }),
        reader("judgement", 1 << 8, move |text| {
            let published = Some(now());
            for (title, body, kind) in
                [("Caldera opens airdrop claim", text, Kind::News), (text, text, Kind::Post)]
            {
                let item = Item {
                    kind,
                    title,
                    text: body,
                    author: text,
                    source: "News",
                    url: "https://news.example/1",
                    origin: Origin::Unproven,
                    published,
                };
                black_box(judge.judge(&item));
            }
        }),
        reader("fingerprint of a story", 1 << 9, |text| {
            black_box(story::signature(text, text));
        }),
    ]
}

fn lists() -> Vec<Reader> {
    vec![
        reader("a list of feeds", 1 << 10, |text| {
            let places = [
                format!(
                    "<opml version=\"2.0\"><body>{text}<outline xmlUrl=\"https://a.example/\"/></body></opml>"
                ),
                format!(
                    "<opml version=\"2.0\"><body><outline text=\"{text}\" xmlUrl=\"https://a.example/{text}\"/></body></opml>"
                ),
            ];
            for place in places {
                black_box(feed::read_opml(place.as_bytes()).is_ok());
            }
        }),
        reader("JSON Feed", 1 << 9, |text| {
            let json = serde_json::json!({ "version": "https://jsonfeed.org/version/1.1", "title": text, "items": [
                { "id": text, "url": format!("https://a.example/{text}"), "title": text, "content_html": text, "date_published": text, "tags": [text] },
            ] });
            read_feed(&json.to_string(), &SourceFormat::Feed);
            read_feed(
                &format!("{{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[{text}"),
                &SourceFormat::Feed,
            );
        }),
        reader("a JSON document", 1 << 9, |text| {
            let json = serde_json::json!({ "result": { "list": [{ "title": text, "url": text, "dateTimestamp": text, "description": text }] } });
            read_feed(&json.to_string(), &presets::find("bybit").unwrap().source.format);
        }),
    ]
}

fn read_feed(text: &str, format: &SourceFormat) {
    let url = url();
    black_box(
        feed::read(
            &Document { bytes: text.as_bytes(), content_type: None, url: &url, now: Timestamp::UNIX_EPOCH },
            format,
        )
        .is_ok(),
    );
}

/// A reader of RSS in which the text takes the place of `%`.
fn rss(name: &'static str, bytes: usize, form: &'static str) -> Reader {
    reader(name, bytes, move |text| {
        let item = form.replace('%', text);
        read_feed(
            &format!(
                "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>a</title>{item}</channel></rss>"
            ),
            &SourceFormat::Feed,
        );
    })
}

fn feeds() -> Vec<Reader> {
    vec![
        reader("any document", 1 << 10, |text| read_feed(text, &SourceFormat::Feed)),
        rss("a feed around items", 1 << 10, "%<item><title>t</title></item>%"),
        rss(
            "a feed's titles and dates",
            1 << 8,
            "<item><title>%</title><pubDate>%</pubDate><link>%</link><guid>%</guid><author>%</author><category>%</category></item>",
        ),
        rss("a feed's descriptions", 1 << 9, "<item><title>t</title><description>%</description></item>"),
        rss(
            "a feed's CDATA",
            1 << 9,
            "<item><title>t</title><description><![CDATA[%]]></description></item>",
        ),
        rss(
            "a feed's attributes",
            1 << 9,
            "<item %><title>t</title><enclosure url=\"%\" type=\"a\"/></item>",
        ),
        // The second size is beyond the longest title that is kept, so that the third does no other work.
        reader("Atom", 1 << 9, |text| {
            read_feed(
                &format!(
                    "<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><title type=\"html\">{text}</title><id>{text}</id><updated>{text}</updated><content type=\"xhtml\"><div xmlns=\"http://www.w3.org/1999/xhtml\">{text}</div></content></entry></feed>"
                ),
                &SourceFormat::Feed,
            );
        }),
    ]
}

/// A reader of pages in which the text takes the place of `%`.
fn page(name: &'static str, bytes: usize, effort: Effort, form: &'static str) -> Reader {
    reader(name, bytes, move |text| {
        let html = form.replace('%', text);
        let url = url();
        let page = Page { bytes: html.as_bytes(), content_type: Some("text/html"), url: &url, now: now() };
        black_box(article::read(&page, effort).is_ok());
    })
}

fn pages(effort: Effort) -> Vec<Reader> {
    let body = page("a page's body", 1 << 8, effort, "<html><body><article><p>%");
    if effort == Effort::Thorough {
        return vec![body];
    }
    vec![
        body,
        page(
            "a page's head",
            1 << 8,
            effort,
            "<html><head><title>%</title><meta name=author content=\"%\"><meta property=og:title content=\"%\"><script type=application/ld+json>%</script></head><body><p>A sentence is the text.",
        ),
        // Twice the length of most tokens divides it, so the number of quotes is even at each size: with an open quote the
        // page has no text, and both extractors read it.
        page("a page's attributes", 480, effort, "<html><body><p class=\"%\" %>A sentence is the text."),
    ]
}
