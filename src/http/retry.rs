//! Which failures get further requests within the run, and after what wait. Pure.

use std::time::Duration;

use super::Failure;
use crate::clock::jitter;

/// The wait before a retry: 1–3 s, different for each address so that a burst spreads. `None` where a retry would
/// not help (docs/reference/http.md#retries-within-a-cycle).
pub fn wait(failure: &Failure, url: &str) -> Option<Duration> {
    let passing = matches!(failure, Failure::Reset | Failure::ConnectTimeout | Failure::Status(502 | 504));
    passing.then(|| Duration::from_secs_f64(1.0 + 2.0 * jitter(url)))
}
