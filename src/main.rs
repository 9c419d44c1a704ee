//! The program `tge-scrape`: runs the command line of the library on a thread with a known stack.

use std::{process::ExitCode, thread};

/// Stack of the working thread, bytes: the default of a first thread on Linux, independent of `ulimit -s`.
const STACK: usize = 8 << 20;
/// Rust's exit code after a panic.
const PANICKED: u8 = 101;

fn main() -> ExitCode {
    let code = || tge_scrape::cli::run().code();
    ExitCode::from(match thread::Builder::new().name("main".to_owned()).stack_size(STACK).spawn(code) {
        Ok(thread) => thread.join().unwrap_or(PANICKED),
        // The system gives no thread: the first one must do.
        Err(_) => code(),
    })
}
