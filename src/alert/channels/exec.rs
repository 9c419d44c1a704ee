//! A command for each message: JSON on stdin, exit code 0 means taken. The identity in the JSON and in
//! `TGE_SCRAPE_ID` stays the same over all attempts, so that the command can leave out what it has.

use std::time::Duration;

use super::{Arrived, Attempt, Refusal};
use crate::alert::{document, process::Program};

/// A command.
#[derive(Debug, Clone)]
pub struct Exec {
    /// What to run.
    pub program: Program,
}

impl Exec {
    /// The program's name.
    pub fn shown(&self) -> String {
        self.program.name().to_owned()
    }

    /// Runs it once.
    pub(super) async fn send(&self, limit: Duration, attempt: Attempt<'_>) -> Result<Arrived, Refusal> {
        let line = format!("{}\n", document::document(attempt.message));
        let extra = [
            ("TGE_SCRAPE_ID", attempt.message.id.as_str()),
            ("TGE_SCRAPE_CHANNEL", attempt.message.channel.as_str()),
            ("TGE_SCRAPE_TYPE", document::kind(attempt.message)),
        ];
        self.program.run(line.as_bytes(), &extra, limit).await.map_err(Refusal::Later)?;
        Ok(Arrived::default())
    }
}
