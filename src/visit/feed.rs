//! Visits a source: request, parsing, and the early filter for new entries. A candidate waits for its page, unless the feed
//! has the full text.

mod cut_short;
mod further;
mod mirrors;
pub(crate) mod program;

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use jiff::Timestamp;
use url::Url;

use crate::{
    detect::{Early, Headline, Rules, feedback::Feedback},
    feed::{self, Document, Feed},
    figures::StageName,
    http::{Answer, FetchStats, Headers, Outcome, Purpose, Request},
    model::{
        Commit, Entry, EntryKey, EntryRecord, EntryState, FailureKind, LastSeen, Rewordings, Source,
        SourceFormat, SourceState, Validators,
    },
    store::StoreError,
    text::{address, hash::sha256, host::pace_key},
};

use self::{
    cut_short::cut_short,
    program::{Run, run_program},
};
use super::{
    Context, FeedVisit, Figures, Finding, ParsePool, SourceOutcome,
    identity::{Sight, lookups, recognise},
    kept,
    page_cache::item,
    reword::other_launch,
    schedule::{PollBounds, Problem, Read, after_failure, after_not_modified, after_read, validators},
};

/// Feed text of this many characters needs no page: classification reads no further.
const FULL_TEXT: usize = 1200;
/// A body that never changes is read again once in each period of this many days: it updates the times of entries, which are
/// deleted 90 days after the last one.
const READ_AGAIN_DAYS: u32 = 15;
/// Publication times further in the future are ignored (docs/reference/feeds.md#dates).
const AHEAD: Duration = Duration::from_hours(24);

/// Visits `source`, whose address is `url`. Returns `state`, its stored state, unchanged.
pub async fn visit_feed(
    context: &Context,
    source: &Source,
    url: Url,
    state: SourceState,
) -> (FeedVisit, SourceState) {
    if source.also.is_empty() {
        visit_address(context, source, url, state).await
    } else {
        mirrors::visit(context, source, state).await
    }
}

/// Visits `source` at one of its addresses.
async fn visit_address(
    context: &Context,
    source: &Source,
    url: Url,
    state: SourceState,
) -> (FeedVisit, SourceState) {
    let now = context.now();
    let is_refreshed = context.settings.refresh.covers(&source.url);
    // A POST has no validators (RFC 9110, section 13.1).
    let is_unconditional = context.settings.without_savings || is_refreshed || source.body().is_some();
    let (validators, plain) = if is_unconditional {
        (Validators::default(), true)
    } else {
        validators(&state, context.rules.fingerprint(), now)
    };
    let host = pace_key(url.host_str().unwrap_or_default());
    let start = Instant::now();
    let (answer, stats) = if let SourceFormat::Exec(program) = &source.format {
        let Run { result, start: started } = run_program(program, &source.name).await;
        let mut stats = FetchStats::new(url);
        (stats.paced, stats.elapsed) = (started - start, started.elapsed());
        stats.bytes = result.as_ref().map_or(0, |printed| printed.len() as u64);
        (Err(result), stats)
    } else {
        let body = source.body().map(str::to_owned);
        let request = request(source, url, body, (validators, state.validators_url.clone()));
        let Answer { outcome, stats } = context.http.fetch(request, now).await;
        (Ok(outcome), stats)
    };
    let asked = Asked { context, source, state, stats, host, plain, is_refreshed, now };
    let mut visit = match answer {
        Ok(Outcome::NotModified { headers }) => asked.not_modified(&headers),
        // Boxed: most visits only wait for a 304.
        Ok(Outcome::Fetched { body, headers }) => Box::pin(asked.read(body, headers)).await,
        Ok(Outcome::Failed(failure)) => asked.failed(Problem::Fetch(&failure), failure.to_string()),
        Err(Ok(printed)) => {
            let content_type = Some(program::CONTENT_TYPE.to_owned());
            Box::pin(asked.read(printed, Headers { content_type, ..Headers::default() })).await
        }
        Err(Err((kind, sentence))) => asked.failed(Problem::Body(&kind), sentence),
    };
    let elapsed = asked.stats.elapsed;
    visit.figures.stages.insert(0, (StageName::FeedFetch, elapsed));
    let mut request = Figures::default();
    request.asked(start, &asked.stats);
    visit.figures.trace.splice(0..0, request.trace);
    visit.figures.bytes = asked.stats.bytes;
    visit.figures.answer_ms = u32::try_from(elapsed.as_millis()).unwrap_or(u32::MAX);
    (visit, asked.state)
}

/// The request of a document of `source`, with the body of a POST, the validators and the address that sent them. The
/// source's headers go to its own origin only.
fn request(
    source: &Source,
    url: Url,
    body: Option<String>,
    (validators, validators_url): (Validators, String),
) -> Request {
    let is_own = Url::parse(&source.url).is_ok_and(|own| own.origin() == url.origin());
    let headers = if is_own { source.headers.clone() } else { Vec::new() };
    Request {
        url,
        purpose: Purpose::Feed,
        validators,
        validators_url,
        headers,
        body,
        source: source.url.clone(),
    }
}

