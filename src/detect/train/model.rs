//! The linear models, and their cross-validation by story.

use std::{
    collections::{BTreeSet, HashMap},
    thread,
};

use sha2::{Digest, Sha256};
use tge_scrape::detect::headline::{FACT_PRIORS, PRIORS};

use crate::{
    data::{Corpus, Item, ORIGIN_FOLDS},
    fit::{Columns, fit},
};

/// Parts of the cross-validation by story.
const STORY_FOLDS: usize = 10;
/// Penalty on a weight's distance from where it starts.
const RIDGE: f64 = 1.7;
/// A signal must fire in so many texts to be given a weight.
const LEAST: usize = 3;
/// From so many texts on, a story counts less for each: one project's hundred adverts are not a hundred projects.
const MANY: f64 = 10.0;

pub const EVENTS: [&str; 6] = ["announcement", "snapshot", "sale", "airdrop", "listing", "tokenomics"];
pub const STAGES: [&str; 3] = ["upcoming", "live", "past"];
/// The score, then a column for each event and stage.
pub const COLUMNS: usize = 1 + EVENTS.len() + STAGES.len();

/// The signals of one text: index and strength.
pub type Row = Vec<(u32, f32)>;

/// What a model says of a text it has not seen.
#[derive(Clone, Copy)]
pub struct Held {
    /// The raw sum of each column.
    pub sums: [f64; COLUMNS],
}

impl Held {
    /// The raw sum of the score.
    pub fn sum(&self) -> f64 {
        self.sums[0]
    }

    pub fn event(&self) -> usize {
        best(&self.sums[1..=EVENTS.len()])
    }

    pub fn stage(&self) -> usize {
        best(&self.sums[1 + EVENTS.len()..])
    }
}

fn best(sums: &[f64]) -> usize {
    (0..sums.len()).max_by(|&a, &b| sums[a].total_cmp(&sums[b])).unwrap_or(0)
}

/// What a cross-validation holds out together.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// Stories: a text of the same outlet may have been seen.
    Story,
    /// Origins, and the stories of their texts: what a user gets from a feed that no label comes from.
    Origin,
}

impl Split {
    fn folds(self) -> usize {
        match self {
            Self::Story => STORY_FOLDS,
            Self::Origin => ORIGIN_FOLDS,
        }
    }

    /// The part of a labelled item.
    fn fold(self, item: &Item) -> Option<usize> {
        let story = item.story.as_deref()?;
        match self {
            Self::Story => Some(usize::from(digest(story)[0]) % STORY_FOLDS),
            Self::Origin => item.fold,
        }
    }
}

/// The texts as rows of signals.
pub struct Trial<'a> {
    pub corpus: &'a Corpus,
    pub names: &'a [String],
    pub rows: Vec<Row>,
    /// Where training starts, by column and signal.
    priors: Vec<Vec<f64>>,
    /// Letters and digits of each text, to find names in.
    plain: Vec<String>,
}

/// One weight for each column and signal; raw sums are `bias + Σ weight · strength`.
pub struct Model {
    pub weights: Vec<Vec<f64>>,
    pub bias: Vec<f64>,
}

impl Model {
    fn sum(&self, column: usize, row: &Row) -> f64 {
        row.iter().fold(self.bias[column], |sum, &(signal, x)| {
            sum + self.weights[column][signal as usize] * f64::from(x)
        })
    }
}

impl<'a> Trial<'a> {
    pub fn new(corpus: &'a Corpus, names: &'a [String], rows: Vec<Row>) -> Self {
        let start = |column: usize, name: &str| {
            let score = PRIORS.iter().filter(|_| column == 0).map(|&(known, points)| (known, points));
            let facts = FACT_PRIORS
                .iter()
                .filter(|prior| prior.1 == column)
                .map(|&(known, _, points)| (known, points));
            score.chain(facts).find(|(known, _)| *known == name).map_or(0.0, |(_, points)| f64::from(points))
        };
        let priors =
            (0..COLUMNS).map(|column| names.iter().map(|name| start(column, name)).collect()).collect();
        let plain = corpus.items.iter().map(|item| plain(&format!("{} {}", item.title, item.text))).collect();
        Self { corpus, names, rows, priors, plain }
    }

