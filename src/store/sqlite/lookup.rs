//! Finds what an ID or an address refers to, and reads its history.

use rusqlite::{Connection, OptionalExtension, Row, params};
use url::Url;

use super::{StoreError, articles, deliveries, detections, entries, outbox, statements, time};
use crate::{
    model::{Detection, EntryKey},
    store::{Candidate, EntryHistory, EntryStatus, History, Reference, Resolved, StoryHistory},
    text::address,
};

/// Candidates listed for the beginning of an ID, and entries of a page, at most.
const MANY: i64 = 20;

/// The position of an entry: its source and its key.
type Place = (i64, [u8; 16]);

/// What a reference names.
enum Named {
    Detection(String),
    /// A story by an ID of its own.
    Story(String),
    Entry(Place),
}

pub fn resolve(connection: &Connection, reference: &Reference) -> Result<Resolved, StoreError> {
    match reference {
        Reference::Id(start) => {
            let mut named = by_id(connection, start)?;
            if named.len() > 1 {
                let candidates = named.iter().map(|one| candidate(connection, one));
                return Ok(Resolved::Several(candidates.collect::<Result<_, _>>()?));
            }
            named.pop().map_or(Ok(Resolved::Nothing), |one| of_id(connection, &one))
        }
        Reference::Address { url, link, page } => of_address(connection, url, *link, page),
    }
}

