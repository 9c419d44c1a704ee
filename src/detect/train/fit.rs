//! Logistic regression with an L2 penalty, by cyclic coordinate descent with trust regions.

/// A column-wise sparse matrix: for each signal the rows it fires in.
pub struct Columns {
    pub cells: Vec<Vec<(u32, f32)>>,
    pub rows: usize,
}

impl Columns {
    pub fn new(rows: &[&Vec<(u32, f32)>], width: usize) -> Self {
        let mut cells = vec![Vec::new(); width];
        for (index, row) in rows.iter().enumerate() {
            for &(column, value) in *row {
                cells[column as usize].push((u32::try_from(index).unwrap_or(u32::MAX), value));
            }
        }
        Self { cells, rows: rows.len() }
    }
}

/// The fitted weights and the bias.
pub struct Fit {
    pub weights: Vec<f64>,
    pub bias: f64,
}

/// Minimises the weighted logistic loss plus `ridge`/2 · |w|²; signals that fire in fewer than `least` rows stay 0.
/// The penalty draws each weight towards its `prior`.
pub fn fit(
    columns: &Columns,
    target: &[bool],
    weight: &[f64],
    prior: &[f64],
    ridge: f64,
    least: usize,
) -> Fit {
    let mut margins = vec![0.0_f64; columns.rows];
    let mut weights = prior.to_vec();
    for (cells, value) in columns.cells.iter().zip(prior).filter(|(_, value)| **value != 0.0) {
        for &(row, x) in cells {
            margins[row as usize] += value * f64::from(x);
        }
    }
    let mut trust = vec![1.0_f64; columns.cells.len() + 1];
    let mut bias = 0.0;
    let all: Vec<(u32, f32)> =
        (0..columns.rows).map(|row| (u32::try_from(row).unwrap_or(u32::MAX), 1.0)).collect();
    for _ in 0..80 {
        let mut moved =
            step(&all, &mut bias, &mut trust[columns.cells.len()], (0.0, 0.0), &mut margins, target, weight);
        for (column, cells) in columns.cells.iter().enumerate() {
            if cells.len() >= least {
                moved = moved.max(step(
                    cells,
                    &mut weights[column],
                    &mut trust[column],
                    (ridge, prior[column]),
                    &mut margins,
                    target,
                    weight,
                ));
            }
        }
        if moved < 1e-3 {
            break;
        }
    }
    Fit { weights, bias }
}

/// One Newton step on one weight, within its trust region; gives how far it moved.
fn step(
    cells: &[(u32, f32)],
    value: &mut f64,
    trust: &mut f64,
    (ridge, prior): (f64, f64),
    margins: &mut [f64],
    target: &[bool],
    weight: &[f64],
) -> f64 {
    let (mut slope, mut bend) = (ridge * (*value - prior), ridge);
    for &(row, x) in cells {
        let (row, x) = (row as usize, f64::from(x));
        let p = 1.0 / (1.0 + (-margins[row]).exp());
        slope += weight[row] * x * (p - f64::from(u8::from(target[row])));
        bend += weight[row] * x * x * (p * (1.0 - p)).max(0.01);
    }
    let change = (-slope / bend.max(1e-9)).clamp(-*trust, *trust);
    *value += change;
    *trust = (2.0 * change.abs()).max(*trust / 2.0);
    for &(row, x) in cells {
        margins[row as usize] += change * f64::from(x);
    }
    change.abs()
}

/// Slope and offset that turn raw sums into log-odds (Platt 1999, with his smoothed targets).
pub fn platt(sums: &[f64], target: &[bool]) -> (f64, f64) {
    let positives = target.iter().filter(|yes| **yes).count() as f64;
    let negatives = target.len() as f64 - positives;
    let (high, low) = ((positives + 1.0) / (positives + 2.0), 1.0 / (negatives + 2.0));
    let (mut slope, mut offset) = (1.0, 0.0);
    for _ in 0..200 {
        let (mut ga, mut gb, mut haa, mut hab, mut hbb) = (0.0, 0.0, 1e-9, 0.0, 1e-9);
        for (&sum, &yes) in sums.iter().zip(target) {
            let p = 1.0 / (1.0 + (-(slope * sum + offset)).exp());
            let d = p - if yes { high } else { low };
            let w = (p * (1.0 - p)).max(1e-6);
            ga += d * sum;
            gb += d;
            haa += w * sum * sum;
            hab += w * sum;
            hbb += w;
        }
        let det = haa * hbb - hab * hab;
        if det.abs() < 1e-12 {
            break;
        }
        slope -= (hbb * ga - hab * gb) / det;
        offset -= (haa * gb - hab * ga) / det;
    }
    (slope, offset)
}
