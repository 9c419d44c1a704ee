//! Discord webhooks.
//!
//! Limits (docs/reference/formats.md#channel-limits): content 2,000; 10 embeds; title 256; description 4,096; 6,000 over all
//! embeds, counted in UTF-16. `X-RateLimit-*` gives the pace; a 429 has its wait in the
//! body, in seconds with a fraction. A duplicate cannot be recognised: webhooks take no nonce.

use std::time::Duration;

use serde_json::{Value, json};
use url::Url;

use super::{Arrived, Delivery, Refusal, answer};
use crate::{
    alert::{
        message::{Form, Message},
        summary,
        wording::{self, SAMPLE, shrink, sign},
    },
    http::PostResponse,
    model::Class,
    text::{
        cut::{Unit, cut},
        link::Link,
        // `allowed_mentions` prevents mentions by `@`, and the escaped bracket prevents mentions, emoji and times by `<…>`.
        markdown::escape,
    },
};

/// Launches in one message, each an embed.
pub const CAPACITY: usize = 9;
/// Maximum over all embeds of a message.
const EMBEDS: usize = 6_000;
const TITLE: usize = 256;
const DESCRIPTION: usize = 4_096;
const CONTENT: usize = 2_000;

#[derive(Clone)]
pub struct Discord {
    /// The whole address is secret.
    pub url: Url,
}

impl Discord {
    pub(super) async fn send(&self, delivery: &Delivery<'_>) -> Result<Arrived, Refusal> {
        let body = payload(delivery.attempt.message);
        let response = delivery.post_json(&self.url, Vec::new(), &body).await?;
        if response.is_success() {
            return Ok(Arrived { pause: spent(&response) });
        }
        let mut refusal = answer::refused(&response, &self.url);
        if let Refusal::Slow { wait, .. } = &mut refusal {
            let answer: Value = serde_json::from_slice(&response.body).unwrap_or_default();
            *wait = answer::seconds(&answer["retry_after"]).or(reset(&response)).or(*wait);
        }
        Err(refusal)
    }
}

/// The wait after the last request of the current window.
fn spent(response: &PostResponse) -> Option<Duration> {
    (response.header("x-ratelimit-remaining") == Some("0")).then(|| reset(response)).flatten()
}

fn reset(response: &PostResponse) -> Option<Duration> {
    answer::seconds(&Value::from(response.header("x-ratelimit-reset-after")?))
}

/// The JSON body of `message`.
pub fn payload(message: &Message) -> Value {
    let length = |embed: &Value| {
        let count = |key: &str| embed[key].as_str().map_or(0, |text| Unit::Utf16.length(text));
        count("title") + count("description")
    };
    let embeds = shrink(
        |limit| embeds(message, limit),
        |embeds| {
            let mut lengths = embeds.iter().map(length);
            lengths.clone().all(|length| length <= DESCRIPTION) && lengths.by_ref().sum::<usize>() <= EMBEDS
        },
    );
    let embeds: Vec<Value> = embeds.into_iter().map(shortened).collect();
    let content = match message.form {
        Form::Single => String::new(),
        _ => cut(&escape(&wording::subject(message)), CONTENT, Unit::Utf16),
    };
    json!({ "content": content, "embeds": embeds, "allowed_mentions": { "parse": [] } })
}

/// `embed` with a description within its limit.
fn shortened(mut embed: Value) -> Value {
    if let Some(text) = embed["description"].as_str() {
        embed["description"] = Value::from(cut(text, DESCRIPTION, Unit::Utf16));
    }
    embed
}

fn embeds(message: &Message, limit: usize) -> Vec<Value> {
    let mut embeds = Vec::new();
    for item in &message.items {
        let words = wording::words(item, limit);
        let mut lines = words.lines(escape);
        let mut embed = json!({
            "title": cut(&format!("{} {}", sign(item.detection.class), escape(&words.heading)), TITLE, Unit::Utf16),
            "color": color(item.detection.class),
        });
        match words.link {
            Link::Open { href, host } => {
                lines.push(escape(&host));
                embed["url"] = Value::from(href);
            }
            other => lines.push(escape(other.text())),
        }
        lines.retain(|line| !line.is_empty());
        embed["description"] = Value::from(lines.join("\n"));
        embeds.push(embed);
    }
    let mut rest = Vec::new();
    if message.form == Form::Sample {
        rest.push(SAMPLE.to_owned());
    }
    for update in &message.updates {
        let (line, link) = wording::update(update, limit);
        rest.push(format!("{}\n{}", escape(&line), escape(link.text())));
    }
    for notice in &message.notices {
        let (message_text, hint) = wording::notice(notice, limit);
        rest.push(escape(&format!("{message_text}\n{hint}")).trim_end().to_owned());
    }
    rest.push(wording::waiting(message));
    rest.retain(|line| !line.is_empty());
    if !rest.is_empty() {
        embeds.push(json!({ "description": rest.join("\n\n"), "color": color(Class::Low) }));
    }
    for section in message.summary.iter().flat_map(|summary| summary::sections(summary, limit)) {
        let line = |line: &summary::Line| {
            let link = line.link.as_ref().map_or_else(String::new, |link| match link {
                Link::Open { href, host } => format!(" [{}](<{href}>)", escape(host)),
                other => format!(" {}", escape(other.text())),
            });
            format!("• {}{link}", escape(&line.text))
        };
        let lines: Vec<String> = section.lines.iter().map(line).collect();
        embeds.push(json!({
            "title": cut(&escape(&section.title), TITLE, Unit::Utf16),
            "description": lines.join("\n"),
            "color": color(Class::Low),
        }));
    }
    embeds
}

fn color(class: Class) -> u32 {
    match class {
        Class::Critical => 0x00d9_2d20,
        Class::High => 0x00f7_9009,
        Class::Medium => 0x002e_90fa,
        Class::Low => 0x0098_a2b3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::samples::{hostile_detections, message, summary, summary_message};

    #[test]
    fn a_payload_keeps_to_the_limits_and_mentions_nobody() {
        for found in hostile_detections() {
            let body = payload(&message(Form::Digest, vec![found; CAPACITY]));
            assert_eq!(body["allowed_mentions"], json!({ "parse": [] }));
            let embeds = body["embeds"].as_array().unwrap();
            assert!(embeds.len() <= 10);
            let mut all = 0;
            for embed in embeds {
                let count = |key: &str| embed[key].as_str().unwrap_or_default().encode_utf16().count();
                assert!(count("title") <= TITLE && count("description") <= DESCRIPTION);
                assert_eq!(embed["url"], "https://ledgerline.example/caldera-claim");
                all += count("title") + count("description");
            }
            assert!(all <= EMBEDS, "{all}");
        }
    }

    #[test]
    fn a_summary_fits_and_says_what_it_cut() {
        let body = payload(&summary_message(summary(60)));
        let embeds = body["embeds"].as_array().unwrap();
        let text = |embed: &Value| embed["description"].as_str().unwrap().to_owned();
        let texts: Vec<String> = embeds.iter().map(text).collect();
        let units: usize = texts.iter().map(|text| text.encode_utf16().count()).sum();
        assert!(embeds.len() <= 10 && units <= EMBEDS, "{units}");
        assert_eq!(texts.iter().filter(|text| text.contains("and ") && text.ends_with(" more")).count(), 2);
    }

    #[test]
    fn no_mark_of_a_feeds_marks_anything() {
        assert_eq!(
            escape("**a** [b](https://c.example) <@1>"),
            r"\*\*a\*\* \[b\]\(https://c.example\) \<@1\>"
        );
    }
}
