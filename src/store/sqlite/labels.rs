//! The user's labels, and the texts that they are for.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::{StoreError, detections, seconds, statements};
use crate::{
    model::{Detection, Kind},
    store::{LabelVector, LabelledMention, Labels},
};

/// Most labelled texts that are read, of the newest labels.
const TEXTS: i64 = 4000;

pub fn label(
    connection: &mut Connection,
    id: &str,
    yes: Option<bool>,
    now: Timestamp,
) -> Result<Option<Detection>, StoreError> {
    let transaction = connection.transaction()?;
    let Some(detection) = detections::by_id(&transaction, id)? else { return Ok(None) };
    if let Some(yes) = yes {
        let mut put = transaction.prepare_cached(statements::LABEL_PUT)?;
        put.execute(params![detection.id, yes, seconds(now)])?;
    } else {
        transaction.prepare_cached(statements::LABEL_DROP)?.execute([&detection.id])?;
        transaction.prepare_cached(statements::LABEL_VECTORS_DROP)?.execute([&detection.story_id])?;
    }
    transaction.commit()?;
    Ok(Some(detection))
}

pub fn labels(connection: &Connection) -> Result<Labels, StoreError> {
    let row = connection.prepare_cached(statements::LABELS)?.query_row([], |row| {
        Ok(Labels { yes: row.get::<_, Option<u32>>(0)?.unwrap_or(0), all: row.get(1)? })
    });
    Ok(row.optional()?.unwrap_or_default())
}

pub fn labelled_mentions(connection: &Connection, encoder: i64) -> Result<Vec<LabelledMention>, StoreError> {
    let mut statement = connection.prepare_cached(statements::LABELLED_MENTIONS)?;
    let rows = statement.query_map([encoder, TEXTS], |row| {
        let kind: String = row.get(3)?;
        Ok(LabelledMention {
            label: row.get(0)?,
            yes: row.get(1)?,
            id: row.get(2)?,
            kind: if kind == Kind::Post.as_str() { Kind::Post } else { Kind::News },
            project: row.get(4)?,
            token: row.get(5)?,
            title: row.get(6)?,
            snippet: row.get(7)?,
            vector: row.get(8)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn put_label_vectors(
    connection: &mut Connection,
    encoder: i64,
    vectors: &[LabelVector],
) -> Result<(), StoreError> {
    let transaction = connection.transaction()?;
    for vector in vectors {
        let mut put = transaction.prepare_cached(statements::LABEL_VECTOR_PUT)?;
        put.execute(params![vector.detection, encoder, vector.bytes])?;
    }
    Ok(transaction.commit()?)
}
