//! Makes one API call: reserves it in the store, sends it, and settles its cost.
//!
//! Reservation and settlement are transactions of their own, before and after the request
//! (docs/explain/decisions/0034-x-calls-are-recorded-at-once.md).

use std::{collections::HashMap, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};

use super::call::{ApiCall, CallResult, Objects, Response, charge};
use crate::{
    clock::jitter,
    http::{ApiResponse, Failure},
    model::{XIntent, XLimit, XReserved},
    store::{StoreError, XEnding},
    visit::Context,
    x::{
        Settings, Token,
        api::Dialect,
        errors::{Action, Problem, problem},
        limits::{self, RateDecision, Refusal, Seen, learn, rate_decision, server_time},
        money::{BUDGET_USED_UP, affordable},
        plan::ceiling,
    },
};

/// Waits before the second and the third try (docs/reference/x-api.md#errors), each a quarter longer at most.
const RETRY_WAITS: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(8)];
const UNREADABLE: &str = "X sent an answer that cannot be read";

/// Calls X with one token.
#[derive(Debug)]
pub(super) struct ApiCaller {
    settings: Arc<Settings>,
    /// Fingerprint of the token.
    pub credential: String,
    pub dialect: Dialect,
    /// A session changes the dialect once at most.
    dialect_changed: bool,
    /// Limits by route.
    pub limits: Vec<(String, XLimit)>,
    /// Calls sent, by route.
    sent: HashMap<&'static str, u32>,
    /// Responses with status 429.
    pub violations: u64,
    /// No wait before a retry ends after this.
    deadline: Timestamp,
}

/// What follows the response to a try.
enum Settled {
    Done(CallResult),
    SendAgain,
    /// Send again after a wait; the sentence says why.
    Retry(String),
}

impl ApiCaller {
    pub fn new(
        settings: Arc<Settings>,
        credential: String,
        dialect: Dialect,
        limits: Vec<(String, XLimit)>,
        deadline: Timestamp,
    ) -> Self {
        Self {
            settings,
            credential,
            dialect,
            dialect_changed: false,
            limits,
            sent: HashMap::new(),
            violations: 0,
            deadline,
        }
    }

    /// Calls sent to `route`, or to all of them.
    pub fn sent(&self, route: Option<&str>) -> u64 {
        let matching = self.sent.iter().filter(|(sent, _)| route.is_none_or(|route| route == **sent));
        matching.map(|(_, count)| u64::from(*count)).sum()
    }

    pub fn server_now(&self, now: Timestamp) -> Timestamp {
        limits::server_now(&self.limits, now)
    }

    /// Makes `call`, with retries.
    pub async fn call(&mut self, context: &Context, call: ApiCall<'_>) -> Result<CallResult, StoreError> {
        let mut waits = RETRY_WAITS.into_iter();
        loop {
            let now = context.now();
            let reserved = match self.reserve(context, call, now).await? {
                Ok(reserved) => reserved,
                Err(reason) => return Ok(CallResult::Deferred(reason)),
            };
            let response = self.send(context, call, reserved).await;
            let sentence = match self.settle(context, call, reserved, response, now).await? {
                Settled::Done(result) => return Ok(result),
                Settled::SendAgain => continue,
                Settled::Retry(sentence) => sentence,
            };
            match waits.next().map(|wait| jittered(wait, reserved.call)) {
                Some(wait) if context.now() + wait < self.deadline => context.clock.sleep(wait).await,
                // Three tries failed in the same way, so other calls would fail as well.
                _ => return Ok(CallResult::Stop(sentence)),
            }
        }
    }

