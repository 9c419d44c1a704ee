//! Trains the detector's weights: `cargo run --release --example train -- DATA_DIR`.
//!
//! Reads the labelled items, the annotators' further labels (ids only, `labels.tsv` beside this file) and a
//! sample of the unlabelled corpus as weak negatives; cross-validates by story; writes `src/detect/weights.tsv`.
//! Deterministic: the same data give the same file.

#![expect(clippy::print_stdout, reason = "a tool for the terminal")]

mod data;
mod fit;
mod measure;
mod mine;

use std::{collections::BTreeMap, error::Error, path::Path};

use data::Corpus;
use tge_scrape::{
    detect::{
        lexicon::Lexicon,
        signals::{Frames, Sink, Span},
        weights::COLUMNS,
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
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("usage: train DATA_DIR [mine|write|ablate|curve]")?;
    let task = arguments.next().unwrap_or_default();
    let folder = Path::new(&folder);
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/detect");
    let corpus = Corpus::read(folder, &home.join("train/labels.tsv"))?;
    if task == "mine" {
        return mine::common_words(&corpus, &home.join("data/common.txt"));
    }
    let lexicon = Lexicon::new(&[]);
    let frames = Frames::new(&lexicon);
    let mut known = BTreeMap::new();
    let mut rows = Vec::with_capacity(corpus.items.len());
    for item in &corpus.items {
        let mut names = Names { known: &mut known, row: Vec::new() };
        let reading = lexicon.read(&item.title, &item.text, item.month);
        frames.signals(&lexicon, if item.post { Kind::Post } else { Kind::News }, &reading, &mut names);
        let mut row = names.row;
        row.sort_by_key(|cell| cell.0);
        row.dedup_by_key(|cell| cell.0);
        rows.push(row);
    }
    let mut names = vec![String::new(); known.len()];
    for (name, index) in known {
        names[index as usize] = name;
    }
    measure::run(&corpus, &names, &rows, &task, &home.join("weights.tsv"), COLUMNS)
}
