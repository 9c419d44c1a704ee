//! Imported feeds. Those that are due are found by the index `sources_due`.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use url::Url;

use super::{StoreError, amount, from_json, seconds, sources, statements, to_json};
use crate::{
    model::{ImportedFeed, ImportedInUse, Source, SourceFormat, SourceState},
    store::{IdleFeeds, PlannedFeeds, SourceCounts, WantedFeeds},
    text::host::pace_key,
};

const SITEMAP: &str = "sitemap";

pub fn imported_feeds(connection: &Connection) -> Result<Vec<ImportedFeed>, StoreError> {
    let mut statement = connection.prepare_cached(statements::FEEDS)?;
    let rows = statement.query_map([], |row| read(row, 1))?;
    rows.map(|row| row.map_err(StoreError::from).and_then(with_tags)).collect()
}

/// The feed whose address is the first column of `row` and whose others begin at the column `first`; its tags apart, as JSON.
fn read(row: &Row<'_>, first: usize) -> rusqlite::Result<(ImportedFeed, String)> {
    let format = match row.get_ref(first + 6)?.as_str()? {
        SITEMAP => SourceFormat::Sitemap,
        _ => SourceFormat::Feed,
    };
    let source = Source {
        url: row.get(0)?,
        also: Vec::new(),
        name: row.get(first + 1)?,
        format,
        tier: row.get(first + 3)?,
        tags: Vec::new(),
        every: row.get::<_, Option<i64>>(first + 5)?.map(|every| Duration::from_secs(amount(every))),
        headers: Vec::new(),
    };
    let feed = ImportedFeed {
        identity: row.get(first)?,
        source: Arc::new(source),
        site: row.get(first + 2)?,
        enabled: row.get(first + 7)?,
    };
    Ok((feed, row.get(first + 4)?))
}

fn with_tags((mut feed, tags): (ImportedFeed, String)) -> Result<ImportedFeed, StoreError> {
    if tags != "[]" {
        Arc::make_mut(&mut feed.source).tags = from_json(&tags)?;
    }
    Ok(feed)
}

pub fn import_feeds(connection: &mut Connection, feeds: &[ImportedFeed]) -> Result<usize, StoreError> {
    change(connection, |transaction| {
        feeds.iter().try_fold(0, |new, feed| Ok(new + usize::from(put(transaction, feed)?)))
    })
}

fn put(connection: &Connection, feed: &ImportedFeed) -> Result<bool, StoreError> {
    let source = &feed.source;
    let kind = if source.format == SourceFormat::Sitemap { SITEMAP } else { "feed" };
    let every = source.every.map(|every| i64::try_from(every.as_secs()).unwrap_or(i64::MAX));
    let id = sources::id(connection, &source.url)?;
    let added = connection.prepare_cached(statements::FEED_PUT)?.execute(params![
        id,
        feed.identity,
        host_of(&source.url),
        source.name,
        feed.site,
        source.tier,
        to_json(&source.tags)?,
        every,
        kind,
        feed.enabled,
    ])?;
    if let Some(every) = every.filter(|_| added > 0) {
        // A time that an earlier interval left may be later than the user wants now.
        connection.prepare_cached(statements::FEED_EVERY)?.execute([id, every])?;
    }
    Ok(added > 0)
}

pub fn switch_feed(connection: &mut Connection, identity: &str, on: bool) -> Result<bool, StoreError> {
    let switched = change(connection, |transaction| {
        Ok(transaction.prepare_cached(statements::FEED_SWITCH)?.execute(params![identity, on])?)
    })?;
    Ok(switched > 0)
}

pub fn remove_feed(connection: &mut Connection, identity: &str) -> Result<bool, StoreError> {
    let removed = change(connection, |transaction| {
        Ok(transaction.prepare_cached(statements::FEED_DROP)?.execute([identity])?)
    })?;
    Ok(removed > 0)
}

/// Changes the list in one transaction, and counts the change if `step` changed a row; returns the number of these rows.
fn change(
    connection: &mut Connection,
    step: impl FnOnce(&Connection) -> Result<usize, StoreError>,
) -> Result<usize, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let changed = step(&transaction)?;
    if changed > 0 {
        transaction.prepare_cached(statements::FEED_CHANGED)?.execute([])?;
    }
    transaction.commit()?;
    Ok(changed)
}

pub fn feeds_in_use(
    connection: &Connection,
    identities: &[String],
) -> Result<Option<ImportedInUse>, StoreError> {
    let changes: Option<i64> =
        connection.prepare_cached(statements::FEED_CHANGES)?.query_row([], |row| row.get(0)).optional()?;
    let Some(changes) = changes else { return Ok(None) };
    let mut statement = connection.prepare_cached(statements::FEED_SOURCE)?;
    let mut replaced = Vec::new();
    for identity in identities {
        replaced.extend(statement.query_row([identity], |row| row.get::<_, i64>(0)).optional()?);
    }
    Ok(Some(ImportedInUse { replaced, changes: amount(changes) }))
}

