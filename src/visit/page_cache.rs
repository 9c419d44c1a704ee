//! The article cache's two levels: memory for this run, the store for all runs; and robots.txt the same way.
//!
//! Two entries that want one page cost one request. What fails is remembered for the run too.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::Timestamp;
use moka::future::Cache;
use url::Url;

use crate::{
    article::{self, ArticleError, Effort, Page},
    clock::Clock,
    detect::{Item, Origin},
    http::{Failure, Fetch, Outcome, Purpose, Request, robots},
    model::{Article, ArticleRecord, EntryRecord, Kind, RobotsRecord, Validators},
    text::address,
};

use super::{Context, Figures, PageOutcome, Stage, kept, parse_pool::Unread};

/// How long a robots.txt holds (RFC 9309, section 2.4: not longer than 24 hours).
const ROBOTS_LIFE: Duration = Duration::from_hours(24);
/// What an entry of the memory level weighs beside its text, bytes: key, record and bookkeeping.
const RECORD_WEIGHT: usize = 512;
/// Bytes that the rules of all hosts may hold: those of 10,000 hosts of the usual kind.
const ROBOTS_MEMORY: u64 = 16 << 20;

/// The caches of one run.
#[derive(Debug)]
pub struct PageCache {
    pages: Cache<String, Arc<CachedPage>>,
    robots: Cache<String, Arc<Result<robots::Rules, &'static str>>>,
}

/// A page as this run knows it.
#[derive(Debug)]
pub(super) enum CachedPage {
    /// It was read.
    Read(Box<ArticleRecord>),
    /// It could not be.
    Failed(FetchError),
}

/// Why a page could not be read, and whether it is worth another try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FetchError {
    /// The failure's stable name.
    pub kind: &'static str,
    /// What to do about it.
    pub retry: Retry,
}

/// Whether a page that could not be read is asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Retry {
    /// In a later cycle; this was one of its tries.
    Counted,
    /// In a later cycle; it was not even asked.
    Uncounted,
    /// Not any more.
    Never,
}

/// What asking for a page taught us beside the page.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    pub articles: Vec<ArticleRecord>,
    pub robots: Vec<RobotsRecord>,
    pub figures: Figures,
}

impl PageCache {
    /// An empty shelf whose pages may weigh `memory_limit` bytes.
    #[must_use]
    pub fn new(memory_limit: u64) -> Self {
        let weigh = |key: &String, page: &Arc<CachedPage>| {
            let text = match page.as_ref() {
                CachedPage::Read(record) => record.article.text.len() + record.article.title.len(),
                CachedPage::Failed(_) => 0,
            };
            u32::try_from(key.len() + text + RECORD_WEIGHT).unwrap_or(u32::MAX)
        };
        let weigh_rules = |origin: &String, rules: &Arc<Result<robots::Rules, &'static str>>| {
            let held = rules.as_ref().as_ref().map_or(0, robots::Rules::weight);
            u32::try_from(origin.len() + held + RECORD_WEIGHT).unwrap_or(u32::MAX)
        };
        Self {
            pages: Cache::builder().max_capacity(memory_limit).weigher(weigh).build(),
            robots: Cache::builder().max_capacity(ROBOTS_MEMORY).weigher(weigh_rules).build(),
        }
    }

    /// The page `entry` links to, from the nearest level that has it.
    pub(super) async fn page<F: Fetch, C: Clock>(
        &self,
        context: &Context<F, C>,
        entry: &EntryRecord,
        link: &Url,
    ) -> (Arc<CachedPage>, PageOutcome, Fetched) {
        let key = key_of(link);
        let asked = AtomicBool::new(false);
        let (mut learned, mut outcome) = (Fetched::default(), PageOutcome::Shared);
        if context.settings.without_savings {
            let (shelved, outcome) = fetch_page(self, context, entry, &key, link, &mut learned).await;
            return (Arc::new(shelved), outcome, learned);
        }
        let shelved = self
            .pages
            .get_with(key.clone(), async {
                asked.store(true, Ordering::Relaxed);
                let (shelved, how) = fetch_page(self, context, entry, &key, link, &mut learned).await;
                outcome = how;
                Arc::new(shelved)
            })
            .await;
        if !asked.load(Ordering::Relaxed) {
            outcome = match shelved.as_ref() {
                CachedPage::Read(_) => PageOutcome::Shared,
                CachedPage::Failed(miss) => PageOutcome::Failed(miss.kind),
            };
        }
        (shelved, outcome, learned)
    }

    /// Whether robots.txt lets us read `url`, or why that cannot be known.
    async fn allows<F: Fetch, C: Clock>(
        &self,
        context: &Context<F, C>,
        url: &Url,
        learned: &mut Fetched,
    ) -> Result<bool, &'static str> {
        let origin = url.origin().ascii_serialization();
        let rules = self
            .robots
            .get_with(origin.clone(), async { Arc::new(fetch_robots(context, &origin, learned).await) })
            .await;
        match rules.as_ref() {
            Ok(rules) => Ok(rules.allow(url)),
            Err(kind) => Err(kind),
        }
    }
}

