//! One call to X: leave to send it, the exchange, and what is done about every way it can go wrong.

use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::{Session, Stale, route_of};
use crate::{
    clock::jitter,
    http::{ApiResponse, Failure},
    model::{XIntent, XLimit, XPage, XReserved},
    store::{StoreError, XEnding},
    visit::Context,
    x::{
        api,
        errors::{Action, Problem, problem},
        limits::{self, RateDecision, Refusal, Seen, learn, rate_decision, server_time},
        money::affordable,
        plan::{Endpoint, Query, ceiling},
        windows::{Bounds, oldest_searchable_id, time_of},
    },
};

/// Waits before the second and the third try (docs/reference/x-api.md#errors), each a quarter longer at most.
const AGAIN: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(8)];

/// What is asked.
#[derive(Debug, Clone)]
pub enum ApiCall {
    /// Handles to accounts.
    Handles(Vec<String>),
    /// Ids to accounts.
    Ids(Vec<u64>),
    /// Posts that X counts for the project.
    Usage,
    /// A page of posts.
    Posts {
        /// The question.
        question: Box<Query>,
        /// The page's token; none for the first.
        next: Option<String>,
    },
}

/// An answer with a 200.
#[derive(Debug)]
pub struct Answered {
    /// Its number in the ledger.
    pub call: i64,
    /// Status code.
    pub status: u16,
    /// The body.
    pub body: Bytes,
    /// When it was asked, by the server's clock.
    pub asked_at: Timestamp,
    /// When it was answered, by the server's clock, which corrects ours by a day at most.
    pub at: Timestamp,
    /// How long it took.
    pub elapsed: Duration,
}

/// How sending ended.
#[derive(Debug)]
pub enum Sent {
    /// With an answer.
    Answered(Box<Answered>),
    /// It was not sent: limits or money; counted and noted.
    Deferred,
    /// It failed; noted.
    Refused,
}

/// Why a call is not sent now.
pub(super) enum Denied {
    Limit(String),
    Budget,
}

impl ApiCall {
    fn route(&self) -> &'static str {
        match self {
            Self::Handles(_) => limits::USERS_BY,
            Self::Ids(_) => limits::USERS,
            Self::Usage => limits::USAGE,
            Self::Posts { question, .. } => route_of(&question.way),
        }
    }

    fn url(&self, round: &Session, most: u32) -> Url {
        let base = &round.settings.base_url;
        match self {
            Self::Handles(handles) => api::users_by(base, handles),
            Self::Ids(ids) => api::users(base, ids),
            Self::Usage => api::usage(base),
            Self::Posts { question, next } => {
                let (bounds, next) = (question.progress.bounds, next.as_deref());
                match &question.way {
                    Endpoint::Search(query) => api::search(base, round.dialect, query, bounds, most, next),
                    Endpoint::Timeline { user, replies } => {
                        api::timeline(base, round.dialect, *user, *replies, bounds, most, next)
                    }
                }
            }
        }
    }

    /// Objects wanted, the fewest that can be asked for, and the price of one.
    fn objects(&self, round: &Session) -> (u32, u32, u64) {
        let users = |count: usize| {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            (count, count, round.settings.user_price)
        };
        match self {
            Self::Handles(handles) => users(handles.len()),
            Self::Ids(ids) => users(ids.len()),
            // Free of charge.
            Self::Usage => (1, 1, 0),
            Self::Posts { question, .. } => {
                let authors = if round.dialect.expands_authors() { round.settings.user_price } else { 0 };
                (question.most, question.least, round.settings.post_price + authors)
            }
        }
    }
}

impl Session {
    /// The same question from the oldest id X still takes, if its bounds were refused as too old.
    pub(super) fn stale(&mut self, ask: &ApiCall, now: Timestamp) -> Option<ApiCall> {
        let ApiCall::Posts { question, next: None } = ask else { return None };
        let since = self.stale_since.take()?;
        let Bounds::Ids { since: before, until } = question.progress.bounds else { return None };
        let since = since.larger_than.unwrap_or_else(|| oldest_searchable_id(self.server_now(now)));
        if since <= before || until.is_some_and(|until| until <= since) {
            return None;
        }
        self.notices.push(format!(
            "X no longer searches posts from {} to {}",
            time_of(before).strftime("%Y-%m-%d %H:%M"),
            time_of(since).strftime("%Y-%m-%d %H:%M UTC")
        ));
        let mut question = question.clone();
        question.progress.bounds = Bounds::Ids { since, until };
        Some(ApiCall::Posts { question, next: None })
    }

