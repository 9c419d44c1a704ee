//! Adding up: what visits brought home, as the figures of the cycle. Pure.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    mem,
    time::Duration,
};

use jiff::Timestamp;

use crate::{
    figures::{
        CycleReport, StageHistograms, StageName,
        path::PathStep,
        report::{
            CacheFigures, CpuFigures, CycleFigures, DatabaseFigures, HttpFigures, MemoryFigures, Outcomes,
            SlowFigures, SourceFigures, SourceOutcome, Status,
        },
        saved::{self, Counted},
        targets,
    },
    http::Counts,
    model::{Detection, NOT_SAVED, Outlet},
    store::{CycleRecord, SourceResult, StatementTimes},
    visit::{self, ArticleVisit, FeedVisit, PageOutcome},
};

use super::{
    Stop, Task,
    plan::Plan,
    x_figures::{XEnd, x_figures, x_planned},
};

/// Sums under way.
#[derive(Debug, Default)]
pub struct ReportBuilder {
    report: CycleReport,
    /// What became of each source, by its place among them; `None` until its visit is home.
    lines: Vec<Option<SourceRow>>,
    /// Sources that are not asked because they failed lately.
    failing: u64,
    stages: StageHistograms,
    failures: BTreeMap<String, String>,
    /// Places of sources of which a page could not be saved.
    not_saved: BTreeSet<usize>,
    counted: Counted,
}

/// What became of a source.
#[derive(Debug, Default)]
struct SourceRow {
    /// Without the address.
    figures: SourceFigures,
    bytes: u64,
}

/// What is known only when the cycle is over.
pub struct CycleEnd<'a> {
    /// The cycle's number, if it is kept.
    pub id: Option<i64>,
    /// When it began.
    pub now: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// Whether it ran out of time.
    pub deadline_hit: bool,
    /// Whether it was asked to stop.
    pub stopped: Option<Stop>,
    /// Whether an alert has been due for longer than it may.
    pub overdue: bool,
    /// What the network room counted.
    pub http: Counts,
    /// Processor time so far, user and system, milliseconds.
    pub cpu_ms: Option<(u64, u64)>,
    /// What the database ran.
    pub statements: StatementTimes,
    /// Where the time went.
    pub critical_path: Vec<PathStep>,
    /// New detections, in the order they were saved.
    pub reported: Vec<Detection>,
    /// Peak memory, bytes.
    pub peak_rss_bytes: Option<u64>,
    /// What it was told to do.
    pub task: &'a Task,
    /// X, where its round came to an end.
    pub x: Option<XEnd>,
    /// What X would be asked, where this is only tried.
    pub x_planned: Option<visit::x::Preview>,
}

/// The finished sums.
pub struct FinishedReport {
    /// For people and programs.
    pub report: CycleReport,
    /// Sentences of the sources that failed, by address.
    pub failures: BTreeMap<String, String>,
    /// Times of its stages.
    pub stages: StageHistograms,
    /// Bytes each source sent, in the report's order.
    bytes: Vec<u64>,
}

/// Failure of a source whose visit was cut short by the deadline or a stop.
const UNFINISHED: &str = "unfinished";
/// Exit codes a cycle can end with by itself (docs/reference/commands.md#exit-codes).
const DEGRADED: u8 = 4;
const UNDELIVERED: u8 = 5;
const INTERRUPTED: u8 = 130;
const TERMINATED: u8 = 143;

impl ReportBuilder {
    /// Begins with what `plan` leaves alone and what it asks.
    pub fn new(plan: &Plan) -> Self {
        let mut report = Self::default();
        let total = plan.idle.len() + plan.asked.len();
        report.lines.resize_with(total, || None);
        for idle in &plan.idle {
            let outcome = if idle.fresh { SourceOutcome::Fresh } else { SourceOutcome::Waiting };
            let slot =
                if idle.fresh { &mut report.report.feeds.fresh } else { &mut report.report.feeds.waiting };
            *slot += 1;
            report.failing += u64::from(!idle.fresh && idle.failure.is_some());
            let figures = SourceFigures {
                outcome,
                failure: idle.failure.clone().filter(|_| !idle.fresh),
                status: idle.status,
                ..SourceFigures::default()
            };
            report.lines[idle.at] = Some(SourceRow { figures, bytes: 0 });
        }
        report.report.feeds.total = total as u64;
        report
    }

