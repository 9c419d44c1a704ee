//! Repairs a damaged database: rebuilds the indexes, or copies every readable row into a new file. A copy of the
//! damaged file is kept.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, Row, params_from_iter, types::Value};

use super::{StoreError, backup, open};
use crate::{
    failpoint::hit,
    store::{Mended, RecoveredTable, files},
};

/// Completes rows whose related rows are lost, before orphans are deleted. A story is rebuilt from its detections; an
/// entry that waits without its text would wait forever; every feed is fetched in full, so that missing entries come
/// back.
const JOIN: &str = "
    INSERT OR IGNORE INTO stories (id, project, token, event, stage, event_date, opened_at, updated_at)
        SELECT story, project, NULL, event, stage, NULL, min(detected_at), max(detected_at) FROM detections
        WHERE story NOT IN (SELECT id FROM stories) GROUP BY story;
    DELETE FROM entries WHERE state = 'w' AND ((source, key) NOT IN (SELECT source, key FROM waiting)
        OR (source, key) NOT IN (SELECT source, key FROM texts));
    UPDATE sources SET etag = NULL, last_modified = NULL, body_hash = NULL, due_at = NULL;
    DELETE FROM source_addresses;";

/// Suffix of the new file until it replaces the damaged one.
const RECOVERED: &str = ".recovered";

/// If detections are lost, their entries are judged again when a feed shows them.
const JUDGE_AGAIN: &str = "
    DELETE FROM entries WHERE state = 'j'
        AND NOT EXISTS (SELECT 1 FROM detections WHERE detections.source = entries.source AND detections.key = entries.key);";

pub fn repair(dir: &Path) -> Result<Mended, StoreError> {
    let path = dir.join(files::DATABASE);
    if !files::is_there(&path)? {
        return Err(StoreError::Missing(dir.to_owned()));
    }
    let lost = |error: StoreError| match error {
        StoreError::Corrupt(cause) => StoreError::Lost { cause, kept: backup::backups_of(&path) },
        other => other,
    };
    mend(&path).map_err(lost)
}

fn mend(path: &Path) -> Result<Mended, StoreError> {
    if fs::metadata(path).map_err(|error| files::access(path, &error))?.len() == 0 {
        return Err(StoreError::Corrupt("the file is empty".to_owned()));
    }
    let connection = open::connect(path)?;
    // Without this a truncated file cannot be read at all.
    connection.pragma_update(None, "writable_schema", true)?;
    let schema = open::version(&connection)?;
    open::refuse_newer(schema)?;
    if schema == 0 {
        return Err(StoreError::Corrupt("it is not one of this program's".to_owned()));
    }
    let faults = open::check(&connection)?;
    if faults.is_empty() {
        return Ok(Mended::Sound);
    }
    let kept = put_aside(path)?;
    hit("damaged-kept");
    if faults.iter().all(|fault| fault.contains("index"))
        && connection.execute_batch("REINDEX").is_ok()
        && open::check(&connection)?.is_empty()
    {
        return Ok(Mended::Indexes { kept });
    }
    let new = backup::beside(path, RECOVERED);
    let made = open::build(&new, schema).and_then(|()| recover(&connection, &new));
    let tables = made.inspect_err(|_| {
        // The file is unchanged, so neither its copy nor the new file is needed.
        for piece in [&kept, &new] {
            for end in ["", "-journal", "-wal", "-shm"] {
                let _ = files::remove(&backup::beside(piece, end));
            }
        }
    })?;
    // The old file can be replaced once it has no log; the copy has both.
    let _ = connection.pragma_update(None, "journal_mode", "DELETE");
    drop(connection);
    for end in ["-wal", "-shm"] {
        files::remove(&backup::beside(path, end))?;
    }
    hit("rows-recovered");
    fs::rename(&new, path).map_err(|error| files::access(path, &error))?;
    hit("mended");
    Ok(Mended::Rows { kept, tables })
}

/// Copies the damaged file and its log under a free name.
fn put_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let kept = backup::aside(path);
    for end in ["", "-wal"] {
        let (from, to) = (backup::beside(path, end), backup::beside(&kept, end));
        if from.exists()
            && let Err(error) = fs::copy(&from, &to)
        {
            let refused = files::access(&to, &error);
            for end in ["", "-wal"] {
                let _ = files::remove(&backup::beside(&kept, end));
            }
            return Err(refused);
        }
    }
    Ok(kept)
}

/// Fills the empty database `new` with the readable rows of `old`.
fn recover(old: &Connection, new: &Path) -> Result<Vec<RecoveredTable>, StoreError> {
    let mut target = open::connect(new)?;
    target.pragma_update(None, "foreign_keys", false)?;
    let transaction = target.transaction()?;
    let tables = names(
        &transaction,
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid",
    )?;
    let mut recovered = Vec::new();
    for table in tables {
        recovered.push(copy_table(old, &transaction, table)?);
    }
    transaction.execute_batch(JOIN)?;
    if recovered.iter().any(|table| table.table == "detections" && !table.whole) {
        transaction.execute_batch(JUDGE_AGAIN)?;
    }
    drop_orphans(&transaction)?;
    transaction.commit()?;
    let faults = open::check(&target)?;
    target.close().map_err(|(_, error)| error)?;
    match faults.into_iter().next() {
        None => Ok(recovered),
        Some(fault) => Err(StoreError::Other(format!("the recovered rows do not fit together: {fault}"))),
    }
}

