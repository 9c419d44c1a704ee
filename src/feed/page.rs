//! Entries of a web page without a feed, read by CSS selectors (docs/guide/pages.md).

mod list;
mod select;

use jiff::Timestamp;
use scraper::{ElementRef, Html};
use url::Url;

use self::select::Selected;
pub use self::select::{SelectError, Selects};
pub(super) use self::{
    list::{data, read as described},
    select::{is_link, text, time_texts},
};
use super::{Feed, FeedError, Further, MOST_ENTRIES, Repair, json, json_source, plain::plain, resolve_link};
use crate::{
    model::{Entry, PageSelectors},
    text::{
        dates::{Orders, relative},
        markup::guard,
    },
};

/// A page with fewer visible characters has no content of its own, only scripts that fetch it.
const SHELL: usize = 400;

/// Reads the list of the page `html`, whose address is `url`; times such as "2 hours ago" count from `now`.
pub fn read(html: &str, selectors: &PageSelectors, url: &Url, now: Timestamp) -> Result<Feed, FeedError> {
    let selects = Selects::new(selectors).map_err(|error| FeedError::Selectors(error.to_string()))?;
    let shown = guard::admitted(html).ok_or_else(refused)?;
    let page = Html::parse_document(shown);
    let base = &base(&page, url);
    let mut feed = if selects.script.is_some() {
        script(&page, &selects, selectors, base)?
    } else if selects.item.is_some() {
        items(&page, &selects, base, now)?
    } else {
        list::read(&page, base).ok_or_else(|| nothing(&page, "its JSON-LD has no list"))?
    };
    feed.title =
        page.select(&select::TITLE).next().map(|title| plain(&title.inner_html())).unwrap_or_default();
    let next = selects
        .next
        .as_ref()
        .and_then(|next| next.addresses(page.root_element()).find_map(|link| resolve_link(base, &link)));
    feed.further.extend(next.filter(|next| next != url).map(|url| Further {
        url,
        changed_at: None,
        body: None,
    }));
    if shown.len() < html.len() {
        feed.repairs.push(Repair::TooManyEntries);
    }
    Ok(feed)
}

/// Whether a page would be read with these selectors; what is wrong if not.
pub fn check(selectors: &PageSelectors) -> Result<(), SelectError> {
    Selects::new(selectors).map(|_| ())
}

/// The error of a page that the guard does not admit.
pub(super) fn refused() -> FeedError {
    FeedError::Unreadable("the page nests too deep or is too large to be read safely".to_owned())
}

/// Where relative links of the page at `url` begin.
pub(super) fn base(page: &Html, url: &Url) -> Url {
    let base = page.select(&select::BASE).find_map(|base| url.join(base.attr("href")?).ok());
    base.unwrap_or_else(|| url.clone())
}

/// The entries of a page that is parsed already, by `selectors` with an item.
pub(super) fn selected(
    page: &Html,
    selectors: &PageSelectors,
    base: &Url,
    now: Timestamp,
) -> Result<Feed, FeedError> {
    let selects = Selects::new(selectors).map_err(|error| FeedError::Selectors(error.to_string()))?;
    items(page, &selects, base, now)
}

fn items(page: &Html, selects: &Selects, base: &Url, now: Timestamp) -> Result<Feed, FeedError> {
    let items: Vec<ElementRef<'_>> = match &selects.item {
        Some(item) => page.select(&item.selector).collect(),
        None => Vec::new(),
    };
    let times: Vec<Vec<String>> = items.iter().map(|item| times(selects, *item)).collect();
    let orders = Orders::of(times.iter().flatten());
    let published = |texts: &[String]| {
        texts.iter().find_map(|text| orders.read(text).or_else(|| relative::read(text, now)))
    };
    let dated: Vec<_> = items.iter().zip(times.iter().map(|texts| published(texts))).collect();
    let mut kept: Vec<usize> = (0..dated.len()).collect();
    let too_many = kept.len() > MOST_ENTRIES;
    if too_many {
        // Stable: of undated items the first ones are the newest.
        kept.sort_by_key(|at| std::cmp::Reverse(dated[*at].1));
        kept.truncate(MOST_ENTRIES);
        kept.sort_unstable();
    }
    let entries: Vec<Entry> =
        kept.iter().filter_map(|at| entry(selects, *dated[*at].0, dated[*at].1, base)).collect();
    if entries.is_empty() {
        let why = if items.is_empty() { "select.item matches nothing" } else { "no item has a title" };
        return Err(nothing(page, why));
    }
    let repairs = if too_many { vec![Repair::TooManyEntries] } else { Vec::new() };
    Ok(Feed { entries, repairs, ..Feed::default() })
}

/// An entry; `None` for an item without words.
fn entry(selects: &Selects, item: ElementRef<'_>, published: Option<Timestamp>, base: &Url) -> Option<Entry> {
    let text = |select: &Selected| select.values(item).find(|text| !text.is_empty());
    let anchor = || select::is_link(item).then_some(item).or_else(|| item.select(&select::LINK).next());
    let link = match &selects.link {
        Some(link) => link.addresses(item).find_map(|link| resolve_link(base, &link)),
        None => anchor().and_then(|anchor| resolve_link(base, anchor.attr("href")?)),
    };
    let title = match &selects.title {
        Some(title) => text(title),
        None => usual_title(item, anchor()),
    };
    let summary = selects.summary.as_ref().and_then(text).unwrap_or_default();
    let title = title.unwrap_or_default();
    (!title.is_empty() || !summary.is_empty()).then(|| Entry {
        title,
        link: link.map(|url| url.to_string()),
        published,
        summary,
        ..Entry::default()
    })
}

/// The first heading, else the text of the link, else all text.
fn usual_title(item: ElementRef<'_>, anchor: Option<ElementRef<'_>>) -> Option<String> {
    let heading = item.select(&select::HEADING).next();
    let places = [heading, anchor, Some(item)];
    places.into_iter().flatten().map(select::text).find(|text| !text.is_empty())
}

fn times(selects: &Selects, item: ElementRef<'_>) -> Vec<String> {
    match &selects.time {
        Some(time) => time.times(item).collect(),
        None => item.select(&select::TIME).take(1).flat_map(select::time_texts).collect(),
    }
}

/// The entries of JSON in an element of the page.
fn script(page: &Html, selects: &Selects, selectors: &PageSelectors, base: &Url) -> Result<Feed, FeedError> {
    let script = selects.script.as_ref().and_then(|script| page.select(&script.selector).next());
    let script = script.ok_or_else(|| nothing(page, "select.script matches nothing"))?;
    let text: String = script.text().collect();
    let value = json::read(text.trim()).map_err(FeedError::Unreadable)?;
    let mapping = selectors.mapping.clone().unwrap_or_default();
    json_source::read(&value, &mapping, base)
}

/// Why nothing was found: the page has no content of its own, or the selectors do not fit.
pub(super) fn nothing(page: &Html, why: &str) -> FeedError {
    let words: usize = page
        .select(&select::BODY)
        .flat_map(select::visible)
        .map(|text| text.split_whitespace().map(|word| word.chars().count()).sum::<usize>())
        .sum();
    let scripts = page.select(&select::SCRIPT).count();
    if words < SHELL && scripts > 0 {
        return FeedError::ScriptOnly { data: list::data_scripts(page) };
    }
    FeedError::NothingSelected(why.to_owned())
}

#[cfg(test)]
mod tests;
