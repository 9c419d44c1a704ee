//! Which accounts to look up, and what a lookup changes (docs/reference/x-api.md#endpoints,
//! docs/reference/x-api.md#errors). Pure. Accounts are followed by id; the settings name them by handle.

use std::{collections::HashMap, time::Duration};

use jiff::{SignedDuration, Timestamp};

use super::{api::LOOKUP, api::Page, is_handle};
use crate::model::XAccount;

/// After so many failed lookups in a row, an account is looked up as rarely as a known one.
const MISSES: u32 = 3;

/// The lookups to make.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Handles, at most [`LOOKUP`] a call.
    pub calls: Vec<Vec<String>>,
    /// Invalid handles: a single one can make X refuse a whole call.
    pub impossible: Vec<String>,
}

/// Those of `handles` that are unknown or were looked up longer than `ttl` ago.
#[must_use]
pub fn wanted(handles: &[String], known: &[XAccount], ttl: Duration, now: Timestamp) -> Wanted {
    let known: HashMap<&str, &XAccount> =
        known.iter().map(|account| (account.handle.as_str(), account)).collect();
    let ttl = SignedDuration::try_from(ttl).unwrap_or(SignedDuration::MAX);
    let mut wanted = Wanted::default();
    let mut due: Vec<String> = Vec::new();
    for handle in handles {
        let handle = handle.trim_start_matches('@').to_ascii_lowercase();
        if !is_handle(&handle) {
            wanted.impossible.push(handle);
        } else if known.get(handle.as_str()).is_none_or(|account| is_due(account, ttl, now))
            && !due.contains(&handle)
        {
            due.push(handle);
        }
    }
    wanted.calls = due.chunks(LOOKUP).map(<[String]>::to_vec).collect();
    wanted
}

/// One call for each handle, known or not: the lookups of a run without savings.
#[must_use]
pub fn unbatched(handles: &[String]) -> Wanted {
    let all = wanted(handles, &[], Duration::ZERO, Timestamp::UNIX_EPOCH);
    Wanted { calls: all.calls.into_iter().flatten().map(|handle| vec![handle]).collect(), ..all }
}

fn is_due(account: &XAccount, ttl: SignedDuration, now: Timestamp) -> bool {
    let retried = account.misses > 0 && account.misses < MISSES;
    retried || account.checked_at.is_none_or(|at| now.duration_since(at) >= ttl)
}

/// The result of a lookup.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Learned {
    /// The accounts, updated.
    pub accounts: Vec<XAccount>,
    /// Ids of known accounts that no longer have their handle: they are looked up by id.
    pub missing: Vec<u64>,
    /// Messages for the user.
    pub notices: Vec<String>,
}

/// Compares the response to a lookup of `asked` with the `known` accounts.
#[must_use]
pub fn by_handle(asked: &[String], known: &[XAccount], page: &Page, now: Timestamp) -> Learned {
    let mut learned = Learned::default();
    for handle in asked {
        let before = known.iter().find(|account| account.handle == *handle);
        let found = page.users.iter().find(|user| user.username.eq_ignore_ascii_case(handle));
        let error = page.errors.iter().find(|error| error.value.eq_ignore_ascii_case(handle));
        let account = before.cloned().unwrap_or_else(|| XAccount {
            handle: handle.clone(),
            username: handle.clone(),
            ..XAccount::default()
        });
        let account = XAccount { checked_at: Some(now), ..account };
        learned.accounts.push(match (account.user, found) {
            (Some(id), Some(user)) if user.id != id => {
                let notice = format!(
                    "@{handle} belongs to another account now (id {}); id {id} is still followed",
                    user.id
                );
                learned.notices.push(notice.clone());
                learned.missing.push(id);
                XAccount { problem: Some(notice), ..account }
            }
            (_, Some(user)) => XAccount {
                user: Some(user.id),
                username: user.username.clone(),
                followers: user.followers,
                problem: user.protected.then(|| "it is protected: only its followers can read it".to_owned()),
                misses: 0,
                ..account
            },
            (known, None) => {
                learned.missing.extend(known);
                let misses = account.misses + 1;
                let why = error.map_or_else(
                    || "X did not find it".to_owned(),
                    |error| format!("X says {}: {}", error.kind, error.detail),
                );
                if known.is_none() {
                    learned.notices.push(format!("@{handle} cannot be followed: {why}"));
                }
                XAccount { misses, problem: Some(why), ..account }
            }
        });
    }
    learned
}

