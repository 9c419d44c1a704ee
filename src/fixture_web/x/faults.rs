//! What can be made to go wrong: by a script, or by chance from a seed.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    api::{self, Dialect},
    problem, random,
};
use crate::fixture_web::server::Reply;

/// An injected failure (docs/reference/x-api.md#errors, docs/reference/x-api.md#rate-limits).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InjectedFailure {
    /// 429: the window is used up, until its reset.
    WindowLimit,
    /// 429 in the older shape (`errors[].code`), else the same.
    WindowLimitOld,
    /// 429: the app's 24 hours are used up; lasts `seconds`.
    DayLimit,
    /// 429: the cap of the billing period, with much remaining in the window; lasts `seconds`.
    UsageCap,
    /// 429: too many connections.
    ConnectionLimit,
    /// 429 without body, and without headers that tell a reset.
    BareLimit,
    /// 500 with a problem document.
    InternalError,
    /// 503 with a problem document.
    Unavailable,
    /// 503 with a page for people.
    UnavailablePage,
    /// 504 without body.
    GatewayTimeout,
    /// Nothing comes for a while, then the connection breaks; nothing was done.
    Timeout,
    /// The request is done and charged, but its answer is lost.
    LostAnswer,
    /// The request is done and charged, but its answer breaks off in the middle.
    CutAnswer,
    /// 401
    Unauthorized,
    /// 402 in the words used until the middle of 2026.
    CreditsDepleted,
    /// 402 in the words used since.
    PaymentRequired,
    /// 403: the app has no access.
    NotEnrolled,
    /// 403: a spending limit, told by title and date.
    SpendCapTitle,
    /// 403: a spending limit, told by type.
    SpendCapType,
    /// 403: wants a user's token.
    UnsupportedAuthentication,
    /// 400: `since_id` is too old for search, with the id to use.
    StaleSinceId,
    /// 400 for no reason.
    InvalidRequest,
    /// 404 without body.
    EmptyNotFound,
    /// 409
    Conflict,
    /// 200 with an entry in `errors` beside the data.
    PartialError,
}

/// An injected failure that happens to certain requests in turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scripted {
    /// What happens.
    pub failure: InjectedFailure,
    /// Only on this route (template, without method).
    #[serde(default)]
    pub route: Option<String>,
    /// Leaves so many requests alone first.
    #[serde(default)]
    pub after: u32,
    /// Happens so often.
    #[serde(default = "once")]
    pub times: u32,
    /// How long a limit or cap lasts.
    #[serde(default = "hour")]
    pub seconds: i64,
}

fn once() -> u32 {
    1
}

fn hour() -> i64 {
    3600
}

impl Scripted {
    /// Once, at the next request, on any route; limits and caps last an hour.
    #[must_use]
    pub fn new(failure: InjectedFailure) -> Self {
        Self { failure, route: None, after: 0, times: once(), seconds: hour() }
    }

    /// Only on this route.
    #[must_use]
    pub fn on(self, route: &str) -> Self {
        Self { route: Some(route.to_owned()), ..self }
    }

    /// So often.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times, ..self }
    }

    /// After so many requests.
    #[must_use]
    pub fn after(self, after: u32) -> Self {
        Self { after, ..self }
    }
}

/// An injected failure that happens now and then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chance {
    /// What happens.
    pub failure: InjectedFailure,
    /// Probability at a request.
    pub share: f64,
    /// Only on this route (template, without method).
    #[serde(default)]
    pub route: Option<String>,
    /// How long a limit or cap lasts.
    #[serde(default = "hour")]
    pub seconds: i64,
}

/// Everything planned.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plan {
    /// In turn.
    pub script: Vec<Scripted>,
    /// Now and then.
    pub chances: Vec<Chance>,
}

