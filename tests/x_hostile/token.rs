//! The token in every response of X: it is neither shown nor stored.

use std::path::Path;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{DECODED, TOKEN, hours, id, lab, page, run};
use crate::support::inbox::{Answer, Inbox};

/// Adds every file below `folder` that contains a part of the token.
fn holding(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            holding(&path, found);
        } else if quotes(&std::fs::read(&path).unwrap()) {
            found.push(path.display().to_string());
        }
    }
}

/// Whether `text` contains eight consecutive characters of the token.
fn quotes(text: &[u8]) -> bool {
    let parts = [TOKEN, DECODED];
    let mut parts = parts.iter().flat_map(|token| token.as_bytes().windows(8));
    parts.any(|part| text.windows(8).any(|there| there == part))
}

#[test]
fn token_quoted_by_x_is_neither_shown_nor_stored() {
    type Form = fn(&Value) -> Answer;

    fn quoted(text: &str) -> Value {
        json!(text)
    }
    let base64 = STANDARD.encode(format!("Bearer {TOKEN}"));
    let expected = [
        format!("no rights for Bearer {TOKEN}"),
        format!("no rights for {DECODED}"),
        format!("cut short: {}", &TOKEN[..20]),
        format!("{}% off", TOKEN.replace('%', "%25")),
        format!("basic {base64}"),
        TOKEN.chars().map(|c| format!("{c}\u{200b}")).collect(),
    ];
    let forms: [Form; 5] = [
        |expected| Answer::new(403, &json!({ "title": "Forbidden", "detail": expected }).to_string()),
        |expected| {
            Answer::new(400, &json!({ "errors": [{ "message": expected }], "title": expected }).to_string())
        },
        |expected| {
            Answer::new(
                429,
                &json!({ "type": "https://api.x.com/2/problems/usage-capped", "period": expected })
                    .to_string(),
            )
        },
        |expected| {
            let error = json!({ "type": format!("https://x/{}", expected.as_str().unwrap()), "detail": expected, "value": expected });
            Answer::new(200, &json!({ "errors": [error] }).to_string())
        },
        |expected| {
            page(
                &[json!({ "id": id(hours(1)).to_string(), "text": expected, "author_id": "1000" })],
                json!({ "next_token": expected }),
            )
        },
    ];
    for (number, form) in forms.into_iter().enumerate() {
        for said in &expected {
            let value = quoted(said);
            let inbox = Inbox::start(move |received, _| {
                let lookup = received.path.starts_with("/2/users") && number != 3;
                Some(if lookup {
                    Answer::new(
                        200,
                        &json!({ "data": [{ "id": "1000", "username": "zentumo" }] }).to_string(),
                    )
                } else {
                    form(&value)
                })
            });
            let lab = lab(&inbox, "");
            let looks: [&[&str]; 7] = [
                &["cycle", "--only", "x", "-vv"],
                &["cycle", "--only", "x", "-vv", "--log-format", "json", "--format", "json"],
                &["x", "accounts"],
                &["x", "plan"],
                &["doctor"],
                &["stats", "--format", "json"],
                &["report", "-o", "page.html"],
            ];
            for look in looks {
                let ran = run(&lab, look);
                assert!(!quotes(ran.stdout.as_bytes()), "{number} {said} {look:?}: {}", ran.stdout);
                assert!(!quotes(ran.stderr.as_bytes()), "{number} {said} {look:?}: {}", ran.stderr);
            }
            let mut found = Vec::new();
            holding(lab.path(), &mut found);
            assert_eq!(found, Vec::<String>::new(), "{number} {said}");
        }
    }
}
