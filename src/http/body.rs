//! Reads bodies within limits of size, silence, time, and memory over all requests.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use reqwest::{Response, header::CONTENT_ENCODING};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

use super::{Failure, classify::classify, unpack::unpack, whole::is_whole};

/// Bodies up to this many bytes, compressed and decompressed, are read concurrently: most feeds and pages are smaller.
pub const SMALL_BODY: usize = 256 * 1024;
const SMALL: u64 = SMALL_BODY as u64;
/// Most larger bodies at once, each until it has been parsed. So all hostile servers together cause at most this many times
/// twice the body limit of memory.
const LARGE_AT_ONCE: usize = 4;

#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline(Instant);

impl Deadline {
    pub fn after(limit: Duration) -> Self {
        let now = Instant::now();
        Self(now.checked_add(limit).unwrap_or(now))
    }

    /// This, or `limit` from now where that is sooner.
    pub fn at_most(self, limit: Duration) -> Self {
        Self(self.0.min(Self::after(limit).0))
    }

    /// Waits for `work` until the deadline, and for `idle` at most.
    pub async fn within<T>(self, idle: Duration, work: impl Future<Output = T>) -> Result<T, Failure> {
        let silent = Instant::now().checked_add(idle).unwrap_or(self.0);
        let failure = if silent < self.0 { Failure::IdleTimeout } else { Failure::TotalTimeout };
        timeout_at(silent.min(self.0), work).await.map_err(|_| failure)
    }
}

#[derive(Debug)]
pub(super) struct Bodies {
    idle: Duration,
    places: Arc<Semaphore>,
    /// For each source at most one body waits for a permit.
    waiting: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// A body that was read.
#[derive(Debug)]
pub(super) struct Read {
    /// Decompressed.
    pub body: Bytes,
    /// Whether the connection broke or fell silent before the announced end of a complete body.
    pub broken_off: bool,
}

/// A body that holds its permit until it is dropped.
struct PermittedBody {
    body: Bytes,
    _place: OwnedSemaphorePermit,
}

/// `body`, which holds `place` until its last copy is dropped.
pub(super) fn placed(body: Bytes, place: OwnedSemaphorePermit) -> Bytes {
    Bytes::from_owner(PermittedBody { body, _place: place })
}

impl AsRef<[u8]> for PermittedBody {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

impl Bodies {
    /// `idle` limits the silence between two chunks.
    pub fn new(idle: Duration) -> Self {
        Self { idle, places: Arc::new(Semaphore::new(LARGE_AT_ONCE)), waiting: Mutex::default() }
    }

    /// The body of `response` for `source`, decompressed, of `limit` bytes at most. `count` gets the length of each chunk.
    pub async fn read(
        &self,
        source: &str,
        mut response: Response,
        limit: u64,
        mut deadline: Deadline,
        mut count: impl FnMut(u64),
    ) -> Result<Read, Failure> {
        if response.content_length().is_some_and(|length| length > limit) {
            return Err(Failure::too_large(limit));
        }
        let encodings = response.headers().get_all(CONTENT_ENCODING).iter();
        let encodings: Vec<&str> = encodings.filter_map(|value| value.to_str().ok()).collect();
        let encodings = encodings.join(",");
        let (mut body, mut place) = (Vec::new(), None);
        let broken = loop {
            let chunk = match deadline.within(self.idle, response.chunk()).await {
                Ok(Ok(Some(chunk))) => chunk,
                Ok(Ok(None)) => break None,
                Ok(Err(error)) => break Some(classify(&error)),
                Err(failure) => break Some(failure),
            };
            count(chunk.len() as u64);
            let length = (body.len() + chunk.len()) as u64;
            if length > limit {
                return Err(Failure::too_large(limit));
            }
            if length > SMALL && place.is_none() {
                place = self.acquire_permit(source, &mut deadline).await;
            }
            body.extend_from_slice(&chunk);
        };
        // After these two failures the body may still be complete.
        if let Some(failure) =
            broken.clone().filter(|failure| !matches!(failure, Failure::Reset | Failure::IdleTimeout))
        {
            return Err(failure);
        }
        // A small body may decompress to a large one, which needs a permit too.
        let unpacked = match unpack(&body, &encodings, limit.min(SMALL)) {
            Err(Failure::TooLarge { limit: reached, .. }) if reached < limit => {
                if place.is_none() {
                    place = self.acquire_permit(source, &mut deadline).await;
                }
                unpack(&body, &encodings, limit)
            }
            unpacked => unpacked,
        };
        let body = match (unpacked, &broken) {
            (Ok(plain), _) => plain.unwrap_or(body),
            (Err(Failure::BadBody(_)), Some(failure)) => return Err(failure.clone()),
            (Err(failure), _) => return Err(failure),
        };
        if let Some(failure) = broken.clone().filter(|_| !is_whole(&body)) {
            return Err(failure);
        }
        if body.is_empty() {
            return Err(Failure::EmptyBody);
        }
        let body = Bytes::from(body);
        let body = match place {
            Some(place) => placed(body, place),
            None => body,
        };
        Ok(Read { body, broken_off: broken.is_some() })
    }

    /// A place for a large body. The wait for it is not the server's fault: the deadline moves on by it.
    /// Sources take turns, so that slow bodies of one keep those of another waiting for one place at most.
    async fn acquire_permit(&self, source: &str, deadline: &mut Deadline) -> Option<OwnedSemaphorePermit> {
        let start = Instant::now();
        let own = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(waiting.entry(source.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(1))))
        };
        let _next = own.acquire_owned().await.ok();
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        deadline.0 += start.elapsed();
        place
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn sources_take_turns_for_the_places_of_large_bodies() {
        let bodies = Bodies::new(Duration::from_secs(10));
        let mut deadlines = [Deadline::after(Duration::from_secs(10)); 8];
        let [one, two, three, other, first @ ..] = &mut deadlines;
        let mut held = Vec::new();
        for deadline in first {
            held.extend(bodies.acquire_permit("hostile", deadline).await);
        }
        assert_eq!(held.len(), LARGE_AT_ONCE);
        let mut waiting =
            [one, two, three].map(|deadline| Box::pin(bodies.acquire_permit("hostile", deadline)));
        for place in &mut waiting {
            assert!(place.as_mut().now_or_never().is_none());
        }
        let mut other = Box::pin(bodies.acquire_permit("other", other));
        assert!(other.as_mut().now_or_never().is_none());
        // First the body that waits already, then one of the other source.
        let [mut one, mut two, _three] = waiting;
        held.pop();
        let kept = one.as_mut().now_or_never().flatten();
        assert!(kept.is_some() && two.as_mut().now_or_never().is_none());
        held.pop();
        assert!(two.as_mut().now_or_never().is_none() && other.as_mut().now_or_never().flatten().is_some());
    }
}
