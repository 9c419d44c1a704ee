//! The threads that parse bodies: as many as there are cores, with a deep stack.
//!
//! They are not the runtime's blocking threads, because parsing takes many times a body's size for a moment, and each thread
//! that ever did it would keep that memory. A body that takes long does not delay others: another thread replaces its
//! thread, and after [`Limits::longest`] its visit continues without it.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    thread,
    time::Duration,
};

use tokio::{sync::oneshot, time::timeout};

use crate::{
    http::SMALL_BODY,
    model::{FailureKind, SourceFormat},
};

/// A page of the deepest nesting that the guard accepts needs more than the usual two megabytes
/// (docs/reference/articles.md#guard).
const STACK: usize = 8 << 20;

#[derive(Debug, Clone, Copy)]
struct Limits {
    /// After this another thread replaces the occupied one.
    patience: Duration,
    /// After this the body counts as unreadable. The thread ends with its work.
    longest: Duration,
}

/// The largest feed and the largest accepted page take a second or two on one slow core, so `longest` only ends work that
/// could take a whole cycle.
const LIMITS: Limits = Limits { patience: Duration::from_secs(2), longest: Duration::from_secs(20) };
/// For a document that the user's selectors search: a chain of `:has()` can take minutes on a page of 50,000 tags. With simple
/// selectors such a page takes 0.8 s, in a build without optimisation 5.3 s (measured 2026-11-28), which has more time for that.
const SELECTED: Limits =
    Limits { longest: Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 5 }), ..LIMITS };
/// What to do about a page that takes too long.
const SIMPLER: &str =
    "; the selectors of this source cost too much on this page: use simple ones, such as one class";
/// Most additional threads at one time.
const FURTHER: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unread {
    #[error("the parser failed on it")]
    Panicked,
    #[error("parsing takes longer than {} s", .0.as_secs())]
    TooSlow(Duration),
}

impl Unread {
    pub(crate) fn kind(self) -> FailureKind {
        match self {
            Self::Panicked => FailureKind::Unreadable,
            Self::TooSlow(_) => FailureKind::TooSlow,
        }
    }
}

/// Returns whether its thread continues with the next job.
type Job = Box<dyn FnOnce() -> bool + Send>;

/// The parsing threads, which end with it.
pub struct ParsePool {
    jobs: Pool,
    /// Bodies above [`SMALL_BODY`] are parsed one after the other by a separate thread: parsing takes ten times a body's
    /// size for a moment, and many cores must not multiply that.
    large: Pool,
}

impl fmt::Debug for ParsePool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ParsePool")
    }
}

impl ParsePool {
    /// Starts `count` threads, and one for large bodies.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start(count: usize) -> std::io::Result<Self> {
        let further = Arc::new(AtomicUsize::new(FURTHER));
        Ok(Self { jobs: Pool::start(count.max(1), Arc::clone(&further))?, large: Pool::start(1, further)? })
    }

    /// Runs `work` on a body of `bytes` bytes.
    ///
    /// # Errors
    /// Where it panics or takes too long.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unread> {
        self.read_within(LIMITS, bytes, work).await
    }

    /// Runs `work`, whose time its own code bounds: a judgement.
    ///
    /// # Panics
    /// Where `work` panics: then the visit fails alone.
    pub(crate) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move || {
            // The visit may have been dropped: the cycle was stopped.
            if !reply.is_closed() {
                let _ = reply.send(catch_unwind(AssertUnwindSafe(work)));
            }
            true
        });
        // The threads end with the pool, so an answer always comes.
        let _ = self.jobs.jobs.send(job);
        let done = answer.await.expect("the parsing threads answer each job");
        done.unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// The same for a document of a source with this format; the error is for outputs.
    pub(crate) async fn read_source<T: Send + 'static>(
        &self,
        format: &SourceFormat,
        bytes: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, (FailureKind, String)> {
        let (limits, advice) = match format {
            SourceFormat::Page(_) => (SELECTED, SIMPLER),
            _ => (LIMITS, ""),
        };
        let read = self.read_within(limits, bytes, work).await;
        read.map_err(|unread| match unread {
            Unread::TooSlow(_) => (unread.kind(), format!("{unread}{advice}")),
            Unread::Panicked => (unread.kind(), unread.to_string()),
        })
    }

    async fn read_within<T: Send + 'static>(
        &self,
        limits: Limits,
        bytes: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unread> {
        let pool = if bytes > SMALL_BODY { &self.large } else { &self.jobs };
        let (begin, begun) = oneshot::channel();
        let (reply, mut answer) = oneshot::channel();
        let settled = Arc::new(AtomicBool::new(false));
        let (thread_of_it, further) = (Arc::clone(&settled), Arc::clone(&pool.further));
        let job: Job = Box::new(move || {
            // The visit may have been dropped: the cycle was stopped.
            if begin.send(()).is_err() {
                return true;
            }
            // Unlike a library's panic, which `catch_panic` silences, one of our own code is to be seen.
            if let Ok(done) = catch_unwind(AssertUnwindSafe(work)) {
                let _ = reply.send(done);
            }
            let replaced = thread_of_it.swap(true, Ordering::AcqRel);
            if replaced {
                further.fetch_add(1, Ordering::AcqRel);
            }
            !replaced
        });
        pool.jobs.send(job).map_err(|_| Unread::Panicked)?;
        begun.await.map_err(|_| Unread::Panicked)?;
        let (mut waited, mut replaced) = (Duration::ZERO, false);
        while waited < limits.longest {
            let next = limits.patience.min(limits.longest.saturating_sub(waited));
            match timeout(next, &mut answer).await {
                Ok(done) => return done.map_err(|_| Unread::Panicked),
                Err(_) => replaced = replaced || pool.replace(&settled),
            }
            waited += next;
        }
        Err(Unread::TooSlow(limits.longest))
    }
}

