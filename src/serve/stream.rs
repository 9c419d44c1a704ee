//! The bodies of streams: Server-Sent Events and NDJSON.

use std::{convert::Infallible, pin::Pin, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{HeaderValue, Response, header},
};
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::{Stream, StreamExt, stream};
use serde::Serialize;
use strum::{IntoStaticStr, VariantArray};
use tokio::{
    sync::watch,
    time::{Instant, Sleep, sleep_until},
};

use super::live::{Event, Ring, event};
use crate::{
    clock::{Clock, SystemClock},
    figures::report::Schema,
    model::event_date::day_of,
    render,
    store::{EventFilter, Store},
};

/// Silence after which a stream sends a comment or an empty line: proxies end connections that are silent for 30 to 60
/// seconds.
const KEEP_ALIVE: Duration = Duration::from_secs(25);
/// Age at which a stream ends and its reader connects again, so that restarts of proxies and of the server are ordinary.
const LONGEST: Duration = Duration::from_mins(10);
/// Bytes after which a part takes no further event: a reader that takes nothing holds one part in memory.
const PART: usize = 64 << 10;
/// Entries read from the log at once for a reader that is behind, about a part.
const REFILL: usize = 64;
/// Milliseconds after which a browser connects again: from the first to the second, different for each reader.
const RETRY_MS: (u64, u64) = (1_000, 4_000);

#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum Form {
    /// `text/event-stream`.
    Sse,
    /// A JSON object a line.
    Ndjson,
    /// As NDJSON; an empty part is due for a ping.
    WebSocket,
}

/// A reader and its place.
pub struct Reader {
    pub form: Form,
    pub filter: EventFilter,
    /// The number of the last event that it has; `None` for one that begins now.
    pub after: Option<i64>,
    pub ring: Arc<Ring>,
    pub store: Store,
    /// Any number that differs between readers.
    pub number: u64,
}

/// Where a reader stands.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PlaceEvent {
    schema: Schema,
    event: Place,
    /// The number of the newest event.
    newest: i64,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum Place {
    /// The stream begins.
    Hello,
    /// Events are missing.
    Reset,
}

impl Place {
    /// One line with its end.
    fn json(self, newest: i64) -> String {
        render::json(&PlaceEvent { schema: Schema::default(), event: self, newest })
    }
}

struct State {
    reader: Reader,
    news: watch::Receiver<i64>,
    seq: i64,
    ends_at: Instant,
    /// When the last part was made.
    spoke_at: Instant,
    /// Ends at `ends_at`, or before it where the stream may have been silent for long. It is moved only when it has ended:
    /// a timer for each event would cost more than the event.
    timer: Pin<Box<Sleep>>,
    is_begun: bool,
    /// Whether the reader may name an event that never was, as after a change of the database.
    is_unknown: bool,
    is_over: bool,
}

/// What `reader` gets, part by part.
pub fn parts(reader: Reader) -> impl Stream<Item = Bytes> + Send {
    let news = reader.ring.subscribe();
    let now = Instant::now();
    let state = State {
        seq: reader.after.unwrap_or_else(|| reader.ring.newest()),
        ends_at: now + LONGEST,
        spoke_at: now,
        timer: Box::pin(sleep_until(now + KEEP_ALIVE)),
        is_begun: false,
        is_unknown: reader.after.is_some(),
        is_over: false,
        news,
        reader,
    };
    stream::unfold(state, |mut state| async move {
        let part = state.next().await?;
        state.spoke_at = Instant::now();
        state.reader.ring.sent.part(state.reader.form, part.len());
        Some((part, state))
    })
}

