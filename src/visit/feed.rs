//! A source: asked, read, its new entries filtered; what may matter is left waiting for its page, unless the
//! feed carried the text.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use url::Url;

use crate::{
    clock::Clock,
    detect::{Early, Headline, Rules},
    feed::{self, Document, Feed, FeedError},
    http::{Answer, Fetch, Headers, Outcome, Purpose, Request, Trail},
    model::{Commit, Entry, EntryKey, EntryRecord, EntryState, Source, SourceState, Validators},
    text::{address, host::pace_key},
};

use super::{
    Context, FeedVisit, Figures, Found, Readers, SourceOutcome, Stage, kept,
    remember::{Read, Rhythm, Wrong, after_failure, after_not_modified, after_read, validators},
    shelf::item,
};

/// Feed text of this many characters is judged as it is: judgement reads no further, so a page could add
/// nothing to it.
const FULL_TEXT: usize = 1200;
/// Publication times further ahead are not believed (feed-fetching, section 5).
const AHEAD: Duration = Duration::from_hours(24);

/// Asks `source` at `url`, its address; `state` is what is remembered of it, and is given back as it was.
pub async fn visit_feed<F: Fetch, C: Clock>(
    context: &Context<F, C>,
    source: &Source,
    url: Url,
    state: SourceState,
) -> (FeedVisit, SourceState) {
    let now = context.now();
    let (validators, plain) = if context.settings.naive {
        (Validators::default(), true)
    } else {
        validators(&state, context.rules.fingerprint(), now)
    };
    let host = pace_key(url.host_str().unwrap_or_default());
    let request = Request {
        url,
        purpose: Purpose::Feed,
        validators,
        validators_url: state.validators_url.clone(),
        headers: source.headers.clone(),
    };
    let start = Instant::now();
    let Answer { outcome, trail } = context.fetch.fetch(request, now).await;
    let asked = Asked { context, source, state, trail, host, plain, now };
    let mut visit = match outcome {
        Outcome::NotModified { headers } => asked.not_modified(&headers),
        Outcome::Fetched { body, headers } => asked.read(body, headers).await,
        Outcome::Failed(failure) => asked.failed(Wrong::Fetch(&failure), failure.to_string()),
    };
    let elapsed = asked.trail.elapsed;
    visit.figures.stages.insert(0, (Stage::FeedFetch, elapsed));
    let mut request = Figures::default();
    request.asked(start, &asked.trail);
    visit.figures.marks.splice(0..0, request.marks);
    visit.figures.bytes = asked.trail.bytes;
    visit.figures.answer_ms = u32::try_from(elapsed.as_millis()).unwrap_or(u32::MAX);
    (visit, asked.state)
}

/// A source that has answered, and all that is needed to make sense of it.
struct Asked<'a, F, C> {
    context: &'a Context<F, C>,
    source: &'a Source,
    state: SourceState,
    trail: Trail,
    host: String,
    plain: bool,
    now: Timestamp,
}

