//! Answers one request after the other, with X's order of checks.

use std::{
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde_json::json;

use super::{
    Content, Options,
    answers::Given,
    api::{Api, Dialect, Route, Violation},
    billing::{Billing, Resource},
    failures::{self, InjectedFailure},
    generate, headers,
    limits::{Limits, Taken},
    paging, problem,
    request_log::Call,
    state::{State, reset_date},
    world::SEARCH_REACH_MS,
    written::Written,
};
use crate::fixture_web::{injection, server::Reply};

/// A request as it came.
#[derive(Debug, Default)]
pub struct Request {
    /// Method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// `Authorization` header.
    pub authorization: Option<String>,
}

/// What becomes of a request.
#[derive(Debug)]
pub enum Outcome {
    /// An answer.
    Answer(Reply),
    /// An answer that breaks off.
    Cut(Reply),
    /// None: the connection breaks after so many real milliseconds.
    Silence(u64),
}

/// A simulated X.
#[derive(Debug)]
pub struct Simulator {
    api: Api,
    state: Mutex<State>,
}

impl Simulator {
    /// Makes accounts and posts.
    ///
    /// # Errors
    /// When the compiled-in tables are broken.
    pub fn new(options: Options) -> io::Result<Self> {
        let (world, written) = match &options.content {
            Content::Generated(plan) => {
                (generate::world(options.seed, options.now_ms, plan), Written::default())
            }
            Content::Written => Written::world(options.now_ms)?,
        };
        let state = State {
            options,
            world,
            written,
            limits: Limits::load()?,
            billing: Billing::default(),
            calls: Vec::new(),
            day_limit_until: i64::MIN,
            usage_cap_until: i64::MIN,
            set_at: Instant::now(),
        };
        Ok(Self { api: Api::load()?, state: Mutex::new(state) })
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a request and logs it.
    pub fn ask(&self, request: &Request) -> Outcome {
        let mut state = self.state();
        let now = state.server_now();
        let mut call = Call {
            number: state.calls.len(),
            at_ms: now,
            target: request.target.clone(),
            credential: "unknown".to_owned(),
            ..Call::default()
        };
        let outcome = self.decide(&mut state, request, now, &mut call);
        call.status = match &outcome {
            Outcome::Answer(reply) => reply.status,
            Outcome::Cut(_) | Outcome::Silence(_) => 0,
        };
        state.calls.push(call);
        let date = |reply: Reply| reply.with("date", headers::http_date(now));
        match outcome {
            Outcome::Answer(reply) => Outcome::Answer(date(reply)),
            Outcome::Cut(reply) => Outcome::Cut(date(reply)),
            silence @ Outcome::Silence(_) => silence,
        }
    }

    fn decide(&self, state: &mut State, request: &Request, now: i64, call: &mut Call) -> Outcome {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let dialect = state.options.dialect;
        let turn = problem::turn(call.number, dialect);
        let Some((route, in_path)) = self.api.route(dialect, &request.method, path) else {
            call.route = format!("{} {path}", request.method);
            // Newer than the description, and seen to answer apps like this (docs/reference/x-api.md#usage).
            if path != "/2/usage/credits" {
                let reason = format!("{} {path} is no route of the description", request.method);
                call.violations.push(Violation::new("path", "path", path, reason));
            }
            return Outcome::Answer(Reply { status: 404, ..Reply::default() });
        };
        call.route = format!("{} {}", route.method, route.path);
        let Some((credential, user)) = state.credential(request.authorization.as_deref()) else {
            return Outcome::Answer(problem::plain(401, "Unauthorized"));
        };
        call.credential.clone_from(&credential);
        if !(if user { route.user } else { route.bearer }) {
            let reply = failures::reply(InjectedFailure::UnsupportedAuthentication, turn, dialect, "");
            return Outcome::Answer(reply.unwrap_or_default());
        }
        self.admitted(state, Visit { route, in_path, query, credential, user, now }, call)
    }

    /// A request of somebody known to a route there is: limits, injected failures, money, parameters, answer.
    fn admitted(&self, state: &mut State, visit: Visit, call: &mut Call) -> Outcome {
        let (dialect, now) = (state.options.dialect, visit.now);
        let turn = problem::turn(call.number, dialect);
        let who = (visit.credential.as_str(), visit.route);
        let path = visit.route.path.as_str();
        let flight = Duration::from_millis(state.options.flight_ms);
        call.while_blocked = state.limits.is_blocked(who.0, path, now, flight);
        let taken = state.limits.take(who.0, visit.user, path, now);
        call.beyond_limit = taken.beyond;
        let day_limited = now < state.day_limit_until;
        if !taken.allowed || day_limited {
            let failure = if day_limited { InjectedFailure::DayLimit } else { InjectedFailure::WindowLimit };
            let reply = failures::reply(failure, turn, dialect, "").unwrap_or_default();
            return Outcome::Answer(state.limited(who, taken, reply));
        }
        let request = [state.options.seed, u64::try_from(call.number).unwrap_or(u64::MAX)];
        let failures = &mut state.options.failures;
        let (happened, lasts) = injection::next(failures, &request, |route| route == path).unzip();
        call.injected = happened.and_then(|failure| json!(failure).as_str().map(str::to_owned));
        if let Some(failure) = happened
            && let Some(outcome) = befall(state, who, taken, (failure, lasts.unwrap_or(0)), now, turn)
        {
            return outcome;
        }
        if let Some(reply) = state.refusal(turn, now) {
            if reply.status == 429 {
                state.limits.block(who.0, path, state.usage_cap_until);
            }
            return Outcome::Answer(headers::window(reply, taken));
        }
        let mut given = match self.worked(state, &visit, turn, happened) {
            Ok(given) => given,
            Err(violations) => {
                call.violations.clone_from(&violations);
                return Outcome::Answer(headers::window(problem::invalid(turn, dialect, &violations), taken));
            }
        };
        if happened == Some(InjectedFailure::PartialError) {
            add_partial_error(&mut given, call.number, dialect);
        }
        charge(state, &given, now, call);
        let reply = Reply::ok("application/json; charset=utf-8", given.body.to_string());
        let reply = headers::window(reply, taken);
        match happened {
            Some(InjectedFailure::LostAnswer) => Outcome::Silence(0),
            Some(InjectedFailure::CutAnswer) => Outcome::Cut(reply),
            _ => Outcome::Answer(reply),
        }
    }

    /// Checks the parameters and answers.
    fn worked(
        &self,
        state: &State,
        visit: &Visit,
        turn: usize,
        happened: Option<InjectedFailure>,
    ) -> Result<Given, Vec<Violation>> {
        let pairs: Vec<(String, String)> =
            url::form_urlencoded::parse(visit.query.as_bytes()).into_owned().collect();
        let asked = self.api.check(state.options.dialect, visit.route, visit.in_path.as_deref(), &pairs)?;
        if let Some(id) = asked.number("since_id").filter(|_| happened == Some(InjectedFailure::StaleSinceId))
        {
            return Err(vec![paging::stale("since_id", id, visit.now - SEARCH_REACH_MS)]);
        }
        let answer = state.responder(visit.now, turn).answer(&visit.route.path, &asked);
        answer.map_err(|violation| vec![violation])
    }
}

/// A request that was let in.
struct Visit<'a> {
    route: &'a Route,
    in_path: Option<String>,
    query: &'a str,
    credential: String,
    user: bool,
    now: i64,
}

fn charge(state: &mut State, given: &Given, now: i64, call: &mut Call) {
    let mut billed = given.data.clone();
    if state.options.bill_includes {
        billed.extend(&given.includes);
    }
    let prices = state.options.prices;
    call.micro_usd = state.billing.charge(&prices, now, &billed);
    for resource in &given.data {
        match resource {
            Resource::Post(id) => call.posts.push(id.to_string()),
            Resource::User(id) => call.users.push(id.to_string()),
            Resource::List(_) | Resource::Counts => {}
        }
    }
}

/// What an injected failure does at once; `None` where the request goes on.
fn befall(
    state: &mut State,
    who: (&str, &Route),
    taken: Taken,
    (failure, seconds): (InjectedFailure, i64),
    now: i64,
    turn: usize,
) -> Option<Outcome> {
    if failure == InjectedFailure::Timeout {
        return Some(Outcome::Silence(state.options.hold_ms));
    }
    let reply = failures::reply(failure, turn, state.options.dialect, &reset_date(now))?;
    let until = now + seconds * 1000;
    match failure {
        InjectedFailure::DayLimit => state.day_limit_until = until,
        // Whatever the reason, a 429's window has nothing more to give.
        InjectedFailure::ConnectionLimit => state.limits.block(who.0, &who.1.path, taken.until_ms),
        InjectedFailure::UsageCap => {
            state.usage_cap_until = until;
            state.limits.block(who.0, &who.1.path, until);
        }
        _ => {}
    }
    let taken = match failure {
        InjectedFailure::WindowLimit | InjectedFailure::WindowLimitOld => {
            state.limits.exhaust(who.0, &who.1.path, taken)
        }
        _ => taken,
    };
    Some(Outcome::Answer(match failure {
        InjectedFailure::WindowLimit | InjectedFailure::WindowLimitOld | InjectedFailure::DayLimit => {
            state.limited(who, taken, reply)
        }
        InjectedFailure::BareLimit | InjectedFailure::UnavailablePage | InjectedFailure::GatewayTimeout => {
            reply
        }
        _ => headers::window(reply, taken),
    }))
}

fn add_partial_error(given: &mut Given, number: usize, dialect: Dialect) {
    let names =
        ["resource-not-found", "not-authorized-for-resource", "resource-unavailable", "disallowed-resource"];
    let error = problem::Partial {
        name: names[number % names.len()],
        title: "Not Found Error",
        detail: "Could not find user with in_reply_to_user_id: [1].".to_owned(),
        resource: "user",
        parameter: "in_reply_to_user_id",
        value: "1",
        section: "includes",
    };
    let error = error.body(problem::turn(number, dialect), dialect);
    if let Some(errors) = given.body.get_mut("errors").and_then(serde_json::Value::as_array_mut) {
        errors.push(error);
    } else {
        given.body["errors"] = json!([error]);
    }
}
