//! Refuses pages that would cost the tree builders seconds, gigabytes or the stack.
//!
//! One linear pass over the tags, before anything is parsed.

use memchr::memchr2_iter;

use super::{Tag, Token, tokens};

/// Most open elements; real pages reach 49 (docs/reference/articles.md#guard). The extractors look through what is in an
/// element once for each element around it, so that depth is what a tag may cost.
const MAX_DEPTH: usize = 100;
/// Most tags; real pages reach 19 582 (same heading).
const MAX_TAGS: usize = 50_000;
/// Most attributes in one tag: a tree builder compares each with all before it. Real tags have a few dozen.
const MAX_ATTRIBUTES: usize = 250;
/// Most bytes; real pages reach 1.63 MB (same heading).
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Elements without content, which nest in nothing.
const VOID: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
    "wbr",
];
/// Elements whose end tag may be left out: a sibling ends them, so that a row of them is no depth.
const OPTIONAL_END: [&str; 8] = ["p", "li", "td", "th", "tr", "dt", "dd", "option"];
/// Elements that hold others of [`OPTIONAL_END`], which are depth though they are not counted: body, row and cell, or a list's item.
const ROWS: [&str; 1] = ["table"];
/// See [`ROWS`].
const LISTS: [&str; 4] = ["ul", "ol", "dl", "select"];
/// Formatting elements: a parser opens them anew in every block until their own end tag comes (HTML
/// standard, section 13.2.4.3), so that they outlive the element around them. `a` and `nobr` end each other.
const FORMATTING: [&str; 12] =
    ["b", "big", "code", "em", "font", "i", "s", "small", "strike", "strong", "tt", "u"];
/// Inline elements: their end tag closes nothing through a block.
const INLINE: [&str; 22] = [
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "em", "font", "i", "label", "nobr", "s", "small",
    "span", "strike", "strong", "sub", "sup", "tt", "u",
];
/// No end tag reaches through these.
const BARRIER: [&str; 5] = ["table", "template", "object", "marquee", "applet"];

/// Whether the page may be parsed.
pub(crate) fn admits(html: &str) -> bool {
    admitted(html).is_some_and(|shown| shown.len() == html.len())
}

/// The page up to its last tag that may be parsed; `None` where it nests too deep or has too many bytes or attributes.
pub(crate) fn admitted(html: &str) -> Option<&str> {
    if html.len() > MAX_BYTES {
        return None;
    }
    let mut open = OpenElements::default();
    let (mut tags, mut end) = (0, 0);
    let mut tokens = tokens(html);
    while let Some(token) = tokens.next() {
        match token {
            Token::Text(_) => continue,
            Token::Open(tag) => {
                if tag.count > MAX_ATTRIBUTES || !open.push(&tag) {
                    return None;
                }
            }
            Token::Raw { tag, .. } if tag.count > MAX_ATTRIBUTES => return None,
            Token::Raw { .. } => {}
            Token::Close(name, _) => open.close(name),
        }
        tags += 1;
        if tags > MAX_TAGS {
            return html.get(..end);
        }
        end = tokens.at();
    }
    Some(html)
}

/// Bytes that writing a page as HTML may look at again, for each byte of the page. Texts of real pages have a few marks each.
const MAX_LOOKED_AT: usize = 512;

/// Whether the quick extractor, which ends with writing HTML, does so in time that grows with the page's size: html5ever's serializer looks through the rest
/// of a text or attribute for `<` and `>` at each `&` and each character whose first byte is C2 (html5ever 0.40.1,
/// `serialize::write_escaped`).
pub(crate) fn is_written_quickly(html: &str) -> bool {
    let marks = |text: &str| memchr2_iter(b'&', 0xc2, text.as_bytes()).count();
    // However they are spread.
    if marks(html) <= MAX_LOOKED_AT {
        return true;
    }
    let (mut looked_at, mut found, mut length) = (0_usize, 0_usize, 0_usize);
    for token in tokens(html) {
        match token {
            Token::Text(text) | Token::Raw { body: text, .. } => {
                found += marks(text);
                length += text.len();
            }
            // Texts on both sides of an end tag that ends nothing are one.
            Token::Close(..) => {}
            Token::Open(tag) => {
                looked_at = looked_at
                    .saturating_add(found.saturating_mul(length))
                    .saturating_add(marks(tag.attributes).saturating_mul(tag.attributes.len()));
                (found, length) = (0, 0);
            }
        }
    }
    looked_at.saturating_add(found.saturating_mul(length)) <= MAX_LOOKED_AT.saturating_mul(html.len())
}

/// What a tree builder would have open, as far as depth goes; errs towards more.
#[derive(Default)]
struct OpenElements<'a> {
    /// Names, each with the depth it stands at.
    names: Vec<(&'a str, usize)>,
    formatting: [usize; FORMATTING.len()],
}

