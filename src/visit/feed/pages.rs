//! The further pages of a list that has several.

use std::time::Duration;

use super::{Asked, parse};
use crate::{
    feed::Feed,
    http::{Answer, Failure, Outcome, Purpose, Request},
    model::{FailureKind, SourceFormat, Validators},
    visit::{
        identity::{Sight, lookups, recognise},
        schedule::Problem,
    },
};

/// Why a further page could not be read.
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
        format!("a further page of the list: {why}")
    }
}

impl Asked<'_> {
    /// Adds the entries of further pages to `feed`: the next page is read while the last one has only new entries, up to
    /// the number of pages that the source sets. Returns the time that parsing took. A failure ends the visit, so that the
    /// next one reads all pages again and no entry between them is lost.
    pub(super) async fn read_further_pages(&self, feed: &mut Feed, rules: u64) -> Result<Duration, Unread> {
        let SourceFormat::Page(selectors) = &self.source.format else { return Ok(Duration::ZERO) };
        let mut took = Duration::ZERO;
        let mut last = 0;
        for _ in 1..selectors.pages {
            let Some(next) = feed.next.take() else { break };
            let page = &feed.entries[last..];
            let lookups = lookups(page);
            let known =
                self.context.store.known_entries(self.source.url.clone(), rules, lookups.clone(), self.now);
            let known = known.await.map_err(|error| Unread::Body(FailureKind::Store, error.to_string()))?;
            let sights = recognise(page, &lookups, &known, super::day(self.now));
            if !sights.iter().all(|sight| matches!(sight, Sight::New { .. })) {
                break;
            }
            last = feed.entries.len();
            let request = Request {
                url: next,
                purpose: Purpose::Feed,
                validators: Validators::default(),
                validators_url: String::new(),
                headers: self.source.headers.clone(),
                source: self.source.url.clone(),
            };
            let Answer { outcome, stats } = self.context.http.fetch(request, self.now).await;
            let (body, headers) = match outcome {
                Outcome::Fetched { body, headers } => (body, headers),
                Outcome::NotModified { .. } => break,
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
            let (further, parsing) = read.await.map_err(|(kind, sentence)| Unread::Body(kind, sentence))?;
            took += parsing;
            feed.entries.extend(further.entries);
            feed.next = further.next;
        }
        Ok(took)
    }
}
