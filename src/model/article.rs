//! The readable part of a page.

use jiff::Timestamp;
use serde::Serialize;
use strum::{EnumString, IntoStaticStr};

/// The readable content of a page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Article {
    /// Headline; empty if the page has none.
    pub title: String,
    /// Body text; a newline separates paragraphs.
    pub text: String,
    /// Publication time.
    pub published: Option<Timestamp>,
    /// Whether `published` is a guess that is only accurate to a day.
    pub published_guessed: bool,
    /// Author; empty if unknown.
    pub author: String,
    /// The page's canonical link: absolute, on the same registrable domain.
    pub canonical_url: Option<String>,
    /// BCP 47 language tag that the page states; empty if it states none.
    pub lang: String,
    /// How the text was extracted.
    pub method: Method,
    /// Whether the page states that this is not the whole text (pay wall).
    pub partial: bool,
}

/// How an article's text was extracted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Method {
    /// Tags stripped in one pass, because the guard refused the page.
    #[default]
    Strip,
    /// The thorough extractor.
    Trafilatura,
    /// The quick extractor.
    Readability,
    /// The page's own JSON-LD `articleBody`.
    JsonLd,
    /// The page's own description, because scripts produce its text.
    Description,
    /// The user's rules for the host.
    Site,
    /// The feed carried the text; no page was fetched.
    Feed,
}

impl Method {
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}
