//! Page to text. Pure: no network, no clock, no database.

use url::Url;

/// A page as it came.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// The bytes, decompressed.
    pub bytes: &'a [u8],
    /// The `Content-Type` header's value, if one was sent.
    pub content_type: Option<&'a str>,
    /// The final address.
    pub url: &'a Url,
}

/// How much work a page's text is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// The quick extractor alone: enough to judge most pages.
    Quick,
    /// The thorough extractor, checked by the quick one.
    Thorough,
}

/// Why a page gives no article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ArticleError {
    /// A challenge or a block page stands in its place.
    #[error("the page is a block page, not the article")]
    Blocked,
    /// Not HTML.
    #[error("this is not a web page")]
    NotHtml,
    /// A page without readable text.
    #[error("the page has no readable text")]
    NoText,
}

impl ArticleError {
    /// The stable name used in outputs and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::NotHtml => "not_html",
            Self::NoText => "no_text",
        }
    }
}