    /// Sends `ask` as often as that may help.
    pub(super) async fn send(&mut self, context: &Context, ask: &ApiCall) -> Result<Sent, StoreError> {
        let mut tries = 0;
        loop {
            let now = context.now();
            let reserved = match self.reserve(context, ask, now).await? {
                Ok(reserved) => reserved,
                Err(Denied::Budget) => {
                    self.defer("the month's budget is used up".to_owned());
                    return Ok(Sent::Deferred);
                }
                Err(Denied::Limit(reason)) => {
                    self.defer(reason);
                    return Ok(Sent::Deferred);
                }
            };
            let response = self.exchange(context, ask, reserved).await;
            let again = match response {
                Ok(response) => match self.answered(context, ask, reserved, response, now).await? {
                    Next::Done(sent) => return Ok(sent),
                    Next::Now => continue,
                    Next::Later(problem) => problem.to_string(),
                },
                Err(failure) => {
                    let note = failure.kind().to_string();
                    let ending = if failure.may_have_arrived() {
                        XEnding::Lost { note }
                    } else {
                        XEnding::Free { status: None, note }
                    };
                    context.store.x_end(reserved.call, ending).await?;
                    if matches!(failure, Failure::PrivateAddress(_) | Failure::BadAddress(_)) {
                        self.stopped = Some(format!("X cannot be reached: {failure}"));
                        return Ok(Sent::Refused);
                    }
                    format!("X cannot be reached: {failure}")
                }
            };
            let wait = AGAIN.get(tries).map(|wait| jittered(*wait, reserved.call));
            tries += 1;
            match wait {
                Some(wait) if context.now() + wait < self.deadline => context.clock.sleep(wait).await,
                _ => {
                    // Three answers in a row that say it: the other calls would fare no better.
                    self.stopped = Some(again);
                    return Ok(Sent::Refused);
                }
            }
        }
    }

    /// One exchange; the token, which the answer may quote, is masked in it.
    pub(super) async fn exchange(
        &mut self,
        context: &Context,
        ask: &ApiCall,
        reserved: XReserved,
    ) -> Result<ApiResponse, Failure> {
        self.figures.calls += 1;
        *self.taken.entry(ask.route()).or_default() += 1;
        let token = self.settings.token.as_ref().map(crate::x::Token::header).unwrap_or_default();
        let headers = vec![("authorization".to_owned(), token)];
        let mut response = context.http.api_get(ask.url(self, reserved.most), headers).await?;
        if let Some(masked) = self.secrets.mask_bytes(&response.body) {
            response.body = masked.into();
        }
        Ok(response)
    }

    pub(super) async fn reserve(
        &self,
        context: &Context,
        ask: &ApiCall,
        now: Timestamp,
    ) -> Result<Result<XReserved, Denied>, StoreError> {
        let server_at = self.server_now(now);
        let (wanted, least, price) = ask.objects(self);
        let (sources, low) = match ask {
            ApiCall::Posts { question, .. } => {
                (question.progress.sources.clone(), question.progress.bounds.low())
            }
            _ => (Vec::new(), 0),
        };
        let route = ask.route();
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
        let (budget, taken) = (self.settings.budget, self.taken.get(route).copied().unwrap_or(0));
        context
            .store
            .x_reserve(intent, move |view| match rate_decision(view, route, taken, now) {
                RateDecision::NotBefore(until, reason) => {
                    Err(Denied::Limit(format!("{reason}, until {}", until.strftime("%H:%M:%S UTC"))))
                }
                RateDecision::Go => {
                    affordable(budget, view.spent, price, wanted, least).ok_or(Denied::Budget)
                }
            })
            .await
    }

    async fn answered(
        &mut self,
        context: &Context,
        ask: &ApiCall,
        reserved: XReserved,
        response: ApiResponse,
        sent: Timestamp,
    ) -> Result<Next, StoreError> {
        let now = context.now();
        let seen = Seen::read(&response.headers);
        let wrong = (response.status != 200).then(|| problem(response.status, &response.body, self.dialect));
        let refused = match &wrong {
            Some(Problem::TooMany) => Some(Refusal::Window),
            Some(Problem::UsageCap(_)) => Some(Refusal::UsageCap),
            _ => None,
        };
        let here = self.learn(context, ask, seen, sent, refused).await?;
        let other = matches!(wrong, None | Some(Problem::BadRequest(_) | Problem::StaleSince { .. }));
        let skew = limits::skew(seen, sent, now).filter(|skew| other && skew.abs() > limits::SKEW);
        if let Some(skew) = skew {
            self.stopped = Some(clocks_differ(now, skew));
            let ending = match &wrong {
                None => self.only_charged(ask, reserved.call, &response, now),
                Some(wrong) => XEnding::Free { status: Some(response.status), note: wrong.name().to_owned() },
            };
            context.store.x_end(reserved.call, ending).await?;
            return Ok(Next::Done(Sent::Refused));
        }
        let Some(problem) = wrong else {
            let answered = Answered {
                call: reserved.call,
                status: response.status,
                body: response.body,
                asked_at: server_time(&here, sent),
                at: server_time(&here, now),
                elapsed: response.elapsed,
            };
            return Ok(Next::Done(Sent::Answered(Box::new(answered))));
        };
        let ending = XEnding::Free { status: Some(response.status), note: problem.name().to_owned() };
        context.store.x_end(reserved.call, ending).await?;
        self.act(context, problem, now).await
    }

