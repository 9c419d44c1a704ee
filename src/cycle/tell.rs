//! The cycle's part in telling: what of a visit is queued with it, and what is delivered at the end.

use std::{
    path::PathBuf,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;

use crate::{
    alert::{self, Delivered, Delivery, Finding, decide, deliver, notice},
    clock::Clock,
    figures::CycleReport,
    http::Post,
    model::{Commit, Source, Told},
    store::{Store, StoreError},
};

use super::{Stop, place::Placed};

/// Time for delivering once the cycle was asked to stop.
const HURRY: Duration = Duration::from_secs(5);
/// Cycles whose targets are looked at for the operator: a level rises and falls within three that measured it, and
/// not every cycle measures every target.
const CYCLES: usize = 12;

/// Tier of what no feed brought: a post, which anyone may write.
const NO_FEED: u8 = 3;

/// Whom a cycle tells, and by what.
#[derive(Clone)]
pub struct Tell {
    /// Channels and manners.
    pub settings: Arc<alert::Settings>,
    /// The network to them.
    pub post: Arc<dyn Post>,
    /// Whose disk is watched.
    pub state_dir: PathBuf,
}

impl std::fmt::Debug for Tell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tell").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// How the telling went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Telling {
    /// Messages.
    pub delivered: Delivered,
    /// Whether an alert has been due for longer than it may.
    pub overdue: bool,
    /// Set if the cycle was asked to stop meanwhile.
    pub stopped: Option<Stop>,
}

impl Tell {
    /// Whether anything of `placed` may be told to anyone.
    #[must_use]
    pub fn speaks_of(&self, placed: &[Placed]) -> bool {
        !self.settings.channels.is_empty() && placed.iter().any(|placed| !placed.record.silent)
    }

    /// Puts into `commit` what is to be told of `placed`.
    pub async fn queue(
        &self,
        store: &Store,
        placed: &[Placed],
        source: impl Fn(&str) -> Option<Arc<Source>>,
        now: Timestamp,
        commit: &mut Commit,
    ) -> Result<(), StoreError> {
        if !self.speaks_of(placed) {
            return Ok(());
        }
        let ids = |placed: &Placed| {
            placed.absorbed.iter().cloned().chain([placed.story.id.clone()]).collect::<Vec<_>>()
        };
        let mut told = store.told(placed.iter().flat_map(ids).collect()).await?;
        for placed in placed {
            absorb(&mut told, placed);
            let source = source(&placed.record.source_url);
            let tags = source.as_ref().map(|source| source.tags.clone()).unwrap_or_default();
            let finding = Finding {
                detection: &placed.record.detection,
                story: &placed.story,
                tags: &tags,
                tier: source.map_or(NO_FEED, |source| source.tier),
                silent: placed.record.silent,
            };
            let (alerts, changed) = decide(&self.settings.loudness(), finding, &mut told, now);
            commit.alerts.extend(alerts);
            commit.told.extend(changed);
        }
        Ok(())
    }

    /// Looks after the operator's news, then delivers what is due.
    pub async fn end<C: Clock>(
        &self,
        store: &Store,
        clock: &C,
        sources: impl Fn(&str) -> Option<Arc<Source>>,
        mut stop: Option<Pin<&mut impl Future<Output = Stop>>>,
    ) -> Result<Telling, StoreError> {
        let mut telling = Telling::default();
        if self.settings.channels.is_empty() {
            return Ok(telling);
        }
        let now = clock.now();
        if self.settings.channels.iter().any(|channel| channel.loudness.ops) {
            self.operate(store, sources, now).await?;
        }
        let flag = AtomicBool::new(false);
        let hurried = stop.is_none();
        let delivery = Delivery {
            store,
            clock,
            post: self.post.as_ref(),
            channels: &self.settings.channels,
            limit: if hurried { HURRY } else { self.settings.delivery_timeout },
            stop: &flag,
            insist: false,
        };
        let mut work = std::pin::pin!(deliver(&delivery));
        telling.delivered = loop {
            match stop.as_mut() {
                None => break work.as_mut().await?,
                Some(asked) => tokio::select! {
                    biased;
                    why = asked => {
                        // What is being sent is sent to its end, so that nothing comes twice.
                        flag.store(true, Ordering::Relaxed);
                        tracing::info!("asked to stop: no further message is begun");
                        telling.stopped = Some(why);
                        stop = None;
                    }
                    done = &mut work => break done?,
                },
            }
        };
        let oldest = store.oldest_due(self.settings.names()).await?;
        telling.overdue = oldest.is_some_and(|due| due + self.settings.outbox_max_age < clock.now());
        Ok(telling)
    }

    /// Tells the operator of what is wrong: judged on what earlier cycles noted, so that it can be delivered
    /// with this one.
    async fn operate(
        &self,
        store: &Store,
        sources: impl Fn(&str) -> Option<Arc<Source>>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let known = store.matters().await?;
        let name = |url: &str| sources(url).map(|source| source.name.clone());
        let mut troubles = notice::feeds(&store.sources().await?, &name, now);
        let names = self.settings.names();
        let mut channels = store.channels().await?;
        channels.retain(|state| names.contains(&state.name));
        troubles.extend(notice::channels(&channels));
        let cycles = store.cycles(CYCLES).await?;
        let reports: Vec<CycleReport> =
            cycles.iter().filter_map(|cycle| serde_json::from_str(&cycle.report).ok()).collect();
        let targets: Vec<_> = reports.iter().map(|report| report.targets.clone()).collect();
        troubles.extend(notice::targets(&targets));
        let spent = reports.first().and_then(month_cost).unwrap_or(0.0);
        troubles.extend(notice::budget(spent, self.settings.budget_usd));
        if let Some(free) = free_bytes(&self.state_dir) {
            troubles.extend(notice::disk(free, self.settings.disk_free, &known));
        }
        let noticed = notice::notices(&troubles, &known, now);
        if noticed == notice::Noticed::default() {
            return Ok(());
        }
        let alerts = notice::alerts(&noticed.notices, &self.settings.loudness(), now);
        store.notice(noticed.matters, noticed.forgotten, alerts).await
    }
}

/// What was known of stories that `placed` proved to be its own belongs to its story.
fn absorb(told: &mut Vec<Told>, placed: &Placed) {
    for absorbed in &placed.absorbed {
        let (theirs, mut rest): (Vec<Told>, Vec<Told>) =
            told.drain(..).partition(|told| told.story == *absorbed);
        for known in theirs {
            let same = |told: &Told| told.story == placed.story.id && told.channel == known.channel;
            if !rest.iter().any(same) {
                rest.push(Told { story: placed.story.id.clone(), ..known });
            }
        }
        *told = rest;
    }
}

fn month_cost(report: &CycleReport) -> Option<f64> {
    let value = serde_json::to_value(&report.x).ok()?;
    value["month_cost_usd"].as_str()?.parse().ok()
}

/// Bytes that the disk of `dir` has left for us, where the system tells.
#[cfg(unix)]
fn free_bytes(dir: &std::path::Path) -> Option<u64> {
    let told = rustix::fs::statvfs(dir).ok()?;
    told.f_bavail.checked_mul(told.f_frsize)
}

#[cfg(not(unix))]
fn free_bytes(_: &std::path::Path) -> Option<u64> {
    None
}
