//! Trains the detector's weights: `cargo run --release --example train -- DATA_DIR`.
//!
//! Reads the labelled items, the annotators' further labels (ids only, `labels.tsv` beside this file) and a
//! sample of the unlabelled corpus as weak negatives; cross-validates by story and by origin; writes `src/detect/weights.tsv`.
//! Deterministic: the same data give the same file.

#![expect(clippy::print_stdout, reason = "a tool for the terminal")]

mod data;
mod fit;
mod measure;
mod mine;
mod model;
mod publish;

use std::{collections::BTreeMap, error::Error, path::Path};

use data::Corpus;
use model::{Row, Split, Trial};
use tge_scrape::{
    detect::{
        facts::event_dates,
        lexicon::{Lexicon, month},
        signals::{Sink, Span, signals},
    },
    model::Kind,
};

struct Names<'a> {
    known: &'a mut BTreeMap<String, u32>,
    row: Vec<(u32, f32)>,
}

impl Sink for Names<'_> {
    fn signal(&mut self, name: &[&str], strength: f32, _: Option<Span>) {
        let next = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        let index = *self.known.entry(name.concat()).or_insert(next);
        self.row.push((index, strength));
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [folder, task @ ..] = arguments.as_slice() else {
        return Err("usage: train DATA_DIR [mine | errors | ablate | curve | sums FILE | write DATE]".into());
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/detect");
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/text/headlines.tsv");
    let corpus = Corpus::read(Path::new(folder), &root.join("train/labels.tsv"), &own)?;
    if task == ["mine"] {
        return mine::common_words(&corpus, &root.join("data/common.txt"));
    }
    let (names, rows) = named_signals(&corpus);
    println!("{} texts, {} signals", rows.len(), names.len());
    let trial = Trial::new(&corpus, &names, rows);
    let by_story = trial.held_out(Split::Story, 1.0);
    let figures = measure::figures(&trial, &by_story);
    measure::print_figures("stories left out", &figures);
    measure::print_sets(&trial, &by_story, figures.threshold);
    let by_origin = trial.held_out(Split::Origin, 1.0);
    let figures = measure::figures(&trial, &by_origin);
    measure::print_figures("origins left out", &figures);
    measure::print_sets(&trial, &by_origin, figures.threshold);
    measure::print_event_figures(&figures);
    match task {
        ["errors"] => measure::errors(&trial, &by_origin, figures.threshold),
        ["ablate"] => measure::ablate(&trial, Split::Origin),
        ["curve"] => measure::curve(&trial, Split::Origin),
        ["sums", file] => publish::write_sums(&trial, &by_origin, Path::new(file))?,
        ["write", date] => publish::publish(&trial, &by_origin, &figures, date, &root.join("weights.tsv"))?,
        _ => {}
    }
    Ok(())
}

/// The names of all signals, and each text's.
fn named_signals(corpus: &Corpus) -> (Vec<String>, Vec<Row>) {
    let lexicon = Lexicon::new(&[], &[]);
    let mut known = BTreeMap::new();
    let mut rows = Vec::with_capacity(corpus.items.len());
    for item in &corpus.items {
        let mut names = Names { known: &mut known, row: Vec::new() };
        let reading = lexicon.read(&item.title, &item.text, item.published.map(month));
        let relation = event_dates(&reading, item.published).event.and_then(|when| when.relation);
        let kind = if item.post { Kind::Post } else { Kind::News };
        signals(&lexicon, kind, &reading, relation, &mut names);
        let mut row = names.row;
        row.sort_by_key(|cell| cell.0);
        row.dedup_by_key(|cell| cell.0);
        rows.push(row);
    }
    let mut names = vec![String::new(); known.len()];
    for (name, index) in known {
        names[index as usize] = name;
    }
    (names, rows)
}
