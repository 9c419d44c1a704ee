//! Pings to a monitor of cron jobs (docs/reference/formats.md#pings) at the start and end of a cycle.
//!
//! The address is a secret: messages show only its host, no redirect is followed and no `Referer` sent. It comes from the
//! settings, so private addresses are allowed: many users run their own monitor.

use std::{
    hash::BuildHasher,
    hash::RandomState,
    time::{Duration, Instant},
};

use reqwest::StatusCode;
use url::Url;

use super::{Settings, connections::builder, resolve::AddressPolicy};
use crate::clock::Clock;

/// Time limit for one ping with all its tries.
const LIMIT: Duration = Duration::from_secs(5);
/// Tries of one ping (docs/reference/formats.md#pings).
const TRIES: u32 = 5;
/// Wait before the second try; doubles before each further one.
const WAIT: Duration = Duration::from_millis(500);
/// Bytes of a body that old servers store.
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
    /// The monitor at `url`, for one run; `None` where the address cannot be used.
    #[must_use]
    pub fn new(url: &str, settings: &Settings) -> Option<Self> {
        let url = Url::parse(url.trim_end_matches('/')).ok()?;
        let client = builder(settings, AddressPolicy::new(true, &[])).ok()?.build().ok()?;
        Some(Self { client, url, run: run_id() })
    }

    /// Reports `what` (`start`, or an exit code), with `body` for the monitor's log. A failure is logged and has no other
    /// effect.
    pub async fn ping(&self, what: &str, body: &str, clock: &dyn Clock) {
        let mut url = self.url.clone();
        url.set_path(&format!("{}/{what}", self.url.path().trim_end_matches('/')));
        url.query_pairs_mut().append_pair("rid", &self.run);
        let end = body.floor_char_boundary(BODY);
        let taken = tokio::select! {
            taken = self.send(url, &body[..end], clock) => taken,
            () = clock.sleep(LIMIT) => false,
        };
        if !taken {
            tracing::warn!(host = self.url.host_str(), "the monitor could not be reached");
        }
    }

    /// Whether the monitor accepted or finally refused the ping.
    async fn send(&self, url: Url, body: &str, clock: &dyn Clock) -> bool {
        for attempt in 0..TRIES {
            if attempt > 0 {
                clock.sleep(WAIT * 2_u32.pow(attempt - 1)).await;
            }
            let start = Instant::now();
            let sent = self.client.post(url.clone()).body(body.to_owned()).send().await;
            let sent = sent.map(|answer| answer.status());
            let (status, ms) = (sent.as_ref().ok().map(StatusCode::as_u16), start.elapsed().as_millis());
            // The path is a secret.
            tracing::debug!(
                purpose = "monitor",
                host = self.url.host_str(),
                status,
                bytes = body.len(),
                ms,
                "POST"
            );
            match sent {
                Ok(status) if status.is_success() => return true,
                // A wrong address or token, or a moved address: a retry does not help.
                Ok(status)
                    if status.is_redirection() || status.is_client_error() && status.as_u16() != 429 =>
                {
                    tracing::warn!(host = self.url.host_str(), %status, "the monitor refused the ping");
                    return true;
                }
                _ => {}
            }
        }
        false
    }
}

/// A random UUID (RFC 9562, version 4) that the pings of a run share.
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
    use std::future::{pending, ready};

    use futures_util::future::BoxFuture;

    use super::*;

    #[test]
    fn each_run_has_its_own_uuid() {
        let (one, other) = (run_id(), run_id());
        assert_ne!(one, other);
        let parts: Vec<_> = one.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert_eq!(one.as_bytes()[14], b'4');
        assert!(b"89ab".contains(&one.as_bytes()[19]), "{one}");
    }

    #[test]
    fn the_address_is_not_shown() {
        let monitor = Monitor::new("https://hc.example/secret-token", &Settings::for_tests()).unwrap();
        assert!(!format!("{monitor:?}").contains("secret"));
        assert!(Monitor::new("no address", &Settings::for_tests()).is_none());
    }

    /// A clock whose short waits end at once, and the limit of a ping too if `limit_passes`.
    struct Hands {
        limit_passes: bool,
    }

    impl Clock for Hands {
        fn now(&self) -> jiff::Timestamp {
            jiff::Timestamp::UNIX_EPOCH
        }

        fn sleep(&self, wait: Duration) -> BoxFuture<'_, ()> {
            if wait == LIMIT && !self.limit_passes { Box::pin(pending()) } else { Box::pin(ready(())) }
        }
    }

    /// The requests to a server that gives these answers, one a connection.
    async fn asked(answers: &[&str]) -> Vec<String> {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let monitor =
            Monitor::new(&format!("http://127.0.0.1:{port}/secret"), &Settings::for_tests()).unwrap();
        let mut requests = Vec::new();
        let serve = async {
            for answer in answers {
                let (mut socket, _) = listener.accept().await.unwrap();
                let mut bytes = vec![0; 4096];
                let length = socket.read(&mut bytes).await.unwrap();
                requests.push(String::from_utf8_lossy(&bytes[..length]).into_owned());
                socket
                    .write_all(
                        format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                            .as_bytes(),
                    )
                    .await
                    .unwrap();
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = monitor.ping("start", "", &Hands { limit_passes: false }) => {}
            () = serve => {}
        }
        requests
    }

    #[tokio::test]
    async fn a_ping_is_repeated_after_a_failure_and_not_redirected() {
        let requests = asked(&["500 No", "429 Slow", "200 OK"]).await;
        assert_eq!(requests.len(), 3);
        assert!(requests.iter().all(|request| request.starts_with("POST /secret/start?rid=")));
        let moved = asked(&["302 Found\r\nlocation: /elsewhere", "200 OK"]).await;
        assert_eq!(moved.len(), 1);
        assert!(!moved[0].to_lowercase().contains("referer"));
    }

    #[tokio::test]
    async fn a_ping_ends_at_its_time_limit() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let monitor = Monitor::new(&format!("http://127.0.0.1:{port}/"), &Settings::for_tests()).unwrap();
        monitor.ping("0", "", &Hands { limit_passes: true }).await;
        drop(listener);
    }
}
