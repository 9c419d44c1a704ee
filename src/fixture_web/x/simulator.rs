//! The simulation itself: one request after the other, in the order X looks at things.

use std::{
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use jiff::{Timestamp, tz::TimeZone};
use serde_json::json;

use super::{
    Content, Options,
    answers::{Desk, Given},
    api::{Api, Dialect, Fault, Route},
    billing::{Billing, Day, Resource},
    faults::{self, Mishap, Plan, Scripted},
    generate,
    ledger::{Call, Summary},
    limits::{Limits, Taken},
    paging, problem,
    world::{Draft, SEARCH_REACH_MS, Standing, World},
    written::{Told, Written},
};
use crate::fixture_web::server::Reply;

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

#[derive(Debug)]
pub(super) struct State {
    pub(super) options: Options,
    pub(super) world: World,
    pub(super) written: Written,
    limits: Limits,
    billing: Billing,
    calls: Vec<Call>,
    /// When a 24-hour limit and a usage cap end, by the server.
    day_limit_until: i64,
    usage_cap_until: i64,
    set_at: Instant,
}

/// A simulated X.
#[derive(Debug)]
pub struct Simulator {
    api: Api,
    state: Mutex<State>,
}

impl State {
    /// The present, Unix milliseconds, without the server's skew.
    pub(super) fn now(&self) -> i64 {
        let passed = if self.options.running { self.set_at.elapsed().as_millis() } else { 0 };
        self.options.now_ms + i64::try_from(passed).unwrap_or(0)
    }

    /// The present by the server.
    fn server_now(&self) -> i64 {
        self.now() + self.options.skew_ms
    }

    fn desk(&self, now: i64, turn: usize) -> Desk<'_> {
        Desk {
            world: &self.world,
            billing: &self.billing,
            post_cap: self.options.post_cap,
            query_limit: self.options.query_limit,
            inclusive: self.options.inclusive_timelines,
            dialect: self.options.dialect,
            now,
            turn,
        }
    }

    /// Who asks and whether it is a user; `None` for a token that is not known.
    fn credential(&self, authorization: Option<&str>) -> Option<(String, bool)> {
        let token = authorization?.strip_prefix("Bearer ")?;
        let place = |tokens: &[String]| tokens.iter().position(|known| known == token);
        let app = place(&self.options.tokens).map(|at| (format!("token-{}", at + 1), false));
        app.or_else(|| place(&self.options.user_tokens).map(|at| (format!("user-{}", at + 1), true)))
    }

    /// The state of the account with X: what refuses every request.
    fn refusal(&self, turn: usize, now: i64) -> Option<Reply> {
        let bill = self.billing.total();
        let spent = i64::try_from(bill.micro_usd).unwrap_or(i64::MAX);
        let mishap = if self.options.balance_micro_usd.is_some_and(|balance| spent >= balance) {
            Mishap::PaymentRequired
        } else if self.options.spending_limit_micro_usd.is_some_and(|limit| bill.micro_usd >= limit) {
            Mishap::SpendCapTitle
        } else if bill.posts >= self.options.post_cap || now < self.usage_cap_until {
            Mishap::UsageCap
        } else {
            return None;
        };
        faults::reply(mishap, turn, self.options.dialect, &reset_date(now))
    }
}

/// First day of the next month, when caps are lifted.
fn reset_date(now: i64) -> String {
    let day =
        Timestamp::from_millisecond(now).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(TimeZone::UTC).date();
    let first = day.last_of_month().tomorrow().unwrap_or(day);
    first.to_string()
}

impl Simulator {
    /// Makes accounts and posts and waits for requests.
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

