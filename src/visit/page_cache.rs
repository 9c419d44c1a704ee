//! The cache of articles and robots.txt files: in memory for the run, in the database for later runs.
//!
//! Two entries with one page cost one request. Failures are cached for the run too.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::Timestamp;
use moka::{future::Cache, notification::RemovalCause, policy::EvictionPolicy};
use url::Url;

use crate::{
    article::{self, ArticleError, Effort, Page, Sites},
    detect::{Item, Origin},
    figures::StageName,
    http::{Failure, Outcome, Purpose, Request, robots},
    model::{Article, ArticleRecord, EntryRecord, FailureKind, Kind, RobotsRecord, Validators},
    text::address,
};

use super::{Context, Figures, PageOutcome, kept, parse_pool::Unread};

/// Lifetime of a robots.txt (RFC 9309, section 2.4: not longer than 24 hours).
const ROBOTS_LIFE: Duration = Duration::from_hours(24);
/// Size of an entry in memory without its text, bytes: key, record and bookkeeping.
const RECORD_WEIGHT: usize = 512;
/// Bytes of all rules in memory: those of 10,000 usual hosts.
const ROBOTS_MEMORY: u64 = 16 << 20;

/// The caches of one run.
#[derive(Debug)]
pub struct PageCache {
    pages: Cache<String, Arc<CachedPage>>,
    robots: Cache<String, Arc<Result<robots::Rules, FailureKind>>>,
    evictions: Arc<AtomicU64>,
    robots_hits: AtomicU64,
    sites: Arc<Sites>,
}

/// The pages in memory, and what the caches did in this run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheCounts {
    /// Pages in memory.
    pub pages: u64,
    /// Their weight.
    pub bytes: u64,
    /// Pages removed because memory was full.
    pub evictions: u64,
    /// Lookups of rules without a request for robots.txt.
    pub robots_hits: u64,
}

#[derive(Debug)]
pub(super) enum CachedPage {
    Read(Box<ArticleRecord>),
    Failed(FetchError),
}

impl CachedPage {
    pub fn record(&self) -> Option<&ArticleRecord> {
        match self {
            Self::Read(record) => Some(record),
            Self::Failed(_) => None,
        }
    }
}

/// Why a page could not be read, and whether it is requested again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FetchError {
    pub kind: FailureKind,
    pub retry: Retry,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Retry {
    /// In a later cycle; this was one of the entry's tries.
    Counted,
    /// In a later cycle; no request was sent.
    Uncounted,
    Never,
}

/// What a visit fetched and has to save, and its figures.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    pub articles: Vec<ArticleRecord>,
    pub robots: Vec<RobotsRecord>,
    pub figures: Figures,
}

impl PageCache {
    /// An empty cache for pages of `memory_limit` bytes.
    #[must_use]
    pub fn new(memory_limit: u64) -> Self {
        let weigh = |key: &String, page: &Arc<CachedPage>| {
            let text = match page.as_ref() {
                CachedPage::Read(record) => record.article.text.len() + record.article.title.len(),
                CachedPage::Failed(_) => 0,
            };
            u32::try_from(key.len() + text + RECORD_WEIGHT).unwrap_or(u32::MAX)
        };
        let weigh_rules = |origin: &String, rules: &Arc<Result<robots::Rules, FailureKind>>| {
            let held = rules.as_ref().as_ref().map_or(0, robots::Rules::weight);
            u32::try_from(origin.len() + held + RECORD_WEIGHT).unwrap_or(u32::MAX)
        };
        let evictions = Arc::new(AtomicU64::new(0));
        let evicted = Arc::clone(&evictions);
        // The database has the pages that are removed. By how often they are used, a full cache would refuse the newest, which are not saved yet.
        let pages =
            Cache::builder().max_capacity(memory_limit).weigher(weigh).eviction_policy(EvictionPolicy::lru());
        let pages = pages.eviction_listener(move |_, _, cause| {
            evicted.fetch_add(u64::from(cause == RemovalCause::Size), Ordering::Relaxed);
        });
        Self {
            pages: pages.build(),
            evictions,
            robots_hits: AtomicU64::new(0),
            sites: Arc::default(),
            robots: Cache::builder().max_capacity(ROBOTS_MEMORY).weigher(weigh_rules).build(),
        }
    }

