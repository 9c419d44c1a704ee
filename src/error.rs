//! What can end the program: a sentence, its cause, and what to do about it.

use crate::{exit::Exit, http::SetupError, store::StoreError};

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

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let exit = match error {
            StoreError::Locked(_) => Exit::Locked,
            StoreError::Newer { .. } => Exit::Settings,
            _ => Exit::Failure,
        };
        Self::new(exit, error.to_string(), error.hint())
    }
}

impl From<SetupError> for Error {
    fn from(error: SetupError) -> Self {
        Self::new(
            Exit::Settings,
            error.to_string(),
            "`tge-scrape config show` says where the value comes from",
        )
    }
}
