//! An entry whose elements are being read.

use std::{cmp::Reverse, rc::Rc};

use jiff::Timestamp;
use url::Url;

use super::names::Attributes;
use crate::{
    feed::{
        dialect::Field,
        plain::{fold, plain},
        resolve_link,
    },
    text::{
        address::LONGEST_LINK,
        dates::{Order, Reading},
    },
};

/// The content of one element and the attributes that are used.
#[derive(Debug, Clone)]
pub struct Piece {
    /// Text, and the source of markup inside.
    pub text: String,
    /// `href` of a link, `url` of an enclosure.
    pub href: Option<String>,
    /// `rel` of a link.
    pub rel: Option<String>,
    /// `type`, or `escaped` for Atom 0.3's mode.
    pub kind: Option<String>,
    /// Whether an identifier may be an address.
    pub permalink: bool,
    /// `term` of a category.
    pub term: Option<String>,
    /// The base of its links; shared, because a feed has thousands of pieces.
    pub base: Rc<Url>,
    pub depth: usize,
}

impl Piece {
    /// One without text, at the start tag of `field`.
    pub fn open(field: Field, attributes: &Attributes<'_>, base: Rc<Url>, depth: usize) -> Self {
        let get = |name: &str| attributes.get(name);
        Self {
            text: String::new(),
            href: get("href").or_else(|| get("url").filter(|_| field == Field::Enclosure)),
            rel: get("rel"),
            kind: get("type").or_else(|| get("mode").filter(|mode| mode == "escaped")),
            permalink: get("ispermalink").is_none_or(|value| !value.eq_ignore_ascii_case("false")),
            term: get("term").or_else(|| get("label")),
            base,
            depth,
        }
    }

    pub fn of_text(text: &str, base: &Rc<Url>) -> Self {
        Self {
            text: text.to_owned(),
            href: None,
            rel: None,
            kind: None,
            permalink: true,
            term: None,
            base: Rc::clone(base),
            depth: 0,
        }
    }

    /// Whether an element at `depth` is a child of this one.
    pub fn is_outer(&self, depth: usize) -> bool {
        depth == self.depth + 1
    }

    fn is_html(&self) -> bool {
        !matches!(self.kind.as_deref(), Some("text" | "text/plain"))
    }

    /// The text on one line, without markup.
    pub fn line(&self) -> String {
        if self.is_html() { plain(&self.text) } else { fold(&self.text) }
    }

    fn address(&self, text: &str) -> Option<String> {
        let text: String = text.trim().chars().filter(|c| !matches!(c, '\n' | '\r' | '\t')).collect();
        resolve_link(&self.base, &text).map(|url| {
            // An absolute address stays as written: servers compare strings. One with characters that XML forbids
            // does not: without them it would be another address.
            let whole = Url::parse(&text).is_ok() && text == fold(&text);
            let written = text.replace(' ', "%20");
            if whole && written.len() <= LONGEST_LINK { written } else { url.into() }
        })
    }
}

/// An entry's fields so far.
#[derive(Debug, Default)]
pub struct Draft {
    /// `rdf:about`.
    pub about: Option<String>,
    /// CDF's `LASTMOD`.
    pub modified: Option<Reading>,
    /// The order of day and month in the feed's dates of three numbers.
    pub order: Option<Order>,
    title: Option<Piece>,
    media_title: Option<Piece>,
    pub link: Option<String>,
    guid: Option<Piece>,
    id: Option<Piece>,
    published: Option<Reading>,
    updated: Option<Reading>,
    date: Option<Reading>,
    pub author: Option<String>,
    pub summary: Option<Piece>,
    pub content: Option<Piece>,
    pub categories: Vec<String>,
    enclosure: Option<String>,
}

impl Draft {
    /// Takes one date. The last readable one counts.
    pub fn take_date(&mut self, field: Field, reading: Option<Reading>) {
        let slot = match field {
            Field::Published => &mut self.published,
            Field::Updated => &mut self.updated,
            _ => &mut self.date,
        };
        *slot = reading.or(*slot);
    }

