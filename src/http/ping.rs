//! Pings to a monitor of cron jobs (conventions, section 9): one as a cycle begins, one as it ends.
//!
//! The address is a secret: no message carries more of it than its host. It comes from the settings, never
//! from a feed, so private addresses are allowed: many run their monitor themselves.

use std::{hash::BuildHasher, hash::RandomState, time::Duration};

use url::Url;

use crate::clock::Clock;

/// Limit for one ping, and how often a failed one is sent again (conventions, section 9).
const TIMEOUT: Duration = Duration::from_secs(10);
const TRIES: u32 = 5;
/// Wait before the second try; doubled before each further one.
const WAIT: Duration = Duration::from_millis(500);
/// Bytes of a body that old servers keep.
const BODY: usize = 10_000;

/// The monitor of one run.
#[derive(Clone)]
pub struct Monitor {
    client: reqwest::Client,
    url: Url,
    run: String,
}

impl std::fmt::Debug for Monitor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Monitor").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}

impl Monitor {
    /// The monitor at `url`, for a run of its own; `None` where the address cannot be used.
    #[must_use]
    pub fn new(url: &str, user_agent: &str) -> Option<Self> {
        let url = Url::parse(url.trim_end_matches('/')).ok()?;
        let client = reqwest::Client::builder().user_agent(user_agent).timeout(TIMEOUT).build().ok()?;
        Some(Self { client, url, run: run_id() })
    }

    /// Tells that `what` has happened (`start`, or an exit code), with `body` for its log. A monitor that does
    /// not answer is noted and changes nothing.
    pub async fn ping(&self, what: &str, body: &str, clock: &impl Clock) {
        let mut url = self.url.clone();
        url.set_path(&format!("{}/{what}", self.url.path().trim_end_matches('/')));
        url.query_pairs_mut().append_pair("rid", &self.run);
        let end = body.floor_char_boundary(BODY);
        for attempt in 0..TRIES {
            if attempt > 0 {
                clock.sleep(WAIT * 2_u32.pow(attempt - 1)).await;
            }
            let sent = self.client.post(url.clone()).body(body[..end].to_owned()).send().await;
            match sent.map(|answer| answer.status()) {
                Ok(status) if status.is_success() => return,
                // Wrong address or token: asking again would not help.
                Ok(status) if status.is_client_error() && status.as_u16() != 429 => {
                    tracing::warn!(host = self.url.host_str(), %status, "the monitor refused the ping");
                    return;
                }
                _ => {}
            }
        }
        tracing::warn!(host = self.url.host_str(), "the monitor could not be reached");
    }
}

/// A random UUID (RFC 9562, version 4) that ties a run's pings together.
fn run_id() -> String {
    let random = || RandomState::new().hash_one(0_u8);
    let (high, low) = (random(), random());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_run_has_an_id_of_its_own_in_the_form_of_a_uuid() {
        let (one, other) = (run_id(), run_id());
        assert_ne!(one, other);
        let parts: Vec<_> = one.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert_eq!(one.as_bytes()[14], b'4');
        assert!(b"89ab".contains(&one.as_bytes()[19]), "{one}");
    }

    #[test]
    fn the_address_is_not_shown() {
        let monitor = Monitor::new("https://hc.example/secret-token", "x").unwrap();
        assert!(!format!("{monitor:?}").contains("secret"));
        assert!(Monitor::new("no address", "x").is_none());
    }
}
