//! HTML fragments to plain text on one line.

use super::{
    entities::Declared,
    tokens::{Token, Tokens},
};

/// Names of HTML elements: `<b>` is mark-up, `<ticker>` is text.
const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "address",
    "article",
    "aside",
    "audio",
    "b",
    "bdi",
    "bdo",
    "big",
    "blockquote",
    "body",
    "br",
    "button",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "embed",
    "fieldset",
    "figcaption",
    "figure",
    "font",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "i",
    "iframe",
    "img",
    "input",
    "ins",
    "kbd",
    "label",
    "legend",
    "li",
    "link",
    "main",
    "map",
    "mark",
    "meta",
    "nav",
    "noscript",
    "object",
    "ol",
    "option",
    "p",
    "param",
    "picture",
    "pre",
    "q",
    "s",
    "samp",
    "script",
    "section",
    "select",
    "small",
    "source",
    "span",
    "strike",
    "strong",
    "style",
    "sub",
    "summary",
    "sup",
    "svg",
    "table",
    "tbody",
    "td",
    "textarea",
    "tfoot",
    "th",
    "thead",
    "time",
    "title",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
    "video",
    "wbr",
];
/// Elements that part words where they stand.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "br",
    "dd",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "img",
    "li",
    "main",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "td",
    "th",
    "tr",
    "ul",
];
/// Elements whose content is for machines.
const SILENT: &[&str] = &["script", "style", "noscript", "iframe", "svg"];

/// The text of `html`: tags of real elements gone, references resolved twice,
/// white space folded.
#[must_use]
pub fn plain(html: &str) -> String {
    let entities = Declared::default();
    let text = strip(html, &entities);
    // A second round for what was escaped twice: `AT&amp;amp;T`, `&lt;b&gt;`.
    let text = strip(&text, &entities);
    fold(&text)
}

/// `text` with white space folded and control characters gone.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() {
            gap = !out.is_empty();
        } else {
            if std::mem::take(&mut gap) {
                out.push(' ');
            }
            out.push(c);
        }
    }
    out
}

fn strip(html: &str, entities: &Declared) -> String {
    if !html.contains('<') {
        return entities.resolve(html).0.into_owned();
    }
    let mut out = String::with_capacity(html.len());
    let mut silent: Option<String> = None;
    let mut tokens = Tokens::new(html);
    while let Some(token) = tokens.next() {
        let (name, source, opens) = match token {
            Token::Text(text) => {
                if silent.is_none() {
                    out.push_str(&entities.resolve(text).0);
                }
                continue;
            }
            Token::Raw(text) => {
                if silent.is_none() {
                    out.push_str(&text);
                }
                continue;
            }
            Token::Doctype(_) => continue,
            Token::Start { name, empty, source, .. } => (name, source, !empty),
            Token::End { name, source } => (name, source, false),
        };
        let name = name.to_ascii_lowercase();
        if silent.as_ref() == Some(&name) && !opens {
            silent = None;
        } else if silent.is_some() {
        } else if opens && SILENT.contains(&name.as_str()) {
            silent = Some(name);
        } else if ELEMENTS.contains(&name.as_str()) {
            if BLOCKS.contains(&name.as_str()) {
                out.push(' ');
            }
        } else {
            out.push_str(source);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mark_up_goes_and_meaning_stays() {
        for (html, text) in [
            ("&lt;b&gt;Live&lt;/b&gt; now", "Live now"),
            ("AT&amp;amp;T", "AT&T"),
            ("BTC < 50k", "BTC < 50k"),
            ("<p>one<p>two<br>three", "one two three"),
            ("a<b>b</b>c", "abc"),
            ("<ticker> stays", "<ticker> stays"),
            ("x<script>if (a < b) {}</script>y", "xy"),
            ("caf&eacute;&nbsp;&#8212; &#146;", "café — ’"),
            ("AT&T, R&D", "AT&T, R&D"),
        ] {
            assert_eq!(plain(html), text, "{html}");
        }
    }
}
