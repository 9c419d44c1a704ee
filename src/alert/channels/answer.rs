//! The meaning of a service's response by its HTTP status.

use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::{Arrived, Delivery, Refusal};
use crate::{
    alert::wording::shown,
    http::{Failure, PostRequest, PostResponse},
    text::secret::{SHORTEST, Secrets},
};

/// Characters of a response that an error repeats.
const REPEATED: usize = 160;

impl Delivery<'_> {
    /// Posts `body` as JSON to `url`.
    pub async fn post_json(
        &self,
        url: &Url,
        headers: Vec<(String, String)>,
        body: &Value,
    ) -> Result<PostResponse, Refusal> {
        let mut all = vec![("Content-Type".to_owned(), "application/json; charset=utf-8".to_owned())];
        all.extend(headers);
        let request = PostRequest {
            url: url.clone(),
            headers: all,
            // Plain data with string keys always serialises.
            body: serde_json::to_vec(body).unwrap_or_default(),
            allow_private: self.channel.allow_private,
            timeout: self.channel.timeout,
        };
        self.post(request).await
    }

    /// Sends `request` and masks its secrets in an error response.
    pub async fn post(&self, request: PostRequest) -> Result<PostResponse, Refusal> {
        let (url, headers) = (request.url.clone(), request.headers.clone());
        let sent = self.poster.post(request, self.attempt.now).await;
        let mut response = sent.map_err(|failure| unanswered(&failure, &url))?;
        if !response.is_success()
            && let Some(masked) = secrets(&url, &headers).mask_bytes(&response.body)
        {
            response.body = masked;
        }
        Ok(response)
    }
}

/// Parts of an address and its headers that may be secret: webhooks and bots have their secret in the path.
fn secrets(url: &Url, headers: &[(String, String)]) -> Secrets {
    let parts = url.path().split('/').chain(url.query().unwrap_or_default().split(['&', '=']));
    let authorization = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    let words = authorization.flat_map(|(_, value)| value.split(' '));
    let all = parts.chain([url.username(), url.password().unwrap_or_default()]).chain(words);
    Secrets::new(all.filter(|part| part.len() >= SHORTEST))
}

/// A failure without a status.
fn unanswered(failure: &Failure, url: &Url) -> Refusal {
    let host = url.host_str().unwrap_or("the host");
    match failure {
        Failure::PrivateAddress(_) => Refusal::Broken(format!(
            "{host} is a private address; set allow_private_address = true for this channel if that is meant"
        )),
        Failure::BadAddress(_) => Refusal::Broken("the address cannot be asked".to_owned()),
        other => Refusal::Later(format!("{host}: {other}")),
    }
}

/// The result of a post whose status alone decides.
pub fn outcome(response: &PostResponse, url: &Url) -> Result<Arrived, Refusal> {
    if response.is_success() { Ok(Arrived::default()) } else { Err(refused(response, url)) }
}

/// The meaning of an error status (docs/reference/failures.md#channels): 429 asks to slow down, 5xx and time-outs are
/// temporary, 401, 403, 404 and 410 mean a wrong address or secret, and any other 4xx rejects this message.
pub fn refused(response: &PostResponse, url: &Url) -> Refusal {
    let host = url.host_str().unwrap_or("the host");
    let said = shown(&String::from_utf8_lossy(&response.body), REPEATED);
    let colon = if said.is_empty() { "" } else { ": " };
    let message_text = format!("{host} answers {}{colon}{said}", response.status);
    match response.status {
        429 => Refusal::Slow { wait: response.retry_after, message: message_text },
        502..=504 if response.retry_after.is_some() => {
            Refusal::Slow { wait: response.retry_after, message: message_text }
        }
        401 | 403 | 404 | 410 => Refusal::Broken(message_text),
        408 | 425 | 300..=399 | 500..=599 => Refusal::Later(message_text),
        _ => Refusal::Rejected(message_text),
    }
}

/// Seconds as a number or a text; `None` if it is neither.
pub fn seconds(value: &Value) -> Option<Duration> {
    let seconds = value.as_f64().or_else(|| value.as_str()?.parse().ok())?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// The host of `url`; the rest may be secret.
pub fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_quotes_the_request_gives_nothing_away() {
        let url: Url = "https://hooks.example/services/T0/abcdefgh1234?key=qwertzui99".parse().unwrap();
        let headers = [("Authorization".to_owned(), "Bearer tk_0123456789".to_owned())];
        let body = "no POST /services/T0/abcdefgh1234?key=qwertzui99 (tk_0123456789) here";
        let masked = secrets(&url, &headers).mask(body).into_owned();
        for secret in ["abcdefgh1234", "qwertzui99", "tk_0123456789"] {
            assert!(!masked.contains(secret), "{masked}");
        }
        assert!(masked.contains("no POST") && masked.contains("here"), "{masked}");
    }
}
