//! The elements of a page in document order, with what a search for lists needs to know of each.

use scraper::{ElementRef, Html, Node};

use super::names;

/// Elements whose content nobody reads.
const UNREAD: [&str; 9] =
    ["head", "script", "style", "noscript", "template", "svg", "select", "iframe", "textarea"];
/// Elements and roles around menus and other parts that are no news.
const SURROUNDINGS: [&str; 5] = ["nav", "footer", "aside", "form", "dialog"];
const ROLES: [&str; 8] =
    ["navigation", "banner", "contentinfo", "complementary", "dialog", "alertdialog", "menu", "menubar"];
/// Elements within which a `header` belongs to the content.
const CONTENT: [&str; 4] = ["main", "article", "section", "li"];
/// Share of a page's text above which an element is its frame, whatever its class says.
const FRAME: f64 = 0.6;

/// What surrounds an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Zone {
    #[default]
    Content,
    /// The words of a class or id say that it is a menu, a sidebar, related posts or the like.
    Named,
    /// The element or role says so.
    Marked,
}

/// One element.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub element: ElementRef<'a>,
    /// Index of the element around it; the root has its own.
    pub parent: usize,
    /// Index behind its last descendant.
    pub end: usize,
    pub zone: Zone,
    /// Length of its text in [`weight`].
    pub text: usize,
    /// Links in it, itself included.
    pub links: usize,
    /// Position among its sibling elements, from 1.
    pub position: usize,
    /// Position among its siblings of the same name, from 1.
    pub of_type: usize,
}

impl<'a> Part<'a> {
    pub fn name(&self) -> &'a str {
        self.element.value().name()
    }
}

/// The elements of `page` that have text, in document order.
pub(super) fn outline(page: &Html) -> Vec<Part<'_>> {
    let mut parts: Vec<Part<'_>> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut children: Vec<Vec<&str>> = vec![Vec::new()];
    // A node stands twice on the stack: for its start and, below its children, for its end.
    let mut walk = vec![(page.tree.root(), true)];
    while let Some((node, is_start)) = walk.pop() {
        if !is_start {
            close(&mut parts, &mut open);
            children.pop();
            continue;
        }
        match node.value() {
            Node::Element(value) => {
                if UNREAD.contains(&value.name()) {
                    continue;
                }
                let Some(element) = ElementRef::wrap(node) else { continue };
                let parent = open.last().copied().unwrap_or(parts.len());
                let siblings = children.last_mut().map(|names| {
                    names.push(value.name());
                    (names.len(), names.iter().filter(|name| **name == value.name()).count())
                });
                let (position, of_type) = siblings.unwrap_or((1, 1));
                let links = usize::from(value.name() == "a" && value.attr("href").is_some());
                open.push(parts.len());
                children.push(Vec::new());
                let (zone, text, end) = (Zone::Content, 0, 0);
                parts.push(Part { element, parent, end, zone, text, links, position, of_type });
                walk.push((node, false));
            }
            Node::Text(text) => {
                if let Some(at) = open.last() {
                    parts[*at].text += weight(text);
                }
                continue;
            }
            _ => {}
        }
        walk.extend(node.children().rev().map(|child| (child, true)));
    }
    let whole = parts.first().map_or(0, |root| root.text);
    for at in 0..parts.len() {
        let above = if at == 0 { Zone::Content } else { parts[parts[at].parent].zone };
        parts[at].zone = above.max(zone(&parts, at, whole));
    }
    parts
}

/// Ends the innermost open element and adds its figures to the one around it.
fn close(parts: &mut [Part<'_>], open: &mut Vec<usize>) {
    let Some(at) = open.pop() else { return };
    parts[at].end = parts.len();
    let (text, links) = (parts[at].text, parts[at].links);
    if let Some(parent) = open.last() {
        parts[*parent].text += text;
        parts[*parent].links += links;
    }
}

/// What the element itself says of its place.
fn zone(parts: &[Part<'_>], at: usize, whole: usize) -> Zone {
    let part = &parts[at];
    let value = part.element.value();
    #[expect(clippy::cast_precision_loss, reason = "lengths of texts")]
    let is_frame = part.text as f64 > whole as f64 * FRAME;
    if is_frame {
        return Zone::Content;
    }
    let role = value.attr("role").unwrap_or_default();
    if SURROUNDINGS.contains(&part.name()) || ROLES.contains(&role) {
        return Zone::Marked;
    }
    if part.name() == "header" && !above(parts, at).any(|at| CONTENT.contains(&parts[at].name())) {
        return Zone::Marked;
    }
    let words = value.id().into_iter().chain(value.classes()).flat_map(names::words);
    if words.into_iter().any(|word| names::is_surrounding(&word)) { Zone::Named } else { Zone::Content }
}

/// The elements around `at`, the nearest first.
pub(super) fn above<'p>(parts: &'p [Part<'_>], at: usize) -> impl Iterator<Item = usize> + 'p {
    std::iter::successors(Some(at), |at| Some(parts[*at].parent).filter(|parent| parent != at)).skip(1)
}

/// Length of a text, where a character of a script without spaces counts as three letters; white space counts not.
pub(super) fn weight(text: &str) -> usize {
    text.chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| if matches!(c, '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}') { 3 } else { 1 })
        .sum()
}
