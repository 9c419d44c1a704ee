//! The linear models, and their cross-validation by story.

use std::{
    collections::{BTreeSet, HashMap},
    thread,
};

use sha2::{Digest, Sha256};
use tge_scrape::{
    detect::{
        facts::{NOTICE_PRIORS, Settled, event_dates, notice, settle},
        headline::{FACT_PRIORS, PRIORS},
        lexicon::{Lexicon, month},
    },
    model::event_date::day_of,
};

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

/// What models that have not seen a text say of it.
#[derive(Clone)]
pub struct Held {
    /// The raw sum of each column of the linear model.
    pub sums: [f64; COLUMNS],
    /// Log-odds of a launch by all models.
    pub log_odds: f64,
    /// Event, stage and date after the rules of judgement.
    pub facts: Settled,
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
    pub lexicon: &'a Lexicon,
    pub names: &'a [String],
    pub rows: Vec<Row>,
    /// Texts that nothing is learnt from.
    pub unlabelled: &'a [Row],
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
    pub fn sum(&self, column: usize, row: &Row) -> f64 {
        row.iter().fold(self.bias[column], |sum, &(signal, x)| {
            sum + self.weights[column][signal as usize] * f64::from(x)
        })
    }
}

impl<'a> Trial<'a> {
    pub fn new(
        corpus: &'a Corpus,
        lexicon: &'a Lexicon,
        names: &'a [String],
        rows: Vec<Row>,
        unlabelled: &'a [Row],
    ) -> Self {
        let start = |column: usize, name: &str| {
            let score = PRIORS.iter().filter(|_| column == 0).map(|&(known, points)| (known, points));
            let facts = FACT_PRIORS
                .iter()
                .chain(NOTICE_PRIORS)
                .filter(|prior| prior.1 == column)
                .map(|&(known, _, points)| (known, points));
            score.chain(facts).find(|(known, _)| *known == name).map_or(0.0, |(_, points)| f64::from(points))
        };
        let priors =
            (0..COLUMNS).map(|column| names.iter().map(|name| start(column, name)).collect()).collect();
        let plain = corpus.items.iter().map(|item| plain(&format!("{} {}", item.title, item.text))).collect();
        Self { corpus, lexicon, names, rows, unlabelled, priors, plain }
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

    /// Event, stage and date of a text, as judgement settles them.
    pub fn settle(&self, at: usize, sums: &[f64; COLUMNS]) -> Settled {
        let item = &self.corpus.items[at];
        let reading = self.lexicon.read(&item.title, &item.text, item.published.map(month));
        let dates = event_dates(&reading, item.published);
        #[expect(clippy::cast_possible_truncation, reason = "judgement adds up in f32")]
        let sums = sums.map(|sum| sum as f32);
        let (events, stages) = sums[1..].split_at(EVENTS.len());
        let notice = notice(self.lexicon, &reading);
        settle(events, stages, &dates, &reading, notice.as_ref(), item.published.map(day_of))
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
                let sums: [f64; COLUMNS] = std::array::from_fn(|column| model.sum(column, &self.rows[at]));
                (at, Held { sums, log_odds: sums[0], facts: self.settle(at, &sums) })
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