async fn fetch_robots<F: Fetch, C: Clock>(
    context: &Context<F, C>,
    origin: &str,
    learned: &mut Fetched,
) -> Result<robots::Rules, &'static str> {
    let now = context.now();
    let kept = context.store.robots(origin.to_owned()).await.map_err(|_| "store")?;
    if let Some(kept) = kept.filter(|kept| now.duration_since(kept.fetched_at).unsigned_abs() < ROBOTS_LIFE) {
        return Ok(robots::Rules::parse(&kept.body, &context.user_agent));
    }
    let url = Url::parse(&format!("{origin}/robots.txt")).map_err(|_| "bad_address")?;
    let request = Request {
        validators_url: url.to_string(),
        url,
        purpose: Purpose::Robots,
        validators: Validators::default(),
        headers: Vec::new(),
        source: origin.to_owned(),
    };
    let start = Instant::now();
    let answer = context.fetch.fetch(request, now).await;
    learned.figures.asked(start, &answer.stats);
    learned.figures.bytes += answer.stats.bytes;
    let rules = match answer.outcome {
        Outcome::Fetched { body, .. } => {
            robots::Rules::parse(&String::from_utf8_lossy(&body), &context.user_agent)
        }
        // 4xx: there are no rules; anything else: they cannot be known (RFC 9309, sections 2.3.1.3 and 2.3.1.4).
        Outcome::Failed(
            Failure::NotFound | Failure::Gone | Failure::EmptyBody | Failure::Status(400..=499),
        )
        | Outcome::NotModified { .. } => robots::Rules::default(),
        Outcome::Failed(Failure::HostPaused) => return Err("host_paused"),
        Outcome::Failed(_) => return Err("robots_unreachable"),
    };
    // What is for others is not kept: a file of half a megabyte has a few lines for us.
    let body = rules.to_text();
    learned.robots.push(RobotsRecord { origin: origin.to_owned(), fetched_at: now, body });
    Ok(rules)
}

