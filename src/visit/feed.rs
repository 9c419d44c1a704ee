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
    feed::{self, Document, Feed},
    http::{Answer, Fetch, FetchStats, Headers, Outcome, Purpose, Request},
    model::{
        Commit, Entry, EntryKey, EntryRecord, EntryState, LastSeen, Rewordings, Source, SourceState,
        Validators,
    },
    store::StoreError,
    text::{address, host::pace_key},
};

use super::{
    Context, FeedVisit, Figures, Finding, ParsePool, SourceOutcome, Stage,
    identity::{Sight, lookups, recognise},
    kept,
    page_cache::item,
    reword::other_launch,
    schedule::{PollBounds, Problem, Read, after_failure, after_not_modified, after_read, validators},
};

/// Feed text of this many characters is judged as it is: judgement reads no further, so a page could add
/// nothing to it.
const FULL_TEXT: usize = 1200;
/// A body that never changes is read again at the turn of periods this long, in days: sightings older than 30 days are
/// renewed then, and forgetting begins at 90.
const READ_AGAIN_DAYS: u32 = 15;
/// Publication times further ahead are not believed (docs/reference/feeds.md#dates).
const AHEAD: Duration = Duration::from_hours(24);

/// Asks `source` at `url`, its address; `state` is what is remembered of it, and is given back as it was.
pub async fn visit_feed<F: Fetch, C: Clock>(
    context: &Context<F, C>,
    source: &Source,
    url: Url,
    state: SourceState,
) -> (FeedVisit, SourceState) {
    let now = context.now();
    let (validators, plain) = if context.settings.without_savings {
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
        source: source.url.clone(),
    };
    let start = Instant::now();
    let Answer { outcome, stats } = context.fetch.fetch(request, now).await;
    let asked = Asked { context, source, state, stats, host, plain, now };
    let mut visit = match outcome {
        Outcome::NotModified { headers } => asked.not_modified(&headers),
        Outcome::Fetched { body, headers } => asked.read(body, headers).await,
        Outcome::Failed(failure) => asked.failed(Problem::Fetch(&failure), failure.to_string()),
    };
    let elapsed = asked.stats.elapsed;
    visit.figures.stages.insert(0, (Stage::FeedFetch, elapsed));
    let mut request = Figures::default();
    request.asked(start, &asked.stats);
    visit.figures.trace.splice(0..0, request.trace);
    visit.figures.bytes = asked.stats.bytes;
    visit.figures.answer_ms = u32::try_from(elapsed.as_millis()).unwrap_or(u32::MAX);
    (visit, asked.state)
}

/// A source that has answered, and all that is needed to make sense of it.
struct Asked<'a, F, C> {
    context: &'a Context<F, C>,
    source: &'a Source,
    state: SourceState,
    stats: FetchStats,
    host: String,
    plain: bool,
    now: Timestamp,
}

