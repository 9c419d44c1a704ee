//! `tge-scrape config init|check|show`.

mod wizard;

use std::{
    env,
    io::{self, IsTerminal},
    path::{Path, PathBuf},
};

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

use super::{
    Format, Globals, alerts, feed::imported::settings_with_imported, files, output::Output, print_rows,
};

#[derive(Debug, Subcommand)]
pub enum What {
    /// Write a short settings file with commented built-in values; on a terminal it asks four questions
    Init {
        /// File to write
        #[arg(default_value = FILE_NAME)]
        file: PathBuf,
        /// Overwrite an existing file
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
        What::Init { file, force } => init(file, *force, globals, output),
        What::Check => check(globals, output),
        What::Show { changed, section } => show(*changed, section.as_deref(), globals, output),
    }
}

fn init(file: &Path, force: bool, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    if !force && file.exists() {
        let message = format!("{} exists already", file.display());
        return Err(Error::new(Exit::Failure, message, "--force overwrites it"));
    }
    let asks = io::stdin().is_terminal() && io::stderr().is_terminal();
    let mut input = io::stdin().lock();
    let answers = if asks { wizard::ask(output, &mut input)? } else { wizard::Answers::default() };
    let text = answers.written(config::INIT);
    if let Err(errors) = config::load_text(file, &text, &globals.flags(), &Environment::of_process()) {
        let message = format!("nothing is written: with these answers {}", Error::from(errors).message);
        return Err(Error::new(Exit::Settings, message, "run it again with other answers"));
    }
    write(file, &text, force)?;
    output.print(&format!("wrote {}\n", file.display()))?;
    if !asks {
        return Ok(Exit::Success);
    }
    let mut exit = Exit::Success;
    if answers.channel.is_some() && wizard::wants_test(output, &mut input)? {
        let globals = Globals { config: Some(file.to_owned()), ..globals.clone() };
        exit = alerts::run(&alerts::What::Test { names: Vec::new() }, &globals, output)?;
    }
    if let Some(minutes) = wizard::minutes(output, &mut input)? {
        let here =
            |error: io::Error| Error::new(Exit::Failure, format!("the folder is unknown: {error}"), "");
        let (folder, program) = (env::current_dir().map_err(here)?, env::current_exe().map_err(here)?);
        output.note("add these lines with `crontab -e`:");
        output.print(&wizard::crontab(minutes, &folder, &program, file))?;
    }
    output.next("tge-scrape feed add ADDRESS   tge-scrape cycle --dry-run");
    Ok(exit)
}

fn write(file: &Path, text: &str, force: bool) -> Result<(), Error> {
    let write = if force { files::write } else { files::create };
    write(file, text.as_bytes(), files::Kind::Settings).map_err(|error| {
        let hint = if error.kind() == std::io::ErrorKind::AlreadyExists {
            "--force overwrites it"
        } else {
            "name another file"
        };
        Error::new(Exit::Failure, format!("{} cannot be written: {error}", file.display()), hint)
    })
}

fn check(globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = settings_with_imported(globals)?;
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
    if inspected.errors.0.is_empty() {
        return Ok(Exit::Success);
    }
    Err(Error {
        hint: "correct them; `tge-scrape config check` checks again".to_owned(),
        ..inspected.errors.into()
    })
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