    /// The same with rules for the pages of some hosts.
    #[must_use]
    pub fn with_sites(self, sites: Sites) -> Self {
        Self { sites: Arc::new(sites), ..self }
    }

    /// The counts so far.
    pub async fn counts(&self) -> CacheCounts {
        // Sizes are those of the last maintenance.
        self.pages.run_pending_tasks().await;
        CacheCounts {
            pages: self.pages.entry_count(),
            bytes: self.pages.weighted_size(),
            evictions: self.evictions.load(Ordering::Relaxed),
            robots_hits: self.robots_hits.load(Ordering::Relaxed),
        }
    }

    /// The page that `entry` links to, from memory, from the database or by a request.
    pub(super) async fn page(
        &self,
        context: &Context,
        entry: &EntryRecord,
        link: &Url,
    ) -> (Arc<CachedPage>, PageOutcome, Fetched) {
        let key = key_of(link);
        let is_requester = AtomicBool::new(false);
        let (mut fetched, mut outcome) = (Fetched::default(), PageOutcome::Shared);
        if context.settings.without_savings {
            let visit = Box::pin(fetch_page(self, context, entry, &key, link, &mut fetched));
            let (cached, outcome) = visit.await;
            return (Arc::new(cached), outcome, fetched);
        }
        // Boxed: the cache's own futures hold it several times.
        let visit = Box::pin(async {
            is_requester.store(true, Ordering::Relaxed);
            let (cached, how) = fetch_page(self, context, entry, &key, link, &mut fetched).await;
            outcome = how;
            Arc::new(cached)
        });
        let cached = self.pages.get_with(key.clone(), visit).await;
        if !is_requester.load(Ordering::Relaxed) {
            outcome = match cached.as_ref() {
                CachedPage::Read(_) => PageOutcome::Shared,
                CachedPage::Failed(error) => PageOutcome::Failed(error.kind.clone()),
            };
        }
        (cached, outcome, fetched)
    }

    /// Whether robots.txt allows `url`, or why that is unknown.
    async fn allows(&self, context: &Context, url: &Url, fetched: &mut Fetched) -> Result<bool, FailureKind> {
        let origin = url.origin().ascii_serialization();
        let requested = fetched.robots.len();
        let request = Box::pin(async { Arc::new(fetch_robots(context, &origin, fetched).await) });
        let rules = self.robots.get_with(origin.clone(), request).await;
        let is_hit = rules.is_ok() && fetched.robots.len() == requested;
        self.robots_hits.fetch_add(u64::from(is_hit), Ordering::Relaxed);
        match rules.as_ref() {
            Ok(rules) => Ok(rules.allow(url)),
            Err(kind) => Err(kind.clone()),
        }
    }
}

async fn fetch_robots(
    context: &Context,
    origin: &str,
    fetched: &mut Fetched,
) -> Result<robots::Rules, FailureKind> {
    let now = context.now();
    let kept = context.store.robots(origin.to_owned()).await.map_err(|_| FailureKind::Store)?;
    if let Some(kept) = kept.filter(|kept| now.duration_since(kept.fetched_at).unsigned_abs() < ROBOTS_LIFE) {
        return Ok(robots::Rules::parse(&kept.body, &context.user_agent));
    }
    let url = Url::parse(&format!("{origin}/robots.txt")).map_err(|_| FailureKind::BadAddress)?;
    let request = Request {
        validators_url: url.to_string(),
        url,
        purpose: Purpose::Robots,
        validators: Validators::default(),
        headers: Vec::new(),
        body: None,
        source: origin.to_owned(),
    };
    let start = Instant::now();
    let answer = context.http.fetch(request, now).await;
    fetched.figures.asked(start, &answer.stats);
    fetched.figures.bytes += answer.stats.bytes;
    let rules = match answer.outcome {
        Outcome::Fetched { body, .. } => {
            robots::Rules::parse(&String::from_utf8_lossy(&body), &context.user_agent)
        }
        // 4xx: there are no rules; other failures: they are unknown (RFC 9309, sections 2.3.1.3 and 2.3.1.4).
        Outcome::Failed(
            Failure::NotFound | Failure::Gone | Failure::EmptyBody | Failure::Status(400..=499),
        )
        | Outcome::NotModified { .. } => robots::Rules::default(),
        Outcome::Failed(Failure::HostPaused) => return Err(FailureKind::HostPaused),
        Outcome::Failed(_) => return Err(FailureKind::RobotsUnreachable),
    };
    // Rules for other crawlers are not stored: of half a megabyte, a few lines may concern us.
    let body = rules.to_text();
    fetched.robots.push(RobotsRecord { origin: origin.to_owned(), fetched_at: now, body });
    Ok(rules)
}