/// The detections and stories whose IDs begin with `start`, else the entries; a story only if none of its detections
/// does.
fn by_id(connection: &Connection, start: &str) -> Result<Vec<Named>, StoreError> {
    let (from, to) = (start, format!("{start}\u{10ffff}"));
    let mut of_ids = connection.prepare_cached(statements::DETECTIONS_OF_IDS)?;
    let rows = of_ids.query_map(params![from, to, MANY], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let found: Vec<(String, String)> = rows.collect::<Result<_, _>>()?;
    let mut named: Vec<Named> = Vec::new();
    let mut stories = connection.prepare_cached(statements::STORIES_OF_IDS)?;
    let rows = stories.query_map(params![from, to, MANY], |row| row.get::<_, String>(0))?;
    for story in rows.collect::<Result<Vec<_>, _>>()? {
        if found.iter().all(|(_, of)| *of != story) {
            named.push(Named::Story(story));
        }
    }
    named.extend(found.into_iter().map(|(id, _)| Named::Detection(id)));
    // There are so many entries that the beginning of a detection's ID is often one of an entry's too.
    if let Some((low, high)) = keys(start).filter(|_| named.is_empty()) {
        let mut of_keys = connection.prepare_cached(statements::ENTRIES_OF_KEYS)?;
        let rows = of_keys.query_map(params![low, high, MANY], place)?;
        named.extend(rows.map(|place| place.map(Named::Entry)).collect::<Result<Vec<_>, _>>()?);
    }
    Ok(named)
}

/// The lowest and the highest key that begin with the hexadecimal digits `start`.
fn keys(start: &str) -> Option<([u8; 16], [u8; 16])> {
    let filled = |digit: char| {
        let digits: String = start.chars().chain(std::iter::repeat(digit)).take(32).collect();
        u128::from_str_radix(&digits, 16).ok().map(u128::to_be_bytes)
    };
    (start.len() <= 32).then(|| filled('0').zip(filled('f'))).flatten()
}

fn place(row: &Row<'_>) -> rusqlite::Result<Place> {
    Ok((row.get(0)?, row.get(1)?))
}

fn candidate(connection: &Connection, named: &Named) -> Result<Candidate, StoreError> {
    Ok(match named {
        Named::Detection(id) => {
            let title = detections::by_id(connection, id)?.map(|detection| detection.title);
            Candidate { id: id.clone(), title }
        }
        Named::Story(id) => {
            let title = head(connection, id)?.map(|detection| detection.title);
            Candidate { id: id.clone(), title }
        }
        Named::Entry(place) => {
            let title = entry(connection, *place)?.map(|entry| entry.title).filter(|title| !title.is_empty());
            Candidate { id: EntryKey(place.1).to_string(), title }
        }
    })
}

fn of_id(connection: &Connection, named: &Named) -> Result<Resolved, StoreError> {
    let mut history = History::default();
    match named {
        Named::Entry(place) => history.entries.extend(entry(connection, *place)?),
        Named::Detection(id) | Named::Story(id) => {
            let found = match named {
                Named::Story(_) => head(connection, id)?,
                _ => detections::by_id(connection, id)?,
            };
            let Some(detection) = found else { return Ok(Resolved::Nothing) };
            let mut places = connection.prepare_cached(statements::DETECTION_ENTRIES)?;
            let places: Vec<Place> =
                places.query_map([&detection.story_id], place)?.collect::<Result<_, _>>()?;
            history.entries = all_entries(connection, &places)?;
            history.stories.extend(story(connection, &detection.story_id)?);
            history.detection = Some(detection);
        }
    }
    let links = history.entries.iter().filter_map(|entry| Url::parse(entry.link.as_deref()?).ok());
    for link in links.collect::<Vec<_>>() {
        let article = articles::article(connection, &address::canonical(&link))?;
        history.page_read_at = history.page_read_at.or(article.map(|article| article.fetched_at));
    }
    Ok(Resolved::One(Box::new(history)))
}

/// The detection that represents a story.
fn head(connection: &Connection, story: &str) -> Result<Option<Detection>, StoreError> {
    Ok(Detection::head(detections::mentions(connection, story)?))
}

fn of_address(
    connection: &Connection,
    url: &str,
    link: EntryKey,
    page: &str,
) -> Result<Resolved, StoreError> {
    let mut of_link = connection.prepare_cached(statements::ENTRIES_OF_LINK)?;
    let mut places: Vec<Place> =
        of_link.query_map(params![link.short(), MANY], place)?.collect::<Result<_, _>>()?;
    let mut of_keys = connection.prepare_cached(statements::ENTRIES_OF_KEYS)?;
    let unmarked = of_keys.query_map(params![link.0, link.0, MANY], place)?.collect::<Result<Vec<_>, _>>()?;
    for place in unmarked {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    let mut ids: Vec<String> = Vec::new();
    let mut of_key = connection.prepare_cached(statements::DETECTIONS_OF_KEY)?;
    for (source, key) in &places {
        let rows = of_key.query_map(params![source, key], |row| row.get(0))?;
        ids.extend(rows.collect::<Result<Vec<String>, _>>()?);
    }
    if ids.is_empty() {
        // The address of a page after redirects, or of a post.
        let mut of_url = connection.prepare_cached(statements::DETECTIONS_OF_URL)?;
        let rows = of_url.query_map(params![url, MANY], |row| row.get(0))?;
        ids = rows.collect::<Result<_, _>>()?;
    }
    let mut history = History { entries: all_entries(connection, &places)?, ..History::default() };
    for id in ids {
        let Some(found) = detections::by_id(connection, &id)? else { continue };
        if history.stories.iter().all(|known| known.story.detection.story_id != found.story_id) {
            history.stories.extend(story(connection, &found.story_id)?);
        }
        history.detection.get_or_insert(found);
    }
    let article = articles::article(connection, page)?;
    history.page_read_at = article.map(|article| article.fetched_at);
    let is_known = !history.entries.is_empty() || !history.stories.is_empty();
    Ok(if is_known { Resolved::One(Box::new(history)) } else { Resolved::Nothing })
}

fn all_entries(connection: &Connection, places: &[Place]) -> Result<Vec<EntryHistory>, StoreError> {
    let mut all = Vec::new();
    for place in places {
        all.extend(entry(connection, *place)?);
    }
    all.sort_by_key(|entry: &EntryHistory| entry.first_seen.unwrap_or(entry.last_seen));
    Ok(all)
}

fn entry(connection: &Connection, (source, key): Place) -> Result<Option<EntryHistory>, StoreError> {
    let mut statement = connection.prepare_cached(statements::ENTRY_HISTORY)?;
    let read = |row: &Row<'_>| {
        let status = match row.get::<_, String>("state")?.as_str() {
            "d" => {
                EntryStatus::Dropped { reason: row.get::<_, Option<String>>("reason")?.unwrap_or_default() }
            }
            "w" => EntryStatus::Waiting {
                tries: row.get::<_, Option<u32>>("tries")?.unwrap_or(0),
                next_try: time(row.get::<_, Option<i64>>("next_try")?.unwrap_or(0)),
            },
            _ => EntryStatus::Judged { score: row.get("score")? },
        };
        let text = |column: &str| row.get::<_, Option<String>>(column);
        Ok(EntryHistory {
            key: EntryKey(key),
            source_url: row.get("url")?,
            status,
            first_seen: row.get::<_, Option<i64>>("first_seen")?.map(time),
            last_seen: time(row.get::<_, i64>("seen")?.saturating_mul(86_400)),
            title: text("title")?.unwrap_or_default(),
            link: text("link")?,
            summary: text("summary")?.unwrap_or_default(),
            author: text("author")?.unwrap_or_default(),
            published: row.get::<_, Option<i64>>("published")?.map(time),
            suppress_alerts: row.get("silent")?,
            reworded: entries::rewordings(row.get("reworded")?).total,
        })
    };
    Ok(statement.query_row(params![source, key], read).optional()?)
}

fn story(connection: &Connection, id: &str) -> Result<Option<StoryHistory>, StoreError> {
    let Some((story, mentions, changes)) = detections::story(connection, id)? else { return Ok(None) };
    let mut labels = connection.prepare_cached(statements::LABEL)?;
    let mut label = None;
    for mention in &mentions {
        label = label.or(labels.query_row([&mention.id], |row| row.get::<_, bool>(0)).optional()?);
    }
    Ok(Some(StoryHistory {
        channels: outbox::channel_story_states(connection, &[id.to_owned()])?,
        alerts: deliveries::alerts_of(connection, id)?,
        story,
        mentions,
        changes,
        label,
    }))
}
