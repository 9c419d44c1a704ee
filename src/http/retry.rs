//! Which failure is worth a second request within the run, and after what wait. Pure.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use super::Failure;

/// The wait before the one retry (1–3 s, spread by address so that a burst parts), or `None` where a retry
/// would not help (docs/reference/http.md#retries-within-a-cycle).
#[must_use]
pub fn wait(failure: &Failure, url: &str) -> Option<Duration> {
    let passing = matches!(failure, Failure::Reset | Failure::ConnectTimeout | Failure::Status(502 | 504));
    let mut hasher = DefaultHasher::new();
    url.hash(&mut hasher);
    passing.then(|| Duration::from_millis(1000 + hasher.finish() % 2001))
}
