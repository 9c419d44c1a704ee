//! Telegram bots.
//!
//! Limits (docs/reference/formats.md#channel-limits): 4,096 characters after the markup is read, counted in UTF-16; about one
//! message a second and chat, 20 a minute in a group. A 429 has its wait in `parameters.retry_after`. HTML
//! mode is used, because only `<`, `>` and `&` need escaping in it. A duplicate cannot be recognised.

use serde_json::{Value, json};
use url::Url;

use super::{Arrived, Delivery, Refusal, answer};
use crate::{
    alert::{
        message::Message,
        wording::{self, Markup, html, shrink},
    },
    text::{cut::Unit, link::Link},
};

pub const CAPACITY: usize = 10;
/// UTF-16 units of a message once its markup is read.
const TEXT: usize = 4_096;

#[derive(Clone)]
pub struct Telegram {
    pub base_url: Url,
    pub token: String,
    /// Number of the chat, or `@name` of a channel.
    pub chat: String,
}

impl Telegram {
    pub fn shown(&self) -> String {
        format!("chat {} at {}", self.chat, answer::host(&self.base_url))
    }

    /// Whether the chat is a group, which allows 20 messages a minute.
    pub fn is_group(&self) -> bool {
        self.chat.starts_with(['-', '@'])
    }

    pub(super) async fn send(&self, delivery: &Delivery<'_>) -> Result<Arrived, Refusal> {
        let mut url = self.base_url.clone();
        url.set_path(&format!("{}/bot{}/sendMessage", url.path().trim_end_matches('/'), self.token));
        let body = payload(delivery.attempt.message, &self.chat);
        let response = delivery.post_json(&url, Vec::new(), &body).await?;
        let answer: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        if response.is_success() && answer["ok"] == true {
            return Ok(Arrived::default());
        }
        let said = answer["description"].as_str().unwrap_or_default().to_lowercase();
        let mut refusal = answer::refused(&response, &url);
        if let Refusal::Slow { wait, .. } = &mut refusal {
            *wait = answer::seconds(&answer["parameters"]["retry_after"]).or(*wait);
        }
        if let Some(moved) = answer["parameters"]["migrate_to_chat_id"].as_i64() {
            return Err(Refusal::Broken(format!(
                "the group has become a supergroup: set chat = \"{moved}\""
            )));
        }
        if response.status == 400 && (said.contains("chat not found") || said.contains("chat_id is empty")) {
            return Err(Refusal::Broken(format!(
                "{}: the bot knows no such chat; write to it, or add it to the group",
                self.shown()
            )));
        }
        Err(refusal)
    }
}

/// The JSON body of `message` for `chat`.
pub fn payload(message: &Message, chat: &str) -> Value {
    let text = shrink(|limit| text(message, limit), |text| Unit::Utf16.length(&bare(text)) <= TEXT);
    json!({
        "chat_id": chat,
        "text": text,
        "parse_mode": "HTML",
        "link_preview_options": { "is_disabled": true },
    })
}

/// The visible text of our markup.
fn bare(text: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in text.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

fn text(message: &Message, limit: usize) -> String {
    wording::paragraphs(message, limit, &MARKUP).join("\n\n")
}

const MARKUP: Markup = Markup { bold: |text| format!("<b>{text}</b>"), escape: html, link };

fn link(link: &Link) -> String {
    match link {
        Link::Open { href, host } => format!("<a href=\"{}\">{}</a>", html(href), html(host)),
        other => html(other.text()),
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
        let body = payload(&summary_message(summary(60)), "-100");
        let text = bare(body["text"].as_str().unwrap());
        assert!(text.encode_utf16().count() <= TEXT && text.matches(" more").count() >= 2, "{text}");
        assert!(text.ends_with("since the last summary"), "{text}");
    }

    #[test]
    fn a_payload_keeps_to_the_limit_and_has_no_markup_but_ours() {
        for found in hostile_detections() {
            let body = payload(&message(Form::Digest, vec![found; CAPACITY]), "-100");
            let text = body["text"].as_str().unwrap();
            assert!(bare(text).encode_utf16().count() <= TEXT);
            let tags: std::collections::BTreeSet<&str> =
                text.split('<').skip(1).map(|rest| rest.split(['>', ' ']).next().unwrap()).collect();
            assert!(tags.iter().all(|tag| ["a", "/a", "b", "/b"].contains(tag)), "{tags:?}");
        }
    }
}
