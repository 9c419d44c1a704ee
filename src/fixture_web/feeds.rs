//! A host's feed in its dialect.

use htmlize::escape_attribute as xml;
use jiff::{Timestamp, tz::TimeZone};

use super::{
    World,
    hosts::{Entry, Host},
    random,
    server::Reply,
};

/// The feed of `host` at `tick`, with its validators and its damage.
pub fn reply(world: &World, host: &Host, tick: u32) -> Reply {
    for (behaviour, status) in [("gone", 410), ("missing", 404), ("error", 500)] {
        if host.does(behaviour) {
            return Reply::status(status);
        }
    }
    if host.does("limited") {
        return Reply::status(429).with("retry-after", "120");
    }
    if host.does("html") {
        let link = "<link rel=\"alternate\" type=\"application/rss+xml\" href=\"/new-feed.xml\">";
        return Reply::ok(
            "text/html",
            format!(
                "<!doctype html><html><head>{link}<title>Parked</title></head><body>For sale</body></html>"
            ),
        );
    }
    let now = world.options.now;
    let body = body(&world.origin(&host.name), host, tick, now);
    let newest = host.published(tick).map(|entry| time(entry, now)).max().unwrap_or(now);
    let tag = format!("{}\"{:x}\"", if host.does("weak") { "W/" } else { "" }, random::number(&body));
    let mut reply = Reply::ok(content_type(host), body);
    if !host.does("bare") {
        reply = reply.with("etag", tag);
    }
    if host.does("dated") {
        reply = reply.with("last-modified", rfc2822(newest));
    }
    if host.does("fresh") {
        reply = reply.with("cache-control", "public, max-age=120");
    }
    reply
}

fn content_type(host: &Host) -> &'static str {
    match host.dialect.as_str() {
        "jsonfeed" => "application/feed+json",
        "okx" => "application/json",
        "atom10" | "atom03" => "application/atom+xml",
        "latin1" => "text/xml; charset=iso-8859-1",
        _ => "application/rss+xml",
    }
}

/// When an entry was published, seconds since 1970.
pub fn time(entry: &Entry, now: i64) -> i64 {
    now - entry.hours * 3600 - i64::try_from(entry.slug.len() % 50).unwrap_or(0) * 60
}

fn utc(at: i64) -> jiff::ZonedDateTime {
    Timestamp::from_second(at).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned_datetime(TimeZone::UTC)
}

