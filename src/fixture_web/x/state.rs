//! The state of a simulated X.

use std::time::Instant;

use jiff::{Timestamp, tz::TimeZone};

use super::{
    Options,
    answers::Responder,
    api::Route,
    billing::Billing,
    failures::{self, InjectedFailure},
    headers,
    limits::{Limits, Taken},
    request_log::Call,
    world::World,
    written::Written,
};
use crate::fixture_web::server::Reply;

/// Everything that changes.
#[derive(Debug)]
pub struct State {
    pub options: Options,
    pub world: World,
    pub written: Written,
    pub limits: Limits,
    pub billing: Billing,
    pub calls: Vec<Call>,
    /// When a 24-hour limit and a usage cap end, by the server.
    pub day_limit_until: i64,
    pub usage_cap_until: i64,
    pub set_at: Instant,
}

impl State {
    /// The present, Unix milliseconds, without the server's skew.
    pub fn now(&self) -> i64 {
        let passed = if self.options.running { self.set_at.elapsed().as_millis() } else { 0 };
        self.options.now_ms + i64::try_from(passed).unwrap_or(0)
    }

    /// The present by the server.
    pub fn server_now(&self) -> i64 {
        self.now() + self.options.skew_ms
    }

    pub fn responder(&self, now: i64, turn: usize) -> Responder<'_> {
        Responder {
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
    pub fn credential(&self, authorization: Option<&str>) -> Option<(String, bool)> {
        let token = authorization?.strip_prefix("Bearer ")?;
        let place = |tokens: &[String]| tokens.iter().position(|known| known == token);
        let app = place(&self.options.tokens).map(|at| (format!("token-{}", at + 1), false));
        app.or_else(|| place(&self.options.user_tokens).map(|at| (format!("user-{}", at + 1), true)))
    }

    /// The state of the account with X: what refuses every request.
    pub fn refusal(&self, turn: usize, now: i64) -> Option<Reply> {
        let bill = self.billing.total();
        let spent = i64::try_from(bill.micro_usd).unwrap_or(i64::MAX);
        let failure = if self.options.balance_micro_usd.is_some_and(|balance| spent >= balance) {
            InjectedFailure::PaymentRequired
        } else if self.options.spending_limit_micro_usd.is_some_and(|limit| bill.micro_usd >= limit) {
            InjectedFailure::SpendCapTitle
        } else if bill.posts >= self.options.post_cap || now < self.usage_cap_until {
            InjectedFailure::UsageCap
        } else {
            return None;
        };
        failures::reply(failure, turn, self.options.dialect, &reset_date(now))
    }

    /// A 429 with the headers that name its end; the route stays blocked until then.
    pub fn limited(&mut self, (credential, route): (&str, &Route), taken: Taken, reply: Reply) -> Reply {
        let reply = headers::window(reply, taken);
        let until =
            if self.server_now() < self.day_limit_until { self.day_limit_until } else { taken.until_ms };
        self.limits.block(credential, &route.path, until);
        if until == taken.until_ms { reply } else { headers::day(reply, until) }
    }
}

/// First day of the next month, when caps are lifted.
pub fn reset_date(now: i64) -> String {
    let day = Timestamp::from_millisecond(now)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_zoned_datetime(TimeZone::UTC)
        .date();
    let first = day.last_of_month().tomorrow().unwrap_or(day);
    first.to_string()
}
