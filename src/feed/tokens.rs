//! Markup to tokens. Text that cannot be a tag stays text.
//!
//! The time is linear in the document for any input: a search that failed once is never repeated.

/// Attributes read of one tag; a feed has a dozen, an attack a million.
const MOST_ATTRIBUTES: usize = 64;
/// How far a DOCTYPE may reach.
const LONGEST_DOCTYPE: usize = 64 * 1024;
const CDATA: &str = "<![CDATA[";
/// End tags that no text of a feed contains unescaped, unless a CDATA section before them has no end.
const FIELD_ENDS: &[&str] = &[
    "author",
    "category",
    "content",
    "content:encoded",
    "dc:creator",
    "description",
    "entry",
    "guid",
    "item",
    "link",
    "pubDate",
    "summary",
    "title",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'a> {
    /// `<name a="b">`; `empty` for `<name/>`.
    Start {
        /// As written, with its prefix.
        name: &'a str,
        /// The text between the name and the tag's end; see [`attributes`].
        attributes: &'a str,
        empty: bool,
        /// Whether it has its own `>`.
        closed: bool,
        /// The whole tag.
        source: &'a str,
    },
    End {
        name: &'a str,
        source: &'a str,
    },
    /// Text with references unresolved.
    Text(&'a str),
    /// Text as it is.
    Raw(&'a str),
    /// A `<!DOCTYPE …>`.
    Doctype(&'a str),
}

/// Errors in the document.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Flaws {
    /// A `<` that opens nothing.
    pub stray_bracket: bool,
    /// A comment, CDATA section or tag without an end.
    pub cut: bool,
}

#[derive(Debug)]
pub struct Tokens<'a> {
    text: &'a str,
    at: usize,
    /// Position of the next `]]>`, once searched for; the document's length where there is none.
    cdata_end: Option<usize>,
    /// Whether no further comment has an end.
    endless_comments: bool,
    doctype_seen: bool,
    pub flaws: Flaws,
}

impl<'a> Tokens<'a> {
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            cdata_end: None,
            endless_comments: false,
            doctype_seen: false,
            flaws: Flaws::default(),
        }
    }

    /// Bytes read so far: where the last token ends.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// Moves behind the end tag of `name` (lower case). Without one, stays and returns false.
    pub fn skip_element(&mut self, name: &str) -> bool {
        let rest = self.rest();
        let is_end = |at: &usize| {
            let tail = &rest.as_bytes()[at + 2..];
            tail.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
        };
        let Some(end) = rest.match_indices("</").map(|(at, _)| at).find(is_end) else { return false };
        let close = rest[end..].find('>').map_or(rest.len(), |close| end + close + 1);
        self.at += close;
        true
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn take(&mut self, length: usize) -> &'a str {
        let taken = &self.text[self.at..self.at + length];
        self.at += length;
        taken
    }

    fn skip_past_bracket(&mut self) {
        let rest = self.rest();
        let end = rest.find('>');
        self.flaws.cut |= end.is_none();
        self.at += end.map_or(rest.len(), |end| end + 1);
    }

    fn comment(&mut self) {
        let end = if self.endless_comments { None } else { self.rest()[4..].find("-->") };
        if let Some(end) = end {
            self.at += 4 + end + 3;
        } else {
            // A few words of a comment in the text are better than the loss of every later entry.
            self.endless_comments = true;
            self.flaws.cut = true;
            self.skip_past_bracket();
        }
    }

    fn cdata(&mut self) -> Token<'a> {
        let start = self.at + CDATA.len();
        let end = match self.cdata_end {
            Some(end) if end >= start => end,
            _ => self.text[start..].find("]]>").map_or(self.text.len(), |end| start + end),
        };
        self.cdata_end = Some(end);
        let body = &self.text[start..end];
        // The end belongs to this section, unless a field and then another section come before it.
        let ended = end < self.text.len();
        let within = if ended { body.find(CDATA) } else { Some(body.len()) };
        if let Some(stop) = within.and_then(|within| field_end(&body[..within])) {
            self.flaws.cut = true;
            self.at = start + stop;
            return Token::Raw(&body[..stop]);
        }
        self.flaws.cut |= !ended;
        self.at = if ended { end + "]]>".len() } else { end };
        Token::Raw(body)
    }

    /// A DOCTYPE and its internal subset; one without an end, or a second one, ends at its first bracket.
    fn doctype(&mut self) -> Token<'a> {
        let mut depth = 0_i32;
        let end = self.rest().bytes().take(LONGEST_DOCTYPE).position(|byte| {
            depth += i32::from(byte == b'[') - i32::from(byte == b']');
            byte == b'>' && depth <= 0
        });
        if let Some(end) = end.filter(|_| !std::mem::replace(&mut self.doctype_seen, true)) {
            Token::Doctype(self.take(end + 1))
        } else {
            let start = self.at;
            self.skip_past_bracket();
            Token::Doctype(&self.text[start..self.at])
        }
    }

    /// "BTC < 50k": a bracket that opens no tag is text.
    fn stray_bracket(&mut self) -> Token<'a> {
        self.flaws.stray_bracket = true;
        let rest = self.rest();
        Token::Text(self.take(rest[1..].find('<').map_or(rest.len(), |at| at + 1)))
    }

    fn tag(&mut self) -> Option<Token<'a>> {
        let rest = self.rest();
        let closing = rest.as_bytes().get(1) == Some(&b'/');
        let start = if closing { 2 } else { 1 };
        let after = &rest[start..];
        if !after.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            return None;
        }
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, ':' | '_' | '-' | '.');
        let name_end = after.find(|c: char| !is_name(c)).unwrap_or(after.len());
        let name = &after[..name_end];
        let tail = &after[name_end..];
        let end = if closing { tail.find(['>', '<']).unwrap_or(tail.len()) } else { tag_end(tail) };
        let closed = tail[end..].starts_with('>');
        self.flaws.cut |= !closed;
        let source = self.take(start + name_end + end + usize::from(closed));
        if closing {
            return Some(Token::End { name, source });
        }
        let inside = tail[..end].trim_end();
        let (attributes, empty) = match inside.strip_suffix('/') {
            Some(inside) if closed => (inside, true),
            _ => (inside, false),
        };
        Some(Token::Start { name, attributes, empty, closed, source })
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let rest = self.rest();
            match rest.as_bytes() {
                [] => return None,
                [b'<', b'!', ..] if rest.starts_with("<!--") => self.comment(),
                [b'<', b'!', ..] if rest.starts_with(CDATA) => return Some(self.cdata()),
                [b'<', b'!', ..] if is_doctype(rest) => return Some(self.doctype()),
                [b'<', b'!' | b'?', ..] => self.skip_past_bracket(),
                [b'<', ..] => return Some(self.tag().unwrap_or_else(|| self.stray_bracket())),
                _ => return Some(Token::Text(self.take(rest.find('<').unwrap_or(rest.len())))),
            }
        }
    }
}

