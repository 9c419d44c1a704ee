//! The pager for long results on a terminal: `$PAGER`, or `less -FRX`.

use std::{
    io::{self, IsTerminal, Write},
    process::{Child, Command, Stdio},
};

const DEFAULT: &str = "less -FRX";

/// The pager's command, if `text` does not fit on the terminal. An empty `PAGER` or `cat` switches paging off.
#[expect(clippy::disallowed_methods, reason = "PAGER is a convention of terminals, not a setting")]
pub fn needed(text: &str) -> Option<String> {
    let rows = terminal_size::terminal_size_of(io::stdout()).map(|(_, rows)| usize::from(rows.0))?;
    if !io::stdout().is_terminal() || text.lines().count() < rows {
        return None;
    }
    let command = std::env::var("PAGER").unwrap_or_else(|_| DEFAULT.to_owned());
    let command = command.trim();
    (!matches!(command, "" | "cat")).then(|| command.to_owned())
}

/// Shows `text` in the pager and waits for its end. False if it cannot be started.
pub fn run(command: &str, text: &str) -> bool {
    // The pager handles Ctrl-C; without this the program would end while the pager still uses the terminal.
    let _signals = tokio::runtime::Builder::new_current_thread().enable_all().build().map(|runtime| {
        let _inside = runtime.enter();
        (interrupts(), runtime)
    });
    let Ok(mut pager) = spawn(command) else { return false };
    if let Some(mut stdin) = pager.stdin.take() {
        // A reader may quit the pager before the end.
        let _ = stdin.write_all(text.as_bytes());
    }
    // 126 and 127: the shell found no such command (POSIX, 2.8.2).
    pager.wait().is_ok_and(|status| !matches!(status.code(), Some(126 | 127)))
}

#[cfg(unix)]
fn interrupts() -> io::Result<tokio::signal::unix::Signal> {
    tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())
}

#[cfg(not(unix))]
fn interrupts() {}

#[expect(clippy::disallowed_methods, reason = "LESS is a convention of terminals, not a setting")]
fn spawn(command: &str) -> io::Result<Child> {
    let mut shell = if cfg!(windows) { Command::new("cmd") } else { Command::new("sh") };
    shell.args([if cfg!(windows) { "/C" } else { "-c" }, command]).stdin(Stdio::piped());
    if std::env::var_os("LESS").is_none() {
        // For a PAGER of "less" alone: colours, and no pager where the text fits.
        shell.env("LESS", "FRX");
    }
    shell.spawn()
}