    /// Answers a request and writes it into the ledger.
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
        let date = |reply: Reply| reply.with("date", http_date(now));
        match outcome {
            Outcome::Answer(reply) => Outcome::Answer(date(reply)),
            Outcome::Cut(reply) => Outcome::Cut(date(reply)),
            silence @ Outcome::Silence(_) => silence,
        }
    }

    fn decide(&self, state: &mut State, request: &Request, now: i64, call: &mut Call) -> Outcome {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let (turn, dialect) = (call.number, state.options.dialect);
        let Some((route, in_path)) = self.api.route(dialect, &request.method, path) else {
            call.route = format!("{} {path}", request.method);
            // Newer than the description, and seen to answer apps like this (facts sheet on X, section 4.5).
            if path != "/2/usage/credits" {
                let reason = format!("{} {path} is no route of the description", request.method);
                call.violations.push(Fault::new("path", "path", path, reason));
            }
            return Outcome::Answer(Reply { status: 404, ..Reply::default() });
        };
        call.route = format!("{} {}", route.method, route.path);
        let Some((credential, user)) = state.credential(request.authorization.as_deref()) else {
            return Outcome::Answer(problem::plain(401, "Unauthorized"));
        };
        call.credential.clone_from(&credential);
        if !(if user { route.user } else { route.bearer }) {
            let reply = faults::reply(Mishap::UnsupportedAuthentication, turn, dialect, "");
            return Outcome::Answer(reply.unwrap_or_default());
        }
        let flight = Duration::from_millis(state.options.flight_ms);
        call.while_blocked = state.limits.is_blocked(&credential, &route.path, now, flight);
        let taken = state.limits.take(&credential, user, &route.path, now);
        call.beyond_limit = taken.beyond;
        let who = (credential.as_str(), route);
        let day_limited = now < state.day_limit_until;
        if !taken.allowed || day_limited {
            let mishap = if day_limited { Mishap::DayLimit } else { Mishap::WindowLimit };
            let reply = faults::reply(mishap, turn, dialect, "").unwrap_or_default();
            return Outcome::Answer(limited(state, who, taken, reply, now));
        }
        let seed = state.options.seed;
        let happened = state.options.plan.next(seed, turn, &route.path);
        call.injected = happened.and_then(|(mishap, _)| json!(mishap).as_str().map(str::to_owned));
        if let Some((mishap, seconds)) = happened
            && let Some(outcome) = befall(state, who, taken, (mishap, seconds), now, turn)
        {
            return outcome;
        }
        if let Some(reply) = state.refusal(turn, now) {
            if reply.status == 429 {
                state.limits.block(&credential, &route.path, state.usage_cap_until);
            }
            return Outcome::Answer(with_window(reply, taken));
        }
        let pairs: Vec<(String, String)> =
            url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let stale = happened.is_some_and(|(mishap, _)| mishap == Mishap::StaleSinceId)
            && pairs.iter().any(|(name, _)| name == "since_id");
        let answer = self.api.check(dialect, route, in_path.as_deref(), &pairs).and_then(|asked| {
            if stale {
                let id = asked.number("since_id").unwrap_or(0);
                return Err(vec![paging::stale("since_id", id, now - SEARCH_REACH_MS)]);
            }
            state.desk(now, turn).answer(&route.path, &asked).map_err(|fault| vec![fault])
        });
        let mut given = match answer {
            Ok(given) => given,
            Err(faults) => {
                call.violations.clone_from(&faults);
                return Outcome::Answer(with_window(problem::invalid(turn, dialect, &faults), taken));
            }
        };
        if happened.is_some_and(|(mishap, _)| mishap == Mishap::PartialError) {
            add_partial_error(&mut given, turn, dialect);
        }
        charge(state, &given, now, call);
        let reply = Reply::ok("application/json; charset=utf-8", given.body.to_string());
        let reply = with_window(reply, taken);
        match happened.map(|(mishap, _)| mishap) {
            Some(Mishap::LostAnswer) => Outcome::Silence(0),
            Some(Mishap::CutAnswer) => Outcome::Cut(reply),
            _ => Outcome::Answer(reply),
        }
    }
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

/// What a mishap does at once; `None` where the request goes on.
fn befall(
    state: &mut State,
    who: (&str, &Route),
    taken: Taken,
    (mishap, seconds): (Mishap, i64),
    now: i64,
    turn: usize,
) -> Option<Outcome> {
    if mishap == Mishap::Timeout {
        return Some(Outcome::Silence(state.options.hold_ms));
    }
    let reply = faults::reply(mishap, turn, state.options.dialect, &reset_date(now))?;
    let until = now + seconds * 1000;
    match mishap {
        Mishap::DayLimit => state.day_limit_until = until,
        // Whatever the reason, a 429's window has nothing more to give.
        Mishap::ConnectionLimit => state.limits.block(who.0, &who.1.path, taken.until_ms),
        Mishap::UsageCap => {
            state.usage_cap_until = until;
            state.limits.block(who.0, &who.1.path, until);
        }
        _ => {}
    }
    let taken = match mishap {
        Mishap::WindowLimit | Mishap::WindowLimitOld => state.limits.exhaust(who.0, &who.1.path, taken),
        _ => taken,
    };
    Some(Outcome::Answer(match mishap {
        Mishap::WindowLimit | Mishap::WindowLimitOld | Mishap::DayLimit => {
            limited(state, who, taken, reply, now)
        }
        Mishap::BareLimit | Mishap::UnavailablePage | Mishap::GatewayTimeout => reply,
        _ => with_window(reply, taken),
    }))
}

