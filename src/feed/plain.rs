//! HTML fragments to plain text on one line.

use super::{
    entities::Declared,
    tokens::{Token, Tokens},
};
use crate::text::suits_xml;

/// The effect of an HTML element on the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Its tags are removed.
    Inline,
    /// Its tags separate words.
    Block,
    /// It is removed with its content.
    Silent,
}

/// Longest name that [`role`] knows: `blockquote`.
const LONGEST: usize = 10;

/// The text of `html`: without tags of real elements, references resolved twice, white space folded.
pub fn plain(html: &str) -> String {
    if !html.contains(['<', '&']) {
        return fold(html);
    }
    let mut text = String::with_capacity(html.len());
    strip(html, &mut text);
    // A second pass for text that was escaped twice: `AT&amp;amp;T`, `&lt;b&gt;`.
    if text.contains(['<', '&']) {
        let mut again = String::with_capacity(text.len());
        // Nested sections would need one pass each, with markup left after the second.
        strip(&text.replace("<![CDATA[", ""), &mut again);
        text = again;
    }
    fold(&text)
}

/// `text` with its references resolved up to twice and white space folded; what looks like a tag stays.
pub fn unescaped(text: &str) -> String {
    let entities = Declared::default();
    fold(&entities.resolve(&entities.resolve(text)))
}

/// `text` with white space folded, without control characters and other characters that XML 1.0 (section 2.2) forbids.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut start, mut at, mut gap) = (0, 0, false);
    let word = |out: &mut String, gap: &mut bool, word: &str| {
        if !word.is_empty() {
            if std::mem::take(gap) && !out.is_empty() {
                out.push(' ');
            }
            out.push_str(word);
        }
    };
    // Most of a feed is ASCII: only other bytes are examined as characters.
    while let Some(found) = text.as_bytes()[at..].iter().position(|byte| !byte.is_ascii_graphic()) {
        let end = at + found;
        let Some(c) = text[end..].chars().next() else { break };
        at = end + c.len_utf8();
        if c.is_whitespace() || !suits_xml(c) {
            word(&mut out, &mut gap, &text[start..end]);
            start = at;
            gap |= c.is_whitespace();
        }
    }
    word(&mut out, &mut gap, &text[start..]);
    out
}

fn strip(html: &str, out: &mut String) {
    let entities = Declared::default();
    let mut tokens = Tokens::new(html);
    let mut endless = false;
    while let Some(token) = tokens.next() {
        let (name, source, opens) = match token {
            Token::Text(text) => {
                entities.resolve_into(text, out);
                continue;
            }
            Token::Raw(text) => {
                out.push_str(text);
                continue;
            }
            Token::Doctype(_) => continue,
            // "if a<b then": a tag without end and attributes is text.
            Token::Start { closed: false, attributes, source, .. } if !attributes.contains('=') => {
                entities.resolve_into(source, out);
                continue;
            }
            Token::Start { name, empty, source, .. } => (name, source, !empty),
            Token::End { name, source } => (name, source, false),
        };
        match role(name) {
            Some(Role::Inline) => {}
            Some(Role::Block) => out.push(' '),
            // Without an end tag nothing is removed: the later text is worth more.
            Some(Role::Silent) => endless |= opens && !endless && !tokens.skip_element(name),
            None => {
                entities.resolve_into(source, out);
            }
        }
    }
}

/// The role of `name`; `None` where no version of HTML has such an element: `<b>` is markup, `<ticker>` is text.
fn role(name: &str) -> Option<Role> {
    // Escaped XHTML keeps its usual prefixes.
    let name = name.strip_prefix("xhtml:").or_else(|| name.strip_prefix("html:")).unwrap_or(name);
    let mut lower = [0; LONGEST];
    let lower = lower.get_mut(..name.len())?;
    lower.copy_from_slice(name.as_bytes());
    lower.make_ascii_lowercase();
    Some(match &*lower {
        b"iframe" | b"noscript" | b"script" | b"style" | b"svg" => Role::Silent,
        b"address" | b"article" | b"aside" | b"blockquote" | b"br" | b"caption" | b"center" | b"dd"
        | b"details" | b"div" | b"dl" | b"dt" | b"fieldset" | b"figcaption" | b"figure" | b"footer"
        | b"form" | b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" | b"header" | b"hr" | b"img"
        | b"legend" | b"li" | b"main" | b"nav" | b"ol" | b"option" | b"p" | b"pre" | b"section"
        | b"table" | b"td" | b"th" | b"tr" | b"ul" => Role::Block,
        b"a" | b"abbr" | b"acronym" | b"applet" | b"area" | b"audio" | b"b" | b"base" | b"bdi" | b"bdo"
        | b"big" | b"blink" | b"body" | b"button" | b"canvas" | b"cite" | b"code" | b"col" | b"colgroup"
        | b"del" | b"dfn" | b"em" | b"embed" | b"font" | b"frame" | b"frameset" | b"head" | b"html"
        | b"i" | b"input" | b"ins" | b"kbd" | b"label" | b"link" | b"map" | b"mark" | b"marquee"
        | b"meta" | b"nobr" | b"object" | b"param" | b"picture" | b"q" | b"s" | b"samp" | b"select"
        | b"small" | b"source" | b"span" | b"strike" | b"strong" | b"sub" | b"summary" | b"sup"
        | b"tbody" | b"textarea" | b"tfoot" | b"thead" | b"time" | b"title" | b"track" | b"tt" | b"u"
        | b"var" | b"video" | b"wbr" => Role::Inline,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_sections_hide_no_markup() {
        assert_eq!(plain("<![CDATA[<![CDATA[<![CDATA[a <p>b"), "a b");
    }

    #[test]
    fn markup_is_removed_and_text_stays() {
        for (html, text) in [
            ("&lt;b&gt;Live&lt;/b&gt; now", "Live now"),
            ("AT&amp;amp;T", "AT&T"),
            ("BTC < 50k", "BTC < 50k"),
            ("if a&lt;b then", "if a<b then"),
            ("<p>one<p>two<br>three", "one two three"),
            ("a<b>b</b>c", "abc"),
            ("<ticker> stays, <BLINK>this</BLINK> goes", "<ticker> stays, this goes"),
            ("x<script>if (a < b) {}</SCRIPT>y", "xy"),
            ("x<script>y", "xy"),
            ("a<img alt='1 > 2' src=\"b\">c", "a c"),
            ("caf&eacute;&nbsp;&#8212; &#146;", "café — ’"),
            ("AT&T, R&D", "AT&T, R&D"),
            (" \u{1}o\u{1}ne\n\t two\u{a0}", "one two"),
            ("\u{fffe}one\u{ffff}two\u{8}\u{b}three", "onetwo three"),
            ("&lt;xhtml:p&gt;one&lt;/xhtml:p&gt;two", "one two"),
        ] {
            assert_eq!(plain(html), text, "{html}");
        }
    }
}
