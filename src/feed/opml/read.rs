//! Reads a list of feeds. Outlines that are no feeds or cannot be read are reported with their line.

use std::collections::HashMap;

use crate::{
    feed::{
        decode::decode,
        entities::Declared,
        tokens::{self, Token, Tokens},
    },
    text::cut::{Unit, cut},
};

/// Deepest folders whose names count; an export has two or three levels, an attack ten thousand.
const DEEPEST: usize = 32;
/// Most tags of one feed.
const MOST_TAGS: usize = 32;
/// Longest tag, characters.
const LONGEST_TAG: usize = 100;
/// Types of outlines that are no feeds although they have an address: OPML 2.0, "link" and "include". `FreshRSS`
/// has types for web pages; their names contain one of [`PAGE_TYPES`].
const OTHER_TYPES: [&str; 2] = ["link", "include"];
const PAGE_TYPES: [&str; 4] = ["xpath", "html", "dotpath", "dotnotation"];

/// One feed of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outline {
    /// Its address.
    pub url: String,
    /// Its name; empty if the list gives none.
    pub title: String,
    /// The page it belongs to; empty if the list gives none.
    pub html_url: String,
    /// Its folders, outermost first, and its categories.
    pub tags: Vec<String>,
}

/// An outline that is not taken as a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Its line, from 1.
    pub line: usize,
    /// Its name; may be empty.
    pub title: String,
    /// Why.
    pub why: NotTaken,
}

/// Why an outline is not taken as a feed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum NotTaken {
    /// `isComment="true"` on it or on a folder around it.
    #[error("is a comment")]
    Comment,
    #[error("is of type {0}, not a feed")]
    OtherType(String),
    #[error("has no xmlUrl")]
    NoAddress,
    #[error("is cut off or damaged")]
    Damaged,
}

/// A list that was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpmlList {
    /// Feeds, each address once, with their lines (from 1).
    pub feeds: Vec<(usize, Outline)>,
    /// Outlines that are no feeds or could not be read, folders left out.
    pub skipped: Vec<Skipped>,
    /// Whether the end of the document is missing.
    pub cut: bool,
}

/// Why a file is no list of feeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum OpmlError {
    #[error("the file is empty")]
    Empty,
    #[error("this is no text; unpack it if it is packed")]
    NoText,
    #[error("this is a web page, not an OPML file")]
    WebPage,
    #[error("this is a feed, not a list of feeds; add its address with `tge-scrape feed add`")]
    Feed,
    #[error("this is not an OPML file: it has no outline with an xmlUrl")]
    NotOpml,
}

#[derive(Default)]
struct Folder {
    name: Option<String>,
    is_comment: bool,
}

/// Reads a list in any encoding that feeds come in: attribute names in any case, nested outlines as tags, each
/// address once with the tags of all its places. Takes time in proportion to the list.
///
/// # Errors
/// Where it is no list at all; a list may be empty.
pub fn read_opml(bytes: &[u8]) -> Result<OpmlList, OpmlError> {
    let (text, _) = decode(bytes, None);
    let mut reader = Reader::default();
    let (mut is_opml, mut ended, mut first) = (false, false, None);
    let (mut line, mut counted) = (1, 0);
    let mut tokens = Tokens::new(&text);
    while let Some(token) = tokens.next() {
        match token {
            Token::Start { name, attributes, empty, closed, source } => {
                first.get_or_insert(name);
                is_opml |= name.eq_ignore_ascii_case("opml");
                if name.eq_ignore_ascii_case("outline") {
                    let start = tokens.offset() - source.len();
                    line += memchr::memchr_iter(b'\n', &text.as_bytes()[counted..start]).count();
                    counted = start;
                    reader.outline(line, attributes, empty, closed);
                }
            }
            Token::End { name, .. } if name.eq_ignore_ascii_case("outline") => reader.end(),
            Token::End { name, .. } => ended |= name.eq_ignore_ascii_case("opml"),
            _ => {}
        }
    }
    reader.list.cut = is_opml && !ended;
    if is_opml || !reader.list.feeds.is_empty() {
        return Ok(reader.list);
    }
    Err(match first.map(str::to_ascii_lowercase).as_deref() {
        Some("html" | "head" | "body" | "meta" | "script" | "div") => OpmlError::WebPage,
        Some("rss" | "feed" | "rdf:rdf" | "channel") => OpmlError::Feed,
        _ if text.trim().is_empty() => OpmlError::Empty,
        _ if text.chars().take(4096).any(|c| c.is_control() && !c.is_whitespace()) => OpmlError::NoText,
        _ => OpmlError::NotOpml,
    })
}

