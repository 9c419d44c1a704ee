//! What each signal is worth: the trained file, read into a table.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

use tge_scrape_encoder::Encoded;

use super::signals::{Sink, Span};

/// Columns of the table: the score, then one for each event and each stage, in the model's order.
pub const COLUMNS: usize = 10;
/// First column of the events.
pub const EVENTS: usize = 1;
/// First column of the stages.
pub const STAGES: usize = 7;

const FILE: &str = include_str!("weights.tsv");

/// The trained linear models, side by side.
#[derive(Debug)]
pub struct Weights {
    rows: HashMap<u64, u32, BuildHasherDefault<Identity>>,
    names: Vec<&'static str>,
    values: Vec<[f32; COLUMNS]>,
    bias: [f32; COLUMNS],
    /// Slope and offset from the raw sum to the log-odds of being right (Platt).
    alone: (f32, f32),
    /// The share at best F1.
    knee: f64,
    blend: Blend,
}

/// How the encoder adds to the linear model.
#[derive(Debug, Clone, Copy)]
struct Blend {
    /// Raw sum from which the encoder reads a text.
    open: f32,
    /// Log-odds of a launch: slope of the raw sum, slope of the encoder's log-odds, offset.
    linear: f32,
    encoder: f32,
    offset: f32,
    /// What the encoder's log-probabilities of events and stages count beside the raw sums.
    event: f32,
    stage: f32,
}

#[derive(Debug, Clone, Copy)]
pub struct Fired {
    pub row: u32,
    pub gain: f32,
    pub span: Option<Span>,
}

#[derive(Debug, Clone, Default)]
pub struct Sums {
    /// Raw sums by column, bias included.
    pub columns: [f32; COLUMNS],
    /// Those that moved the score.
    pub fired: Vec<Fired>,
}

impl Weights {
    pub fn compiled() -> Self {
        Self::parse(FILE)
    }

    fn parse(file: &'static str) -> Self {
        let mut weights = Self {
            rows: HashMap::default(),
            names: Vec::new(),
            values: Vec::new(),
            bias: [0.0; COLUMNS],
            alone: (1.0, 0.0),
            knee: 0.5,
            blend: Blend {
                open: f32::INFINITY,
                linear: 1.0,
                encoder: 0.0,
                offset: 0.0,
                event: 0.0,
                stage: 0.0,
            },
        };
        for line in file.lines().filter(|line| !line.starts_with("# ")) {
            let mut fields = line.split('\t');
            let name = fields.next().unwrap_or_default();
            let mut numbers = fields.map(|field| field.parse::<f32>().unwrap_or(0.0));
            match name {
                "!scale" => {
                    let mut next = || numbers.next().unwrap_or(0.0);
                    weights.alone = (next(), next());
                    weights.knee = f64::from(next());
                }
                "!encoder" => {
                    let mut next = || numbers.next().unwrap_or(0.0);
                    weights.blend = Blend {
                        open: next(),
                        linear: next(),
                        encoder: next(),
                        offset: next(),
                        event: next(),
                        stage: next(),
                    };
                }
                "!bias" => weights.bias.iter_mut().zip(numbers).for_each(|(bias, number)| *bias = number),
                _ => {
                    let mut row = [0.0; COLUMNS];
                    row.iter_mut().zip(numbers).for_each(|(cell, number)| *cell = number);
                    weights
                        .rows
                        .insert(key(&[name]), u32::try_from(weights.values.len()).unwrap_or(u32::MAX));
                    weights.names.push(name);
                    weights.values.push(row);
                }
            }
        }
        weights
    }

