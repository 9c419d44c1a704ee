//! `tge-scrape completions SHELL`.

use clap_complete::Shell;

use super::output::Output;
use crate::{error::Error, exit::Exit};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Shell to write for
    shell: Shell,
}

/// Prints the completion script of `command`.
pub fn run(args: &Args, mut command: clap::Command, output: &mut Output) -> Result<Exit, Error> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "tge-scrape", &mut script);
    output.print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Success)
}