pub fn imported_names(
    connection: &Connection,
    urls: Vec<String>,
    replaced: &[i64],
) -> Result<HashMap<String, String>, StoreError> {
    let mut statement = connection.prepare_cached(statements::FEED_NAME)?;
    let mut names = HashMap::new();
    for url in urls {
        let found = statement.query_row([&url], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        if let Some((_, name)) = found.filter(|(id, _)| !replaced.contains(id)) {
            names.insert(url, name);
        }
    }
    Ok(names)
}

pub fn source_counts(
    connection: &Connection,
    mut addresses: HashSet<String>,
    imported: Option<&ImportedInUse>,
) -> Result<SourceCounts, StoreError> {
    let mut counts = SourceCounts::default();
    if let Some(imported) = imported {
        let mut statement = connection.prepare_cached(statements::FEEDS_HEALTH)?;
        counts = statement.query_row([], |row| {
            let (all, gone, failing) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(SourceCounts { all: amount(all), gone: amount(gone), failing: amount(failing) })
        })?;
        let mut statement = connection.prepare_cached(statements::FEED_HEALTH)?;
        for id in &imported.replaced {
            let row = statement.query_row([id], |row| {
                Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, row.get::<_, bool>(3)?))
            });
            let Some((url, is_gone, is_failing, is_counted)) = row.optional()? else { continue };
            // A source of the settings with the same address has this state.
            if is_counted && !addresses.remove(&url) {
                counts.remove(is_gone, is_failing);
            }
        }
    }
    let mut statement = connection.prepare_cached(statements::SOURCES_HEALTH)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if addresses.contains(row.get_ref(0)?.as_str().unwrap_or_default()) {
            counts.add(row.get(1)?, row.get(2)?);
        }
    }
    Ok(counts)
}

/// A feed with the state of its source.
type Stated = (ImportedFeed, SourceState);

fn all(
    connection: &Connection,
    statement: &str,
    values: impl rusqlite::Params,
) -> Result<Vec<Stated>, StoreError> {
    let mut statement = connection.prepare_cached(statement)?;
    let rows = statement.query_map(values, |row| Ok((read(row, sources::COLUMNS)?, sources::read(row)?)))?;
    rows.map(|row| {
        let (feed, state) = row?;
        Ok((with_tags(feed)?, state))
    })
    .collect()
}

pub fn planned_feeds(
    connection: &Connection,
    wanted: &WantedFeeds,
    now: Timestamp,
) -> Result<PlannedFeeds, StoreError> {
    let until = if wanted.everything { i64::MAX } else { seconds(wanted.until) };
    let bounds = Bounds { until, now: seconds(now), paused_hosts: &wanted.paused_hosts };
    let mut replaced = Vec::new();
    for id in &wanted.replaced {
        replaced.extend(all(connection, statements::FEED_BY_SOURCE, [id])?);
    }
    let mut feeds = all(connection, statements::FEEDS_DUE, [until])?;
    if !replaced.is_empty() {
        let urls: HashSet<&str> = replaced.iter().map(|(feed, _)| feed.source.url.as_str()).collect();
        feeds.retain(|(feed, _)| !urls.contains(feed.source.url.as_str()));
    }
    let mut idle = bounds.idle(connection)?;
    for (_, state) in replaced.iter().filter(|(feed, _)| feed.enabled) {
        bounds.take_out(state, &mut idle);
    }
    if !wanted.addresses.is_empty() {
        let known: HashSet<String> =
            feeds.iter().chain(&replaced).map(|(feed, _)| feed.source.url.clone()).collect();
        for address in wanted.addresses.iter().filter(|address| !known.contains(*address)) {
            let found = all(connection, statements::FEED_BY_ADDRESS, [address])?;
            for (_, state) in &found {
                bounds.take_out(state, &mut idle);
            }
            feeds.extend(found);
        }
    }
    let mut replaced: Vec<SourceState> = replaced.into_iter().map(|(_, state)| state).collect();
    sources::add_addresses(connection, &mut replaced)?;
    let feeds = feeds.into_iter().map(|(feed, state)| (feed.source, state)).collect();
    Ok(PlannedFeeds { feeds, replaced, idle })
}

/// What separates feeds that may be requested from idle ones, and fresh ones from waiting ones.
struct Bounds<'a> {
    /// Feeds whose next request is later are idle, seconds since 1970.
    until: i64,
    now: i64,
    paused_hosts: &'a [String],
}

impl Bounds<'_> {
    /// Counts all idle feeds.
    fn idle(&self, connection: &Connection) -> Result<IdleFeeds, StoreError> {
        let mut statement = connection.prepare_cached(statements::FEEDS_IDLE)?;
        let mut idle = statement.query_row([self.until, self.now], |row| {
            Ok(IdleFeeds {
                total: amount(row.get(0)?),
                fresh: amount(row.get(1)?),
                failing: amount(row.get(2)?),
            })
        })?;
        let mut statement = connection.prepare_cached(statements::FEEDS_PAUSED)?;
        for host in self.paused_hosts {
            let paused: i64 = statement.query_row(params![self.until, self.now, host], |row| row.get(0))?;
            idle.fresh = idle.fresh.saturating_sub(amount(paused));
        }
        Ok(idle)
    }

    /// Takes the feed in `state` out of `idle`, if it was counted there.
    fn take_out(&self, state: &SourceState, idle: &mut IdleFeeds) {
        let not_before = state.not_before.map_or(0, seconds);
        let next = state.due_at.map_or(0, seconds).max(not_before);
        if state.gone_at.is_none() && next <= self.until {
            return;
        }
        let is_well = state.gone_at.is_none() && state.failures == 0 && not_before <= self.now;
        let is_fresh = is_well && !self.paused_hosts.contains(&host_of(&state.url));
        idle.total = idle.total.saturating_sub(1);
        idle.fresh = idle.fresh.saturating_sub(u64::from(is_fresh));
        idle.failing = idle.failing.saturating_sub(u64::from(!is_well && state.last_failure.is_some()));
    }
}

/// The name under which the host of `url` is paced.
fn host_of(url: &str) -> String {
    let url = Url::parse(url).ok();
    pace_key(url.as_ref().and_then(Url::host_str).unwrap_or_default())
}
