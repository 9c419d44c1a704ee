//! The plan of a cycle, from the settings and from what the store knows. Pure.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::{
    model::{XAccount, XMemory, XSource},
    x::{
        Settings,
        api::Dialect,
        money::{self, Forecast, Prices},
        plan::{Account, Inputs, Plan, Search, account_key, search_key},
        windows,
    },
};

/// The followed accounts whose ids are known, and the searches, each with how far it was read.
#[derive(Debug, Default)]
pub(crate) struct Followed {
    pub accounts: Vec<Account>,
    pub searches: Vec<Search>,
    /// Every account that was ever looked up.
    pub known: Vec<XAccount>,
}

impl Followed {
    /// Stored times after `latest` are ignored.
    pub fn new(settings: &Settings, memory: &XMemory, latest: Timestamp) -> Self {
        let states: HashMap<&str, &XSource> =
            memory.sources.iter().map(|source| (source.key.as_str(), source)).collect();
        let state = |key: String| {
            let known = states.get(key.as_str()).map(|source| (*source).clone());
            windows::believable(known.unwrap_or_else(|| XSource { key, ..XSource::default() }), latest)
        };
        let names = |list: &[String], handle: &str| {
            list.iter().any(|one| one.trim_start_matches('@').eq_ignore_ascii_case(handle))
        };
        let mut accounts: Vec<Account> = Vec::new();
        for account in memory.accounts.iter().filter(|account| names(&settings.accounts, &account.handle)) {
            let Some(user) = account.user else { continue };
            if accounts.iter().all(|known| known.user != user) {
                accounts.push(Account {
                    user,
                    username: account.username.clone(),
                    replies: names(&settings.replies, &account.handle),
                    state: state(account_key(user)),
                });
            }
        }
        let mut searches: Vec<Search> = Vec::new();
        for query in &settings.searches {
            let key = search_key(query);
            if key.len() > 2 && searches.iter().all(|known| known.state.key != key) {
                searches.push(Search { query: query.clone(), state: state(key) });
            }
        }
        Self { accounts, searches, known: memory.accounts.clone() }
    }

    /// The present handle of a followed account.
    pub fn name_of(&self, user: u64) -> Option<&str> {
        self.accounts.iter().find(|account| account.user == user).map(|account| account.username.as_str())
    }
}

/// The queries of a cycle, planned by `how`; `now` is the server's time.
pub(crate) fn planned(
    settings: &Settings,
    followed: &Followed,
    spent: u64,
    dialect: Dialect,
    now: Timestamp,
    how: fn(&Inputs) -> Plan,
) -> Plan {
    how(&Inputs {
        accounts: &followed.accounts,
        searches: &followed.searches,
        lookback: SignedDuration::try_from(settings.lookback).unwrap_or(SignedDuration::MAX),
        now,
        budget: settings.budget,
        spent,
        prices: Prices { post: settings.post_price, user: settings.user_price },
        paid_authors: dialect.expands_authors(),
    })
}

/// The dialect that X used last.
pub(super) fn dialect(memory: &XMemory) -> Dialect {
    memory.dialect.as_deref().and_then(|name| name.parse().ok()).unwrap_or_default()
}

/// The cost of the month if the days to come cost what the last one did.
pub(crate) fn forecast(memory: &XMemory, budget: u64, now: Timestamp) -> Forecast {
    let hours = memory.first_call_at.map_or(24, |first| now.duration_since(first).as_hours());
    let hours = u64::try_from(hours).unwrap_or(1).clamp(1, 24);
    money::forecast(now, memory.spent, memory.spent_lately, hours, budget)
}
