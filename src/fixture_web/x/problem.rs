//! Answers that are refusals, in the shapes that were seen (docs/reference/x-api.md#errors).

use serde_json::{Value, json};

use super::api::{Dialect, Violation};
use crate::fixture_web::server::Reply;

/// The argument of [`kind`] for request `number`: the newer description has one host only.
pub fn turn(number: usize, dialect: Dialect) -> usize {
    match dialect {
        Dialect::Tweet => number,
        Dialect::Post => number | 1,
    }
}

/// Where problem types live: both hosts are in use, so answers take turns.
fn host(turn: usize) -> &'static str {
    if turn.is_multiple_of(2) { "https://api.twitter.com" } else { "https://api.x.com" }
}

/// The address of a problem type.
pub fn kind(turn: usize, name: &str) -> String {
    format!("{}/2/problems/{name}", host(turn))
}

/// A refusal with this body.
pub fn refuse(status: u16, body: &Value) -> Reply {
    Reply {
        status,
        headers: vec![("content-type", "application/problem+json; charset=utf-8".to_owned())],
        body: body.to_string().into_bytes(),
    }
}

/// A refusal without details.
pub fn plain(status: u16, title: &str) -> Reply {
    refuse(status, &json!({"title": title, "type": "about:blank", "status": status, "detail": title}))
}

/// A refusal of a named type.
pub fn named(turn: usize, status: u16, title: &str, name: &str, detail: &str) -> Reply {
    refuse(status, &json!({"title": title, "detail": detail, "type": kind(turn, name), "status": status}))
}

/// 400: what is wrong with the request.
pub fn invalid(turn: usize, dialect: Dialect, violations: &[Violation]) -> Reply {
    let error = |violation: &Violation| match dialect {
        Dialect::Tweet => {
            json!({"parameters": {&violation.parameter: [&violation.value]}, "message": violation.reason})
        }
        Dialect::Post => json!({
            "parameter": violation.parameter, "value": violation.value, "detail": violation.reason,
            "title": "Invalid Request", "type": kind(turn, "invalid-request"),
        }),
    };
    let errors: Vec<Value> = violations.iter().map(error).collect();
    refuse(
        400,
        &json!({
            "errors": errors, "title": "Invalid Request", "type": kind(turn, "invalid-request"),
            "detail": "One or more parameters to your request was invalid.",
        }),
    )
}

/// 403: the app has no access.
pub fn not_enrolled(turn: usize) -> Reply {
    refuse(
        403,
        &json!({
            "client_id": "10000001", "reason": "client-not-enrolled", "required_enrollment": "Appropriate Level of API Access",
            "registration_url": "https://developer.x.com/en/docs/projects/overview", "title": "Client Forbidden",
            "detail": "The app has to be attached to a project with access to this route.",
            "type": kind(turn, "client-forbidden"),
        }),
    )
}

/// 429: the cap of a billing period is used up.
pub fn usage_capped(turn: usize) -> Reply {
    refuse(
        429,
        &json!({
            "account_id": 10_000_001, "product_name": "pay-per-use", "title": "UsageCapExceeded", "period": "Monthly",
            "scope": "Product", "detail": "Usage cap exceeded: Monthly product cap", "type": kind(turn, "usage-capped"),
        }),
    )
}

/// An entry of a 200's `errors`.
pub struct Partial<'a> {
    /// Last part of its type.
    pub name: &'a str,
    /// Title.
    pub title: &'a str,
    /// Sentence.
    pub detail: String,
    /// `user`, `post` or `list`.
    pub resource: &'a str,
    /// Parameter that asked for it.
    pub parameter: &'a str,
    /// What was asked for.
    pub value: &'a str,
    /// `data` or `includes`.
    pub section: &'a str,
}

impl Partial<'_> {
    /// In the words of a dialect.
    pub fn body(&self, turn: usize, dialect: Dialect) -> Value {
        let resource =
            if self.resource == "post" && dialect == Dialect::Tweet { "tweet" } else { self.resource };
        json!({
            "value": self.value, "detail": self.detail, "title": self.title, "resource_type": resource,
            "parameter": self.parameter, "resource_id": self.value, "section": self.section,
            "type": kind(turn, self.name),
        })
    }
}