/// Reads outline by outline.
#[derive(Default)]
struct Reader {
    list: OpmlList,
    /// The position of each address in the list.
    known: HashMap<String, usize>,
    folders: Vec<Folder>,
    /// Open outlines beyond [`DEEPEST`].
    beyond: usize,
    entities: Declared,
}

impl Reader {
    fn end(&mut self) {
        if self.beyond > 0 {
            self.beyond -= 1;
        } else {
            self.folders.pop();
        }
    }

    fn outline(&mut self, line: usize, attributes: &str, empty: bool, closed: bool) {
        let (attributes, odd) = tokens::attributes(attributes);
        let value = |wanted: &str| {
            let value = tokens::attribute(&attributes, wanted).unwrap_or_default();
            self.entities.resolve(value).trim().to_owned()
        };
        let title = Some(value("title")).filter(|title| !title.is_empty()).unwrap_or_else(|| value("text"));
        let kind = value("type").to_ascii_lowercase();
        let mut url = value("xmlUrl");
        if url.is_empty() && kind.starts_with("rss") {
            url = value("url");
        }
        let is_comment = value("isComment").eq_ignore_ascii_case("true")
            || self.folders.last().is_some_and(|folder| folder.is_comment);
        let other = OTHER_TYPES.contains(&kind.as_str()) || PAGE_TYPES.iter().any(|page| kind.contains(page));
        let why = if is_comment && !(url.is_empty() && title.is_empty()) {
            Some(NotTaken::Comment)
        } else if other {
            Some(NotTaken::OtherType(value("type")))
        } else if (!closed && odd) || is_damaged(&url) {
            Some(NotTaken::Damaged)
        } else if url.is_empty() && kind.starts_with("rss") {
            Some(NotTaken::NoAddress)
        } else {
            None
        };
        let is_folder = url.is_empty() && why.is_none();
        if let Some(why) = why {
            self.list.skipped.push(Skipped { line, title: title.clone(), why });
        } else if !url.is_empty() {
            let (html_url, categories) = (value("htmlUrl"), value("category"));
            self.feed(line, Outline { url, title: title.clone(), html_url, tags: Vec::new() }, &categories);
        }
        if !empty && self.folders.len() < DEEPEST {
            let name = (is_folder && !title.is_empty()).then(|| cut(&title, LONGEST_TAG, Unit::Scalars));
            self.folders.push(Folder { name, is_comment });
        } else if !empty {
            self.beyond += 1;
        }
    }

    /// Takes a feed, or the tags of its second place.
    fn feed(&mut self, line: usize, outline: Outline, categories: &str) {
        let at = *self.known.entry(outline.url.clone()).or_insert_with(|| {
            self.list.feeds.push((line, outline));
            self.list.feeds.len() - 1
        });
        let tags = &mut self.list.feeds[at].1.tags;
        let labels = categories.split(',').flat_map(|label| label.split('/')).map(str::trim);
        let folders = self.folders.iter().filter_map(|folder| folder.name.as_deref());
        for tag in folders.chain(labels.filter(|label| !label.is_empty())) {
            let tag = cut(tag, LONGEST_TAG, Unit::Scalars);
            if tags.len() < MOST_TAGS && !tags.contains(&tag) {
                tags.push(tag);
            }
        }
    }
}