/// The answer that streams to `reader`.
pub fn response(reader: Reader) -> Response<Body> {
    let form = reader.form;
    let mut response = Response::new(Body::from_stream(parts(reader).map(Ok::<_, Infallible>)));
    let headers = response.headers_mut();
    let content_type = match form {
        Form::Sse => "text/event-stream",
        Form::Ndjson | Form::WebSocket => "application/x-ndjson",
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    // A proxy that compresses or buffers would hold events back.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

impl State {
    /// The next part of the body; `None` at its end.
    async fn next(&mut self) -> Option<Bytes> {
        if self.is_over {
            return None;
        }
        if !self.is_begun {
            self.is_begun = true;
            return Some(self.hello());
        }
        if std::mem::take(&mut self.is_unknown)
            && self.seq > self.reader.ring.newest()
            && self.is_beyond_log().await
        {
            return Some(self.reset());
        }
        loop {
            if self.reader.ring.is_over() || Instant::now() >= self.ends_at {
                self.is_over = true;
                let retry = self.retry();
                return (!retry.is_empty()).then_some(retry);
            }
            match self.reader.ring.after(self.seq) {
                Some(events) if events.is_empty() => {}
                Some(events) => {
                    if let Some(part) = self.part(events.iter().map(|event| &**event)) {
                        return Some(part);
                    }
                    continue;
                }
                None => match self.refill().await {
                    Some(part) => return Some(part),
                    None => continue,
                },
            }
            tokio::select! {
                _ = self.news.changed() => {}
                () = &mut self.timer => {
                    let silent_until = self.spoke_at + KEEP_ALIVE;
                    let now = Instant::now();
                    let is_silent = now >= silent_until;
                    let next = if is_silent { now + KEEP_ALIVE } else { silent_until };
                    self.timer.as_mut().reset(next.min(self.ends_at));
                    if is_silent && now < self.ends_at {
                        return Some(match self.reader.form {
                            Form::Sse => Bytes::from_static(b":\n\n"),
                            Form::Ndjson => Bytes::from_static(b"\n"),
                            Form::WebSocket => Bytes::new(),
                        });
                    }
                }
            }
        }
    }

    /// The number of the newest event, so that a page that has just been loaded misses nothing.
    fn hello(&self) -> Bytes {
        let newest = self.reader.ring.newest();
        match self.reader.form {
            Form::Sse => {
                let retry = self.retry();
                let mut part = BytesMut::from(&retry[..]);
                // No id: it would move a reader that has events to come.
                part.put_slice(format!("event: hello\ndata: {}\n", Place::Hello.json(newest)).as_bytes());
                part.freeze()
            }
            Form::Ndjson | Form::WebSocket => Place::Hello.json(newest).into(),
        }
    }

    fn retry(&self) -> Bytes {
        let (least, most) = RETRY_MS;
        // Neighbours differ by much: the fraction of multiples of the golden ratio.
        let spread = self.reader.number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
        match self.reader.form {
            Form::Sse => format!("retry: {}\n\n", least + spread % (most - least)).into(),
            Form::Ndjson | Form::WebSocket => Bytes::new(),
        }
    }

    /// What of `events` the reader gets, up to a part.
    fn part<'a>(&mut self, events: impl Iterator<Item = &'a Event>) -> Option<Bytes> {
        let form = self.reader.form;
        let (mut wanted, mut length) = (Vec::new(), 0);
        for event in events {
            if length >= PART {
                break;
            }
            self.seq = event.seq;
            if event.passes(&self.reader.filter) {
                let bytes = match form {
                    Form::Sse => &event.sse,
                    Form::Ndjson | Form::WebSocket => &event.line,
                };
                length += bytes.len();
                wanted.push(bytes);
            }
        }
        self.reader.ring.sent.events(form, wanted.len() as u64);
        match *wanted {
            [] => None,
            // All readers share it.
            [only] => Some(only.clone()),
            _ => Some(wanted.iter().map(|bytes| &bytes[..]).collect::<Vec<_>>().concat().into()),
        }
    }

    /// Events that are not in memory any more, from the log; a reset if the log has not all of them either.
    async fn refill(&mut self) -> Option<Bytes> {
        self.reader.ring.sent.refill();
        let oldest = self.reader.store.log_start().await;
        let is_kept = matches!(oldest, Ok(Some(oldest)) if oldest <= self.seq + 1);
        if is_kept
            && let Ok(entries) = self.reader.store.log(self.seq, REFILL).await
            && !entries.is_empty()
        {
            let today = day_of(SystemClock.now());
            let events: Vec<Event> = entries.into_iter().map(|entry| event(entry, today)).collect();
            return self.part(events.iter());
        }
        Some(self.reset())
    }

    /// Whether the log ends before the reader's place. The ring may be behind the log.
    async fn is_beyond_log(&self) -> bool {
        !matches!(self.reader.store.log(self.seq - 1, 1).await, Ok(entries) if !entries.is_empty())
    }

    /// Says that events may be missing, and goes on after the newest one.
    fn reset(&mut self) -> Bytes {
        self.reader.ring.sent.reset();
        let newest = self.reader.ring.newest();
        self.seq = newest;
        match self.reader.form {
            Form::Sse => format!("id: {newest}\nevent: reset\ndata: {}\n", Place::Reset.json(newest)).into(),
            Form::Ndjson | Form::WebSocket => Place::Reset.json(newest).into(),
        }
    }
}
