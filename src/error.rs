//! An error that ends the program, with its exit code and a hint.

use crate::{exit::Exit, http::SetupError, store::StoreError};

#[derive(Debug)]
pub struct Error {
    /// What happened, one sentence without a full stop.
    pub message: String,
    /// What to do about it; may be empty.
    pub hint: String,
    pub exit: Exit,
}

impl Error {
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
