//! One linear walk over a page's markup: tags, text, and elements whose content is no markup.
//!
//! Builds no tree. Guard, metadata, slimming and stripping use it, so that a page is never parsed only to read its head.

pub(crate) mod guard;
pub(crate) mod selector;

use memchr::{memchr, memchr_iter};

/// One piece of a page, in document order. Comments, doctypes and a tag cut off by the end are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// Text as it stands, references not resolved.
    Text(&'a str),
    Open(Tag<'a>),
    /// An end tag's name as written.
    Close(&'a str, &'a str),
    /// An element whose content is not markup (`script`, `style`, `title`, …).
    Raw {
        tag: Tag<'a>,
        body: &'a str,
        /// The whole element as it stands.
        source: &'a str,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tag<'a> {
    pub name: &'a str,
    /// Everything between the name and the closing `>`.
    pub attributes: &'a str,
    /// How many attributes that is.
    pub count: usize,
    pub source: &'a str,
}

impl<'a> Tag<'a> {
    /// Whether the tag has this name, in any case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Whether it ends in `/>`.
    pub fn closes_itself(&self) -> bool {
        self.attributes.ends_with('/')
    }

    /// Names and values as written.
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes { text: self.attributes, at: 0 }
    }

    /// The value of the first attribute of that name as written.
    pub fn written(&self, name: &str) -> Option<&'a str> {
        self.attributes().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The value of the first attribute of that name, references resolved, white space trimmed.
    pub fn attribute(&self, name: &str) -> Option<String> {
        let value = self.written(name)?;
        Some(htmlize::unescape_attribute(value).trim().to_owned())
    }
}

/// Walks attributes (HTML standard, sections 13.2.5.32–39); stops at the `>` that ends the tag.
#[derive(Debug)]
pub(crate) struct Attributes<'a> {
    text: &'a str,
    at: usize,
}

impl Attributes<'_> {
    fn skip(&mut self, skipped: impl Fn(u8) -> bool) {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().position(|byte| !skipped(*byte)).unwrap_or(rest.len());
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.text.as_bytes();
        self.skip(|byte| byte.is_ascii_whitespace() || byte == b'/');
        if matches!(bytes.get(self.at), None | Some(b'>')) {
            return None;
        }
        let start = self.at;
        // A name may begin with `=`, but holds none further on.
        self.at += 1;
        self.skip(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b'/' | b'>' | b'='));
        let name = &self.text[start..self.at];
        let after_name = self.at;
        self.skip(|byte| byte.is_ascii_whitespace());
        if bytes.get(self.at) != Some(&b'=') {
            self.at = after_name;
            return Some((name, ""));
        }
        self.at += 1;
        self.skip(|byte| byte.is_ascii_whitespace());
        let quote = bytes.get(self.at).copied().filter(|byte| matches!(byte, b'"' | b'\''));
        let start = self.at + usize::from(quote.is_some());
        self.at = start;
        match quote {
            Some(quote) => {
                let rest = &bytes[start..];
                self.at += memchr(quote, rest).unwrap_or(rest.len());
            }
            None => self.skip(|byte| !byte.is_ascii_whitespace() && byte != b'>'),
        }
        let value = &self.text[start..self.at];
        self.at = (self.at + usize::from(quote.is_some())).min(bytes.len());
        Some((name, value))
    }
}

/// Elements whose content is text up to their own end tag (HTML standard, section 13.2.6.2).
pub(crate) const RAW: [&str; 8] =
    ["script", "style", "title", "textarea", "iframe", "noembed", "noframes", "xmp"];

/// The tokens of a page; total work grows with its length only.
pub(crate) fn tokens(html: &str) -> Tokens<'_> {
    Tokens { html, at: 0, unclosed: [false; RAW.len()] }
}

/// See [`tokens`].
#[derive(Debug)]
pub(crate) struct Tokens<'a> {
    html: &'a str,
    at: usize,
    /// Of which [`RAW`] elements it is known that no end tag follows: it is looked for once.
    unclosed: [bool; RAW.len()],
}

impl<'a> Tokens<'a> {
    /// The byte after the last token.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Moves behind the next `end`, or to the end of the page.
    fn skip_past(&mut self, end: &str) {
        self.at = self.html[self.at..].find(end).map_or(self.html.len(), |found| self.at + found + end.len());
    }

    /// Moves on to the next end tag of that name and returns whether there is one; else does not move.
    pub fn skip_to_close(&mut self, name: &str) -> bool {
        let found = find_close(&self.html[self.at..], name);
        self.at += found.unwrap_or(0);
        found.is_some()
    }

    /// Moves behind the end tag of an element of that name whose start tag was the last token and returns whether there is
    /// one; else does not move.
    pub fn skip_element(&mut self, name: &str) -> bool {
        let mut walk = Tokens { html: self.html, at: self.at, unclosed: self.unclosed };
        let mut open = 1_usize;
        while let Some(token) = walk.next() {
            match token {
                Token::Open(tag) if tag.is(name) => open += 1,
                Token::Close(closed, _) if closed.eq_ignore_ascii_case(name) => open -= 1,
                _ => continue,
            }
            if open == 0 {
                self.at = walk.at;
                return true;
            }
        }
        false
    }

