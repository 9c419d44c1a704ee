//! A page without what no reader sees: scripts, styles, drawings, comments and the attributes that only
//! scripts and styles read. Half the bytes, so half the time of the tree builder.

use super::scan::{Tag, Token, tokens};

/// Elements that go with all they hold.
const DROPPED: [&str; 3] = ["svg", "noscript", "template"];
/// Attributes that the extractor reads; the others are dropped.
const KEPT: [&str; 22] = [
    "class",
    "id",
    "href",
    "rel",
    "role",
    "itemprop",
    "property",
    "name",
    "content",
    "style",
    "hidden",
    "src",
    "srcset",
    "aria-hidden",
    "aria-modal",
    "lang",
    "dir",
    "colspan",
    "rowspan",
    "summary",
    "type",
    "datetime",
];

/// `html` made slim, comparable in meaning.
pub(super) fn slim(html: &str) -> String {
    let mut kept = String::with_capacity(html.len() / 2);
    let mut walk = tokens(html);
    // Names whose end tag is known not to come: looked for once, not once per start tag.
    let mut unclosed = [false; DROPPED.len()];
    while let Some(token) = walk.next() {
        match token {
            Token::Text(text) => kept.push_str(text),
            Token::Close(_, source) => kept.push_str(source),
            Token::Raw { tag, source, .. } if tag.is("title") || tag.is("textarea") => kept.push_str(source),
            Token::Raw { .. } => {}
            Token::Open(tag) => {
                if let Some(index) = DROPPED.iter().position(|name| tag.is(name)) {
                    if !tag.closes_itself() && !unclosed[index] {
                        unclosed[index] = !walk.skip_to_close(DROPPED[index]);
                    }
                    continue;
                }
                push_tag(&mut kept, &tag);
            }
        }
    }
    kept
}

fn push_tag(kept: &mut String, tag: &Tag) {
    if tag.count == 0 {
        kept.push_str(tag.source);
        return;
    }
    kept.push('<');
    kept.push_str(tag.name);
    for (name, value) in tag.attributes() {
        if !KEPT.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            continue;
        }
        kept.push(' ');
        kept.push_str(name);
        if !value.is_empty() {
            let quote = if value.contains('"') { '\'' } else { '"' };
            kept.push('=');
            kept.push(quote);
            // An address or a style sheet of many kilobytes tells the extractor nothing.
            kept.push_str(value);
            kept.push(quote);
        }
    }
    kept.push('>');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_goes() {
        let html = "<title>T</title><script>a()</script><!-- c --><p class='x y' data-q=1 onclick=\"a('b')\">\
                    Text<svg><path d=1/></svg><img src=a.png alt='\"'></p><noscript><i>on</i></noscript>";
        assert_eq!(
            slim(html),
            "<title>T</title><p class=\"x y\">Text</svg><img src=\"a.png\"></p></noscript>"
        );
    }

    #[test]
    fn an_element_without_an_end_hides_nothing() {
        assert_eq!(slim("<svg><p>Text"), "<p>Text");
    }
}
