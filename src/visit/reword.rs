//! Findings in an entry whose words have changed, compared with its earlier ones.

use super::{Context, Finding};
use crate::{feed, model::Detection, store::StoreError};

/// `found`, unless earlier words of its entry were the same launch; with a new identity where they were another.
pub(super) async fn other_launch(context: &Context, found: Finding) -> Result<Option<Finding>, StoreError> {
    let earlier = context.store.detections_of(found.source_url.clone(), found.entry).await?;
    Ok(is_other_launch(&found, &earlier)
        .then(|| if earlier.is_empty() { found } else { of_other_words(found) }))
}

/// Whether `found` is another launch than all `earlier` detections of its entry: another event, or another project where
/// both are named.
#[must_use]
pub fn is_other_launch(found: &Finding, earlier: &[Detection]) -> bool {
    let differs = |one: &Option<String>, other: &Option<String>| match (one, other) {
        (Some(one), Some(other)) => !one.eq_ignore_ascii_case(other),
        _ => false,
    };
    earlier.iter().all(|was| {
        let verdict = &found.verdict;
        let other_event = verdict.event.is_some_and(|event| event != was.event);
        let other_name = differs(&verdict.project, &was.project)
            && (differs(&verdict.token, &was.token) || verdict.token.is_none() || was.token.is_none());
        other_event || other_name
    })
}

/// `found` with an identity made of its entry's present words.
#[must_use]
pub fn of_other_words(found: Finding) -> Finding {
    let identity = feed::of_words(found.entry, &found.title, &found.text);
    Finding { identity, ..found }
}
