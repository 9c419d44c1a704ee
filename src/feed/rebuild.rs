//! One forward pass that turns any dialect, even a damaged one, into plain Atom 1.0 (docs/reference/feeds.md#rebuilding).
//!
//! The output has known elements only, balanced, declared and escaped. Each repair is recorded. Rebuilding the output
//! changes nothing.

mod channel;
mod draft;
mod emit;
mod names;

use std::rc::Rc;

use url::Url;

use self::{
    channel::Note,
    draft::{Draft, Piece},
    names::{Attributes, Kind, declared, kind, prefix_is_feed, split, unprefixed},
};
use super::{
    Feed, MOST_ENTRIES, Repair,
    dialect::{Field, Space, field, undeclared},
    entities::Declared,
    resolve_link,
    tokens::{self, Token, Tokens},
};
use crate::text::dates::{self, Orders};

/// Deeper nesting is not read: no feed has it, and parsers below recurse.
const DEEPEST: usize = 200;
/// Most prefixes in scope; a feed declares a dozen.
const PREFIXES: usize = 256;
/// Longest `xml:base`, bytes: nested ones add up, and every link below could become as long.
pub(super) const LONGEST_BASE: usize = 2048;
/// HTML elements without an end tag.
const VOID: &[&str] =
    &["area", "base", "br", "col", "embed", "hr", "img", "input", "meta", "param", "source", "wbr"];

/// A feed as Atom.
#[derive(Debug, Default)]
pub struct Rebuilt {
    /// Atom 1.0, well-formed.
    pub atom: String,
    /// Whether the document has the root or an entry of a feed.
    pub is_feed: bool,
    /// The channel, without title and entries.
    pub feed: Feed,
}

/// Rebuilds `text`, whose links are relative to `base`.
#[must_use]
pub fn rebuild(text: &str, base: &Url) -> Rebuilt {
    let mut pass = Pass::new(base);
    let mut tokens = Tokens::new(text);
    for token in tokens.by_ref() {
        pass.token(token);
        if pass.done {
            break;
        }
    }
    pass.end();
    if tokens.flaws.stray_bracket {
        pass.repaired(Repair::StrayBracket);
    }
    if tokens.flaws.cut {
        pass.repaired(Repair::CutOff);
    }
    pass.finish()
}

/// An element that is open.
#[derive(Debug)]
struct Open {
    name: String,
    base: Option<Rc<Url>>,
}

/// A field whose content is being collected, and its depth.
#[derive(Debug)]
struct Gathering {
    field: Field,
    depth: usize,
    piece: Piece,
}

struct Pass {
    page: Rc<Url>,
    entities: Declared,
    open: Vec<Open>,
    /// Prefixes that open elements declare, and the depth of each declaration.
    bound: Vec<(usize, String, Space)>,
    root: Option<String>,
    done: bool,
    title: Option<Piece>,
    entry: Option<(usize, Draft)>,
    entries: Vec<Draft>,
    gathering: Option<Gathering>,
    out: Rebuilt,
    note: Option<Note>,
    /// What the dates show about the order of day and month.
    orders: Orders,
}

impl Pass {
    fn new(page: &Url) -> Self {
        Self {
            page: Rc::new(page.clone()),
            entities: Declared::default(),
            open: Vec::new(),
            bound: Vec::new(),
            root: None,
            done: false,
            title: None,
            entry: None,
            entries: Vec::new(),
            gathering: None,
            out: Rebuilt::default(),
            note: None,
            orders: Orders::default(),
        }
    }

    fn repaired(&mut self, repair: Repair) {
        if !self.out.feed.repairs.contains(&repair) {
            self.out.feed.repairs.push(repair);
        }
    }

