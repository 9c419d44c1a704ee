//! A message as JSON for programs: webhook, exec and file (docs/reference/outputs.md).

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{
    message::{Form, Item, Message, Update},
    wording::{SAMPLE, shown},
};
use crate::model::{Change, Detection, Notice, Summary};

/// Most reasons and further outlets listed for one launch.
const LISTED: usize = 8;
/// Characters of one text.
const TEXT_LIMIT: usize = 300;

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    form: Form,
    channel: &'a str,
    #[serde(serialize_with = "crate::model::stamp::serialize")]
    timestamp: Timestamp,
    text: Option<&'static str>,
    detections: Vec<Line>,
    updates: Vec<Update>,
    notices: &'a [Notice],
    waiting: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<Summary>,
}

#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    detection: Detection,
    outlets: usize,
    change: Option<Change>,
}

/// The event type of a message (Standard Webhooks: words separated by dots).
pub fn kind(message: &Message) -> &'static str {
    match message.form {
        Form::Single | Form::More => "tge.detected",
        Form::Digest => "tge.digest",
        Form::Ops => "ops.notice",
        Form::Summary => "tge.summary",
        Form::Sample => "tge.test",
    }
}

/// The whole message as one object; its texts are sanitised and cut.
pub fn document(message: &Message) -> Value {
    shortened(message, usize::MAX)
}

/// As [`document`], with at most `most` items in each list of a summary.
pub fn shortened(message: &Message, most: usize) -> Value {
    let lines = |item: &Item| -> Vec<Line> {
        item.detections()
            .map(|found| Line {
                detection: harmless(found),
                outlets: item.outlets,
                change: item.change.clone(),
            })
            .collect()
    };
    let document = Document {
        schema: 1,
        id: &message.id,
        kind: kind(message),
        form: message.form,
        channel: &message.channel,
        timestamp: message.at,
        text: (message.form == Form::Sample).then_some(SAMPLE),
        detections: message.items.iter().flat_map(lines).collect(),
        updates: message
            .updates
            .iter()
            .map(|update| Update {
                title: shown(&update.title, TEXT_LIMIT),
                url: shown(&update.url, TEXT_LIMIT * 2),
                source: shown(&update.source, TEXT_LIMIT),
                project: update.project.as_deref().map(|project| shown(project, TEXT_LIMIT)),
                ..update.clone()
            })
            .collect(),
        notices: &message.notices,
        waiting: message.waiting,
        summary: message.summary.as_deref().map(|summary| summary.clone().cut(most)),
    };
    // Plain data with string keys always serialises.
    serde_json::to_value(document).unwrap_or_default()
}

fn harmless(found: &Detection) -> Detection {
    let mut clean = found.clone();
    clean.title = shown(&found.title, TEXT_LIMIT);
    clean.url = shown(&found.url, TEXT_LIMIT * 2);
    clean.source = shown(&found.source, TEXT_LIMIT);
    clean.author = shown(&found.author, TEXT_LIMIT);
    clean.snippet = shown(&found.snippet, TEXT_LIMIT);
    clean.project = found.project.as_deref().map(|text| shown(text, TEXT_LIMIT));
    clean.token = found.token.as_deref().map(|text| shown(text, TEXT_LIMIT));
    clean.reasons.truncate(LISTED);
    for reason in &mut clean.reasons {
        reason.text = shown(&reason.text, TEXT_LIMIT);
    }
    clean.also_at.truncate(LISTED);
    for outlet in &mut clean.also_at {
        outlet.source = shown(&outlet.source, TEXT_LIMIT);
        outlet.url = shown(&outlet.url, TEXT_LIMIT * 2);
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::samples::{detection, hostile, message};

    #[test]
    fn a_program_gets_the_detection_with_its_texts_made_harmless() {
        for title in hostile() {
            let found = Detection { title, ..detection() };
            let value = document(&message(Form::Single, vec![found]));
            assert_eq!(value["type"], "tge.detected");
            let field = &value["detections"][0];
            assert_eq!((field["event"].as_str(), field["outlets"].as_u64()), (Some("airdrop"), Some(2)));
            let title = field["title"].as_str().unwrap();
            assert!(
                title.chars().count() <= TEXT_LIMIT && !title.contains(['\u{202E}', '\n', '\0']),
                "{title}"
            );
        }
    }
}