impl<'a> OpenElements<'a> {
    /// Opens an element; returns whether that is still within bounds.
    fn push(&mut self, tag: &Tag<'a>) -> bool {
        if let Some(index) = position(&FORMATTING, tag.name) {
            self.formatting[index] += 1;
        }
        let flat = is_one_of(&VOID, tag.name)
            || is_one_of(&OPTIONAL_END, tag.name)
            || (tag.closes_itself() && self.in_drawing() && !is_html(tag.name));
        if !flat {
            let inner =
                if is_one_of(&ROWS, tag.name) { 4 } else { 1 + usize::from(is_one_of(&LISTS, tag.name)) };
            self.names.push((tag.name, self.depth() + inner));
        }
        self.depth() <= MAX_DEPTH && self.formatting.iter().sum::<usize>() <= MAX_DEPTH
    }

    fn depth(&self) -> usize {
        self.names.last().map_or(0, |(_, depth)| *depth)
    }

    fn close(&mut self, name: &str) {
        if let Some(index) = position(&FORMATTING, name) {
            self.formatting[index] = self.formatting[index].saturating_sub(1);
        }
        let inline = is_one_of(&INLINE, name);
        for (index, (open, _)) in self.names.iter().enumerate().rev() {
            if open.eq_ignore_ascii_case(name) {
                self.names.truncate(index);
                return;
            }
            if is_one_of(&BARRIER, open) || (inline && !is_one_of(&INLINE, open)) {
                return;
            }
        }
    }

    /// Whether the innermost element is drawn: there, and only there, `<x/>` is a whole element.
    fn in_drawing(&self) -> bool {
        let html_points = ["foreignobject", "desc", "annotation-xml"];
        let kind = self.names.iter().rev().map(|(name, _)| name).find(|name| {
            name.eq_ignore_ascii_case("svg")
                || name.eq_ignore_ascii_case("math")
                || is_one_of(&html_points, name)
        });
        kind.is_some_and(|name| !is_one_of(&html_points, name))
    }
}

/// Whether an element of this name ends a drawing and nests as in any page.
fn is_html(name: &str) -> bool {
    let blocks = ["blockquote", "body", "center", "div", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "head"];
    let others = ["listing", "menu", "ol", "pre", "ruby", "span", "sub", "sup", "table", "ul", "var"];
    is_one_of(&FORMATTING, name) || is_one_of(&blocks, name) || is_one_of(&others, name)
}

fn position(names: &[&str], name: &str) -> Option<usize> {
    names.iter().position(|candidate| candidate.eq_ignore_ascii_case(name))
}

fn is_one_of(names: &[&str], name: &str) -> bool {
    position(names, name).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_is_refused_however_it_is_disguised() {
        for unit in [
            "<div>",
            "<b>",
            "<table><tr><td>",
            "<div></b>",
            "<DIV><p>",
            "<span><div></span>",
            "<div><b id=1></div>x",
            "<svg><div/>",
            "<svg><foreignObject/><desc><g/>",
            "<div><table></div>",
            "<x-y>",
            "<ul><li>",
        ] {
            assert!(!admits(&unit.repeat(1000)), "{unit}");
        }
    }

    #[test]
    fn a_page_of_too_many_tags_is_cut_behind_a_tag() {
        let page = "<p>x</p>".repeat(MAX_TAGS);
        let shown = admitted(&page).unwrap();
        assert!(shown.ends_with("</p>") && shown.len() == MAX_TAGS / 2 * 8 && !admits(&page));
        assert_eq!(admitted(&"<div>".repeat(1000)), None);
    }

    #[test]
    fn long_flat_pages_are_admitted() {
        for unit in [
            "<p>text",
            "<li>item<br>",
            "<div><span>x</div>",
            "<a href=x>link",
            "<svg><path/><g/><circle></circle></svg>",
            "<div><b>x</b></div>",
            "<table><tr><td>1<td>2</table>",
            "<option>",
            "<!-- <div> -->",
            "<script>'<div>'</script>",
        ] {
            let repeats = if unit.starts_with("<a") { 90 } else { 3000 };
            assert!(admits(&unit.repeat(repeats)), "{unit}");
        }
    }

    #[test]
    fn many_tags_attributes_and_bytes_are_refused() {
        assert!(admits(&"<br>".repeat(MAX_TAGS)));
        assert!(!admits(&"<br>".repeat(MAX_TAGS + 1)));
        let attributes = |count: usize| format!("<div {}>", "a=1 ".repeat(count));
        assert!(admits(&attributes(MAX_ATTRIBUTES)));
        assert!(!admits(&attributes(MAX_ATTRIBUTES + 1)));
        assert!(!admits(&"x".repeat(MAX_BYTES + 1)));
    }

    #[test]
    fn texts_of_nothing_but_references_are_not_written() {
        assert!(is_written_quickly(&format!("<p>{}", "R&D in the «north» ".repeat(100)).repeat(60)));
        for mark in ["&", "&amp;", "\u{a0}", "«", "&</x>", "<p class='&&&&&&&&&&&&&&&&&&&&'>&<p>"] {
            let page = format!("<p>{}", mark.repeat(200_000));
            assert_eq!(is_written_quickly(&page), mark.contains("<p>"), "{mark}");
        }
        assert!(!is_written_quickly(&format!("<p class='{}'>", "&".repeat(200_000))));
    }
}