fn is_doctype(text: &str) -> bool {
    text.get(..9).is_some_and(|head| head.eq_ignore_ascii_case("<!doctype"))
}

/// Position of the first end tag of a feed's field.
fn field_end(text: &str) -> Option<usize> {
    text.match_indices("</").map(|(at, _)| at).find(|at| {
        // Bytes: the cut may fall into the middle of a character.
        let head = &text.as_bytes()[at + 2..];
        let head = &head[..head.len().min(32)];
        let name = &head[..memchr::memchr(b'>', head).unwrap_or(0)];
        FIELD_ENDS.iter().any(|end| end.as_bytes() == name)
    })
}

/// Length of a tag up to its `>`, or up to the next tag or the end of the document.
fn tag_end(text: &str) -> usize {
    let mut at = 0;
    while let Some(found) = text[at..].find(['>', '<', '"', '\'']) {
        let mark = at + found;
        let byte = text.as_bytes()[mark];
        if matches!(byte, b'>' | b'<') {
            return mark;
        }
        at = mark + 1;
        if text[..mark].trim_end().ends_with('=') {
            at = quoted(text, mark).map_or(at, |end| end + 1);
        }
    }
    text.len()
}

/// Position of the quote that closes the value opened at `open`. A quote that opens the next value does not close this
/// one, which then has no closing quote.
fn quoted(text: &str, open: usize) -> Option<usize> {
    let quote = char::from(text.as_bytes()[open]);
    let end = open + 1 + text[open + 1..].find(quote)?;
    let follows = text[end + 1..].chars().next();
    let proper = follows.is_none_or(|c| c.is_whitespace() || matches!(c, '>' | '/' | '?'));
    (proper || !text[open..end].contains('>')).then_some(end)
}

