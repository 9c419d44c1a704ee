//! stdout for results, stderr for everything else; colour only where it is wanted.

use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;

use crate::{error::Error, exit::Exit, text::lines};

/// When to colour (docs/reference/formats.md#streams-and-colour).
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Even into a pipe
    Always,
    /// Not at all
    Never,
}

/// The two streams of a run.
#[derive(Debug)]
pub struct Output {
    color: ColorChoice,
}

impl Output {
    /// The process's own streams.
    #[must_use]
    pub fn new(color: ColorChoice) -> Self {
        Self { color }
    }

    /// Writes a result to stdout.
    ///
    /// # Errors
    /// An error with [`Exit::Success`] where the reader has gone (the run ends quietly), else one that says
    /// that stdout cannot be written.
    pub fn print(&mut self, text: &str) -> Result<(), Error> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(stdout_error)
    }

    /// Whether stdout wants colour.
    #[must_use]
    pub fn colored(&self) -> bool {
        colored(self.color, io::stdout().is_terminal())
    }

    /// Columns of the terminal; 100 where there is none, so that a pipe gets whole lines.
    #[must_use]
    pub fn width(&self) -> u16 {
        terminal_size::terminal_size_of(io::stdout()).map_or(100, |(width, _)| width.0.max(30))
    }

    /// Whether stderr is a terminal on which things may move.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "CI is a variable of the surroundings, not a setting")]
    pub fn shows_progress(&self) -> bool {
        io::stderr().is_terminal() && std::env::var_os("CI").is_none()
    }

    /// Says something on stderr that is no failure.
    pub fn note(&mut self, text: &str) {
        // Nothing is left to do where stderr is gone.
        let _ = writeln!(io::stderr().lock(), "{}", lines(text));
    }

    /// Says on stderr why the run ends.
    pub fn complain(&mut self, error: &Error) {
        if error.message.is_empty() {
            return;
        }
        // Nothing is left to do where stderr is gone too.
        let _ = writeln!(io::stderr().lock(), "{}", lines(&format!("error: {error}")));
    }
}

/// Where log lines and last words go: stderr, one line an event, with nothing that steers a terminal.
#[derive(Debug, Clone, Copy)]
pub struct Journal;

impl Journal {
    /// `event` as its line.
    fn line(event: &str) -> String {
        lines(event.trim_end()).replace('\n', " ") + "\n"
    }
}

impl Write for Journal {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        io::stderr().lock().write_all(Self::line(&String::from_utf8_lossy(event)).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Says on stderr that a panic ended something, and where; what it says only if that is written in the program: words
/// made up on the way may quote a feed or a secret.
pub fn quiet_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
        // Nothing is left to do where stderr is gone.
        let _ = Journal.write_all(last_words(&place, info.payload()).as_bytes());
    }));
}

fn last_words(place: &str, payload: &dyn std::any::Any) -> String {
    let message =
        payload.downcast_ref::<&'static str>().map_or_else(String::new, |message| format!(": {message}"));
    format!("error: a mistake in tge-scrape{place}{message}\n")
}

/// What a failed write to stdout means: a reader that has gone ends the run quietly with 0.
pub fn stdout_error(error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::BrokenPipe {
        Error::new(Exit::Success, "", "")
    } else {
        Error::new(Exit::Failure, format!("stdout cannot be written: {error}"), "")
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the colour conventions are variables of the terminal, not settings"
)]
fn colored(choice: ColorChoice, terminal: bool) -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto
            if std::env::var_os("CLICOLOR_FORCE").is_some_and(|v| v != "0" && !v.is_empty()) =>
        {
            true
        }
        ColorChoice::Auto => {
            terminal && !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_whatever_it_says() {
        assert_eq!(
            Journal::line("WARN x: a\nERROR forged\x1b]0;t\x07\u{9b}2J\n"),
            "WARN x: a ERROR forged]0;t2J\n"
        );
    }

    #[test]
    fn last_words_quote_nothing_that_came_from_outside() {
        let made_up = format!("byte index 3 of `{}`", "https://hook.example/secret\x1b[2J");
        let masked = last_words(" at src/feed/plain.rs:7", &made_up);
        assert_eq!(masked, "error: a mistake in tge-scrape at src/feed/plain.rs:7\n");
        assert!(last_words("", &"no such group").ends_with(": no such group\n"));
    }
}
