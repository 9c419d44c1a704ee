//! Page to text: decode → metadata → consent → guard → extract → verdict. Pure: no network, no clock, no database.

mod consent;
mod decode;
mod extract;
mod json_ld;
mod mend;
mod metadata;
mod published;
mod site;
mod slim;
mod strip;
mod verdict;

use std::borrow::Cow;

use jiff::Timestamp;
use url::Url;

pub use self::site::Sites;
pub(crate) use self::site::{RuleUse, Site};
use self::{extract::Extract, metadata::Metadata, site::Taken};
use crate::{
    model::{Article, FailureKind, Method},
    text::{
        cut::{LONGEST_NAME, LONGEST_TITLE, bounded},
        markup::guard,
    },
};

/// Stack that [`read`] wants: tree builders and extractors descend as deep as the page nests, and the guard
/// admits 100 levels.
pub const STACK_BYTES: usize = 8 * 1024 * 1024;

/// A page as it came.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// The bytes, decompressed.
    pub bytes: &'a [u8],
    /// The `Content-Type` header's value, if one was sent.
    pub content_type: Option<&'a str>,
    /// The final address.
    pub url: &'a Url,
    /// The present: nothing was published after it.
    pub now: Timestamp,
}

/// How much work a page's text is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// The quick extractor, and the thorough one where the quick one's text begins with clutter: enough to judge a page.
    AsNeeded,
    /// The thorough extractor, checked by the quick one.
    Thorough,
}

/// Why a page gives no article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ArticleError {
    /// A challenge or a block page stands in its place.
    #[error("the page is a block page, not the article")]
    Blocked,
    /// A consent dialog stands in its place.
    #[error("the page only asks for consent to cookies")]
    Consent,
    /// Not HTML.
    #[error("this is not a web page")]
    NotHtml,
    /// A page without readable text.
    #[error("the page has no readable text")]
    NoText,
}

impl ArticleError {
    /// For outputs and the database.
    #[must_use]
    pub fn kind(self) -> FailureKind {
        match self {
            Self::Blocked => FailureKind::Blocked,
            Self::Consent => FailureKind::Consent,
            Self::NotHtml => FailureKind::NotHtml,
            Self::NoText => FailureKind::NoText,
        }
    }
}

/// Reads the article out of a page.
///
/// Time and memory are bounded for any input (about 1 s for 20 MB); give it a stack of [`STACK_BYTES`].
pub fn read(page: &Page, effort: Effort) -> Result<Article, ArticleError> {
    read_with(page, effort, None).map(|(article, _)| article)
}

/// As [`read`], by the rules of its `site` before the extractors. Also returns what each rule took; the text is that of the
/// extractors where the rules give none.
pub(crate) fn read_with(
    page: &Page,
    effort: Effort,
    site: Option<&Site>,
) -> Result<(Article, Vec<RuleUse>), ArticleError> {
    let html = decode::decode(page.bytes, page.content_type);
    verdict::is_html(&html, page.content_type).then_some(()).ok_or(ArticleError::NotHtml)?;
    let metadata = metadata::read(&html);
    if verdict::blocked(&metadata) {
        return Err(ArticleError::Blocked);
    }
    let taken = site.map(|site| site.take(&html, page.now)).unwrap_or_default();
    let Taken { text: own_text, title: own_title, published: own_time, rest, uses } = taken;
    let (method, found, text, partial) = if own_text.is_empty() {
        let (shown, has_dialog) = match &rest {
            None if !metadata.has_dialog => (Cow::Borrowed(&*html), false),
            rest => consent::cut(rest.as_deref().unwrap_or(&html)),
        };
        let (method, mut found) =
            if guard::admits(&shown) { extract(&shown, effort) } else { stripped(&shown) };
        let (method, text) = rescue(&metadata, method, std::mem::take(&mut found.text), html.len());
        let (method, text, partial) = without_dialog(&metadata, method, text, has_dialog)?;
        (method, found, text, partial)
    } else {
        (Method::Site, Extract::default(), own_text, false)
    };
    let stated = own_time.or_else(|| metadata.published(page.now));
    let guessed = || published::guessed(page.url, found.day, page.now);
    let published = stated.or_else(guessed);
    let first = |one: String, other: String| if one.is_empty() { other } else { one };
    let title = || metadata.whole_title(first(found.title.clone(), metadata.headline()));
    let title = if own_title.is_empty() { title() } else { own_title };
    let article = Article {
        title: bounded(title.replace('\n', " "), LONGEST_TITLE),
        text,
        published,
        published_guessed: stated.is_none() && published.is_some(),
        author: bounded(first(metadata.author(), found.author), LONGEST_NAME),
        canonical_url: metadata.canonical(page.url),
        lang: metadata.lang(),
        method,
        partial: partial || metadata.locked(),
    };
    Ok((article, uses))
}

