//! Pings to a monitor of cron jobs (docs/reference/formats.md#pings): one as a cycle begins, one as it ends.
//!
//! The address is a secret: no message carries more of it than its host, no redirect is followed and no `Referer` sent.
//! It comes from the settings, never from a feed, so private addresses are allowed: many run their monitor themselves.

use std::{hash::BuildHasher, hash::RandomState, time::Duration};

use url::Url;

use super::{Settings, connections::builder, resolve::AddressPolicy};
use crate::clock::Clock;

/// Limit for one ping with all its tries. Nothing waits for a monitor longer than that.
const LIMIT: Duration = Duration::from_secs(5);
/// How often a failed one is sent again (docs/reference/formats.md#pings).
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
    /// The monitor at `url`, for a run of its own, reached as `settings` say; `None` where the address cannot be used.
    #[must_use]
    pub fn new(url: &str, settings: &Settings) -> Option<Self> {
        let url = Url::parse(url.trim_end_matches('/')).ok()?;
        let client = builder(settings, AddressPolicy::new(true, &[])).ok()?.build().ok()?;
        Some(Self { client, url, run: run_id() })
    }

    /// Tells that `what` has happened (`start`, or an exit code), with `body` for its log. A monitor that does
    /// not answer in time is noted and changes nothing.
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

    /// Whether the monitor took the ping or refused it for good.
    async fn send(&self, url: Url, body: &str, clock: &dyn Clock) -> bool {
        for attempt in 0..TRIES {
            if attempt > 0 {
                clock.sleep(WAIT * 2_u32.pow(attempt - 1)).await;
            }
            let sent = self.client.post(url.clone()).body(body.to_owned()).send().await;
            match sent.map(|answer| answer.status()) {
                Ok(status) if status.is_success() => return true,
                // Wrong address or token, or an address that has moved: asking again would not help.
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
    use std::future::{pending, ready};

    use futures_util::future::BoxFuture;

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
        let monitor = Monitor::new("https://hc.example/secret-token", &Settings::for_tests()).unwrap();
        assert!(!format!("{monitor:?}").contains("secret"));
        assert!(Monitor::new("no address", &Settings::for_tests()).is_none());
    }

    /// A clock whose short waits are over at once, and the limit of a ping too if that is to pass.
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

    /// Requests a server gets that gives these answers, one a connection.
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
    async fn a_ping_is_sent_again_after_a_failure_and_never_led_elsewhere() {
        let requests = asked(&["500 No", "429 Slow", "200 OK"]).await;
        assert_eq!(requests.len(), 3);
        assert!(requests.iter().all(|request| request.starts_with("POST /secret/start?rid=")));
        let moved = asked(&["302 Found\r\nlocation: /elsewhere", "200 OK"]).await;
        assert_eq!(moved.len(), 1);
        assert!(!moved[0].to_lowercase().contains("referer"));
    }

    #[tokio::test]
    async fn a_monitor_that_never_answers_is_left_when_its_time_has_passed() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let monitor = Monitor::new(&format!("http://127.0.0.1:{port}/"), &Settings::for_tests()).unwrap();
        monitor.ping("0", "", &Hands { limit_passes: true }).await;
        drop(listener);
    }
}