    /// Trains on the items that `keep` takes, without the signals that `without` names.
    pub fn train(&self, keep: impl Fn(usize, &Item) -> bool) -> Model {
        let kept: Vec<usize> = (0..self.rows.len()).filter(|&at| keep(at, &self.corpus.items[at])).collect();
        let items: Vec<&Item> = kept.iter().map(|&at| &self.corpus.items[at]).collect();
        let mut stories = HashMap::<&str, f64>::new();
        for story in items.iter().filter_map(|item| item.story.as_deref()) {
            *stories.entry(story).or_default() += 1.0;
        }
        let weight = |item: &Item| {
            let many = item.story.as_deref().map_or(1.0, |story| stories[story]);
            item.weight * (MANY / many).min(1.0).sqrt()
        };
        let mut model = Model { weights: Vec::new(), bias: Vec::new() };
        for column in 0..COLUMNS {
            // Events and stages are learnt from launches only.
            let chosen: Vec<usize> = (0..items.len()).filter(|&at| column == 0 || items[at].yes).collect();
            let rows: Vec<&Row> = chosen.iter().map(|&at| &self.rows[kept[at]]).collect();
            let target: Vec<bool> = chosen.iter().map(|&at| belongs(items[at], column)).collect();
            let weights: Vec<f64> = chosen.iter().map(|&at| weight(items[at])).collect();
            let columns = Columns::new(&rows, self.names.len());
            let fitted = fit(&columns, &target, &weights, &self.priors[column], RIDGE, LEAST);
            model.weights.push(fitted.weights);
            model.bias.push(fitted.bias);
        }
        model
    }

    /// What models say of every labelled item that have seen neither the part of the `split` it belongs to nor any
    /// other text that names its project; trained on a `share` of the stories.
    pub fn held_out(&self, split: Split, share: f64) -> Vec<Option<Held>> {
        let mut out = vec![None; self.rows.len()];
        let workers = thread::available_parallelism().map_or(1, std::num::NonZero::get).min(split.folds());
        let found: Vec<Vec<(usize, Held)>> = thread::scope(|scope| {
            let threads: Vec<_> = (0..workers)
                .map(|worker| {
                    scope.spawn(move || {
                        (worker..split.folds())
                            .step_by(workers)
                            .flat_map(|fold| self.fold(split, fold, share))
                            .collect()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap_or_default()).collect()
        });
        for (at, held) in found.into_iter().flatten() {
            out[at] = Some(held);
        }
        out
    }

    fn fold(&self, split: Split, fold: usize, share: f64) -> Vec<(usize, Held)> {
        let items = &self.corpus.items;
        let held = |item: &Item| split.fold(item) == Some(fold);
        let stories: BTreeSet<&str> =
            items.iter().filter(|item| held(item)).filter_map(|item| item.story.as_deref()).collect();
        let projects: BTreeSet<String> = items
            .iter()
            .filter(|item| held(item))
            .filter_map(|item| item.project.as_deref().map(plain))
            .filter(|name| name.len() > 3)
            .collect();
        let model = self.train(|at, item| match item.story.as_deref() {
            Some(story) => {
                !held(item) && !stories.contains(story) && f64::from(digest(story)[1]) < share * 256.0
            }
            None => {
                (split == Split::Story || item.fold != Some(fold))
                    && !projects.iter().any(|name| self.plain[at].contains(name))
            }
        });
        (0..self.rows.len())
            .filter(|&at| held(&items[at]))
            .map(|at| {
                let sums = std::array::from_fn(|column| model.sum(column, &self.rows[at]));
                (at, Held { sums })
            })
            .collect()
    }
}

fn belongs(item: &Item, column: usize) -> bool {
    match column.checked_sub(1) {
        None => item.yes,
        Some(event) if event < EVENTS.len() => item.event.as_deref() == Some(EVENTS[event]),
        Some(later) => item.stage.as_deref() == Some(STAGES[later - EVENTS.len()]),
    }
}

fn digest(story: &str) -> [u8; 32] {
    Sha256::digest(story.as_bytes()).into()
}

fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
