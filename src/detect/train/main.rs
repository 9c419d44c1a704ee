//! Trains the detector's weights: `cargo run --release --example train -- DATA_DIR`.
//!
//! Reads the labelled items, the annotators' further labels (ids only, `labels.tsv` beside this file) and a
//! sample of the unlabelled corpus as weak negatives; cross-validates by story and by origin; writes `src/detect/weights.tsv`.
//! Deterministic: the same data give the same file.

#![expect(clippy::print_stdout, reason = "a tool for the terminal")]

mod blend;
mod data;
mod feedback;
mod fit;
mod measure;
mod mine;
mod model;
mod publish;

use std::{collections::BTreeMap, error::Error, path::Path};

use blend::Blend;
use data::{Corpus, Item};
use model::{Row, Split, Trial};
use tge_scrape::detect::{
    facts::{event_dates, notice},
    lexicon::{Lexicon, month},
    signals::{Sink, Span, signals},
};

/// Every how many texts of those that nothing is learnt from are read.
const UNLABELLED: usize = 6;

/// Collects the signals of one text.
struct Names<'a> {
    known: &'a mut BTreeMap<String, u32>,
    /// Whether further signals may become known.
    grows: bool,
    row: Row,
}

impl Sink for Names<'_> {
    fn signal(&mut self, name: &[&str], strength: f32, _: Option<Span>) {
        let name = name.concat();
        let next = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        let index = match self.known.get(&name) {
            Some(&index) => index,
            None if self.grows => *self.known.entry(name).or_insert(next),
            None => return,
        };
        self.row.push((index, strength));
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [folder, task @ ..] = arguments.as_slice() else {
        return Err(
            "usage: train DATA_DIR [mine | errors | ablate | curve | feedback | sums FILE | write DATE]"
                .into(),
        );
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/detect");
    let texts = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/text");
    let own = [texts.join("headlines.tsv"), texts.join("headlines-languages.tsv")];
    let own = own.each_ref().map(std::path::PathBuf::as_path);
    let corpus = Corpus::read(Path::new(folder), &root.join("train/labels.tsv"), &own)?;
    if task == ["mine"] {
        return mine::common_words(&corpus, &root.join("data/common.txt"));
    }
    let lexicon = Lexicon::new(&[], &[]);
    let (names, rows, unlabelled) = named_signals(&corpus, &lexicon);
    println!("{} texts, {} signals", rows.len(), names.len());
    let trial = Trial::new(&corpus, &lexicon, &names, rows, &unlabelled);
    let by_story = trial.held_out(Split::Story, 1.0);
    let figures = measure::figures(&trial, &by_story);
    measure::print_figures("stories left out", &figures);
    measure::print_sets(&trial, &by_story, figures.threshold);
    let mut by_origin = trial.held_out(Split::Origin, 1.0);
    let figures = measure::figures(&trial, &by_origin);
    measure::print_figures("origins left out", &figures);
    measure::print_sets(&trial, &by_origin, figures.threshold);
    let blend = Blend::fit(&trial, &mut by_origin, &blend::read(&root.join("train/encoder.tsv"))?);
    let figures = measure::figures(&trial, &by_origin);
    measure::print_figures("the same with the encoder", &figures);
    measure::print_sets(&trial, &by_origin, figures.threshold);
    measure::print_languages(&trial, &by_origin, figures.threshold);
    measure::print_event_figures(&figures);
    match task {
        ["errors"] => measure::errors(&trial, &by_origin, figures.threshold),
        ["ablate"] => measure::ablate(&trial, Split::Origin),
        ["feedback"] => feedback::simulate(&trial, &by_origin, figures.threshold),
        ["curve"] => measure::curve(&trial, Split::Origin),
        ["sums", file] => publish::write_sums(&trial, &by_origin, Path::new(file))?,
        ["write", date] => {
            publish::publish(&trial, &by_origin, &figures, &blend, date, &root.join("weights.tsv"))?;
        }
        _ => {}
    }
    Ok(())
}

/// The names of all signals, those of each text, and those of texts that nothing is learnt from.
fn named_signals(corpus: &Corpus, lexicon: &Lexicon) -> (Vec<String>, Vec<Row>, Vec<Row>) {
    let mut known = BTreeMap::new();
    let rows = corpus.items.iter().map(|item| signals_of(lexicon, item, &mut known, true)).collect();
    let rest = corpus.rest.iter().step_by(UNLABELLED);
    let unlabelled = rest.map(|item| signals_of(lexicon, item, &mut known, false)).collect();
    let mut names = vec![String::new(); known.len()];
    for (name, index) in known {
        names[index as usize] = name;
    }
    (names, rows, unlabelled)
}

fn signals_of(lexicon: &Lexicon, item: &Item, known: &mut BTreeMap<String, u32>, grows: bool) -> Row {
    let mut names = Names { known, grows, row: Vec::new() };
    let reading = lexicon.read(&item.title, &item.text, item.published.map(month));
    let relation = event_dates(&reading, item.published).relation();
    let notice = notice(lexicon, &reading);
    signals(lexicon, (item.kind(), &item.author), &reading, relation, notice.as_ref(), &mut names);
    let mut row = names.row;
    row.sort_by_key(|cell| cell.0);
    row.dedup_by_key(|cell| cell.0);
    row
}