async fn fetch_page<F: Fetch, C: Clock>(
    cache: &PageCache,
    context: &Context<F, C>,
    entry: &EntryRecord,
    key: &str,
    link: &Url,
    learned: &mut Fetched,
) -> (CachedPage, PageOutcome) {
    let now = context.now();
    let kept =
        if context.settings.without_savings { Ok(None) } else { context.store.article(key.to_owned()).await };
    let Ok(kept) = kept else { return failed("store", Retry::Counted) };
    let age = |kept: &ArticleRecord| now.duration_since(kept.fetched_at).unsigned_abs();
    // New words in the feed stand for a new page.
    let is_outdated = |kept: &ArticleRecord| entry.rewordings.any() && kept.fetched_at < entry.first_seen;
    let is_fresh = |kept: &ArticleRecord| age(kept) < context.settings.article_ttl && !is_outdated(kept);
    if let Some(kept) = kept.as_ref().filter(|kept| is_fresh(kept)) {
        return (CachedPage::Read(Box::new(kept.clone())), PageOutcome::FromCache);
    }
    match cache.allows(context, link, learned).await {
        Ok(true) => {}
        Ok(false) => return failed("robots", Retry::Never),
        Err("host_paused") => return failed("host_paused", Retry::Uncounted),
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
        source: entry.source_url.clone(),
    };
    let start = Instant::now();
    let answer = context.fetch.fetch(request, now).await;
    learned.figures.asked(start, &answer.stats);
    learned.figures.bytes += answer.stats.bytes;
    learned.figures.stages.push((Stage::ArticleFetch, answer.stats.elapsed));
    match (answer.outcome, kept) {
        (Outcome::Fetched { body, headers }, _) => {
            let (article, took) = extract(context, body, headers.content_type, &answer.stats.final_url).await;
            learned.figures.stages.push((Stage::Extract, took));
            learned.figures.read_for(took);
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
                    learned.articles.push(record.clone());
                    (CachedPage::Read(Box::new(record)), PageOutcome::Fetched)
                }
                Err(kind) => failed(
                    kind,
                    if kind == ArticleError::Blocked.name() { Retry::Counted } else { Retry::Never },
                ),
            }
        }
        (Outcome::NotModified { .. }, Some(kept)) => {
            let record = ArticleRecord { fetched_at: now, ..kept };
            learned.articles.push(record.clone());
            (CachedPage::Read(Box::new(record)), PageOutcome::NotModified)
        }
        (Outcome::NotModified { .. }, None) => failed("bad_body", Retry::Counted),
        (Outcome::Failed(failure), _) => failed(failure.name(), again(&failure)),
    }
}

fn failed(kind: &'static str, again: Retry) -> (CachedPage, PageOutcome) {
    (CachedPage::Failed(FetchError { kind, retry: again }), PageOutcome::Failed(kind))
}

/// Whether a page's failure may pass.
fn again(failure: &Failure) -> Retry {
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
/// Returns the failure's stable name where there is no article.
async fn extract<F: Fetch, C: Clock>(
    context: &Context<F, C>,
    body: bytes::Bytes,
    content_type: Option<String>,
    url: &Url,
) -> (Result<Article, &'static str>, Duration) {
    let (url, now) = (url.clone(), context.now());
    let read = context.parsers.read(body.len(), move || {
        let start = Instant::now();
        let page = Page { bytes: &body, content_type: content_type.as_deref(), url: &url, now };
        let article = article::read(&page, Effort::AsNeeded);
        let article = article.map(|article| Article { text: kept(&article.text).to_owned(), ..article });
        (article, start.elapsed())
    });
    match read.await {
        Ok((article, took)) => (article.map_err(ArticleError::name), took),
        // The visit goes on without a page that an extractor panics on or takes too long for.
        Err(Unread::Panicked) => (Err(ArticleError::NoText.name()), Duration::ZERO),
        Err(Unread::TooSlow) => (Err(Unread::TooSlow.name()), Duration::ZERO),
    }
}

/// What judgement is given of a page: the feed's summary and the page's text, without saying it twice.
pub(super) fn opening(summary: &str, text: &str) -> String {
    let start: String = summary.chars().take(60).collect();
    if text.contains(start.trim_end_matches(['…', '.', ' ', '[', ']'])) {
        text.to_owned()
    } else {
        format!("{summary}\n{text}")
    }
}

/// What the page at `link` is kept under; `None` if that is no address.
#[must_use]
pub fn page_key(link: &str) -> Option<String> {
    Url::parse(link).ok().map(|link| key_of(&link))
}

fn key_of(link: &Url) -> String {
    address::canonical(link)
}

/// `entry` with `text`, ready to be judged. It is proved only which feed it stands in.
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

/// Whether `at` is as long ago as that, or longer.
pub(super) fn older_than(at: Timestamp, age: Duration, now: Timestamp) -> bool {
    now.duration_since(at) >= jiff::SignedDuration::try_from(age).unwrap_or(jiff::SignedDuration::MAX)
}
