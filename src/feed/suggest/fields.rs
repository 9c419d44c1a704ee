//! Selectors of title, link, time and summary within the items of a set.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use url::Url;

use super::{
    groups::Group,
    names::{self, Meaning},
    outline::{Part, weight},
    quality::other_place,
};
use crate::{
    feed::{page, resolve_link},
    model::PageSelectors,
};

/// Items that are examined; the result is then read with all.
const SAMPLE: usize = 12;
/// Elements of an item that are examined.
const MOST_PARTS: usize = 120;
/// Share of items that must have a summary.
const SUMMARIES: f64 = 0.8;

/// A page with what has been computed of it.
pub(super) struct Reading<'p, 'a> {
    pub parts: &'p [Part<'a>],
    pub base: &'p Url,
    pub url: &'p Url,
    pub now: Timestamp,
    texts: HashMap<usize, String>,
    /// Whether an element states a time.
    pub(super) timely: HashMap<usize, bool>,
}

/// A selector within an item, and what it selects first in each.
pub(super) struct Choice {
    pub selector: String,
    pub cost: f64,
    pub found: Vec<Option<usize>>,
}

impl<'p, 'a> Reading<'p, 'a> {
    pub fn new(parts: &'p [Part<'a>], base: &'p Url, url: &'p Url, now: Timestamp) -> Self {
        Self { parts, base, url, now, texts: HashMap::new(), timely: HashMap::new() }
    }

    /// The selectors for the items of `group`.
    pub fn selectors(&mut self, group: &Group) -> PageSelectors {
        let sample: Vec<usize> = group.members.iter().copied().take(SAMPLE).collect();
        let choices = self.choices(&sample);
        let links = self.link(&sample, &choices);
        let title = self.title(&sample, &choices, &links.found);
        let time = self.time(&sample, &choices);
        let summary = self.summary(&choices, &title.found);
        PageSelectors {
            item: group.selector.clone(),
            title: title.selector,
            link: links.selector,
            time,
            summary,
            pages: 1,
            ..PageSelectors::default()
        }
    }

    fn text(&mut self, at: usize) -> &str {
        let parts = self.parts;
        self.texts.entry(at).or_insert_with(|| page::text(parts[at].element))
    }

    /// All selectors that may name a part of an item.
    fn choices(&self, sample: &[usize]) -> Vec<Choice> {
        let mut found: BTreeMap<String, Choice> = BTreeMap::new();
        for (item, &at) in sample.iter().enumerate() {
            for inner in (at + 1..self.parts[at].end).take(MOST_PARTS) {
                for (selector, cost) in self.names(inner) {
                    let choice = found.entry(selector).or_insert_with_key(|selector| Choice {
                        selector: selector.clone(),
                        cost,
                        found: vec![None; sample.len()],
                    });
                    choice.found[item].get_or_insert(inner);
                }
            }
        }
        found
            .into_values()
            .filter(|choice| choice.found.iter().flatten().count() * 2 >= sample.len())
            .collect()
    }

    /// The names by which an element within an item may be selected.
    fn names(&self, at: usize) -> Vec<(String, f64)> {
        let (part, parent) = (&self.parts[at], &self.parts[self.parts[at].parent]);
        let name = part.name();
        let stable = |part: &Part<'_>| {
            let classes = part.element.value().classes().filter_map(names::stable).take(3);
            classes.map(|class| class.css()).collect::<Vec<_>>()
        };
        let mut found = vec![(name.to_owned(), 0.3)];
        for (at, class) in stable(part).into_iter().enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "at most three")]
            found.push((class, 0.2 + at as f64 * 0.1));
        }
        if let Some(kind) = part.element.attr("itemprop").filter(|kind| !kind.contains('\'')) {
            found.push((format!("[itemprop='{kind}']"), 0.3));
        }
        found.extend(stable(parent).into_iter().take(2).map(|class| (format!("{class} > {name}"), 0.5)));
        if matches!(parent.name(), "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "p" | "td" | "li") {
            found.push((format!("{} > {name}", parent.name()), 0.6));
        }
        let position = part.position;
        found.push((format!("{name}:nth-child({position})"), 0.8));
        found.push((format!("{} > {name}:nth-child({position})", parent.name()), 1.0));
        if part.of_type > 1 || position != part.of_type {
            found.push((format!("{name}:nth-of-type({})", part.of_type), 0.9));
        }
        if parent.name() == "td" {
            found.push((format!("td:nth-child({}) {name}", parent.position), 0.9));
        }
        found
    }

    /// The link of an item: another one in each, and to another page.
    fn link(&self, sample: &[usize], choices: &[Choice]) -> Choice {
        let usual = |at: usize| {
            let own = page::is_link(self.parts[at].element);
            if own {
                Some(at)
            } else {
                (at + 1..self.parts[at].end).find(|at| page::is_link(self.parts[*at].element))
            }
        };
        let usual = Choice {
            selector: String::new(),
            cost: -1.0,
            found: sample.iter().map(|at| usual(*at)).collect(),
        };
        if sample.iter().all(|at| page::is_link(self.parts[*at].element)) {
            return usual;
        }
        let score = |choice: &Choice| {
            let links: Vec<Option<Url>> = choice.found.iter().map(|at| self.address((*at)?)).collect();
            let texts = choice.found.iter().map(|at| at.map_or(0, |at| self.parts[at].text));
            let length = median(texts.collect()).min(30.0) / 30.0;
            share(&links) * distinct(&links) * (0.7 + 0.3 * length) - choice.cost * 0.02
        };
        let is_links =
            |choice: &&Choice| choice.found.iter().flatten().all(|at| page::is_link(self.parts[*at].element));
        let addresses = |choice: &Choice| -> Vec<Option<Url>> {
            choice.found.iter().map(|at| self.address((*at)?)).collect()
        };
        // Of several links to one address the first one is as good.
        let known = addresses(&usual);
        let is_other = |choice: &&Choice| addresses(choice) != known;
        best(choices.iter().filter(is_links).filter(is_other), score)
            .filter(|(_, found)| *found > score(&usual) + 0.02)
            .map_or(usual, |(choice, _)| choice.copy())
    }

    /// The address of the link `at`, if it is another place than this page.
    fn address(&self, at: usize) -> Option<Url> {
        other_place(resolve_link(self.base, self.parts[at].element.attr("href")?)?, self.url)
    }

    fn title(&mut self, sample: &[usize], choices: &[Choice], links: &[Option<usize>]) -> Choice {
        let usual = |at: usize| {
            let inner = at + 1..self.parts[at].end;
            let is_heading =
                |at: &usize| matches!(self.parts[*at].name(), "h1" | "h2" | "h3" | "h4" | "h5" | "h6");
            let link = || {
                Some(at)
                    .filter(|at| page::is_link(self.parts[*at].element))
                    .or_else(|| inner.clone().find(|at| page::is_link(self.parts[*at].element)))
            };
            let with_text = |at: &usize| self.parts[*at].text > 0;
            inner.clone().find(is_heading).filter(with_text).or_else(|| link().filter(with_text)).or(Some(at))
        };
        let usual = Choice {
            selector: String::new(),
            cost: -1.0,
            found: sample.iter().map(|at| usual(*at)).collect(),
        };
        let of_usual = self.title_score(&usual, links);
        let mut top = (of_usual + 0.02, None);
        for choice in choices {
            let score = self.title_score(choice, links);
            if score > top.0 {
                top = (score, Some(choice));
            }
        }
        top.1.map_or(usual, Choice::copy)
    }

    /// The text of `choice` in each item, where there is one.
    fn texts_of(&mut self, choice: &Choice) -> Vec<Option<String>> {
        let mut text = |at: usize| Some(self.text(at).to_owned()).filter(|text| !text.is_empty());
        choice.found.iter().copied().map(|at| at.and_then(&mut text)).collect()
    }

    fn title_score(&mut self, choice: &Choice, links: &[Option<usize>]) -> f64 {
        let texts = self.texts_of(choice);
        let length = median(texts.iter().flatten().map(|text| weight(text)).collect());
        let length = match length {
            ..8.0 => length / 20.0,
            ..15.0 => 0.75,
            ..160.0 => 1.0,
            ..300.0 => 0.6,
            _ => 0.2,
        };
        let times = choice.found.iter().flatten().filter(|at| self.is_time(**at)).count();
        let times = ratio(times, choice.found.len());
        let parts = self.parts;
        let count = |is: &dyn Fn(usize, Option<usize>) -> bool| {
            let found =
                choice.found.iter().zip(links).filter(|(at, link)| at.is_some_and(|at| is(at, **link)));
            ratio(found.count(), choice.found.len())
        };
        let is_within = |inner: usize, outer: usize| inner >= outer && inner < parts[outer].end;
        let linked = count(&|at, link| link.is_some_and(|link| is_within(at, link) || is_within(link, at)));
        let heading = count(&|at, _| {
            parts[at].name().len() == 2 && parts[at].name().starts_with('h') && parts[at].name() != "hr"
        });
        let paragraph = count(&|at, _| parts[at].name() == "p");
        let meaning = |wanted: Meaning| count(&|at, _| self::meaning(&parts[at]) == wanted);
        let mixed = median(
            choice
                .found
                .iter()
                .flatten()
                .map(|at| {
                    let inner = (*at + 1..parts[*at].end).filter(|at| {
                        parts[*at].text > 0 && parts[*at].text * 10 < parts[parts[*at].parent].text * 9
                    });
                    inner.count()
                })
                .collect(),
        );
        let dated = count(&|at, _| {
            (at..parts[at].end)
                .any(|at| parts[at].name() == "time" || self::meaning(&parts[at]) == Meaning::Time)
        })
        .max(times);
        share(&texts) * distinct(&texts) * length
            + 0.3 * heading
            + 0.25 * linked
            + 0.3 * meaning(Meaning::Title)
            - 0.1 * paragraph
            - 0.5 * meaning(Meaning::Summary)
            - 0.5 * meaning(Meaning::Other)
            - 0.6 * dated
            - 0.1 * mixed.min(4.0)
            - 0.02 * choice.cost
    }

    /// The selector of a summary; empty without one.
    fn summary(&mut self, choices: &[Choice], titles: &[Option<usize>]) -> String {
        let mut top = (0.0, String::new());
        for choice in choices {
            let overlaps = choice.found.iter().zip(titles).any(|(at, title)| match (at, title) {
                (Some(at), Some(title)) => *title < self.parts[*at].end && *at < self.parts[*title].end,
                _ => false,
            });
            if overlaps {
                continue;
            }
            let texts = self.texts_of(choice);
            let length = median(texts.iter().flatten().map(|text| weight(text)).collect());
            if length < 30.0 || share(&texts) < SUMMARIES || distinct(&texts) < 0.7 {
                continue;
            }
            let found = || choice.found.iter().flatten();
            let named = ratio(
                found().filter(|at| meaning(&self.parts[**at]) == Meaning::Summary).count(),
                choice.found.len(),
            );
            let paragraph =
                ratio(found().filter(|at| self.parts[**at].name() == "p").count(), choice.found.len());
            let score = share(&texts) + 0.5 * named + 0.5 * paragraph - 0.05 * choice.cost;
            if named + paragraph > 0.5 && score > top.0 {
                top = (score, choice.selector.clone());
            }
        }
        top.1
    }
}

