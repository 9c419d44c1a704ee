//! What a service's answer means where it does not say so in its own way.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use url::Url;

use super::{Channel, Refusal};
use crate::{
    alert::wording::shown,
    http::{Failure, Parcel, Post, Receipt},
};

/// Characters of an answer that a sentence repeats.
const REPEATED: usize = 160;

/// Sends `body` as JSON to `url`, and tells whether a status came at all.
pub async fn post_json(
    channel: &Channel,
    post: &dyn Post,
    url: &Url,
    headers: Vec<(String, String)>,
    body: &Value,
    now: Timestamp,
) -> Result<Receipt, Refusal> {
    let mut all = vec![("Content-Type".to_owned(), "application/json; charset=utf-8".to_owned())];
    all.extend(headers);
    let parcel = Parcel {
        url: url.clone(),
        headers: all,
        // Plain data with string keys always serialises.
        body: serde_json::to_vec(body).unwrap_or_default(),
        allow_private: channel.allow_private,
        timeout: channel.timeout,
    };
    post.post(parcel, now).await.map_err(|failure| unanswered(&failure, url))
}

/// A failure without a status.
pub fn unanswered(failure: &Failure, url: &Url) -> Refusal {
    let host = url.host_str().unwrap_or("the host");
    match failure {
        Failure::PrivateAddress(_) => Refusal::Broken(format!(
            "{host} is a private address; set allow_private_address = true for this channel if that is meant"
        )),
        Failure::BadAddress(_) => Refusal::Broken("the address cannot be asked".to_owned()),
        other => Refusal::Later(format!("{host}: {other}")),
    }
}

/// The plain meaning of a status that is no success (conventions, sections 6 and 7): 429 asks to slow down,
/// 5xx and time-outs pass, 401, 403, 404 and 410 mean that the address or the secret is wrong, and any other
/// 4xx that this message is.
pub fn refused(receipt: &Receipt, url: &Url) -> Refusal {
    let host = url.host_str().unwrap_or("the host");
    let said = shown(&String::from_utf8_lossy(&receipt.body), REPEATED);
    let colon = if said.is_empty() { "" } else { ": " };
    let says = format!("{host} answers {}{colon}{said}", receipt.status);
    match receipt.status {
        429 => Refusal::Slow { wait: receipt.retry_after, says },
        502..=504 if receipt.retry_after.is_some() => Refusal::Slow { wait: receipt.retry_after, says },
        401 | 403 | 404 | 410 => Refusal::Broken(says),
        408 | 425 | 300..=399 | 500..=599 => Refusal::Later(says),
        _ => Refusal::Rejected(says),
    }
}

/// Seconds as a service gives them, whole or not; nonsense is none.
pub fn seconds(value: &Value) -> Option<Duration> {
    let seconds = value.as_f64().or_else(|| value.as_str()?.parse().ok())?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// The host of `url`: all of it that may be shown.
pub fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}
