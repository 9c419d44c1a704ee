//! `tge-scrape man DIR`.

use std::path::PathBuf;

use crate::{error::Error, exit::Exit};

/// Arguments of `man`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder to write into; made if missing
    dir: PathBuf,
}

/// Writes one page for `command` and one for each of its commands.
pub fn run(args: &Args, command: clap::Command) -> Result<Exit, Error> {
    std::fs::create_dir_all(&args.dir).and_then(|()| clap_mangen::generate_to(command, &args.dir)).map_err(
        |error| {
            Error::new(
                Exit::Failure,
                format!("the manual pages cannot be written to {}: {error}", args.dir.display()),
                "name a folder that you may write to",
            )
        },
    )?;
    Ok(Exit::Success)
}
