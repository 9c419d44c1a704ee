//! What is planned from: the settings, what is remembered, and the time by two clocks. Pure.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::{
    model::{XMemory, XSource},
    x::{
        Settings,
        api::Dialect,
        limits,
        money::{self, Forecast, Prices},
        plan::{Account, Endpoint, Inputs, Plan, Search, account_key, topic_key},
        windows,
    },
};

/// The accounts whose ids are known and the searches, each with where reading stands; what is stored from after
/// `latest` is not believed.
#[must_use]
pub fn followed(settings: &Settings, memory: &XMemory, latest: Timestamp) -> (Vec<Account>, Vec<Search>) {
    let states: HashMap<&str, &XSource> =
        memory.sources.iter().map(|source| (source.key.as_str(), source)).collect();
    let state = |key: String| {
        states
            .get(key.as_str())
            .map_or_else(|| XSource { key: key.clone(), ..XSource::default() }, |found| (*found).clone())
    };
    let state = |key: String| windows::believable(state(key), latest);
    let is = |list: &[String], handle: &str| {
        list.iter().any(|one| one.trim_start_matches('@').eq_ignore_ascii_case(handle))
    };
    let mut accounts: Vec<Account> = Vec::new();
    for account in memory.accounts.iter().filter(|account| is(&settings.accounts, &account.handle)) {
        let Some(user) = account.user else { continue };
        if accounts.iter().all(|known| known.user != user) {
            accounts.push(Account {
                user,
                username: account.username.clone(),
                replies: is(&settings.replies, &account.handle),
                state: state(account_key(user)),
            });
        }
    }
    let mut topics: Vec<Search> = Vec::new();
    for query in &settings.searches {
        let key = topic_key(query);
        if key.len() > 2 && topics.iter().all(|known| known.state.key != key) {
            topics.push(Search { query: query.clone(), state: state(key) });
        }
    }
    (accounts, topics)
}

/// What a cycle would ask for posts if it planned as `how` says; the time by our clock and by the server's.
#[must_use]
pub fn planned(
    settings: &Settings,
    memory: &XMemory,
    dialect: Dialect,
    (ours, now): (Timestamp, Timestamp),
    how: fn(&Inputs) -> Plan,
) -> Plan {
    let (accounts, topics) = followed(settings, memory, windows::latest(ours, now));
    how(&Inputs {
        accounts: &accounts,
        topics: &topics,
        lookback: SignedDuration::try_from(settings.lookback).unwrap_or(SignedDuration::MAX),
        now,
        budget: settings.budget,
        spent: memory.spent,
        prices: Prices { post: settings.post_price, user: settings.user_price },
        paid_authors: dialect.expands_authors(),
    })
}

/// What the month comes to at `now`, judged by the last day.
#[must_use]
pub fn forecast(memory: &XMemory, budget: u64, now: Timestamp) -> Forecast {
    let hours = memory.first_call_at.map_or(24, |first| now.duration_since(first).as_hours());
    let hours = u64::try_from(hours).unwrap_or(1).clamp(1, 24);
    money::forecast(now, memory.spent, memory.spent_lately, hours, budget)
}

/// How a route is called in sentences.
#[must_use]
pub fn way_name(way: &Endpoint) -> String {
    match way {
        Endpoint::Search(query) => format!("search {query}"),
        Endpoint::Timeline { user, .. } => format!("timeline of account {user}"),
    }
}

/// The route's template.
pub(super) fn route_of(way: &Endpoint) -> &'static str {
    match way {
        Endpoint::Search(_) => limits::SEARCH,
        Endpoint::Timeline { .. } => limits::TIMELINE,
    }
}
