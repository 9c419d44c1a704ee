//! The services of the channels with their documented limits. They accept good messages, and refuse others as the real
//! services do.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::inbox::{Answer, Received};

fn length(value: &Value) -> usize {
    value.as_str().map_or(0, |text| text.encode_utf16().count())
}

/// Slack's incoming webhook.
pub fn slack(received: &Received) -> Answer {
    let body = received.json();
    let text = body["text"].as_str().unwrap_or_default();
    let blocks = body["blocks"].as_array().cloned().unwrap_or_default();
    let texts: Vec<&str> = blocks.iter().filter_map(|block| block["text"]["text"].as_str()).collect();
    if text.is_empty() || text.chars().count() > 4_000 {
        return Answer::new(400, "no_text");
    }
    if blocks.len() > 50 || texts.iter().any(|text| text.is_empty() || text.chars().count() > 3_000) {
        return Answer::new(400, "invalid_blocks");
    }
    if texts.iter().map(|text| text.chars().count()).sum::<usize>() > 13_200 {
        return Answer::new(400, "msg_blocks_too_long");
    }
    for text in texts.iter().chain([&text]) {
        // Every remaining `<` starts a link of the program, never a mention or a command.
        let ours = |rest: &str| {
            rest.starts_with("http") && rest.split('>').next().is_some_and(|link| link.contains('|'))
        };
        if text.split('<').skip(1).any(|rest| !ours(rest)) {
            return Answer::new(400, "invalid_payload");
        }
    }
    Answer::new(200, "ok")
}

/// Discord's webhook.
pub fn discord(received: &Received) -> Answer {
    let body = received.json();
    let embeds = body["embeds"].as_array().cloned().unwrap_or_default();
    let all: usize = embeds.iter().map(|embed| length(&embed["title"]) + length(&embed["description"])).sum();
    let bad = |message: &str| Answer::new(400, &json!({ "code": 50035, "message": message }).to_string());
    if length(&body["content"]) > 2_000 || embeds.len() > 10 || all > 6_000 {
        return bad("Invalid Form Body");
    }
    if embeds.is_empty() && length(&body["content"]) == 0 {
        return bad("Cannot send an empty message");
    }
    if embeds.iter().any(|embed| length(&embed["title"]) > 256 || length(&embed["description"]) > 4_096) {
        return bad("Invalid Form Body");
    }
    if body["allowed_mentions"]["parse"] != json!([]) {
        return bad("somebody would be mentioned");
    }
    Answer::new(204, "").with("X-RateLimit-Limit", "5").with("X-RateLimit-Remaining", "4")
}

/// Telegram's `sendMessage` for a bot with the token `1:t`.
pub fn telegram(received: &Received) -> Answer {
    let bad = |code: u16, message: &str| {
        Answer::new(code, &json!({ "ok": false, "error_code": code, "description": message }).to_string())
    };
    if received.path != "/bot1:t/sendMessage" {
        return bad(404, "Not Found");
    }
    let body = received.json();
    if body["chat_id"] != "-100" {
        return bad(400, "Bad Request: chat not found");
    }
    let text = body["text"].as_str().unwrap_or_default();
    let (mut seen, mut open) = (String::new(), Vec::new());
    for (at, part) in text.split('<').enumerate() {
        let Some((tag, rest)) = part.split_once('>').filter(|_| at > 0) else {
            if at > 0 {
                return bad(400, "Bad Request: can't parse entities: unclosed start tag");
            }
            seen.push_str(part);
            continue;
        };
        match tag.strip_prefix('/') {
            Some(name) if open.pop() == Some(name) => {}
            Some(_) => return bad(400, "Bad Request: can't parse entities: unmatched end tag"),
            None => {
                let name = tag.split(' ').next().unwrap();
                if !["a", "b"].contains(&name) {
                    return bad(400, "Bad Request: can't parse entities: unsupported start tag");
                }
                open.push(name);
            }
        }
        seen.push_str(rest);
    }
    let seen = seen.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    if seen.is_empty() || seen.encode_utf16().count() > 4_096 {
        return bad(400, "Bad Request: message is too long");
    }
    Answer::new(200, r#"{"ok":true,"result":{"message_id":1}}"#)
}

/// ntfy's publishing as JSON.
pub fn ntfy(received: &Received) -> Answer {
    let body = received.json();
    let bad = |code: u32| Answer::new(400, &json!({ "code": code, "http": 400, "error": "bad" }).to_string());
    if body["topic"] != "launches" || received.path != "/" {
        return bad(40009);
    }
    if body["message"].as_str().unwrap_or_default().len() > 4_096
        || !(1..=5).contains(&body["priority"].as_u64().unwrap_or(0))
    {
        return bad(40007);
    }
    Answer::new(200, r#"{"id":"x","event":"message"}"#)
}

/// The secret of [`webhook`].
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A receiver of Standard Webhooks, which checks the signature with its own HMAC (RFC 2104).
pub fn webhook(received: &Received) -> Answer {
    let key = STANDARD.decode(&SECRET[6..]).unwrap();
    let pad = |with: u8| -> Vec<u8> {
        let mut block = key.clone();
        block.resize(64, 0);
        block.iter().map(|byte| byte ^ with).collect()
    };
    let signed =
        format!("{}.{}.", received.header("webhook-id"), received.header("webhook-timestamp")).into_bytes();
    let inner =
        Sha256::new().chain_update(pad(0x36)).chain_update(&signed).chain_update(&received.body).finalize();
    let outer = Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize();
    let wanted = format!("v1,{}", STANDARD.encode(outer));
    if !received.header("webhook-signature").split(' ').any(|one| one == wanted) {
        return Answer::new(401, "bad signature");
    }
    if received.body.len() > 20_000 {
        return Answer::new(413, "too large");
    }
    Answer::new(202, "")
}
