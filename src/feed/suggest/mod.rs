//! Proposes how a page without a feed can be read: by JSON in it, or by selectors from its repeated structure. Pure.
//!
//! 1. [`outline`](outline) measures each element: its text, its links, whether it stands in a menu.
//! 2. [`groups`](groups) finds sets of similar elements, each with a short selector that selects exactly this set.
//! 3. [`fields`](fields) finds title, link, time and summary within the items of a set.
//! 4. Each proposal is read as a visit would read it, and [`quality`](quality) measures the entries. The best one is the
//!    answer. Lists in JSON compete by the same measure.

mod data;
mod fields;
mod groups;
mod names;
mod outline;
mod places;
mod quality;
mod times;

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use scraper::Html;
use url::Url;

pub use self::places::{newest_first, sitemaps, usual_feeds};
use self::{
    fields::{Reading, ratio},
    groups::Group,
    outline::{Part, Zone},
    quality::{Place, quality},
};
use super::{FeedError, json, json_source, page};
use crate::{model::PageSelectors, text::markup::guard};

/// What a list of JSON counts more than the same list by selectors: a layout changes more often than data.
const DATA: f64 = 1.2;
/// What a point of a selector's cost takes from its score.
const COST: f64 = 0.02;

/// Proposes how the page `html` at `url` can be read as a list of news: the selectors of a source of kind `page`.
///
/// # Errors
/// Why nothing can be proposed.
pub fn propose(html: &str, url: &Url, now: Timestamp) -> Result<PageSelectors, FeedError> {
    let shown = guard::admitted(html).ok_or_else(page::refused)?;
    let page = Html::parse_document(shown);
    let base = page::base(&page, url);
    let mut best: Option<Scored> = None;
    let found = from_data(&page, &base, url, now).into_iter().chain(from_structure(&page, &base, url, now));
    for candidate in found {
        if best.as_ref().is_none_or(|best| candidate.0 > best.0) {
            best = Some(candidate);
        }
    }
    match best {
        Some((_, selectors)) => Ok(selectors),
        None => Err(page::nothing(&page, "no list of links with titles stands out")),
    }
}

type Scored = (f64, PageSelectors);

/// Lists in JSON-LD and in scripts with data.
fn from_data(page: &Html, base: &Url, url: &Url, now: Timestamp) -> Vec<Scored> {
    let place = Place::default();
    let mut found = Vec::new();
    if let Some(feed) = page::described(page, base) {
        let selectors = PageSelectors { pages: 1, ..PageSelectors::default() };
        found.push((quality(&feed.entries, url, now, place), selectors));
    }
    for (script, text) in page::data(page) {
        let Ok(value) = json::read(text.trim()) else { continue };
        for mapping in data::mappings(&value, base, now) {
            let Ok(feed) = json_source::read(&value, &mapping, base) else { continue };
            let score = quality(&feed.entries, url, now, place);
            let (script, mapping) = (script.clone(), Some(mapping));
            found.push((score, PageSelectors { script, mapping, pages: 1, ..PageSelectors::default() }));
        }
    }
    found.retain(|(score, ..)| *score > 0.0);
    for (score, ..) in &mut found {
        *score *= DATA;
    }
    found
}

/// Lists in the structure of the page.
fn from_structure(page: &Html, base: &Url, url: &Url, now: Timestamp) -> Vec<Scored> {
    let parts = outline::outline(page);
    if parts.is_empty() {
        return Vec::new();
    }
    let mut reading = Reading::new(&parts, base, url, now);
    let found = groups::groups(&parts).into_iter().filter_map(|group| {
        let selectors = reading.selectors(&group);
        let feed = page::selected(page, &selectors, base, now).ok()?;
        let score = quality(&feed.entries, url, now, place(&parts, &group)) - COST * group.cost;
        (score > 0.0).then_some((score, selectors))
    });
    found.collect()
}

fn place(parts: &[Part<'_>], group: &Group) -> Place {
    let items = group.members.len();
    let share = |zone: Zone| ratio(group.members.iter().filter(|at| parts[**at].zone >= zone).count(), items);
    let mut classes: HashMap<&str, usize> = HashMap::new();
    let mut plain = 0;
    for at in &group.members {
        let names: HashSet<&str> = parts[*at].element.value().classes().collect();
        plain += usize::from(names.is_empty());
        for name in names {
            *classes.entry(name).or_default() += 1;
        }
    }
    let alike = classes.values().copied().chain([plain]).max().unwrap_or(0);
    let unlike = 1.0 - ratio(alike, items);
    Place { named: share(Zone::Named), marked: share(Zone::Marked), unlike, items }
}

#[cfg(test)]
mod tests;
