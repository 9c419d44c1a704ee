//! Finds the stored entries that match the entries of a document.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{StoreError, bits, day, entries, sources, statements};
use crate::{
    model::EntryKey,
    store::{KnownEntry, KnownState, Lookup, ShortMarks, Words},
};

/// Days after which reading a feed renews the last-seen day of judged and waiting entries: before a clean-up would delete
/// them, and rarely enough to be cheap.
pub const STALE_DAYS: i64 = 30;
/// The same of dropped entries, which are kept for a shorter time.
pub const STALE_DROPPED_DAYS: i64 = 5;
/// Maximum entries read for one link: a link of more entries identifies none.
const OF_ONE_LINK: i64 = 16;
/// Maximum entries read for one title: a status page repeats some dozens ("Scheduled maintenance").
const OF_ONE_TITLE: i64 = 32;

pub fn known_entries(
    connection: &Connection,
    source: &str,
    rules: u64,
    lookups: &[Lookup],
    now: Timestamp,
) -> Result<Vec<KnownEntry>, StoreError> {
    let Some(source) = sources::known_id(connection, source)? else { return Ok(Vec::new()) };
    let mut found =
        Found { connection, source, rules: bits(rules), today: day(now), entries: BTreeMap::new() };
    for lookup in lookups {
        found.look(lookup)?;
    }
    let mut found = found.entries;
    let mut words = connection.prepare_cached(statements::ENTRY_WORDS)?;
    let changed =
        |known: &KnownEntry| known.words.is_none() && !matches!(known.state, KnownState::Dropped { .. });
    for (known, _) in found.values_mut().filter(|(known, same)| !same && changed(known)) {
        let row = words.query_row(params![source, known.key.0], |row| {
            Ok(Words { title: row.get(0)?, link: row.get(1)?, text: row.get(2)? })
        });
        known.words = row.optional()?;
    }
    Ok(found.into_values().map(|(known, _)| known).collect())
}

struct Found<'a> {
    connection: &'a Connection,
    source: i64,
    rules: i64,
    today: i64,
    /// By key; the bool is true if it was found unchanged.
    entries: BTreeMap<EntryKey, (KnownEntry, bool)>,
}

impl Found<'_> {
    fn look(&mut self, lookup: &Lookup) -> Result<(), StoreError> {
        let marks = ShortMarks::from(lookup.marks);
        for key in &lookup.keys {
            let mut statement = self.connection.prepare_cached(statements::ENTRY_BY_KEY)?;
            let known = statement
                .query_row(params![self.source, key.0], |row| read(row, self.rules, self.today))
                .optional()?;
            let Some(known) = known else { continue };
            let same = known.marks == Some(marks);
            self.add(known, same);
            if same {
                return Ok(());
            }
        }
        let connection = self.connection;
        for (mut statement, mark, limit) in [
            (connection.prepare_cached(statements::ENTRIES_BY_LINK)?, marks.link, OF_ONE_LINK),
            (connection.prepare_cached(statements::ENTRIES_BY_TITLE)?, marks.title, OF_ONE_TITLE),
            (connection.prepare_cached(statements::ENTRIES_BY_ID)?, marks.id, OF_ONE_LINK),
        ] {
            let Some(mark) = mark else { continue };
            let rows = statement
                .query_map(params![self.source, mark, limit], |row| read(row, self.rules, self.today))?;
            let rows: Vec<KnownEntry> = rows.collect::<Result<_, _>>()?;
            for known in rows {
                let same = known.marks == Some(marks);
                self.add(known, same);
            }
        }
        Ok(())
    }

    fn add(&mut self, known: KnownEntry, same: bool) {
        let entry = self.entries.entry(known.key).or_insert((known, same));
        entry.1 |= same;
    }
}

fn read(row: &Row<'_>, rules: i64, today: i64) -> rusqlite::Result<KnownEntry> {
    let key = EntryKey(row.get("key")?);
    let state = match row.get::<_, String>("state")?.as_str() {
        "d" => KnownState::Dropped { by_other_rules: row.get::<_, i64>("rules")? != rules },
        "w" => KnownState::Waiting,
        _ => KnownState::Judged,
    };
    let id: Option<i64> = row.get("id_mark")?;
    let marks = ShortMarks {
        id: id.map(|id| if id == 0 { key.short() } else { id }),
        link: row.get("link_mark")?,
        title: row.get("title_mark")?,
        text: row.get("text_mark")?,
    };
    let stale_days =
        if matches!(state, KnownState::Dropped { .. }) { STALE_DROPPED_DAYS } else { STALE_DAYS };
    Ok(KnownEntry {
        key,
        state,
        is_stale: row.get::<_, i64>("seen")? < today - stale_days,
        marks: Some(marks).filter(|marks| *marks != ShortMarks::default()),
        rewordings: entries::rewordings(row.get("reworded")?),
        words: None,
    })
}
