//! The metadata in the head of a page: title, date, author, address, language, pay wall.
//!
//! One linear walk over the tags, no tree. The order of trust is that of docs/reference/articles.md#metadata.
//! Does not look for the text.

use jiff::Timestamp;
use url::Url;

use super::{consent::is_dialog_element, json_ld, json_ld::Described, published, strip::tidy};
use crate::text::{
    address::{LONGEST_LINK, on_the_web},
    dates,
    domain::same_owner,
    markup::{Tag, Token, tokens},
};

/// What the tags of a page say, in document order.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    /// `<title>`.
    pub title: String,
    /// First heading.
    heading: String,
    /// `lang` of the root.
    lang: String,
    /// Key in lower case and content of every `meta`.
    meta: Vec<(String, String)>,
    /// `link rel=canonical`.
    canonical: Option<String>,
    /// First `itemprop=datePublished`, else first `time` marked as the publication's, else first `time`.
    time: Option<(u8, String)>,
    /// The article of its JSON-LD.
    pub described: Described,
    /// Bytes of scripts.
    pub script_bytes: usize,
    /// An application's root element with nothing in it.
    pub empty_mount: bool,
    pub challenge_script: bool,
    /// Whether an element is a consent dialog by its id or class.
    pub has_dialog: bool,
}

/// Ids of the elements into which applications draw (docs/reference/articles.md#pages-that-are-not-the-article).
const MOUNTS: [&str; 4] = ["__next", "root", "app", "__nuxt"];

/// Keys of a publication time, best first.
const TIME_KEYS: [&str; 14] = [
    "article:published_time",
    "datepublished",
    "article:published",
    "og:published_time",
    "parsely-pub-date",
    "sailthru.date",
    "pubdate",
    "publishdate",
    "publish-date",
    "date",
    "dc.date.issued",
    "dcterms.created",
    "dc.date",
    "cxenseparse:recs:publishtime",
];
/// Keys of an author, best first; X handles are left out.
const AUTHOR_KEYS: [&str; 7] =
    ["author", "article:author", "parsely-author", "sailthru.author", "dc.creator", "dcterms.creator", "byl"];

/// Headings without text that are passed over before the first with text is given up.
const MOST_HEADINGS: usize = 8;

/// Reads the tags of `html`.
pub(super) fn read(html: &str) -> Metadata {
    let mut page = Metadata::default();
    let mut blocks = Vec::new();
    let mut titled = false;
    let mut mount = false;
    let mut headings = 0;
    for token in tokens(html) {
        page.empty_mount |= mount && matches!(token, Token::Close(..));
        mount &= blank(&token);
        if let Token::Open(tag) | Token::Raw { tag, .. } = &token {
            page.has_dialog = page.has_dialog || is_dialog_element(tag);
        }
        match token {
            Token::Open(tag) => {
                mount = tag.is("div") && tag.written("id").is_some_and(|id| MOUNTS.contains(&id));
                page.tag(&tag);
                if page.heading.is_empty() && headings < MOST_HEADINGS && tag.is("h1") {
                    headings += 1;
                    page.heading = heading(html, tag.source);
                }
            }
            Token::Raw { tag, body, .. } if tag.is("title") && !titled => {
                titled = true;
                page.title = tidy(&htmlize::unescape(body).replace('\n', " "));
            }
            Token::Raw { tag, body, .. } if tag.is("script") => {
                page.script_bytes += body.len();
                page.challenge_script |= body.len() < 20_000 && body.contains("cf_chl_opt");
                if tag
                    .attribute("type")
                    .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("application/ld+json"))
                {
                    blocks.extend(json_ld::parse(body));
                }
            }
            _ => {}
        }
    }
    page.described = json_ld::article(&blocks).unwrap_or_default();
    page
}

/// Whether nothing is seen of the token.
fn blank(token: &Token) -> bool {
    match token {
        Token::Text(text) => text.trim().is_empty(),
        _ => false,
    }
}

/// The text of the heading whose start tag is `start`, a part of `html`.
fn heading(html: &str, start: &str) -> String {
    let at = start.as_ptr() as usize - html.as_ptr() as usize;
    let mut text = String::new();
    for token in tokens(&html[at..]).take(64) {
        match token {
            Token::Text(piece) => text.push_str(&htmlize::unescape(piece)),
            Token::Close(name, _) if name.eq_ignore_ascii_case("h1") => break,
            _ => text.push(' '),
        }
    }
    tidy(&text.replace('\n', " "))
}

