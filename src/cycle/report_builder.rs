//! Turns visits into the report of the cycle and decides its exit code. Pure.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    mem,
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;

use crate::{
    exit::Exit,
    figures::{
        CycleReport, StageHistograms, StageName, Unfinished,
        level::{Level, level_of},
        path::PathStep,
        report::{
            CacheFigures, ClassFigures, CpuFigures, CycleFigures, DatabaseFigures, HttpFigures,
            MemoryFigures, Outcomes, Purposes, SourceFigures,
        },
        saved::{self, Counted},
        targets::{self, Recent, Target},
    },
    http::Counts,
    model::{CycleStatus, Detection, FailureKind, Outlet, Source, SourceStatus},
    store::{EarlierCycles, StatementTimes},
    visit::{self, ArticleVisit, CacheCounts, FeedVisit, PageOutcome, SourceOutcome},
};

use super::{
    Stop, Task,
    plan::Plan,
    x_figures::{XEnd, x_figures, x_planned},
};

#[derive(Debug, Default)]
pub struct ReportBuilder {
    report: CycleReport,
    /// In the order of the sources; `None` until the visit has finished.
    rows: Vec<Option<SourceRow>>,
    /// Sources that are not requested because they failed lately.
    failing: u64,
    stages: StageHistograms,
    failures: BTreeMap<String, String>,
    /// Positions of sources of which a page could not be saved.
    not_saved: BTreeSet<usize>,
    counted: Counted,
}

#[derive(Debug, Default)]
struct SourceRow {
    /// Without the address, which the settings have.
    figures: SourceFigures,
    bytes: u64,
}

/// The facts of a finished cycle that are in no visit.
pub struct CycleEnd<'a> {
    /// `None` in a dry run.
    pub id: Option<i64>,
    pub started_at: Timestamp,
    pub took: Duration,
    pub deadline_hit: bool,
    pub stopped: Option<Stop>,
    /// Whether an alert has been due for longer than `alerts.outbox_max_age`.
    pub overdue: bool,
    pub http: Counts,
    /// Requests to alert channels.
    pub posted: u64,
    pub cache: CacheCounts,
    /// Whether the fingerprint of the settings differs from that of the cycle before.
    pub settings_changed: bool,
    /// Processor time, user and system.
    pub cpu_ms: Option<(u64, u64)>,
    pub statements: StatementTimes,
    pub database_bytes: u64,
    pub earlier: EarlierCycles,
    pub critical_path: Vec<PathStep>,
    pub unfinished: Vec<Unfinished>,
    /// New detections, in the order they were saved.
    pub detections: Vec<Detection>,
    pub peak_rss_bytes: Option<u64>,
    pub task: &'a Task,
    /// In the order of the plan.
    pub sources: &'a [Arc<Source>],
    /// Targets of earlier cycles, oldest first; empty unless missed targets decide the exit code.
    pub earlier_targets: Vec<Vec<Target>>,
    /// `None` where X was not read.
    pub x: Option<XEnd>,
    /// Set in a dry run.
    pub x_planned: Option<visit::x::Preview>,
}

/// A report with what the cycle needs beside it.
pub struct FinishedReport {
    pub report: CycleReport,
    pub exit: Exit,
    /// Sentences of the sources that failed, by address.
    pub failures: BTreeMap<String, String>,
    pub stages: StageHistograms,
    /// Bytes of each source, in the report's order.
    pub bytes: Vec<u64>,
}

/// Failure of a source whose visit the deadline or a signal cut short.
const UNFINISHED: &str = "unfinished";

impl ReportBuilder {
    /// With the sources of `plan` that are not requested.
    pub fn new(plan: &Plan) -> Self {
        let mut report = Self::default();
        let total = plan.idle.len() + plan.asked.len();
        report.rows.resize_with(total, || None);
        for idle in &plan.idle {
            let outcome = if idle.fresh { SourceStatus::Fresh } else { SourceStatus::Waiting };
            *report.counter(outcome) += 1;
            report.failing += u64::from(!idle.fresh && idle.failure.is_some());
            let figures = SourceFigures {
                outcome,
                failure: idle.failure.as_ref().filter(|_| !idle.fresh).map(ToString::to_string),
                status: idle.status,
                ..SourceFigures::default()
            };
            report.rows[idle.at] = Some(SourceRow { figures, bytes: 0 });
        }
        let others = plan.idle_imported;
        let feeds = &mut report.report.feeds;
        feeds.total = total as u64 + others.total;
        feeds.fresh += others.fresh;
        feeds.waiting += others.total - others.fresh;
        report.failing += others.failing;
        report
    }

