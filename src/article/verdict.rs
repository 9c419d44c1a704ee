//! Is this the article at all? Challenge pages, and pages whose text only exists after scripts ran.
//!
//! The signs and the false ones are in docs/reference/articles.md#pages-that-are-not-the-article.

use super::metadata::Metadata;
use crate::text::markup::{Token, tokens};

/// Titles of challenge and block pages, lower case, without the site's name.
const BLOCK_TITLES: [&str; 7] = [
    "just a moment...",
    "just a moment…",
    "attention required!",
    "access denied",
    "pardon our interruption",
    "pardon our interruption...",
    "ddos-guard",
];
/// Below this many characters a text may be a remnant (same heading).
pub(super) const SHORT: usize = 250;

/// Bytes of a text that judgement reads, about.
const OPENING: usize = 1_200;
/// Bytes from which a line is a sentence, however it ends.
const SENTENCE: usize = 150;
const SENTENCE_ENDS: [char; 11] = ['.', '!', '?', '…', ':', '"', '”', '»', ')', '。', '！'];

/// Media types that may hold a web page.
const PAGE_TYPES: [&str; 5] =
    ["text/html", "application/xhtml+xml", "text/plain", "application/octet-stream", "multipart/mixed"];
/// Root elements of documents that have tags and are no pages.
const OTHER_ROOTS: [&str; 6] = ["rss", "feed", "rdf:rdf", "urlset", "sitemapindex", "opml"];

/// Whether `html` is a web page, by its media type and its first tags.
pub(super) fn is_html(html: &str, content_type: Option<&str>) -> bool {
    let stated = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !stated.is_empty() && !PAGE_TYPES.iter().any(|page| page.eq_ignore_ascii_case(stated)) {
        return false;
    }
    let first = tokens(html).find_map(|token| match token {
        Token::Open(tag) | Token::Raw { tag, .. } => Some(tag.name),
        _ => None,
    });
    first.is_some_and(|name| {
        // Bytes that are no text hold something like a tag sooner or later.
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b':'))
            && !OTHER_ROOTS.iter().any(|root| root.eq_ignore_ascii_case(name))
    })
}

/// Whether a challenge or a block page stands in the article's place.
pub(super) fn blocked(page: &Metadata) -> bool {
    let title = page.title.to_lowercase();
    let title = title.split(" | ").next().unwrap_or_default();
    page.challenge_script || BLOCK_TITLES.contains(&title.split(" - ").next().unwrap_or_default().trim())
}

/// Whether the text is only there once scripts ran: `text` is what was found, `bytes` the page's length.
pub(super) fn script_only(page: &Metadata, text: &str, bytes: usize) -> bool {
    is_short(text) && (page.empty_mount || page.script_bytes * 2 > bytes)
}

/// Whether a quarter of the opening of `text` or more is short lines that are no sentences: captions, lists of links,
/// "read also" boxes. An empty text counts.
pub(super) fn is_cluttered(text: &str) -> bool {
    let (mut read, mut clutter) = (0, 0);
    for line in text.lines() {
        if read >= OPENING {
            break;
        }
        read += line.len();
        if line.len() < SENTENCE && !line.ends_with(SENTENCE_ENDS) {
            clutter += line.len();
        }
    }
    clutter * 4 >= read
}

/// Whether `text` has fewer than [`SHORT`] characters.
pub(super) fn is_short(text: &str) -> bool {
    text.chars().nth(SHORT - 1).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::metadata::read;

    #[test]
    fn block_pages_have_known_titles_or_scripts() {
        assert!(blocked(&read("<title>Just a moment...</title>")));
        assert!(blocked(&read("<title>Attention Required! | Cloudflare</title>")));
        assert!(blocked(&read("<script>window._cf_chl_opt={}</script>")));
        assert!(!blocked(&read("<title>Access denied: how a bridge lost its keys</title>")));
        assert!(!blocked(&read(
            "<script src=/cdn-cgi/challenge-platform/x.js></script><p>enable JavaScript"
        )));
    }

    #[test]
    fn clutter_is_short_lines_that_are_no_sentences() {
        let prose = "The foundation set the date of the claim and named the share of the community.";
        assert!(!is_cluttered(&[prose; 12].join("\n")));
        assert!(!is_cluttered(&format!("By the news desk\n{prose}\n{prose}")));
        let links = "Read also\nTen wallets compared\nMarkets today\nAbout the bridge\nNewsletter";
        assert!(is_cluttered(&format!("{links}\n{prose}\n{prose}")));
        assert!(!is_cluttered(&format!("{}\n{links}", [prose; 16].join("\n"))));
        assert!(is_cluttered(""));
    }

    #[test]
    fn only_pages_are_pages() {
        assert!(is_html("<!DOCTYPE html>\n<html>", None));
        assert!(is_html("<p>text", Some("Text/HTML; charset=utf-8")));
        assert!(!is_html("<p>text", Some("application/pdf")));
        assert!(!is_html("<?xml version='1.0'?><rss>", Some("text/html")));
        assert!(!is_html("{\"a\": \"1 < 2\"}", None));
        assert!(!is_html("", None));
    }

    #[test]
    fn a_short_text_alone_is_no_sign() {
        let app = "<div id=__next></div>";
        assert!(script_only(&read(app), "Loading", 5000));
        assert!(!script_only(&read(app), &"x".repeat(SHORT), 5000));
        assert!(!script_only(&read("<p>Short news.</p>"), "Short news.", 5000));
        assert!(script_only(&read(&format!("<script>{}</script>", "x".repeat(3000))), "", 5000));
    }
}