    /// Reserves the highest cost of `call`, or says why it may not be sent now.
    pub async fn reserve(
        &self,
        context: &Context,
        call: ApiCall<'_>,
        now: Timestamp,
    ) -> Result<Result<XReserved, String>, StoreError> {
        let server_at = self.server_now(now);
        let Objects { wanted, least, price } = call.objects(&self.settings, self.dialect);
        let (sources, low) = call.sources();
        let route = call.route();
        let intent = XIntent {
            at: now,
            server_at,
            credential: self.credential.clone(),
            route,
            sources,
            low,
            ceiling: ceiling(server_at.max(now)),
            price,
        };
        let (budget, sent) = (self.settings.budget, self.sent.get(route).copied().unwrap_or(0));
        let decide = move |state: &_| match rate_decision(state, route, sent, now) {
            RateDecision::NotBefore(until, reason) => {
                Err(format!("{reason}, until {}", until.strftime("%H:%M:%S UTC")))
            }
            RateDecision::Go => {
                affordable(budget, state.spent, price, wanted, least).ok_or_else(|| BUDGET_USED_UP.to_owned())
            }
        };
        context.store.x_reserve(intent, decide).await
    }

    /// Sends `call` once. The token is masked in the response, which may quote it.
    pub async fn send(
        &mut self,
        context: &Context,
        call: ApiCall<'_>,
        reserved: XReserved,
    ) -> Result<ApiResponse, Failure> {
        *self.sent.entry(call.route()).or_default() += 1;
        let token = self.settings.token.as_ref().map(Token::header).unwrap_or_default();
        let headers = vec![("authorization".to_owned(), token)];
        let url = call.url(&self.settings.base_url, self.dialect, reserved.most);
        let mut response = context.http.api_get(url, headers).await?;
        if let Some(masked) = self.settings.secrets().mask_bytes(&response.body) {
            response.body = masked.into();
        }
        Ok(response)
    }

    /// Records what the call sent at `sent` cost and what its response says, unless a page came: that is settled with
    /// the page.
    async fn settle(
        &mut self,
        context: &Context,
        call: ApiCall<'_>,
        reserved: XReserved,
        response: Result<ApiResponse, Failure>,
        sent: Timestamp,
    ) -> Result<Settled, StoreError> {
        let response = match response {
            Ok(response) => response,
            Err(failure) => return self.settle_failure(context, reserved.call, failure).await,
        };
        let now = context.now();
        let seen = Seen::read(&response.headers);
        let problem =
            (response.status != 200).then(|| problem(response.status, &response.body, self.dialect));
        let refusal = match &problem {
            Some(Problem::TooMany) => Some(Refusal::Window),
            Some(Problem::UsageCap(_)) => Some(Refusal::UsageCap),
            _ => None,
        };
        let limit = self.learn(context, call, seen, sent, refusal).await?;
        let free = |problem: &Problem| XEnding::Free {
            status: Some(response.status),
            note: problem.name().to_owned(),
        };
        let needs_clock = matches!(problem, None | Some(Problem::BadRequest(_) | Problem::StaleSince { .. }));
        let skew = limits::skew(seen, sent, now).filter(|skew| needs_clock && skew.abs() > limits::SKEW);
        if let Some(skew) = skew {
            let ending = match &problem {
                Some(problem) => free(problem),
                None => match call.read(&response.body) {
                    Ok(page) => {
                        let page = charge(reserved.call, response.status, now, &page, &self.settings);
                        XEnding::Charged(Box::new(page))
                    }
                    Err(_) => unreadable(),
                },
            };
            context.store.x_end(reserved.call, ending).await?;
            return Ok(Settled::Done(CallResult::Stop(clocks_differ(now, skew))));
        }
        let Some(problem) = problem else {
            let response = Response {
                call: reserved.call,
                status: response.status,
                body: response.body,
                asked_at: server_time(&limit, sent),
                at: server_time(&limit, now),
                elapsed: response.elapsed,
            };
            return Ok(Settled::Done(CallResult::Page(Box::new(response))));
        };
        context.store.x_end(reserved.call, free(&problem)).await?;
        self.act(context, &problem, now).await
    }

