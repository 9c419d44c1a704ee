//! How good a list of entries is as a source of news.

use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::{
    fields::{distinct, median, ratio, share},
    outline::weight,
};
use crate::model::Entry;

/// Entries of a list, at least.
const FEWEST: usize = 3;
/// Lengths of titles, as [`weight`] counts: a shorter one is a word of a menu, a longer one a headline.
const WORD: f64 = 9.0;
const HEADLINE: f64 = 38.0;

/// Where a list stands in its page.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    /// Share of items whose place is named or marked as no list of news.
    pub named: f64,
    /// Share of items whose place is marked so by an element or a role.
    pub marked: f64,
    /// Share of items that lack the class that most have.
    pub unlike: f64,
    /// Items, those without words included; 0 where there are none.
    pub items: usize,
}

/// Measures `entries`, read from the page `url`: compares lists of one page; 0 for one that is no answer.
pub(super) fn quality(entries: &[Entry], url: &Url, now: Timestamp, place: Place) -> f64 {
    let links: Vec<Option<Url>> =
        entries.iter().map(|entry| other_page(entry.link.as_deref()?, url)).collect();
    let titles: Vec<Option<&str>> =
        entries.iter().map(|entry| Some(entry.title.as_str()).filter(|title| !title.is_empty())).collect();
    let times: Vec<Option<Timestamp>> = entries.iter().map(|entry| entry.published).collect();
    let length = median(titles.iter().flatten().map(|title| weight(title)).collect());
    let headline = ((length - WORD) / (HEADLINE - WORD)).clamp(0.0, 1.0);
    let dated = share(&times);
    let ahead = now + SignedDuration::from_hours(48);
    let future = ratio(times.iter().flatten().filter(|at| **at > ahead).count(), entries.len());
    let unique = share(&links) * distinct(&links);
    let within = links.iter().flatten().filter(|link| link.fragment().is_some()).count();
    let whole = ratio(entries.len(), place.items.max(entries.len()));
    let is_answer = entries.len() >= FEWEST
        && unique >= 0.75
        && distinct(&titles) >= 0.6
        // Without times only titles and place distinguish news from a menu.
        && (dated >= 0.5 || (headline >= 0.25 && place.named < 0.5 && within * 2 < entries.len()));
    if !is_answer {
        return 0.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of entries")]
    let count = (entries.len() as f64).min(40.0).powf(0.5);
    count
        * unique.powi(2)
        * distinct(&titles)
        * (0.2 + 0.8 * headline)
        * (1.0 + 1.5 * dated.powi(2) - future)
        * (1.0 - 0.6 * place.named)
        * (1.0 - 0.5 * place.marked)
        * (0.3 + 0.7 * path(&links, url))
        * (1.0 - 0.4 * place.unlike)
        * whole.powi(2)
        * (0.6 + 0.4 * host(&links, url))
}

/// The address without its fragment, if it is of another page than `url`; of this page, one with a fragment.
fn other_page(link: &str, url: &Url) -> Option<Url> {
    let link = other_place(Url::parse(link).ok()?, url)?;
    if link.fragment().is_some() {
        return Some(link);
    }
    let is_same = link.path() == url.path() && link.host_str() == url.host_str();
    // Pages of a list differ in their query only, and so do those of some boards.
    let is_page = is_same
        && link.query_pairs().all(|(key, _)| {
            [
                "p", "page", "paged", "start", "offset", "sort", "t", "c", "cat", "category", "lang", "tag",
                "seite",
            ]
            .contains(&key.as_ref())
        });
    (!is_page).then_some(link)
}

/// `link` for comparison: without its fragment, unless that is a place in the page `url` itself. `None` for the page.
pub(super) fn other_place(mut link: Url, url: &Url) -> Option<Url> {
    let fragment = link.fragment().filter(|fragment| !fragment.is_empty()).map(str::to_owned);
    link.set_fragment(None);
    if link != *url {
        return Some(link);
    }
    link.set_fragment(Some(fragment.as_deref()?));
    Some(link)
}

/// Share of the links whose paths begin alike: with the path of the page, or as most of them do.
fn path(links: &[Option<Url>], url: &Url) -> f64 {
    let first = |url: &Url| {
        url.path_segments().and_then(|mut segments| segments.next().map(str::to_owned)).unwrap_or_default()
    };
    let below = |url: &Url, page: &Url| {
        let page = page.path().trim_end_matches('/');
        !page.is_empty() && url.path().starts_with(page)
    };
    let mut counts: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    for link in links
        .iter()
        .flatten()
        .filter(|link| link.path_segments().is_some_and(|segments| segments.count() > 1))
    {
        *counts.entry(first(link)).or_default() += 1;
    }
    let alike = ratio(counts.values().copied().max().unwrap_or(0), links.len());
    let under = ratio(links.iter().flatten().filter(|link| below(link, url)).count(), links.len());
    (0.8 * alike).max(under)
}

/// Share of the links to the host of the page, or of most of the links.
fn host(links: &[Option<Url>], url: &Url) -> f64 {
    let same = links.iter().flatten().filter(|link| link.host_str() == url.host_str()).count();
    ratio(same, links.len())
}
