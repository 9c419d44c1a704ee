//! Refusals of X: the action and the message for each (docs/reference/x-api.md#errors). Pure.

use jiff::Timestamp;
use serde_json::Value;
use strum::IntoStaticStr;

use super::{
    api::{self, Dialect},
    limits::LONGEST_WAIT,
};
use crate::text::plain;

/// The meaning of a response with a status other than 200.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Problem {
    /// X does not know the parameter for fields: it uses the other dialect.
    #[error("X does not know the parameter {0}")]
    Dialect(&'static str),
    /// Search does not go back to the lower bound of the query.
    #[error("X no longer searches back to where reading stopped")]
    #[strum(serialize = "stale_since_id")]
    StaleSince {
        /// The smallest id that X accepts.
        larger_than: Option<u64>,
    },
    /// The request is invalid.
    #[error("X refuses the request: {0}")]
    BadRequest(String),
    /// 401.
    #[error("X does not accept the token (401): it is wrong, revoked, cut short or URL-decoded")]
    Unauthorized,
    /// 402.
    #[error("the X account has no credits left (402): buy credits in X's developer console")]
    NoCredits,
    /// 403 `client-not-enrolled`.
    #[error("the X app is in no project, or its project has no access to API v2 (403 client-not-enrolled)")]
    NotEnrolled,
    /// 403 spend cap.
    #[error("the spending limit of X's console is reached (403){}", date(*.0))]
    SpendCap(Option<Timestamp>),
    /// 403 `unsupported-authentication`.
    #[error("X wants a user's token here, not an app's bearer token (403)")]
    WrongTokenKind,
    /// Another 403.
    #[error("X forbids it (403): {0}")]
    Forbidden(String),
    /// 404.
    #[error("X does not find it (404)")]
    NotFound,
    /// 409.
    #[error("X says that something else must be set up first (409)")]
    Conflict,
    /// 429 of a window or of 24 hours.
    #[error("X asked to slow down (429)")]
    TooMany,
    /// 429 `usage-capped`.
    #[error("the plan's cap of posts is used up (429 usage-capped{0})")]
    UsageCap(String),
    /// 5xx.
    #[error("X has a server error (status {0})")]
    Server(u16),
    /// A 200 that cannot be read, or an unexpected status.
    #[error("X sent an answer that cannot be read (status {0})")]
    Unreadable(u16),
}

fn date(at: Option<Timestamp>) -> String {
    at.map_or_else(String::new, |at| format!(" until {}", at.strftime("%Y-%m-%d")))
}

/// What follows a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Send again in the other dialect, once.
    SwitchDialect,
    /// Send again from this id on, once.
    RetryFrom(Option<u64>),
    /// Give up this call and make the others.
    Skip,
    /// No further call in this run.
    StopRun,
    /// No further call by any process with this token until then.
    StopUntil(Timestamp),
    /// No further call of this route until its limit allows it.
    Wait,
    /// Send again after a wait, at most twice.
    Retry,
}

impl Problem {
    /// What to do at `now`.
    #[must_use]
    pub fn action(&self, now: Timestamp) -> Action {
        match self {
            Self::Dialect(_) => Action::SwitchDialect,
            Self::StaleSince { larger_than } => Action::RetryFrom(*larger_than),
            Self::Unauthorized | Self::NoCredits | Self::NotEnrolled | Self::SpendCap(None) => {
                Action::StopRun
            }
            Self::SpendCap(Some(until)) if *until > now => Action::StopUntil(*until),
            Self::SpendCap(Some(_)) => Action::StopRun,
            Self::TooMany => Action::Wait,
            // X does not say when the cap ends.
            Self::UsageCap(_) => Action::StopUntil(now + LONGEST_WAIT),
            Self::Server(_) => Action::Retry,
            Self::BadRequest(_)
            | Self::WrongTokenKind
            | Self::Forbidden(_)
            | Self::NotFound
            | Self::Conflict
            | Self::Unreadable(_) => Action::Skip,
        }
    }

    /// Stable name in the store.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.into()
    }
}

/// The meaning of `status` with `body`, which need not be JSON, for a request in `dialect`.
#[must_use]
pub fn problem(status: u16, body: &[u8], dialect: Dialect) -> Problem {
    let root: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let kind = api::kind(&root);
    let text = words(&root);
    let lower = text.to_lowercase();
    let is = |name: &str| kind == name || lower.contains(name);
    match status {
        400 if names_fields(&root, &lower, dialect) => Problem::Dialect(dialect.fields()),
        400 if lower.contains("since_id")
            && (lower.contains("larger than") || lower.contains("created after")) =>
        {
            Problem::StaleSince { larger_than: larger_than(&lower) }
        }
        400 => Problem::BadRequest(shown(&text)),
        401 => Problem::Unauthorized,
        402 => Problem::NoCredits,
        403 if root["title"] == "SpendCapReached" || is("spend-cap-reached") => {
            Problem::SpendCap(reset_date(&root))
        }
        403 if root["reason"] == "client-not-enrolled" || is("client-not-enrolled") => Problem::NotEnrolled,
        403 if is("unsupported-authentication") => Problem::WrongTokenKind,
        403 => Problem::Forbidden(shown(&text)),
        404 => Problem::NotFound,
        409 => Problem::Conflict,
        429 if is("usage-capped") => {
            let period =
                root["period"].as_str().map_or_else(String::new, |period| format!(", {}", shown(period)));
            Problem::UsageCap(period)
        }
        429 => Problem::TooMany,
        500.. => Problem::Server(status),
        _ => Problem::Unreadable(status),
    }
}

