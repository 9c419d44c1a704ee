//! Injected failures of the simulated X and their answers.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    api::{Dialect, Violation},
    problem,
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
    /// 429 without body, and without headers that name a reset.
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
    /// 403: a spending limit, named by title and date.
    SpendCapTitle,
    /// 403: a spending limit, named by type.
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
            let violation =
                Violation::new("injected", "query", "", "The request is not valid for an unnamed reason");
            problem::invalid(turn, dialect, &[violation])
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
