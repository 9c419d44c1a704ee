//! Queues the weekly summaries that are due.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Notifier, Task, notifier::imported_names};
use crate::{
    alert::{
        ChannelPolicy,
        summary::{build, dated_days, plan_summaries},
    },
    model::Source,
    store::{Store, StoreError},
};

impl Notifier {
    /// Queues the summaries that are due at `now`. Each and the fact that it was queued are one transaction, so a process
    /// that dies before sends it later, and one that dies afterwards does not make it again.
    pub(super) async fn queue_summaries(
        &self,
        store: &Store,
        sources: impl Fn(&str) -> Option<Arc<Source>>,
        task: &Task,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let known = store.summary_states().await?;
        let policies = self.settings.policies();
        let plan = plan_summaries(&policies, &known, now);
        if !plan.new.is_empty() || !plan.forgotten.is_empty() {
            store.put_summaries(plan.new, plan.forgotten, Vec::new()).await?;
        }
        let states = if plan.due.is_empty() { Vec::new() } else { store.sources().await? };
        let unknown = states.iter().filter(|state| sources(&state.url).is_none());
        let unknown = unknown.map(|state| state.url.clone()).collect();
        let imported = imported_names(store, task, unknown).await?;
        let name =
            |url: &str| sources(url).map(|source| source.name.clone()).or_else(|| imported.get(url).cloned());
        for due in plan.due {
            let named = |policy: &&&ChannelPolicy| policy.name == due.channel;
            let Some(policy) = policies.iter().find(named) else { continue };
            let facts = store.summary_facts((due.from, due.to), dated_days(due.to, &policy.zone)).await?;
            let handled = due.handled(facts.database_bytes);
            let summary = build(
                facts,
                (due.from, due.to),
                &states,
                &name,
                self.settings.budget_usd,
                policy.ops,
                due.database_bytes_before,
            );
            store.put_summaries(vec![handled], Vec::new(), vec![due.alert(policy, summary, now)]).await?;
        }
        Ok(())
    }
}
