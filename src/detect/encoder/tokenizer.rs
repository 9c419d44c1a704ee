//! Splits a text into the pieces of the vocabulary: the most probable sequence under a unigram language model
//! (Kudo 2018, "Subword Regularization"), found by dynamic programming.

use unicode_normalization::UnicodeNormalization;

/// Stands for a space before a word.
const SPACE: char = '\u{2581}';
/// How far below the rarest piece an unknown character is, in units of log-probability.
const UNKNOWN_PENALTY: f32 = 10.0;

/// Indices of the pieces with a role.
#[derive(Clone, Copy)]
pub(super) struct Special {
    pub begin: usize,
    pub end: usize,
    pub unknown: usize,
}

pub(super) struct Tokenizer<'a> {
    /// The pieces, in the order of their bytes.
    pieces: Vec<&'a [u8]>,
    scores: Vec<f32>,
    pub special: Special,
    unknown_score: f32,
    /// Where the pieces with each first byte begin.
    first: Vec<usize>,
}

impl<'a> Tokenizer<'a> {
    pub fn new(lengths: &[u8], letters: &'a [u8], scores: Vec<f32>, special: Special) -> Self {
        let mut rest = letters;
        let pieces: Vec<&[u8]> = lengths
            .iter()
            .map(|&length| {
                let (piece, after) = rest.split_at(usize::from(length));
                rest = after;
                piece
            })
            .collect();
        let first = (0..=256_usize)
            .map(|byte| pieces.partition_point(|piece| piece.first().map_or(0, |&b| usize::from(b)) < byte))
            .collect();
        let rarest = scores.iter().copied().fold(f32::INFINITY, f32::min);
        Self { pieces, scores, special, unknown_score: rarest - UNKNOWN_PENALTY, first }
    }

    /// The pieces of `text`, as indices.
    pub fn tokens(&self, text: &str) -> Vec<u32> {
        let text = normalise(text);
        let bytes = text.as_bytes();
        if bytes.is_empty() {
            return Vec::new();
        }
        // The best way to reach each byte: score, where its last piece begins, and that piece.
        let mut best = vec![(f32::NEG_INFINITY, 0_usize, 0_usize); bytes.len() + 1];
        best[0].0 = 0.0;
        for (start, letter) in text.char_indices() {
            let so_far = best[start].0;
            if so_far == f32::NEG_INFINITY {
                continue;
            }
            let mut reach = |end: usize, score: f32, piece: usize| {
                if so_far + score > best[end].0 {
                    best[end] = (so_far + score, start, piece);
                }
            };
            self.each_piece(&bytes[start..], |piece| {
                reach(start + self.pieces[piece].len(), self.scores[piece], piece);
            });
            reach(start + letter.len_utf8(), self.unknown_score, self.special.unknown);
        }
        let mut tokens = Vec::new();
        let mut end = bytes.len();
        while end > 0 {
            let (_, start, piece) = best[end];
            let token = u32::try_from(piece).unwrap_or(0);
            // Unknown characters side by side are one token.
            if piece != self.special.unknown || tokens.last() != Some(&token) {
                tokens.push(token);
            }
            end = start;
        }
        tokens.reverse();
        tokens
    }

    /// Calls `found` with each piece that `bytes` begins with.
    fn each_piece(&self, bytes: &[u8], mut found: impl FnMut(usize)) {
        let first = usize::from(bytes[0]);
        let (mut from, mut to) = (self.first[first], self.first[first + 1]);
        let mut depth = 1;
        while from < to {
            if self.pieces[from].len() == depth {
                found(from);
            }
            let Some(&byte) = bytes.get(depth) else { return };
            let candidates = &self.pieces[from..to];
            let low = candidates.partition_point(|piece| piece.get(depth).is_none_or(|&b| b < byte));
            let high = candidates.partition_point(|piece| piece.get(depth).is_none_or(|&b| b <= byte));
            (from, to) = (from + low, from + high);
            depth += 1;
        }
    }
}

/// Compatibility forms as one, and every word after [`SPACE`].
fn normalise(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut after_space = true;
    for letter in text.nfkc() {
        if letter.is_whitespace() {
            after_space = true;
        } else if !(letter.is_control() || is_invisible(letter)) {
            if after_space {
                out.push(SPACE);
                after_space = false;
            }
            out.push(letter);
        }
    }
    out
}

/// Characters without width that feeds put between letters.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}')
}