    pub fn record(&mut self, stage: StageName, took: Duration) {
        self.stages.record(stage, took);
    }

    /// The counter of the sources with that outcome.
    fn counter(&mut self, outcome: SourceStatus) -> &mut u64 {
        let feeds = &mut self.report.feeds;
        match outcome {
            SourceStatus::Fetched => &mut feeds.fetched,
            SourceStatus::NotModified => &mut feeds.not_modified,
            SourceStatus::Fresh => &mut feeds.fresh,
            SourceStatus::Waiting => &mut feeds.waiting,
            SourceStatus::Failed => &mut feeds.failed,
        }
    }

    /// Records that a page of the source at `url` could not be saved. `at` is the source's position; `None` if it is not
    /// in the settings.
    pub fn not_saved(&mut self, at: Option<usize>, url: &str, sentence: &str) {
        self.not_saved.extend(at);
        self.failures.entry(url.to_owned()).or_insert_with(|| sentence.to_owned());
    }

    /// Counts the sources of which a page could not be saved as failed.
    fn fail_unsaved(&mut self) {
        for at in mem::take(&mut self.not_saved) {
            let Some(row) = self.rows.get_mut(at).and_then(Option::as_mut) else { continue };
            if row.figures.outcome == SourceStatus::Failed {
                continue;
            }
            let before = mem::replace(&mut row.figures.outcome, SourceStatus::Failed);
            let failure = row.figures.failure.replace(FailureKind::NotSaved.to_string());
            if before == SourceStatus::Waiting && failure.is_some() {
                self.failing = self.failing.saturating_sub(1);
            }
            *self.counter(before) -= 1;
            *self.counter(SourceStatus::Failed) += 1;
        }
    }

    /// Counts a new detection, whose story was there before or not.
    pub fn add_detection(&mut self, joined: bool) {
        let stories = &mut self.report.stories;
        let counter = if joined { &mut stories.updated } else { &mut stories.new };
        *counter += 1;
    }

    /// Adds the visit of the source at position `at`.
    pub fn add_feed(&mut self, at: usize, url: &str, visit: &FeedVisit) {
        let figures = &visit.figures;
        self.record_stages(figures);
        self.report.feeds.bytes += figures.bytes;
        self.report.feeds.repaired += u64::from(figures.repaired);
        let (outcome, failure) = match &visit.outcome {
            SourceOutcome::Fetched => (SourceStatus::Fetched, None),
            SourceOutcome::NotModified => (SourceStatus::NotModified, None),
            SourceOutcome::Failed { kind, sentence } => {
                self.failures.insert(url.to_owned(), sentence.clone());
                (SourceStatus::Failed, Some(kind.to_string()))
            }
        };
        *self.counter(outcome) += 1;
        let row = SourceFigures {
            url: String::new(),
            outcome,
            failure,
            status: visit.status,
            entries: figures.read.into(),
            new: figures.new.into(),
            ms: Some(figures.answer_ms.into()),
        };
        self.rows[at] = Some(SourceRow { figures: row, bytes: figures.bytes });
        let entries = &mut self.report.entries;
        entries.read += u64::from(figures.read);
        entries.new += u64::from(figures.new);
        entries.dropped_early += u64::from(figures.dropped);
        entries.candidates += u64::from(figures.new - figures.dropped);
        self.report.articles.from_feed += u64::from(figures.full_text);
        self.counted.dropped_early += u64::from(figures.pages_spared);
        self.counted.articles_from_feed += u64::from(figures.full_text);
    }

    /// Adds the visit of a page, after which its entry may still be waiting.
    pub fn add_page(&mut self, visit: &ArticleVisit, still_waiting: bool) {
        self.record_stages(&visit.figures);
        let articles = &mut self.report.articles;
        articles.bytes += visit.figures.bytes;
        match visit.outcome {
            PageOutcome::Fetched => articles.fetched += 1,
            PageOutcome::NotModified => articles.not_modified += 1,
            PageOutcome::FromCache => {
                articles.from_cache += 1;
                self.counted.articles_from_cache += 1;
            }
            PageOutcome::Shared => {
                articles.from_cache += 1;
                self.counted.articles_shared += 1;
            }
            PageOutcome::Failed(_) => articles.failed += 1,
        }
        self.report.entries.waiting += u64::from(still_waiting);
    }