/// A source after its request.
struct Asked<'a> {
    context: &'a Context,
    source: &'a Source,
    state: SourceState,
    stats: FetchStats,
    host: String,
    plain: bool,
    is_refreshed: bool,
    now: Timestamp,
}

impl Asked<'_> {
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

    fn failed(&self, problem: Problem<'_>, sentence: String) -> FeedVisit {
        let bounds = self.poll_bounds();
        let (state, host_wait) =
            after_failure(&self.state, problem, &self.stats, &self.host, bounds, self.now);
        let host_waits = host_wait.into_iter().collect();
        let commit = Commit { source: Some(state), host_waits, ..Commit::default() };
        self.ended(SourceOutcome::Failed { kind: problem.kind(), sentence }, commit)
    }

    async fn read(&self, body: Bytes, headers: Headers) -> FeedVisit {
        let rules = self.context.rules.fingerprint();
        let hash = sha256(&body);
        let result = Read { feed: None, headers: &headers, hash, rules, new: 0, plain: self.plain };
        let bounds = self.poll_bounds();
        let new_state = |result: Read<'_>| after_read(&self.state, result, &self.stats, bounds, self.now);
        let same = self.state.body_hash == Some(hash) && self.state.rules == rules;
        let reads_again =
            self.is_refreshed || self.is_to_be_read_again() || self.context.settings.without_savings;
        if same && !reads_again {
            let commit = Commit { source: Some(new_state(result)), ..Commit::default() };
            return self.ended(SourceOutcome::Fetched, commit);
        }
        let (mut feed, mut took) = match parse(
            &self.context.parsers,
            &self.context.rules,
            self.source,
            &self.stats.final_url,
            body,
            headers.content_type.clone(),
            self.now,
        )
        .await
        {
            Ok(read) => read,
            Err((kind, sentence)) => return self.failed(Problem::Body(&kind), sentence),
        };
        if feed.faulty.count > 0 {
            let (name, faulty) = (&self.source.name, &feed.faulty);
            tracing::info!("{} wrong lines in the output of {name}: {}", faulty.count, faulty.first);
        }
        match self.read_further(&mut feed, rules).await {
            Ok(further) => took += further,
            Err(unread) => return self.failed(unread.problem(), unread.sentence()),
        }
        let lookups = lookups(&feed.entries);
        let known =
            self.context.store.known_entries(self.source.url.clone(), rules, lookups.clone(), self.now);
        let known = match known.await {
            Ok(known) => known,
            Err(error) => return self.failed(Problem::Body(&FailureKind::Store), error.to_string()),
        };
        let sights = recognise(&feed.entries, &lookups, &known, day(self.now));
        let mut figures = Figures {
            stages: vec![(StageName::FeedParse, took)],
            read: u32::try_from(feed.entries.len()).unwrap_or(u32::MAX),
            repaired: !feed.repairs.is_empty(),
            ..Figures::default()
        };
        figures.read_for(took);
        let alertable = self.alertable(&feed.entries);
        let page = self.page_of(&feed);
        let mut commit = Commit::default();
        let mut found = Vec::new();
        let last_seen = |key, marks| LastSeen { source_url: self.source.url.clone(), key, marks };
        for (at, (entry, sight)) in feed.entries.iter().zip(sights).enumerate() {
            let new = |key, suppress_alerts| New {
                key,
                suppress_alerts,
                page: &page,
                rewordings: Rewordings::default(),
            };
            let new = match sight {
                Sight::Double => continue,
                Sight::Known { key, is_stale, is_changed } => {
                    if is_stale || is_changed {
                        commit.refreshed.push(last_seen(key, Some(entry.marks).filter(|_| is_changed)));
                    }
                    continue;
                }
                Sight::Reworded { key, rewordings } => {
                    let new = New { key, suppress_alerts: false, page: &page, rewordings };
                    match self.reword(entry, &new, &mut figures).await {
                        Ok(Some((record, detection))) => {
                            commit.entries.push(record);
                            found.extend(detection);
                        }
                        Ok(None) => commit.refreshed.push(last_seen(key, Some(entry.marks))),
                        Err(error) => {
                            return self.failed(Problem::Body(&FailureKind::Store), error.to_string());
                        }
                    }
                    continue;
                }
                Sight::New { key, perhaps_known } => new(key, perhaps_known || !alertable.contains(&at)),
                Sight::Reopened { key } => new(key, !alertable.contains(&at)),
            };
            let (record, detection) = self.sort(entry, &new, &mut figures).await;
            figures.new += 1;
            commit.entries.push(record);
            found.extend(detection);
        }
        let mut source = new_state(Read { feed: Some(&feed), new: figures.new, ..result });
        source.entries_total += u64::from(figures.new);
        source.candidates_total += u64::from(figures.new - figures.dropped);
        commit.source = Some(source);
        FeedVisit { found, figures, ..self.ended(SourceOutcome::Fetched, commit) }
    }

    /// A known entry with other words: its record, if the early filter lets it pass, and its finding, if that is a new one.
    async fn reword(
        &self,
        entry: &Entry,
        new: &New<'_>,
        figures: &mut Figures,
    ) -> Result<Option<(EntryRecord, Option<Finding>)>, StoreError> {
        // The figures count new entries only.
        let mut own = Figures::default();
        let (record, found) = self.sort(entry, new, &mut own).await;
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

    /// A new entry: dropped, waiting for its page, or classified by the feed's text.
    async fn sort(
        &self,
        entry: &Entry,
        new: &New<'_>,
        figures: &mut Figures,
    ) -> (EntryRecord, Option<Finding>) {
        let context = self.context;
        let text = kept(entry.text());
        let headline = Headline {
            title: &entry.title,
            summary: text,
            categories: &entry.categories,
            cut_short: cut_short(text),
        };
        let early = figures.time(StageName::EarlyFilter, || context.rules.early(&headline));
        let record = |state, summary: &str| EntryRecord {
            source_url: self.source.url.clone(),
            key: new.key,
            title: entry.title.clone(),
            link: entry.link.clone(),
            summary: summary.to_owned(),
            author: entry.author.clone(),
            published: if new.rewordings.any() { self.republished(entry) } else { self.published(entry) },
            first_seen: self.now,
            suppress_alerts: new.suppress_alerts,
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
        let text = text.to_owned();
        let judge = move |rules: &Rules, feedback: &Feedback| {
            let verdict = rules.judge_with(&item(&judged, &text, &url), feedback);
            judged.state = EntryState::Judged { score: verdict.score };
            let found = Finding::from_entry(&judged, verdict, text, url);
            (judged, found)
        };
        context.judge(figures, judge).await
    }

    /// Positions of the entries that may send alerts: all of a known source, the newest few of a new one.
    fn alertable(&self, entries: &[Entry]) -> HashSet<usize> {
        let mut newest: Vec<usize> = (0..entries.len()).collect();
        if self.state.first_read_at.is_none() {
            newest.sort_by_key(|at| std::cmp::Reverse(self.published(&entries[*at])));
            newest.truncate(self.context.settings.catch_up);
        }
        newest.into_iter().collect()
    }

    /// Whether an unchanged body is parsed again: once in each period, so that its entries are not deleted.
    fn is_to_be_read_again(&self) -> bool {
        let period = |at: Timestamp| day(at) / READ_AGAIN_DAYS;
        self.state.read_at.is_none_or(|read| period(read) != period(self.now))
    }

    /// Address to show for entries without a link: the feed's site, else the feed's own without possible secrets.
    fn page_of(&self, feed: &Feed) -> String {
        let own =
            Url::parse(&self.source.url).map_or_else(|_| self.source.url.clone(), |url| address::bare(&url));
        let site = feed.website.as_deref().and_then(|website| Url::parse(website).ok());
        match site {
            // Some feeds name their own address, with its key, as their site.
            Some(site) if address::bare(&site) == own => own,
            Some(site) => address::shown(&site),
            None => own,
        }
    }

    /// The entry's time unless it is too far in the future, else the present.
    fn published(&self, entry: &Entry) -> Timestamp {
        entry.published.filter(|at| *at <= self.now + AHEAD).unwrap_or(self.now)
    }

    /// The time of a known entry's new words: the feed's times after the last visit, else now.
    fn republished(&self, entry: &Entry) -> Timestamp {
        let times = [entry.published, entry.updated].into_iter().flatten();
        let recent = times.filter(|at| Some(*at) > self.state.read_at && *at <= self.now + AHEAD);
        recent.max().unwrap_or(self.now)
    }
}

/// What is known of an entry before the early filter.
struct New<'a> {
    key: EntryKey,
    suppress_alerts: bool,
    /// Address to show where it has no link.
    page: &'a str,
    /// How often it was classified again for its words, this time included.
    rewordings: Rewordings,
}

/// Days since 1970.
fn day(at: Timestamp) -> u32 {
    u32::try_from(at.as_second().div_euclid(86_400)).unwrap_or(0)
}

/// Bytes to entries, on the parsing threads; or the kind and the message of the failure.
async fn parse(
    parsers: &ParsePool,
    rules: &Arc<Rules>,
    source: &Source,
    url: &Url,
    body: Bytes,
    content_type: Option<String>,
    now: Timestamp,
) -> Result<(Feed, Duration), (FailureKind, String)> {
    let (rules, format, url) = (Arc::clone(rules), source.format.clone(), url.clone());
    let read = parsers.read_source(&source.format, body.len(), move || {
        let start = Instant::now();
        let document = Document { bytes: &body, content_type: content_type.as_deref(), url: &url, now };
        let feed = feed::read(&document, &format).map(|feed| (feed, start.elapsed()));
        // Compiled here, because the early filter runs next on the network thread.
        rules.prepare();
        feed
    });
    read.await?.map_err(|error| (error.kind(), error.to_string()))
}