fn rfc2822(at: i64) -> String {
    utc(at).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn rfc3339(at: i64) -> String {
    utc(at).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn body(origin: &str, host: &Host, tick: u32, now: i64) -> Vec<u8> {
    let entries: Vec<Facts> =
        host.published(tick).map(|entry| Facts::new(origin, host, entry, now)).collect();
    let outlet = xml(&host.outlet);
    let items = |write: &dyn Fn(&Facts) -> String| entries.iter().map(write).collect::<String>();
    let text = match host.dialect.as_str() {
        "rss091" => format!(
            "<?xml version=\"1.0\"?>\n<rss version=\"0.91\"><channel><title>{outlet}</title><link>{origin}</link>{}</channel></rss>",
            items(&|e| format!(
                "<item><title>{}</title><link>{}</link><description>{}</description></item>\n",
                xml(&e.title),
                e.link,
                xml(&e.summary)
            ))
        ),
        "rss10" => format!(
            "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns=\"http://purl.org/rss/1.0/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel rdf:about=\"{origin}\"><title>{outlet}</title></channel>{}</rdf:RDF>",
            items(&|e| format!(
                "<item rdf:about=\"{0}\"><title>{1}</title><link>{0}</link><description>{2}</description><dc:date>{3}</dc:date></item>\n",
                e.link,
                xml(&e.title),
                xml(&e.summary),
                rfc3339(e.at)
            ))
        ),
        "rss090" => format!(
            "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns=\"http://my.netscape.com/rdf/simple/0.9/\"><channel><title>{outlet}</title></channel>{}</rdf:RDF>",
            items(&|e| format!("<item><title>{}</title><link>{}</link></item>\n", xml(&e.title), e.link))
        ),
        "atom03" => format!(
            "<feed version=\"0.3\" xmlns=\"http://purl.org/atom/ns#\"><title>{outlet}</title>{}</feed>",
            items(&|e| {
                format!("<entry><title mode=\"escaped\">{}</title><link rel=\"alternate\" type=\"text/html\" href=\"{}\"/><id>tag:{},{}</id><issued>{3}</issued><modified>{3}</modified><summary>{4}</summary></entry>\n", xml(&e.title), e.link, host.name, e.slug, xml(&e.summary)).replace("{3}", &rfc3339(e.at))
            })
        ),
        "atom10" => format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><feed xmlns=\"http://www.w3.org/2005/Atom\"><title>{outlet}</title><link rel=\"self\" href=\"{origin}/atom.xml\"/>{}</feed>",
            items(&|e| format!(
                "<entry><title type=\"html\">{}</title><link href=\"{}\"/><id>urn:{}:{}</id><published>{t}</published><updated>{t}</updated><summary type=\"html\">{}</summary></entry>\n",
                xml(&e.title),
                e.link,
                host.name,
                e.slug,
                xml(&e.summary),
                t = rfc3339(e.at)
            ))
        ),
        "jsonfeed" => {
            let items: Vec<_> = entries.iter().map(|e| serde_json::json!({"id": e.slug, "url": e.link, "title": e.title, "summary": e.summary, "date_published": rfc3339(e.at)})).collect();
            serde_json::json!({"version": "https://jsonfeed.org/version/1.1", "title": host.outlet, "items": items}).to_string()
        }
        "okx" => {
            let items: Vec<_> = entries.iter().map(|e| serde_json::json!({"annType": "announcements-latest-announcements", "title": e.title, "url": e.link, "pTime": (e.at * 1000).to_string()})).collect();
            serde_json::json!({"code": "0", "data": [{"details": items, "totalPage": "1"}]}).to_string()
        }
        dialect => rss2(origin, &outlet, dialect, &entries),
    };
    match host.dialect.as_str() {
        "latin1" => text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect(),
        "cut" => text.as_bytes()[..text.len() - 60].to_vec(),
        _ => text.into_bytes(),
    }
}

/// RSS 2.0 as several kinds of software write it.
fn rss2(origin: &str, outlet: &str, dialect: &str, entries: &[Facts]) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"{}\"?>\n<rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n<channel>\n<title>{outlet}</title>\n<link>{origin}</link>\n",
        if dialect == "latin1" { "ISO-8859-1" } else { "UTF-8" }
    );
    for e in entries {
        let title = match dialect {
            // Software that forgets to escape.
            "broken" => e.title.clone(),
            "cdata" => format!("<![CDATA[{}]]>", e.title),
            _ => xml(&e.title).into_owned(),
        };
        text.push_str(&format!("<item>\n<title>{title}</title>\n<link>{}</link>\n", e.link));
        if dialect != "undated" {
            text.push_str(&format!(
                "<pubDate>{}</pubDate>\n<guid isPermaLink=\"false\">{}-{}</guid>\n",
                rfc2822(e.at),
                outlet.len(),
                e.slug
            ));
        }
        match dialect {
            "titles" => {}
            "short" => {
                let opening: String = e.summary.split_whitespace().take(7).collect::<Vec<_>>().join(" ");
                text.push_str(&format!("<description>{} […]</description>\n", xml(&opening)));
            }
            "full" => text.push_str(&format!(
                "<description>{}</description>\n<content:encoded><![CDATA[<p>{}</p>]]></content:encoded>\n",
                xml(&e.summary),
                e.paragraphs.join("</p><p>")
            )),
            "broken" => text.push_str(&format!("<description><p>{}<br>Q&A</description>\n", e.summary)),
            _ => text.push_str(&format!("<description>{}</description>\n", xml(&e.summary))),
        }
        text.push_str("</item>\n");
    }
    if dialect != "broken" {
        text.push_str("</channel>\n</rss>\n");
    }
    text
}

/// An entry ready to be written.
struct Facts {
    slug: String,
    title: String,
    summary: String,
    link: String,
    at: i64,
    paragraphs: Vec<String>,
}

impl Facts {
    fn new(origin: &str, host: &Host, entry: &Entry, now: i64) -> Self {
        let tracking = if host.does("tracked") { "?utm_source=feed&amp;utm_medium=rss" } else { "" };
        let path = if host.does("amp") { "/amp" } else { "" };
        Self {
            slug: entry.slug.clone(),
            title: entry.title.clone(),
            summary: entry.summary.clone(),
            link: format!("{origin}/{}{path}{tracking}", entry.slug),
            at: time(entry, now),
            paragraphs: super::page::paragraphs(host, entry),
        }
    }
}