impl<F: Fetch, C: Clock> Asked<'_, F, C> {
    fn ended(&self, outcome: SourceOutcome, commit: Commit) -> FeedVisit {
        let status = self.trail.status;
        FeedVisit { outcome, status, commit, found: Vec::new(), figures: Figures::default() }
    }

    fn rhythm(&self) -> Rhythm {
        Rhythm::of(self.source, &self.context.settings)
    }

    fn not_modified(&self, headers: &Headers) -> FeedVisit {
        let state = after_not_modified(&self.state, headers, &self.trail, self.rhythm(), self.now);
        self.ended(SourceOutcome::NotModified, Commit { source: Some(state), ..Commit::default() })
    }

    fn failed(&self, wrong: Wrong<'_>, sentence: String) -> FeedVisit {
        let settings = &self.context.settings;
        let (state, host_wait) =
            after_failure(&self.state, wrong, &self.trail, &self.host, settings, self.now);
        let commit = Commit { source: Some(state), host_wait, ..Commit::default() };
        self.ended(SourceOutcome::Failed { kind: wrong.name(), sentence }, commit)
    }

    async fn read(&self, body: Bytes, headers: Headers) -> FeedVisit {
        let rules = self.context.rules.fingerprint();
        let hash = fingerprint(&body);
        let lesson = Read { feed: None, headers: &headers, hash, rules, new: 0, plain: self.plain };
        let rhythm = self.rhythm();
        let remember = |lesson: Read<'_>| after_read(&self.state, lesson, &self.trail, rhythm, self.now);
        let same = self.state.body_hash == Some(hash) && self.state.rules == rules;
        if same && !self.context.settings.naive {
            let commit = Commit { source: Some(remember(lesson)), ..Commit::default() };
            return self.ended(SourceOutcome::Fetched, commit);
        }
        let (feed, took) = match parse(
            &self.context.readers,
            &self.context.rules,
            self.source,
            &self.trail.final_url,
            body,
            headers.content_type.clone(),
        )
        .await
        {
            (Ok(feed), took) => (feed, took),
            (Err(error), _) => return self.failed(Wrong::Body(error.name()), error.to_string()),
        };
        let keys = feed.entries.iter().map(|entry| entry.key).collect();
        let sifted = match self.context.store.sift(self.source.url.clone(), rules, keys, self.now).await {
            Ok(sifted) => sifted,
            Err(error) => return self.failed(Wrong::Body("store"), error.to_string()),
        };
        let unknown: HashSet<EntryKey> = sifted.new.into_iter().collect();
        let mut figures = Figures {
            stages: vec![(Stage::FeedParse, took)],
            read: u32::try_from(feed.entries.len()).unwrap_or(u32::MAX),
            repaired: !feed.repairs.is_empty(),
            ..Figures::default()
        };
        figures.read_for(took);
        let loud = self.loud(&feed.entries);
        let mut taken = HashSet::new();
        let (mut entries, mut found) = (Vec::new(), Vec::new());
        for entry in
            feed.entries.iter().filter(|entry| unknown.contains(&entry.key) && taken.insert(entry.key))
        {
            let (record, detection) = self.sort(entry, loud.contains(&entry.key), &mut figures);
            entries.push(record);
            found.extend(detection);
        }
        figures.new = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        let mut source = remember(Read { feed: Some(&feed), new: figures.new, ..lesson });
        source.entries_total += u64::from(figures.new);
        source.candidates_total += u64::from(figures.new - figures.dropped);
        let sighted = sifted.aging.into_iter().map(|key| (self.source.url.clone(), key)).collect();
        let commit = Commit { source: Some(source), entries, sighted, ..Commit::default() };
        FeedVisit { found, figures, ..self.ended(SourceOutcome::Fetched, commit) }
    }

    /// A new entry's place: dropped, waiting for its page, or judged on what the feed gave.
    fn sort(&self, entry: &Entry, loud: bool, figures: &mut Figures) -> (EntryRecord, Option<Found>) {
        let context = self.context;
        let text =
            kept(if entry.content.len() > entry.summary.len() { &entry.content } else { &entry.summary });
        let headline = Headline {
            title: &entry.title,
            summary: text,
            categories: &entry.categories,
            cut_short: cut_short(text),
        };
        let early = figures.time(Stage::EarlyFilter, || context.rules.early(&headline));
        let record = |state, summary: &str| EntryRecord {
            source_url: self.source.url.clone(),
            key: entry.key,
            title: entry.title.clone(),
            link: entry.link.clone(),
            summary: summary.to_owned(),
            author: entry.author.clone(),
            published: self.published(entry),
            first_seen: self.now,
            silent: !loud,
            state,
            rules: context.rules.fingerprint(),
        };
        if let Early::Dropped(reason) = early
            && !context.settings.naive
        {
            figures.dropped += 1;
            figures.pages_spared += u32::from(entry.link.is_some());
            return (record(EntryState::Dropped { reason: reason.to_owned() }, ""), None);
        }
        let whole = !context.settings.naive && text.chars().nth(FULL_TEXT).is_some();
        if !whole && entry.link.is_some() {
            return (record(EntryState::Waiting { tries: 0, next_try: self.now }, text), None);
        }
        figures.full_text += u32::from(whole && entry.link.is_some());
        let mut judged = record(EntryState::Judged { score: 0 }, text);
        let link = entry.link.as_deref().and_then(|link| Url::parse(link).ok());
        let url = link.map_or_else(|| self.source.url.clone(), |link| address::shown(&link));
        let verdict = figures.time(Stage::Judge, || context.rules.judge(&item(&judged, text, &url)));
        judged.state = EntryState::Judged { score: verdict.score };
        let found = Found::from_entry(&judged, verdict, text.to_owned(), url);
        (judged, found)
    }

    /// Entries that may alert: all of a known source's; of one seen for the first time, its newest few.
    fn loud(&self, entries: &[Entry]) -> HashSet<EntryKey> {
        let mut newest: Vec<&Entry> = entries.iter().collect();
        if self.state.first_read_at.is_none() {
            newest.sort_by_key(|entry| std::cmp::Reverse(self.published(entry)));
            newest.truncate(self.context.settings.catch_up);
        }
        newest.into_iter().map(|entry| entry.key).collect()
    }

    /// The entry's time if it can be believed, else the time we saw it first.
    fn published(&self, entry: &Entry) -> Timestamp {
        entry.published.filter(|at| *at <= self.now + AHEAD).unwrap_or(self.now)
    }
}

