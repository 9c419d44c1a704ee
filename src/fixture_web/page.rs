//! An article's page, with the furniture real ones have.

use jiff::{Timestamp, tz::TimeZone};

use super::{
    feeds,
    hosts::{Entry, Host},
    server::Reply,
};

/// Boxes that stand on every page and mention what the article does not.
const FURNITURE: &str = include_str!("furniture.html");
/// What fills an article that has no more to say: of no interest to anybody.
const FILLER: [&str; 3] = [
    "Our reporters reached out for comment and will add it here once it arrives. Figures in this piece were checked against public records on the day of publication, and rounded where that helps the reader.",
    "The desk keeps a running list of corrections at the foot of each page. Readers who spot a slip are invited to write in; the address stands below, and every letter is read by a person before anything is changed.",
    "This outlet publishes on working days and keeps its archive open. Charts are drawn in house, photographs carry their makers' names, and nothing on this page is meant as advice to buy or to sell anything.",
];

/// The text of an article.
pub fn paragraphs(entry: &Entry) -> Vec<String> {
    let own = std::iter::once(entry.summary.as_str()).chain(entry.body.split("\n\n"));
    let own = own.filter(|text| !text.is_empty()).map(str::to_owned);
    own.chain(FILLER.map(str::to_owned)).collect()
}

/// The page of `entry`.
pub fn reply(origin: &str, host: &Host, entry: &Entry, now: i64) -> Reply {
    let at = feeds::time(entry, now);
    let day = Timestamp::from_second(at).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(TimeZone::UTC);
    let address = format!("{origin}/{}", entry.slug);
    let html = html(
        &entry.title,
        &host.outlet,
        &address,
        &day.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        &paragraphs(entry),
    );
    Reply::ok("text/html; charset=utf-8", html).with("etag", format!("\"{}-{}\"", host.name, entry.slug))
}

/// A page as publishing software writes it.
pub fn html(title: &str, outlet: &str, address: &str, published: &str, paragraphs: &[String]) -> String {
    let escape = |text: &str| {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
    };
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
