//! Telegram bots.
//!
//! Limits (docs/reference/formats.md#channel-limits): 4,096 characters after the markup is read, counted in UTF-16; about one
//! message a second and chat, 20 a minute in a group. A 429 has its wait in `parameters.retry_after`. HTML
//! mode is used, because only `<`, `>` and `&` need escaping in it. A duplicate cannot be recognised.

use serde_json::{Value, json};
use url::Url;

use super::{Arrived, Attempt, Channel, Refusal, answer};
use crate::{
    alert::{
        message::{Form, Message},
        wording::{self, SAMPLE, html, shrink, sign},
    },
    http::Poster,
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

impl std::fmt::Debug for Telegram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Telegram({})", self.shown())
    }
}

impl Telegram {
    pub fn shown(&self) -> String {
        format!("chat {} at {}", self.chat, answer::host(&self.base_url))
    }

    /// Whether the chat is a group, which allows 20 messages a minute.
    pub fn is_group(&self) -> bool {
        self.chat.starts_with(['-', '@'])
    }

    pub(super) async fn send(
        &self,
        channel: &Channel,
        post: &Poster,
        attempt: Attempt<'_>,
    ) -> Result<Arrived, Refusal> {
        let mut url = self.base_url.clone();
        url.set_path(&format!("{}/bot{}/sendMessage", url.path().trim_end_matches('/'), self.token));
        let body = payload(attempt.message, &self.chat);
        let response = answer::post_json(channel, post, &url, Vec::new(), &body, attempt.now).await?;
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
    let mut parts = Vec::new();
    if message.form != Form::Single {
        parts.push(format!("<b>{}</b>", html(&wording::subject(message))));
    }
    if message.form == Form::Sample {
        parts.push(SAMPLE.to_owned());
    }
    for item in &message.items {
        let words = wording::words(item, limit);
        let mut lines = words.lines(html);
        lines.insert(0, format!("{} <b>{}</b>", sign(item.detection.class), html(&words.heading)));
        lines.push(link(&words.link));
        lines.retain(|line| !line.is_empty());
        parts.push(lines.join("\n"));
    }
    for update in &message.updates {
        let (line, to) = wording::update(update, limit);
        parts.push(format!("{} {}", html(&line), link(&to)));
    }
    for notice in &message.notices {
        let (message_text, hint) = wording::notice(notice, limit * 2);
        parts.push(html(&format!("{message_text}\n{hint}")).trim_end().to_owned());
    }
    parts.push(wording::waiting(message));
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n")
}

fn link(link: &Link) -> String {
    match link {
        Link::Open { href, host } => format!("<a href=\"{}\">{}</a>", html(href), html(host)),
        other => html(other.text()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        alert::samples::{detection, hostile, message},
        model::Detection,
    };

    #[test]
    fn a_payload_keeps_to_the_limit_and_has_no_markup_but_ours() {
        for title in hostile() {
            let found = Detection {
                title: title.clone(),
                source: title.clone(),
                project: Some(title),
                ..detection()
            };
            let body = payload(&message(Form::Digest, vec![found; CAPACITY]), "-100");
            let text = body["text"].as_str().unwrap();
            assert!(bare(text).encode_utf16().count() <= TEXT);
            let tags: std::collections::BTreeSet<&str> =
                text.split('<').skip(1).map(|rest| rest.split(['>', ' ']).next().unwrap()).collect();
            assert!(tags.iter().all(|tag| ["a", "/a", "b", "/b"].contains(tag)), "{tags:?}");
        }
    }
}
