//! The door of `tge-scrape`; the house is in the library.

use std::{process::ExitCode, thread};

/// Stack of the thread that does everything, bytes: what Linux gives a first thread, whatever `ulimit -s` says.
const STACK: usize = 8 << 20;
/// What Rust ends with after a panic.
const PANICKED: u8 = 101;

fn main() -> ExitCode {
    let code = || tge_scrape::cli::run().code();
    ExitCode::from(match thread::Builder::new().name("main".to_owned()).stack_size(STACK).spawn(code) {
        Ok(thread) => thread.join().unwrap_or(PANICKED),
        // No thread to be had: the first one may do.
        Err(_) => code(),
    })
}