impl Plan {
    /// What happens to request `number` on `path`, and how long it lasts in seconds. The script goes first.
    pub fn next(&mut self, seed: u64, number: usize, path: &str) -> Option<(InjectedFailure, i64)> {
        let fits = |route: &Option<String>| route.as_deref().is_none_or(|route| route == path);
        for scripted in self.script.iter_mut().filter(|scripted| fits(&scripted.route)) {
            if scripted.after > 0 {
                scripted.after -= 1;
            } else if scripted.times > 0 {
                scripted.times -= 1;
                return Some((scripted.failure, scripted.seconds));
            }
        }
        let number = u64::try_from(number).unwrap_or(u64::MAX);
        let happens = |at: usize, chance: &Chance| {
            fits(&chance.route)
                && random::share(&[seed, number, u64::try_from(at).unwrap_or(0)]) < chance.share
        };
        let mut chances = self.chances.iter().enumerate();
        chances.find(|(at, chance)| happens(*at, chance)).map(|(_, chance)| (chance.failure, chance.seconds))
    }
}

/// The answer of an injected failure that is answered without looking at the request; `None` for the others.
pub fn reply(failure: InjectedFailure, turn: usize, dialect: Dialect, reset_date: &str) -> Option<Reply> {
    Some(match failure {
        InjectedFailure::WindowLimit | InjectedFailure::DayLimit => problem::plain(429, "Too Many Requests"),
        InjectedFailure::WindowLimitOld => {
            problem::refuse(429, &json!({"errors": [{"code": 88, "message": "Rate limit exceeded"}]}))
        }
        InjectedFailure::UsageCap => problem::usage_capped(turn),
        InjectedFailure::ConnectionLimit => problem::refuse(
            429,
            &json!({
                "title": "ConnectionException", "connection_issue": "TooManyConnections",
                "detail": "This stream is currently at the maximum allowed connection limit.",
                "type": problem::kind(turn, "streaming-connection"),
            }),
        ),
        InjectedFailure::BareLimit => Reply { status: 429, ..Reply::default() },
        InjectedFailure::InternalError => problem::plain(500, "Internal Server Error"),
        InjectedFailure::Unavailable => problem::plain(503, "Service Unavailable"),
        InjectedFailure::UnavailablePage => Reply {
            status: 503,
            ..Reply::ok(
                "text/html",
                "<!doctype html><title>Over capacity</title><p>Please come back later.</p>",
            )
        },
        InjectedFailure::GatewayTimeout => Reply { status: 504, ..Reply::default() },
        InjectedFailure::Unauthorized => problem::plain(401, "Unauthorized"),
        InjectedFailure::CreditsDepleted => problem::refuse(
            402,
            &json!({
                "account_id": 10_000_001, "title": "CreditsDepleted", "type": problem::kind(turn, "credits"),
                "detail": "Your enrolled account does not have any credits to fulfill this request.",
            }),
        ),
        InjectedFailure::PaymentRequired => problem::named(
            turn,
            402,
            "Payment Required",
            "credits-depleted",
            "The account's balance does not cover this request.",
        ),
        InjectedFailure::NotEnrolled => problem::not_enrolled(turn),
        InjectedFailure::SpendCapTitle => problem::refuse(
            403,
            &json!({
                "title": "SpendCapReached", "reset_date": reset_date, "type": "about:blank",
                "detail": "The billing cycle's spend cap is reached.",
            }),
        ),
        InjectedFailure::SpendCapType => problem::named(
            turn,
            403,
            "Forbidden",
            "spend-cap-reached",
            "The billing cycle's spend cap is reached.",
        ),
        InjectedFailure::UnsupportedAuthentication => problem::named(
            turn,
            403,
            "Unsupported Authentication",
            "unsupported-authentication",
            "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint.",
        ),
        InjectedFailure::InvalidRequest => {
            let fault =
                api::Fault::new("injected", "query", "", "The request is not valid for a reason not told");
            problem::invalid(turn, dialect, &[fault])
        }
        InjectedFailure::EmptyNotFound => Reply { status: 404, ..Reply::default() },
        InjectedFailure::Conflict => {
            problem::named(turn, 409, "Conflict", "conflict", "The request conflicts with another.")
        }
        InjectedFailure::Timeout
        | InjectedFailure::LostAnswer
        | InjectedFailure::CutAnswer
        | InjectedFailure::StaleSinceId
        | InjectedFailure::PartialError => {
            return None;
        }
    })
}