impl Choice {
    fn copy(&self) -> Self {
        Self { selector: self.selector.clone(), cost: self.cost, found: self.found.clone() }
    }
}

/// What the classes of the element say about it.
pub(super) fn meaning(part: &Part<'_>) -> Meaning {
    let words: Vec<String> = part.element.value().classes().flat_map(names::words).collect();
    // The last word counts: `post-title-date` is a date.
    words
        .iter()
        .rev()
        .map(|word| names::means(word))
        .find(|meaning| *meaning != Meaning::Nothing)
        .unwrap_or(Meaning::Nothing)
}

fn best<'c>(
    choices: impl Iterator<Item = &'c Choice>,
    score: impl Fn(&Choice) -> f64,
) -> Option<(&'c Choice, f64)> {
    choices.map(|choice| (choice, score(choice))).max_by(|a, b| a.1.total_cmp(&b.1))
}

#[expect(clippy::cast_precision_loss, reason = "counts of items")]
pub(super) fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[expect(clippy::cast_precision_loss, reason = "lengths of texts")]
pub(super) fn median(mut values: Vec<usize>) -> f64 {
    values.sort_unstable();
    values.get(values.len() / 2).map_or(0.0, |value| *value as f64)
}

/// Share of the values that are there.
pub(super) fn share<T>(values: &[Option<T>]) -> f64 {
    ratio(values.iter().flatten().count(), values.len())
}

/// Share of the values that are there and differ.
pub(super) fn distinct<T: std::hash::Hash + Eq>(values: &[Option<T>]) -> f64 {
    let different: HashSet<&T> = values.iter().flatten().collect();
    ratio(different.len(), values.iter().flatten().count())
}
