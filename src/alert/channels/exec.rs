//! A command for each message: JSON on stdin, exit code 0 means accepted. The id in the JSON and in
//! `TGE_SCRAPE_ID` is the same in all attempts, so that the command can ignore duplicates.

use std::time::Duration;

use super::{Arrived, Attempt, Refusal};
use crate::{alert::document, process::Program};

#[derive(Debug, Clone)]
pub struct Exec {
    pub program: Program,
}

impl Exec {
    pub fn shown(&self) -> String {
        self.program.name().to_owned()
    }

    pub(super) async fn send(&self, limit: Duration, attempt: Attempt<'_>) -> Result<Arrived, Refusal> {
        let line = format!("{}\n", document::document(attempt.message));
        let extra = [
            ("TGE_SCRAPE_ID", attempt.message.id.as_str()),
            ("TGE_SCRAPE_CHANNEL", attempt.message.channel.as_str()),
            ("TGE_SCRAPE_TYPE", document::kind(attempt.message)),
        ];
        self.program
            .run(line.as_bytes(), &extra, limit)
            .await
            .map_err(|error| Refusal::Later(error.message))?;
        Ok(Arrived::default())
    }
}