/// All texts of the body.
fn words(root: &Value) -> String {
    let errors = root["errors"].as_array().into_iter().flatten();
    let said = errors
        .chain([root])
        .flat_map(|value| ["detail", "message", "title"].into_iter().filter_map(|name| value[name].as_str()));
    said.collect::<Vec<_>>().join(" ")
}

/// A text of X, cut to a length for messages.
fn shown(text: &str) -> String {
    // Cut first: `plain` removes a space at the cut.
    let text = plain(&text.chars().take(200).collect::<String>());
    if text.is_empty() { "without a word on why".to_owned() } else { text }
}

fn names_fields(root: &Value, lower: &str, dialect: Dialect) -> bool {
    let name = dialect.fields();
    let errors = || root["errors"].as_array().into_iter().flatten();
    let named = errors().any(|error| {
        error["parameter"] == name
            || error["parameters"].as_object().is_some_and(|map| map.contains_key(name))
    });
    // A wrong value of a known parameter is an error that the other dialect would not avoid.
    (named || lower.contains(name)) && !lower.contains("value [")
}

/// The id after "larger than" in X's message.
fn larger_than(lower: &str) -> Option<u64> {
    let (_, rest) = lower.split_once("larger than")?;
    let digits: String =
        rest.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn reset_date(root: &Value) -> Option<Timestamp> {
    let errors = root["errors"].as_array().into_iter().flatten();
    let text = std::iter::once(root).chain(errors).find_map(|value| value["reset_date"].as_str())?;
    let midnight = || format!("{text}T00:00:00Z").parse().ok();
    text.parse().ok().or_else(midnight)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T10:00:00Z".parse().unwrap()
    }

    fn of(status: u16, body: &str) -> Problem {
        problem(status, body.as_bytes(), Dialect::Tweet)
    }

    #[test]
    fn every_refusal_has_its_name_and_action() {
        let cap = "2026-12-01T00:00:00Z".parse().unwrap();
        let rows: &[(u16, &str, &str, Action)] = &[
            (
                400,
                r#"{"errors":[{"parameters":{"tweet.fields":["id"]},"message":"The query parameter [tweet.fields] is not valid"}],"title":"Invalid Request"}"#,
                "dialect",
                Action::SwitchDialect,
            ),
            (
                400,
                r#"{"errors":[{"message":"'since_id' must be a tweet id created after [2026-11-14T10:00Z]. Please use a 'since_id' that is larger than 1989000"}]}"#,
                "stale_since_id",
                Action::RetryFrom(Some(1_989_000)),
            ),
            (
                400,
                r#"{"errors":[{"parameters":{"tweet.fields":["x"]},"message":"The tweet.fields value [x] is not one of [id]"}]}"#,
                "bad_request",
                Action::Skip,
            ),
            (
                400,
                r#"{"errors":[{"message":"The query parameter [tweet.fields] is not one of [query,post.fields]"}]}"#,
                "dialect",
                Action::SwitchDialect,
            ),
            (400, r#"{"detail":"One or more parameters is invalid"}"#, "bad_request", Action::Skip),
            (
                401,
                r#"{"title":"Unauthorized","type":"about:blank","status":401}"#,
                "unauthorized",
                Action::StopRun,
            ),
            (
                402,
                r#"{"title":"CreditsDepleted","type":"https://api.x.com/2/problems/credits"}"#,
                "no_credits",
                Action::StopRun,
            ),
            (402, "", "no_credits", Action::StopRun),
            (
                403,
                r#"{"reason":"client-not-enrolled","type":"https://api.twitter.com/2/problems/client-forbidden"}"#,
                "not_enrolled",
                Action::StopRun,
            ),
            (
                403,
                r#"{"title":"SpendCapReached","reset_date":"2026-12-01"}"#,
                "spend_cap",
                Action::StopUntil(cap),
            ),
            (
                403,
                r#"{"type":"https://api.x.com/2/problems/spend-cap-reached"}"#,
                "spend_cap",
                Action::StopRun,
            ),
            (
                403,
                r#"{"type":"https://api.x.com/2/problems/unsupported-authentication"}"#,
                "wrong_token_kind",
                Action::Skip,
            ),
            (403, "<html>", "forbidden", Action::Skip),
            (404, "", "not_found", Action::Skip),
            (409, "{}", "conflict", Action::Skip),
            (
                429,
                r#"{"title":"UsageCapExceeded","period":"Monthly","type":"https://api.x.com/2/problems/usage-capped"}"#,
                "usage_cap",
                Action::StopUntil(now() + LONGEST_WAIT),
            ),
            (429, r#"{"title":"Too Many Requests"}"#, "too_many", Action::Wait),
            (503, "<html>", "server", Action::Retry),
            (302, "", "unreadable", Action::Skip),
        ];
        for (status, body, name, action) in rows {
            let problem = of(*status, body);
            assert_eq!((problem.name(), problem.action(now())), (*name, *action), "{status} {body}");
            assert!(!problem.to_string().contains('\n'));
        }
    }

    #[test]
    fn a_spending_limit_in_the_past_stops_only_this_run() {
        let past = of(403, r#"{"title":"SpendCapReached","reset_date":"2026-11-01T00:00:00Z"}"#);
        assert_eq!(past.action(now()), Action::StopRun);
        assert!(past.to_string().ends_with("until 2026-11-01"));
    }
}
