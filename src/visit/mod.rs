//! One source or one page, from request to verdict.
//!
//! The visit of a feed or page reads the store and does not write it: its results are a [`Commit`], which the cycle
//! saves. A session with X ([`x`]) also records each call itself
//! (docs/explain/decisions/0034-x-calls-are-recorded-at-once.md).

mod article;
mod feed;
mod identity;
mod labels;
mod page_cache;
mod parse_pool;
mod reword;
mod schedule;
pub mod x;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;

use crate::{
    clock::Clock,
    detect::{Rules, feedback::Feedback},
    figures::{StageName, path::Phase},
    http::{Client, FetchStats},
    model::{Commit, EntryKey, EntryRecord, FailureKind, Kind, Verdict},
    store::Store,
};

pub use article::{explain_kept, judge_kept, visit_article};
pub(crate) use feed::program;
pub use feed::visit_feed;
pub use labels::Labels;
pub(crate) use labels::load_labels;
pub use page_cache::{CacheCounts, PageCache, page_key};
pub use parse_pool::ParsePool;
pub use reword::{is_other_launch, of_other_words};
pub use schedule::{Due, after_not_saved, due, next_address};
pub(crate) use schedule::{LONGEST, PollBounds, SLACK};

/// Characters of a text that are stored: classification reads the first 1,200 and outputs show fewer.
const KEPT: usize = 4000;

/// The first [`KEPT`] characters of `text`.
fn kept(text: &str) -> &str {
    text.char_indices().nth(KEPT).map_or(text, |(end, _)| &text[..end])
}

/// Settings of the cache (docs/reference/settings.md#cache).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Bytes the memory level of the article cache may hold.
    pub memory_limit: u64,
    /// Shortest time between two requests for one feed.
    pub feed_ttl: Duration,
    /// Longest time between two requests for a feed with few entries, unless its publisher asks for a longer one.
    pub feed_ttl_max: Duration,
    /// How long a stored article is used without a request.
    pub article_ttl: Duration,
    /// How many of the newest entries of a new source may send alerts.
    pub catch_up: usize,
    /// Whether all savings are off, for measurements: no validators, no early filter, no page from a cache, from the feed's
    /// own text or from another visit.
    pub without_savings: bool,
    /// Sources whose caches this run ignores.
    pub refresh: Refresh,
}

/// Sources that are fetched as if nothing of them were stored. Waits that hosts asked for still apply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Refresh {
    /// No source.
    #[default]
    Nothing,
    /// Every source.
    Everything,
    /// The sources with these addresses.
    Sources(Vec<String>),
}

impl Refresh {
    /// Whether the source at `url` is one of them.
    #[must_use]
    pub fn covers(&self, url: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Everything => true,
            Self::Sources(urls) => urls.iter().any(|known| known == url),
        }
    }
}

/// What the visits of a run share.
pub struct Context {
    /// The network.
    pub http: Client,
    /// The database.
    pub store: Store,
    /// The rules of classification.
    pub rules: Arc<Rules>,
    /// The crawler name for robots.txt.
    pub user_agent: String,
    /// The threads that parse bodies.
    pub parsers: ParsePool,
    /// Articles and robots.txt files, requested at most once a run.
    pub pages: PageCache,
    /// The user's labels.
    pub labels: Labels,
    /// The settings of the cache.
    pub settings: Settings,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Context {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Runs `judge` on a thread of the parse pool, and records its time: the encoder needs many milliseconds for a text,
    /// in which the network thread would serve no other visit.
    async fn judge<T: Send + 'static>(
        &self,
        figures: &mut Figures,
        judge: impl FnOnce(&Rules, &Feedback) -> T + Send + 'static,
    ) -> T {
        let feedback = Arc::clone(self.labels.feedback(&self.store, &self.rules).await);
        let rules = Arc::clone(&self.rules);
        let timed = move || {
            let start = Instant::now();
            let judged = judge(&rules, &feedback);
            (judged, start, start.elapsed())
        };
        let (judged, start, took) = self.parsers.run(timed).await;
        figures.timed(StageName::Judge, start, took);
        judged
    }
}

/// How the visit of a source ended (docs/reference/outputs.md#sources).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceOutcome {
    /// A body came.
    Fetched,
    /// 304.
    NotModified,
    /// Nothing usable came.
    Failed {
        /// For outputs and the database.
        kind: FailureKind,
        /// For people.
        sentence: String,
    },
}

/// The results of a feed's visit.
#[derive(Debug)]
pub struct FeedVisit {
    /// How it ended.
    pub outcome: SourceOutcome,
    /// Last status code.
    pub status: Option<u16>,
    /// To be saved. The articles of its waiting entries are visited next.
    pub commit: Commit,
    /// Findings that needed no article.
    pub found: Vec<Finding>,
    /// The figures.
    pub figures: Figures,
}

