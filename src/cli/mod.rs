//! The command line: one file for each command that reads the settings, calls a module and prints the result.
//! No other module prints.

mod alerts;
mod article;
pub(crate) mod board;
mod classify;
mod compare;
mod completions;
mod config;
mod cycle;
mod db;
mod demo;
mod doctor;
pub(crate) mod events;
mod explain;
mod feed;
mod files;
mod filters;
pub(crate) mod history;
mod input;
#[cfg(debug_assertions)]
mod kill_at;
mod label;
mod limits;
mod lists;
mod log_file;
pub(crate) mod lookup;
mod man;
pub(crate) mod metrics;
pub(crate) mod moment;
mod open;
mod output;
pub(crate) mod outputs;
mod pager;
mod progress;
pub(crate) mod project;
mod report;
mod rescan;
mod serve;
mod settings_file;
pub(crate) mod show;
pub(crate) mod stats;
mod stop;
mod upcoming;
mod x;

use std::{path::PathBuf, time::Duration};

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::json;
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, LevelFilter, dynamic_filter_fn},
    fmt,
    layer::SubscriberExt,
    registry,
    util::SubscriberInitExt,
};
use url::Url;

use crate::{
    clock,
    config::{Environment, Flags, Settings, load},
    error::Error,
    exit::Exit,
    http::{Purpose, Request},
    model::Validators,
    render::{self, Column},
    text::quantity,
};

use output::{ColorChoice, Output};

#[derive(Debug, Parser)]
#[command(name = "tge-scrape", version, about, arg_required_else_help = true)]
#[command(
    before_help = "Examples:\n  tge-scrape demo                 see it at work, offline\n  tge-scrape cycle -v             one cycle, as cron runs it\n  tge-scrape events --since 24h   what was found"
)]
struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

/// Seconds of a century: the largest shift of the clock.
const CENTURY_S: i64 = 36_525 * 86_400;

/// Flags every command takes.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Globals {
    /// Settings file
    #[arg(short, long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder of the database and the lock
    #[arg(long, global = true, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Output format; each command accepts some of them
    #[arg(long, global = true, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// Errors only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// More messages; twice for debugging
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
    /// Log lines on stderr as text or as JSON
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,
    /// Times in UTC instead of the local zone
    #[arg(long, global = true)]
    pub utc: bool,
    /// Seconds added to the clock, to simulate a day in a minute
    #[arg(
        long,
        global = true,
        hide = true,
        value_name = "SECONDS",
        default_value_t = 0,
        allow_negative_numbers = true,
        value_parser = clap::value_parser!(i64).range(-CENTURY_S..=CENTURY_S)
    )]
    shift_clock: i64,
    /// For tests.
    #[cfg(debug_assertions)]
    #[command(flatten)]
    kill_at: kill_at::Args,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// One object
    Json,
    /// One object a line
    Ndjson,
    /// RFC 4180, safe for spreadsheets
    Csv,
    /// Atom feed; `events` only
    Atom,
    /// iCalendar of dated events; `events` only
    Ics,
    /// For the textfile collector; `stats` only
    Prometheus,
    /// One page; `report` only
    Html,
    /// For people and wikis; `report` and `feed verify` only
    Markdown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// For collectors
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the whole program at work on a simulated internet; needs no network and keeps no files
    Demo(demo::Args),
    /// Run one cycle: the cron job
    #[command(alias = "run")]
    Cycle(cycle::Args),
    /// Show the stories that were found, newest first
    #[command(alias = "stories", after_help = EVENTS)]
    Events(events::Args),
    /// Show what is due: stories with a date, nearest first
    Upcoming(upcoming::Args),
    /// Show one story or entry: where it was seen, why it was dropped or found, who was notified
    Show(show::Args),
    /// Open the page of a story in the browser
    Open(open::Args),
    /// Show how cycles went, where their time goes, what sources give and cost
    Stats(stats::Args),
    /// Test channels, show what waits, send it
    #[command(subcommand, after_help = ALERTS)]
    Alerts(alerts::What),
    /// Serve the board, an API and a stream to browsers and programs, read-only
    Serve(serve::Args),
    /// Write one page with stories, dates, sources and figures, or a summary of some days
    #[command(after_help = REPORT)]
    Report(report::Args),
    /// List, add, change, check, import and export feeds
    #[command(subcommand, alias = "feeds")]
    Feed(feed::What),
    /// Show and change the watch list
    #[command(subcommand, alias = "projects")]
    Project(project::What),
    /// Print the article of a saved page
    Article(article::Args),
    /// Explain the score of a text
    #[command(after_help = EXPLAIN)]
    Explain(explain::Args),
    /// Score texts: a JSON object a line on stdin, a verdict a line on stdout
    Classify(classify::Args),
    /// Re-score stored entries after a change of settings
    #[command(after_help = RESCAN)]
    Rescan(rescan::Args),
    /// Say whether a story is a launch; similar texts then score higher or lower
    Label(label::Args),
    /// Write, check and show the settings
    #[command(subcommand)]
    Config(config::What),
    /// Show what a cycle would ask X and the accounts it follows; delete posts
    #[command(subcommand)]
    X(x::What),
    /// Show what is wrong and what to do about it
    Doctor(doctor::Args),
    /// Check, copy and clean up the database
    #[command(subcommand)]
    Db(db::What),
    /// Write a completion script for a shell
    Completions(completions::Args),
    /// Write the manual pages into a folder
    Man(man::Args),
}