    /// Remembers what an answer to `ask`, which was sent at `sent`, says of limits.
    pub(super) async fn learn(
        &mut self,
        context: &Context,
        ask: &ApiCall,
        seen: Seen,
        sent: Timestamp,
        refused: Option<Refusal>,
    ) -> Result<XLimit, StoreError> {
        let (now, route) = (context.now(), ask.route());
        self.figures.violations += u64::from(refused.is_some());
        let known = self.memory.limits.iter().find(|(name, _)| name == route).map(|(_, limit)| limit.clone());
        let here = learn(known.as_ref(), route, seen, sent, now, refused);
        self.memory.limits.retain(|(name, _)| name != route);
        self.memory.limits.push((route.to_owned(), here.clone()));
        let learned = move |known: Option<&XLimit>| learn(known, route, seen, sent, now, refused);
        context.store.x_learn(self.credential.clone(), route, learned).await?;
        Ok(here)
    }

    /// The charge of an answer that is not used.
    fn only_charged(&self, ask: &ApiCall, call: i64, response: &ApiResponse, now: Timestamp) -> XEnding {
        let page = match ask {
            ApiCall::Posts { .. } => api::posts(&response.body),
            _ => api::people(&response.body),
        };
        let Ok(page) = page else { return XEnding::Lost { note: "unreadable".to_owned() } };
        XEnding::Charged(Box::new(XPage {
            call,
            answered_at: now,
            status: response.status,
            posts_billed: api::billed_posts(&page),
            post_price: self.settings.post_price,
            users_billed: page.users.iter().map(|user| user.id).collect(),
            user_price: self.settings.user_price,
            ..XPage::default()
        }))
    }

    /// Does what is to be done about `problem`.
    async fn act(&mut self, context: &Context, problem: Problem, now: Timestamp) -> Result<Next, StoreError> {
        let sentence = problem.to_string();
        match problem.action(now) {
            Action::SwitchDialect if !self.switched => {
                self.switched = true;
                self.dialect = self.dialect.other();
                context.store.x_set_dialect(self.dialect.as_str()).await?;
                tracing::info!(dialect = self.dialect.as_str(), "X speaks the other dialect");
                return Ok(Next::Now);
            }
            Action::RetryFrom(id) if !self.moved_up => {
                (self.moved_up, self.stale_since) = (true, Some(Stale { larger_than: id }));
                return Ok(Next::Done(Sent::Refused));
            }
            Action::SwitchDialect | Action::RetryFrom(_) | Action::Skip => self.failures.push(sentence),
            Action::StopRun => self.stopped = Some(sentence),
            Action::StopUntil(until) => {
                self.block(context, until, sentence.clone()).await?;
                self.stopped = Some(sentence);
            }
            Action::Wait => {
                if matches!(problem, Problem::UsageCap(_)) {
                    self.block(context, now + SignedDuration::from_hours(24), sentence.clone()).await?;
                    self.stopped = Some(sentence);
                    return Ok(Next::Done(Sent::Refused));
                }
                self.defer(sentence);
                return Ok(Next::Done(Sent::Deferred));
            }
            Action::Retry => return Ok(Next::Later(problem)),
        }
        Ok(Next::Done(Sent::Refused))
    }

    /// Leaves X alone until then, in every process with this token.
    async fn block(&self, context: &Context, until: Timestamp, reason: String) -> Result<(), StoreError> {
        let block = move |known: Option<&XLimit>| {
            let known = known.cloned().unwrap_or_default();
            XLimit { blocked_until: known.blocked_until.max(Some(until)), reason: Some(reason), ..known }
        };
        context.store.x_learn(self.credential.clone(), limits::ALL, block).await
    }
}

/// What is said where X's clock is ahead of ours by `skew`, more than any correction.
fn clocks_differ(now: Timestamp, skew: SignedDuration) -> String {
    let theirs = now.checked_add(skew).unwrap_or(now);
    format!(
        "X's clock says {}, this machine's {}: set the clock right; nothing is read from X until they agree",
        theirs.strftime("%Y-%m-%d %H:%M UTC"),
        now.strftime("%Y-%m-%d %H:%M UTC")
    )
}

/// What follows an answer.
enum Next {
    Done(Sent),
    Now,
    Later(Problem),
}

/// `wait`, longer by up to a quarter, spread by the call's number.
fn jittered(wait: Duration, call: i64) -> Duration {
    wait + wait.mul_f64(jitter(&format!("{call} {}", std::process::id())) / 4.0)
}