/// Threads that share a queue.
struct Pool {
    jobs: Sender<Job>,
    queue: Arc<Mutex<Receiver<Job>>>,
    /// How many additional threads may be started, over all pools.
    further: Arc<AtomicUsize>,
}

impl Pool {
    fn start(count: usize, further: Arc<AtomicUsize>) -> std::io::Result<Self> {
        let (jobs, queue) = mpsc::channel();
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..count {
            let queue = Arc::clone(&queue);
            reader(move || serve(&queue))?;
        }
        Ok(Self { jobs, queue, further })
    }

    /// Starts a thread to replace one that a job occupies. `settled` is set by the first of two events: the end of the job,
    /// whose thread then continues, or the start of the new thread; then the occupied one ends with its job. Returns
    /// whether a thread was started.
    fn replace(&self, settled: &Arc<AtomicBool>) -> bool {
        let less = |left: usize| left.checked_sub(1);
        if self.further.fetch_update(Ordering::AcqRel, Ordering::Acquire, less).is_err() {
            return false;
        }
        let (queue, settled, further) =
            (Arc::clone(&self.queue), Arc::clone(settled), Arc::clone(&self.further));
        let started = reader(move || {
            if settled.swap(true, Ordering::AcqRel) {
                further.fetch_add(1, Ordering::AcqRel);
            } else {
                serve(&queue);
            }
        });
        if started.is_err() {
            self.further.fetch_add(1, Ordering::AcqRel);
        }
        started.is_ok()
    }
}

fn reader(work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    thread::Builder::new().name("reader".to_owned()).stack_size(STACK).spawn(work).map(drop)
}

/// Runs the jobs of `queue` until it is closed, or until a job returns that its thread was replaced.
fn serve(queue: &Mutex<Receiver<Job>>) {
    while let Some(job) = next(queue) {
        if !job() {
            break;
        }
    }
}

fn next(queue: &Mutex<Receiver<Job>>) -> Option<Job> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn on_a_runtime(work: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        // A fault must end the test, not block it.
        runtime.block_on(async { timeout(Duration::from_mins(1), work).await.unwrap() });
    }

    #[test]
    fn the_pool_survives_a_panic() {
        let pool = ParsePool::start(1).unwrap();
        on_a_runtime(async {
            assert_eq!(
                pool.read(1, || -> u8 { std::panic::resume_unwind(Box::new("odd body")) }).await,
                Err(Unread::Panicked)
            );
            assert_eq!(pool.read(1, || 7).await, Ok(7));
            // Small bodies are parsed while a large one is.
            let (go, wait) = mpsc::channel();
            let large = pool.read(SMALL_BODY + 1, move || wait.recv().is_ok());
            let small = pool.read(SMALL_BODY, move || go.send(()).is_ok());
            assert_eq!(futures_util::future::join(large, small).await, (Ok(true), Ok(true)));
        });
    }

    #[test]
    fn judgements_run_on_the_same_threads_and_their_panics_reach_the_caller() {
        let pool = ParsePool::start(1).unwrap();
        on_a_runtime(async {
            let name = pool.run(|| thread::current().name().map(str::to_owned)).await;
            assert_eq!(name.as_deref(), Some("reader"));
            let failed = pool.run(|| resume_unwind(Box::new("odd text")));
            let panic = AssertUnwindSafe(failed).catch_unwind().await.err();
            assert_eq!(panic.and_then(|panic| panic.downcast_ref::<&str>().copied()), Some("odd text"));
            assert_eq!(pool.run(|| 7).await, 7);
        });
    }

    const IMPATIENT: Limits =
        Limits { patience: Duration::from_millis(1), longest: Duration::from_millis(2) };

    /// A job that ends when the returned sender is dropped; it counts as too slow.
    async fn endless(pool: &ParsePool, bytes: usize) -> mpsc::Sender<()> {
        let (end, wait) = mpsc::channel();
        assert_eq!(
            pool.read_within(IMPATIENT, bytes, move || wait.recv()).await,
            Err(Unread::TooSlow(IMPATIENT.longest))
        );
        end
    }

    #[test]
    fn a_slow_body_is_abandoned_and_delays_no_other() {
        let pool = ParsePool::start(1).unwrap();
        on_a_runtime(async {
            for bytes in [1, SMALL_BODY + 1] {
                let _end = endless(&pool, bytes).await;
                assert_eq!(pool.read(bytes, || 7).await, Ok(7));
            }
        });
    }

    #[test]
    fn additional_threads_are_few_and_end_with_their_work() {
        let pool = ParsePool::start(1).unwrap();
        let left = || pool.jobs.further.load(Ordering::Acquire);
        on_a_runtime(async {
            let mut ends = Vec::new();
            for occupied in 1..=FURTHER {
                ends.push(endless(&pool, 1).await);
                assert_eq!(left(), FURTHER - occupied);
            }
            // The last thread is not replaced: it continues after its job.
            drop(endless(&pool, 1).await);
            assert_eq!(pool.read(1, || 7).await, Ok(7));
            drop(ends);
            while left() < FURTHER {
                tokio::task::yield_now().await;
            }
            assert_eq!(pool.read(1, || 7).await, Ok(7));
        });
    }
}