    fn record_stages(&mut self, figures: &visit::Figures) {
        for (stage, took) in &figures.stages {
            self.stages.record(*stage, *took);
        }
    }

    /// The outcomes of the sources that are programs.
    fn of_programs(rows: &[Option<SourceRow>], sources: &[Arc<Source>]) -> Vec<SourceStatus> {
        let rows = sources.iter().zip(rows).filter(|(source, _)| source.is_program());
        rows.filter_map(|(_, row)| Some(row.as_ref()?.figures.outcome)).collect()
    }

    pub fn finish(mut self, end: CycleEnd<'_>) -> FinishedReport {
        self.fail_unsaved();
        let mut report = self.report;
        let unfinished = self.rows.iter().filter(|row| row.is_none()).count() as u64;
        report.feeds.waiting += unfinished;
        // X counts as one more source: alone it decides, among many feeds it does not.
        let x_failed = u64::from(end.x.as_ref().is_some_and(|x| x.problem.is_some()));
        let bad = report.feeds.failed + self.failing + unfinished + x_failed;
        let degraded = is_degraded(
            bad,
            report.feeds.total + u64::from(end.x.is_some()),
            end.task.settings.max_failed_ratio,
        );
        report.cycle = CycleFigures {
            id: end.id.unwrap_or(0),
            started_at: end.started_at,
            gap_s: end
                .earlier
                .started_at
                .and_then(|earlier| u64::try_from(end.started_at.duration_since(earlier).as_secs()).ok()),
            duration_ms: u64::try_from(end.took.as_millis()).unwrap_or(u64::MAX),
            status: if degraded || end.deadline_hit { CycleStatus::Degraded } else { CycleStatus::Ok },
            deadline_hit: end.deadline_hit,
            exit_code: 0,
            settings: end.task.fingerprint.clone(),
            settings_changed: end.settings_changed,
        };
        let http = end.http;
        report.http = http_figures(http, end.posted);
        let fresh = report.feeds.fresh + report.articles.from_cache;
        let revalidated = report.feeds.not_modified + report.articles.not_modified;
        let misses = report.feeds.fetched + report.articles.fetched;
        // The run of a program is neither a request nor the look-up of a stored answer.
        let programs = Self::of_programs(&self.rows, end.sources);
        let count = |outcome| programs.iter().filter(|known| **known == outcome).count() as u64;
        let (fresh, misses) = (fresh - count(SourceStatus::Fresh), misses - count(SourceStatus::Fetched));
        report.cache = CacheFigures {
            memory_pages: Some(end.cache.pages),
            memory_bytes: Some(end.cache.bytes),
            memory_evictions: Some(end.cache.evictions),
            robots_hits: Some(end.cache.robots_hits),
            ..CacheFigures::new(fresh, revalidated, misses)
        };
        self.counted.requests = http.requests;
        if let Some(x) = end.x {
            // A call to X's usage endpoint could not be saved.
            self.counted.x_calls = x.figures.calls.saturating_sub(x.figures.usage);
            self.counted.x_accounts = x.figures.accounts_read;
            self.counted.x_searches = x.figures.searches_read;
            self.counted.x_authors = x.figures.authors_read;
            report.x = x_figures(x);
        }
        report.x.planned = end.x_planned.as_ref().map(x_planned);
        report.calls = saved::calls(&self.counted);
        report.cpu =
            CpuFigures { user_ms: end.cpu_ms.map(|cpu| cpu.0), system_ms: end.cpu_ms.map(|cpu| cpu.1) };
        report.database = DatabaseFigures {
            bytes: Some(end.database_bytes),
            ..DatabaseFigures::new(&end.statements.durations_ms, end.statements.slow)
        };
        report.critical_path = end.critical_path;
        report.unfinished = end.unfinished;
        report.memory = MemoryFigures { peak_rss_bytes: end.peak_rss_bytes };
        report.stages_ms = self.stages.times();
        report.detections = one_per_story(end.detections);
        report.detections_by_class = ClassFigures::of(&report.detections);
        let mut bytes = Vec::with_capacity(self.rows.len());
        for (source, row) in end.sources.iter().zip(self.rows) {
            let row = row.unwrap_or_else(unfinished_row);
            report.sources.push(SourceFigures { url: source.url.clone(), ..row.figures });
            bytes.push(row.bytes);
        }
        let recent = Recent {
            cycles: end.earlier.cycles + 1,
            ok: end.earlier.ok + u64::from(report.cycle.status == CycleStatus::Ok),
        };
        report.targets = targets::judge(&end.task.targets, &report, recent);
        let strictness = end.task.strictness;
        let exit = match end.stopped {
            Some(stop) => stop.exit(),
            None if end.overdue => Exit::Undelivered,
            None if degraded
                || strictness.sources && report.feeds.failed + x_failed > 0
                || strictness.targets && any_warning(&report.targets, &end.earlier_targets) =>
            {
                Exit::Degraded
            }
            None => Exit::Success,
        };
        report.cycle.exit_code = exit.code();
        FinishedReport { report, exit, failures: self.failures, stages: self.stages, bytes }
    }
}

