//! `tge-scrape config init|check|show`.

use std::{fs, io::Write, path::PathBuf};

use clap::Subcommand;

use crate::{
    config::{self, FILE_NAME},
    error::Error,
    exit::Exit,
    render::{self, Style},
};

use super::{Format, Globals, output::Output};

/// Arguments of `config`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Write a settings file with every value and the starter feeds, commented
    Init {
        /// File to write
        #[arg(default_value = FILE_NAME)]
        file: PathBuf,
        /// Overwrite it
        #[arg(long)]
        force: bool,
    },
    /// Find every mistake in the settings
    Check,
    /// Print every value with its origin; secrets as dots
    Show,
}

/// Does what is asked of the settings.
pub fn run(args: &Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    match &args.what {
        What::Init { file, force } => init(file, *force, output),
        What::Check => check(globals, output),
        What::Show => show(globals, output),
    }
}

fn init(file: &PathBuf, force: bool, output: &mut Output) -> Result<Exit, Error> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    if !force {
        options.create_new(true);
    }
    // Secrets may be written into it.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let text = format!("{}\n{}", config::DEFAULTS, config::STARTER);
    options.open(file).and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| {
        let hint = if error.kind() == std::io::ErrorKind::AlreadyExists {
            "--force overwrites it"
        } else {
            "name another file"
        };
        Error::new(Exit::Failure, format!("{} cannot be written: {error}", file.display()), hint)
    })?;
    output.print(&format!("wrote {}\n", file.display()))?;
    Ok(Exit::Success)
}

fn check(globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = super::settings(globals)?;
    let from = settings
        .file
        .as_ref()
        .map_or_else(|| "built-in settings".to_owned(), |file| file.display().to_string());
    let (feeds, projects) = (settings.sources.len(), settings.detect.projects.len());
    let channels = settings.alerts.channels.len();
    output.print(&format!(
        "{from}: no mistakes; {feeds} feeds enabled, {projects} projects watched, {channels} channels\n"
    ))?;
    for secret in config::cleartext(&settings) {
        output.print(&format!("note: {secret} can be read on the way; {}\n", config::CLEARTEXT_HINT))?;
    }
    Ok(Exit::Success)
}

fn show(globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let shown = config::shown(&super::settings(globals)?);
    let row = |shown: &config::Shown| vec![shown.key.clone(), shown.value.clone(), shown.origin.clone()];
    let header = ["key", "value", "origin"];
    output.print(&match globals.format {
        Some(Format::Json) => render::json(&serde_json::json!({ "schema": 1, "settings": shown })),
        Some(Format::Ndjson) => shown.iter().map(render::json).collect(),
        Some(Format::Csv) => render::csv(&header, shown.iter().map(row)),
        _ => render::table(
            &header,
            shown.iter().map(row),
            Style { width: output.width(), color: output.colored() },
        ),
    })?;
    Ok(Exit::Success)
}
