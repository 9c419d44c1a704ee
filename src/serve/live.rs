//! What became known, kept for the readers of streams: each entry of the log is rendered once.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use strum::IntoStaticStr;
use tokio::sync::watch;

use super::counters::Sent;
use crate::{
    clock::{Clock, SystemClock},
    figures::report::Schema,
    model::{Class, Detection, DetectionView, event_date::day_of},
    render,
    store::{EndedCycle, EventFilter, LogEntry, News, Store, StoreError, StoryNews},
};

/// Events kept in memory, some MiB. A reader that is further behind reads the log.
const KEPT: usize = 8_192;
/// Entries read from the log at once.
const BATCH: usize = 512;
/// Interval of looks at the database while nobody reads.
const LOOK_IDLE: Duration = Duration::from_secs(1);
/// While somebody reads: the delay of the first event of a cycle.
const LOOK_LIVE: Duration = Duration::from_millis(8);
/// After an event, for [`BUSY`]: cycles store their stories in quick succession.
const LOOK_BUSY: Duration = Duration::from_millis(2);
const BUSY: Duration = Duration::from_millis(500);

/// An event as readers get it.
#[derive(Debug, Clone)]
pub struct Event {
    pub seq: i64,
    /// The story's head, for filters; `None` for a cycle.
    pub detection: Option<Box<Detection>>,
    /// As Server-Sent Event.
    pub sse: Bytes,
    /// As a line of NDJSON.
    pub line: Bytes,
}

impl Event {
    /// Whether a reader with `filter` gets it. Cycles are for all.
    pub fn passes(&self, filter: &EventFilter) -> bool {
        self.detection.as_ref().is_none_or(|detection| filter.passes(detection))
    }
}

/// A story that is new or changed.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StoryEvent<'a> {
    schema: Schema,
    /// The number of the event.
    seq: i64,
    event: StoryEventName,
    change: StoryChange<'a>,
    /// Whether sources had it when they were first fetched; no alert was sent for it.
    at_first_fetch: bool,
    detection: DetectionView<'a>,
}

#[derive(Debug, Clone, Copy, Serialize, IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum StoryEventName {
    Story,
    Update,
}

/// What changed of a story.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct StoryChange<'a> {
    /// Before and now, if it changed.
    event_date: Option<(Option<&'a str>, &'a str)>,
    /// Before and now, if it rose.
    class: Option<(Class, Class)>,
    /// New mentions.
    mentions: usize,
}

/// The end of a cycle.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CycleEvent<'a> {
    schema: Schema,
    /// The number of the event.
    seq: i64,
    event: CycleEventName,
    #[serde(serialize_with = "crate::model::stamp::serialize")]
    #[cfg_attr(test, schemars(with = "crate::model::stamp::Time"))]
    at: Timestamp,
    cycle: &'a EndedCycle,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum CycleEventName {
    Cycle,
}

/// Renders an entry, with the stage of its story on `today`.
pub fn event(entry: LogEntry, today: Date) -> Event {
    let LogEntry { seq, at, news } = entry;
    match news {
        News::Story(news) => {
            let StoryNews { update, at_first_fetch } = news.heard(at, today);
            let name = if update.is_new { StoryEventName::Story } else { StoryEventName::Update };
            let change = StoryChange {
                event_date: update.event_date.as_ref().map(|(before, now)| (before.as_deref(), now.as_str())),
                class: update.class,
                mentions: update.outlets,
            };
            let detection = DetectionView::from(&update.detection);
            let json = render::json(&StoryEvent {
                schema: Schema::default(),
                seq,
                event: name,
                change,
                at_first_fetch,
                detection,
            });
            Event { detection: Some(Box::new(update.detection)), ..rendered(seq, name.into(), json) }
        }
        News::Cycle(cycle) => {
            let schema = Schema::default();
            let document = CycleEvent { schema, seq, event: CycleEventName::Cycle, at, cycle: &cycle };
            rendered(seq, "cycle", render::json(&document))
        }
    }
}

/// `json` is one line with its end.
fn rendered(seq: i64, name: &str, json: String) -> Event {
    let sse = format!("id: {seq}\nevent: {name}\ndata: {json}\n");
    Event { seq, detection: None, sse: sse.into(), line: json.into() }
}

/// The newest events. Each reader has a position of its own, so none delays another and none needs a queue.
#[derive(Debug)]
pub struct Ring {
    events: Mutex<VecDeque<Arc<Event>>>,
    newest: watch::Sender<i64>,
    /// Whether the server stops.
    is_over: AtomicBool,
    /// What its readers got.
    pub sent: Sent,
}

impl Ring {
    /// An empty one after the event `seq`.
    pub fn new(seq: i64) -> Self {
        Self {
            events: Mutex::default(),
            newest: watch::Sender::new(seq),
            is_over: AtomicBool::new(false),
            sent: Sent::default(),
        }
    }

    /// Ends the streams.
    pub fn end(&self) {
        self.is_over.store(true, Ordering::Release);
        self.newest.send_modify(|_| {});
    }

    pub fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    pub fn newest(&self) -> i64 {
        *self.newest.borrow()
    }

