//! The readable part of a page.

use jiff::Timestamp;
use serde::Serialize;
use strum::{EnumString, IntoStaticStr};

/// What a page says once its furniture is gone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Article {
    /// Headline; empty if the page has none.
    pub title: String,
    /// Body text, paragraphs parted by a newline.
    pub text: String,
    /// When it was published.
    pub published: Option<Timestamp>,
    /// Whether `published` is a guess good to a day only.
    pub published_guessed: bool,
    /// Who wrote it; empty if unknown.
    pub author: String,
    /// The address the page calls its own, absolute, on the same registrable domain.
    pub canonical_url: Option<String>,
    /// BCP 47 tag as the page states it; empty if it does not.
    pub lang: String,
    /// How the text was won.
    pub method: Method,
    /// Whether the page says itself that this is not the whole text (pay wall).
    pub partial: bool,
}

/// How an article's text was won.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Method {
    /// A linear strip of tags: the page was refused by the guard.
    #[default]
    Strip,
    /// The thorough extractor.
    Trafilatura,
    /// The quick extractor.
    Readability,
    /// The page's own JSON-LD `articleBody`.
    JsonLd,
    /// The page's own description: its text exists only after scripts ran.
    Description,
    /// The feed carried the text; no page was fetched.
    Feed,
}

impl Method {
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}
