//! Which requests meet an injected failure: of hosts and of the simulated X. Pure.

use serde::{Deserialize, Serialize};

use super::random;

/// A failure and the requests that meet it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Injection<F> {
    /// What happens.
    pub failure: F,
    /// Only requests to this target: a host, or the beginning of an address there; of X, a route without method.
    #[serde(default)]
    pub target: Option<String>,
    /// So many requests are answered as usual first.
    #[serde(default)]
    pub after: u32,
    /// It happens so often.
    #[serde(default = "once")]
    pub times: u32,
    /// Probability at a request.
    #[serde(default = "always")]
    pub share: f64,
    /// How long a limit or cap of X lasts.
    #[serde(default = "hour")]
    pub seconds: i64,
}

fn once() -> u32 {
    1
}

fn always() -> f64 {
    1.0
}

fn hour() -> i64 {
    3600
}

impl<F> Injection<F> {
    /// Once, at the next request, to any target; limits and caps last an hour.
    #[must_use]
    pub fn new(failure: F) -> Self {
        Self { failure, target: None, after: 0, times: once(), share: always(), seconds: hour() }
    }

    /// Only requests to this target.
    #[must_use]
    pub fn on(self, target: &str) -> Self {
        Self { target: Some(target.to_owned()), ..self }
    }

    /// So often.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times, ..self }
    }

    /// After so many requests.
    #[must_use]
    pub fn after(self, after: u32) -> Self {
        Self { after, ..self }
    }

    /// At any time, with this probability at a request.
    #[must_use]
    pub fn by_chance(self, share: f64) -> Self {
        Self { times: u32::MAX, share, ..self }
    }
}

/// The failure of the first injection that applies to `request`. `fits` tests whether the request is to a target.
/// Chance depends on `request` alone, so that a run can be repeated.
pub fn next<F: Copy>(
    injections: &mut [Injection<F>],
    request: &[u64],
    fits: impl Fn(&str) -> bool,
) -> Option<(F, i64)> {
    for (injection, at) in injections.iter_mut().zip(0_u64..) {
        let applies = injection.times > 0
            && injection.target.as_deref().is_none_or(&fits)
            && random::share(&[request, &[at]].concat()) < injection.share;
        if applies && injection.after > 0 {
            injection.after -= 1;
        } else if applies {
            injection.times = injection.times.saturating_sub(1);
            return Some((injection.failure, injection.seconds));
        }
    }
    None
}
