//! ntfy topics.
//!
//! Limits (docs/reference/formats.md#channel-limits): 4,096 bytes of message; a burst of 60, then one every 5 s. Each message
//! has a sequence id: since ntfy 2.16 a message with the same id replaces the first without a second notification;
//! older servers show both.

use serde_json::{Value, json};
use url::Url;

use super::{Arrived, Delivery, Refusal, answer};
use crate::{
    alert::{
        message::Message,
        wording::{self, shrink},
    },
    model::Class,
    text::{
        cut::{Unit, cut},
        link::Link,
    },
};

pub const CAPACITY: usize = 5;
/// Bytes of a message.
const MESSAGE: usize = 4_096;
/// Bytes of a title; a phone shows fewer.
const TITLE: usize = 200;

#[derive(Clone)]
pub struct Ntfy {
    pub server: Url,
    /// Secret on an open server, where it works like a password.
    pub topic: String,
    /// Empty for none.
    pub token: String,
}

impl Ntfy {
    pub(super) async fn send(&self, delivery: &Delivery<'_>) -> Result<Arrived, Refusal> {
        let mut headers = Vec::new();
        if !self.token.is_empty() {
            headers.push(("Authorization".to_owned(), format!("Bearer {}", self.token)));
        }
        let body = payload(delivery.attempt.message, &self.topic);
        let response = delivery.post_json(&self.server, headers, &body).await?;
        answer::outcome(&response, &self.server)
    }
}

/// The JSON body of `message` for `topic`.
pub fn payload(message: &Message, topic: &str) -> Value {
    let text = shrink(|limit| wording::text(message, limit), |text| text.len() <= MESSAGE);
    let mut body = json!({
        "topic": topic,
        "title": cut(&wording::subject(message), TITLE, Unit::Bytes),
        "message": cut(&text, MESSAGE, Unit::Bytes),
        "priority": priority(message.class()),
        "sequence_id": message.id,
    });
    if let [item] = message.items.as_slice()
        && let Link::Open { href, .. } = Link::read(&item.detection.url)
    {
        body["click"] = Value::from(href);
    }
    body
}

/// ntfy's priorities are 1 (lowest) to 5.
fn priority(class: Class) -> u8 {
    match class {
        Class::Critical => 5,
        Class::High => 4,
        Class::Medium => 3,
        Class::Low => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::{
        message::Form,
        samples::{hostile_detections, message, summary, summary_message},
    };

    #[test]
    fn a_summary_fits_and_says_what_it_cut() {
        let body = payload(&summary_message(summary(60)), "t");
        let text = body["message"].as_str().unwrap();
        assert!(text.len() <= MESSAGE && text.matches(" more").count() >= 2, "{text}");
        assert!(text.ends_with("since the last summary"), "{text}");
    }

    #[test]
    fn a_payload_keeps_to_the_bytes_and_links_its_article() {
        for found in hostile_detections() {
            let full = payload(&message(Form::Digest, vec![found.clone(); CAPACITY]), "t");
            assert!(full["message"].as_str().unwrap().len() <= MESSAGE);
            assert!(full["title"].as_str().unwrap().len() <= TITLE);
            assert_eq!(
                full["message"].as_str().unwrap().matches("https://ledgerline.example/").count(),
                CAPACITY
            );
            let one = payload(&message(Form::Single, vec![found]), "t");
            assert_eq!(
                (one["click"].as_str(), one["priority"].as_u64()),
                (Some("https://ledgerline.example/caldera-claim"), Some(4))
            );
        }
    }
}
