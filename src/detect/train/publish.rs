//! The weights file.

use std::{error::Error, fmt::Write as _, fs, path::Path};

use crate::{
    blend::Blend,
    data::digest,
    measure::Figures,
    model::{COLUMNS, EVENTS, Held, Model, STAGES, Trial},
};
use tge_scrape::detect::score_of;

/// Weights this small are left out: of the score, and of events and stages.
const SMALL: f64 = 0.02;
const SMALL_FACTS: f64 = 0.05;

/// Trains on everything and writes `file`, dated `date`; the scale comes from the held-out `results`.
pub fn publish(
    trial: &Trial,
    results: &[Option<Held>],
    figures: &Figures,
    blend: &Blend,
    date: &str,
    file: &Path,
) -> Result<(), Box<dyn Error>> {
    let (sums, right): (Vec<f64>, Vec<bool>) = trial
        .corpus
        .items
        .iter()
        .zip(results)
        .filter_map(|(item, result)| result.as_ref().map(|held| (held.log_odds, item.yes)))
        .unzip();
    let share = |log_odds: f64| 1.0 / (1.0 + (-log_odds).exp());
    let knee = share(figures.threshold);
    let labelled = trial.corpus.items.iter().filter(|item| item.weight >= 1.0).count();
    let mut lines = format!(
        "# Trained weights, {date}; made by `cargo run --release --example train -- DATA_DIR write DATE`.\n\
         # Data {}: {labelled} labelled texts, {} in all. With origins left out: F1 {:.3} (P {:.3}, R {:.3}), AP {:.3}, event {:.3}, stage {:.3}.\n",
        trial.corpus.hash,
        trial.corpus.items.len(),
        figures.f1,
        figures.precision,
        figures.recall,
        figures.ap,
        figures.event,
        figures.stage
    );
    lines.push_str("# Score: held-out labelled texts of about that score that are launches, in a hundred:");
    for score in [30_u8, 50, 70, 80, 90, 100] {
        let near = |sum: &f64| (score_of(share(*sum), knee) - f64::from(score)).abs() <= 10.0;
        let hits: Vec<bool> =
            sums.iter().zip(&right).filter(|(sum, _)| near(sum)).map(|(_, yes)| *yes).collect();
        let yes = hits.iter().filter(|yes| **yes).count();
        let _ =
            write!(lines, " {score}: {:.0} of {}", 100.0 * yes as f64 / hits.len().max(1) as f64, hits.len());
    }
    let _ = writeln!(lines, "\n# Columns: score, {}, {}.", EVENTS.join(", "), STAGES.join(", "));
    let _ = writeln!(lines, "!scale\t{:.4}\t{:.4}\t{knee:.4}", blend.alone.0, blend.alone.1);
    let Blend { open, weights: [linear, encoder, offset], event, stage, .. } = blend;
    let _ = writeln!(
        lines,
        "!encoder\t{open:.4}\t{linear:.4}\t{encoder:.4}\t{offset:.4}\t{event:.4}\t{stage:.4}\t{}",
        digest(&fs::read(file.with_file_name("encoder").join("model.bin"))?)
    );
    let model = trial.train(|_, _| true);
    let _ = writeln!(lines, "!bias{}", cells(&model.bias));
    write_signals(&mut lines, trial, &model);
    fs::write(file, lines)?;
    Ok(())
}

/// Writes what models that have not seen it say of each labelled text: ID, part, and the raw sum of each column.
pub fn write_sums(trial: &Trial, results: &[Option<Held>], file: &Path) -> Result<(), Box<dyn Error>> {
    let mut lines = String::new();
    for (item, held) in trial.corpus.items.iter().zip(results) {
        if let (Some(held), Some(fold)) = (held, item.fold) {
            let _ = write!(lines, "{}\t{fold}", item.id);
            for sum in held.sums {
                let _ = write!(lines, "\t{sum:.4}");
            }
            lines.push('\n');
        }
    }
    fs::write(file, lines)?;
    Ok(())
}

fn write_signals(lines: &mut String, trial: &Trial, model: &Model) {
    let mut order: Vec<usize> = (0..trial.names.len()).collect();
    order.sort_by(|a, b| trial.names[*a].cmp(&trial.names[*b]));
    for signal in order {
        let row: Vec<f64> = (0..COLUMNS).map(|column| model.weights[column][signal]).collect();
        if row[0].abs() >= SMALL || row[1..].iter().any(|cell| cell.abs() >= SMALL_FACTS) {
            let _ = writeln!(lines, "{}{}", trial.names[signal], cells(&row));
        }
    }
}

/// Cells parted by tabs, empty where they are nothing, trailing ones left out.
fn cells(row: &[f64]) -> String {
    let mut line = String::new();
    for cell in row {
        let rounded = format!("{cell:.2}");
        line.push('\t');
        if !matches!(rounded.as_str(), "0.00" | "-0.00") {
            line.push_str(&rounded);
        }
    }
    line.truncate(line.trim_end_matches('\t').len());
    line
}
