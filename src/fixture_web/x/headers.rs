//! Headers of limits and time.

use jiff::{Timestamp, tz::TimeZone};

use super::limits::Taken;
use crate::fixture_web::server::Reply;

/// Unix milliseconds as whole seconds, rounded up: a reset is never named too early.
fn seconds(ms: i64) -> String {
    (ms + 999).div_euclid(1000).to_string()
}

/// Adds the headers of a window of fifteen minutes.
pub fn window(reply: Reply, taken: Taken) -> Reply {
    reply
        .with("x-rate-limit-limit", taken.limit.to_string())
        .with("x-rate-limit-remaining", taken.remaining.to_string())
        .with("x-rate-limit-reset", seconds(taken.until_ms))
}

/// A date as HTTP writes it (RFC 9110, section 5.6.7).
pub fn http_date(ms: i64) -> String {
    let at =
        Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned_datetime(TimeZone::UTC);
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// With what the app's 24 hours say when they are used up, until then (Unix milliseconds).
pub fn day(reply: Reply, until_ms: i64) -> Reply {
    reply
        .with("x-app-limit-24hour-limit", "100000")
        .with("x-app-limit-24hour-remaining", "0")
        .with("x-app-limit-24hour-reset", seconds(until_ms))
}
