//! Queues the alerts of a visit and delivers those that are due at the end of the cycle.

use std::{collections::HashMap, path::PathBuf, pin::Pin, sync::Arc};

use jiff::Timestamp;

use crate::{
    alert::{self, Delivered, Delivery, HURRY, decide, deliver, notice},
    clock::Clock,
    figures::{
        CycleReport,
        drift::{BASE, FLOOR_MS, IN_A_ROW, drift},
        report::Usd,
    },
    http::Poster,
    model::{ChannelStoryState, Source, SourceState, StoredFinding},
    store::{EarlierCycles, Store, StoreError, free_bytes},
};

use super::{Stop, Task, judge_checks, recent_reports};

/// Cycles whose targets decide a notice: a level rises and falls within three measurements, and not every cycle
/// measures every target.
const CYCLES: usize = 12;

/// Tier of a finding that is from no feed: a post, which anyone may write.
const NO_FEED: u8 = 3;

/// Decides and delivers the alerts of a cycle.
#[derive(Clone)]
pub struct Notifier {
    /// Channels and their policies.
    pub settings: Arc<alert::Settings>,
    /// The client for the channels.
    pub post: Arc<Poster>,
    /// Its disk is checked for free space.
    pub state_dir: PathBuf,
}

impl std::fmt::Debug for Notifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Notifier").field("settings", &self.settings).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NotifyOutcome {
    pub delivered: Delivered,
    /// Whether an alert has been due for longer than `alerts.outbox_max_age`.
    pub overdue: bool,
    /// Set if a signal came during delivery.
    pub stopped: Option<Stop>,
}

/// What a cycle knows at its end.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    pub started_at: Timestamp,
    pub earlier: EarlierCycles,
    /// `Store::confirmed_time`.
    pub confirmed: Timestamp,
    /// A sentence for each visit of this cycle that could not be saved.
    pub refused: &'a [String],
    pub task: &'a Task,
}

impl Notifier {
    /// Whether a finding may alert, given for each whether its alerts are suppressed.
    pub fn may_alert(&self, mut suppressed: impl Iterator<Item = bool>) -> bool {
        !self.settings.channels.is_empty() && suppressed.any(|suppressed| !suppressed)
    }

    /// Puts the alerts of each finding into it.
    pub async fn queue(
        &self,
        store: &Store,
        findings: &mut [StoredFinding],
        source: impl Fn(&str) -> Option<Arc<Source>>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if !self.may_alert(findings.iter().map(|found| found.record.suppress_alerts)) {
            return Ok(());
        }
        let ids = |found: &StoredFinding| {
            found.absorbed.iter().cloned().chain([found.story.id.clone()]).collect::<Vec<_>>()
        };
        let mut states = store.channel_story_states(findings.iter().flat_map(ids).collect()).await?;
        for found in findings {
            absorb(&mut states, found);
            let source = source(&found.record.source_url);
            let source = source.as_ref().map(|source| (source.tags.as_slice(), source.tier));
            let (tags, tier) = source.unwrap_or((&[], NO_FEED));
            (found.alerts, found.channel_states) =
                decide(&self.settings.policies(), found, (tags, tier), &mut states, now);
        }
        Ok(())
    }

    /// Queues notices for the operator, then delivers what is due.
    pub async fn end(
        &self,
        store: &Store,
        clock: &dyn Clock,
        sources: impl Fn(&str) -> Option<Arc<Source>>,
        seen: Seen<'_>,
        mut stop: Option<Pin<&mut impl Future<Output = Stop>>>,
    ) -> Result<NotifyOutcome, StoreError> {
        let mut outcome = NotifyOutcome::default();
        if self.settings.channels.is_empty() {
            return Ok(outcome);
        }
        let now = clock.now();
        if self.settings.channels.iter().any(|channel| channel.policy.ops) {
            self.queue_notices(store, &sources, seen, now).await?;
        }
        self.queue_summaries(store, &sources, seen.task, now).await?;
        let (flag, stopping) = tokio::sync::watch::channel(false);
        let hurried = stop.is_none();
        let delivery = Delivery {
            store,
            clock,
            post: &self.post,
            channels: &self.settings.channels,
            limit: if hurried { HURRY } else { self.settings.delivery_timeout },
            give_up_after: self.settings.give_up_after,
            stop: stopping,
            hurried,
            insist: false,
            confirmed: seen.confirmed,
        };
        let mut work = std::pin::pin!(deliver(&delivery));
        outcome.delivered = loop {
            match stop.as_mut() {
                None => break work.as_mut().await?,
                Some(signal) => tokio::select! {
                    biased;
                    signal = signal => {
                        // A message that is being sent has a moment to finish, so that it is not sent again.
                        flag.send_replace(true);
                        tracing::info!("no further message is started after the signal to stop");
                        outcome.stopped = Some(signal);
                        stop = None;
                    }
                    done = &mut work => break done?,
                },
            }
        };
        let oldest = store.oldest_due(self.settings.names()).await?;
        outcome.overdue = oldest.is_some_and(|due| due + self.settings.outbox_max_age < clock.now());
        Ok(outcome)
    }

