//! Serves requests to the simulated X, and the control address for other processes.

use std::{io, time::Duration};

use http_body_util::{BodyExt, Limited};
use hyper::{Request as Incoming, body::Incoming as Body, header::AUTHORIZATION};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    Dialect, InjectedFailure,
    simulator::{Outcome, Request, Simulator},
    world::Standing,
};
use crate::fixture_web::{injection::Injection, server::Reply};

/// The control address; X has no such path.
const CONTROL: &str = "/_control/";
/// Longest body of a control request, bytes.
const LONGEST: usize = 1 << 20;

/// Answers a request; true where the answer breaks off in the middle.
///
/// # Errors
/// Where the connection is to break without an answer.
pub async fn serve(simulator: &Simulator, request: Incoming<Body>) -> io::Result<(Reply, bool)> {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let method = request.method().to_string();
    if let Some(what) = target.strip_prefix(CONTROL) {
        let body = Limited::new(request.into_body(), LONGEST).collect().await.map_err(io::Error::other)?;
        return Ok((control(simulator, &method, what, &body.to_bytes()), false));
    }
    let authorization = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let asked = Request { method, target, authorization: authorization.map(str::to_owned) };
    match simulator.ask(&asked) {
        Outcome::Answer(reply) => Ok((reply, false)),
        Outcome::Cut(mut reply) => {
            reply.body.truncate(reply.body.len() / 2);
            Ok((reply, true))
        }
        Outcome::Silence(ms) => {
            hold(ms).await;
            Err(io::Error::from(io::ErrorKind::ConnectionReset))
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this waiting is what is simulated")]
async fn hold(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Clock {
    now_ms: Option<i64>,
    advance_ms: Option<i64>,
    skew_ms: Option<i64>,
    running: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Change {
    dialect: Option<Dialect>,
    balance_micro_usd: Option<i64>,
    spending_limit_micro_usd: Option<u64>,
    post_cap: Option<u64>,
    route: Option<String>,
    limit: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountChange {
    username: String,
    #[serde(default)]
    standing: Standing,
    handle: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPost {
    username: String,
    text: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OldPost {
    id: String,
    text: Option<String>,
}

/// Answers a control request (docs/explain/simulated-x.md).
fn control(simulator: &Simulator, method: &str, what: &str, body: &[u8]) -> Reply {
    let (name, query) = what.split_once('?').unwrap_or((what, ""));
    let asked = |wanted: &str| {
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == wanted)
            .map(|(_, v)| v.into_owned())
    };
    let done = match (method, name) {
        ("GET", "state") => Ok(state(simulator)),
        ("GET", "requests") => {
            let from = asked("from").and_then(|from| from.parse().ok()).unwrap_or(0);
            Ok(json!({"calls": simulator.calls(from)}))
        }
        ("GET", "summary") => Ok(json!(simulator.summary())),
        ("GET", "bill") => {
            let days: Vec<Value> =
                simulator.bill().iter().map(|(day, bill)| json!({"day": day, "bill": bill})).collect();
            Ok(json!({"days": days, "total": simulator.billed()}))
        }
        ("GET", "matching") => {
            let since = asked("since_ms").and_then(|since| since.parse().ok()).unwrap_or(0);
            simulator
                .matching(&asked("query").unwrap_or_default(), since)
                .map(|ids| json!({"ids": ids.iter().map(u64::to_string).collect::<Vec<_>>()}))
        }
        ("GET", "offered") => {
            let moment = |name: &str, otherwise: i64| {
                asked(name).and_then(|value| value.parse().ok()).unwrap_or(otherwise)
            };
            let queries: Vec<String> = url::form_urlencoded::parse(query.as_bytes())
                .filter(|(name, _)| name == "query")
                .map(|(_, value)| value.into_owned())
                .collect();
            let between = (moment("from_ms", 0), moment("to_ms", i64::MAX));
            simulator
                .offered(&queries, between, moment("lasting_ms", 1))
                .map(|ids| json!({"ids": ids.iter().map(u64::to_string).collect::<Vec<_>>()}))
        }
        ("POST", "clock") => read(body).map(|clock| set_clock(simulator, &clock)),
        ("POST", "options") => read(body).map(|change| set_options(simulator, change)),
        ("POST", "inject") => read(body).map(|injection| {
            simulator.inject(injection);
            json!({})
        }),
        ("POST", "failures") => read::<Vec<Injection<InjectedFailure>>>(body).map(|failures| {
            simulator.set_failures(failures);
            json!({})
        }),
        ("POST", "account") => read::<AccountChange>(body).and_then(|change| {
            let known = simulator.set_account(&change.username, change.standing, change.handle.as_deref());
            if known { Ok(json!({})) } else { Err("no such account".to_owned()) }
        }),
        ("POST", "publish") => read::<NewPost>(body).and_then(|post| {
            let id = simulator.publish(&post.username, &post.text).ok_or("no such account")?;
            Ok(json!({"id": id.to_string()}))
        }),
        ("POST", "edit") => read::<OldPost>(body).and_then(|post| {
            let id = number(&post.id)?;
            let id = simulator.edit(id, post.text.as_deref().unwrap_or_default()).ok_or("no such post")?;
            Ok(json!({"id": id.to_string()}))
        }),
        ("POST", "delete") => read::<OldPost>(body).and_then(|post| {
            if simulator.delete(number(&post.id)?) { Ok(json!({})) } else { Err("no such post".to_owned()) }
        }),
        _ => return Reply::status(404),
    };
    match done {
        Ok(body) => Reply::ok("application/json", body.to_string()),
        Err(why) => Reply { status: 400, ..Reply::ok("application/json", json!({"error": why}).to_string()) },
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

fn number(id: &str) -> Result<u64, String> {
    id.parse().map_err(|_| "an id is a number".to_owned())
}

fn state(simulator: &Simulator) -> Value {
    let (now, options) = {
        let state = simulator.state();
        (state.now(), state.options.clone())
    };
    json!({
        "now_ms": now, "skew_ms": options.skew_ms, "running": options.running, "dialect": options.dialect,
        "handles": simulator.handles(), "topics": simulator.topics(), "failures": options.failures,
    })
}

fn set_clock(simulator: &Simulator, clock: &Clock) -> Value {
    // Setting keeps the present, so that a clock that starts to run does not jump.
    simulator.set_clock(clock.now_ms.unwrap_or_else(|| simulator.now_ms()) + clock.advance_ms.unwrap_or(0));
    simulator.change(|options| {
        options.skew_ms = clock.skew_ms.unwrap_or(options.skew_ms);
        options.running = clock.running.unwrap_or(options.running);
    });
    json!({"now_ms": simulator.now_ms()})
}

fn set_options(simulator: &Simulator, change: Change) -> Value {
    if let (Some(route), Some(limit)) = (&change.route, change.limit) {
        simulator.set_limit(route, limit);
    }
    simulator.change(|options| {
        options.dialect = change.dialect.unwrap_or(options.dialect);
        options.post_cap = change.post_cap.unwrap_or(options.post_cap);
        options.balance_micro_usd = change.balance_micro_usd.or(options.balance_micro_usd);
        options.spending_limit_micro_usd =
            change.spending_limit_micro_usd.or(options.spending_limit_micro_usd);
    });
    json!({})
}
