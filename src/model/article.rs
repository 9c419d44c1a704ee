//! The readable part of a page.

use jiff::Timestamp;
use serde::Serialize;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
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
    /// Every way.
    pub const ALL: [Self; 6] =
        [Self::Strip, Self::Trafilatura, Self::Readability, Self::JsonLd, Self::Description, Self::Feed];

    /// The way of that name, if it is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == name)
    }

    /// The name used in outputs and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Strip => "strip",
            Self::Trafilatura => "trafilatura",
            Self::Readability => "readability",
            Self::JsonLd => "json_ld",
            Self::Description => "description",
            Self::Feed => "feed",
        }
    }
}
