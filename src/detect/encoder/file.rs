//! The file of the weights (docs/reference/encoder.md#file): little-endian numbers, one section after the other.

use super::{
    HIDDEN, OUTPUTS,
    tokenizer::{Special, Tokenizer},
};

/// Values that share one scale in a row of the embedding table.
const BLOCK: usize = 32;
/// Bytes of a block: a scale of two bytes and 32 values of four bits.
const BLOCK_BYTES: usize = 18;
/// Bytes of a row of the embedding table.
const ROW_BYTES: usize = HIDDEN / BLOCK * BLOCK_BYTES;
/// First bytes of the file.
const MAGIC: &[u8] = b"TGEENC01";

/// A dense layer: one column of weights for each output.
pub(super) struct DenseWeights {
    pub weights: Vec<i8>,
    pub inputs: usize,
    pub scales: Vec<f32>,
    pub bias: Vec<f32>,
}

/// Scale and offset of a normalisation.
pub(super) struct NormWeights {
    pub scale: Vec<f32>,
    pub offset: Vec<f32>,
}

pub(super) struct LayerWeights {
    pub query_key_value: DenseWeights,
    pub attention: DenseWeights,
    pub attention_norm: NormWeights,
    pub expand: DenseWeights,
    pub contract: DenseWeights,
    pub norm: NormWeights,
}

/// Everything in the file but the layers.
pub(super) struct Model<'a> {
    pub tokenizer: Tokenizer<'a>,
    pub words: Embeddings<'a>,
    /// One row for each position.
    pub positions: Vec<f32>,
    pub norm: NormWeights,
    /// One row of [`OUTPUTS`] for each hidden value.
    pub head: Vec<f32>,
    pub head_bias: Vec<f32>,
}

/// The embedding table, in blocks of four bits.
pub(super) struct Embeddings<'a>(&'a [u8]);

impl Embeddings<'_> {
    /// Adds the row of `token` to `sum`.
    pub fn add(&self, token: u32, sum: &mut [f32]) {
        let start = token as usize * ROW_BYTES;
        let blocks = self.0[start..start + ROW_BYTES].chunks_exact(BLOCK_BYTES);
        for (block, sums) in blocks.zip(sum.chunks_exact_mut(BLOCK)) {
            let scale = half(u16::from_le_bytes([block[0], block[1]]));
            let (low, high) = sums.split_at_mut(BLOCK / 2);
            for ((byte, low), high) in block[2..].iter().zip(low).zip(high) {
                *low += (f32::from(byte & 15) - 8.0) * scale;
                *high += (f32::from(byte >> 4) - 8.0) * scale;
            }
        }
    }
}

/// A number of 16 bits (IEEE 754 binary16) that is neither infinite nor subnormal.
fn half(bits: u16) -> f32 {
    let (sign, rest) = (u32::from(bits & 0x8000) << 16, u32::from(bits & 0x7fff));
    if rest == 0 {
        return 0.0;
    }
    f32::from_bits(sign | ((rest << 13) + ((127 - 15) << 23)))
}

/// Reads `bytes` from the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken
    }

    fn number(&mut self) -> usize {
        self.bytes(4).iter().rev().fold(0, |number, &byte| number << 8 | usize::from(byte))
    }

    fn floats(&mut self, count: usize) -> Vec<f32> {
        let quads = self.bytes(count * 4).chunks_exact(4);
        quads.map(|quad| f32::from_le_bytes([quad[0], quad[1], quad[2], quad[3]])).collect()
    }

    fn dense(&mut self, inputs: usize, outputs: usize) -> DenseWeights {
        DenseWeights {
            inputs,
            scales: self.floats(outputs),
            bias: self.floats(outputs),
            weights: self.bytes(inputs * outputs).iter().map(|byte| byte.cast_signed()).collect(),
        }
    }

    fn norm(&mut self) -> NormWeights {
        NormWeights { scale: self.floats(HIDDEN), offset: self.floats(HIDDEN) }
    }
}

impl<'a> Model<'a> {
    /// Reads the embedded file; the layers one by one, because each is packed for the processor and then dropped. The
    /// file is part of the program, and a test reads it, so its form is not checked here.
    pub fn read(bytes: &'a [u8]) -> (Self, impl Iterator<Item = LayerWeights>) {
        let (bytes, heads) = bytes.split_at(bytes.len() - 4 * (HIDDEN + 1) * OUTPUTS);
        let (mut reader, mut heads) = (Reader(bytes), Reader(heads));
        assert_eq!(reader.bytes(MAGIC.len()), MAGIC, "the weights of the encoder belong to another version");
        let layers = reader.number();
        let pieces = reader.number();
        let positions = reader.number();
        let special = Special { begin: reader.number(), end: reader.number(), unknown: reader.number() };
        let lengths = reader.bytes(pieces);
        let letters: usize = lengths.iter().map(|&length| usize::from(length)).sum();
        let letters = reader.bytes(letters);
        let scores = reader.floats(pieces);
        let model = Self {
            tokenizer: Tokenizer::new(lengths, letters, scores, special),
            words: Embeddings(reader.bytes(pieces * ROW_BYTES)),
            positions: reader.floats(positions * HIDDEN),
            norm: reader.norm(),
            head: heads.floats(HIDDEN * OUTPUTS),
            head_bias: heads.floats(OUTPUTS),
        };
        let layers = (0..layers).map(move |_| LayerWeights {
            query_key_value: reader.dense(HIDDEN, 3 * HIDDEN),
            attention: reader.dense(HIDDEN, HIDDEN),
            attention_norm: reader.norm(),
            expand: reader.dense(HIDDEN, 4 * HIDDEN),
            contract: reader.dense(4 * HIDDEN, HIDDEN),
            norm: reader.norm(),
        });
        (model, layers)
    }
}