    pub fn start(&self) -> Adder<'_> {
        Adder { weights: self, sums: Sums { columns: self.bias, fired: Vec::with_capacity(64) } }
    }

    pub fn name(&self, row: u32) -> &'static str {
        self.names[row as usize]
    }

    #[cfg(test)]
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.names.iter().copied()
    }

    /// Whether a text with this raw sum is worth the encoder's time.
    pub fn is_open(&self, raw: f32) -> bool {
        raw >= self.blend.open
    }

    /// The log-odds that a text is a launch, by its raw sum and by the encoder if that has read it.
    pub fn log_odds(&self, raw: f32, encoded: Option<&Encoded>) -> f32 {
        match encoded {
            Some(encoded) => {
                self.blend.linear * raw + self.blend.encoder * encoded.launch + self.blend.offset
            }
            None => self.alone.0 * raw + self.alone.1,
        }
    }

    /// Log-odds for each raw point.
    pub fn slope(&self, is_encoded: bool) -> f32 {
        if is_encoded { self.blend.linear } else { self.alone.0 }
    }

    /// The encoder's part of the log-odds.
    pub fn part(&self, encoded: &Encoded) -> f32 {
        self.blend.encoder * encoded.launch
    }

    /// Adds what the encoder says of event and stage to the raw sums.
    pub fn add_facts(&self, columns: &mut [f32; COLUMNS], encoded: &Encoded) {
        let events = encoded.events.iter().map(|share| share * self.blend.event);
        let stages = encoded.stages.iter().map(|share| share * self.blend.stage);
        columns[EVENTS..].iter_mut().zip(events.chain(stages)).for_each(|(sum, share)| *sum += share);
    }

    /// The score, 0–100, of a text with these log-odds.
    #[expect(clippy::cast_possible_truncation, reason = "0–100 fits")]
    pub fn score(&self, log_odds: f32) -> f32 {
        score_of(1.0 / (1.0 + (-f64::from(log_odds)).exp()), self.knee) as f32
    }

    /// The raw sum of a text without any signal.
    pub fn bias(&self) -> f32 {
        self.bias[0]
    }

    /// The file, for the fingerprint.
    pub fn source() -> &'static str {
        FILE
    }
}

/// The score, 0–100, of a text of which a `share` (0–1) of its like are launches. From 80 on the score is that share.
/// The share at which F1 is best, `knee`, becomes 60, the threshold of docs/reference/settings.md#detect; between these points the score
/// runs straight.
#[must_use]
pub fn score_of(share: f64, knee: f64) -> f64 {
    let knee = knee.clamp(0.01, 0.79);
    let points = [(0.0, 0.0), (knee, 60.0), (0.8, 80.0), (1.0, 100.0)];
    let part = points.windows(2).find(|ends| share <= ends[1].0).unwrap_or(&points[2..]);
    let ((x0, y0), (x1, y1)) = (part[0], part[1]);
    (y0 + (share - x0) / (x1 - x0) * (y1 - y0)).clamp(0.0, 100.0)
}

#[derive(Debug)]
pub struct Adder<'a> {
    weights: &'a Weights,
    pub sums: Sums,
}

impl Sink for Adder<'_> {
    fn signal(&mut self, name: &[&str], strength: f32, span: Option<Span>) {
        if let Some(&row) = self.weights.rows.get(&key(name)) {
            let values = &self.weights.values[row as usize];
            for (sum, value) in self.sums.columns.iter_mut().zip(values) {
                *sum += value * strength;
            }
            if values[0] != 0.0 {
                self.sums.fired.push(Fired { row, gain: values[0] * strength, span });
            }
        }
    }
}

/// FNV-1a, 64 bit, over a name in pieces (Fowler, Noll, Vo; parameters from draft-eastlake-fnv).
fn key(pieces: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in pieces.iter().flat_map(|piece| piece.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash
}

/// Keys are hashes already.
#[derive(Debug, Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0 << 8 | u64::from(byte);
        }
    }
    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_score_is_the_threshold_at_best_f1_and_the_share_of_right_ones_from_80_on() {
        for (share, score) in [(0.0, 0.0), (0.35, 60.0), (0.8, 80.0), (0.93, 93.0), (1.0, 100.0)] {
            assert!((score_of(share, 0.35) - score).abs() < 1e-9, "{share}");
        }
        assert!(score_of(0.5, 0.35) > 60.0 && score_of(0.5, 0.35) < 80.0);
    }

    #[test]
    fn a_signal_adds_its_weight_times_its_strength() {
        let weights = Weights::parse("!scale\t1\t0\t0.5\n!bias\t-1\nt:airdrop\t2\t0.5\n");
        let mut adder = weights.start();
        adder.signal(&["t:", "airdrop"], 0.5, None);
        adder.signal(&["t:", "unknown"], 1.0, None);
        assert!((adder.sums.columns[0] - 0.0).abs() < 1e-6);
        assert!((adder.sums.columns[1] - 0.25).abs() < 1e-6);
        assert!((weights.score(weights.log_odds(adder.sums.columns[0], None)) - 60.0).abs() < 1e-3);
        assert_eq!(weights.name(adder.sums.fired[0].row), "t:airdrop");
    }
}
