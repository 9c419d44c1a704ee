//! The user's commands at the events of a cycle. Their failures do not stop the cycle.

use std::time::Duration;

use serde_json::{Value, json};

use super::process::Program;
use crate::model::Detection;

/// `[hooks]`; an event without a program runs nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hooks {
    pub before_cycle: Option<Program>,
    /// After everything is saved and sent.
    pub after_cycle: Option<Program>,
    /// Once after a cycle that found something new, with all of it.
    pub on_detection: Option<Program>,
    /// After a failed or degraded cycle.
    pub on_failure: Option<Program>,
    pub timeout: Duration,
}

#[derive(Debug, Clone, Copy)]
pub enum HookEvent<'a> {
    Before,
    /// The report of docs/reference/outputs.md#cycle-report without its detections.
    After(&'a Value),
    /// New detections, except those in the first body of a source.
    Detection(&'a [Detection]),
    Failure(u8, &'a str),
}

impl Hooks {
    /// Runs the program of `event`, if there is one. A failure is logged as a warning.
    pub async fn run(&self, event: HookEvent<'_>) {
        let (name, program, input) = match event {
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