/// The extractors in their order (docs/reference/articles.md#order-of-extraction). The quick one's title is the
/// better one and is kept either way.
fn extract(html: &str, effort: Effort) -> (Method, Extract) {
    let slim = slim::slim(html);
    if !guard::is_written_quickly(&slim) {
        return stripped(html);
    }
    let quick = extract::readability(&slim);
    let is_needed = || quick.as_ref().is_none_or(|quick| verdict::is_cluttered(&quick.text));
    let thorough = (effort == Effort::Thorough || is_needed())
        .then(|| extract::trafilatura(&mend::mended(html)))
        .flatten();
    match (quick, thorough) {
        (Some(quick), Some(thorough)) if thorough.text.len() * 2 < quick.text.len() => {
            (Method::Readability, Extract { day: thorough.day, ..quick })
        }
        (Some(quick), Some(thorough)) if !thorough.text.is_empty() => {
            (Method::Trafilatura, Extract { title: quick.title, author: quick.author, ..thorough })
        }
        (Some(quick), _) => (Method::Readability, quick),
        (None, Some(thorough)) => (Method::Trafilatura, thorough),
        (None, None) => stripped(html),
    }
}

fn stripped(html: &str) -> (Method, Extract) {
    (Method::Strip, Extract { text: strip::strip(html), ..Extract::default() })
}

/// Puts the page's own JSON-LD text, or its description, in the place of a text that is missing.
fn rescue(metadata: &Metadata, method: Method, text: String, bytes: usize) -> (Method, String) {
    let body = strip::tidy(&metadata.described.body);
    if !verdict::is_short(&body) && body.len() >= 2 * text.len() {
        return (Method::JsonLd, body);
    }
    if !verdict::script_only(metadata, &text, bytes) && !text.is_empty() {
        return (method, text);
    }
    let description = metadata.description();
    if description.len() > text.len() { (Method::Description, description) } else { (method, text) }
}

/// `text` without a consent dialog beside it, and whether the article is only there in part. Where the text is nothing but such
/// a dialog, the page's own description stands in.
///
/// # Errors
/// Where nothing is left.
fn without_dialog(
    metadata: &Metadata,
    method: Method,
    text: String,
    has_dialog: bool,
) -> Result<(Method, String, bool), ArticleError> {
    let is_dialog = consent::is_dialog(&text);
    let text = match consent::trimmed(&text) {
        _ if is_dialog => String::new(),
        all if all.len() == text.len() => text,
        rest => rest.to_owned(),
    };
    if !text.is_empty() {
        let partial = has_dialog && verdict::is_short(&text);
        return Ok((method, text, partial));
    }
    let in_the_way = is_dialog || has_dialog;
    match metadata.description() {
        description if in_the_way && !description.is_empty() => Ok((Method::Description, description, true)),
        _ if in_the_way => Err(ArticleError::Consent),
        _ => Err(ArticleError::NoText),
    }
}

#[cfg(test)]
mod tests;
