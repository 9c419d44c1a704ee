//! The calls that a cycle would make now, and their highest cost. Nothing is sent, reserved or written.

use jiff::Timestamp;

use super::{
    forecast, planned,
    planning::{Followed, dialect},
};
use crate::{
    model::{RateState, XAccount, XLimit, XMemory},
    store::{Store, StoreError},
    x::{
        Settings, Token,
        limits::{self, RateDecision, rate_decision, server_now},
        lookup,
        money::{BUDGET_USED_UP, Forecast},
        plan,
        windows::{self, Bounds, time_of},
    },
};

/// A call that would be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewCall {
    /// Description of the query.
    pub what: String,
    /// Number of accounts and searches.
    pub sources: usize,
    /// Start of its window; `None` for lookups.
    pub since: Option<Timestamp>,
    /// Highest cost, millionths of a dollar.
    pub most: u64,
}

/// The calls of a cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The calls, in order.
    pub calls: Vec<PreviewCall>,
    /// Calls that are left out, with the reason.
    pub left_out: Vec<(String, String)>,
    /// Highest cost of all calls, at most the rest of the budget.
    pub most: u64,
    /// Spent and reserved in this month.
    pub spent: u64,
    /// Rest of the budget.
    pub left: u64,
    /// Expected cost of the month.
    pub forecast: Forecast,
}

/// Plans like a cycle at `now`. Accounts without a known id get a made-up one.
#[must_use]
pub fn preview(settings: &Settings, memory: &XMemory, now: Timestamp) -> Preview {
    let wanted = lookup::wanted(&settings.accounts, &memory.accounts, settings.user_ttl, now);
    let known = with_stand_ins(memory, &wanted);
    let server_now = server_now(&memory.limits, now);
    let followed = Followed::new(settings, &known, windows::latest(now, server_now));
    let plan = planned(settings, &followed, memory.spent, dialect(memory), server_now, plan::plan);
    let lookups = wanted.calls.iter().map(|handles| {
        let call = PreviewCall {
            what: format!("look up {} accounts", handles.len()),
            sources: handles.len(),
            since: None,
            most: handles.len() as u64 * settings.user_price,
        };
        (limits::USERS_BY, call)
    });
    let queries = plan.queries.iter().map(|query| {
        let since = match query.progress.bounds {
            Bounds::From(at) => at,
            Bounds::Ids { since, .. } => time_of(since),
        };
        let call = PreviewCall {
            what: query.endpoint.to_string(),
            sources: query.progress.sources.len(),
            since: Some(since),
            most: u64::from(query.most) * query.price,
        };
        (query.endpoint.route(), call)
    });
    let budget_left = settings.budget.saturating_sub(memory.spent);
    let mut left_out: Vec<(String, String)> =
        plan.left_out.iter().map(|(endpoint, why)| (endpoint.to_string(), why.clone())).collect();
    let (mut calls, mut most) = (Vec::new(), 0_u64);
    for (route, call) in lookups.chain(queries) {
        let taken = calls.iter().filter(|(other, _)| *other == route).count();
        let view = view(memory, route, taken);
        match rate_decision(&view, route, u32::try_from(taken).unwrap_or(u32::MAX), now) {
            RateDecision::NotBefore(until, why) => {
                left_out.push((call.what, format!("{why}, until {}", until.strftime("%Y-%m-%d %H:%M UTC"))));
            }
            // A lookup is not made smaller; a page is.
            RateDecision::Go if call.since.is_none() && most + call.most > budget_left => {
                left_out.push((call.what, BUDGET_USED_UP.to_owned()));
            }
            RateDecision::Go => {
                most = most.saturating_add(call.most);
                calls.push((route, call));
            }
        }
    }
    Preview {
        calls: calls.into_iter().map(|(_, call)| call).collect(),
        left_out,
        most: most.min(budget_left),
        spent: memory.spent,
        left: budget_left,
        forecast: forecast(memory, settings.budget, now),
    }
}

/// The calls of a cycle at `now`, from the state in `store`.
pub async fn planned_by(store: &Store, settings: &Settings, now: Timestamp) -> Result<Preview, StoreError> {
    let credential = settings.token.as_ref().map(Token::fingerprint).unwrap_or_default();
    Ok(preview(settings, &store.x_memory(credential, now).await?, now))
}

/// The state that decides on a call to `route` after `taken` others.
fn view(memory: &XMemory, route: &str, taken: usize) -> RateState {
    let limit = |name: &str| -> Option<XLimit> {
        memory.limits.iter().find(|(known, _)| known == name).map(|(_, limit)| limit.clone())
    };
    RateState {
        limit: limit(route),
        block: limit(XLimit::ALL_ROUTES),
        in_flight: u32::try_from(taken).unwrap_or(u32::MAX),
        spent: memory.spent,
    }
}

fn with_stand_ins(memory: &XMemory, wanted: &lookup::Wanted) -> XMemory {
    let mut memory = memory.clone();
    let new = wanted.calls.iter().flatten().filter(|handle| {
        memory.accounts.iter().all(|known| known.handle != **handle || known.user.is_none())
    });
    let stand_ins: Vec<XAccount> = new
        .zip(1_u64..)
        .map(|(handle, number)| XAccount {
            handle: handle.clone(),
            username: handle.clone(),
            user: Some(u64::MAX - number),
            ..XAccount::default()
        })
        .collect();
    memory.accounts.retain(|known| stand_ins.iter().all(|one| one.handle != known.handle));
    memory.accounts.extend(stand_ins);
    memory
}
