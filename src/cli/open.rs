//! `tge-scrape open ID`: the page of a story in the browser.

use std::{
    ffi::OsString,
    process::{Command, Stdio},
};

use url::Url;

use super::{Globals, lookup, output::Output};
use crate::{error::Error, exit::Exit, render, store::History, text::address};

/// Programs that open an address, on Linux and on macOS.
const OPENERS: [&str; 2] = ["xdg-open", "open"];

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Beginning of an ID, or the address of an article
    #[arg(value_name = "ID|URL")]
    what: String,
}

/// Starts the browser with the page and waits until it has taken it.
pub fn run(args: &Args, globals: &Globals, output: &mut Output) -> Result<Exit, Error> {
    let settings = super::settings(globals)?;
    let found = lookup::find_stored(&settings, &args.what)?;
    let Some(url) = page(&found) else {
        let message = format!("no web address is stored for {}", render::plain(&args.what));
        return Err(Error::new(Exit::Failure, message, ""));
    };
    for program in programs() {
        // The page's text belongs to no stream of this program.
        let status =
            Command::new(&program).arg(url.as_str()).stdin(Stdio::null()).stdout(Stdio::null()).status();
        match status {
            Ok(status) if status.success() => {
                output.note(&format!("opened {}", render::plain(&address::shown(&url))));
                return Ok(Exit::Success);
            }
            Ok(status) => {
                let program = program.to_string_lossy();
                let message = format!("{} ended with {status}", render::plain(&program));
                return Err(Error::new(
                    Exit::Failure,
                    message,
                    format!("open {} yourself", address::shown(&url)),
                ));
            }
            // Not installed: the next one may be.
            Err(_) => {}
        }
    }
    let hint = format!("set BROWSER to a program that opens addresses, or open {}", address::shown(&url));
    Err(Error::new(Exit::Failure, "no browser was found ($BROWSER, xdg-open, open)", hint))
}

/// The address of the detection, else that of an entry; nothing but the web's addresses.
fn page(history: &History) -> Option<Url> {
    let entry = || history.entries.iter().find_map(|entry| entry.link.clone());
    let url = history.detection.as_ref().map(|detection| detection.url.clone()).or_else(entry)?;
    Url::parse(&url).ok().filter(address::on_the_web)
}

/// The user's browser first.
#[expect(clippy::disallowed_methods, reason = "BROWSER is a convention of the desktop, not a setting")]
fn programs() -> Vec<OsString> {
    let own = std::env::var_os("BROWSER").unwrap_or_default();
    // Several are separated as in PATH.
    let own = std::env::split_paths(&own).map(OsString::from).filter(|browser| !browser.is_empty());
    own.chain(OPENERS.map(OsString::from)).collect()
}
