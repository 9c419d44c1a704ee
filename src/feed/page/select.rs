//! Compiled selectors, and what they read from an element.

use std::sync::LazyLock;

use scraper::{ElementRef, Node, Selector};

use crate::{
    feed::plain::plain,
    model::PageSelectors,
    text::markup::selector::{SelectorError, time_attributes},
};

pub(super) use crate::text::markup::selector::Selected;

/// A selector that does not compile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("select.{key}: {text:?} is no CSS selector: {why}")]
pub struct SelectError {
    /// The key within `select`.
    pub key: &'static str,
    /// The selector as written.
    pub text: String,
    /// What is wrong.
    pub why: String,
}

/// The selectors of a page, compiled.
#[derive(Debug)]
pub struct Selects {
    pub(super) item: Option<Selected>,
    pub(super) title: Option<Selected>,
    pub(super) link: Option<Selected>,
    pub(super) time: Option<Selected>,
    pub(super) summary: Option<Selected>,
    pub(super) next: Option<Selected>,
    pub(super) script: Option<Selected>,
}

/// A selector of ours.
fn known(selector: &str) -> Selector {
    Selector::parse(selector).unwrap_or_else(|_| unreachable!("{selector:?} is tested"))
}

macro_rules! known {
    ($($name:ident = $selector:literal;)*) => {
        $(pub(super) static $name: LazyLock<Selector> = LazyLock::new(|| known($selector));)*
    };
}

known! {
    BASE = "base[href]";
    TITLE = "title";
    BODY = "body";
    LINK = "a[href]";
    HEADING = "h1, h2, h3, h4, h5, h6";
    TIME = "time, [datetime]";
    SCRIPT = "script";
    LINKED_DATA = "script[type='application/ld+json']";
    DATA = "script[type='application/json'], script[id='__NEXT_DATA__']";
}

impl Selects {
    /// Compiles `selectors`.
    ///
    /// # Errors
    /// The first that is none.
    pub fn new(selectors: &PageSelectors) -> Result<Self, SelectError> {
        let one = |key, text: &str| match text.trim() {
            "" => Ok(None),
            text => Selected::new(text).map(Some).map_err(|SelectorError { text, why }| SelectError {
                key,
                text,
                why,
            }),
        };
        Ok(Self {
            item: one("item", &selectors.item)?,
            title: one("title", &selectors.title)?,
            link: one("link", &selectors.link)?,
            time: one("time", &selectors.time)?,
            summary: one("summary", &selectors.summary)?,
            next: one("next", &selectors.next)?,
            script: one("script", &selectors.script)?,
        })
    }
}

impl Selected {
    /// The attribute or the text of each element.
    pub fn values<'a>(&'a self, item: ElementRef<'a>) -> impl Iterator<Item = String> {
        self.elements(item).filter_map(|element| match &self.attribute {
            Some(name) => element.attr(name).map(plain),
            None => Some(text(element)),
        })
    }

    /// The same, where a link is meant: `href` without an attribute.
    pub fn addresses<'a>(&'a self, item: ElementRef<'a>) -> impl Iterator<Item = String> {
        let name = self.attribute.as_deref().unwrap_or("href");
        self.elements(item).filter_map(|element| element.attr(name).map(str::to_owned))
    }

    /// The same, where a time is meant: machine-readable attributes come before the text.
    pub fn times<'a>(&'a self, item: ElementRef<'a>) -> impl Iterator<Item = String> {
        self.elements(item).flat_map(|element| match &self.attribute {
            Some(name) => element.attr(name).map(plain).into_iter().collect(),
            None => time_texts(element),
        })
    }
}

pub(in crate::feed) fn is_link(element: ElementRef<'_>) -> bool {
    element.value().name() == "a" && element.attr("href").is_some()
}

/// The texts in which `element` may state a time, the most exact first.
pub(in crate::feed) fn time_texts(element: ElementRef<'_>) -> Vec<String> {
    time_attributes(element).map(plain).chain([text(element)]).filter(|text| !text.is_empty()).collect()
}

/// The text of `element` on one line.
pub(in crate::feed) fn text(element: ElementRef<'_>) -> String {
    plain(&element.inner_html())
}

/// The pieces of text of `element` that are no script and no style.
pub(super) fn visible(element: ElementRef<'_>) -> impl Iterator<Item = &str> {
    element.descendants().filter_map(|node| match node.value() {
        Node::Text(text) => {
            let parent = node.parent().and_then(ElementRef::wrap)?;
            let hidden = ["script", "style", "noscript", "template"].contains(&parent.value().name());
            (!hidden).then_some(&**text)
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selectors_of_the_program_compile() {
        for selector in [&BASE, &TITLE, &BODY, &LINK, &HEADING, &TIME, &SCRIPT, &LINKED_DATA, &DATA] {
            assert!(!format!("{:?}", **selector).is_empty());
        }
    }

    #[test]
    fn a_wrong_selector_is_named() {
        let selectors = PageSelectors { item: "li[".to_owned(), ..PageSelectors::default() };
        let error = Selects::new(&selectors).unwrap_err();
        assert_eq!((error.key, error.text.as_str()), ("item", "li["));
        let nested = PageSelectors {
            item: "li:has(> a)".to_owned(),
            title: ":is(h2, h3)".to_owned(),
            ..PageSelectors::default()
        };
        assert!(Selects::new(&nested).is_ok());
        // The compiler needs stack for each level.
        for (open, depth, is_refused) in
            [(":not(", 16, false), (":is(", 16, false), (":is(", 17, true), (":not(", 5_000, true)]
        {
            let item = format!("{}a{}", open.repeat(depth), ")".repeat(depth));
            let read = Selects::new(&PageSelectors { item, ..PageSelectors::default() });
            assert_eq!(
                read.is_err_and(|error| error.why.contains("nests more than 16")),
                is_refused,
                "{open} {depth}"
            );
        }
        let long = PageSelectors { item: "a, ".repeat(400) + "a", ..PageSelectors::default() };
        assert!(Selects::new(&long).unwrap_err().why.contains("longer than 1000 bytes"));
    }
}