const EVENTS: &str = "Examples:
  tge-scrape events --since 24h --watched
  tge-scrape events --event airdrop --stage live --min-score 80
  tge-scrape events --since 7d --format csv > week.csv";
const ALERTS: &str = "Examples:
  tge-scrape alerts test                  a test message to each channel
  tge-scrape alerts list --all            sent, waiting and failed
  tge-scrape alerts send --all            what waits for a digest or the morning, now";
const REPORT: &str = "Examples:
  tge-scrape report -o page.html
  tge-scrape report --since 7d --format markdown -o -     the summary of a week";
const EXPLAIN: &str = "Examples:
  tge-scrape explain 13d848
  tge-scrape explain https://news.example/launch
  tge-scrape explain --post post.txt";
const RESCAN: &str = "Examples:
  tge-scrape rescan --dry-run             what a change of settings would change
  tge-scrape rescan --since 7d --alert    store it, and alert new launches";

/// Reads the command line and runs the command.
#[must_use]
pub fn run() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // clap prints help to stdout and errors to stderr; a closed pipe is no failure.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Success };
        }
    };
    output::quiet_panics();
    start_log(&cli.globals);
    limits::report_file_size();
    let mut output = Output::new(cli.globals.color, cli.globals.log_format == LogFormat::Json);
    match dispatch(cli, &mut output) {
        Ok(exit) => exit,
        Err(error) => {
            output.complain(&error);
            error.exit
        }
    }
}

fn dispatch(cli: Cli, output: &mut Output) -> Result<Exit, Error> {
    let globals = &cli.globals;
    clock::shift(globals.shift_clock);
    #[cfg(debug_assertions)]
    kill_at::arm(&globals.kill_at)?;
    if matches!(globals.format, Some(Format::Atom | Format::Ics))
        && !matches!(cli.command, Command::Events(_))
    {
        let message = "only `events` accepts --format atom and ics";
        return Err(Error::new(Exit::Usage, message, "most commands accept table, json, ndjson and csv"));
    }
    if globals.format == Some(Format::Prometheus) && !matches!(cli.command, Command::Stats(_)) {
        return Err(Error::new(Exit::Usage, "only `stats` accepts --format prometheus", ""));
    }
    let is_verify = matches!(cli.command, Command::Feed(feed::What::Verify(_)));
    let takes_page = match globals.format {
        Some(Format::Html) => matches!(cli.command, Command::Report(_)),
        Some(Format::Markdown) => is_verify || matches!(cli.command, Command::Report(_)),
        _ => true,
    };
    if !takes_page {
        let message = "only `report` accepts --format html, and only `report` and `feed verify` markdown";
        return Err(Error::new(Exit::Usage, message, ""));
    }
    match cli.command {
        Command::Demo(args) => demo::run(&args, globals, output),
        Command::Cycle(args) => {
            limits::raise_open_files();
            cycle::run(&args, globals, output)
        }
        Command::Events(args) => events::run(args, globals, output),
        Command::Upcoming(args) => upcoming::run(args, globals, output),
        Command::Show(args) => show::run(&args, globals, output),
        Command::Open(args) => open::run(&args, globals, output),
        Command::Stats(args) => stats::run(&args, globals, output),
        Command::Alerts(what) => alerts::run(&what, globals, output),
        Command::Serve(args) => serve::run(&args, globals, output),
        Command::Report(args) => report::run(&args, globals, output),
        Command::Feed(what) => feed::run(what, globals, output),
        Command::Project(what) => project::run(what, globals, output),
        Command::Article(args) => article::run(args, globals, output),
        Command::Explain(args) => explain::run(&args, globals, output),
        Command::Classify(args) => classify::run(&args, globals, output),
        Command::Rescan(args) => rescan::run(&args, globals, output),
        Command::Label(args) => label::run(&args, globals, output),
        Command::Config(what) => config::run(&what, globals, output),
        Command::X(args) => x::run(&args, globals, output),
        Command::Doctor(args) => doctor::run(&args, globals, output),
        Command::Db(what) => db::run(&what, globals, output),
        Command::Completions(args) => completions::run(&args, &Cli::command(), output),
        Command::Man(args) => man::run(&args, Cli::command()),
    }
}

