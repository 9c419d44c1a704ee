//! stdout for results, stderr for everything else.

use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::json;

use super::{log_file, pager};
use crate::{
    clock::{Clock, SystemClock},
    error::Error,
    exit::Exit,
    render::{Style, times::Times},
    text::lines,
};

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
    /// Whether stderr gets a JSON object for each remark, as for log lines.
    json_log: bool,
}

#[expect(clippy::unused_self, reason = "only who is given the output may print")]
impl Output {
    pub fn new(color: ColorChoice, json_log: bool) -> Self {
        Self { color, json_log }
    }

    /// Writes a result to stdout. If the reader has gone, the error is [`Exit::Success`]: the run ends quietly.
    pub fn print(&mut self, text: &str) -> Result<(), Error> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(stdout_error)
    }

    /// What stdout can show: as wide as the terminal, else `COLUMNS`, else 100 columns.
    #[expect(clippy::disallowed_methods, reason = "a variable of the terminal, not a setting")]
    pub fn style(&self) -> Style {
        let terminal = io::stdout().is_terminal();
        let size = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0);
        let columns = || std::env::var("COLUMNS").ok()?.parse().ok();
        let width = size.filter(|width| *width > 0).or_else(columns).unwrap_or(100).clamp(30, 1000);
        Style { width, color: colored(self.color, terminal), terminal }
    }

    /// How times are written: local and relative on a terminal, else and with `is_utc` in UTC.
    pub fn times(&self, now: Timestamp, is_utc: bool) -> Times {
        let zone = if is_utc { TimeZone::UTC } else { TimeZone::system() };
        if io::stdout().is_terminal() { Times::relative(now, zone) } else { Times::absolute(now) }
    }

    /// Writes a result to stdout; on a terminal on which it does not fit, through the pager.
    pub fn page(&mut self, text: &str) -> Result<(), Error> {
        match pager::needed(text) {
            Some(command) if pager::run(&command, text) => Ok(()),
            _ => self.print(text),
        }
    }

    /// Whether stderr is a terminal for a progress bar.
    #[expect(clippy::disallowed_methods, reason = "CI is a variable of the surroundings, not a setting")]
    pub fn shows_progress(&self) -> bool {
        io::stderr().is_terminal() && std::env::var_os("CI").is_none()
    }

    /// Writes a remark to stderr.
    pub fn note(&mut self, text: &str) {
        // Nothing is left to do where stderr is gone.
        let _ = writeln!(io::stderr().lock(), "{}", self.remark("INFO", text, text));
        self.log("INFO", text);
    }

    /// Writes to the log file what stderr gets without a level.
    fn log(&self, level: &str, message: &str) {
        if log_file::is_open() {
            let text = format!("{} {level:>5} {}: {message}", SystemClock.now(), env!("CARGO_CRATE_NAME"));
            log_file::write(&Journal::line(&self.remark(level, message, &text)));
        }
    }

    /// Writes the result of a cycle to the log file.
    pub fn log_result(&self, summary: &str) {
        self.log("INFO", summary);
    }

    /// A remark of that level: `message` in the shape of a log line, or `text` for people.
    fn remark(&self, level: &str, message: &str, text: &str) -> String {
        if self.json_log {
            let (timestamp, fields) = (SystemClock.now().to_string(), json!({ "message": lines(message) }));
            let target = env!("CARGO_CRATE_NAME");
            json!({ "timestamp": timestamp, "level": level, "fields": fields, "target": target }).to_string()
        } else {
            lines(text)
        }
    }

    /// Says on a terminal what to do next; a pipe gets results only.
    pub fn next(&mut self, step: &str) {
        if io::stdout().is_terminal() && io::stderr().is_terminal() {
            self.note(&format!("next: {step}"));
        }
    }

    /// Writes to stderr why the run ends.
    pub fn complain(&mut self, error: &Error) {
        if error.message.is_empty() {
            return;
        }
        // Nothing is left to do where stderr is gone too.
        let remark = self.remark("ERROR", &error.to_string(), &format!("error: {error}"));
        let _ = writeln!(io::stderr().lock(), "{remark}");
        self.log("ERROR", &error.to_string());
    }
}

/// Log lines and panics on stderr: one line for each event, without terminal control characters.
#[derive(Debug, Clone, Copy)]
pub struct Journal;

impl Journal {
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

/// Log lines in the log file.
#[derive(Debug, Clone, Copy)]
pub struct FileJournal;

impl Write for FileJournal {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        log_file::write(&Journal::line(&String::from_utf8_lossy(event)));
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reports panics on stderr with their place. A formatted message is left out: it may quote a feed or a secret.
pub fn quiet_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
        // Nothing is left to do where stderr is gone.
        let report = panic_report(&place, info.payload());
        let _ = Journal.write_all(report.as_bytes());
        let _ = FileJournal.write_all(report.as_bytes());
    }));
}

fn panic_report(place: &str, payload: &dyn std::any::Any) -> String {
    let message =
        payload.downcast_ref::<&'static str>().map_or_else(String::new, |message| format!(": {message}"));
    format!("error: a bug in tge-scrape{place}{message}\n")
}

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
    fn an_event_is_one_line_in_any_case() {
        assert_eq!(
            Journal::line("WARN x: a\nERROR forged\x1b]0;t\x07\u{9b}2J\n"),
            "WARN x: a ERROR forged]0;t2J\n"
        );
    }

    #[test]
    fn a_panic_report_quotes_no_formatted_message() {
        let made_up = format!("byte index 3 of `{}`", "https://hook.example/secret\x1b[2J");
        let masked = panic_report(" at src/feed/plain.rs:7", &made_up);
        assert_eq!(masked, "error: a bug in tge-scrape at src/feed/plain.rs:7\n");
        assert!(panic_report("", &"no such group").ends_with(": no such group\n"));
    }
}
