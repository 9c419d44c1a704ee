//! Whether the server works, for supervisors and load balancers.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, Response, StatusCode},
};
use jiff::Timestamp;

use super::{
    answer::{Document, problem},
    app::{Shared, failed},
};
use crate::clock::{Clock, SystemClock};

/// Intervals of cycles after which the last one is too old to be ready.
const LATE: i64 = 3;
/// Seconds after which it is too old where no interval is known.
const LATE_S: i64 = 3600;

pub async fn healthz() -> Response<Body> {
    Document::new("text/plain; charset=utf-8", "ok\n".to_owned()).answer(&HeaderMap::new()).await
}

/// Ready if the database can be read and the last cycle is not older than three of its intervals.
pub async fn readyz(State(app): Shared) -> Response<Body> {
    let starts = match app.store.cycles(2).await {
        Ok(rows) => rows.into_iter().map(|cycle| cycle.started_at).collect::<Vec<_>>(),
        Err(error) => return failed(&error.to_string()),
    };
    match not_ready(&starts, SystemClock.now()) {
        None => {
            Document::new("text/plain; charset=utf-8", "ready\n".to_owned()).answer(&HeaderMap::new()).await
        }
        Some(detail) => problem(StatusCode::SERVICE_UNAVAILABLE, &detail),
    }
}

/// Why the server is not ready at `now`, given the starts of the last two cycles, newest first.
fn not_ready(starts: &[Timestamp], now: Timestamp) -> Option<String> {
    let last = starts.first();
    let age = |at: &Timestamp| now.duration_since(*at).as_secs();
    let bound = match starts {
        [last, before, ..] => (LATE * last.duration_since(*before).as_secs()).max(LATE_S),
        _ => LATE_S,
    };
    match last {
        None => Some("no cycle has finished yet".to_owned()),
        Some(last) if age(last) > bound => {
            Some(format!("the last cycle began {} s ago; expected within {bound} s", age(last)))
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_follows_the_interval_of_the_cycles() {
        let at = |seconds: i64| Timestamp::from_second(100_000 + seconds).unwrap();
        assert!(not_ready(&[], at(0)).is_some());
        assert_eq!(not_ready(&[at(0)], at(3_600)), None);
        assert!(not_ready(&[at(0)], at(3_601)).is_some());
        let daily = [at(0), at(-86_400)];
        assert_eq!(not_ready(&daily, at(200_000)), None);
        assert!(not_ready(&daily, at(260_000)).unwrap().contains("260000 s ago"));
    }
}