impl<F: Fetch, C: Clock> Asked<'_, F, C> {
    fn ended(&self, outcome: SourceOutcome, commit: Commit) -> FeedVisit {
        let status = self.stats.status;
        FeedVisit { outcome, status, commit, found: Vec::new(), figures: Figures::default() }
    }

    fn poll_bounds(&self) -> PollBounds {
        PollBounds::of(self.source, &self.context.settings)
    }

    fn not_modified(&self, headers: &Headers) -> FeedVisit {
        let state = after_not_modified(&self.state, headers, &self.stats, self.poll_bounds(), self.now);
        self.ended(SourceOutcome::NotModified, Commit { source: Some(state), ..Commit::default() })
    }

    fn failed(&self, wrong: Problem<'_>, sentence: String) -> FeedVisit {
        let settings = &self.context.settings;
        let (state, host_wait) =
            after_failure(&self.state, wrong, &self.stats, &self.host, settings, self.now);
        let commit = Commit { source: Some(state), host_wait, ..Commit::default() };
        self.ended(SourceOutcome::Failed { kind: wrong.name(), sentence }, commit)
    }

    async fn read(&self, body: Bytes, headers: Headers) -> FeedVisit {
        let rules = self.context.rules.fingerprint();
        let hash = fingerprint(&body);
        let lesson = Read { feed: None, headers: &headers, hash, rules, new: 0, plain: self.plain };
        let rhythm = self.poll_bounds();
        let remember = |lesson: Read<'_>| after_read(&self.state, lesson, &self.stats, rhythm, self.now);
        let same = self.state.body_hash == Some(hash) && self.state.rules == rules;
        if same && !self.is_to_be_read_again() && !self.context.settings.without_savings {
            let commit = Commit { source: Some(remember(lesson)), ..Commit::default() };
            return self.ended(SourceOutcome::Fetched, commit);
        }
        let (feed, took) = match parse(
            &self.context.parsers,
            &self.context.rules,
            self.source,
            &self.stats.final_url,
            body,
            headers.content_type.clone(),
        )
        .await
        {
            Ok(read) => read,
            Err((kind, sentence)) => return self.failed(Problem::Body(kind), sentence),
        };
        let lookups = lookups(&feed.entries);
        let known =
            self.context.store.known_entries(self.source.url.clone(), rules, lookups.clone(), self.now);
        let known = match known.await {
            Ok(known) => known,
            Err(error) => return self.failed(Problem::Body("store"), error.to_string()),
        };
        let sights = recognise(&feed.entries, &lookups, &known, day(self.now));
        let mut figures = Figures {
            stages: vec![(Stage::FeedParse, took)],
            read: u32::try_from(feed.entries.len()).unwrap_or(u32::MAX),
            repaired: !feed.repairs.is_empty(),
            ..Figures::default()
        };
        figures.read_for(took);
        let alertable = self.alertable(&feed.entries);
        let page = self.page_of(&feed);
        let mut commit = Commit::default();
        let mut found = Vec::new();
        let sighting = |key, marks| LastSeen { source_url: self.source.url.clone(), key, marks };
        for (at, (entry, sight)) in feed.entries.iter().zip(sights).enumerate() {
            let new = |key, silent| New { key, silent, page: &page, rewordings: Rewordings::default() };
            let new = match sight {
                Sight::Double => continue,
                Sight::Known { key, is_aging, is_changed } => {
                    if is_aging || is_changed {
                        commit.refreshed.push(sighting(key, Some(entry.marks).filter(|_| is_changed)));
                    }
                    continue;
                }
                Sight::Reworded { key, rewordings } => {
                    let new = New { key, silent: false, page: &page, rewordings };
                    match self.reword(entry, &new, &mut figures).await {
                        Ok(Some((record, detection))) => {
                            commit.entries.push(record);
                            found.extend(detection);
                        }
                        Ok(None) => commit.refreshed.push(sighting(key, Some(entry.marks))),
                        Err(error) => return self.failed(Problem::Body("store"), error.to_string()),
                    }
                    continue;
                }
                Sight::New { key, perhaps_known } => new(key, perhaps_known || !alertable.contains(&at)),
                Sight::Reopened { key } => new(key, !alertable.contains(&at)),
            };
            let (record, detection) = self.sort(entry, &new, &mut figures);
            figures.new += 1;
            commit.entries.push(record);
            found.extend(detection);
        }
        let mut source = remember(Read { feed: Some(&feed), new: figures.new, ..lesson });
        source.entries_total += u64::from(figures.new);
        source.candidates_total += u64::from(figures.new - figures.dropped);
        commit.source = Some(source);
        FeedVisit { found, figures, ..self.ended(SourceOutcome::Fetched, commit) }
    }

    /// A known entry that says something else: its record, if its words may matter now, and what was found that was
    /// not found in it before.
    async fn reword(
        &self,
        entry: &Entry,
        new: &New<'_>,
        figures: &mut Figures,
    ) -> Result<Option<(EntryRecord, Option<Finding>)>, StoreError> {
        // The figures of entries are those of new ones.
        let mut own = Figures::default();
        let (record, found) = self.sort(entry, new, &mut own);
        figures.stages.extend(own.stages);
        if matches!(record.state, EntryState::Dropped { .. }) {
            return Ok(None);
        }
        figures.full_text += own.full_text;
        let found = match found {
            Some(found) => other_launch(self.context, found).await?,
            None => None,
        };
        Ok(Some((record, found)))
    }

    /// A new entry's place: dropped, waiting for its page, or judged on what the feed gave.
    fn sort(&self, entry: &Entry, new: &New<'_>, figures: &mut Figures) -> (EntryRecord, Option<Finding>) {
        let context = self.context;
        let text = kept(entry.text());
        let headline = Headline {
            title: &entry.title,
            summary: text,
            categories: &entry.categories,
            cut_short: cut_short(text),
        };
        let early = figures.time(Stage::EarlyFilter, || context.rules.early(&headline));
        let record = |state, summary: &str| EntryRecord {
            source_url: self.source.url.clone(),
            key: new.key,
            title: entry.title.clone(),
            link: entry.link.clone(),
            summary: summary.to_owned(),
            author: entry.author.clone(),
            published: if new.rewordings.any() { self.republished(entry) } else { self.published(entry) },
            first_seen: self.now,
            suppress_alerts: new.silent,
            state,
            rules: context.rules.fingerprint(),
            marks: Some(entry.marks),
            rewordings: new.rewordings,
        };
        if let Early::Dropped(reason) = early
            && !context.settings.without_savings
        {
            figures.dropped += 1;
            figures.pages_spared += u32::from(entry.link.is_some());
            return (record(EntryState::Dropped { reason: reason.to_owned() }, ""), None);
        }
        let whole = !context.settings.without_savings && text.chars().nth(FULL_TEXT).is_some();
        if !whole && entry.link.is_some() {
            return (record(EntryState::Waiting { tries: 0, next_try: self.now }, text), None);
        }
        figures.full_text += u32::from(whole && entry.link.is_some());
        let mut judged = record(EntryState::Judged { score: 0 }, text);
        let link = entry.link.as_deref().and_then(|link| Url::parse(link).ok());
        let url = link.map_or_else(|| new.page.to_owned(), |link| address::shown(&link));
        let verdict = figures.time(Stage::Judge, || context.rules.judge(&item(&judged, text, &url)));
        judged.state = EntryState::Judged { score: verdict.score };
        let found = Finding::from_entry(&judged, verdict, text.to_owned(), url);
        (judged, found)
    }

    /// Positions of the entries that may alert: all of a known source's; of one seen for the first time, its newest few.
    fn alertable(&self, entries: &[Entry]) -> HashSet<usize> {
        let mut newest: Vec<usize> = (0..entries.len()).collect();
        if self.state.first_read_at.is_none() {
            newest.sort_by_key(|at| std::cmp::Reverse(self.published(&entries[*at])));
            newest.truncate(self.context.settings.catch_up);
        }
        newest.into_iter().collect()
    }

    /// Whether a body is read although it is the one read last: once in some weeks, so that what it still shows is not
    /// taken for gone.
    fn is_to_be_read_again(&self) -> bool {
        let period = |at: Timestamp| day(at) / READ_AGAIN_DAYS;
        self.state.read_at.is_none_or(|read| period(read) != period(self.now))
    }

    /// Address to show for entries without a link: the feed's site, else the feed's own without what may be secret.
    fn page_of(&self, feed: &Feed) -> String {
        let own =
            Url::parse(&self.source.url).map_or_else(|_| self.source.url.clone(), |url| address::bare(&url));
        let site = feed.website.as_deref().and_then(|website| Url::parse(website).ok());
        match site {
            // Some feeds name themselves, key and all.
            Some(site) if address::bare(&site) == own => own,
            Some(site) => address::shown(&site),
            None => own,
        }
    }

    /// The entry's time if it can be believed, else the time we saw it first.
    fn published(&self, entry: &Entry) -> Timestamp {
        entry.published.filter(|at| *at <= self.now + AHEAD).unwrap_or(self.now)
    }

    /// The time of a known entry's new words: what the feed says, if that is later than our last look, else now.
    fn republished(&self, entry: &Entry) -> Timestamp {
        let times = [entry.published, entry.updated].into_iter().flatten();
        let recent = times.filter(|at| Some(*at) > self.state.read_at && *at <= self.now + AHEAD);
        recent.max().unwrap_or(self.now)
    }
}

