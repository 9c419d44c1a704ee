//! `tge-scrape label ID yes|no|clear`: the user's verdict on a detection.

use clap::ValueEnum;

use super::{Format, Globals, output::Output};
use crate::{
    clock::{Clock, SystemClock},
    error::Error,
    exit::Exit,
    render,
    store::{Access, Store},
    visit, wiring,
};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Id of the detection, as `events --format json` shows it; its beginning suffices where no other begins so
    #[arg(value_name = "ID")]
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

/// Stores the label and prints the precision by all labels.
pub fn run(args: &Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = super::settings(globals)?;
    // A reader fails where there is no database, and creates none.
    drop(Store::open(&settings.state_dir, Access::Read)?);
    let store = Store::open(&settings.state_dir, Access::Write)?;
    let runtime = wiring::small_runtime()?;
    let known = !args.id.is_empty() && args.id.chars().all(|c| c.is_ascii_hexdigit());
    let yes = match args.word {
        Word::Yes => Some(true),
        Word::No => Some(false),
        Word::Clear => None,
    };
    let labelled = if known {
        runtime.block_on(store.label(args.id.to_ascii_lowercase(), yes, SystemClock.now()))?
    } else {
        None
    };
    let Some(detection) = labelled else {
        return Err(Error::new(
            Exit::Usage,
            format!(
                "no detection, or more than one, has an id that begins with {:?}",
                render::plain(&args.id)
            ),
            "give more of the id that `tge-scrape events --format json` shows",
        ));
    };
    let labels = runtime.block_on(store.labels())?;
    // The next cycle need not make their vectors.
    let rules = wiring::rules(&settings);
    let feedback = runtime.block_on(visit::load_labels(&store, &rules, true))?;
    if matches!(globals.format, Some(Format::Json | Format::Ndjson)) {
        output.print(&render::json(&serde_json::json!({
            "schema": 1, "id": detection.id, "yes": yes, "labelled": labels.all, "precision": labels.precision(),
        })))?;
    } else {
        let effect = match yes {
            None => "its label moves no text any more",
            Some(_) if !feedback.is_labelled(&detection.id) => {
                "its text is not stored, so no other text moves"
            }
            Some(true) => "similar texts score higher from now on",
            Some(false) => "similar texts score lower from now on",
        };
        let word = match yes {
            Some(true) => "a launch",
            Some(false) => "no launch",
            None => "label removed",
        };
        let title = render::plain(&detection.title);
        output.print(&format!("{word}: {title}\n{effect}\n{}\n", labels.sentence()))?;
    }
    Ok(Exit::Success)
}
