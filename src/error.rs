//! What can end the program: a sentence, its cause, and what to do about it.

use crate::exit::Exit;

/// An end before the work was done.
#[derive(Debug)]
pub struct Error {
    /// What happened, one sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub hint: String,
    /// The exit code.
    pub exit: Exit,
}

impl Error {
    /// An end with `exit`: `message` says what happened, `hint` what to do (may be empty).
    pub fn new(exit: Exit, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into(), exit }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.message)?;
        if self.hint.is_empty() { Ok(()) } else { write!(f, "\n  hint: {}", self.hint) }
    }
}

impl std::error::Error for Error {}