/// Whether a value ran on into what follows it: no address holds a bracket or a quote, nor a space and then `name=`.
fn is_damaged(url: &str) -> bool {
    let attribute = |part: &str| {
        part.split_once('=')
            .is_some_and(|(name, _)| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphabetic()))
    };
    url.contains(['<', '>', '"']) || url.split_whitespace().skip(1).any(attribute)
}

#[cfg(test)]
mod tests {
    use encoding_rs::WINDOWS_1252;

    use super::*;

    fn list(text: &str) -> OpmlList {
        read_opml(text.as_bytes()).unwrap()
    }

    fn urls(list: &OpmlList) -> Vec<&str> {
        list.feeds.iter().map(|(_, outline)| outline.url.as_str()).collect()
    }

    #[test]
    fn what_is_no_feed_is_named_with_its_line() {
        let read = list(
            "<opml version=\"2.0\"><body>\n\
             <outline text=\"Folder\">\n\
             <outline type=\"link\" text=\"A link\" url=\"https://a.example/\"/>\n\
             <outline type=\"include\" text=\"More\" url=\"https://b.example/more.opml\"/>\n\
             <outline type=\"rss\" text=\"Old\" xmlUrl=\"https://c.example/rss\" isComment=\"TRUE\"/>\n\
             <outline text=\"Off\" isComment=\"true\"><outline text=\"Inner\" xmlUrl=\"https://d.example/rss\"/></outline>\n\
             <outline type=\"HTML+XPath\" text=\"Page\" xmlUrl=\"https://e.example/\"/>\n\
             <outline type=\"rss\" text=\"Nameless\"/>\n\
             <outline type=\"rss\" text=\"By url\" url=\"https://f.example/rss\"/>\n\
             <outline text=\"Empty folder\"/></outline></body></opml>",
        );
        let lines: Vec<(usize, &str, String)> = read
            .skipped
            .iter()
            .map(|skipped| (skipped.line, skipped.title.as_str(), skipped.why.to_string()))
            .collect();
        let (comment, link) = ("is a comment".to_owned(), "is of type link, not a feed".to_owned());
        assert_eq!(
            lines,
            [
                (3, "A link", link.clone()),
                (4, "More", link.replace("link", "include")),
                (5, "Old", comment.clone()),
                (6, "Off", comment.clone()),
                (6, "Inner", comment),
                (7, "Page", link.replace("link", "HTML+XPath")),
                (8, "Nameless", "has no xmlUrl".to_owned()),
            ]
        );
        assert_eq!(read.feeds.len(), 1);
        assert_eq!((read.feeds[0].0, read.feeds[0].1.tags.as_slice()), (9, ["Folder".to_owned()].as_slice()));
        assert!(!read.cut);
    }

    #[test]
    fn an_address_stands_once_with_the_tags_of_all_its_places() {
        let read = list(
            "<opml><body><outline text=\"A\"><outline xmlUrl=\"https://a.example/f\" text=\"First\"/></outline>\
             <outline text=\"B\"><outline xmlUrl=\"https://a.example/f\" text=\"Second\" category=\"x/y\"/></outline></body></opml>",
        );
        assert_eq!(read.feeds.len(), 1);
        assert_eq!(read.feeds[0].1.title, "First");
        assert_eq!(read.feeds[0].1.tags, ["A", "B", "x", "y"]);
    }