    /// The plan took this long.
    pub fn planned(&mut self, took: Duration) {
        self.stages.record(StageName::Plan, took);
    }

    /// A visit was saved in this time.
    pub fn committed(&mut self, took: Duration) {
        self.stages.record(StageName::Commit, took);
    }

    /// Alerts were delivered in this time.
    pub fn record_notify(&mut self, took: Duration) {
        self.stages.record(StageName::Alert, took);
    }

    /// X took this long to answer.
    pub fn x_fetch(&mut self, took: Duration) {
        self.stages.record(StageName::XFetch, took);
    }

    /// A page of the source at `url` could not be saved, for the reason in `sentence`; `at` is the source's place, if it
    /// is one of the settings' sources.
    pub fn not_saved(&mut self, at: Option<usize>, url: &str, sentence: &str) {
        self.not_saved.extend(at);
        self.failures.entry(url.to_owned()).or_insert_with(|| sentence.to_owned());
    }

    /// Counts the sources of which a page could not be saved as failed.
    fn demote(&mut self) {
        let feeds = &mut self.report.feeds;
        for at in &self.not_saved {
            let Some(line) = self.lines.get_mut(*at).and_then(Option::as_mut) else { continue };
            let slot = match line.figures.outcome {
                SourceOutcome::Fetched => &mut feeds.fetched,
                SourceOutcome::NotModified => &mut feeds.not_modified,
                SourceOutcome::Fresh => &mut feeds.fresh,
                SourceOutcome::Waiting => &mut feeds.waiting,
                SourceOutcome::Failed => continue,
            };
            *slot = slot.saturating_sub(1);
            if line.figures.outcome == SourceOutcome::Waiting && line.figures.failure.is_some() {
                self.failing = self.failing.saturating_sub(1);
            }
            feeds.failed += 1;
            line.figures.outcome = SourceOutcome::Failed;
            line.figures.failure = Some(NOT_SAVED.to_owned());
        }
    }

    /// A detection was assigned to a story, one that was there or a new one.
    pub fn placed(&mut self, joined: bool) {
        let stories = &mut self.report.stories;
        let slot = if joined { &mut stories.updated } else { &mut stories.new };
        *slot += 1;
    }

    /// Adds the visit of the source at that place among them.
    pub fn feed(&mut self, at: usize, url: &str, visit: &FeedVisit) {
        let figures = &visit.figures;
        self.stages(figures);
        let feeds = &mut self.report.feeds;
        feeds.bytes += figures.bytes;
        feeds.repaired += u64::from(figures.repaired);
        let (outcome, failure) = match &visit.outcome {
            visit::SourceOutcome::Fetched => (SourceOutcome::Fetched, None),
            visit::SourceOutcome::NotModified => (SourceOutcome::NotModified, None),
            visit::SourceOutcome::Failed { kind, sentence } => {
                self.failures.insert(url.to_owned(), sentence.clone());
                (SourceOutcome::Failed, Some((*kind).to_owned()))
            }
        };
        let slot = match outcome {
            SourceOutcome::Fetched => &mut feeds.fetched,
            SourceOutcome::NotModified => &mut feeds.not_modified,
            _ => &mut feeds.failed,
        };
        *slot += 1;
        let line = SourceFigures {
            url: String::new(),
            outcome,
            failure,
            status: visit.status,
            entries: figures.read.into(),
            new: figures.new.into(),
            ms: Some(figures.answer_ms.into()),
        };
        self.lines[at] = Some(SourceRow { figures: line, bytes: figures.bytes });
        let entries = &mut self.report.entries;
        entries.read += u64::from(figures.read);
        entries.new += u64::from(figures.new);
        entries.dropped_early += u64::from(figures.dropped);
        entries.candidates += u64::from(figures.new - figures.dropped);
        self.report.articles.from_feed += u64::from(figures.full_text);
        self.counted.dropped_early += u64::from(figures.pages_spared);
        self.counted.articles_from_feed += u64::from(figures.full_text);
    }

