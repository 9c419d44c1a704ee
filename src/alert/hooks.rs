//! The user's commands at the events of a cycle. Their failures do not stop the cycle.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{model::Detection, process::Program};

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
    /// The id of the cycle that is about to begin, and the addresses of its due sources.
    Before { cycle: i64, due: &'a [String] },
    /// The report of docs/reference/outputs.md#cycle-report without its detections.
    After(&'a Value),
    /// New detections of a cycle, except those in the first body of a source.
    Detection { cycle: i64, found: &'a [Detection] },
    /// `None` where the cycle could not begin.
    Failure { cycle: Option<i64>, exit_code: u8, message: &'a str },
}

/// The exit code with which `before_cycle` skips the cycle: `EX_TEMPFAIL` of sysexits.h.
pub const SKIP: i32 = 75;

impl Hooks {
    /// Runs the program of `event`, if there is one; returns its exit code. A failure is logged as a warning, except
    /// [`SKIP`] of `before_cycle`.
    pub async fn run(&self, event: HookEvent<'_>) -> Option<i32> {
        let (name, program, input) = match event {
            HookEvent::Before { cycle, due } => {
                ("before_cycle", &self.before_cycle, json!({ "cycle": cycle, "due": due }))
            }
            HookEvent::After(report) => ("after_cycle", &self.after_cycle, json!({ "report": report })),
            HookEvent::Detection { found: [], .. } => return None,
            HookEvent::Detection { cycle, found } => {
                ("on_detection", &self.on_detection, json!({ "cycle": cycle, "detections": found }))
            }
            HookEvent::Failure { cycle, exit_code, message } => {
                let input = json!({ "cycle": cycle, "exit_code": exit_code, "message": message });
                ("on_failure", &self.on_failure, input)
            }
        };
        let program = program.as_ref()?;
        let mut document = json!({ "schema": 1, "hook": name });
        if let (Value::Object(all), Value::Object(more)) = (&mut document, input) {
            all.extend(more);
        }
        let line = format!("{document}\n");
        match program.run(line.as_bytes(), &[("TGE_SCRAPE_HOOK", name)], self.timeout).await {
            Ok(()) => Some(0),
            Err(error) => {
                let skips = matches!(event, HookEvent::Before { .. }) && error.code == Some(SKIP);
                if !skips {
                    tracing::warn!(hook = name, "a hook failed: {error}");
                }
                error.code
            }
        }
    }
}
