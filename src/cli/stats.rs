//! `tge-scrape stats`: how the last cycles went.

use serde_json::Value;

use crate::{
    error::Error,
    exit::Exit,
    figures::CycleReport,
    render::{self, Style},
    store::{Access, CycleRow, Store},
    wiring,
};

use super::{Format, Globals, output::Output};

/// Arguments of `stats`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// This many cycles, newest first
    #[arg(long, value_name = "N", default_value_t = 10)]
    last: usize,
    /// Hold the last cycle against the targets
    #[arg(long)]
    targets: bool,
}

/// Prints the last cycles, or the last one's targets.
pub fn run(args: &Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = super::settings(globals)?;
    let store = Store::open(&settings.state_dir, Access::Read)?;
    let rows = wiring::small_runtime()?.block_on(store.cycles(args.last.max(1)))?;
    let labels = wiring::small_runtime()?.block_on(store.labels())?;
    let reports: Vec<CycleReport> = rows.iter().map(report).collect::<Result<_, _>>()?;
    let style = Style { width: output.width(), color: output.colored() };
    output.print(&match globals.format {
        Some(Format::Json) => render::json(&serde_json::json!({
            "schema": 1, "cycles": reports, "labelled": labels.all, "precision": labels.precision(),
        })),
        Some(Format::Ndjson) => reports.iter().map(render::json).collect(),
        Some(Format::Csv) => render::report::csv(&reports),
        None | Some(Format::Table) if reports.is_empty() => "no finished cycle yet\n".to_owned(),
        None | Some(Format::Table) if args.targets => render::report::targets(&reports[0].targets, style),
        _ => {
            format!("{}\n{}\n", render::report::history(&reports, style), labels.sentence())
        }
    })?;
    Ok(Exit::Success)
}

fn report(row: &CycleRow) -> Result<CycleReport, Error> {
    serde_json::from_str::<Value>(&row.report).and_then(serde_json::from_value).map_err(|error| {
        let hint = "run `tge-scrape db check`";
        Error::new(Exit::Failure, format!("cycle {} cannot be read back: {error}", row.id), hint)
    })
}