impl Metadata {
    fn tag(&mut self, tag: &Tag) {
        if tag.is("meta") {
            let key =
                ["property", "name", "itemprop", "http-equiv"].iter().find_map(|key| tag.attribute(key));
            if let (Some(key), Some(content)) = (key, tag.attribute("content"))
                && !content.is_empty()
            {
                self.meta.push((key.to_ascii_lowercase(), content));
            }
        } else if tag.is("link") {
            let canonical =
                |rel: String| rel.split_whitespace().any(|rel| rel.eq_ignore_ascii_case("canonical"));
            if self.canonical.is_none() && tag.attribute("rel").is_some_and(canonical) {
                self.canonical = tag.attribute("href").filter(|href| !href.is_empty());
            }
        } else if tag.is("html") {
            if self.lang.is_empty() {
                self.lang = tag.attribute("lang").or_else(|| tag.attribute("xml:lang")).unwrap_or_default();
            }
        } else {
            self.time(tag);
        }
    }

    fn time(&mut self, tag: &Tag) {
        let time = tag.is("time");
        let stated = tag.written("itemprop") == Some("datePublished");
        if !time && !stated {
            return;
        }
        let Some(value) = tag.attribute("datetime").or_else(|| tag.attribute("content")) else { return };
        let marked = || {
            tag.attributes().any(|(key, _)| key.eq_ignore_ascii_case("pubdate"))
                || tag.attribute("class").is_some_and(|class| class.to_ascii_lowercase().contains("publish"))
        };
        let trust = if stated { 2 } else { u8::from(marked()) };
        if self.time.as_ref().is_none_or(|(known, _)| trust > *known) {
            self.time = Some((trust, value));
        }
    }

    fn meta(&self, key: &str) -> Option<&str> {
        self.meta.iter().find(|(known, _)| known == key).map(|(_, content)| content.as_str())
    }

    /// The headline as the tags give it; the site's name may still be in it.
    pub fn headline(&self) -> String {
        let stated = [
            self.meta("og:title"),
            Some(self.described.headline.as_str()),
            self.meta("twitter:title"),
            Some(self.title.as_str()),
            Some(self.heading.as_str()),
        ];
        tidy(
            &stated
                .into_iter()
                .flatten()
                .find(|title| !title.is_empty())
                .unwrap_or_default()
                .replace('\n', " "),
        )
    }

    /// `title`, or the first heading where `title` is a piece of it: an extractor that cuts the site's name off
    /// also cuts at quotation marks and colons.
    pub fn whole_title(&self, title: String) -> String {
        let confirmed = [self.meta("og:title"), Some(&self.title)]
            .into_iter()
            .flatten()
            .any(|stated| stated.contains(&self.heading));
        if confirmed && self.heading.len() > title.len() && self.heading.contains(&title) {
            self.heading.clone()
        } else {
            title
        }
    }

    /// When the article was published, by the page itself. A time after `now` is not believed.
    pub fn published(&self, now: Timestamp) -> Option<Timestamp> {
        let read = |text: &str| dates::read(text).filter(|at| published::believable(*at, now));
        read(&self.described.published)
            .or_else(|| TIME_KEYS.iter().find_map(|key| read(self.meta(key)?)))
            .or_else(|| read(&self.time.as_ref()?.1))
    }

    /// Who wrote it; empty if the head does not say.
    pub fn author(&self) -> String {
        if !self.described.author.is_empty() {
            return tidy(&self.described.author);
        }
        let mut stated = AUTHOR_KEYS.iter().filter_map(|key| self.meta(key));
        tidy(stated.find(|author| !author.contains("://") && !author.starts_with('@')).unwrap_or_default())
    }

    /// BCP 47 tag; empty if the page states none.
    pub fn lang(&self) -> String {
        let stated = [
            Some(self.lang.as_str()),
            Some(self.described.lang.as_str()),
            self.meta("content-language"),
            self.meta("og:locale"),
        ];
        let tag =
            stated.into_iter().flatten().find(|tag| !tag.is_empty()).unwrap_or_default().replace('_', "-");
        let plausible =
            tag.len() <= 35 && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if plausible { tag } else { String::new() }
    }

    /// The page's own short text; empty if it has none.
    pub fn description(&self) -> String {
        let stated =
            ["og:description", "description", "twitter:description"].iter().find_map(|key| self.meta(key));
        tidy(stated.unwrap_or_default())
    }

