//! Mark-up to tokens, forgiving: whatever cannot be a tag is text.

use std::borrow::Cow;

/// Attributes of a tag, the length of its rest, and whether it closes itself.
type Tail<'a> = (Vec<(&'a str, &'a str)>, usize, bool);

/// One piece of a document.
#[derive(Debug, PartialEq)]
pub enum Token<'a> {
    /// `<name a="b">`; `empty` for `<name/>`.
    Start {
        /// As written, prefix and all.
        name: &'a str,
        /// Attributes as written, references unresolved; the first of a name wins.
        attributes: Vec<(&'a str, &'a str)>,
        /// Whether it closes itself.
        empty: bool,
        /// The tag's own text.
        source: &'a str,
    },
    /// `</name>`.
    End {
        /// As written.
        name: &'a str,
        /// The tag's own text.
        source: &'a str,
    },
    /// Text with references unresolved.
    Text(&'a str),
    /// Text as it is.
    Raw(Cow<'a, str>),
    /// A `<!DOCTYPE …>`.
    Doctype(&'a str),
}

/// What had to be forgiven.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Flaws {
    /// A `<` that opens nothing.
    pub stray_bracket: bool,
    /// Attributes without quotes, or named twice.
    pub attributes: bool,
    /// A comment, CDATA section or tag without an end.
    pub cut: bool,
}

/// Reads a document token by token.
#[derive(Debug)]
pub struct Tokens<'a> {
    rest: &'a str,
    /// What had to be forgiven so far.
    pub flaws: Flaws,
}

impl<'a> Tokens<'a> {
    /// From the start of `text`.
    pub fn new(text: &'a str) -> Self {
        Self { rest: text, flaws: Flaws::default() }
    }

    /// The next token; `None` at the end.
    pub fn next(&mut self) -> Option<Token<'a>> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            if !self.rest.starts_with('<') {
                let end = self.rest.find('<').unwrap_or(self.rest.len());
                return Some(Token::Text(self.take(end)));
            }
            if self.rest.starts_with("<!--") {
                self.skip_past("-->");
            } else if self.rest.starts_with("<![CDATA[") {
                return Some(self.cdata());
            } else if self.rest.starts_with("<?") {
                self.skip_past(">");
            } else if self.rest.get(..9).is_some_and(|head| head.eq_ignore_ascii_case("<!doctype")) {
                return Some(Token::Doctype(self.doctype()));
            } else if self.rest.starts_with("<!") {
                self.skip_past(">");
            } else if let Some(token) = self.tag() {
                return Some(token);
            } else {
                // "BTC < 50k": a bracket that opens no tag is a character.
                self.flaws.stray_bracket = true;
                let end = self.rest[1..].find('<').map_or(self.rest.len(), |at| at + 1);
                return Some(Token::Text(self.take(end)));
            }
        }
    }

    fn take(&mut self, end: usize) -> &'a str {
        let (head, tail) = self.rest.split_at(end);
        self.rest = tail;
        head
    }

    fn skip_past(&mut self, end: &str) {
        if let Some(at) = self.rest.find(end) {
            self.rest = &self.rest[at + end.len()..];
        } else {
            self.flaws.cut = true;
            self.rest = "";
        }
    }

    fn cdata(&mut self) -> Token<'a> {
        let body = &self.rest["<![CDATA[".len()..];
        let end = body.find("]]>");
        // Another section, or the end of the field, before this one's end: the end was forgotten.
        let next = body.find("<![CDATA[");
        if let Some(end) = end.filter(|end| next.is_none_or(|next| *end < next)) {
            self.rest = &body[end + 3..];
            return Token::Raw(Cow::Borrowed(&body[..end]));
        }
        self.flaws.cut = true;
        let fields = [
            "</description>",
            "</title>",
            "</content:encoded>",
            "</content>",
            "</summary>",
            "</link>",
            "</item>",
            "</entry>",
        ];
        let stop = fields.iter().filter_map(|field| body.find(field)).min().unwrap_or(body.len());
        self.rest = &body[stop..];
        Token::Raw(Cow::Borrowed(&body[..stop]))
    }

    fn doctype(&mut self) -> &'a str {
        let (mut depth, mut end) = (0_i32, self.rest.len());
        for (at, c) in self.rest.char_indices() {
            match c {
                '[' => depth += 1,
                ']' => depth -= 1,
                '>' if depth <= 0 => {
                    end = at + 1;
                    break;
                }
                _ => {}
            }
        }
        self.take(end)
    }

    fn tag(&mut self) -> Option<Token<'a>> {
        let bytes = self.rest.as_bytes();
        let closing = bytes.get(1) == Some(&b'/');
        let start = if closing { 2 } else { 1 };
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, ':' | '_' | '-' | '.');
        let after = &self.rest[start..];
        if !after.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            return None;
        }
        let name_end = after.find(|c: char| !is_name(c)).unwrap_or(after.len());
        let name = &after[..name_end];
        if closing {
            let end = after.find(['>', '<']).unwrap_or(after.len());
            let closed = after[end..].starts_with('>');
            self.flaws.cut |= !closed;
            let source = self.take(start + end + usize::from(closed));
            return Some(Token::End { name, source });
        }
        let (attributes, length, empty) = self.attributes(&after[name_end..])?;
        let source = self.take(start + name_end + length);
        Some(Token::Start { name, attributes, empty, source })
    }

    /// The attributes at the start of `text`, the length up to and with the tag's end, and whether it closes
    /// itself. `None` where this is no tag.
    fn attributes(&mut self, text: &'a str) -> Option<Tail<'a>> {
        let mut found: Vec<(&str, &str)> = Vec::new();
        let mut at = 0;
        loop {
            at += text[at..].len() - text[at..].trim_start().len();
            let rest = &text[at..];
            let Some(first) = rest.chars().next() else {
                self.flaws.cut = true;
                return Some((found, at, false));
            };
            match first {
                '>' => return Some((found, at + 1, false)),
                '/' if rest[1..].trim_start().starts_with('>') => {
                    return Some((found, at + rest.find('>').unwrap_or(0) + 1, true));
                }
                '/' | '"' | '\'' | '=' | '?' => {
                    self.flaws.attributes = true;
                    at += 1;
                    continue;
                }
                '<' => {
                    // A new tag before this one ended: it ends here, if it looked like a tag at all.
                    self.flaws.cut = true;
                    return Some((found, at, false));
                }
                _ => {}
            }
            let end = rest
                .find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/' | '<' | '"' | '\''))
                .unwrap_or(rest.len());
            if end == 0 {
                return None;
            }
            let name = &rest[..end];
            at += end;
            let tail = text[at..].trim_start();
            let mut value = "";
            if let Some(tail) = tail.strip_prefix('=') {
                let tail = tail.trim_start();
                let begin = text.len() - tail.len();
                if let Some(quote) = tail.chars().next().filter(|c| matches!(c, '"' | '\'')) {
                    let end = tail[1..].find(quote)?;
                    value = &tail[1..=end];
                    at = begin + end + 2;
                } else {
                    self.flaws.attributes = true;
                    let end = tail
                        .find(|c: char| c.is_whitespace() || matches!(c, '>' | '<'))
                        .unwrap_or(tail.len());
                    value = &tail[..end];
                    at = begin + end;
                }
            } else {
                self.flaws.attributes = true;
            }
            if found.iter().any(|(known, _)| *known == name) {
                self.flaws.attributes = true;
            } else {
                found.push((name, value));
            }
        }
    }
}
