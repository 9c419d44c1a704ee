//! Signed webhooks after Standard Webhooks 1.0 (docs/reference/formats.md#webhook-signature).
//!
//! `webhook-id` is the message's id and the same in all attempts, so that a receiver can ignore
//! duplicates; `webhook-timestamp` is the attempt's; `webhook-signature` is HMAC-SHA256 over
//! `id.timestamp.body` with every configured secret, so that secrets can be rotated without a gap.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use url::Url;

use super::{Arrived, Attempt, Channel, Delivery, Refusal, answer};
use crate::{
    alert::{document, message::Message, wording::shrink},
    http::PostRequest,
};

/// Launches in one message: bodies stay under 20 kB.
pub const CAPACITY: usize = 4;
/// Advised maximum of bytes of a body.
const BODY: usize = 20_000;
/// Bytes of a secret (Standard Webhooks: 24 to 64).
const SECRET: std::ops::RangeInclusive<usize> = 24..=64;
const PREFIX: &str = "whsec_";

#[derive(Clone)]
pub struct Webhook {
    pub url: Url,
    /// Newest first; empty sends unsigned.
    pub secrets: Vec<WebhookSecret>,
}

/// A key of 24 to 64 bytes, never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(Vec<u8>);

impl std::fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("••••")
    }
}

impl WebhookSecret {
    /// Reads `whsec_` and base64.
    pub fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let key = STANDARD
            .decode(text.strip_prefix(PREFIX).unwrap_or(text))
            .map_err(|_| format!("should be {PREFIX} and base64"))?;
        if SECRET.contains(&key.len()) {
            Ok(Self(key))
        } else {
            Err(format!("should hold 24 to 64 bytes, holds {}", key.len()))
        }
    }

    fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        // HMAC accepts a key of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(format!("{id}.{seconds}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl Webhook {
    pub(super) async fn send(&self, delivery: &Delivery<'_>) -> Result<Arrived, Refusal> {
        let response = delivery.post(self.request(delivery.channel, delivery.attempt)).await?;
        answer::outcome(&response, &self.url)
    }

    fn request(&self, channel: &Channel, attempt: Attempt<'_>) -> PostRequest {
        // Plain data with string keys always serialises.
        let body = serde_json::to_vec(&payload(attempt.message)).unwrap_or_default();
        let (id, seconds) = (&attempt.message.id, attempt.now.as_second());
        let mut headers = vec![
            ("Content-Type".to_owned(), "application/json".to_owned()),
            ("webhook-id".to_owned(), id.clone()),
            ("webhook-timestamp".to_owned(), seconds.to_string()),
        ];
        let signatures: Vec<String> =
            self.secrets.iter().map(|secret| secret.sign(id, seconds, &body)).collect();
        if !signatures.is_empty() {
            headers.push(("webhook-signature".to_owned(), signatures.join(" ")));
        }
        PostRequest {
            url: self.url.clone(),
            headers,
            body,
            allow_private: channel.allow_private,
            timeout: channel.timeout,
        }
    }
}

/// `type`, `timestamp`, `data`.
pub fn payload(message: &Message) -> Value {
    let size = |data: &Value| serde_json::to_string(data).map_or(0, |text| text.len());
    // A shorter list of a summary first: it says how many items it cut.
    let mut data = shrink(|limit| document::shortened(message, limit / 8), |data| size(data) <= BODY - 200);
    for spared in ["reasons", "also_at", "snippet"] {
        if size(&data) <= BODY - 200 {
            break;
        }
        let detections = data["detections"].as_array_mut();
        for line in detections.into_iter().flatten() {
            line[spared] = if spared == "snippet" { json!("") } else { json!([]) };
        }
    }
    json!({ "type": document::kind(message), "timestamp": message.at, "data": data })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        alert::{
            message::Form,
            samples::{detection, hostile, message, summary, summary_message},
        },
        model::{Detection, Outlet, Reason},
    };

    #[test]
    fn a_signature_is_the_one_of_the_specification() {
        // The example of the specification's own libraries.
        let secret = WebhookSecret::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert_eq!(
            secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn a_secret_is_of_the_right_size_and_never_shown() {
        assert!(
            WebhookSecret::read("whsec_c2hvcnQ=").is_err() && WebhookSecret::read("not base64!").is_err()
        );
        let webhook = Webhook {
            url: Url::parse("https://h.example/hunter2").unwrap(),
            secrets: vec![WebhookSecret::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap()],
        };
        assert_eq!(format!("{:?}", crate::alert::ChannelKind::Webhook(webhook)), "webhook(h.example)");
    }

    #[test]
    fn a_summary_fits_and_says_what_it_cut() {
        let mut summary = summary(60);
        for story in &mut summary.stories.items {
            story.title = "T".repeat(200);
            story.url = format!("https://a.example/{}", "u".repeat(500));
        }
        let body = payload(&summary_message(summary));
        assert!(serde_json::to_string(&body).unwrap().len() <= BODY);
        let stories = &body["data"]["summary"]["stories"];
        let listed = stories["items"].as_array().unwrap().len();
        assert!(listed >= 10 && listed + usize::try_from(stories["more"].as_u64().unwrap()).unwrap() == 60);
    }

    #[test]
    fn a_body_keeps_under_what_is_advised() {
        for title in hostile() {
            let reason = Reason { signal: "phrase:x".to_owned(), weight: 1, text: title.clone() };
            let outlet = Outlet {
                url: format!("https://a.example/{title}"),
                source: title.clone(),
                published_at: None,
            };
            let found = Detection {
                title: title.clone(),
                snippet: title.clone(),
                author: title.clone(),
                reasons: vec![reason; 30],
                also_at: vec![outlet; 30],
                ..detection()
            };
            let body = payload(&message(Form::More, vec![found; CAPACITY]));
            assert!(serde_json::to_string(&body).unwrap().len() <= BODY);
            assert_eq!(body["data"]["detections"].as_array().unwrap().len(), CAPACITY);
        }
    }
}
