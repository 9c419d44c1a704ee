//! The requests of `feed check --suggest`: the page, its feeds, robots.txt, usual feeds, sitemaps. Each address once.

use bytes::Bytes;
use jiff::Timestamp;
use memchr::memmem;
use url::Url;

use crate::{
    clock::{Clock, SystemClock},
    config::{Settings, edit::NewKind},
    error::Error,
    feed::{self, Document, Feed, FeedError},
    http::{Client, Outcome, Purpose, Request, robots},
    text::host::pace_key,
    wiring,
};

use super::super::super::request;

/// Feeds of a page that are tried, at most.
const NAMED: usize = 3;
/// Requests of one search, at most: a site is asked as politely as in a cycle, and no more than a reader would.
const MOST_REQUESTS: usize = 16;
/// Entries of a plain sitemap that stand below the page, at least.
const BELOW: usize = 3;

/// How a source can be read.
#[derive(Debug)]
pub struct Found {
    pub url: Url,
    pub kind: NewKind,
    pub feed: Feed,
}

/// The result of a search.
#[derive(Debug)]
pub struct Search {
    pub found: Option<Found>,
    /// Why nothing was found.
    pub reason: String,
    /// Addresses that were tried and give no feed or sitemap.
    pub tried: Vec<Url>,
    pub now: Timestamp,
}

struct Seeker<'a> {
    client: Client,
    settings: &'a Settings,
    now: Timestamp,
    requests: usize,
    tried: Vec<Url>,
}

/// A body and the address that sent it.
struct Body {
    bytes: Bytes,
    content_type: Option<String>,
    url: Url,
}

/// Searches from the page at `url`, without reading or writing state.
pub fn search(settings: &Settings, url: &Url) -> Result<Search, Error> {
    let now = SystemClock.now();
    let seeker = Seeker { client: wiring::client(settings)?, settings, now, requests: 0, tried: Vec::new() };
    Ok(wiring::runtime()?.block_on(seeker.run(url)))
}

