//! The selector of the time within the items of a set.

use jiff::{SignedDuration, Timestamp};

use super::{
    fields::{Choice, Reading, distinct, meaning, ratio, share},
    names::Meaning,
};
use crate::{
    feed::page,
    text::dates::{Orders, readings, relative},
};

/// Length of a text that may be a time, in bytes.
const LONGEST_TIME: usize = 80;
/// Share of items that must have a time.
const TIMES: f64 = 0.5;

impl Reading<'_, '_> {
    /// The selector of the time; empty for the usual place and where there is none.
    pub fn time(&mut self, sample: &[usize], choices: &[Choice]) -> String {
        let usual = |at: usize| {
            (at + 1..self.parts[at].end).find(|at| {
                self.parts[*at].name() == "time" || self.parts[*at].element.attr("datetime").is_some()
            })
        };
        let usual: Vec<Option<usize>> = sample.iter().map(|at| usual(*at)).collect();
        let texts = |reading: &Self, found: &[Option<usize>]| -> Vec<Vec<String>> {
            found.iter().map(|at| at.map(|at| reading.times(at)).unwrap_or_default()).collect()
        };
        let usual = self.time_score(&texts(self, &usual));
        let mut top = (if usual > 0.0 { usual + 0.1 } else { TIMES - 0.01 }, String::new());
        for choice in choices {
            let found = || choice.found.iter().flatten();
            let named = found().filter(|at| meaning(&self.parts[**at]) == Meaning::Time).count();
            let bonus = 0.1 * ratio(named, sample.len()) - 0.02 * choice.cost;
            if found().filter(|at| self.is_time(**at)).count() * 2 >= sample.len() {
                let score = self.time_score(&texts(self, &choice.found)) + bonus;
                if score > top.0 {
                    top = (score, choice.selector.clone());
                }
            }
            for key in self.keys(&choice.found) {
                let score = self.time_score(&self.attributes(&choice.found, &key)) + bonus - 0.05;
                if score > top.0 {
                    top = (score, format!("{}@{key}", choice.selector));
                }
            }
        }
        let items: Vec<Option<usize>> = sample.iter().copied().map(Some).collect();
        for key in self.keys(&items) {
            let score = self.time_score(&self.attributes(&items, &key));
            if score > top.0 {
                top = (score, format!("@{key}"));
            }
        }
        top.1
    }

    /// The attribute `key` of each element, as the texts of a time.
    fn attributes(&self, found: &[Option<usize>], key: &str) -> Vec<Vec<String>> {
        let value =
            |at: &Option<usize>| self.parts[(*at)?].element.attr(key).map(|text| vec![text.to_owned()]);
        found.iter().map(|at| value(at).unwrap_or_default()).collect()
    }

    /// Attributes of the first of these elements that may hold a time.
    fn keys(&self, found: &[Option<usize>]) -> Vec<String> {
        let first = found.iter().flatten().next();
        let attributes = first.into_iter().flat_map(|at| self.parts[*at].element.value().attrs());
        let keys = attributes.filter(|(key, value)| {
            key.starts_with("data-")
                && value.len() <= LONGEST_TIME
                && value.bytes().any(|byte| byte.is_ascii_digit())
        });
        keys.map(|(key, _)| key.to_owned()).collect()
    }

    fn times(&self, at: usize) -> Vec<String> {
        let part = &self.parts[at];
        if part.text > LONGEST_TIME { Vec::new() } else { page::time_texts(part.element) }
    }

    /// How well these texts are times: most can be read, they differ, and they are of the past.
    fn time_score(&self, texts: &[Vec<String>]) -> f64 {
        let orders = Orders::of(texts.iter().flatten());
        let times: Vec<Option<Timestamp>> = texts
            .iter()
            .map(|texts| {
                texts.iter().find_map(|text| orders.read(text).or_else(|| relative::read(text, self.now)))
            })
            .collect();
        let exact = texts.iter().filter(|texts| texts.iter().any(|text| orders.read(text).is_some())).count();
        let ahead = self.now + SignedDuration::from_hours(48);
        let future = times.iter().flatten().filter(|at| **at > ahead).count();
        let coverage = share(&times);
        if coverage < TIMES {
            return 0.0;
        }
        coverage * (0.7 + 0.3 * distinct(&times)) + 0.1 * ratio(exact, texts.len())
            - 0.4 * ratio(future, texts.len())
    }

    /// Whether the element states a time, in whatever order of day and month.
    pub fn is_time(&mut self, at: usize) -> bool {
        if let Some(known) = self.timely.get(&at) {
            return *known;
        }
        let is_read = |text: &String| readings(text).is_some() || relative::read(text, self.now).is_some();
        let found = self.times(at).iter().any(is_read);
        self.timely.insert(at, found);
        found
    }
}