/// What is known of an entry before it is sorted.
struct New<'a> {
    /// Under what it is kept.
    key: EntryKey,
    /// Whether nobody is to be alerted.
    silent: bool,
    /// Address to show where it has no link.
    page: &'a str,
    /// How often it was judged again for its words, this time included.
    rewordings: Rewordings,
}

/// Days since 1970.
fn day(at: Timestamp) -> u32 {
    u32::try_from(at.as_second().div_euclid(86_400)).unwrap_or(0)
}

/// First 16 bytes of the SHA-256 of `body`: enough to tell that nothing changed.
fn fingerprint(body: &[u8]) -> [u8; 16] {
    let digest = Sha256::digest(body);
    let mut first = [0; 16];
    first.copy_from_slice(&digest[..16]);
    first
}

/// Bytes to entries, off the threads that wait for the network; or the stable name and the sentence of what was wrong.
async fn parse(
    parsers: &ParsePool,
    rules: &Arc<Rules>,
    source: &Source,
    url: &Url,
    body: Bytes,
    content_type: Option<String>,
) -> Result<(Feed, Duration), (&'static str, String)> {
    let (rules, format, url) = (Arc::clone(rules), source.format.clone(), url.clone());
    let read = parsers.read(body.len(), move || {
        let start = Instant::now();
        let document = Document { bytes: &body, content_type: content_type.as_deref(), url: &url };
        let feed = feed::read(&document, &format).map(|feed| (feed, start.elapsed()));
        // Its entries are sifted next, on the thread that waits for the network.
        rules.prepare();
        feed
    });
    match read.await {
        Ok(feed) => feed.map_err(|error| (error.name(), error.to_string())),
        Err(unread) => Err((unread.name(), unread.to_string())),
    }
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
