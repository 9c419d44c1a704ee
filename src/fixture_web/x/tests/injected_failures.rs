//! Limits and injected failures.

use serde_json::json;

use super::{
    super::{InjectedFailure, Injection},
    *,
};

#[tokio::test]
async fn a_window_counts_down_and_opens_again() {
    let lab = Lab::silent().await;
    lab.x().set_limit(SEARCH, 2);
    let first = lab.search("harbour", &[]).await;
    assert_eq!((first.header("x-rate-limit-limit"), first.header("x-rate-limit-remaining")), ("2", "1"));
    let reset: i64 = first.header("x-rate-limit-reset").parse().unwrap();
    assert_eq!(reset, NOW / 1000 + 900);
    assert_eq!(lab.search("harbour", &[]).await.header("x-rate-limit-remaining"), "0");
    assert_eq!(lab.x().summary().beyond_limit, 0);
    let refused = lab.search("harbour", &[]).await;
    assert_eq!((refused.status, refused.header("x-rate-limit-reset")), (429, reset.to_string().as_str()));
    let summary = lab.x().summary();
    assert_eq!((summary.beyond_limit, summary.while_blocked), (1, 0));
    assert_eq!(lab.search("harbour", &[]).await.status, 429);
    let summary = lab.x().summary();
    assert_eq!((summary.beyond_limit, summary.while_blocked), (2, 1));
    // Another route has its own window.
    assert_eq!(lab.get("/2/users/by", &[("usernames", "a")]).await.status, 200);
    lab.x().set_clock(reset * 1000);
    assert_eq!(lab.search("harbour", &[]).await.header("x-rate-limit-remaining"), "1");
    assert_eq!(lab.x().summary().while_blocked, 1);
}

#[tokio::test]
async fn the_published_limits_hold_per_kind_of_token() {
    let options = Options { user_tokens: vec!["somebody".to_owned()], ..with(silent()) };
    let lab = Lab::new(options).await;
    assert_eq!(lab.search("harbour", &[]).await.header("x-rate-limit-limit"), "450");
    let user = lab.try_with("somebody", SEARCH, &[("query", "harbour")]).await.unwrap();
    assert_eq!(user.header("x-rate-limit-limit"), "300");
    let usage = lab.try_with("somebody", "/2/usage/tweets", &[]).await.unwrap();
    assert_eq!(usage.status, 403);
    assert!(usage.body["type"].as_str().unwrap().ends_with("/unsupported-authentication"));
    let credentials: Vec<String> = lab.x().calls(0).into_iter().map(|call| call.credential).collect();
    assert_eq!(credentials, ["token-1", "user-1", "user-1"]);
}

#[tokio::test]
async fn a_token_is_taken_literally() {
    let lab = Lab::silent().await;
    for token in ["wrong", &TOKEN.replace("%2B", "+"), &TOKEN[..20], &format!(" {TOKEN}")] {
        let got = lab.try_with(token, SEARCH, &[("query", "a")]).await.unwrap();
        assert_eq!((got.status, got.body["type"].as_str()), (401, Some("about:blank")));
    }
}

#[tokio::test]
async fn the_servers_clock_can_be_wrong() {
    let lab = Lab::new(Options { skew_ms: 300_000, ..with(silent()) }).await;
    let got = lab.search("harbour", &[]).await;
    assert_eq!(got.header("date"), "Wed, 18 Nov 2026 10:45:00 GMT");
    assert_eq!(got.header("x-rate-limit-reset"), ((NOW + 300_000) / 1000 + 900).to_string());
    assert_eq!(lab.x().now_ms(), NOW);
}