/// Compares the response to a lookup of ids with the `known` accounts.
#[must_use]
pub fn by_id(asked: &[u64], known: &[XAccount], page: &Page, now: Timestamp) -> Learned {
    let mut learned = Learned::default();
    for account in known.iter().filter(|account| account.user.is_some_and(|id| asked.contains(&id))) {
        let found = page.users.iter().find(|user| Some(user.id) == account.user);
        let mut account = XAccount { checked_at: Some(now), ..account.clone() };
        if let Some(user) = found {
            if !user.username.eq_ignore_ascii_case(&account.username) {
                let notice = format!(
                    "@{} is called @{} now; it is followed under its new name",
                    account.handle, user.username
                );
                learned.notices.push(notice.clone());
                account.problem = Some(notice);
            }
            account.username.clone_from(&user.username);
            (account.followers, account.misses) = (user.followers, 0);
        } else {
            let notice = format!("@{} has vanished: suspended, or deleted", account.handle);
            learned.notices.push(notice.clone());
            (account.problem, account.misses) = (Some(notice), account.misses.max(1));
        }
        learned.accounts.push(account);
    }
    learned
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x::api::{Partial, User};

    fn now() -> Timestamp {
        "2026-11-21T10:00:00Z".parse().unwrap()
    }

    const TTL: Duration = Duration::from_hours(24 * 30);

    fn account(handle: &str, user: u64) -> XAccount {
        XAccount {
            handle: handle.to_owned(),
            username: handle.to_owned(),
            user: Some(user),
            checked_at: Some(now()),
            ..XAccount::default()
        }
    }

    fn user(id: u64, name: &str) -> User {
        User { id, username: name.to_owned(), followers: Some(5), protected: false }
    }

    #[test]
    fn a_hundred_new_accounts_are_one_call_and_known_ones_none() {
        let handles: Vec<String> = (0..100).map(|n| format!("@Account{n}")).collect();
        let first = wanted(&handles, &[], TTL, now());
        assert_eq!((first.calls.len(), first.calls[0].len()), (1, 100));
        let known: Vec<XAccount> = (0..100).map(|n| account(&format!("account{n}"), n)).collect();
        assert_eq!(wanted(&handles, &known, TTL, now()), Wanted::default());
        let later = now() + SignedDuration::from_hours(24 * 30);
        assert_eq!(wanted(&handles, &known, TTL, later).calls.len(), 1);
        let more: Vec<String> = (0..101).map(|n| format!("b{n}")).collect();
        assert_eq!(wanted(&more, &[], TTL, now()).calls.len(), 2);
    }

    #[test]
    fn names_that_cannot_be_are_left_out() {
        let handles =
            ["good".to_owned(), "has space".to_owned(), "@sixteen_letters_".to_owned(), "GOOD".to_owned()];
        let wanted = wanted(&handles, &[], TTL, now());
        assert_eq!(wanted.calls, [["good"]]);
        assert_eq!(wanted.impossible.len(), 2);
    }

    #[test]
    fn one_that_is_not_found_is_tried_three_times_and_then_seldom() {
        let missed = |misses| XAccount { misses, user: None, ..account("gone", 1) };
        let due = |misses| !wanted(&["gone".into()], &[missed(misses)], TTL, now()).calls.is_empty();
        assert!(due(1) && due(2) && !due(3));
    }

    #[test]
    fn renamed_vanished_and_taken_over_accounts_are_distinguished() {
        let known = [account("old", 1), account("lost", 2), account("stolen", 3), account("same", 4)];
        let asked: Vec<String> = ["old", "lost", "stolen", "same", "fresh"].map(str::to_owned).into();
        let error = Partial {
            kind: "resource-not-found".to_owned(),
            value: "lost".to_owned(),
            detail: "no such user".to_owned(),
        };
        let page = Page {
            users: vec![user(30, "Stolen"), user(4, "Same"), user(5, "Fresh")],
            errors: vec![error],
            ..Page::default()
        };
        let first = by_handle(&asked, &known, &page, now());
        assert_eq!(first.missing, [1, 2, 3]);
        assert_eq!(first.notices.len(), 1);
        assert_eq!(first.accounts[4].user, Some(5));
        assert_eq!(first.accounts[2].user, Some(3));
        let page = Page { users: vec![user(1, "new_name"), user(3, "moved")], ..Page::default() };
        let second = by_id(&first.missing, &first.accounts, &page, now());
        assert_eq!(
            second.accounts.iter().map(|a| a.username.as_str()).collect::<Vec<_>>(),
            ["new_name", "lost", "moved"]
        );
        assert!(second.notices[1].contains("vanished") && second.notices[0].contains("new_name"));
    }
}