    fn tag(&mut self) -> Option<Tag<'a>> {
        let start = self.at;
        let name_end = name_end(self.html, start + 1);
        let mut attributes = Attributes { text: self.html, at: name_end };
        let count = attributes.by_ref().count();
        let end = attributes.at;
        if end >= self.html.len() {
            self.at = self.html.len();
            return None;
        }
        self.at = end + 1;
        Some(Tag {
            name: &self.html[start + 1..name_end],
            attributes: &self.html[name_end..end],
            count,
            source: &self.html[start..self.at],
        })
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let bytes = self.html.as_bytes();
        while self.at < bytes.len() {
            let start = self.at;
            if bytes[start] != b'<' || !opens_markup(bytes, start) {
                // A `<` that opens nothing belongs to the text.
                let after = start + 1;
                let mut openings = memchr_iter(b'<', &bytes[after..]).map(|found| after + found);
                self.at = openings.find(|at| opens_markup(bytes, *at)).unwrap_or(bytes.len());
                return Some(Token::Text(&self.html[start..self.at]));
            }
            match bytes[start + 1] {
                b'!' if self.html[start..].starts_with("<!--") => {
                    // `<!-->` and `<!--->` are whole comments.
                    self.at = start + 2;
                    self.skip_past("-->");
                }
                b'/' if bytes.get(start + 2).is_some_and(u8::is_ascii_alphabetic) => {
                    let name_end = name_end(self.html, start + 2);
                    self.skip_past(">");
                    return Some(Token::Close(&self.html[start + 2..name_end], &self.html[start..self.at]));
                }
                b'!' | b'?' | b'/' => self.skip_past(">"),
                _ => {
                    let tag = self.tag()?;
                    let Some(raw) = RAW.iter().position(|name| tag.is(name)) else {
                        return Some(Token::Open(tag));
                    };
                    let body = self.at;
                    let end =
                        if self.unclosed[raw] { None } else { find_close(&self.html[body..], tag.name) };
                    self.unclosed[raw] = end.is_none();
                    // XHTML's way to write an element that holds nothing.
                    if end.is_none() && tag.closes_itself() {
                        return Some(Token::Open(tag));
                    }
                    self.at = end.map_or(bytes.len(), |end| body + end);
                    let body = &self.html[body..self.at];
                    if end.is_some() {
                        self.skip_past(">");
                    }
                    return Some(Token::Raw { tag, body, source: &self.html[start..self.at] });
                }
            }
        }
        None
    }
}

/// Whether the `<` at `at` begins a tag, a comment or a declaration.
fn opens_markup(bytes: &[u8], at: usize) -> bool {
    bytes.get(at + 1).is_some_and(|next| next.is_ascii_alphabetic() || matches!(next, b'!' | b'/' | b'?'))
}

fn name_end(html: &str, start: usize) -> usize {
    let rest = &html.as_bytes()[start..];
    let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>');
    start + rest.iter().position(ends).unwrap_or(rest.len())
}

/// Where the end tag of `name` begins.
fn find_close(html: &str, name: &str) -> Option<usize> {
    let bytes = html.as_bytes();
    memchr_iter(b'<', bytes).find(|start| {
        let Some(rest) = bytes[start + 1..].strip_prefix(b"/") else { return false };
        rest.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
            && rest
                .get(name.len())
                .is_none_or(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanned(html: &str) -> Vec<String> {
        tokens(html)
            .map(|token| match token {
                Token::Text(text) => format!("text {text}"),
                Token::Open(tag) => format!("open {} {}", tag.name, tag.count),
                Token::Close(name, _) => format!("close {name}"),
                Token::Raw { tag, body, .. } => format!("raw {} [{body}]", tag.name),
            })
            .collect()
    }

    #[test]
    fn tags_text_and_comments_are_distinguished() {
        let html = "<!doctype html><P class='a > b' hidden>1 < 2<!-- <b> --><br/></P >";
        assert_eq!(scanned(html), ["open P 2", "text 1 < 2", "open br 0", "close P"]);
    }

    #[test]
    fn scripts_are_not_markup() {
        let html = "<script>if (a</b) '<p>'</SCRIPT x>after<style>";
        assert_eq!(scanned(html), ["raw script [if (a</b) '<p>']", "text after", "raw style []"]);
        assert_eq!(scanned("<title/><p>x"), ["open title 0", "open p 0", "text x"]);
        assert_eq!(scanned("<title/>x</title>"), ["raw title [x]"]);
    }

    #[test]
    fn a_page_cut_in_a_tag_ends_there() {
        assert_eq!(scanned("before<a href=\"x"), ["text before"]);
        assert_eq!(scanned("<"), ["text <"]);
        assert_eq!(scanned("a</"), ["text a"]);
        assert_eq!(scanned("a<!--"), ["text a"]);
    }

    #[test]
    fn attributes_are_read_in_every_spelling() {
        let Some(Token::Open(tag)) = tokens("<meta a=1 B = 'x y' c d=\"&amp;&quot;\"e=>").next() else {
            panic!("no tag")
        };
        let read: Vec<_> = tag.attributes().collect();
        assert_eq!(read, [("a", "1"), ("B", "x y"), ("c", ""), ("d", "&amp;&quot;"), ("e", "")]);
        assert_eq!(tag.attribute("D").as_deref(), Some("&\""));
    }
}