/// Log lines go to stderr: errors with `-q`, warnings as a rule, more with each `-v`. The file of `[log]` has what `-v`
/// prints, and each request with `-vv`.
fn start_log(globals: &Globals) {
    // Libraries report from -vv on.
    let filter = EnvFilter::new(match (globals.quiet, globals.verbose) {
        (true, _) => "error",
        (false, 0) => "warn",
        (false, 1) => "warn,tge_scrape=info",
        (false, _) => "debug",
    });
    // Libraries may quote addresses with secrets at this level.
    let file_filter = if globals.verbose > 1 { "warn,tge_scrape=debug" } else { "warn,tge_scrape=info" };
    // Without this bound, libraries would prepare lines for every level: a quarter of the time of parsing HTML.
    let most = if globals.verbose > 1 { LevelFilter::DEBUG } else { LevelFilter::INFO };
    let is_open = dynamic_filter_fn(|_, _| log_file::is_open()).with_max_level_hint(most);
    let file_filter = EnvFilter::new(file_filter).and(is_open);
    let stderr = fmt::layer().with_writer(|| output::Journal).with_ansi(false);
    let file = fmt::layer().with_writer(|| output::FileJournal).with_ansi(false);
    let (stderr, file) = match globals.log_format {
        LogFormat::Text => (stderr.boxed(), file.boxed()),
        LogFormat::Json => (stderr.json().boxed(), file.json().boxed()),
    };
    // A second start within one process, as in tests, keeps the first.
    let _ = registry().with(stderr.with_filter(filter)).with(file.with_filter(file_filter)).try_init();
}

impl Globals {
    fn flags(&self) -> Flags {
        Flags { config: self.config.clone(), state_dir: self.state_dir.clone() }
    }
}

/// The settings. Secrets may be missing.
fn settings(globals: &Globals) -> Result<Settings, Error> {
    Ok(load(&globals.flags(), &Environment::of_process())?)
}

/// The settings with all their secrets, for commands that send something. From here on log lines go to the log file too.
fn settings_with_secrets(globals: &Globals) -> Result<Settings, Error> {
    let mut settings = settings(globals)?;
    if let Err(sentence) = log_file::start(&settings.log) {
        tracing::warn!("{sentence}");
    }
    let missing = std::mem::take(&mut settings.missing_secrets);
    if missing.0.is_empty() { Ok(settings) } else { Err(missing.into()) }
}

/// Prints `rows`: as JSON under `key`, as NDJSON, as CSV, or as a table.
fn print_rows<T: Serialize>(
    rows: &[T],
    key: &str,
    columns: &[Column<T>],
    globals: &Globals,
    output: &mut Output,
) -> Result<Exit, Error> {
    output.print(&match globals.format {
        Some(Format::Json) => render::json(&json!({ "schema": 1, (key): rows })),
        Some(Format::Ndjson) => rows.iter().map(render::json).collect(),
        Some(Format::Csv) => render::csv(columns, rows),
        _ => render::rows_table(columns, rows, output.style()),
    })?;
    Ok(Exit::Success)
}

/// A GET without validators, headers or source.
fn request(url: Url, purpose: Purpose) -> Request {
    Request {
        url,
        purpose,
        validators: Validators::default(),
        validators_url: String::new(),
        headers: Vec::new(),
        body: None,
        source: String::new(),
    }
}

/// `age` before `now`, and not before 1970.
fn ago(now: Timestamp, age: Duration) -> Timestamp {
    let then = SignedDuration::try_from(age).ok().and_then(|age| now.checked_sub(age).ok());
    then.unwrap_or(Timestamp::UNIX_EPOCH).max(Timestamp::UNIX_EPOCH)
}

fn duration(text: &str) -> Result<Duration, String> {
    quantity::duration(text)
}
