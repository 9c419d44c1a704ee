//! The further documents of a source: pages of a list, sitemaps of an index.

use std::time::Duration;

use jiff::SignedDuration;

use super::{Asked, parse, request};
use crate::{
    feed::{Feed, Further},
    http::{Answer, Failure, Outcome},
    model::{Entry, FailureKind, SourceFormat, Validators},
    visit::{
        identity::{Sight, lookups, recognise},
        schedule::Problem,
    },
};

/// A `lastmod` without a time means any time of its day.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Why a further document could not be read.
pub(super) enum Unread {
    Fetch(Failure),
    Body(FailureKind, String),
}

impl Unread {
    pub fn problem(&self) -> Problem<'_> {
        match self {
            Self::Fetch(failure) => Problem::Fetch(failure),
            Self::Body(kind, _) => Problem::Body(kind),
        }
    }

    pub fn sentence(&self) -> String {
        let why = match self {
            Self::Fetch(failure) => failure.to_string(),
            Self::Body(_, sentence) => sentence.clone(),
        };
        format!("a further document of the source: {why}")
    }
}

impl Asked<'_> {
    /// Adds the entries of further documents to `feed`: of an index its sitemaps that changed since the last visit, of a
    /// list its next page while the last one has only new entries, up to the number of pages that the source sets. Returns
    /// the time that parsing took. A failure ends the visit, so that the next one reads all of them again and no entry is
    /// lost.
    pub(super) async fn read_further(&self, feed: &mut Feed, rules: u64) -> Result<Duration, Unread> {
        let mut took = Duration::ZERO;
        match &self.source.format {
            SourceFormat::Sitemap => {
                let read_at = self.state.read_at.filter(|_| self.state.rules == rules);
                for further in std::mem::take(&mut feed.further) {
                    let is_known =
                        further.changed_at.zip(read_at).is_some_and(|(changed, read)| changed + DAY < read);
                    if !is_known {
                        took += self.add(feed, further).await?;
                        // An index of indexes would have no end.
                        feed.further.clear();
                    }
                }
            }
            SourceFormat::Page(selectors) => took = self.read_pages(feed, selectors.pages, rules).await?,
            SourceFormat::Json(json) => took = self.read_pages(feed, json.pages, rules).await?,
            SourceFormat::Feed | SourceFormat::Exec(_) => {}
        }
        Ok(took)
    }

    /// Adds the next pages of a list, `pages` in all, while the last one has entries, and only new ones.
    async fn read_pages(&self, feed: &mut Feed, pages: u8, rules: u64) -> Result<Duration, Unread> {
        let mut took = Duration::ZERO;
        let mut last = 0;
        for _ in 1..pages {
            let Some(next) = feed.further.pop() else { break };
            let newest = &feed.entries[last..];
            if newest.is_empty() || !self.all_new(newest, rules).await? {
                break;
            }
            last = feed.entries.len();
            took += self.add(feed, next).await?;
        }
        Ok(took)
    }

    async fn all_new(&self, entries: &[Entry], rules: u64) -> Result<bool, Unread> {
        let lookups = lookups(entries);
        let known =
            self.context.store.known_entries(self.source.url.clone(), rules, lookups.clone(), self.now);
        let known = known.await.map_err(|error| Unread::Body(FailureKind::Store, error.to_string()))?;
        let sights = recognise(entries, &lookups, &known, super::day(self.now));
        Ok(sights.iter().all(|sight| matches!(sight, Sight::New { .. } | Sight::Double)))
    }

    /// Fetches one document and adds what it has.
    async fn add(&self, feed: &mut Feed, further: Further) -> Result<Duration, Unread> {
        let request = request(self.source, further.url, further.body, (Validators::default(), String::new()));
        let Answer { outcome, stats } = self.context.http.fetch(request, self.now).await;
        let (body, headers) = match outcome {
            Outcome::Fetched { body, headers } => (body, headers),
            Outcome::NotModified { .. } => return Ok(Duration::ZERO),
            Outcome::Failed(failure) => return Err(Unread::Fetch(failure)),
        };
        let read = parse(
            &self.context.parsers,
            &self.context.rules,
            self.source,
            &stats.final_url,
            body,
            headers.content_type,
            self.now,
        );
        let (read, took) = read.await.map_err(|(kind, sentence)| Unread::Body(kind, sentence))?;
        feed.entries.extend(read.entries);
        feed.further = read.further;
        Ok(took)
    }
}
