//! The foreign extractors: the only file that names them. Text out, or nothing.

use dom_smoothie::{Article, Config, ParsePolicy, Readability, TextMode};
use jiff::Timestamp;
use trafilatura::{ExtractionFocus, Options};

use super::strip::{strip, tidy};
use crate::{panics::catch_panic, text::dates};

/// Characters from which a strict attempt is believed; Readability's own threshold is 500, our length still
/// counts line breaks and indents.
const ENOUGH: usize = 600;

/// What an extractor makes of a page.
#[derive(Debug, Default)]
pub(super) struct Extract {
    /// Body text in normal form.
    pub text: String,
    /// Headline without the site's name.
    pub title: String,
    /// Who wrote it.
    pub author: String,
    /// A guess at the day of publication.
    pub day: Option<Timestamp>,
}

/// The quick extractor. `slim` has passed the guard.
pub(super) fn readability(slim: &str) -> Option<Extract> {
    let article = catch_panic(|| strict(slim).or_else(|| patient(slim))).flatten()?;
    Some(Extract {
        text: tidy(&article.text_content),
        title: tidy(&article.title.replace('\n', " ")),
        author: tidy(&article.byline.unwrap_or_default().replace('\n', " ")),
        day: None,
    })
}

fn reader(slim: &str) -> Option<Readability> {
    let config = Config { disable_json_ld: true, text_mode: TextMode::Formatted, ..Config::default() };
    Readability::new(slim, None, Some(config)).ok()
}

/// One strict attempt, which is enough for most pages and spares copies of the tree.
fn strict(slim: &str) -> Option<Article> {
    let article = reader(slim)?.parse_with_policy(ParsePolicy::Strict).ok()?;
    (article.length >= ENOUGH).then_some(article)
}

/// All attempts, from strict to lax; the longest text wins.
fn patient(slim: &str) -> Option<Article> {
    reader(slim)?.parse().ok()
}

/// The thorough extractor, with the options measured best (docs/reference/articles.md#order-of-extraction).
/// `html` has passed the guard.
pub(super) fn trafilatura(html: &str) -> Option<Extract> {
    let options = Options::default()
        .with_fallback(true)
        .with_exclude_comments(true)
        .with_focus(ExtractionFocus::FavorPrecision);
    let result = catch_panic(|| trafilatura::extract(html, &options).ok()).flatten()?;
    // The first of January is what is left of a year in an address or a footer.
    let day = result.metadata.date.map(|date| date.to_string()).filter(|day| !day.ends_with("-01-01"));
    Some(Extract {
        // Its plain text runs paragraphs together; its markup keeps them apart.
        text: strip(&result.content_html),
        title: tidy(&result.metadata.title),
        author: tidy(&result.metadata.author),
        day: day.and_then(|day| dates::read(&day)),
    })
}
