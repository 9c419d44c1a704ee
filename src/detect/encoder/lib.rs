//! A sentence encoder for the texts that the linear model does not decide (docs/explain/detection.md#encoder).

mod file;
mod forward;
mod tokenizer;

use std::sync::OnceLock;

use file::Model;
use forward::{Layers, normalise};

/// Values of a token between the layers.
const HIDDEN: usize = 384;
/// Launch, rumour, no launch; then the events and the stages in the order of the model.
const OUTPUTS: usize = 12;
const CLASSES: usize = 3;
const EVENTS: usize = 6;
/// The weights; how they are made is in docs/reference/encoder.md.
pub const FILE: &[u8] = include_bytes!("model.bin");
/// Most tokens of a headline, and of the whole text.
const TITLE_TOKENS: usize = 48;
const TOKENS: usize = 64;
/// Letters of a headline and of a body that are split into tokens at all.
const TITLE_LETTERS: usize = 300;
const BODY_LETTERS: usize = 400;

/// Words of a headline or a post of which each is left out in turn, and how many of them are named.
const WORDS: usize = 32;
const MOVING_WORDS: usize = 3;

/// What the encoder reads from a text.
#[derive(Debug, Clone)]
pub struct Encoded {
    /// Log-odds of a launch.
    pub launch: f32,
    /// Log-probability of each event, if it is a launch.
    pub events: [f32; EVENTS],
    /// Log-probability of each stage, if it is a launch.
    pub stages: [f32; OUTPUTS - CLASSES - EVENTS],
}

/// The encoder, ready to read. It is shared by all threads.
pub struct Encoder {
    model: Model<'static>,
    layers: Layers,
}

impl Encoder {
    /// The encoder of this process. Its weights are read with the first text.
    #[must_use]
    pub fn shared() -> &'static Self {
        static ENCODER: OnceLock<Encoder> = OnceLock::new();
        ENCODER.get_or_init(|| {
            // One thread judges one text. An error means that another part of the process has set up the pool.
            let _ = rayon::ThreadPoolBuilder::new().num_threads(1).build_global();
            let (model, layers) = Model::read(FILE);
            Self { model, layers: Layers::new(layers) }
        })
    }

    /// The words without which the log-odds of a launch would change most, strongest first.
    #[must_use]
    pub fn moving_words<'a>(&self, title: &'a str, text: &'a str) -> Vec<&'a str> {
        let whole = self.read(title, text).launch;
        let (words, part) = match title.trim() {
            "" => (text.split_whitespace(), 1),
            _ => (title.split_whitespace(), 0),
        };
        let words: Vec<&str> = words.take(WORDS).collect();
        let mut moved: Vec<(f32, &str)> = (0..words.len())
            .map(|gone| {
                let rest = [&words[..gone], &words[gone + 1..]].concat().join(" ");
                let without = if part == 0 { self.read(&rest, text) } else { self.read("", &rest) };
                ((whole - without.launch).abs(), words[gone])
            })
            .collect();
        moved.sort_by(|a, b| b.0.total_cmp(&a.0));
        moved.truncate(MOVING_WORDS);
        moved.into_iter().map(|(_, word)| word).collect()
    }

    /// Reads the opening of a text, in time that grows with its tokens and at most their limit.
    #[must_use]
    pub fn read(&self, title: &str, text: &str) -> Encoded {
        let mut hidden = self.embed(title, text);
        // The shapes are constants of the file, so an error cannot occur; the text then counts as unknown.
        if self.layers.run(&mut hidden).is_err() {
            hidden.fill(0.0);
        }
        let rows = hidden.len() / HIDDEN;
        let mut mean = vec![0.0_f32; HIDDEN];
        for row in hidden.chunks_exact(HIDDEN) {
            mean.iter_mut().zip(row).for_each(|(sum, value)| *sum += value / rows as f32);
        }
        let mut outputs = [0.0; OUTPUTS];
        outputs.copy_from_slice(&self.model.head_bias);
        for (value, weights) in mean.iter().zip(self.model.head.chunks_exact(OUTPUTS)) {
            outputs.iter_mut().zip(weights).for_each(|(output, weight)| *output += value * weight);
        }
        let (classes, facts) = outputs.split_at(CLASSES);
        let (events, stages) = facts.split_at(EVENTS);
        Encoded {
            launch: classes[0] - log_sum(&classes[1..]),
            events: log_shares(events),
            stages: log_shares(stages),
        }
    }

    /// The embeddings of the tokens: headline, then body, each closed by the end token.
    fn embed(&self, title: &str, text: &str) -> Vec<f32> {
        let tokenizer = &self.model.tokenizer;
        let index = |token: usize| u32::try_from(token).unwrap_or(0);
        let (begin, end) = (index(tokenizer.special.begin), index(tokenizer.special.end));
        let tokens_of = |text: &str, letters: usize| {
            let cut = text.char_indices().nth(letters).map_or(text.len(), |(at, _)| at);
            tokenizer.tokens(&text[..cut])
        };
        let mut headline = tokens_of(title, TITLE_LETTERS);
        headline.truncate(TITLE_TOKENS);
        let body = tokens_of(text, BODY_LETTERS);
        let mut tokens = vec![begin];
        tokens.append(&mut headline);
        tokens.push(end);
        if !body.is_empty() {
            tokens.extend(body);
            tokens.push(end);
        }
        tokens.truncate(TOKENS);
        let mut hidden = self.model.positions[..tokens.len() * HIDDEN].to_vec();
        for (&token, row) in tokens.iter().zip(hidden.chunks_exact_mut(HIDDEN)) {
            self.model.words.add(token, row);
        }
        normalise(&mut hidden, &self.model.norm);
        hidden
    }
}

fn log_sum(values: &[f32]) -> f32 {
    let most = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    most + values.iter().map(|value| (value - most).exp()).sum::<f32>().ln()
}

/// Logarithms of the shares that `values` stand for.
fn log_shares<const N: usize>(values: &[f32]) -> [f32; N] {
    let all = log_sum(values);
    std::array::from_fn(|at| values[at] - all)
}
