//! Commands of the user's at the turns of a cycle. Whatever becomes of them, the cycle goes on.

use std::time::Duration;

use serde_json::{Value, json};

use super::process::Program;
use crate::model::Detection;

/// `[hooks]`; a turn without a program runs nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hooks {
    /// Before anything is fetched.
    pub before_cycle: Option<Program>,
    /// When all is saved and told.
    pub after_cycle: Option<Program>,
    /// After a cycle that found something new; once, with all of it.
    pub on_detection: Option<Program>,
    /// After a cycle that failed or is degraded.
    pub on_failure: Option<Program>,
    /// Limit for each.
    pub timeout: Duration,
}

/// A turn of the cycle with what there is to say of it.
#[derive(Debug, Clone, Copy)]
pub enum HookEvent<'a> {
    /// It begins.
    Before,
    /// It is over; the report of docs/reference/outputs.md#cycle-report without its detections.
    After(&'a Value),
    /// What it found that is not of a source's first sight.
    Detection(&'a [Detection]),
    /// It failed: exit code and sentence.
    Failure(u8, &'a str),
}

impl Hooks {
    /// Runs the program of `turn`, if there is one; its failure is a warning in the log.
    pub async fn run(&self, turn: HookEvent<'_>) {
        let (name, program, input) = match turn {
            HookEvent::Before => ("before_cycle", &self.before_cycle, json!({})),
            HookEvent::After(report) => ("after_cycle", &self.after_cycle, json!({ "report": report })),
            HookEvent::Detection([]) => return,
            HookEvent::Detection(found) => {
                ("on_detection", &self.on_detection, json!({ "detections": found }))
            }
            HookEvent::Failure(code, error) => {
                ("on_failure", &self.on_failure, json!({ "exit_code": code, "message": error }))
            }
        };
        let Some(program) = program else { return };
        let mut document = json!({ "schema": 1, "hook": name });
        if let (Value::Object(all), Value::Object(more)) = (&mut document, input) {
            all.extend(more);
        }
        let line = format!("{document}\n");
        if let Err(error) = program.run(line.as_bytes(), &[("TGE_SCRAPE_HOOK", name)], self.timeout).await {
            tracing::warn!(hook = name, "a hook failed: {error}");
        }
    }
}
