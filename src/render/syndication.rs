//! Stories for feed readers: Atom 1.0 (RFC 4287) and JSON Feed 1.1.

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    model::Detection,
    store::StoryRow,
    text::{link::Link, plain, suits_xml},
};

#[derive(Debug, Clone, Copy)]
pub struct Masthead<'a> {
    /// Domain of permanent ids.
    pub authority: &'a str,
    /// Address of the file; empty if it is not served.
    pub self_url: &'a str,
}

impl Masthead<'_> {
    /// A permanent id (RFC 4151).
    fn tag(&self, what: &str) -> String {
        format!("tag:{},2026:{what}", self.authority)
    }
}

const TITLE: &str = "Token launches";

/// `Caldera $ERA: airdrop live`, then the headline.
pub fn headline(found: &Detection) -> String {
    let token = found.token.as_deref().map(|token| format!("${}", plain(token)));
    let project = found.project.as_deref().map(plain);
    let whose: Vec<String> = project.into_iter().chain(token).collect();
    let what = format!("{} {}", found.event.as_str(), found.stage.as_str());
    let head = if whose.is_empty() { what } else { format!("{}: {what}", whose.join(" ")) };
    format!("{head}. {}", plain(&found.title))
}

/// The facts of a story, one line each.
pub fn lines(row: &StoryRow) -> Vec<String> {
    let found = &row.detection;
    let mut facts = vec![found.class.as_str().to_owned(), format!("score {}", found.score)];
    facts.extend(found.rumour.then(|| "rumour".to_owned()));
    facts.extend(row.event_date.as_deref().map(plain));
    let mut lines = vec![facts.join(", "), plain(&found.snippet)];
    let outlets: Vec<String> = found
        .also_at
        .iter()
        .map(|outlet| format!("also at {}: {}", plain(&outlet.source), Link::read(&outlet.url).text()))
        .collect();
    lines.extend(outlets);
    lines.retain(|line| !line.is_empty());
    lines
}

fn newest(rows: &[StoryRow], now: Timestamp) -> Timestamp {
    rows.iter().map(|row| row.changed_at).max().unwrap_or(now)
}

/// An Atom feed of `rows`. An entry's `updated` moves only when its class or date changed.
pub fn atom(rows: &[StoryRow], masthead: Masthead<'_>, now: Timestamp) -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n",
    );
    out.push_str(&format!("  <id>{}</id>\n  <title>{TITLE}</title>\n", xml(&masthead.tag("launches"))));
    out.push_str(&format!("  <updated>{}</updated>\n", second(newest(rows, now))));
    out.push_str(&format!(
        "  <author><name>tge-scrape</name></author>\n  <generator version=\"{}\">tge-scrape</generator>\n",
        env!("CARGO_PKG_VERSION")
    ));
    if !masthead.self_url.is_empty() {
        out.push_str(&format!(
            "  <link rel=\"self\" type=\"application/atom+xml\" href=\"{}\"/>\n",
            xml(masthead.self_url)
        ));
    }
    for row in rows {
        let found = &row.detection;
        out.push_str(&format!(
            "  <entry>\n    <id>{}</id>\n    <title type=\"text\">{}</title>\n",
            xml(&masthead.tag(&format!("story:{}", found.story_id))),
            xml(&headline(found))
        ));
        out.push_str(&format!(
            "    <published>{}</published>\n    <updated>{}</updated>\n",
            second(row.opened_at),
            second(row.changed_at)
        ));
        let author = Some(plain(&found.source)).filter(|name| !name.is_empty());
        let author = author.unwrap_or_else(|| "unknown".to_owned());
        out.push_str(&format!("    <author><name>{}</name></author>\n", xml(&author)));
        if let Link::Open { href, .. } = Link::read(&found.url) {
            out.push_str(&format!("    <link rel=\"alternate\" href=\"{}\"/>\n", xml(&href)));
        }
        for term in [found.event.as_str(), found.class.as_str()] {
            out.push_str(&format!("    <category term=\"{term}\"/>\n"));
        }
        out.push_str(&format!(
            "    <content type=\"text\">{}</content>\n  </entry>\n",
            xml(&lines(row).join("\n"))
        ));
    }
    out.push_str("</feed>\n");
    out
}

