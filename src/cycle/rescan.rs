//! Judging again what is kept, after a change of rules or watch list. Asks nobody: the texts are in the store.

use std::sync::Arc;

use jiff::Timestamp;

use crate::{
    detect::{
        Rules,
        story::{self, Stories},
    },
    model::{Detection, Source},
    store::{Kept, Rejudged, Store, StoreError},
    visit::judge_kept,
};

use super::{
    names::Names,
    place::{place, retold},
    tell::Tell,
};

/// What a later judgement changed: a detection that is new, changed, or none any more.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// As it was before; `None` if there was none.
    pub was: Option<Detection>,
    /// As it is now; `None` if it is none any more.
    pub is: Option<Detection>,
}

/// What is judged again, and how.
#[derive(Debug)]
pub struct Rescan<'a> {
    /// The rules as they are now.
    pub rules: Arc<Rules>,
    /// The sources, for their names and tiers.
    pub sources: &'a [Arc<Source>],
    /// Entries first seen since then.
    pub since: Timestamp,
    /// Whom it is told to; `None` if what is found alerts nobody.
    pub tell: Option<Tell>,
    /// Whether anything is saved.
    pub saves: bool,
}

/// Judges every kept entry again; gives how many there were and what changed.
///
/// # Errors
/// When the store cannot be read or written; then nothing is changed.
pub async fn rescan(
    store: &Store,
    task: Rescan<'_>,
    now: Timestamp,
) -> Result<(usize, Vec<Change>), StoreError> {
    let kept = store.kept(task.since).await?;
    let count = kept.len();
    let names = Names::of(task.sources);
    let confirmed = store.confirmed_time(now).await?;
    let since = confirmed.saturating_sub(story::MEMORY).unwrap_or(task.since).min(task.since);
    let mut stories = Stories::new(store.recent_stories(since).await?);
    let mut judged = Rejudged::default();
    let (mut changes, mut new) = (Vec::new(), Vec::new());
    for Kept { entry, detection } in kept {
        let article = match entry.link.as_deref().and_then(crate::visit::page_key) {
            Some(key) => store.article(key).await?,
            None => None,
        };
        let (entry, found) = judge_kept(&task.rules, entry, article.as_ref());
        let source = names.get(&entry.source_url).map(AsRef::as_ref);
        match (found, detection) {
            (Some(mut found), None) => {
                found.silent |= task.tell.is_none();
                let placed = place(found, source, &task.rules, &mut stories, now);
                changes.push(Change { was: None, is: Some(placed.record.detection.clone()) });
                new.push(placed);
            }
            (Some(found), Some(was)) => {
                let is = retold(&was, found, source, &task.rules);
                if is != was {
                    changes.push(Change { was: Some(was), is: Some(is.clone()) });
                    judged.changed.push(is);
                }
            }
            (None, Some(was)) => {
                changes.push(Change { was: Some(was.clone()), is: None });
                judged.gone.push(was);
            }
            (None, None) => {}
        }
        judged.commit.entries.push(entry);
    }
    if let Some(tell) = task.tell.filter(|_| task.saves) {
        let source = |url: &str| names.get(url).cloned();
        tell.queue(store, &mut new, source, now).await?;
    }
    judged.commit.findings = new;
    if task.saves {
        store.rejudge(judged).await?;
    }
    Ok((count, changes))
}
