//! The command line: clap types, and one thin file per command that reads settings, calls a room, prints.
//!
//! The only room that prints.

mod article;
mod classify;
mod completions;
mod explain;
mod man;
mod output;

use std::path::PathBuf;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};

use crate::{error::Error, exit::Exit};

pub use output::{ColorChoice, Output};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "tge-scrape", version, about, arg_required_else_help = true, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

/// Flags every command takes.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Globals {
    /// Settings file
    #[arg(short, long, global = true, value_name = "FILE", env = "TGE_SCRAPE_CONFIG")]
    pub config: Option<PathBuf>,
    /// Folder of the database and the lock
    #[arg(long, global = true, value_name = "DIR", env = "TGE_SCRAPE_STATE_DIR")]
    pub state_dir: Option<PathBuf>,
    /// Output format; each command says which it knows
    #[arg(long, global = true, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// Errors only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more; twice for debugging
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
    /// Log lines on stderr as text or as JSON
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,
}

/// Output formats; none is known to every command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Table,
    /// One object
    Json,
    /// One object a line
    Ndjson,
    /// RFC 4180, safe for spreadsheets
    Csv,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    Text,
    /// For collectors
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Read the article out of a saved page
    Article(article::Args),
    /// Judge texts: a JSON object a line on stdin, a verdict a line on stdout
    Classify(classify::Args),
    /// Tell why a text scores as it does
    Explain(explain::Args),
    /// Write a completion script for a shell
    Completions(completions::Args),
    /// Write the manual pages into a folder
    Man(man::Args),
}

/// Reads the command line, runs the command and tells how it ended.
#[must_use]
pub fn run() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // clap prints help to stdout and mistakes to stderr; a closed pipe is no failure.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Success };
        }
    };
    let mut output = Output::new(cli.globals.color);
    match dispatch(cli, &mut output) {
        Ok(exit) => exit,
        Err(error) => {
            output.complain(&error);
            error.exit
        }
    }
}

fn dispatch(cli: Cli, output: &mut Output) -> Result<Exit, Error> {
    match cli.command {
        Command::Article(args) => article::run(args, &cli.globals, output),
        Command::Classify(args) => classify::run(&args, output),
        Command::Explain(args) => explain::run(&args, cli.globals.format, output),
        Command::Completions(args) => completions::run(&args, Cli::command(), output),
        Command::Man(args) => man::run(&args, Cli::command()),
    }
}