async fn fetch_page(
    cache: &PageCache,
    context: &Context,
    entry: &EntryRecord,
    key: &str,
    link: &Url,
    fetched: &mut Fetched,
) -> (CachedPage, PageOutcome) {
    let now = context.now();
    let ignores_stored =
        context.settings.without_savings || context.settings.refresh.covers(&entry.source_url);
    let kept = if ignores_stored { Ok(None) } else { context.store.article(key.to_owned()).await };
    let Ok(kept) = kept else { return failed(FailureKind::Store, Retry::Counted) };
    let age = |kept: &ArticleRecord| now.duration_since(kept.fetched_at).unsigned_abs();
    // New words in the feed mean a changed page.
    let is_outdated = |kept: &ArticleRecord| entry.rewordings.any() && kept.fetched_at < entry.first_seen;
    let is_fresh = |kept: &ArticleRecord| age(kept) < context.settings.article_ttl && !is_outdated(kept);
    if let Some(kept) = kept.as_ref().filter(|kept| is_fresh(kept)) {
        tracing::debug!(purpose = "article", key, "from the cache, without a request");
        return (CachedPage::Read(Box::new(kept.clone())), PageOutcome::FromCache);
    }
    match cache.allows(context, link, fetched).await {
        Ok(true) => {}
        Ok(false) => return failed(FailureKind::Robots, Retry::Never),
        Err(FailureKind::HostPaused) => return failed(FailureKind::HostPaused, Retry::Uncounted),
        Err(kind) => return failed(kind, Retry::Counted),
    }
    let (validators, validators_url) =
        kept.as_ref().map(|kept| (kept.validators.clone(), kept.final_url.clone())).unwrap_or_default();
    let request = Request {
        url: link.clone(),
        purpose: Purpose::Article,
        validators,
        validators_url,
        headers: Vec::new(),
        body: None,
        source: entry.source_url.clone(),
    };
    let start = Instant::now();
    let answer = context.http.fetch(request, now).await;
    fetched.figures.asked(start, &answer.stats);
    fetched.figures.bytes += answer.stats.bytes;
    fetched.figures.stages.push((StageName::ArticleFetch, answer.stats.elapsed));
    match (answer.outcome, kept) {
        (Outcome::Fetched { body, headers }, _) => {
            let sites = Arc::clone(&cache.sites);
            let (article, took) =
                extract(context, sites, body, headers.content_type, &answer.stats.final_url).await;
            fetched.figures.stages.push((StageName::Extract, took));
            fetched.figures.read_for(took);
            match article {
                Ok(article) => {
                    let final_url = answer.stats.final_url.to_string();
                    let validators =
                        if headers.broken_off { Validators::default() } else { headers.validators };
                    let record = ArticleRecord {
                        key: key.to_owned(),
                        final_url,
                        validators,
                        fetched_at: now,
                        article,
                    };
                    fetched.articles.push(record.clone());
                    (CachedPage::Read(Box::new(record)), PageOutcome::Fetched)
                }
                // A block page may give way to the article.
                Err(FailureKind::Blocked) => failed(FailureKind::Blocked, Retry::Counted),
                Err(kind) => failed(kind, Retry::Never),
            }
        }
        (Outcome::NotModified { .. }, Some(kept)) => {
            let record = ArticleRecord { fetched_at: now, ..kept };
            fetched.articles.push(record.clone());
            (CachedPage::Read(Box::new(record)), PageOutcome::NotModified)
        }
        (Outcome::NotModified { .. }, None) => failed(FailureKind::BadBody, Retry::Counted),
        (Outcome::Failed(failure), _) => failed(failure.kind(), retry(&failure)),
    }
}

