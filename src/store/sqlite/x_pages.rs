//! Stored windows, accounts and posts of X.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::{
    StoreError, amount, count, statements,
    x_calls::{at, charge, month, ms, read_limit, spent},
};
use crate::{
    model::{XAccount, XGap, XMemory, XPage, XPerson, XSource, XUsage},
    store::PurgeWhat,
};

const DAY_MS: i64 = 86_400_000;

pub fn memory(connection: &Connection, credential: &str, now: Timestamp) -> Result<XMemory, StoreError> {
    let mut gaps: HashMap<String, Vec<XGap>> = HashMap::new();
    let mut statement = connection.prepare_cached(statements::X_GAPS)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let gap = XGap { owner: row.get(1)?, low: amount(row.get(2)?), high: amount(row.get(3)?) };
        gaps.entry(row.get(0)?).or_default().push(gap);
    }
    let mut statement = connection.prepare_cached(statements::X_SOURCES)?;
    let sources = statement.query_map([], |row| {
        let key: String = row.get(0)?;
        let mut gaps = gaps.remove(&key).unwrap_or_default();
        gaps.sort_by_key(|gap| std::cmp::Reverse(gap.high));
        Ok(XSource {
            head: row.get::<_, Option<i64>>(1)?.map(amount),
            complete_at: row.get::<_, Option<i64>>(2)?.map(at),
            last_post_at: row.get::<_, Option<i64>>(3)?.map(at),
            failures: row.get(4)?,
            failure: row.get(5)?,
            posts: amount(row.get(6)?),
            gaps,
            key,
        })
    })?;
    let sources = sources.collect::<Result<_, _>>()?;
    let mut statement = connection.prepare_cached(statements::X_ACCOUNTS)?;
    let accounts = statement.query_map([], |row| {
        Ok(XAccount {
            handle: row.get(0)?,
            username: row.get(1)?,
            user: row.get::<_, Option<i64>>(2)?.map(amount),
            followers: row.get::<_, Option<i64>>(3)?.map(amount),
            checked_at: row.get::<_, Option<i64>>(4)?.map(at),
            problem: row.get(5)?,
            misses: row.get(6)?,
        })
    })?;
    let accounts = accounts.collect::<Result<_, _>>()?;
    let mut statement = connection.prepare_cached(statements::X_LIMITS)?;
    let limits =
        statement.query_map([credential], |row| Ok((row.get::<_, String>("route")?, read_limit(row)?)))?;
    let limits = limits.collect::<Result<_, _>>()?;
    let lately: Option<i64> = connection
        .prepare_cached(statements::X_SPENT_SINCE)?
        .query_row([ms(now) - DAY_MS], |row| row.get(0))?;
    let first: Option<i64> =
        connection.prepare_cached(statements::X_FIRST_CALL)?.query_row([], |row| row.get(0)).optional()?;
    let setting = |name: &str| -> Result<Option<String>, StoreError> {
        let mut statement = connection.prepare_cached(statements::X_SETTING)?;
        Ok(statement.query_row([name], |row| row.get(0)).optional()?)
    };
    let usage = setting("usage")?.and_then(|usage| serde_json::from_str(&usage).ok());
    Ok(XMemory {
        sources,
        accounts,
        limits,
        spent: spent(connection, month(now))?,
        spent_lately: amount(lately.unwrap_or(0)),
        first_call_at: first.map(at),
        dialect: setting("dialect")?,
        usage: usage.filter(|usage: &XUsage| usage.credential == credential),
    })
}

pub fn set_dialect(connection: &Connection, dialect: &str) -> Result<(), StoreError> {
    connection.prepare_cached(statements::X_SETTING_PUT)?.execute(["dialect", dialect])?;
    Ok(())
}

pub fn set_usage(connection: &Connection, usage: &XUsage) -> Result<(), StoreError> {
    // Plain data with string keys always serialises.
    let value = serde_json::to_string(usage).unwrap_or_default();
    connection.prepare_cached(statements::X_SETTING_PUT)?.execute(["usage", &value])?;
    Ok(())
}

pub fn posts_billed(connection: &Connection, at: Timestamp) -> Result<u64, StoreError> {
    let mut statement = connection.prepare_cached(statements::X_POSTS_BILLED)?;
    Ok(amount(statement.query_row([super::day(at)], |row| row.get(0))?))
}

pub fn known(connection: &Connection, ids: &[u64]) -> Result<HashMap<u64, u64>, StoreError> {
    let mut statement = connection.prepare_cached(statements::X_POST_KNOWN)?;
    let mut known = HashMap::new();
    for id in ids {
        if let Some(latest) = statement.query_row([count(*id)], |row| row.get(0)).optional()? {
            known.insert(*id, amount(latest));
        }
    }
    Ok(known)
}

pub fn people(connection: &Connection, users: &[u64]) -> Result<Vec<XPerson>, StoreError> {
    let mut statement = connection.prepare_cached(statements::X_PERSON)?;
    let mut found = Vec::new();
    for user in users {
        let person = statement.query_row([count(*user)], |row| {
            Ok(XPerson {
                user: *user,
                username: row.get(0)?,
                followers: row.get::<_, Option<i64>>(1)?.map(amount),
            })
        });
        found.extend(person.optional()?);
    }
    Ok(found)
}

