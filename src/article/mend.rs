//! What is changed in a page before the thorough extractor reads it.
//!
//! Opening sentences that stand bare in an element, before its first paragraph, are made a paragraph: the extractor drops
//! them. Elements such as `<title/>`, which have no end tag, are left out: a tree builder would take all that follows for
//! their text.

use std::borrow::Cow;

use super::strip::INLINE;
use crate::text::markup::{RAW, Token, tokens};

/// Elements whose opening may be bare text.
const CONTAINERS: [&str; 5] = ["div", "article", "section", "main", "td"];
/// Elements after whose end an article may open.
const BEFORE: [&str; 9] = ["h1", "h2", "h3", "h4", "h5", "h6", "header", "figure", "hr"];
/// Elements that come next.
const AFTER: [&str; 13] =
    ["p", "div", "ul", "ol", "blockquote", "h2", "h3", "h4", "h5", "h6", "figure", "table", "section"];
/// Least characters of an opening; what is shorter is a label.
const LEAST: usize = 40;

/// `html` with bare openings as paragraphs, without empty elements that would hide the rest.
pub(super) fn mended(html: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    // Where an opening would begin, and how many characters it has so far.
    let mut opening: Option<(usize, usize)> = None;
    let mut walk = tokens(html);
    while let Some(token) = walk.next() {
        let end = walk.at();
        let is_one_of = |names: &[&str], name: &str| names.iter().any(|one| one.eq_ignore_ascii_case(name));
        let flows = |name: &str| {
            is_one_of(&INLINE, name) || name.eq_ignore_ascii_case("br") || name.eq_ignore_ascii_case("img")
        };
        match token {
            Token::Text(text) => {
                if let Some((_, length)) = &mut opening {
                    *length += text.split_whitespace().map(str::len).sum::<usize>();
                }
            }
            Token::Raw { .. } => {}
            Token::Open(tag) if is_one_of(&RAW, tag.name) => {
                out.push_str(&html[copied..end - tag.source.len()]);
                copied = end;
            }
            Token::Open(tag) if flows(tag.name) => {}
            Token::Close(name, _) if flows(name) => {}
            Token::Open(tag) => {
                // Comments before the tag are passed over with it.
                let tag_at = end - tag.source.len();
                if let Some((at, _)) =
                    opening.filter(|(_, length)| *length >= LEAST && is_one_of(&AFTER, tag.name))
                {
                    out.push_str(&html[copied..at]);
                    out.push_str("<p>");
                    out.push_str(&html[at..tag_at]);
                    out.push_str("</p>");
                    copied = tag_at;
                }
                let opens = is_one_of(&CONTAINERS, tag.name) || tag.is("hr");
                opening = opens.then_some((end, 0));
            }
            Token::Close(name, _) => opening = is_one_of(&BEFORE, name).then_some((end, 0)),
        }
    }
    if copied == 0 {
        return Cow::Borrowed(html);
    }
    out.push_str(&html[copied..]);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAD: &str = "Kestrel has <b>opened</b> the claim of its token<br><br>on the main network today.";

    #[test]
    fn a_bare_opening_becomes_a_paragraph() {
        for (before, after) in [
            ("<div class=entry>", "<p>More.</p></div>"),
            ("<article><h1>Title</h1>", "<p>More."),
            ("<td>", "<ul><li>More."),
            ("<DIV>\n", "<DIV>More."),
        ] {
            let page = format!("{before}{LEAD}{after}");
            let lead = before.trim_end();
            assert_eq!(mended(&page), format!("{lead}<p>{}{LEAD}</p>{after}", &before[lead.len()..]));
        }
    }

    #[test]
    fn an_empty_title_hides_nothing() {
        assert_eq!(mended("<title/><p>Text"), "<p>Text");
        assert_eq!(mended("<title/>A</title><p>Text"), "<title/>A</title><p>Text");
    }

    #[test]
    fn anything_else_stays_as_it_is() {
        for page in [
            format!("<div>{LEAD}</div><p>More."),
            format!("<p>{LEAD}<p>More."),
            format!("<li>{LEAD}<p>More."),
            format!("<div><span>{LEAD}</span><br>And more bare text.</div>"),
            "<div>By Ada Quill <p>More.".to_owned(),
            format!("<div>{LEAD}"),
        ] {
            assert_eq!(mended(&page), page);
        }
    }
}