    /// Adds a page's visit, after which its entry may still be waiting.
    pub fn page(&mut self, visit: &ArticleVisit, still_waiting: bool) {
        self.stages(&visit.figures);
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

    fn stages(&mut self, figures: &visit::Figures) {
        for (stage, took) in &figures.stages {
            let name = match stage {
                visit::Stage::FeedFetch => StageName::FeedFetch,
                visit::Stage::FeedParse => StageName::FeedParse,
                visit::Stage::EarlyFilter => StageName::EarlyFilter,
                visit::Stage::ArticleFetch => StageName::ArticleFetch,
                visit::Stage::Extract => StageName::Extract,
                visit::Stage::Judge => StageName::Judge,
            };
            self.stages.record(name, *took);
        }
    }

    /// The report.
    pub fn sum(mut self, end: CycleEnd<'_>) -> FinishedReport {
        self.demote();
        let mut report = self.report;
        let unfinished = self.lines.iter().filter(|line| line.is_none()).count() as u64;
        report.feeds.waiting += unfinished;
        // X counts as one source more: alone it decides, beside many feeds it does not.
        let x_failed = u64::from(end.x.as_ref().is_some_and(|x| x.problem.is_some()));
        let bad = report.feeds.failed + self.failing + unfinished + x_failed;
        let degraded = is_degraded(
            bad,
            report.feeds.total + u64::from(end.x.is_some()),
            end.task.settings.max_failed_ratio,
        );
        let exit_code = match end.stopped {
            Some(Stop::Interrupted) => INTERRUPTED,
            Some(Stop::Terminated) => TERMINATED,
            None if end.overdue => UNDELIVERED,
            None if degraded => DEGRADED,
            None => 0,
        };
        report.cycle = CycleFigures {
            id: end.id.unwrap_or(0),
            started_at: end.now,
            duration_ms: u64::try_from(end.took.as_millis()).unwrap_or(u64::MAX),
            status: if degraded || end.deadline_hit { Status::Degraded } else { Status::Ok },
            deadline_hit: end.deadline_hit,
            exit_code,
        };
        let http = end.http;
        let outcomes = Outcomes {
            success: http.success,
            not_modified: http.not_modified,
            client_error: http.client_error,
            too_many: http.rate_limited,
            server_error: http.server_error,
            error: http.error,
        };
        report.http = HttpFigures::new(
            http.requests,
            http.connections_opened,
            http.retries,
            http.bytes_received,
            outcomes,
        )
        .over(http.origins, http.conditional);
        let fresh = report.feeds.fresh + report.articles.from_cache;
        let revalidated = report.feeds.not_modified + report.articles.not_modified;
        let misses = report.feeds.fetched + report.articles.fetched;
        report.cache = CacheFigures::new(fresh + revalidated + misses, fresh, revalidated, misses);
        self.counted.requests = http.requests;
        if let Some(x) = end.x {
            // What asks for X's own count is no call that could be saved.
            self.counted.x_calls = x.figures.calls.saturating_sub(x.figures.usage);
            self.counted.x_accounts = x.figures.accounts_read;
            self.counted.x_searches = x.figures.searches_read;
            report.x = x_figures(x);
        }
        report.x.planned = end.x_planned.as_ref().map(x_planned);
        report.calls = saved::calls(&self.counted);
        report.cpu =
            CpuFigures { user_ms: end.cpu_ms.map(|cpu| cpu.0), system_ms: end.cpu_ms.map(|cpu| cpu.1) };
        let slow = end.statements.slow.into_iter();
        let slow = slow.map(|one| SlowFigures { name: one.name, count: one.count, max_ms: one.max_ms });
        report.database = DatabaseFigures::new(&end.statements.durations_ms, slow.collect());
        report.critical_path = end.critical_path;
        report.memory = MemoryFigures { peak_rss_bytes: end.peak_rss_bytes };
        report.stages_ms = self.stages.times();
        report.detections = one_per_story(end.reported);
        let mut bytes = Vec::with_capacity(self.lines.len());
        for (source, line) in end.task.sources.iter().zip(self.lines) {
            let line = line.unwrap_or_else(unfinished_line);
            report.sources.push(SourceFigures { url: source.url.clone(), ..line.figures });
            bytes.push(line.bytes);
        }
        report.targets = targets::judge(&end.task.targets, &report);
        FinishedReport { report, failures: self.failures, stages: self.stages, bytes }
    }
}

impl FinishedReport {
    /// What the database keeps of it, as cycle `id`.
    pub fn record(&mut self, id: i64) -> CycleRecord {
        let asked = [SourceOutcome::Fetched, SourceOutcome::NotModified, SourceOutcome::Failed];
        let lines = self.report.sources.iter().zip(&self.bytes);
        let results = lines.filter(|(line, _)| asked.contains(&line.outcome));
        let narrow = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
        let sources = results.map(|(line, bytes)| SourceResult {
            url: line.url.clone(),
            outcome: match line.outcome {
                SourceOutcome::Failed => "failed",
                SourceOutcome::NotModified => "not_modified",
                _ => "fetched",
            }
            .to_owned(),
            failure: line.failure.clone(),
            status: line.status,
            entries: narrow(line.entries),
            new: narrow(line.new),
            ms: narrow(line.ms.unwrap_or(0)),
            bytes: *bytes,
        });
        let (rows, cycle) = (sources.collect(), &self.report.cycle);
        let (duration_ms, exit_code) = (cycle.duration_ms, cycle.exit_code);
        let status = if cycle.status == Status::Ok { "ok" } else { "degraded" }.to_owned();
        // The two lists have tables of their own.
        let lists = (mem::take(&mut self.report.sources), mem::take(&mut self.report.detections));
        // Plain data with string keys always serialises.
        let report = serde_json::to_string(&self.report).unwrap_or_default();
        (self.report.sources, self.report.detections) = lists;
        let histograms = self.stages.to_bytes();
        CycleRecord {
            id,
            duration_ms,
            status,
            exit_code,
            report,
            histograms,
            sources: rows,
            sums: Vec::new(),
        }
    }
}

/// One detection for each story, the best-scored; the others become its further outlets.
fn one_per_story(detections: Vec<Detection>) -> Vec<Detection> {
    let mut heads: Vec<Detection> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for detection in detections {
        let Some(place) = places.get(&detection.story_id) else {
            places.insert(detection.story_id.clone(), heads.len());
            heads.push(detection);
            continue;
        };
        let head = &mut heads[*place];
        let other = if detection.score > head.score { std::mem::replace(head, detection) } else { detection };
        head.class = head.class.max(other.class);
        let carried = Outlet { url: other.url, source: other.source, published_at: other.published_at };
        for outlet in other.also_at.into_iter().chain([carried]) {
            if outlet.url != head.url && head.also_at.iter().all(|known| known.url != outlet.url) {
                head.also_at.push(outlet);
            }
        }
    }
    heads
}

/// What is said of a source whose visit was cut short.
fn unfinished_line() -> SourceRow {
    let failure = Some(UNFINISHED.to_owned());
    let figures = SourceFigures { outcome: SourceOutcome::Waiting, failure, ..SourceFigures::default() };
    SourceRow { figures, bytes: 0 }
}

/// Whether so many sources failed, or wait after failing, that the cycle did not do its work.
fn is_degraded(bad: u64, total: u64, max_ratio: f64) -> bool {
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
