//! Runs the program of a source (docs/guide/programs.md).

use std::time::Instant;

use bytes::Bytes;
use tokio::sync::Semaphore;

use crate::{
    model::{ExecSource, FailureKind},
    process::{Program, Reason, complaint},
    text::secret::Secrets,
};

/// Bytes that a program may print: the built-in `http.feed_body_limit`.
pub(crate) const MOST_OUTPUT: u64 = 5 << 20;
/// What the output is read as.
pub(crate) const CONTENT_TYPE: &str = "application/x-ndjson; charset=utf-8";
/// Programs that run at once: each may take its whole memory limit.
static RUNNING: Semaphore = Semaphore::const_new(4);

/// The end of a run.
pub(crate) struct Run {
    /// The output, or the kind and the message of the failure.
    pub result: Result<Bytes, (FailureKind, String)>,
    /// When the program was started, after waiting for others.
    pub start: Instant,
}

/// Runs `program`, the source `name`. Its stderr is logged; a failure states it. No secret of its environment is shown.
pub(crate) async fn run_program(program: &ExecSource, name: &str) -> Run {
    // The semaphore is never closed.
    let _permit = RUNNING.acquire().await;
    let start = Instant::now();
    let runnable = Program {
        command: program.command.clone(),
        environment: program.environment.clone(),
        directory: Some(program.directory.clone()),
        memory: Some(program.memory),
    };
    let masked =
        |text: &str| Secrets::new(program.secrets.iter().map(String::as_str)).mask(text).into_owned();
    let result = match runnable.print(program.timeout, MOST_OUTPUT).await {
        Ok(printed) => {
            let said = complaint(&printed.stderr);
            if !said.is_empty() {
                tracing::info!("the program of {name} says: {}", masked(&said));
            }
            Ok(printed.stdout.into())
        }
        Err(error) => {
            let kind = match error.reason {
                Reason::Failed => FailureKind::ProgramFailed,
                Reason::TimedOut => FailureKind::ProgramTimeout,
                Reason::TooMuch => FailureKind::ProgramOutput,
            };
            Err((kind, masked(&error.message)))
        }
    };
    Run { result, start }
}
