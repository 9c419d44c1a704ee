//! Slack incoming webhooks.
//!
//! Limits (docs/reference/formats.md#channel-limits): 50 blocks, 3,000 characters of text in a section, about 13,200
//! characters in all blocks, one message a second with short bursts. A duplicate cannot be recognised.

use serde_json::{Value, json};
use url::Url;

use super::{Arrived, Delivery, Refusal, answer};
use crate::{
    alert::{
        message::Message,
        wording::{self, Markup, shrink},
    },
    text::{
        cut::{Unit, cut},
        link::Link,
    },
};

/// Launches in one message, each a section: well under 50 blocks.
pub const CAPACITY: usize = 12;
/// Characters of all blocks together.
const BLOCKS: usize = 12_000;
/// Characters of one section's text.
const SECTION: usize = 3_000;
/// Characters of the fallback text; 4,000 are advised.
const FALLBACK: usize = 1_000;

#[derive(Clone)]
pub struct Slack {
    /// The whole address is secret.
    pub url: Url,
}

impl Slack {
    pub(super) async fn send(&self, delivery: &Delivery<'_>) -> Result<Arrived, Refusal> {
        let body = payload(delivery.attempt.message);
        let response = delivery.post_json(&self.url, Vec::new(), &body).await?;
        answer::outcome(&response, &self.url)
    }
}

/// The JSON body of `message`.
pub fn payload(message: &Message) -> Value {
    let sections = shrink(
        |limit| wording::paragraphs(message, limit, &MARKUP),
        |sections| {
            let mut lengths = sections.iter().map(|text| text.chars().count());
            lengths.clone().all(|length| length <= SECTION)
                && lengths.by_ref().map(|length| length + 60).sum::<usize>() <= BLOCKS
        },
    );
    let sections = sections.iter().map(|paragraph| cut(paragraph, SECTION, Unit::Utf16));
    let block = |text: String| json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } });
    let fallback = escape(&cut(&wording::subject(message), FALLBACK, Unit::Scalars));
    json!({
        "text": fallback,
        "blocks": sections.map(block).collect::<Vec<_>>(),
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

const MARKUP: Markup = Markup { bold: |text| format!("*{text}*"), escape, link };

fn link(link: &Link) -> String {
    match link {
        // `|` and `>` end an address in Slack's markup.
        Link::Open { href, host } => {
            let href = escape(href).replace('|', "%7C");
            format!("<{href}|{}>", escape(host))
        }
        other => escape(other.text()),
    }
}

/// Escapes Slack's three entities. Its markup characters have no escape and are replaced by similar characters.
fn escape(text: &str) -> String {
    let entities = htmlize::escape_text(text);
    entities.replace('*', "∗").replace('_', "＿").replace('~', "∼").replace('`', "ˋ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::{
        message::Form,
        samples::{hostile_detections, message, summary, summary_message},
    };

    #[test]
    fn a_payload_keeps_to_the_limits_and_marks_nothing_of_a_feeds() {
        for found in hostile_detections() {
            let body = payload(&message(Form::Digest, vec![found; CAPACITY]));
            let blocks = body["blocks"].as_array().unwrap();
            assert!(blocks.len() <= 50);
            let texts: Vec<&str> =
                blocks.iter().map(|block| block["text"]["text"].as_str().unwrap()).collect();
            assert!(texts.iter().all(|text| text.chars().count() <= SECTION));
            assert!(serde_json::to_string(&body["blocks"]).unwrap().chars().count() <= 40_000);
            assert!(texts.iter().map(|text| text.chars().count()).sum::<usize>() <= 13_200);
            for text in texts {
                let links: Vec<_> = text.match_indices('<').collect();
                assert!(
                    links.iter().all(|(at, _)| text[*at..].starts_with("<https://ledgerline.example/")),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn a_summary_fits_and_says_what_it_cut() {
        let body = payload(&summary_message(summary(60)));
        let blocks = body["blocks"].as_array().unwrap();
        let texts: Vec<&str> = blocks.iter().map(|block| block["text"]["text"].as_str().unwrap()).collect();
        assert!(
            texts.iter().all(|text| text.chars().count() <= SECTION && !text.ends_with('…')),
            "{texts:#?}"
        );
        assert!(texts.iter().map(|text| text.chars().count()).sum::<usize>() <= 13_200);
        assert_eq!(texts.iter().filter(|text| text.contains("and ") && text.ends_with(" more")).count(), 2);
    }

    #[test]
    fn a_link_shows_its_host() {
        assert_eq!(
            link(&Link::read("https://a.example/x?y=1&z=2|3>4")),
            "<https://a.example/x?y=1&amp;z=2%7C3%3E4|a.example>"
        );
    }
}
