//! `tge-scrape man DIR`.

use std::{
    io,
    path::{Path, PathBuf},
};

use clap_mangen::Man;

use super::files;
use crate::{error::Error, exit::Exit};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder to write into; made if missing
    dir: PathBuf,
}

/// Writes one page for `command` and one for each of its commands.
pub fn run(args: &Args, command: clap::Command) -> Result<Exit, Error> {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    std::fs::create_dir_all(&args.dir).and_then(|()| generate(&command, &args.dir)).map_err(|error| {
        Error::new(
            Exit::Failure,
            format!("the manual pages cannot be written to {}: {error}", args.dir.display()),
            "name a folder that you may write to",
        )
    })?;
    Ok(Exit::Success)
}

/// Like `clap_mangen::generate_to`, with files that are written in full or not at all.
fn generate(command: &clap::Command, dir: &Path) -> io::Result<()> {
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
        generate(inner, dir)?;
    }
    let (man, mut page) = (Man::new(command.clone()), Vec::new());
    man.render(&mut page)?;
    files::write(&dir.join(man.get_filename()), &page, files::Kind::Output)
}