impl Seeker<'_> {
    async fn run(mut self, url: &Url) -> Search {
        let outcome = self.seek(url).await;
        let (found, reason) = match outcome {
            Ok(found) => (Some(found), String::new()),
            Err(reason) => (None, reason),
        };
        Search { found, reason, tried: self.tried, now: self.now }
    }

    /// The first way to read the page that is found, or why there is none.
    async fn seek(&mut self, url: &Url) -> Result<Found, String> {
        let page = self.fetch(url, Purpose::Feed).await?;
        let alternates = match self.read(&page, &NewKind::Feed) {
            Ok(feed) => return Ok(Found { url: url.clone(), kind: NewKind::Feed, feed }),
            Err(FeedError::NotAFeed { alternates, .. }) => alternates,
            Err(error) => return Err(error.to_string()),
        };
        if let Ok(feed) = self.read(&page, &NewKind::Sitemap) {
            return Ok(Found { url: url.clone(), kind: NewKind::Sitemap, feed });
        }
        let (robots, file) = self.robots(&page.url).await;
        let named = alternates.iter().take(NAMED).filter_map(|address| Url::parse(address).ok());
        let usual = feed::usual_feeds(&page.url);
        // A guessed address is no link of the site, so robots.txt decides whether it may be asked for.
        for address in named.chain(usual.into_iter().filter(|url| robots.allow(url))) {
            if let Some(found) = self.try_feed(&address).await {
                return Ok(found);
            }
        }
        let maps = self.sitemaps(&file, &page.url, &robots).await;
        if let Some(news) = maps.iter().position(|(_, is_news)| *is_news) {
            return maps.into_iter().nth(news).map(|(found, _)| found).ok_or_else(String::new);
        }
        let (text, _) = feed::decode(&page.bytes, page.content_type.as_deref());
        let proposed = feed::propose(&text, &page.url, self.now);
        match proposed {
            // Read once more, as a visit reads it.
            Ok(selectors) => {
                let kind = NewKind::Page(Box::new(selectors));
                let feed = self.read(&page, &kind).map_err(|error| error.to_string())?;
                Ok(Found { url: url.clone(), kind, feed })
            }
            Err(error) => maps
                .into_iter()
                .map(|(found, _)| found)
                .find(|found| is_below(found, &page.url))
                .ok_or_else(|| reason(&error)),
        }
    }

    /// The feed at `address`, if it has entries.
    async fn try_feed(&mut self, address: &Url) -> Option<Found> {
        let body = self.fetch(address, Purpose::Feed).await.ok()?;
        let feed = self.read(&body, &NewKind::Feed).ok().filter(|feed| !feed.entries.is_empty());
        if let Some(feed) = feed {
            self.tried.retain(|tried| tried != address);
            return Some(Found { url: address.clone(), kind: NewKind::Feed, feed });
        }
        None
    }

    /// The rules of robots.txt, and its text.
    async fn robots(&mut self, page: &Url) -> (robots::Rules, String) {
        let Ok(address) = page.join("/robots.txt") else { return (robots::Rules::default(), String::new()) };
        let text = match self.fetch(&address, Purpose::Robots).await {
            Ok(body) => String::from_utf8_lossy(&body.bytes).into_owned(),
            Err(_) => String::new(),
        };
        self.tried.retain(|tried| *tried != address);
        (robots::Rules::parse(&text, &self.settings.http.user_agent), text)
    }

    /// The sitemaps of the site with entries, each with whether it is one of news. Of an index its first sitemap of news.
    async fn sitemaps(&mut self, file: &str, page: &Url, robots: &robots::Rules) -> Vec<(Found, bool)> {
        let mut found = Vec::new();
        for address in feed::sitemaps(file, page).into_iter().filter(|url| robots.allow(url)) {
            let Ok(body) = self.fetch(&address, Purpose::Feed).await else { continue };
            let Ok(map) = self.read(&body, &NewKind::Sitemap) else { continue };
            self.tried.retain(|tried| *tried != address);
            let mut further: Vec<Url> = map.further.iter().map(|further| further.url.clone()).collect();
            feed::newest_first(&mut further);
            found.extend(taken(address, &body, map));
            for address in further.into_iter().take(1) {
                let Ok(body) = self.fetch(&address, Purpose::Feed).await else { continue };
                let Ok(map) = self.read(&body, &NewKind::Sitemap) else { continue };
                self.tried.retain(|tried| *tried != address);
                found.extend(taken(address, &body, map));
            }
        }
        found
    }

    /// Requests `url` unless it was requested before; the error is a sentence.
    async fn fetch(&mut self, url: &Url, purpose: Purpose) -> Result<Body, String> {
        if self.tried.contains(url) || self.requests >= MOST_REQUESTS {
            return Err("not requested again".to_owned());
        }
        self.requests += 1;
        self.tried.push(url.clone());
        let known = self.settings.sources.iter().find(|source| source.url == url.as_str());
        let headers = known.map(|source| source.headers.clone()).unwrap_or_default();
        let answer = self.client.fetch(Request { headers, ..request(url.clone(), purpose) }, self.now).await;
        match answer.outcome {
            Outcome::Fetched { body, headers } => {
                Ok(Body { bytes: body, content_type: headers.content_type, url: answer.stats.final_url })
            }
            Outcome::NotModified { .. } => Err("304 to a request without validators".to_owned()),
            Outcome::Failed(failure) => Err(failure.to_string()),
        }
    }

    fn read(&self, body: &Body, kind: &NewKind) -> Result<Feed, FeedError> {
        let content_type = body.content_type.as_deref();
        let document = Document { bytes: &body.bytes, content_type, url: &body.url, now: self.now };
        feed::read(&document, &kind.format())
    }
}

/// Why a page gives no proposal.
fn reason(error: &FeedError) -> String {
    match error {
        // No selectors of the user have failed.
        FeedError::NothingSelected(why) => {
            format!("{why}; describe the page with feeds.select (docs/guide/pages.md#selectors)")
        }
        error => error.to_string(),
    }
}

/// The sitemap with whether it has titles, unless it is empty.
fn taken(url: Url, body: &Body, feed: Feed) -> Option<(Found, bool)> {
    // The extension for news is the only part of a sitemap that has titles.
    let is_news = memmem::find(&body.bytes, NEWS_TITLE).is_some();
    (!feed.entries.is_empty()).then_some((Found { url, kind: NewKind::Sitemap, feed }, is_news))
}

/// The date that an entry of a news sitemap must have.
const NEWS_TITLE: &[u8] = b"publication_date>";

/// Whether a plain sitemap lists dated pages below `page`.
fn is_below(found: &Found, page: &Url) -> bool {
    let folder = page.path().trim_end_matches('/');
    let below = found.feed.entries.iter().filter(|entry| {
        let link = entry.link.as_deref().and_then(|link| Url::parse(link).ok());
        let is_below = |url: &Url| url.path().strip_prefix(folder).is_some_and(|rest| rest.len() > 1);
        entry.published.is_some() && link.is_some_and(|url| is_below(&url) && same_site(&url, page))
    });
    below.count() >= BELOW
}

fn same_site(a: &Url, b: &Url) -> bool {
    pace_key(a.host_str().unwrap_or_default()) == pace_key(b.host_str().unwrap_or_default())
}