#[tokio::test]
async fn each_refusal_has_its_shape() {
    let lab = Lab::silent().await;
    for (failure, status, sign) in [
        (InjectedFailure::WindowLimitOld, 429, "\"code\":88"),
        (InjectedFailure::UsageCap, 429, "usage-capped"),
        (InjectedFailure::ConnectionLimit, 429, "TooManyConnections"),
        (InjectedFailure::BareLimit, 429, "null"),
        (InjectedFailure::InternalError, 500, "Internal Server Error"),
        (InjectedFailure::Unavailable, 503, "Service Unavailable"),
        (InjectedFailure::UnavailablePage, 503, "null"),
        (InjectedFailure::GatewayTimeout, 504, "null"),
        (InjectedFailure::Unauthorized, 401, "Unauthorized"),
        (InjectedFailure::CreditsDepleted, 402, "CreditsDepleted"),
        (InjectedFailure::PaymentRequired, 402, "credits-depleted"),
        (InjectedFailure::NotEnrolled, 403, "client-not-enrolled"),
        (InjectedFailure::SpendCapTitle, 403, "SpendCapReached"),
        (InjectedFailure::SpendCapType, 403, "spend-cap-reached"),
        (InjectedFailure::UnsupportedAuthentication, 403, "unsupported-authentication"),
        (InjectedFailure::InvalidRequest, 400, "invalid-request"),
        (InjectedFailure::EmptyNotFound, 404, "null"),
        (InjectedFailure::Conflict, 409, "conflict"),
        (InjectedFailure::PartialError, 200, "in_reply_to_user_id"),
    ] {
        lab.x().advance_clock(900_000);
        lab.x().set_failures(vec![Injection::new(failure)]);
        let got = lab.search("harbour", &[]).await;
        assert_eq!(got.status, status, "{failure:?}");
        assert!(got.complaint().contains(sign), "{failure:?}: {}", got.complaint());
        assert_eq!(lab.x().summary().violations, 0);
    }
}

#[tokio::test]
async fn a_scripted_limit_lasts_to_its_reset() {
    let lab = Lab::silent().await;
    lab.x().inject(Injection::new(InjectedFailure::WindowLimit));
    assert_eq!(lab.search("harbour", &[]).await.header("x-rate-limit-remaining"), "0");
    assert_eq!(lab.search("harbour", &[]).await.status, 429);
    // Nobody who counts could have known, but the 429 had said so.
    let summary = lab.x().summary();
    assert_eq!((summary.beyond_limit, summary.while_blocked), (0, 1));
    lab.x().advance_clock(900_000);
    assert_eq!(lab.search("harbour", &[]).await.status, 200);
    lab.x().inject(Injection { seconds: 7_200, ..Injection::new(InjectedFailure::DayLimit) });
    let got = lab.search("harbour", &[]).await;
    assert_eq!(got.header("x-app-limit-24hour-remaining"), "0");
    let reset: i64 = got.header("x-app-limit-24hour-reset").parse().unwrap();
    assert_eq!(reset * 1000, lab.x().now_ms() + 7_200_000);
    assert_eq!(lab.get("/2/users/by", &[("usernames", "a")]).await.status, 429);
    lab.x().set_clock(reset * 1000);
    assert_eq!(lab.search("harbour", &[]).await.status, 200);
}

#[tokio::test]
async fn a_request_in_flight_does_not_count_as_blocked() {
    let lab = Lab::new(Options { flight_ms: 600_000, ..with(silent()) }).await;
    lab.x().inject(Injection::new(InjectedFailure::WindowLimit));
    lab.search("harbour", &[]).await;
    lab.search("harbour", &[]).await;
    assert_eq!(lab.x().summary().while_blocked, 0);
}

#[tokio::test]
async fn lost_answers_are_charged_and_timeouts_are_not() {
    let lab = Lab::few().await;
    lab.x().inject(Injection::new(InjectedFailure::Timeout).times(1));
    assert!(lab.try_with(TOKEN, SEARCH, &[("query", "token")]).await.is_err());
    assert_eq!(lab.x().billed().posts, 0);
    for failure in [InjectedFailure::LostAnswer, InjectedFailure::CutAnswer] {
        let before = lab.x().calls(0).len();
        lab.x().inject(Injection::new(failure));
        let query = if failure == InjectedFailure::LostAnswer { "token" } else { "airdrop" };
        assert!(lab.try_with(TOKEN, SEARCH, &[("query", query)]).await.is_err());
        let call = &lab.x().calls(before)[0];
        assert!(call.micro_usd > 0 && call.status == 0, "{call:?}");
    }
}

