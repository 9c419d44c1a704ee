//! An article's page, with the furniture real ones have.

use std::hash::{DefaultHasher, Hash, Hasher};

use htmlize::escape_attribute as escape;
use jiff::{Timestamp, tz::TimeZone};

use super::{
    feeds,
    hosts::{Entry, Host},
    server::Reply,
};

/// Boxes that stand on every page and mention what the article does not.
const FURNITURE: &str = include_str!("furniture.html");
/// What articles close with where they have little to say themselves: of no interest to anybody.
const CLOSINGS: [&str; 16] = [
    "A reply from the people named above had not arrived by the time of writing and will be added here once it does.",
    "Figures were checked against public records on the day of publication and rounded where that helps the reader.",
    "Readers who spot a slip are invited to write in, and every letter is read by a person before anything is changed.",
    "Charts are drawn in house, photographs carry their makers' names, and older editions stay open to all.",
    "Nothing on this page is meant as advice to buy or to sell, and nobody was paid for what it says.",
    "Two colleagues read the piece before it went out, one of whom knew nothing of the matter beforehand.",
    "Whoever prefers paper can order a printed copy of the week at the front desk between nine and noon.",
    "An earlier draft was longer; what fell away will find its place in the weekend supplement or nowhere at all.",
    "Quotations were taken down by hand and read back to the speakers, who changed a comma here and there.",
    "Times of day are those of Greenwich, sums are in dollars, and a billion has nine zeros throughout.",
    "Our glossary explains the longer words, and the shorter ones can be looked up in any good dictionary.",
    "Several documents behind this report are public and can be read in the reading room on the second floor.",
    "Comments close after a week, because the moderator also tends the garden and it is growing fast.",
    "This subject returns on the last page of the quarterly, with maps, tables and a short list of books.",
    "Neither the writer nor the editor holds a stake in anything described, apart from a bicycle each.",
    "Corrections of the past month are collected at the foot of the front page, the oldest of them first.",
];
/// Characters below which an article gets [`CLOSINGS`]: shorter ones are not taken for articles.
const LONG_ENOUGH: usize = 600;

/// The text of an article. Closings are drawn by host and slug, because two outlets whose short reports close
/// with the same words would pass for copies of each other.
pub fn paragraphs(host: &Host, entry: &Entry) -> Vec<String> {
    let own = std::iter::once(entry.summary.as_str()).chain(entry.body.split("\n\n"));
    let mut all: Vec<String> = own.filter(|text| !text.is_empty()).map(str::to_owned).collect();
    if all.iter().map(String::len).sum::<usize>() < LONG_ENOUGH {
        let drawn = |sentence: &&&str| {
            let mut hasher = DefaultHasher::new();
            (&host.name, &entry.slug, sentence).hash(&mut hasher);
            hasher.finish()
        };
        let mut closings: Vec<&&str> = CLOSINGS.iter().collect();
        closings.sort_by_key(drawn);
        all.extend(closings[..6].chunks(2).map(|pair| format!("{} {}", pair[0], pair[1])));
    }
    all
}

/// The page of `entry`.
pub fn reply(origin: &str, host: &Host, entry: &Entry, now: i64) -> Reply {
    let at = feeds::time(entry, now);
    let day = Timestamp::from_second(at).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned_datetime(TimeZone::UTC);
    let address = format!("{origin}/{}", entry.slug);
    let html = html(
        &entry.title,
        &host.outlet,
        &address,
        &day.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        &paragraphs(host, entry),
    );
    Reply::ok("text/html; charset=utf-8", html).with("etag", format!("\"{}-{}\"", host.name, entry.slug))
}

/// A page as publishing software writes it.
pub fn html(title: &str, outlet: &str, address: &str, published: &str, paragraphs: &[String]) -> String {
    let (title, outlet) = (escape(title), escape(outlet));
    let body: String = paragraphs.iter().map(|text| format!("<p>{}</p>\n", escape(text))).collect();
    let json = serde_json::json!({
        "@context": "https://schema.org", "@type": "NewsArticle", "headline": title, "datePublished": published,
        "mainEntityOfPage": address, "publisher": {"@type": "Organization", "name": outlet},
    });
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} | {outlet}</title>\n\
         <link rel=\"canonical\" href=\"{address}\"><meta property=\"og:title\" content=\"{title}\">\n\
         <meta property=\"article:published_time\" content=\"{published}\">\n\
         <script type=\"application/ld+json\">{json}</script></head>\n<body>\n{}\n\
         <main><article><h1>{title}</h1><p class=\"byline\">By the {outlet} desk</p>\n{body}</article></main>\n{}\n</body></html>\n",
        FURNITURE.split("<!-- article -->").next().unwrap_or_default(),
        FURNITURE.split("<!-- article -->").nth(1).unwrap_or_default(),
    )
}