    async fn settle_failure(
        &self,
        context: &Context,
        call: i64,
        failure: Failure,
    ) -> Result<Settled, StoreError> {
        let note = failure.kind().to_string();
        let ending = if failure.may_have_arrived() {
            XEnding::Lost { note }
        } else {
            XEnding::Free { status: None, note }
        };
        context.store.x_end(call, ending).await?;
        let sentence = format!("X cannot be reached: {failure}");
        Ok(match failure {
            Failure::PrivateAddress(_) | Failure::BadAddress(_) => Settled::Done(CallResult::Stop(sentence)),
            _ => Settled::Retry(sentence),
        })
    }

    /// Settles a call whose page cannot be read: its reservation stays booked. Gives the sentence for people.
    pub async fn settle_unreadable(&self, context: &Context, call: i64) -> Result<String, StoreError> {
        context.store.x_end(call, unreadable()).await?;
        Ok(UNREADABLE.to_owned())
    }

    /// Stores what the response to `call`, sent at `sent`, says about the limit of its route.
    pub async fn learn(
        &mut self,
        context: &Context,
        call: ApiCall<'_>,
        seen: Seen,
        sent: Timestamp,
        refusal: Option<Refusal>,
    ) -> Result<XLimit, StoreError> {
        let (now, route) = (context.now(), call.route());
        self.violations += u64::from(refusal.is_some());
        let known = self.limits.iter().find(|(name, _)| name == route).map(|(_, limit)| limit);
        let limit = learn(known, route, seen, sent, now, refusal);
        self.limits.retain(|(name, _)| name != route);
        self.limits.push((route.to_owned(), limit.clone()));
        let learned = move |known: Option<&XLimit>| learn(known, route, seen, sent, now, refusal);
        context.store.x_learn(self.credential.clone(), route, learned).await?;
        Ok(limit)
    }

    async fn act(
        &mut self,
        context: &Context,
        problem: &Problem,
        now: Timestamp,
    ) -> Result<Settled, StoreError> {
        let sentence = problem.to_string();
        Ok(Settled::Done(match problem.action(now) {
            Action::SwitchDialect if !self.dialect_changed => {
                self.dialect_changed = true;
                self.dialect = self.dialect.other();
                context.store.x_set_dialect(self.dialect.into()).await?;
                tracing::info!(dialect = self.dialect.as_ref(), "X uses the other dialect of its API");
                return Ok(Settled::SendAgain);
            }
            Action::Retry => return Ok(Settled::Retry(sentence)),
            Action::RetryFrom(larger_than) => CallResult::StaleBounds { larger_than, sentence },
            Action::SwitchDialect | Action::Skip => CallResult::Failed(sentence),
            Action::Wait => CallResult::Deferred(sentence),
            Action::StopRun => CallResult::Stop(sentence),
            Action::StopUntil(until) => {
                self.block(context, until, sentence.clone()).await?;
                CallResult::Stop(sentence)
            }
        }))
    }

    /// Blocks the token for every process until `until`.
    async fn block(&self, context: &Context, until: Timestamp, reason: String) -> Result<(), StoreError> {
        let block = move |known: Option<&XLimit>| {
            let known = known.cloned().unwrap_or_default();
            XLimit { blocked_until: known.blocked_until.max(Some(until)), reason: Some(reason), ..known }
        };
        context.store.x_learn(self.credential.clone(), XLimit::ALL_ROUTES, block).await
    }
}

fn unreadable() -> XEnding {
    XEnding::Lost { note: "unreadable".to_owned() }
}

/// X's clock is ahead of this machine's by `skew`, which is more than may be corrected.
fn clocks_differ(now: Timestamp, skew: SignedDuration) -> String {
    let theirs = now.checked_add(skew).unwrap_or(now);
    format!(
        "X's clock says {}, this machine's {}: set the clock right; nothing is read from X until they agree",
        theirs.strftime("%Y-%m-%d %H:%M UTC"),
        now.strftime("%Y-%m-%d %H:%M UTC")
    )
}

/// `wait`, longer by up to a quarter, spread by the call's number.
fn jittered(wait: Duration, call: i64) -> Duration {
    wait + wait.mul_f64(jitter(&format!("{call} {}", std::process::id())) / 4.0)
}
