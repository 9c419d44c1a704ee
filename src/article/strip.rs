//! A page's text without its tags, in one linear walk: for pages that may not be parsed. Also the normal form of a text.

use crate::text::markup::{Token, tokens};

/// Elements whose content nobody reads.
const UNREAD: [&str; 7] = ["script", "style", "title", "iframe", "noembed", "noframes", "textarea"];
/// Elements that do not break a line.
pub(super) const INLINE: [&str; 24] = [
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "em", "font", "i", "mark", "q", "s", "small",
    "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "wbr",
];

/// All text of the page, a line per block, normal form.
pub(super) fn strip(html: &str) -> String {
    let mut text = String::new();
    for token in tokens(html) {
        let name = match token {
            Token::Text(piece) => {
                text.push_str(&htmlize::unescape(piece));
                continue;
            }
            Token::Raw { tag, body, .. } => {
                if !UNREAD.iter().any(|name| tag.is(name)) {
                    text.push_str(body);
                }
                continue;
            }
            Token::Open(tag) => tag.name,
            Token::Close(name, _) => name,
        };
        if !INLINE.iter().any(|inline| inline.eq_ignore_ascii_case(name)) {
            text.push('\n');
        }
    }
    tidy(&text)
}

/// The normal form of a text: one line per paragraph, single spaces, no empty lines, no control or
/// invisible characters.
pub(super) fn tidy(text: &str) -> String {
    let mut tidied = String::with_capacity(text.len());
    for line in text.lines() {
        let start = tidied.len();
        if line.bytes().all(is_plain) {
            for word in line.split_ascii_whitespace() {
                tidied.push_str(word);
                tidied.push(' ');
            }
        } else {
            for word in line.split_whitespace() {
                let before = tidied.len();
                if word.bytes().all(is_plain) {
                    tidied.push_str(word);
                } else {
                    tidied.extend(word.chars().filter(|c| !invisible(*c)));
                }
                if tidied.len() > before {
                    tidied.push(' ');
                }
            }
        }
        if tidied.len() > start {
            tidied.pop();
            tidied.push('\n');
        }
    }
    tidied.pop();
    tidied
}

/// Whether a byte is a visible ASCII character, a space or a tab. A text of these alone is copied word by word.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t')
}

/// Controls, soft hyphen, zero-width space, word joiner, byte-order mark.
fn invisible(c: char) -> bool {
    c.is_control() || matches!(c, '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{fffd}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_go_and_blocks_become_lines() {
        let html = "<title>No</title><div>The <b>claim</b>&nbsp;opens&#46;</div><p>Soon<br>er</p>\
                    <script>no()</script><style>p{}</style>";
        assert_eq!(strip(html), "The claim opens.\nSoon\ner");
    }

    #[test]
    fn texts_come_in_one_form() {
        assert_eq!(tidy(" a \t b\r\n\n \u{200b} \nto\u{0}k\u{ad}en\u{feff} "), "a b\ntoken");
        assert_eq!(tidy("\n \n"), "");
        assert_eq!(
            tidy("\t two  plain \u{b}words\t\nThe\u{7f} “claim”  op\u{ad}ens"),
            "two plain words\nThe “claim” opens"
        );
    }
}