fn http_figures(http: Counts, posted: u64) -> HttpFigures {
    HttpFigures {
        requests: http.requests,
        connections_opened: http.connections_opened,
        retries: http.retries,
        bytes_received: http.bytes_received,
        outcomes: Outcomes {
            success: http.success,
            not_modified: http.not_modified,
            client_error: http.client_error,
            too_many: http.rate_limited,
            server_error: http.server_error,
            error: http.error,
        },
        conditional: http.conditional,
        origins: http.origins,
        by_purpose: Purposes {
            feeds: Some(http.feeds),
            pages: Some(http.pages),
            robots: Some(http.robots),
            x: Some(http.api),
            channels: Some(posted),
        },
        bytes_encoded: Some(http.bytes_encoded),
        bytes_decoded: Some(http.bytes_decoded),
        ..HttpFigures::default()
    }
    .with_ratios()
}

/// One detection for each story; the others become its further outlets.
fn one_per_story(detections: Vec<Detection>) -> Vec<Detection> {
    let mut stories: Vec<Vec<Detection>> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for detection in detections {
        let place = *places.entry(detection.story_id.clone()).or_insert(stories.len());
        if place == stories.len() {
            stories.push(Vec::new());
        }
        stories[place].push(detection);
    }
    let head = |mentions: Vec<Detection>| {
        let earlier: Vec<Outlet> = mentions.iter().flat_map(|mention| mention.also_at.clone()).collect();
        let mut head = Detection::head(mentions)?;
        for outlet in earlier.into_iter().chain(mem::take(&mut head.also_at)) {
            if outlet.url != head.url && head.also_at.iter().all(|known| known.url != outlet.url) {
                head.also_at.push(outlet);
            }
        }
        Some(head)
    };
    stories.into_iter().filter_map(head).collect()
}

fn unfinished_row() -> SourceRow {
    let failure = Some(UNFINISHED.to_owned());
    let figures = SourceFigures { outcome: SourceStatus::Waiting, failure, ..SourceFigures::default() };
    SourceRow { figures, bytes: 0 }
}

/// Whether a target is at level `warning` or worse after this cycle.
fn any_warning(targets: &[Target], earlier: &[Vec<Target>]) -> bool {
    targets.iter().any(|target| {
        let cycles = earlier.iter().map(Vec::as_slice).chain([targets]);
        level_of(target.name, cycles) >= Level::Warning
    })
}

/// Whether all sources, or a larger share than `max_ratio`, failed or wait after a failure.
pub(crate) fn is_degraded(bad: u64, total: u64, max_ratio: f64) -> bool {
    total > 0 && bad > 0 && (bad == total || bad as f64 / total as f64 > max_ratio)
}

#[cfg(test)]
mod tests {
    use super::is_degraded;

    #[test]
    fn a_cycle_is_degraded_when_all_or_too_many_sources_failed() {
        assert!(!is_degraded(0, 0, 0.5) && !is_degraded(0, 10, 0.0));
        assert!(!is_degraded(5, 10, 0.5) && is_degraded(6, 10, 0.5));
        assert!(is_degraded(1, 1, 1.0));
    }
}
