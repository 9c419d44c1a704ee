//! One source or one page, from request to verdict.
//!
//! The visit of a feed or page reads the store and does not write it: its results are a [`Commit`], which the cycle
//! saves. A session with X ([`x`]) also records each call itself
//! (docs/explain/decisions/0033-x-calls-are-recorded-at-once.md).

mod article;
mod feed;
mod identity;
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
    detect::Rules,
    figures::path::Phase,
    http::{Fetch, FetchStats},
    model::{Commit, EntryKey, EntryRecord, Kind, Verdict},
    store::Store,
};

pub use article::{judge_kept, visit_article};
pub use feed::visit_feed;
pub use page_cache::{PageCache, page_key};
pub use parse_pool::ParsePool;
pub use reword::{is_other_launch, of_other_words};
pub use schedule::{Due, after_not_saved, due};

/// Characters of a text that are kept: judgement reads the first 1,200 and people are shown fewer, so whole
/// articles would only fill memory and disk.
const KEPT: usize = 4000;

/// The first [`KEPT`] characters of `text`.
fn kept(text: &str) -> &str {
    text.char_indices().nth(KEPT).map_or(text, |(end, _)| &text[..end])
}

/// How long things stay good (docs/reference/settings.md#cache).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Bytes the memory level of the article cache may hold.
    pub memory_limit: u64,
    /// Least time between two requests for one feed.
    pub feed_ttl: Duration,
    /// Longest time between two requests for a feed that publishes seldom, where its publisher asks for nothing.
    pub feed_ttl_max: Duration,
    /// How long an article is used without asking again.
    pub article_ttl: Duration,
    /// Of a source seen for the first time, this many of its newest entries may alert.
    pub catch_up: usize,
    /// Whether every saving is switched off, to measure what they save: no validators, no early filter, no page
    /// from a cache, from the feed's own text or from another visit.
    pub without_savings: bool,
}

/// What every visit of a run shares.
pub struct Context<F, C> {
    /// The way to the network.
    pub fetch: F,
    /// The lasting memory; only read here.
    pub store: Store,
    /// The rules of judgement.
    pub rules: Arc<Rules>,
    /// Name our robots.txt rules go by.
    pub user_agent: String,
    /// The threads that read bodies.
    pub parsers: ParsePool,
    /// Articles and robots.txt files, read at most once a run.
    pub pages: PageCache,
    /// How long things stay good.
    pub settings: Settings,
    /// The time.
    pub clock: C,
}

impl<F: Fetch, C: Clock> Context<F, C> {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// The timed stages of a cycle, in the order of docs/reference/outputs.md#stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// A source's request, redirects and retries included.
    FeedFetch,
    /// Bytes to entries.
    FeedParse,
    /// Which of a feed's new entries may matter.
    EarlyFilter,
    /// A page's request.
    ArticleFetch,
    /// Page to text.
    Extract,
    /// Text to verdict.
    Judge,
}

/// How the visit of a source ended (docs/reference/outputs.md#sources).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceOutcome {
    /// A body came.
    Fetched,
    /// 304.
    NotModified,
    /// Nothing usable came: the failure's stable name and its sentence.
    Failed {
        /// Stable name.
        kind: &'static str,
        /// For people.
        sentence: String,
    },
}

/// What a feed's visit brings home.
#[derive(Debug)]
pub struct FeedVisit {
    /// How it ended.
    pub outcome: SourceOutcome,
    /// Last status code.
    pub status: Option<u16>,
    /// What is to be saved. Its waiting entries want their articles read next.
    pub commit: Commit,
    /// What was found without reading an article.
    pub found: Vec<Finding>,
    /// The figures.
    pub figures: Figures,
}

impl FeedVisit {
    /// The visit as one that brought nothing: its request has been made all the same.
    #[must_use]
    pub fn without_entries(self) -> Self {
        let figures =
            Figures { new: 0, dropped: 0, pages_spared: 0, full_text: 0, repaired: false, ..self.figures };
        Self { commit: Commit::default(), found: Vec::new(), figures, ..self }
    }
}