/// A feed of stories (JSON Feed 1.1).
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct JsonFeed<'a> {
    version: &'a str,
    title: &'a str,
    /// The address of the feed.
    #[serde(skip_serializing_if = "Option::is_none")]
    feed_url: Option<&'a str>,
    items: Vec<Item>,
}

/// A story in a feed.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "JsonFeedItem"))]
struct Item {
    /// Permanent (RFC 4151).
    id: String,
    /// Missing where the address of the page is no web address.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    title: String,
    /// The facts, one a line.
    content_text: String,
    #[cfg_attr(test, schemars(with = "crate::model::stamp::Time"))]
    date_published: String,
    #[cfg_attr(test, schemars(with = "crate::model::stamp::Time"))]
    date_modified: String,
    authors: [Author; 1],
    /// Event and class.
    tags: [&'static str; 2],
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "JsonFeedAuthor"))]
struct Author {
    name: String,
}

pub fn json_feed(rows: &[StoryRow], masthead: Masthead<'_>) -> String {
    let item = |row: &StoryRow| {
        let found = &row.detection;
        let url = match Link::read(&found.url) {
            Link::Open { href, .. } => Some(href),
            _ => None,
        };
        Item {
            id: masthead.tag(&format!("story:{}", found.story_id)),
            url,
            title: headline(found),
            content_text: lines(row).join("\n"),
            date_published: second(row.opened_at),
            date_modified: second(row.changed_at),
            authors: [Author { name: plain(&found.source) }],
            tags: [found.event.as_str(), found.class.as_str()],
        }
    };
    super::json(&JsonFeed {
        version: "https://jsonfeed.org/version/1.1",
        title: TITLE,
        feed_url: Some(masthead.self_url).filter(|url| !url.is_empty()),
        items: rows.iter().map(item).collect(),
    })
}

/// A time without fractions: `2026-11-21T10:00:00Z`.
fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `text` as character data or an attribute, without the characters that XML 1.0 forbids.
fn xml(text: &str) -> String {
    let text: String = text.chars().filter(|c| *c == '\n' || suits_xml(*c)).collect();
    htmlize::escape_attribute(text).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::render::samples::{hostile, row};

    const OURS: Masthead<'_> = Masthead { authority: "me.example", self_url: "https://me.example/tge.atom" };

    #[test]
    fn our_own_reader_reads_the_feed_back() {
        let mut rows: Vec<StoryRow> = hostile()
            .into_iter()
            .map(|title| {
                let mut row = row();
                row.detection.story_id = format!("s{}", title.len());
                row.detection.title = title;
                row
            })
            .collect();
        rows.push(row());
        let text = atom(&rows, OURS, row().changed_at);
        assert!(!text.contains("<script") && !text.contains('\u{202E}') && !text.contains('\0'), "{text}");
        let parsed = feed_rs::parser::parse(text.as_bytes()).unwrap();
        assert_eq!(parsed.entries.len(), rows.len());
        let last = parsed.entries.last().unwrap();
        assert_eq!(last.id, "tag:me.example,2026:story:s1");
        assert_eq!(last.links[0].href, "https://a.example/1");
        let json: Value = serde_json::from_str(&json_feed(&rows, OURS)).unwrap();
        assert_eq!(json["items"].as_array().unwrap().len(), rows.len());
        assert_eq!(json["feed_url"], "https://me.example/tge.atom");
    }

    #[test]
    fn nothing_found_is_a_feed_too() {
        let text = atom(&[], Masthead { authority: "me.example", self_url: "" }, Timestamp::UNIX_EPOCH);
        assert!(feed_rs::parser::parse(text.as_bytes()).unwrap().entries.is_empty());
    }
}
