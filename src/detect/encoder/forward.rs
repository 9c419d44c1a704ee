//! The forward pass of a BERT-like encoder (Devlin et al. 2019): dense layers in whole numbers of 8 bits, the rest in f32.

use rten_gemm::{GemmError, GemmExecutor, GemmInputA, GemmInputB, GemmOptions, PackedBMatrix, QuantParams};
use rten_simd::{SimdOp, SimdUnaryOp};
use rten_tensor::NdTensorView;
use rten_vecmath::{
    ExtendInit, Gelu, MinMax, Normalize, NormalizeOptions, Quantize, Softmax, Sum, SumSquareSub,
};

use super::{
    HIDDEN,
    file::{DenseWeights, LayerWeights, NormWeights},
};

/// Attention heads, and values of each.
const HEADS: usize = 12;
const HEAD: usize = HIDDEN / HEADS;
/// Added to a variance before its root.
const EPSILON: f32 = 1e-12;
/// Zero of the activations in whole numbers from 0 to 255, and their largest distance from it.
const ZERO: u8 = 128;
const RANGE: f32 = 127.0;

/// A dense layer, its weights in the order that the kernel of this processor reads.
struct Dense {
    weights: PackedBMatrix<i8>,
    scales: Vec<f32>,
    bias: Vec<f32>,
    inputs: usize,
}

struct Layer {
    query_key_value: Dense,
    attention: Dense,
    attention_norm: NormWeights,
    expand: Dense,
    contract: Dense,
    norm: NormWeights,
}

pub(super) struct Layers(Vec<Layer>);

/// What one pass works with: the kernels that this processor has, and memory that the dense layers share.
#[derive(Default)]
struct Pass {
    whole: GemmExecutor<u8, i8, i32>,
    float: GemmExecutor<f32>,
    inputs: Vec<u8>,
    scales: Vec<f32>,
    zeros: Vec<u8>,
    sums: Vec<i32>,
}

impl Layers {
    pub fn new(layers: impl Iterator<Item = LayerWeights>) -> Self {
        let whole = GemmExecutor::<u8, i8, i32>::new();
        let dense = |from: DenseWeights| {
            let shape = [from.inputs, from.scales.len()];
            let weights = whole.prepack_b(NdTensorView::from_data(shape, from.weights.as_slice()));
            Dense { weights, scales: from.scales, bias: from.bias, inputs: from.inputs }
        };
        let packed = layers
            .map(|layer| Layer {
                query_key_value: dense(layer.query_key_value),
                attention: dense(layer.attention),
                attention_norm: layer.attention_norm,
                expand: dense(layer.expand),
                contract: dense(layer.contract),
                norm: layer.norm,
            })
            .collect();
        Self(packed)
    }

    /// Replaces the embeddings in `hidden`, one row for each token, by the output of the last layer.
    pub fn run(&self, hidden: &mut [f32]) -> Result<(), GemmError> {
        let mut pass = Pass::default();
        let (mut wide, mut narrow) = (Vec::new(), Vec::new());
        for layer in &self.0 {
            pass.dense(&layer.query_key_value, hidden, &mut wide)?;
            let attended = pass.attend(&wide)?;
            pass.dense(&layer.attention, &attended, &mut narrow)?;
            add(hidden, &narrow);
            normalise(hidden, &layer.attention_norm);
            pass.dense(&layer.expand, hidden, &mut wide)?;
            Gelu {}.map_mut(&mut wide);
            pass.dense(&layer.contract, &wide, &mut narrow)?;
            add(hidden, &narrow);
            normalise(hidden, &layer.norm);
        }
        Ok(())
    }
}