    #[test]
    fn a_damaged_list_is_read_as_far_as_it_goes() {
        let whole = "<opml><body><outline xmlUrl=\"https://a.example/f?x=1&y=2&copy=3\" text=\"A & B\"/>,\n\
                     ,<outline text=\"B\" xmlUrl=\"https://b.example/f\"/>";
        let read = list(whole);
        assert_eq!(urls(&read), ["https://a.example/f?x=1&y=2&copy=3", "https://b.example/f"]);
        assert!(read.cut && read.skipped.is_empty());
        for (tail, taken, lost) in [
            ("\n<outline text=\"C\" xmlUrl=\"https://c.exam", 2, 1),
            ("\n<outline xmlUrl=\"https://c.example/f\" text=\"half", 2, 1),
            ("\n<outline text=\"C\" xmlUrl=\"https://c.example/f type=\"rss\"/>", 2, 1),
            (
                "\n<outline text=\"C\" xmlUrl=\"https://c.example/f\"\n<outline xmlUrl=\"https://d.example/f\"/>",
                4,
                0,
            ),
            ("\n<outline text='C' xmlUrl=https://c.example/f />", 3, 0),
            ("\n</outline></outline></body><outline xmlUrl=\"https://c.example/f\"/>", 3, 0),
        ] {
            let read = list(&format!("{whole}{tail}"));
            assert_eq!((read.feeds.len(), read.skipped.len()), (taken, lost), "{tail}: {read:?}");
            assert!(read.skipped.iter().all(|lost| lost.why == NotTaken::Damaged && lost.line == 3));
        }
    }

    #[test]
    fn every_encoding_of_an_export_is_read() {
        let text = |label: &str| {
            format!(
                "<?xml version=\"1.0\" encoding=\"{label}\"?>\n<opml><body><outline text=\"Größe\" xmlUrl=\"https://a.example/f\"/></body></opml>"
            )
        };
        let utf16 = |text: &str, big: bool| -> Vec<u8> {
            let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
            text.encode_utf16().flat_map(bytes).collect()
        };
        let latin = |label: &str| WINDOWS_1252.encode(&text(label)).0.into_owned();
        for bytes in [
            text("UTF-8").into_bytes(),
            [b"\xef\xbb\xbf".to_vec(), text("UTF-8").into_bytes()].concat(),
            text("UTF-16").into_bytes(),
            utf16(&text("UTF-16"), false),
            utf16(&text("UTF-16"), true),
            [b"\xff\xfe".to_vec(), utf16(&text("UTF-16"), false)].concat(),
            [b"\xfe\xff".to_vec(), utf16(&text("utf-8"), true)].concat(),
            latin("ISO-8859-1"),
            latin("windows-1252"),
            latin("UTF-8"),
            latin("no-such-label"),
        ] {
            let read = read_opml(&bytes).unwrap();
            assert_eq!(read.feeds[0].1.title, "Größe", "{bytes:?}");
        }
    }

    #[test]
    fn what_is_no_list_is_named() {
        for (bytes, error) in [
            (&b""[..], OpmlError::Empty),
            (b" \n", OpmlError::Empty),
            (b"<!DOCTYPE html><html><head></head></html>", OpmlError::WebPage),
            (b"<?xml version=\"1.0\"?><rss version=\"2.0\"><channel/></rss>", OpmlError::Feed),
            (b"<feed xmlns=\"http://www.w3.org/2005/Atom\"/>", OpmlError::Feed),
            (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", OpmlError::NoText),
            (b"PK\x03\x04\x14\x00", OpmlError::NoText),
            (b"{\"feeds\":[]}", OpmlError::NotOpml),
            (b"https://a.example/feed\n", OpmlError::NotOpml),
        ] {
            assert_eq!(read_opml(bytes), Err(error), "{}", String::from_utf8_lossy(bytes));
        }
        assert_eq!(read_opml(b"<opml><body/></opml>"), Ok(OpmlList::default()));
    }

    #[test]
    fn folders_are_bounded_and_closed_again() {
        let deep = DEEPEST + 10;
        let text = format!(
            "<opml>{}<outline xmlUrl=\"https://a.example/f\"/>{}<outline xmlUrl=\"https://b.example/f\"/></opml>",
            (0..deep).map(|at| format!("<outline text=\"{at}\">")).collect::<String>(),
            "</outline>".repeat(deep)
        );
        let read = list(&text);
        assert_eq!(read.feeds[0].1.tags.len(), MOST_TAGS);
        assert_eq!(read.feeds[1].1.tags, Vec::<String>::new());
    }
}
