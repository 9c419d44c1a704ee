//! Reads what the plan of a cycle needs: of the sources of the settings all states, of the imported feeds those that are due.

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;

use super::{
    plan::{Plan, plan},
    source_index::SourceIndex,
};
use crate::{
    model::{HostWait, ImportedInUse, Source},
    store::{PlannedFeeds, Store, StoreError, WantedFeeds},
    visit::{Refresh, SLACK},
};

/// The sources of a cycle.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// Those of the settings.
    pub own: &'a [Arc<Source>],
    /// `None` if no imported feed is read.
    pub imported: Option<&'a ImportedInUse>,
}

/// The plan of a cycle at `now`, and the sources that it needs: those of the settings, and of the imported ones those that may
/// be requested or whose address is in `backlog`.
pub async fn load_plan(
    store: &Store,
    sources: Sources<'_>,
    (pauses, backlog): (&[HostWait], BTreeSet<String>),
    refresh: &Refresh,
    now: Timestamp,
) -> Result<(SourceIndex, Plan), StoreError> {
    let mut states = match sources {
        Sources { own: [], .. } => Vec::new(),
        Sources { imported: None, .. } => store.sources().await?,
        Sources { imported: Some(_), .. } => store.sources_of_settings().await?,
    };
    let mut all = sources.own.to_vec();
    let mut idle = None;
    if let Some(imported) = sources.imported {
        let PlannedFeeds { feeds, replaced, idle: others } =
            store.planned_feeds(wanted(imported, pauses, backlog, refresh, now), now).await?;
        states.extend(replaced);
        states.reserve(feeds.len());
        all.reserve(feeds.len());
        for (source, state) in feeds {
            all.push(source);
            states.push(state);
        }
        idle = Some(others);
    }
    let index = SourceIndex::of(&all);
    let mut plan = plan(&index, states, pauses, refresh, now);
    plan.idle_imported = idle.unwrap_or_default();
    Ok((index, plan))
}

fn wanted(
    imported: &ImportedInUse,
    pauses: &[HostWait],
    mut addresses: BTreeSet<String>,
    refresh: &Refresh,
    now: Timestamp,
) -> WantedFeeds {
    if let Refresh::Sources(named) = refresh {
        addresses.extend(named.iter().cloned());
    }
    WantedFeeds {
        until: now + SLACK,
        everything: *refresh == Refresh::Everything,
        addresses,
        replaced: imported.replaced.clone(),
        paused_hosts: pauses.iter().map(|pause| pause.host.clone()).collect(),
    }
}

#[cfg(test)]
mod tests;
