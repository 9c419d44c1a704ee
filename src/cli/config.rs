//! `tge-scrape config init|check|show`.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use crate::{
    config::{self, Environment, FILE_NAME, Shown},
    error::Error,
    exit::Exit,
    render::{
        Column, Style, plain,
        style::Look,
        table::{Cell, Spec, Table},
    },
    text::quantity::plural,
};

use super::{Format, Globals, files, output::Output, print_rows};

#[derive(Debug, Subcommand)]
pub enum What {
    /// Write a settings file with every value and the starter feeds, commented
    Init {
        /// File to write
        #[arg(default_value = FILE_NAME)]
        file: PathBuf,
        /// Overwrite it
        #[arg(long)]
        force: bool,
    },
    /// Find every error in the settings
    Check,
    /// Print every value with its origin; secrets as dots
    Show {
        /// Only values that differ from the built-in ones
        #[arg(long)]
        changed: bool,
        /// Only this section or list, such as http or feeds
        section: Option<String>,
    },
}

pub fn run(what: &What, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    match what {
        What::Init { file, force } => init(file, *force, output),
        What::Check => check(globals, output),
        What::Show { changed, section } => show(*changed, section.as_deref(), globals, output),
    }
}

fn init(file: &Path, force: bool, output: &mut Output) -> Result<Exit, Error> {
    let text = format!("{}\n{}", config::DEFAULTS, config::STARTER);
    let write = if force { files::write } else { files::create };
    write(file, text.as_bytes(), files::Kind::Settings).map_err(|error| {
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
    if let Some((message, hint)) = settings.exposed().filter(|_| !globals.quiet) {
        output.note(&format!("warning: {message}\n  hint: {hint}"));
    }
    let from = settings
        .file
        .as_ref()
        .map_or_else(|| "built-in settings".to_owned(), |file| file.display().to_string());
    let (feeds, projects) = (settings.feeds_in_words(), settings.projects_in_words());
    let channels = plural(settings.alerts.channels.len(), "channel", "channels");
    output.print(&format!("{from}: no errors; {feeds}, {projects}, {channels}\n"))?;
    if let Some((message, hint)) = settings.built_in.note() {
        output.print(&format!("note: {message}\n  {hint}\n"))?;
    }
    for missing in &settings.missing_secrets.0 {
        output.print(&format!("note: {}: {}\n", plain(&missing.place), plain(&missing.message)))?;
    }
    for secret in config::cleartext(&settings) {
        output.print(&format!("note: {secret} can be read on the way; {}\n", config::CLEARTEXT_HINT))?;
    }
    Ok(Exit::Success)
}

fn show(
    is_changed: bool,
    section: Option<&str>,
    globals: &Globals,
    output: &mut Output,
) -> Result<Exit, Error> {
    let inspected = config::inspect(&globals.flags(), &Environment::of_process());
    let mut shown = config::shown(&inspected.settings);
    shown.retain(|shown| !is_changed || !shown.is_built_in());
    shown.retain(|shown| section.is_none_or(|section| section == shown.section()));
    let columns: [Column<Shown>; 3] = [
        ("key", |shown| shown.key.clone()),
        ("value", |shown| shown.value.clone()),
        ("origin", |shown| shown.origin.clone()),
    ];
    if matches!(globals.format, None | Some(Format::Table)) {
        output.page(&by_section(&shown, output.style()))?;
    } else {
        print_rows(&shown, "settings", &columns, globals, output)?;
    }
    // After the values: they show where each comes from.
    if inspected.errors.0.is_empty() { Ok(Exit::Success) } else { Err(inspected.errors.into()) }
}

/// The values under a heading for each section and each table of a list.
fn by_section(shown: &[Shown], style: Style) -> String {
    if shown.is_empty() {
        return "no such values\n".to_owned();
    }
    let mut table =
        Table::new(vec![Spec::new("key"), Spec::new("value").wrap(24), Spec::new("origin").rank(1)]);
    let mut last = "";
    for one in shown {
        let (group, key) = one.key.rsplit_once('.').unwrap_or(("", &one.key));
        if group != last {
            table.heading(&format!("[{group}]"));
            last = group;
        }
        let look = if one.is_built_in() { Look::PLAIN } else { Look::BOLD };
        table.row(vec![key.into(), Cell::new(&one.value, look), Cell::new(&one.origin, Look::DIM)]);
    }
    table.render(style)
}