    /// Takes one field that is no date. The first that is not blank counts; of contents, the longest.
    pub fn take(&mut self, field: Field, piece: Piece) {
        let fill = |slot: &mut Option<Piece>, piece: Piece| {
            if slot.as_ref().is_none_or(|kept| kept.text.trim().is_empty()) {
                *slot = Some(piece);
            }
        };
        match field {
            Field::Title => fill(&mut self.title, piece),
            Field::MediaTitle => fill(&mut self.media_title, piece),
            Field::Guid => fill(&mut self.guid, piece),
            Field::Id => fill(&mut self.id, piece),
            Field::Summary => fill(&mut self.summary, piece),
            Field::Content => {
                if self.content.as_ref().is_none_or(|kept| kept.text.len() < piece.text.len()) {
                    self.content = Some(piece);
                }
            }
            Field::Author if self.author.is_none() => {
                let name =
                    fold(piece.text.split('\n').find(|line| !line.trim().is_empty()).unwrap_or_default());
                let name = if piece.is_html() { plain(&name) } else { name };
                self.author = Some(name).filter(|name| !name.is_empty());
            }
            // Dates go to [`Self::take_date`].
            Field::Author | Field::Published | Field::Updated | Field::Date => {}
            Field::Category => {
                let label = piece.term.as_deref().map_or_else(|| piece.line(), fold);
                if !label.is_empty() && self.categories.len() < 64 {
                    self.categories.push(label);
                }
            }
            Field::Link => self.take_link(&piece),
            Field::Enclosure => {
                self.enclosure = self.enclosure.take().or_else(|| piece.address(piece.href.as_deref()?));
            }
        }
    }

    fn take_link(&mut self, piece: &Piece) {
        let html = piece.kind.as_deref().is_none_or(|kind| kind.contains("html") || !kind.contains('/'));
        let alternate =
            piece.rel.as_deref().is_none_or(|rel| rel.is_empty() || rel.eq_ignore_ascii_case("alternate"));
        if !alternate {
            return;
        }
        let address = match &piece.href {
            Some(href) => piece.address(href),
            None => piece.address(&plain(&piece.text)),
        };
        match address {
            Some(address) if html || self.link.is_none() => self.link = Some(address),
            _ => {}
        }
    }

    /// The address of the article: a link, a guid that is an address, an enclosure, or an id or `rdf:about` that is one.
    pub fn address(&self) -> Option<String> {
        let guid =
            || self.guid.as_ref().filter(|guid| guid.permalink).and_then(|guid| guid.address(&guid.text));
        let whole = |text: &str| Url::parse(text.trim()).is_ok_and(|url| url.has_host());
        let id = || {
            let id = self.id.as_ref().filter(|id| id.permalink && whole(&id.text));
            id.and_then(|id| id.address(&id.text))
        };
        // RSS 1.0 (section 5.5) has the item's address there too.
        let about = || {
            let about = self.about.as_deref().filter(|about| whole(about));
            about.and_then(|about| {
                Piece::of_text(about, &Rc::new(Url::parse(about.trim()).ok()?)).address(about)
            })
        };
        let enclosure = || self.enclosure.clone();
        self.link.clone().or_else(guid).or_else(enclosure).or_else(id).or_else(about)
    }

    pub fn identifier(&self) -> Option<String> {
        let text = |piece: &Option<Piece>| {
            piece.as_ref().map(|piece| fold(&piece.text)).filter(|text| !text.is_empty())
        };
        let about = || self.about.as_deref().map(fold).filter(|text| !text.is_empty());
        text(&self.guid).or_else(|| text(&self.id)).or_else(about)
    }

    pub fn headline(&self) -> String {
        let said = |piece: &Option<Piece>| piece.as_ref().map(Piece::line).filter(|line| !line.is_empty());
        said(&self.title).or_else(|| said(&self.media_title)).unwrap_or_default()
    }

    pub fn published(&self) -> Option<Timestamp> {
        self.instant(self.published).or_else(|| self.instant(self.date))
    }

    pub fn updated(&self) -> Option<Timestamp> {
        self.instant(self.updated).or_else(|| self.instant(self.modified))
    }

    fn dated(&self) -> Option<Timestamp> {
        self.published().or_else(|| self.updated())
    }

    fn instant(&self, reading: Option<Reading>) -> Option<Timestamp> {
        reading?.instant(self.order)
    }

    /// Whether an entry that is cut off is worth keeping.
    pub fn is_whole(&self) -> bool {
        self.title.is_some() && self.address().is_some()
    }
}

/// Keeps the newest `most` entries in their order; of undated ones, the first. Returns whether there were more.
pub fn keep_newest(entries: &mut Vec<Draft>, most: usize) -> bool {
    if entries.len() <= most {
        return false;
    }
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|at| Reverse(entries[*at].dated()));
    let mut kept = vec![false; entries.len()];
    for at in order.into_iter().take(most) {
        kept[at] = true;
    }
    let mut kept = kept.into_iter();
    entries.retain(|_| kept.next().unwrap_or(false));
    true
}
