//! The cycle's part in telling: what of a visit is queued with it, and what is delivered at the end.

use std::{path::PathBuf, pin::Pin, sync::Arc};

use jiff::Timestamp;

use crate::{
    alert::{self, Delivered, Delivery, Finding, HURRY, decide, deliver, notice},
    clock::Clock,
    figures::CycleReport,
    http::Poster,
    model::{ChannelStoryState, Source, StoredFinding},
    store::{Store, StoreError},
};

use super::Stop;

/// Cycles whose targets are looked at for the operator: a level rises and falls within three that measured it, and
/// not every cycle measures every target.
const CYCLES: usize = 12;

/// Tier of what no feed brought: a post, which anyone may write.
const NO_FEED: u8 = 3;

/// Whom a cycle tells, and by what.
#[derive(Clone)]
pub struct Notifier {
    /// Channels and manners.
    pub settings: Arc<alert::Settings>,
    /// The network to them.
    pub post: Arc<Poster>,
    /// Whose disk is watched.
    pub state_dir: PathBuf,
}

impl std::fmt::Debug for Notifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tell").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// How the telling went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NotifyOutcome {
    /// Messages.
    pub delivered: Delivered,
    /// Whether an alert has been due for longer than it may.
    pub overdue: bool,
    /// Set if the cycle was asked to stop meanwhile.
    pub stopped: Option<Stop>,
}

impl Notifier {
    /// Whether findings may be told to anyone, if one of them is not `silent`.
    #[must_use]
    pub fn may_alert(&self, mut silent: impl Iterator<Item = bool>) -> bool {
        !self.settings.channels.is_empty() && silent.any(|silent| !silent)
    }

    /// Puts into each of `placed` the alerts that it gives.
    pub async fn queue(
        &self,
        store: &Store,
        placed: &mut [StoredFinding],
        source: impl Fn(&str) -> Option<Arc<Source>>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if !self.may_alert(placed.iter().map(|placed| placed.record.suppress_alerts)) {
            return Ok(());
        }
        let ids = |placed: &StoredFinding| {
            placed.absorbed.iter().cloned().chain([placed.story.id.clone()]).collect::<Vec<_>>()
        };
        let mut states = store.channel_story_states(placed.iter().flat_map(ids).collect()).await?;
        for placed in placed {
            absorb(&mut states, placed);
            let source = source(&placed.record.source_url);
            let tags = source.as_ref().map(|source| source.tags.clone()).unwrap_or_default();
            let finding = Finding {
                detection: &placed.record.detection,
                story: &placed.story,
                tags: &tags,
                tier: source.map_or(NO_FEED, |source| source.tier),
                suppress_alerts: placed.record.suppress_alerts,
            };
            (placed.alerts, placed.channel_states) =
                decide(&self.settings.policies(), finding, &mut states, now);
        }
        Ok(())
    }

    /// Looks after the operator's news, then delivers what is due. `confirmed` is the time that earlier cycles confirm,
    /// `refused` has a sentence for each visit of this cycle that could not be saved.
    pub async fn end(
        &self,
        store: &Store,
        clock: &dyn Clock,
        sources: impl Fn(&str) -> Option<Arc<Source>>,
        confirmed: Timestamp,
        refused: &[String],
        mut stop: Option<Pin<&mut impl Future<Output = Stop>>>,
    ) -> Result<NotifyOutcome, StoreError> {
        let mut outcome = NotifyOutcome::default();
        if self.settings.channels.is_empty() {
            return Ok(outcome);
        }
        let now = clock.now();
        if self.settings.channels.iter().any(|channel| channel.policy.ops) {
            self.operate(store, sources, refused, (now, confirmed)).await?;
        }
        let (flag, asked) = tokio::sync::watch::channel(false);
        let hurried = stop.is_none();
        let delivery = Delivery {
            store,
            clock,
            post: &self.post,
            channels: &self.settings.channels,
            limit: if hurried { HURRY } else { self.settings.delivery_timeout },
            stop: asked,
            hurried,
            insist: false,
            confirmed,
        };
        let mut work = std::pin::pin!(deliver(&delivery));
        outcome.delivered = loop {
            match stop.as_mut() {
                None => break work.as_mut().await?,
                Some(asked) => tokio::select! {
                    biased;
                    why = asked => {
                        // What is being sent has a moment to end, so that it need not be sent again.
                        flag.send_replace(true);
                        tracing::info!("asked to stop: no further message is begun");
                        outcome.stopped = Some(why);
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

    /// Tells the operator of what is wrong: judged on what earlier cycles noted, so that it can be delivered
    /// with this one.
    async fn operate(
        &self,
        store: &Store,
        sources: impl Fn(&str) -> Option<Arc<Source>>,
        refused: &[String],
        (now, confirmed): (Timestamp, Timestamp),
    ) -> Result<(), StoreError> {
        let known = store.incidents().await?;
        let name = |url: &str| sources(url).map(|source| source.name.clone());
        let mut conditions = notice::feeds(&store.sources().await?, &name, confirmed);
        conditions.extend(notice::refused(refused, &known, now));
        let names = self.settings.names();
        let mut channels = store.channels().await?;
        channels.retain(|state| names.contains(&state.name));
        conditions.extend(notice::channels(&channels));
        let cycles = store.cycles(CYCLES).await?;
        let reports: Vec<CycleReport> =
            cycles.iter().filter_map(|cycle| serde_json::from_str(&cycle.report).ok()).collect();
        let targets: Vec<_> = reports.iter().map(|report| report.targets.clone()).collect();
        conditions.extend(notice::targets(&targets));
        let spent = reports.first().and_then(month_cost).unwrap_or(0.0);
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

/// What was known of stories that `placed` proved to be its own belongs to its story.
fn absorb(states: &mut Vec<ChannelStoryState>, placed: &StoredFinding) {
    for absorbed in &placed.absorbed {
        let (theirs, mut rest): (Vec<ChannelStoryState>, Vec<ChannelStoryState>) =
            states.drain(..).partition(|states| states.story == *absorbed);
        for known in theirs {
            let same = |states: &ChannelStoryState| {
                states.story == placed.story.id && states.channel == known.channel
            };
            match rest.iter_mut().find(|states| same(states)) {
                // As the store does it: an alert that waits is moved, and the louder one stays.
                Some(ours) => {
                    ours.pending |= known.pending;
                    ours.class = ours.class.max(known.class);
                    ours.outlets = ours.outlets.max(known.outlets);
                    ours.event_date = ours.event_date.take().or(known.event_date);
                }
                None => rest.push(ChannelStoryState { story: placed.story.id.clone(), ..known }),
            }
        }
        *states = rest;
    }
}

fn month_cost(report: &CycleReport) -> Option<f64> {
    let value = serde_json::to_value(&report.x).ok()?;
    value["month_cost_usd"].as_str()?.parse().ok()
}

/// Bytes that the disk of `dir` has left for us, where the system tells.
#[cfg(unix)]
fn free_bytes(dir: &std::path::Path) -> Option<u64> {
    let states = rustix::fs::statvfs(dir).ok()?;
    states.f_bavail.checked_mul(states.f_frsize)
}

#[cfg(not(unix))]
fn free_bytes(_: &std::path::Path) -> Option<u64> {
    None
}