/// Saves a page without its detections.
pub fn put(connection: &Connection, page: &XPage) -> Result<(), StoreError> {
    charge(connection, page)?;
    let now = ms(page.answered_at);
    for post in &page.posts {
        let (id, latest, posted) = (count(post.id), count(post.latest), ms(post.posted_at));
        let author = post.author.map(count);
        let values = params![id, latest, author, post.source, posted, now, post.text, post.url];
        let added = connection.prepare_cached(statements::X_POST_PUT)?.execute(values)?;
        if added == 1 {
            let counted = params![post.source, posted, latest_ms(page)];
            connection.prepare_cached(statements::X_SOURCE_POSTED)?.execute(counted)?;
        } else {
            let edited = params![id, latest, post.text, post.url];
            connection.prepare_cached(statements::X_POST_EDIT)?.execute(edited)?;
        }
    }
    put_windows(connection, page)?;
    for account in &page.accounts {
        connection.prepare_cached(statements::X_ACCOUNT_PUT)?.execute(params![
            account.handle,
            account.username,
            account.user.map(count),
            account.followers.map(count),
            account.checked_at.map(ms),
            account.problem,
            account.misses
        ])?;
    }
    for person in &page.people {
        let values = params![count(person.user), person.username, person.followers.map(count), now];
        connection.prepare_cached(statements::X_PERSON_PUT)?.execute(values)?;
    }
    failed(connection, &page.failed)
}

pub fn failed(connection: &Connection, failed: &[(String, String)]) -> Result<(), StoreError> {
    for (source, sentence) in failed {
        connection.prepare_cached(statements::X_SOURCE_FAILED)?.execute(params![source, sentence])?;
    }
    Ok(())
}

/// Stored times after this are invalid.
fn latest_ms(page: &XPage) -> i64 {
    page.windows.latest.map_or(i64::MAX, ms)
}

fn put_windows(connection: &Connection, page: &XPage) -> Result<(), StoreError> {
    let change = &page.windows;
    let (latest, latest_id) = (latest_ms(page), change.latest_id.map_or(i64::MAX, count));
    for source in &change.sources {
        // A response without posts but with an error is no success.
        let fails = page.failed.iter().any(|(failed, _)| failed == source);
        let values =
            params![source, change.head.map(count), change.complete_at.map(ms), fails, latest_id, latest];
        connection.prepare_cached(statements::X_SOURCE_PUT)?.execute(values)?;
        if let Some(gap) = change.gap {
            let values = params![source, gap.owner, count(gap.low), count(gap.high)];
            connection.prepare_cached(statements::X_GAP_PUT)?.execute(values)?;
        }
        if let Some(owner) = change.closed {
            connection.prepare_cached(statements::X_GAP_CLOSE)?.execute(params![source, owner])?;
        }
    }
    Ok(())
}

pub fn drop_gaps(connection: &Connection, gaps: &[(String, XGap)]) -> Result<(), StoreError> {
    for (source, gap) in gaps {
        connection.prepare_cached(statements::X_GAP_CLOSE)?.execute(params![source, gap.owner])?;
    }
    Ok(())
}

pub fn purge(connection: &mut Connection, what: &PurgeWhat) -> Result<usize, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let ids: Vec<i64> = match what {
        PurgeWhat::Post(id) => {
            let found: Option<i64> = transaction
                .prepare_cached(statements::X_POST_FIND)?
                .query_row([count(*id)], |row| row.get(0))
                .optional()?;
            found.into_iter().collect()
        }
        PurgeWhat::Account(user) => {
            let mut statement = transaction.prepare_cached(statements::X_POSTS_OF)?;
            let rows = statement.query_map([count(*user)], |row| row.get(0))?;
            rows.collect::<Result<_, _>>()?
        }
    };
    for id in &ids {
        let url: String =
            transaction.prepare_cached(statements::X_POST_URL)?.query_row([id], |row| row.get(0))?;
        transaction.prepare_cached(statements::X_POST_PURGE)?.execute([id])?;
        let key = crate::model::EntryKey::of_post(amount(*id)).0;
        let stories: Vec<String> = {
            let mut statement = transaction.prepare_cached(statements::X_DETECTIONS_OF)?;
            let rows = statement.query_map(params![key, url], |row| row.get(0))?;
            rows.collect::<Result<_, _>>()?
        };
        transaction.prepare_cached(statements::X_DETECTIONS_DROP)?.execute(params![key, url])?;
        for story in stories {
            transaction.prepare_cached(statements::X_STORY_DROP_EMPTY)?.execute([story])?;
        }
    }
    if let PurgeWhat::Account(user) = what {
        transaction.prepare_cached(statements::X_PERSON_DROP)?.execute([count(*user)])?;
    }
    transaction.commit()?;
    Ok(ids.len())
}