    /// Queues notices on the state that earlier cycles recorded, so that this cycle can deliver them.
    async fn queue_notices(
        &self,
        store: &Store,
        sources: impl Fn(&str) -> Option<Arc<Source>>,
        seen: Seen<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let known = store.incidents().await?;
        let states = store.problem_sources(seen.confirmed - notice::STALE).await?;
        let is_unknown = |state: &&SourceState| sources(&state.url).is_none();
        let unknown = states.iter().filter(is_unknown).map(|state| state.url.clone()).collect();
        let imported = imported_names(store, seen.task, unknown).await?;
        let name =
            |url: &str| sources(url).map(|source| source.name.clone()).or_else(|| imported.get(url).cloned());
        let mut conditions = notice::feeds(&states, &name, seen.confirmed);
        conditions.extend(notice::refused(seen.refused, &known, now));
        let names = self.settings.names();
        let mut channels = store.channels().await?;
        channels.retain(|state| names.contains(&state.name));
        conditions.extend(notice::channels(&channels));
        let reports = recent_reports(store, CYCLES).await?;
        let targets: Vec<_> = reports.iter().map(|report| report.targets.clone()).collect();
        conditions.extend(notice::targets(&targets));
        let earlier: Vec<_> = reports.iter().map(|report| &report.cycle).collect();
        conditions.extend(notice::gap(
            (seen.started_at, seen.earlier.started_at),
            &earlier,
            seen.task.targets.max_gap,
        ));
        if is_long(&reports) {
            let reports = recent_reports(store, BASE + IN_A_ROW).await?;
            conditions.extend(drift(&reports).as_ref().map(notice::drift));
        }
        let checks = judge_checks(store, &seen.task.checks, now, seen.task.settings.retention.cycles).await?;
        conditions.extend(notice::checks(&checks));
        let spent = reports.first().and_then(|report| report.x.month_cost_usd).map_or(0.0, Usd::dollars);
        conditions.extend(notice::budget(spent, self.settings.budget_usd));
        conditions.extend(reports.first().map(|report| notice::x(&report.x)).unwrap_or_default());
        if let Some(free) = free_bytes(&self.state_dir) {
            conditions.extend(notice::disk(free, self.settings.disk_free, &known));
        }
        let plan = notice::plan_notices(&conditions, &known, now);
        if plan == notice::NoticePlan::default() {
            return Ok(());
        }
        let alerts = notice::alerts(&plan.notices, &self.settings.policies(), now);
        store.notice(plan.incidents, plan.forgotten, alerts).await
    }
}

/// The names of the feeds of `urls` that are imported and read, by address.
pub(super) async fn imported_names(
    store: &Store,
    task: &Task,
    urls: Vec<String>,
) -> Result<HashMap<String, String>, StoreError> {
    match &task.imported {
        Some(imported) if !urls.is_empty() => store.imported_names(urls, imported.replaced.clone()).await,
        _ => Ok(HashMap::new()),
    }
}

/// Whether the newest of `reports` are long enough for a drift: only then are more reports read.
fn is_long(reports: &[CycleReport]) -> bool {
    let newest = reports.iter().take(IN_A_ROW);
    newest.filter(|report| report.cycle.duration_ms > FLOOR_MS).count() == IN_A_ROW
}

/// Moves the state of the stories that `found` absorbed to its story.
fn absorb(states: &mut Vec<ChannelStoryState>, found: &StoredFinding) {
    for absorbed in &found.absorbed {
        let (theirs, mut rest): (Vec<ChannelStoryState>, Vec<ChannelStoryState>) =
            states.drain(..).partition(|states| states.story == *absorbed);
        for known in theirs {
            let same = |states: &ChannelStoryState| {
                states.story == found.story.id && states.channel == known.channel
            };
            match rest.iter_mut().find(|states| same(states)) {
                // As in the store: a waiting alert is moved, and the higher class stays.
                Some(ours) => {
                    ours.pending |= known.pending;
                    ours.class = ours.class.max(known.class);
                    ours.outlets = ours.outlets.max(known.outlets);
                    ours.event_date = ours.event_date.take().or(known.event_date);
                }
                None => rest.push(ChannelStoryState { story: found.story.id.clone(), ..known }),
            }
        }
        *states = rest;
    }
}
