//! The door of `tge-scrape`; the house is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(tge_scrape::cli::run().code())
}