    /// Whether the page says that the whole text is for subscribers.
    pub fn locked(&self) -> bool {
        let tier = self.meta("article:content_tier");
        self.described.locked || tier.is_some_and(|tier| tier == "locked" || tier == "metered")
    }

    /// The address the page calls its own, if `page` may be believed on it: same owner, not a bare front page.
    /// Where `page` is no web address (a file), any web address is taken.
    pub fn canonical(&self, page: &Url) -> Option<String> {
        [self.canonical.as_deref(), self.meta("og:url")]
            .into_iter()
            .flatten()
            .find_map(|stated| own(stated, page))
    }
}

fn own(stated: &str, page: &Url) -> Option<String> {
    let mut address = page.join(stated).ok().filter(on_the_web)?;
    address.set_fragment(None);
    let front_page = address.path() == "/" && address.query().is_none();
    let ours = match page.host_str() {
        Some(host) => same_owner(address.host_str()?, host),
        None => true,
    };
    (ours && !front_page && address.as_str().len() <= LONGEST_LINK).then(|| address.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(head: &str, page: &str) -> Option<String> {
        read(head).canonical(&page.parse().unwrap())
    }

    #[test]
    fn only_the_owner_may_name_another_address() {
        let page = "https://m.example.com/amp/claim?utm_source=x";
        let link = |href: &str| format!("<link href='{href}' rel='Canonical nofollow'>");
        assert_eq!(canonical(&link("/claim#top"), page).as_deref(), Some("https://m.example.com/claim"));
        assert_eq!(
            canonical(&link("https://www.example.com/claim"), page).as_deref(),
            Some("https://www.example.com/claim")
        );
        assert_eq!(canonical(&link("https://example.org/claim"), page), None);
        assert_eq!(canonical(&link("https://example.com/"), page), None);
        assert_eq!(canonical(&link("javascript:void(0)"), page), None);
        let both = format!("{}<meta property=og:url content=/second>", link("https://example.org/claim"));
        assert_eq!(canonical(&both, page).as_deref(), Some("https://m.example.com/second"));
        assert_eq!(
            canonical(&link("https://example.org/a"), "file:///a.html").as_deref(),
            Some("https://example.org/a")
        );
    }

    #[test]
    fn dates_are_trusted_in_order() {
        let time = "<time datetime=2026-01-01>";
        let marked = "<time class=entry-published datetime=2026-02-02>";
        let prop = "<span itemprop=datePublished content=2026-03-03>";
        let meta = "<meta name=date content=2026-04-04>";
        let og = "<meta property='article:published_time' content=2026-05-05>";
        let ld = r#"<script type="application/ld+json">{"@type":"NewsArticle","datePublished":"2026-06-06"}</script>"#;
        let now = "2026-06-05T12:00:00Z".parse().unwrap();
        let mut page = String::new();
        for (month, piece) in [time, marked, prop, meta, og, ld].into_iter().enumerate() {
            page.push_str(piece);
            let day = format!("2026-0{0}-0{0}T00:00:00Z", month + 1);
            assert_eq!(read(&page).published(now), Some(day.parse().unwrap()), "{piece}");
        }
        let day_before = "2026-06-04T12:00:00Z".parse().unwrap();
        assert_eq!(read(&page).published(day_before), Some("2026-05-05T00:00:00Z".parse().unwrap()));
    }

    #[test]
    fn heads_are_read() {
        let page = read(
            "<html lang=en-GB><title>A\n claim &amp; a sale - Outlet</title><meta name=author content='Ada Quill'>\
             <meta property=article:content_tier content=metered><h1>A <em>claim</em></h1>",
        );
        assert_eq!(page.headline(), "A claim & a sale - Outlet");
        assert_eq!(page.heading, "A claim");
        assert_eq!((page.author().as_str(), page.lang().as_str()), ("Ada Quill", "en-GB"));
        assert!(page.locked());
    }

    #[test]
    fn consent_dialogs_are_seen() {
        assert!(read("<main><div class='site cookie-banner open'>text</div>").has_dialog);
        assert!(read("<p>text<iframe id=sp_message_container_1></iframe>").has_dialog);
        assert!(
            !read("<!-- <div class=cookie-banner> --><p class=cookie-banner>about a cookie-banner")
                .has_dialog
        );
    }

    #[test]
    fn an_empty_mount_is_seen() {
        assert!(read("<div id=root>\n</div>").empty_mount);
        assert!(!read("<div id=root><p>text</p></div>").empty_mount);
        assert!(!read("<div id=roots></div>").empty_mount);
    }
}