#[tokio::test]
async fn a_script_waits_for_its_route_and_its_turn() {
    let lab = Lab::silent().await;
    lab.x().inject(Injection::new(InjectedFailure::Unavailable).on("/2/users/by").after(1).times(2));
    let mut seen = Vec::new();
    for _ in 0..4 {
        assert_eq!(lab.search("harbour", &[]).await.status, 200);
        seen.push(lab.get("/2/users/by", &[("usernames", "a")]).await.status);
    }
    assert_eq!(seen, [200, 503, 503, 200]);
}

#[tokio::test]
async fn a_stale_id_by_script_needs_an_id() {
    let lab = Lab::silent().await;
    lab.x().inject(Injection::new(InjectedFailure::StaleSinceId).times(2));
    assert_eq!(lab.search("harbour", &[]).await.status, 200);
    let id = super::super::id_at(NOW - 60_000).to_string();
    let got = lab.search("harbour", &[("since_id", &id)]).await;
    assert_eq!(got.status, 400);
    assert!(got.complaint().contains("since_id"));
}

#[tokio::test]
async fn chance_is_the_same_for_the_same_seed() {
    let mut runs = Vec::new();
    for seed in [1, 1, 2] {
        let failures = vec![Injection::new(InjectedFailure::Unavailable).by_chance(0.3)];
        let lab = Lab::new(Options { seed, failures, ..with(silent()) }).await;
        for _ in 0..100 {
            lab.search("harbour", &[]).await;
        }
        runs.push(lab.x().calls(0).iter().map(|call| call.status).collect::<Vec<_>>());
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
    let failed = runs[0].iter().filter(|status| **status == 503).count();
    assert!((15..45).contains(&failed), "{failed}");
}

#[tokio::test]
async fn everything_can_be_done_from_another_process() {
    let lab = Lab::silent().await;
    let state = lab.control("state", Value::Null).await;
    let handle = state["handles"][0].as_str().unwrap();
    let id = lab.control("publish", json!({"username": handle, "text": "harbour"})).await["id"].clone();
    let clock = lab.control("clock", json!({"advance_ms": 60_000, "skew_ms": 1_000})).await;
    assert_eq!(clock["now_ms"], NOW + 60_000);
    assert_eq!(lab.control("matching?query=harbour", Value::Null).await["ids"], json!([id]));
    lab.control("options", json!({"route": SEARCH, "limit": 2, "dialect": "post"})).await;
    lab.control("inject", json!({"failure": "unavailable", "target": SEARCH})).await;
    assert_eq!(lab.search("harbour", &[("post.fields", "lang")]).await.status, 503);
    let got = lab.search("harbour", &[("post.fields", "lang")]).await;
    assert_eq!((got.status, got.header("x-rate-limit-remaining")), (200, "0"));
    let log = lab.control("requests?from=1", Value::Null).await;
    assert_eq!(log["calls"][0]["posts"], json!([id]));
    assert_eq!(log["calls"][0]["route"], format!("GET {SEARCH}"));
    assert_eq!(lab.control("bill", Value::Null).await["total"]["micro_usd"], 5_000);
    assert_eq!(lab.control("summary", Value::Null).await["calls"], 2);
    let edited = lab.control("edit", json!({"id": id, "text": "harbour again"})).await["id"].clone();
    lab.control("delete", json!({"id": edited})).await;
    assert_eq!(lab.get(&format!("/2/tweets/{}", edited.as_str().unwrap()), &[]).await.ids(), [0_u64; 0]);
    lab.control("account", json!({"username": handle, "standing": "suspended"})).await;
    assert!(lab.get("/2/users/by", &[("usernames", handle)]).await.body["data"].is_null());
    lab.control("failures", json!([{"failure": "bare_limit", "share": 1.0}])).await;
    assert_eq!(lab.get("/2/users/by", &[("usernames", handle)]).await.status, 429);
    assert!(lab.control("clock", json!({"later": 1})).await["error"].is_string());
}
