//! The log of requests to the simulated X.

use serde::{Deserialize, Serialize};

use super::api::Violation;

/// One request.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Its place in the order they came, from 0.
    pub number: usize,
    /// Unix time by the server's clock, milliseconds.
    pub at_ms: i64,
    /// Method and route template; the path itself where no route fits.
    pub route: String,
    /// Path and query as they came.
    pub target: String,
    /// `token-1` for the first token known, and so on; `unknown`.
    pub credential: String,
    /// Status answered; 0 where the answer never left.
    pub status: u16,
    /// What was injected, if anything was.
    pub injected: Option<String>,
    /// Whether the window had nothing left before it came.
    pub beyond_limit: bool,
    /// Whether an earlier 429 on this route still asked for silence.
    pub while_blocked: bool,
    /// Posts in the answer's `data`.
    pub posts: Vec<String>,
    /// Users in the answer's `data`.
    pub users: Vec<String>,
    /// What it cost, millionths of a dollar.
    pub micro_usd: u64,
    /// What was wrong with it.
    pub violations: Vec<Violation>,
}

/// What a test asks of all calls at once.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Requests.
    pub calls: usize,
    /// Of those, with a window that had nothing left.
    pub beyond_limit: usize,
    /// Of those, between a 429 and its reset.
    pub while_blocked: usize,
    /// Of those, not as the description has them, dialect apart.
    pub violations: usize,
    /// Of those, in the other dialect.
    pub wrong_dialect: usize,
    /// Charged, millionths of a dollar.
    pub micro_usd: u64,
}

impl Summary {
    /// Counts `calls`.
    #[must_use]
    pub fn of(calls: &[Call]) -> Self {
        let count = |wanted: &dyn Fn(&Call) -> bool| calls.iter().filter(|call| wanted(call)).count();
        Self {
            calls: calls.len(),
            beyond_limit: count(&|call| call.beyond_limit),
            while_blocked: count(&|call| call.while_blocked),
            violations: count(&|call| {
                call.violations
                    .iter()
                    .any(|violation| !["dialect", "stale"].contains(&violation.kind.as_str()))
            }),
            wrong_dialect: count(&|call| {
                !call.violations.is_empty()
                    && call.violations.iter().all(|violation| violation.kind == "dialect")
            }),
            micro_usd: calls.iter().map(|call| call.micro_usd).sum(),
        }
    }
}
