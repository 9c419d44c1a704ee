//! CSS selectors as the settings write them: with `@attribute` at the end where the value of an attribute is meant.

use scraper::{ElementRef, Selector};

use crate::text::cut::{Unit, cut};

/// Bytes of a selector at most.
const LONGEST: usize = 1000;
/// Brackets within brackets of a selector at most. Its compiler takes some of the stack for each; real ones nest three deep.
const DEEPEST: usize = 16;
/// Characters of a longer selector that its error shows.
const SHOWN: usize = 40;

/// A selector that does not compile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no CSS selector: {why}")]
pub(crate) struct SelectorError {
    /// As written.
    pub text: String,
    /// What is wrong.
    pub why: String,
}

/// A selector with the attribute that is meant.
#[derive(Debug)]
pub(crate) struct Selected {
    /// Without it the element itself is meant, at which the search begins.
    pub own: bool,
    pub selector: Selector,
    pub attribute: Option<String>,
}

impl Selected {
    pub fn new(text: &str) -> Result<Self, SelectorError> {
        let (selector, attribute) = split(text);
        let own = selector.is_empty();
        if text.len() > LONGEST || depth(text) > DEEPEST {
            let why = format!("it is longer than {LONGEST} bytes or nests more than {DEEPEST} brackets");
            return Err(SelectorError { text: cut(text, SHOWN, Unit::Scalars), why });
        }
        let selector = Selector::parse(if own { "*" } else { selector })
            .map_err(|error| SelectorError { text: text.to_owned(), why: reason(&error.to_string()) })?;
        Ok(Self { own, selector, attribute: attribute.map(str::to_owned) })
    }

    /// The elements that are selected, from `start` on, in document order.
    pub fn elements<'a>(&'a self, start: ElementRef<'a>) -> impl Iterator<Item = ElementRef<'a>> {
        let own = self.own.then_some(start).into_iter();
        let below = (!self.own).then(|| start.select(&self.selector)).into_iter().flatten();
        own.chain(below)
    }
}

/// The attributes in which `element` may state a time, the most exact first.
pub(crate) fn time_attributes(element: ElementRef<'_>) -> impl Iterator<Item = &str> {
    ["datetime", "content", "title"].into_iter().filter_map(move |name| element.attr(name))
}

/// The error of the parser in one line. It prints its own type for what it does not know.
fn reason(error: &str) -> String {
    if error.contains('\n') {
        "it has a pseudo-class or pseudo-element that is not supported".to_owned()
    } else {
        error.to_owned()
    }
}

/// The most open brackets in `text`; brackets in quotes count too.
fn depth(text: &str) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    for c in text.chars() {
        match c {
            '(' | '[' => open += 1,
            ')' | ']' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}

/// Selector and attribute of `text`. An `@` within brackets or quotes belongs to the selector.
fn split(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once('@') {
        Some((selector, name))
            if !name.is_empty()
                && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | ':')) =>
        {
            (selector.trim(), Some(name))
        }
        _ => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_stands_behind_the_last_at() {
        assert_eq!(split("time@datetime"), ("time", Some("datetime")));
        assert_eq!(split("@data-id"), ("", Some("data-id")));
        assert_eq!(split("a[href*='@x']"), ("a[href*='@x']", None));
        assert_eq!(split("a[href*='@x']@href"), ("a[href*='@x']", Some("href")));
    }
}