/// What a page's visit brings home.
#[derive(Debug)]
pub struct ArticleVisit {
    /// How the page was come by.
    pub outcome: PageOutcome,
    /// What is to be saved.
    pub commit: Commit,
    /// The detection, if its text is one.
    pub found: Option<Finding>,
    /// The figures.
    pub figures: Figures,
}

/// How an article was come by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageOutcome {
    /// A request brought it.
    Fetched,
    /// A request confirmed what we had.
    NotModified,
    /// No request was needed: the cache had it.
    FromCache,
    /// Another visit of this run was already asking for the same page.
    Shared,
    /// It could not be read: the failure's stable name.
    Failed(&'static str),
}

/// Counts and times of one visit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// How long each stage took, in the order they ran.
    pub stages: Vec<(Stage, Duration)>,
    /// Body bytes received.
    pub bytes: u64,
    /// Time of the whole answer, milliseconds.
    pub answer_ms: u32,
    /// Entries in the body.
    pub read: u32,
    /// Entries not seen before.
    pub new: u32,
    /// Of those, dropped by the early filter.
    pub dropped: u32,
    /// Of the dropped, those whose page would have been asked without the filter.
    pub pages_spared: u32,
    /// Candidates judged on the feed's own text.
    pub full_text: u32,
    /// Whether the feed had to be repaired.
    pub repaired: bool,
    /// What was done when, in the order it ended.
    pub trace: Vec<TraceEvent>,
}

/// A stretch of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceEvent {
    /// What was done.
    pub part: Phase,
    /// When it began.
    pub at: Instant,
    /// How long it took.
    pub took: Duration,
}

/// Stretches of one kind that follow each other this closely are kept as one: a feed of a thousand entries is
/// filtered once, not a thousand times.
const CLOSE: Duration = Duration::from_micros(200);

impl Figures {
    fn time<T>(&mut self, stage: Stage, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let done = work();
        let took = start.elapsed();
        self.stages.push((stage, took));
        self.trace_event(Phase::Judge, start, took);
        done
    }

    /// Notes that `part` was done from `at` on.
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

    /// Notes a request that was sent on its way at `at`.
    fn asked(&mut self, at: Instant, stats: &FetchStats) {
        self.trace_event(Phase::Pacing, at, stats.paced);
        self.trace_event(Phase::Answer, at + stats.paced, stats.elapsed);
    }

    /// Notes a reading that has just ended.
    fn read_for(&mut self, took: Duration) {
        let now = Instant::now();
        self.trace_event(Phase::Read, now.checked_sub(took).unwrap_or(now), took);
    }
}

/// A text that is a launch, before its story is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Address of the source it came from.
    pub source_url: String,
    /// The entry it stands in.
    pub entry: EntryKey,
    /// What its identity is made of: the entry's key, or one of the entry's present words where something else was
    /// found in earlier ones.
    pub identity: EntryKey,
    /// Nobody is to be alerted.
    pub suppress_alerts: bool,
    /// What judgement says.
    pub verdict: Verdict,
    /// Headline.
    pub title: String,
    /// Text the verdict rests on.
    pub text: String,
    /// Address of the article, without what only says who sent the reader.
    pub url: String,
    /// Who wrote it.
    pub author: String,
    /// When it was published.
    pub published: Timestamp,
    /// News or post.
    pub kind: Kind,
    /// What the source is called, where it is none of the settings' feeds.
    pub source: Option<String>,
    /// The page or post that a post points at: it joins that one's story.
    pub about: Option<String>,
    /// Whether its text is not to be kept.
    pub textless: bool,
    /// The page that the text was read from, after all redirects; `None` for the source's own words.
    pub read_at: Option<String>,
    /// Which of several coins of one notice it is about; `None` for the first.
    pub coin: Option<String>,
}

impl Finding {
    /// `entry` with its verdict, if that is worth telling: a launch, or a rumour of one with a name to it.
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