/// The attributes in `text` as written, references unresolved; of equal names the first counts. The flag is true where
/// quotes are missing or a name occurs twice.
pub fn attributes(text: &str) -> (Vec<(&str, &str)>, bool) {
    let (mut found, mut odd) = (Vec::<(&str, &str)>::new(), false);
    let mut rest = text.trim_start();
    while !rest.is_empty() && found.len() < MOST_ATTRIBUTES {
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '=' | '/' | '"' | '\'' | '?'))
            .unwrap_or(rest.len());
        if end == 0 {
            odd = true;
            rest = rest[1..].trim_start();
            continue;
        }
        let (name, tail) = (&rest[..end], rest[end..].trim_start());
        let mut value = "";
        if let Some(tail) = tail.strip_prefix('=').map(str::trim_start) {
            let quote = tail.starts_with(['"', '\'']).then(|| quoted(tail, 0)).flatten();
            if let Some(end) = quote {
                value = &tail[1..end];
                rest = tail[end + 1..].trim_start();
            } else {
                odd = true;
                let end = tail.find(char::is_whitespace).unwrap_or(tail.len());
                value = tail[..end].trim_start_matches(['"', '\'']);
                rest = tail[end..].trim_start();
            }
        } else {
            odd = true;
            rest = tail;
        }
        if found.iter().any(|(known, _)| *known == name) {
            odd = true;
        } else {
            found.push((name, value));
        }
    }
    (found, odd)
}

/// The value of `wanted`, in any case, among the pairs of [`attributes`].
pub fn attribute<'a>(pairs: &[(&str, &'a str)], wanted: &str) -> Option<&'a str> {
    pairs.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(document: &str) -> String {
        let text = |token| match token {
            Token::Text(text) | Token::Raw(text) => text.to_owned(),
            Token::Start { name, .. } => format!("[{name}]"),
            Token::End { name, .. } => format!("[/{name}]"),
            Token::Doctype(_) => String::new(),
        };
        Tokens::new(document).map(text).collect()
    }

    #[test]
    fn a_forgotten_end_costs_as_little_as_can_be() {
        for (document, read) in [
            ("<t><![CDATA[a</title><t><![CDATA[b]]></t>", "[t]a[/title][t]b[/t]"),
            ("<t><![CDATA[a <![CDATA[ b]]></t>", "[t]a <![CDATA[ b[/t]"),
            ("<t><![CDATA[a</title>b", "[t]a[/title]b"),
            ("a<!-- b > c --> d", "a d"),
            ("a<!-- b > c", "a c"),
            ("<!DOCTYPE x [ <a>b</a>", "b[/a]"),
            ("<a b=\"c>d</a><e f=\"g\">", "[a]d[/a][e]"),
            ("<a b='1 > 2' c=\"d\"e='f'>g", "[a]g"),
            ("<a b=c <d>", "[a][d]"),
            ("1 < 2 <3", "1 < 2 <3"),
        ] {
            assert_eq!(texts(document).replace("  ", " "), read, "{document}");
        }
    }

    #[test]
    fn attributes_are_read_however_they_are_quoted() {
        for (text, pairs, odd) in [
            (" a=\"1\" b = '2'", vec![("a", "1"), ("b", "2")], false),
            (" a=1 b=x/y c", vec![("a", "1"), ("b", "x/y"), ("c", "")], true),
            (" a='1' a='2'", vec![("a", "1")], true),
            (" a=\"1\"b='>'", vec![("a", "1"), ("b", ">")], false),
        ] {
            assert_eq!(attributes(text), (pairs, odd), "{text}");
        }
    }
}