    pub fn subscribe(&self) -> watch::Receiver<i64> {
        self.newest.subscribe()
    }

    /// Readers of streams.
    pub fn readers(&self) -> usize {
        self.newest.receiver_count()
    }

    pub fn push(&self, new: Vec<Event>) {
        let Some(last) = new.last().map(|event| event.seq) else { return };
        let mut events = self.lock();
        events.extend(new.into_iter().map(Arc::new));
        let over = events.len().saturating_sub(KEPT);
        events.drain(..over);
        drop(events);
        self.newest.send_replace(last);
    }

    /// At most [`BATCH`] events after `seq`; `None` if an event after it is not kept any more.
    pub fn after(&self, seq: i64) -> Option<Vec<Arc<Event>>> {
        let events = self.lock();
        if seq >= self.newest() {
            return Some(Vec::new());
        }
        events.front().filter(|first| first.seq <= seq + 1)?;
        let start = events.partition_point(|event| event.seq <= seq);
        Some(events.iter().skip(start).take(BATCH).map(Arc::clone).collect())
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Event>>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the log into `ring` for ever. A database that cannot be read now is read later.
pub async fn follow(store: Store, ring: Arc<Ring>) {
    let mut seen_version = None;
    let mut news_at = None;
    loop {
        let newest = ring.newest();
        match look(&store, &ring, &mut seen_version).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => {
                tracing::warn!("the log of the database cannot be read: {error}");
                SystemClock.sleep(LOOK_IDLE).await;
            }
        }
        if ring.newest() > newest {
            news_at = Some(Instant::now());
        }
        SystemClock.sleep(pause(ring.readers(), news_at.map(|at| at.elapsed()))).await;
    }
}

/// Time until the next look, with the time since the last event.
fn pause(readers: usize, since_news: Option<Duration>) -> Duration {
    match since_news {
        _ if readers == 0 => LOOK_IDLE,
        Some(since) if since < BUSY => LOOK_BUSY,
        _ => LOOK_LIVE,
    }
}

/// Reads what is new if the database changed. Whether there may be more.
async fn look(store: &Store, ring: &Ring, seen_version: &mut Option<i64>) -> Result<bool, StoreError> {
    let version = store.data_version().await?;
    if *seen_version == Some(version) {
        return Ok(false);
    }
    let entries = store.log(ring.newest(), BATCH).await?;
    let is_all = entries.len() < BATCH;
    let today = day_of(SystemClock.now());
    ring.push(entries.into_iter().map(|entry| event(entry, today)).collect());
    if is_all {
        *seen_version = Some(version);
    }
    Ok(!is_all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(numbers: std::ops::RangeInclusive<i64>) -> Vec<Event> {
        numbers.map(|seq| rendered(seq, "cycle", "{}\n".to_owned())).collect()
    }

    fn numbers(events: Option<Vec<Arc<Event>>>) -> Option<(usize, Option<i64>, Option<i64>)> {
        events.map(|events| {
            (events.len(), events.first().map(|event| event.seq), events.last().map(|event| event.seq))
        })
    }

    #[test]
    fn a_reader_goes_on_after_any_kept_event_and_no_other() {
        let ring = Ring::new(5);
        assert_eq!(numbers(ring.after(5)), Some((0, None, None)));
        assert_eq!(numbers(ring.after(4)), None, "event 5 is not kept");
        ring.push(numbered(6..=9));
        assert_eq!(numbers(ring.after(5)), Some((4, Some(6), Some(9))));
        assert_eq!(numbers(ring.after(8)), Some((1, Some(9), Some(9))));
        assert_eq!(numbers(ring.after(4)), None);
        assert_eq!(numbers(ring.after(99)), Some((0, None, None)));
        ring.push(numbered(10..=9_000));
        let first = 9_000 - 8_192 + 1;
        assert_eq!(numbers(ring.after(first - 2)), None);
        assert_eq!(numbers(ring.after(first - 1)), Some((BATCH, Some(first), Some(first + 511))));
    }

    #[test]
    fn the_log_is_read_often_only_while_somebody_waits_for_it() {
        let after = |ms| Some(Duration::from_millis(ms));
        assert_eq!(pause(0, after(1)), LOOK_IDLE);
        assert_eq!(pause(1, None), LOOK_LIVE);
        assert_eq!((pause(1, after(499)), pause(1, after(500))), (LOOK_BUSY, LOOK_LIVE));
    }

    #[test]
    fn an_event_is_one_line_and_one_server_sent_event() {
        let cycle = crate::store::EndedCycle {
            id: 7,
            duration_ms: 900,
            status: crate::model::CycleStatus::Ok,
            exit_code: 0,
        };
        let entry = LogEntry { seq: 3, at: crate::model::samples::now(), news: News::Cycle(cycle) };
        let event = event(entry, day_of(crate::model::samples::now()));
        let line = std::str::from_utf8(&event.line).unwrap();
        assert_eq!(line.matches('\n').count(), 1);
        assert_eq!(std::str::from_utf8(&event.sse).unwrap(), format!("id: 3\nevent: cycle\ndata: {line}\n"));
        assert!(event.passes(&EventFilter { watched: true, ..EventFilter::default() }));
    }
}