fn names(connection: &Connection, sql: &str) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How a table is read and written. The names come from our own schema, never from the damaged file.
struct Shape {
    columns: String,
    key: Vec<String>,
    insert: String,
    numbered: bool,
}

fn shape(new: &Connection, table: &str) -> Result<Shape, StoreError> {
    let mut columns = names(new, &format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid"))?;
    let mut key =
        names(new, &format!("SELECT name FROM pragma_table_info('{table}') WHERE pk > 0 ORDER BY pk"))?;
    let numbered = new.prepare(&format!("SELECT rowid FROM {table}")).is_ok();
    if numbered {
        let alias = names(
            new,
            &format!("SELECT name FROM pragma_table_info('{table}') WHERE pk > 0 AND type = 'INTEGER'"),
        )?;
        if key.len() != 1 || alias.len() != 1 {
            columns.insert(0, "rowid".to_owned());
        }
        key = vec!["rowid".to_owned()];
    }
    let places = vec!["?"; columns.len()].join(", ");
    let columns = columns.join(", ");
    let insert = format!("INSERT OR IGNORE INTO {table} ({columns}) VALUES ({places})");
    Ok(Shape { columns, key, insert, numbered })
}

/// Copies every readable row: forwards to the first damage, backwards to the last, and in
/// tables with row ids also between damages.
fn copy_table(old: &Connection, new: &Connection, table: String) -> Result<RecoveredTable, StoreError> {
    let shape = shape(new, &table)?;
    let select = |condition: &str, way: &str| {
        let by: Vec<String> = shape.key.iter().map(|column| format!("{column} {way}")).collect();
        let (columns, first) = (&shape.columns, &shape.key[0]);
        format!("SELECT {first}, {columns} FROM {table} {condition} ORDER BY {}", by.join(", "))
    };
    let mut last = None;
    let mut whole = copy_rows(old, new, &shape, &select("", "ASC"), None, &mut last)?;
    let damaged = !whole;
    if damaged && shape.numbered {
        let (mut from, mut step) = (last.unwrap_or(0), 1_i64);
        let behind = select("WHERE rowid > ?1", "ASC");
        while !whole && from < i64::MAX - step {
            from += step;
            let mut reached = None;
            whole = copy_rows(old, new, &shape, &behind, Some(from), &mut reached)?;
            (from, step) = reached.map_or((from, step.saturating_mul(2)), |reached| (reached, 1));
        }
    }
    if damaged {
        copy_rows(old, new, &shape, &select("", "DESC"), None, &mut None)?;
    }
    let rows: u64 = new
        .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0))
        .map(super::amount)?;
    Ok(RecoveredTable { table, rows, whole: !damaged })
}

/// Copies the rows of `sql`, after row `from` if it has that parameter. Returns whether the end was reached without
/// damage. `last` becomes the last row id.
fn copy_rows(
    old: &Connection,
    new: &Connection,
    shape: &Shape,
    sql: &str,
    from: Option<i64>,
    last: &mut Option<i64>,
) -> Result<bool, StoreError> {
    let Ok(mut statement) = old.prepare(sql) else { return Ok(false) };
    let width = statement.column_count();
    let mut insert = new.prepare_cached(&shape.insert)?;
    let Ok(mut rows) = statement.query(params_from_iter(from)) else { return Ok(false) };
    loop {
        let values = match rows.next() {
            Ok(None) => return Ok(true),
            Ok(Some(row)) => values(row, width),
            Err(_) => return Ok(false),
        };
        let Ok((number, values)) = values else { return Ok(false) };
        *last = number.or(*last);
        // A row that violates the table's constraints is damage too.
        let written = insert.execute(params_from_iter(values)).map_err(StoreError::from);
        if let Err(full @ (StoreError::DiskFull | StoreError::Disk(_))) = written {
            return Err(full);
        }
    }
}

fn values(row: &Row<'_>, width: usize) -> rusqlite::Result<(Option<i64>, Vec<Value>)> {
    let number = match row.get::<_, Value>(0)? {
        Value::Integer(number) => Some(number),
        _ => None,
    };
    Ok((number, (1..width).map(|at| row.get(at)).collect::<Result<_, _>>()?))
}

/// Deletes rows whose referenced row is lost, until none is left.
fn drop_orphans(connection: &Connection) -> Result<(), StoreError> {
    loop {
        let mut dropped = 0;
        for table in names(connection, "SELECT DISTINCT \"table\" FROM pragma_foreign_key_check")? {
            let parents = format!(
                "SELECT DISTINCT 'DELETE FROM {table} WHERE ' || group_concat(mine || ' IS NOT NULL', ' AND ')
                 || ' AND NOT EXISTS (SELECT 1 FROM ' || parent || ' AS p WHERE '
                 || group_concat('p.' || theirs || ' = {table}.' || mine, ' AND ') || ')'
                 FROM (SELECT id, \"table\" AS parent, \"from\" AS mine, \"to\" AS theirs
                 FROM pragma_foreign_key_list('{table}')) GROUP BY id"
            );
            for delete in names(connection, &parents)? {
                dropped += connection.execute(&delete, [])?;
            }
        }
        if dropped == 0 {
            return Ok(());
        }
    }
}