impl FeedVisit {
    /// The visit without its entries; its request still counts.
    #[must_use]
    pub fn without_entries(self) -> Self {
        let figures =
            Figures { new: 0, dropped: 0, pages_spared: 0, full_text: 0, repaired: false, ..self.figures };
        Self { commit: Commit::default(), found: Vec::new(), figures, ..self }
    }
}

/// The results of a page's visit.
#[derive(Debug)]
pub struct ArticleVisit {
    /// Where the page came from.
    pub outcome: PageOutcome,
    /// To be saved.
    pub commit: Commit,
    /// The finding, if its text is one.
    pub found: Option<Finding>,
    /// The figures.
    pub figures: Figures,
}

/// Where an article came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageOutcome {
    /// A request brought it.
    Fetched,
    /// A request confirmed the stored one.
    NotModified,
    /// The database had it.
    FromCache,
    /// Another visit of this run requested the same page.
    Shared,
    /// It could not be read.
    Failed(FailureKind),
}

/// Counts and times of one visit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// How long each stage took, in the order they ran.
    pub stages: Vec<(StageName, Duration)>,
    /// Body bytes received.
    pub bytes: u64,
    /// Time of the whole answer, milliseconds.
    pub answer_ms: u32,
    /// Entries in the body.
    pub read: u32,
    /// Entries not seen before.
    pub new: u32,
    /// Those of them that the early filter dropped.
    pub dropped: u32,
    /// Those of the dropped whose page would have been requested without the filter.
    pub pages_spared: u32,
    /// Candidates judged on the feed's own text.
    pub full_text: u32,
    /// Whether the feed had to be repaired.
    pub repaired: bool,
    /// The spans of the visit, in the order of their ends.
    pub trace: Vec<TraceEvent>,
}

/// A span of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceEvent {
    /// Its phase.
    pub part: Phase,
    /// When it began.
    pub at: Instant,
    /// How long it took.
    pub took: Duration,
}

/// Spans of one phase with shorter gaps are merged: a feed of a thousand entries is filtered in one span.
const CLOSE: Duration = Duration::from_micros(200);

impl Figures {
    fn time<T>(&mut self, stage: StageName, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let done = work();
        self.timed(stage, start, start.elapsed());
        done
    }

    fn timed(&mut self, stage: StageName, start: Instant, took: Duration) {
        self.stages.push((stage, took));
        self.trace_event(Phase::Judge, start, took);
    }

    fn trace_event(&mut self, part: Phase, at: Instant, took: Duration) {
        if let Some(last) = self.trace.last_mut()
            && last.part == part
            && at.saturating_duration_since(last.at + last.took) < CLOSE
        {
            last.took = at.saturating_duration_since(last.at) + took;
        } else if !took.is_zero() {
            self.trace.push(TraceEvent { part, at, took });
        }
    }

    /// Records a request that began at `at`.
    fn asked(&mut self, at: Instant, stats: &FetchStats) {
        self.trace_event(Phase::Pacing, at, stats.paced);
        self.trace_event(Phase::Answer, at + stats.paced, stats.elapsed);
    }

    /// Records a parse that has just ended.
    fn read_for(&mut self, took: Duration) {
        let now = Instant::now();
        self.trace_event(Phase::Read, now.checked_sub(took).unwrap_or(now), took);
    }
}

/// A text that is a launch, before its story is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Address of its source.
    pub source_url: String,
    /// Its entry.
    pub entry: EntryKey,
    /// The base of its ID: the entry's key, or a key of the entry's present words where its earlier words were another
    /// finding.
    pub identity: EntryKey,
    /// Whether it sends no alerts.
    pub suppress_alerts: bool,
    /// The verdict.
    pub verdict: Verdict,
    /// Headline.
    pub title: String,
    /// The classified text.
    pub text: String,
    /// Address of the article, without tracking parameters.
    pub url: String,
    /// Who wrote it.
    pub author: String,
    /// When it was published.
    pub published: Timestamp,
    /// News or post.
    pub kind: Kind,
    /// The name of a source that is no feed of the settings.
    pub source: Option<String>,
    /// The page or post that a post refers to, whose story it joins.
    pub about: Option<String>,
    /// Whether its text must not be stored.
    pub textless: bool,
    /// The page with the text, after all redirects; `None` for the source's own text.
    pub read_at: Option<String>,
    /// The coin, where one notice is about several; `None` for the first.
    pub coin: Option<String>,
}

impl Finding {
    /// `entry` with its verdict, if that is a launch, or a rumour of one with a name.
    fn from_entry(entry: &EntryRecord, verdict: Verdict, text: String, url: String) -> Option<Self> {
        let rumour = verdict.rumour && verdict.project.is_some();
        (verdict.tge || rumour).then(|| Self {
            source_url: entry.source_url.clone(),
            entry: entry.key,
            identity: entry.key,
            suppress_alerts: entry.suppress_alerts,
            verdict,
            title: entry.title.clone(),
            text,
            url,
            author: entry.author.clone(),
            published: entry.published,
            kind: Kind::News,
            source: None,
            about: None,
            textless: false,
            read_at: None,
            coin: None,
        })
    }
}