/// A 429 with the headers that tell its end, remembered as such.
fn limited(
    state: &mut State,
    (credential, route): (&str, &Route),
    taken: Taken,
    reply: Reply,
    now: i64,
) -> Reply {
    let reply = with_window(reply, taken);
    if now < state.day_limit_until {
        state.limits.block(credential, &route.path, state.day_limit_until);
        return reply
            .with("x-app-limit-24hour-limit", "100000")
            .with("x-app-limit-24hour-remaining", "0")
            .with("x-app-limit-24hour-reset", seconds(state.day_limit_until));
    }
    state.limits.block(credential, &route.path, taken.until_ms);
    reply
}

/// Unix milliseconds as whole seconds, rounded up: a reset is never told too early.
fn seconds(ms: i64) -> String {
    (ms + 999).div_euclid(1000).to_string()
}

fn with_window(reply: Reply, taken: Taken) -> Reply {
    reply
        .with("x-rate-limit-limit", taken.limit.to_string())
        .with("x-rate-limit-remaining", taken.remaining.to_string())
        .with("x-rate-limit-reset", seconds(taken.until_ms))
}

/// A date as HTTP writes it (RFC 9110, section 5.6.7).
fn http_date(ms: i64) -> String {
    let at = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(TimeZone::UTC);
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn add_partial_error(given: &mut Given, turn: usize, dialect: Dialect) {
    let names =
        ["resource-not-found", "not-authorized-for-resource", "resource-unavailable", "disallowed-resource"];
    let error = problem::Partial {
        name: names[turn % names.len()],
        title: "Not Found Error",
        detail: "Could not find user with in_reply_to_user_id: [1].".to_owned(),
        resource: "user",
        parameter: "in_reply_to_user_id",
        value: "1",
        section: "includes",
    };
    let error = error.body(turn, dialect);
    if let Some(errors) = given.body.get_mut("errors").and_then(serde_json::Value::as_array_mut) {
        errors.push(error);
    } else {
        given.body["errors"] = json!([error]);
    }
}

/// What tests ask of it and do to it.
impl Simulator {
    /// The present, Unix milliseconds, without the server's skew.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.state().now()
    }

    /// Sets the clock, Unix milliseconds.
    pub fn set_clock(&self, now_ms: i64) {
        let mut state = self.state();
        state.options.now_ms = now_ms;
        state.set_at = Instant::now();
    }

    /// Moves the clock forward.
    pub fn advance_clock(&self, ms: i64) {
        self.set_clock(self.now_ms() + ms);
    }

    /// Publishes what is written for this tick of the simulated internet, dated a minute ago.
    pub fn publish_tick(&self, tick: u32) {
        let mut state = self.state();
        let now = state.now();
        let State { written, world, .. } = &mut *state;
        written.publish(world, tick, now - 60_000);
    }

    /// Changes options on the way; the population stays.
    pub fn change(&self, change: impl FnOnce(&mut Options)) {
        change(&mut self.state().options);
    }

    /// Another limit for a route (template, without method).
    pub fn set_limit(&self, route: &str, limit: u64) {
        self.state().limits.set(route, limit);
    }

    /// Adds a mishap to the script.
    pub fn inject(&self, scripted: Scripted) {
        self.state().options.plan.script.push(scripted);
    }

    /// Replaces everything that goes wrong, and lifts 24-hour limits and caps.
    pub fn set_plan(&self, plan: Plan) {
        let mut state = self.state();
        state.options.plan = plan;
        state.day_limit_until = i64::MIN;
        state.usage_cap_until = i64::MIN;
    }

    /// Every request from number `from` on.
    #[must_use]
    pub fn calls(&self, from: usize) -> Vec<Call> {
        self.state().calls.get(from..).unwrap_or_default().to_vec()
    }

    /// All requests counted.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary::of(&self.state().calls)
    }

    /// The bill by day, days since 1970.
    #[must_use]
    pub fn bill(&self) -> Vec<(i64, Day)> {
        self.state().billing.days().iter().map(|(number, day)| (*number, *day)).collect()
    }

    /// The whole bill.
    #[must_use]
    pub fn billed(&self) -> Day {
        self.state().billing.total()
    }

    /// Handles of the accounts worth following.
    #[must_use]
    pub fn handles(&self) -> Vec<String> {
        let state = self.state();
        let members = state.world.lists.first().map(|list| list.members.clone()).unwrap_or_default();
        members.iter().filter_map(|id| state.world.accounts.get(id)).map(|a| a.username.clone()).collect()
    }

    /// Queries of the topics people talk about.
    #[must_use]
    pub fn topics(&self) -> Vec<String> {
        match &self.state().options.content {
            Content::Generated(plan) => (0..plan.topics).map(generate::topic).collect(),
            Content::Written => Written::topics(),
        }
    }

    /// What is true of every post of [`Content::Written`].
    #[must_use]
    pub fn told(&self) -> Vec<Told> {
        self.state().written.told()
    }

    /// Ids of posts that recent search shows now for a query, newest first, however many; those created at or after
    /// `since_ms` (Unix milliseconds).
    ///
    /// # Errors
    /// X's refusal of the query.
    pub fn matching(&self, query: &str, since_ms: i64) -> Result<Vec<u64>, String> {
        let state = self.state();
        let now = state.server_now();
        let desk = Desk { query_limit: usize::MAX, ..state.desk(now, 0) };
        let found = paging::all(&desk, query, since_ms.max(now - SEARCH_REACH_MS))?;
        Ok(found.iter().map(|post| post.id).collect())
    }

    /// Publishes a post now; `None` without such an account.
    pub fn publish(&self, username: &str, text: &str) -> Option<u64> {
        let mut state = self.state();
        let at_ms = state.server_now();
        let author = state.world.account(username)?.id;
        Some(state.world.publish(Draft { author, at_ms, text: text.to_owned(), ..Draft::default() }))
    }

    /// Replaces a post by a new version now; `None` without such a post.
    pub fn edit(&self, id: u64, text: &str) -> Option<u64> {
        let mut state = self.state();
        let now = state.server_now();
        state.world.edit(id, now, text.to_owned())
    }

    /// Deletes a post now; false without such a post.
    pub fn delete(&self, id: u64) -> bool {
        let mut state = self.state();
        let now = state.server_now();
        state.world.posts.get_mut(&id).map(|post| post.deleted_ms = Some(now)).is_some()
    }

    /// Keeps a post from readers in these countries; false without such a post.
    pub fn withhold(&self, id: u64, countries: &[&str]) -> bool {
        let countries = countries.iter().map(|&country| country.to_owned()).collect();
        self.state().world.posts.get_mut(&id).map(|post| post.withheld = countries).is_some()
    }

    /// Changes how an account stands, and its handle where one is given; false without such an account.
    pub fn set_account(&self, username: &str, standing: Standing, handle: Option<&str>) -> bool {
        let mut state = self.state();
        let found = state.world.accounts.values_mut().find(|a| a.username.eq_ignore_ascii_case(username));
        let Some(account) = found else { return false };
        account.standing = standing;
        if let Some(handle) = handle {
            handle.clone_into(&mut account.username);
        }
        true
    }

    /// The `[x]` section of a settings file that follows everybody and every topic at `base_url`.
    #[must_use]
    pub fn settings_toml(&self, base_url: &str) -> String {
        let quoted = |texts: Vec<String>| {
            let texts: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
            texts.join(", ")
        };
        let handles = self.handles().iter().map(|handle| format!("@{handle}")).collect();
        format!(
            "\n[x]\nbase_url = \"{base_url}\"\naccounts = [{}]\nsearches = [{}]\n",
            quoted(handles),
            quoted(self.topics())
        )
    }
}
