//! Failures of content: the host's own feed or page, damaged.

use super::{InjectedFailure, play::Played};
use crate::fixture_web::{World, server::Reply};

/// A request to a failing host.
pub struct Scene<'a> {
    /// The web.
    pub world: &'a World,
    /// Path and query.
    pub path: &'a str,
    /// The head of the request.
    pub asked: &'a str,
    /// What it would be answered without the failure.
    pub reply: Reply,
    /// How many requests met a failure before.
    pub number: u64,
}

/// The damaged answer; the whole answer for a failure of another kind.
pub fn played(failure: InjectedFailure, scene: &Scene<'_>) -> Played {
    let Reply { status, headers, body } = &scene.reply;
    let text = String::from_utf8_lossy(body);
    let titled = |title: &str| text.replacen("<title>", &format!("<title>{title} "), 1);
    let labelled = |content_type: Option<&str>, body: Vec<u8>| {
        let others = headers.iter().filter(|(name, _)| *name != "content-type").cloned();
        let own = content_type.map(|value| ("content-type", value.to_owned()));
        Played::new(*status, &others.chain(own).collect::<Vec<_>>(), body)
    };
    let said = |text: String| Played::new(*status, headers, text.into_bytes());
    match failure {
        InjectedFailure::WrongCharset => {
            labelled(Some("text/xml; charset=koi8-r"), titled("Zürich").into_bytes())
        }
        InjectedFailure::MissingCharset => {
            let silent = titled("Новости и объявления недели").replacen(" encoding=\"UTF-8\"", "", 1);
            labelled(None, encoding_rs::WINDOWS_1251.encode(&silent).0.into_owned())
        }
        InjectedFailure::Truncated => {
            let end = (0..=text.len() * 2 / 3).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            said(text[..end].to_owned())
        }
        InjectedFailure::Malformed => {
            let open = text.replace("</title>", "").replace("</description>", " & <b>so <i>on</b>");
            said(open.replace("</channel>", "").replace("</rss>", "< </p>"))
        }
        InjectedFailure::Html => {
            let page =
                "<!doctype html><html><head><title>Sign in</title></head><body><form></form></body></html>";
            labelled(Some("text/html"), page.into())
        }
        InjectedFailure::ChangingEtag => {
            let others = headers.iter().filter(|(name, _)| *name != "etag").cloned();
            let tag = ("etag", format!("\"{}\"", scene.number));
            Played::new(*status, &others.chain([tag]).collect::<Vec<_>>(), body.clone())
        }
        InjectedFailure::BareEntries => said(
            ["pubDate", "link", "guid"]
                .iter()
                .fold(text.into_owned(), |text, name| replaced(&text, name, "")),
        ),
        InjectedFailure::FutureDates => {
            said(replaced(&text, "pubDate", "<pubDate>Tue, 01 Jan 2999 00:00:00 GMT</pubDate>"))
        }
        InjectedFailure::ManyEntries => {
            let rows: String =
                (0..100_000).map(|row| format!("<item><title>Row {row}</title></item>\n")).collect();
            said(text.replacen("<item>", &format!("{rows}<item>"), 1))
        }
        InjectedFailure::NestedBases => {
            let base = format!("<x xml:base=\"{}/\">", "a".repeat(20_000)).repeat(200);
            said(text.replacen("<item>", &format!("{base}<item>"), 1))
        }
        InjectedFailure::DeepNesting => {
            said(text.replacen("<item>", &format!("{}<item>", "<x>".repeat(1_000_000)), 1))
        }
        InjectedFailure::EntityBomb => {
            let level = |n: u32| format!("<!ENTITY e{n} \"{}\">", format!("&e{};", n + 1).repeat(10));
            let levels: String = (0..10).map(level).collect();
            let declared = format!("<!DOCTYPE rss [{levels}<!ENTITY e10 \"ha\">]>\n<rss");
            said(titled("&e0;").replacen("<rss", &declared, 1))
        }
        InjectedFailure::ExternalEntity => {
            let inward = scene.world.inward;
            let declared = format!(
                "<!DOCTYPE rss SYSTEM \"http://127.0.0.1:{inward}/rss.dtd\" [<!ENTITY e SYSTEM \"http://127.0.0.1:{inward}/e\">]>\n<rss"
            );
            said(titled("&e;").replacen("<rss", &declared, 1))
        }
        _ => Played::new(*status, headers, body.clone()),
    }
}

/// `text` with `by` for every whole element `name`.
fn replaced(text: &str, name: &str, by: &str) -> String {
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    let mut parts = text.split(&start);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(by);
        out.push_str(part.split_once(&end).map_or("", |(_, rest)| rest));
    }
    out
}
