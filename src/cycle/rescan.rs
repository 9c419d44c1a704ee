//! Judges stored entries again, after a change of the rules or the watch list. Sends no request.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;

use crate::{
    detect::{
        Rules,
        story::{self, Stories},
    },
    model::{Detection, EntryKey, EntryRecord, Source},
    store::{JudgedEntry, Rejudged, Store, StoreError},
    visit::{Finding, is_other_launch, judge_kept, load_labels, of_other_words},
};

use super::{
    notifier::Notifier,
    place::{assign_story, by_coin, id_of, rejudged},
    source_index::SourceIndex,
};

/// A detection that is new, changed or gone.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Before; `None` if it is new.
    pub was: Option<Detection>,
    /// Now; `None` if it is gone.
    pub is: Option<Detection>,
}

/// The work of a rescan.
#[derive(Debug)]
pub struct Rescan<'a> {
    /// The current rules.
    pub rules: Arc<Rules>,
    /// For their names and tiers.
    pub sources: &'a [Arc<Source>],
    /// Entries first seen since then.
    pub since: Timestamp,
    /// `None` if new detections send no alerts.
    pub notifier: Option<Notifier>,
    /// Whether the changes are saved.
    pub saves: bool,
}

/// Judges every stored entry again; returns their number and the changes.
///
/// # Errors
/// When the store cannot be read or written; then nothing is changed.
pub async fn rescan(
    store: &Store,
    task: Rescan<'_>,
    now: Timestamp,
) -> Result<(usize, Vec<Change>), StoreError> {
    let stored = by_entry(store.judged_entries(task.since).await?);
    let count = stored.len();
    let names = SourceIndex::of(task.sources);
    let confirmed = store.confirmed_time(now).await?;
    let since = confirmed.saturating_sub(story::MEMORY).unwrap_or(task.since).min(task.since);
    let mut stories = Stories::new(store.recent_stories(since).await?);
    let feedback = load_labels(store, &task.rules, task.saves).await?;
    let mut judged = Rejudged::default();
    let (mut changes, mut new) = (Vec::new(), Vec::new());
    for (entry, detections) in stored {
        let article = match entry.link.as_deref().and_then(crate::visit::page_key) {
            Some(key) => store.article(key).await?,
            None => None,
        };
        let (entry, found) = judge_kept(&task.rules, entry, article.as_ref(), &feedback);
        let source = names.get(&entry.source_url).map(AsRef::as_ref);
        // A detection of an earlier wording of the entry is unchanged.
        let (detections, earlier): (Vec<_>, Vec<_>) =
            detections.into_iter().partition(|was| was.title == entry.title);
        for pair in pairs(found.into_iter().flat_map(by_coin).collect(), detections) {
            match pair {
                (Some(found), None) if !is_other_launch(&found, &earlier) => {}
                (Some(found), None) => {
                    let mut found = if earlier.is_empty() { found } else { of_other_words(found) };
                    found.suppress_alerts |= task.notifier.is_none();
                    let finding = assign_story(found, source, &task.rules, &mut stories, now);
                    changes.push(Change { was: None, is: Some(finding.record.detection.clone()) });
                    new.push(finding);
                }
                (Some(mut found), Some(was)) => {
                    if entry.link.is_none() {
                        // Its address is the site of the feed, which only the visit had.
                        found.url.clone_from(&was.url);
                    }
                    let is = rejudged(&was, found, source, &task.rules);
                    if is != was {
                        changes.push(Change { was: Some(was), is: Some(is.clone()) });
                        judged.changed.push(is);
                    }
                }
                // The label would go with its detection.
                (None, Some(was)) if feedback.is_labelled(&was.id) => {}
                (None, Some(was)) => {
                    changes.push(Change { was: Some(was.clone()), is: None });
                    judged.gone.push(was);
                }
                (None, None) => {}
            }
        }
        judged.commit.entries.push(entry);
    }
    if let Some(notifier) = task.notifier.filter(|_| task.saves) {
        let source = |url: &str| names.get(url).cloned();
        notifier.queue(store, &mut new, source, now).await?;
    }
    judged.commit.findings = new;
    if task.saves {
        store.rejudge(judged).await?;
    }
    Ok((count, changes))
}

/// Each entry once, with all its detections.
fn by_entry(stored: Vec<JudgedEntry>) -> Vec<(EntryRecord, Vec<Detection>)> {
    let mut entries: Vec<(EntryRecord, Vec<Detection>)> = Vec::new();
    let mut places: HashMap<(String, EntryKey), usize> = HashMap::new();
    for JudgedEntry { entry, detection } in stored {
        let place = *places.entry((entry.source_url.clone(), entry.key)).or_insert_with(|| {
            entries.push((entry, Vec::new()));
            entries.len() - 1
        });
        entries[place].1.extend(detection);
    }
    entries
}

/// Pairs findings and earlier detections by coin. A new coin does not take the identity of another.
fn pairs(found: Vec<Finding>, mut was: Vec<Detection>) -> Vec<(Option<Finding>, Option<Detection>)> {
    let single = found.len() == 1 && was.len() == 1;
    let taken: Vec<String> = was.iter().map(|was| was.id.clone()).collect();
    let mut pairs = Vec::new();
    for mut found in found {
        let verdict = &found.verdict;
        let same = |was: &Detection| {
            single
                || was.token.is_some() && was.token == verdict.token
                || was.project.is_some() && was.project == verdict.project
        };
        let known = was.iter().position(same).map(|at| was.remove(at));
        if known.is_none() && taken.contains(&id_of(&found)) {
            let name = verdict.token.as_ref().or(verdict.project.as_ref());
            found.coin = name.map(|name| name.to_lowercase());
        }
        pairs.push((Some(found), known));
    }
    pairs.extend(was.into_iter().map(|was| (None, Some(was))));
    pairs
}
