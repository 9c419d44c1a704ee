//! `tge-scrape completions SHELL`.

use clap_complete::Shell;

use super::output::Output;
use crate::{error::Error, exit::Exit};

/// The program's name.
const PROGRAM: &str = "tge-scrape";

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Shell to write for
    shell: Shell,
}

/// Prints the completion script of `command`, without hidden flags and commands.
pub fn run(args: &Args, command: &clap::Command, output: &mut Output) -> Result<Exit, Error> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut visible(command), PROGRAM, &mut script);
    output.print(&mended(args.shell, &String::from_utf8_lossy(&script)))?;
    Ok(Exit::Success)
}

/// A copy of `command` with what its help shows.
fn visible(command: &clap::Command) -> clap::Command {
    // clap takes names of the program's life time only; this runs once.
    let name: &'static str = command.get_name().to_owned().leak();
    let arguments = command.get_arguments().filter(|argument| !argument.is_hide_set()).cloned();
    let mut copy = clap::Command::new(name)
        .args(arguments)
        .subcommands(command.get_subcommands().filter(|inner| !inner.is_hide_set()).map(visible))
        .disable_version_flag(command.is_disable_version_flag_set());
    if let Some(about) = command.get_about() {
        copy = copy.about(about.clone());
    }
    if let Some(version) = command.get_version() {
        copy = copy.version(version.to_owned().leak() as &'static str);
    }
    copy
}

/// In the script for bash `clap_complete` 4.6 writes a program's name with a hyphen in two ways, so that nothing is
/// completed after a command (clap issues 6421 and 6529).
fn mended(shell: Shell, script: &str) -> String {
    match shell {
        Shell::Bash => script.replace(&PROGRAM.replace('-', "__subcmd__"), &PROGRAM.replace('-', "__")),
        _ => script.to_owned(),
    }
}
