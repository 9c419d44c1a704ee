//! `tge-scrape label ID yes|no|clear`: the user's verdict on a detection.

use std::{collections::BTreeSet, path::Path};

use clap::ValueEnum;

use super::{Format, Globals, input, lookup, output::Output};
use crate::{
    clock::{Clock, SystemClock},
    detect::feedback::Feedback,
    error::Error,
    exit::Exit,
    model::Detection,
    render,
    store::{Access, Store},
    visit, wiring,
};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  tge-scrape label 13d848 yes\n  tge-scrape events --project caldera --format ndjson | jq -r .id | tge-scrape label - no"
)]
pub struct Args {
    /// Beginning of an ID, or the address of an article; `-` reads one a line from stdin
    #[arg(value_name = "ID|URL|-")]
    id: String,
    /// Whether it is a token launch; similar texts score higher or lower from then on
    #[arg(value_name = "yes|no|clear")]
    word: Word,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Word {
    /// It is a launch
    Yes,
    /// It is none
    No,
    /// Remove the label
    Clear,
}

/// Stores the labels, all or none, and prints the precision by all labels.
pub fn run(args: &Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = super::settings(globals)?;
    // A reader fails where there is no database, and creates none.
    drop(Store::open(&settings.state_dir, Access::Read)?);
    let store = Store::open(&settings.state_dir, Access::Write)?;
    let runtime = wiring::small_runtime()?;
    let yes = match args.word {
        Word::Yes => Some(true),
        Word::No => Some(false),
        Word::Clear => None,
    };
    let names = if args.id == "-" { listed()? } else { vec![args.id.clone()] };
    let detections = runtime.block_on(async {
        let mut detections: Vec<Detection> = Vec::new();
        for name in &names {
            detections.push(lookup::detection(&store, name).await?);
        }
        for detection in &detections {
            store.label(detection.id.clone(), yes, SystemClock.now()).await?;
        }
        Ok::<_, Error>(detections)
    })?;
    let labels = runtime.block_on(store.labels())?;
    // The next cycle need not make their vectors.
    let rules = wiring::rules(&settings);
    let feedback = runtime.block_on(visit::load_labels(&store, &rules, true))?;
    if matches!(globals.format, Some(Format::Json | Format::Ndjson)) {
        for detection in &detections {
            output.print(&render::json(&serde_json::json!({
                "schema": 1, "id": detection.id, "yes": yes, "labelled": labels.all,
                "precision": labels.precision(),
            })))?;
        }
    } else {
        let lines: String = detections.iter().map(|detection| line(detection, yes, &feedback)).collect();
        output.print(&format!("{lines}{}\n", labels.sentence()))?;
        output.next("tge-scrape rescan --dry-run   tge-scrape events");
    }
    Ok(Exit::Success)
}

/// The first word of each line of stdin, each once.
fn listed() -> Result<Vec<String>, Error> {
    let bytes = input::read(Path::new("-"))
        .map_err(|error| Error::new(Exit::Usage, format!("stdin cannot be read: {error}"), ""))?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let mut seen = BTreeSet::new();
    let words = text.lines().filter_map(|line| line.split_whitespace().next());
    let names: Vec<String> = words.filter(|word| seen.insert(*word)).map(str::to_owned).collect();
    if names.is_empty() {
        return Err(Error::new(Exit::Usage, "stdin has no ID", "give one ID a line"));
    }
    Ok(names)
}

fn line(detection: &Detection, yes: Option<bool>, feedback: &Feedback) -> String {
    let effect = match yes {
        None => "its label moves no text any more",
        Some(_) if !feedback.is_labelled(&detection.id) => "its text is not stored, so no other text moves",
        Some(true) => "similar texts score higher from now on",
        Some(false) => "similar texts score lower from now on",
    };
    let word = match yes {
        Some(true) => "a launch",
        Some(false) => "no launch",
        None => "label removed",
    };
    format!("{word}: {}\n{effect}\n", render::plain(&detection.title))
}