impl Pass {
    /// `output` = `input` · weights + bias, for each row of `input`.
    fn dense(&mut self, dense: &Dense, input: &[f32], output: &mut Vec<f32>) -> Result<(), GemmError> {
        let (rows, outputs) = (input.len() / dense.inputs, dense.scales.len());
        self.inputs.clear();
        self.scales.clear();
        for row in input.chunks_exact(dense.inputs) {
            let (least, most) = MinMax::new(row).dispatch();
            let scale = most.max(-least).max(f32::MIN_POSITIVE) / RANGE;
            self.scales.push(scale);
            self.inputs.reserve(row.len());
            self.inputs.extend_init(|free| {
                &*Quantize::new(row, &mut free[..row.len()], scale.recip(), ZERO).dispatch()
            });
        }
        self.zeros.clear();
        self.zeros.resize(rows, ZERO);
        self.sums.clear();
        self.sums.resize(rows * outputs, 0);
        self.whole.gemm(
            &mut self.sums,
            GemmInputA::Unpacked(NdTensorView::from_data([rows, dense.inputs], self.inputs.as_slice())),
            GemmInputB::Packed(&dense.weights),
            GemmOptions { a_quant: Some(QuantParams { zero_point: &self.zeros }), ..GemmOptions::default() },
        )?;
        output.clear();
        output.reserve(rows * outputs);
        for (sums, row_scale) in self.sums.chunks_exact(outputs).zip(&self.scales) {
            let columns = sums.iter().zip(&dense.scales).zip(&dense.bias);
            output.extend(columns.map(|((&sum, scale), bias)| whole(sum) * (row_scale * scale) + bias));
        }
        Ok(())
    }

    /// Scaled dot-product attention of queries, keys and values, which stand side by side in each row of `rows`.
    fn attend(&self, rows: &[f32]) -> Result<Vec<f32>, GemmError> {
        let count = rows.len() / (3 * HIDDEN);
        let all = NdTensorView::from_data([count, 3 * HIDDEN], rows);
        let mut out = vec![0.0; count * HIDDEN];
        let mut shares = vec![0.0; count * count];
        let mut attended = vec![0.0; count * HEAD];
        for head in 0..HEADS {
            let part = |index: usize| {
                let start = index * HIDDEN + head * HEAD;
                all.slice((.., start..start + HEAD))
            };
            let scaled = GemmOptions { alpha: (HEAD as f32).sqrt().recip(), ..GemmOptions::default() };
            let (queries, keys) = (GemmInputA::Unpacked(part(0)), GemmInputB::Unpacked(part(1).transposed()));
            self.float.gemm(&mut shares, queries, keys, scaled)?;
            for row in shares.chunks_exact_mut(count) {
                Softmax::new_mut(row).dispatch();
            }
            let weights = GemmInputA::Unpacked(NdTensorView::from_data([count, count], shares.as_slice()));
            self.float.gemm(&mut attended, weights, GemmInputB::Unpacked(part(2)), GemmOptions::default())?;
            for (row, part) in out.chunks_exact_mut(HIDDEN).zip(attended.chunks_exact(HEAD)) {
                row[head * HEAD..(head + 1) * HEAD].copy_from_slice(part);
            }
        }
        Ok(out)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a sum of 1,536 products of 8 and 7 bits fits f32 closely enough"
)]
fn whole(sum: i32) -> f32 {
    sum as f32
}

fn add(sums: &mut [f32], values: &[f32]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += value;
    }
}

/// Gives each row mean 0 and variance 1, then the trained scale and offset.
pub(super) fn normalise(rows: &mut [f32], norm: &NormWeights) {
    for row in rows.chunks_exact_mut(HIDDEN) {
        let mean = Sum::new(row).dispatch() / HIDDEN as f32;
        let variance = SumSquareSub::new(row, mean).dispatch() / HIDDEN as f32;
        let options = NormalizeOptions {
            pre_scale_bias: mean,
            scale: (variance + EPSILON).sqrt().recip(),
            element_scale: Some(&norm.scale),
            element_bias: Some(&norm.offset),
            ..NormalizeOptions::default()
        };
        Normalize::new_mut(row, options).dispatch();
    }
}