fn failed(kind: FailureKind, retry: Retry) -> (CachedPage, PageOutcome) {
    (CachedPage::Failed(FetchError { kind: kind.clone(), retry }), PageOutcome::Failed(kind))
}

/// Whether a page's failure is temporary.
fn retry(failure: &Failure) -> Retry {
    match failure {
        Failure::HostPaused => Retry::Uncounted,
        Failure::BadAddress(_)
        | Failure::PrivateAddress(_)
        | Failure::Downgrade
        | Failure::TooLarge { .. }
        | Failure::TooManyRedirects(_)
        | Failure::RedirectLoop
        | Failure::BadRedirect(_)
        | Failure::Gone
        | Failure::NotFound
        | Failure::Status(400..=499) => Retry::Never,
        _ => Retry::Counted,
    }
}

/// Page to text, on a thread of the parse pool. The text depends on the page alone, not on the entry that asks first.
async fn extract(
    context: &Context,
    sites: Arc<Sites>,
    body: bytes::Bytes,
    content_type: Option<String>,
    url: &Url,
) -> (Result<Article, FailureKind>, Duration) {
    let (url, now) = (url.clone(), context.now());
    let read = context.parsers.read(body.len(), move || {
        let start = Instant::now();
        let page = Page { bytes: &body, content_type: content_type.as_deref(), url: &url, now };
        let site = sites.of(&url);
        let article = article::read_with(&page, Effort::AsNeeded, site).map(|(article, uses)| {
            for rule in uses.iter().filter(|rule| rule.rule != "remove" && rule.taken.is_empty()) {
                tracing::info!("[[sites]]: {} = {:?} finds nothing in {url}", rule.rule, rule.selector);
            }
            article
        });
        let article = article.map(|article| Article { text: kept(&article.text).to_owned(), ..article });
        (article, start.elapsed())
    });
    match read.await {
        Ok((article, took)) => (article.map_err(ArticleError::kind), took),
        // The visit continues without a page on which an extractor panics or takes too long.
        Err(Unread::Panicked) => (Err(FailureKind::NoText), Duration::ZERO),
        Err(Unread::TooSlow(_)) => (Err(FailureKind::TooSlow), Duration::ZERO),
    }
}

/// The text to classify: the feed's summary and the page's text, without a summary that repeats the text.
pub(super) fn opening(summary: &str, text: &str) -> String {
    let start: String = summary.chars().take(60).collect();
    if text.contains(start.trim_end_matches(['…', '.', ' ', '[', ']'])) {
        text.to_owned()
    } else {
        format!("{summary}\n{text}")
    }
}

/// The cache key of the page at `link`; `None` if that is no address.
#[must_use]
pub fn page_key(link: &str) -> Option<String> {
    Url::parse(link).ok().map(|link| key_of(&link))
}

fn key_of(link: &Url) -> String {
    address::canonical(link)
}

/// `entry` with `text`, to be classified. Only its feed is proved as its origin.
pub(super) fn item<'a>(entry: &'a EntryRecord, text: &'a str, url: &'a str) -> Item<'a> {
    Item {
        kind: Kind::News,
        title: &entry.title,
        text,
        author: &entry.author,
        source: &entry.source_url,
        url,
        published: Some(entry.published),
        origin: Origin::Address(&entry.source_url),
    }
}

/// Whether `at` is at least `age` ago.
pub(super) fn older_than(at: Timestamp, age: Duration, now: Timestamp) -> bool {
    now.duration_since(at) >= jiff::SignedDuration::try_from(age).unwrap_or(jiff::SignedDuration::MAX)
}

#[cfg(test)]
mod tests;
