//! One log-odds of a launch from the linear model and the encoder.

use std::{collections::HashMap, error::Error, fs, path::Path};

use crate::{
    fit::platt,
    model::{EVENTS, Held, STAGES, Trial},
};

/// One unlabelled text in so many is left open by the linear model, and read by the encoder: what the throughput of
/// docs/explain/detection.md#encoder allows.
const OPEN: usize = 420;
/// Outputs of the encoder for the class: launch, rumour, none.
const CLASSES: usize = 3;
/// Steps of Newton's method; it converges in less than ten.
const STEPS: usize = 50;
/// Weights of the encoder that are tried for events and stages, in tenths.
const TENTHS: usize = 30;

/// How the models are combined.
pub struct Blend {
    /// Slope and offset from the sum of the linear model alone to log-odds.
    pub alone: (f64, f64),
    /// Sum of the linear model from which the encoder reads a text.
    pub open: f64,
    /// Weights of the linear sum and of the encoder's log-odds, and offset.
    pub weights: [f64; 3],
    /// Weights of the encoder's log-probabilities of events and stages.
    pub event: f64,
    pub stage: f64,
}

/// What encoders that have not seen its origin say of each labelled text, by ID.
pub type Encoded = HashMap<String, Vec<f64>>;

/// Reads the file that `encoder.py` writes.
pub fn read(file: &Path) -> Result<Encoded, Box<dyn Error>> {
    let mut encoded = Encoded::new();
    for line in fs::read_to_string(file)?.lines() {
        let mut fields = line.split('\t');
        let id = fields.next().unwrap_or_default().to_owned();
        encoded.insert(id, fields.map(str::parse).collect::<Result<_, _>>()?);
    }
    Ok(encoded)
}

impl Blend {
    /// Fits the combination on held-out results and applies it to them.
    pub fn fit(trial: &Trial, results: &mut [Option<Held>], encoded: &Encoded) -> Self {
        let open = open_from(trial);
        let items = &trial.corpus.items;
        let (sums, yes): (Vec<f64>, Vec<bool>) = items
            .iter()
            .zip(results.iter())
            .filter_map(|(item, held)| held.as_ref().map(|held| (held.sums[0], item.yes)))
            .unzip();
        let outputs = |at: usize| encoded.get(&items[at].id);
        let read: Vec<usize> = (0..items.len())
            .filter(|&at| {
                results[at].as_ref().is_some_and(|held| held.sums[0] >= open) && outputs(at).is_some()
            })
            .collect();
        let rows: Vec<([f64; 3], bool)> = read
            .iter()
            .filter_map(|&at| {
                Some(([results[at].as_ref()?.sums[0], log_odds(outputs(at)?), 1.0], items[at].yes))
            })
            .collect();
        let weights = logistic(&rows);
        let alone = platt(&sums, &yes);
        let launches: Vec<usize> = read.iter().copied().filter(|&at| items[at].yes).collect();
        let best_weight = |names: &[&str],
                           column: usize,
                           output: usize,
                           label: fn(&crate::data::Item) -> Option<&str>| {
            let right = |tenths: usize| {
                let weight = tenths as f64 / 10.0;
                let hits = launches.iter().filter(|&&at| {
                    let (Some(held), Some(outputs)) = (&results[at], outputs(at)) else { return false };
                    let shares = log_shares(&outputs[output..output + names.len()]);
                    let sum = |index: usize| held.sums[column + index] + weight * shares[index];
                    let best = (0..names.len()).max_by(|&a, &b| sum(a).total_cmp(&sum(b)));
                    best.is_some_and(|best| label(&items[at]) == Some(names[best]))
                });
                hits.count()
            };
            (0..TENTHS).rev().max_by_key(|&tenths| right(tenths)).map_or(0.0, |tenths| tenths as f64 / 10.0)
        };
        let event = best_weight(&EVENTS, 1, CLASSES, |item| item.event.as_deref());
        let stage =
            best_weight(&STAGES, 1 + EVENTS.len(), CLASSES + EVENTS.len(), |item| item.stage.as_deref());
        for (at, held) in results.iter_mut().enumerate() {
            let Some(held) = held else { continue };
            held.log_odds = alone.0 * held.sums[0] + alone.1;
            let Some(outputs) = outputs(at).filter(|_| held.sums[0] >= open) else { continue };
            held.log_odds = weights[0] * held.sums[0] + weights[1] * log_odds(outputs) + weights[2];
            let (events, stages) = outputs[CLASSES..].split_at(EVENTS.len());
            let shares = log_shares(events).into_iter().map(|share| share * event);
            let shares = shares.chain(log_shares(stages).into_iter().map(|share| share * stage));
            held.sums[1..].iter_mut().zip(shares).for_each(|(sum, share)| *sum += share);
            held.facts = trial.settle(at, &held.sums);
        }
        Self { alone, open, weights, event, stage }
    }
}

/// The sum that one in [`OPEN`] of the unlabelled texts reaches.
fn open_from(trial: &Trial) -> f64 {
    let model = trial.train(|_, _| true);
    let mut sums: Vec<f64> = trial.unlabelled.iter().map(|row| model.sum(0, row)).collect();
    sums.sort_by(f64::total_cmp);
    sums.get(sums.len() - sums.len() / OPEN).copied().unwrap_or(0.0)
}

fn log_sum(values: &[f64]) -> f64 {
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    most + values.iter().map(|value| (value - most).exp()).sum::<f64>().ln()
}

fn log_odds(outputs: &[f64]) -> f64 {
    outputs[0] - log_sum(&outputs[1..CLASSES])
}

fn log_shares(values: &[f64]) -> Vec<f64> {
    let all = log_sum(values);
    values.iter().map(|value| value - all).collect()
}

/// Logistic regression of three weights by Newton's method.
fn logistic(rows: &[([f64; 3], bool)]) -> [f64; 3] {
    let mut weights = [0.0_f64; 3];
    for _ in 0..STEPS {
        let (mut slope, mut bend) = ([0.0_f64; 3], [[0.0_f64; 3]; 3]);
        for (x, yes) in rows {
            let sum: f64 = weights.iter().zip(x).map(|(weight, x)| weight * x).sum();
            let share = 1.0 / (1.0 + (-sum).exp());
            for (i, &a) in x.iter().enumerate() {
                slope[i] += (share - f64::from(u8::from(*yes))) * a;
                for (j, &b) in x.iter().enumerate() {
                    bend[i][j] += share * (1.0 - share) * a * b;
                }
            }
        }
        (0..3).for_each(|i| bend[i][i] += 1e-6);
        let change = solve(bend, slope);
        weights.iter_mut().zip(change).for_each(|(weight, change)| *weight -= change);
    }
    weights
}

/// Solves a system of three equations by Gaussian elimination; `matrix` is positive definite.
fn solve(mut matrix: [[f64; 3]; 3], mut right: [f64; 3]) -> [f64; 3] {
    for pivot in 0..3 {
        for row in 0..3 {
            if row != pivot {
                let reduced = matrix[pivot];
                let factor = matrix[row][pivot] / reduced[pivot];
                matrix[row].iter_mut().zip(reduced).for_each(|(value, other)| *value -= factor * other);
                right[row] -= factor * right[pivot];
            }
        }
    }
    std::array::from_fn(|at| right[at] / matrix[at][at])
}