/// First 16 bytes of the SHA-256 of `body`: enough to tell that nothing changed.
fn fingerprint(body: &[u8]) -> [u8; 16] {
    let digest = Sha256::digest(body);
    let mut first = [0; 16];
    first.copy_from_slice(&digest[..16]);
    first
}

/// Bytes to entries, off the threads that wait for the network.
async fn parse(
    readers: &Readers,
    rules: &Arc<Rules>,
    source: &Source,
    url: &Url,
    body: Bytes,
    content_type: Option<String>,
) -> (Result<Feed, FeedError>, Duration) {
    let (rules, format, url) = (Arc::clone(rules), source.format.clone(), url.clone());
    let read = readers.read(body.len(), move || {
        let start = Instant::now();
        let document = Document { bytes: &body, content_type: content_type.as_deref(), url: &url };
        let feed = (feed::read(&document, &format), start.elapsed());
        // Its entries are sifted next, on the thread that waits for the network.
        rules.prepare();
        feed
    });
    let lost = || (Err(FeedError::Unreadable("the reader gave up".to_owned())), Duration::ZERO);
    read.await.unwrap_or_else(lost)
}

/// Whether a feed's text breaks off: missing, or ending in an ellipsis or an invitation to read on.
fn cut_short(text: &str) -> bool {
    let end = text.trim_end_matches([' ', ']', ')', '»', '→', '.', '!']).to_lowercase();
    let marked = text.trim_end_matches([' ', ']', ')']).ends_with('…') || text.trim_end().ends_with("...");
    text.trim().is_empty()
        || marked
        || text.trim_end().ends_with("...]")
        || ["read more", "continue reading", "read the full story", "keep reading"]
            .iter()
            .any(|mark| end.ends_with(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_that_breaks_off_is_told_from_a_whole_one() {
        for cut in [
            "",
            "  ",
            "The team said…",
            "The team said […]",
            "The team said [...]",
            "So it is. Read more",
            "… Continue reading →",
        ] {
            assert!(cut_short(cut), "{cut:?}");
        }
        for whole in ["The team said so.", "Prices rose (again)."] {
            assert!(!cut_short(whole), "{whole:?}");
        }
    }
}