    fn token(&mut self, token: Token<'_>) {
        match token {
            Token::Doctype(text) => self.entities.read(text),
            Token::Text(text) => {
                let entities = std::mem::take(&mut self.entities);
                let bare = self.words().map(|words| entities.resolve_into(text, words));
                self.entities = entities;
                if bare == Some(true) {
                    self.repaired(Repair::BareAmpersand);
                } else if bare.is_none()
                    && self.root.is_none()
                    && !text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}').is_empty()
                {
                    self.repaired(Repair::LeadingText);
                }
            }
            Token::Raw(text) => {
                if let Some(words) = self.words() {
                    words.push_str(text);
                }
            }
            Token::Start { name, attributes, empty, source, .. } => {
                self.start(name, attributes, empty, source);
            }
            Token::End { name, source } => self.close(name, source),
        }
    }

    /// The destination of text, if any.
    fn words(&mut self) -> Option<&mut String> {
        match (&mut self.gathering, &mut self.note) {
            (Some(gathering), _) => Some(&mut gathering.piece.text),
            (None, Some(note)) => Some(&mut note.text),
            (None, None) => None,
        }
    }

    fn start(&mut self, name: &str, attributes: &str, empty: bool, source: &str) {
        let (pairs, odd) = tokens::attributes(attributes);
        if odd {
            self.repaired(Repair::Attributes);
        }
        let entities = std::mem::take(&mut self.entities);
        self.opened(name, &Attributes { pairs: &pairs, entities: &entities }, empty, source);
        self.entities = entities;
    }

    fn opened(&mut self, name: &str, attributes: &Attributes<'_>, empty: bool, source: &str) {
        let declares = declared(attributes.pairs);
        let (prefix, local) = split(name);
        let space = self.space_of(prefix, &declares);
        let attribute = |wanted: &str| attributes.get(wanted);
        let base = attribute("xml:base").and_then(|base| self.base().join(&base).ok());
        let base = base.filter(|base| base.as_str().len() <= LONGEST_BASE).map(Rc::new);
        let opens = (space == Space::Core || self.open.is_empty()).then(|| kind(&local)).flatten();
        // A one-line field that contains another field, or an entry, has no end tag.
        if let Some(Gathering { field: gathered, depth, piece }) = &self.gathering {
            let (depth, outer) = (*depth, piece.is_outer(self.open.len()));
            let known =
                field(space, &local).is_some_and(|inner| !(inner == Field::Title && space == Space::Html));
            let forgotten = gathered.is_line() && prefix_is_feed(space) && known && outer;
            if opens == Some(Kind::Entry) || forgotten {
                self.repaired(Repair::Unclosed);
                self.close_to(depth);
            }
        }
        if let Some(gathering) = &mut self.gathering {
            // Markup inside a field stays as it is; for Atom's `xhtml` it is the content.
            if gathering.field == Field::Author {
                if local == "name" {
                    gathering.piece.text.clear();
                }
            } else if space == Space::Html {
                gathering.piece.text.push_str(&unprefixed(source, prefix));
            } else {
                gathering.piece.text.push_str(source);
            }
            if !empty && !VOID.contains(&local.as_str()) {
                self.push(local, declares, base);
            }
            return;
        }
        match opens {
            Some(Kind::Root) if self.root.is_none() => {
                self.root = Some(local.clone());
                if local == "rss" && attribute("version").is_none() {
                    self.repaired(Repair::NoVersion);
                }
            }
            Some(Kind::Entry) => {
                self.open_entry(attribute("rdf:about"), attribute("href"), attribute("lastmod"));
            }
            _ => {}
        }
        let depth = self.open.len();
        let in_entry = self.entry.as_ref().is_some_and(|(at, _)| depth == at + 1);
        if in_entry && opens != Some(Kind::Entry) {
            if let Some(field) = field(space, &local) {
                let link_base = base.clone().unwrap_or_else(|| Rc::clone(self.base()));
                let piece = Piece::open(field, attributes, link_base, depth);
                // `<link/>https://…`: some HTML writers put the address after the empty element.
                if empty && (field != Field::Link || piece.href.is_some()) {
                    self.keep(field, piece);
                    return;
                }
                self.push(local, declares, base);
                self.gathering = Some(Gathering { field, depth, piece });
                return;
            }
        } else if self.entry.is_none() && space != Space::Other {
            if space == Space::Core && local == "link" {
                self.take_website(attribute("href"), attribute("rel").as_deref());
            }
            self.channel(&local, depth, empty, attribute("type"));
        }
        if !empty {
            self.push(local, declares, base);
        }
    }

    fn open_entry(&mut self, about: Option<String>, href: Option<String>, modified: Option<String>) {
        if let Some((depth, _)) = self.entry {
            // An entry in an entry: the outer one has no end tag.
            self.repaired(Repair::Unclosed);
            self.close_to(depth);
        }
        let mut draft = Draft::default();
        draft.about = about;
        draft.modified = modified.and_then(|text| dates::readings(&text));
        self.orders.note(draft.modified);
        if let Some(href) = href.and_then(|href| resolve_link(self.base(), &href)) {
            draft.link = Some(href.to_string());
        }
        self.entry = Some((self.open.len(), draft));
    }

    fn push(&mut self, name: String, declares: Vec<(String, Space)>, base: Option<Rc<Url>>) {
        if self.open.len() < DEEPEST {
            let (depth, space_left) = (self.open.len(), PREFIXES.saturating_sub(self.bound.len()));
            self.bound
                .extend(declares.into_iter().take(space_left).map(|(prefix, space)| (depth, prefix, space)));
            self.open.push(Open { name, base });
        } else {
            self.repaired(Repair::TooDeep);
        }
    }

    fn base(&self) -> &Rc<Url> {
        self.open.iter().rev().find_map(|open| open.base.as_ref()).unwrap_or(&self.page)
    }

    fn space_of(&mut self, prefix: &str, declares: &[(String, Space)]) -> Space {
        let own = declares.iter().find(|(name, _)| name == prefix).map(|(_, space)| *space);
        let outer =
            || self.bound.iter().rev().find(|(_, name, _)| name == prefix).map(|(_, _, space)| *space);
        let found = own.or_else(outer);
        // An unknown default namespace on the root of a feed is a dialect of RSS.
        match found {
            Some(Space::Other) if prefix.is_empty() => Space::Core,
            Some(space) => space,
            None => {
                if !prefix.is_empty() {
                    self.repaired(Repair::UndeclaredPrefix);
                }
                undeclared(prefix)
            }
        }
    }

    fn close(&mut self, name: &str, source: &str) {
        let (prefix, local) = split(name);
        let floor = self.entry.as_ref().map_or(0, |(depth, _)| *depth);
        let at = self.open.iter().rposition(|open| open.name == local);
        let Some(at) = at.filter(|at| *at >= floor || matches!(kind(&local), Some(Kind::Root))) else {
            if !VOID.contains(&local.as_str()) {
                self.repaired(Repair::UnmatchedEnd);
            }
            return;
        };
        if self.gathering.as_ref().is_some_and(|gathering| at > gathering.depth) {
            let html = !prefix.is_empty() && self.space_of(prefix, &[]) == Space::Html;
            let Some(gathering) = &mut self.gathering else { return };
            // An end tag inside a field belongs to the field's own markup.
            if gathering.field != Field::Author {
                let source = if html { unprefixed(source, prefix) } else { source.into() };
                gathering.piece.text.push_str(&source);
            } else if local == "name" {
                // What follows the name (address, e-mail) is not part of it.
                gathering.piece.text.push('\n');
            }
            self.shut(at);
            return;
        }
        if at + 1 < self.open.len() {
            self.repaired(Repair::Unclosed);
        }
        self.close_to(at);
        if at == 0 && matches!(kind(&local), Some(Kind::Root)) {
            self.done = true;
        }
    }

    /// Closes every element from `depth` up.
    fn close_to(&mut self, depth: usize) {
        if self.gathering.as_ref().is_some_and(|gathering| gathering.depth >= depth)
            && let Some(gathering) = self.gathering.take()
        {
            self.keep(gathering.field, gathering.piece);
        }
        if self.note.as_ref().is_some_and(|note| note.depth >= depth)
            && let Some(note) = self.note.take()
        {
            self.noted(note);
        }
        if self.entry.as_ref().is_some_and(|(at, _)| *at >= depth) {
            self.entries.extend(self.entry.take().map(|(_, draft)| draft));
            // Only at twice the limit, so that the cost for each entry stays small.
            if self.entries.len() >= 2 * MOST_ENTRIES {
                self.thin_out();
            }
        }
        self.shut(depth);
    }

    fn thin_out(&mut self) {
        let order = self.orders.settled();
        for draft in &mut self.entries {
            draft.order = order;
        }
        if draft::keep_newest(&mut self.entries, MOST_ENTRIES) {
            self.repaired(Repair::TooManyEntries);
        }
    }

    fn shut(&mut self, depth: usize) {
        self.open.truncate(depth);
        while self.bound.last().is_some_and(|(at, _, _)| *at >= depth) {
            self.bound.pop();
        }
    }

    fn keep(&mut self, field: Field, piece: Piece) {
        let Some((_, draft)) = &mut self.entry else { return };
        if matches!(field, Field::Published | Field::Updated | Field::Date) {
            let reading = dates::readings(&piece.text);
            self.orders.note(reading);
            draft.take_date(field, reading);
        } else {
            draft.take(field, piece);
        }
    }

    fn end(&mut self) {
        if !self.done && !self.open.is_empty() {
            self.repaired(Repair::CutOff);
            let cut_inside = self.entry.is_some();
            self.close_to(0);
            // A last entry that is cut off counts only if it has a title and an address.
            if cut_inside && self.entries.last().is_some_and(|draft| !draft.is_whole()) {
                self.entries.pop();
            }
        }
    }

    fn finish(mut self) -> Rebuilt {
        self.thin_out();
        self.out.is_feed = self.root.is_some() || !self.entries.is_empty();
        self.out.atom = emit::atom(self.title.as_ref(), &self.entries);
        self.out
    }
}
