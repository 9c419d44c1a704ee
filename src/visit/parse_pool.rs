//! The threads that read bodies: as many as there are cores, with a deep stack.
//!
//! Apart from the runtime's own blocking threads, because reading takes many times a body's size for a moment:
//! each thread that ever did it would keep that memory. A body that takes long does not hold up the others: another thread
//! takes its thread's place, and after [`Limits::longest`] nobody waits for it any more.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    thread,
    time::Duration,
};

use tokio::{sync::oneshot, time::timeout};

use crate::{http::SMALL_BODY, model::FailureKind};

/// A page nested as deep as the guard lets through needs more than the usual two megabytes
/// (docs/reference/articles.md#guard).
const STACK: usize = 8 << 20;

/// How long a body may be read.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// After this a further thread takes the place of the one that is occupied.
    patience: Duration,
    /// After this the body counts as one that cannot be read. The thread ends when its work does.
    longest: Duration,
}

/// The largest feed and the largest page the guard admits are read within a second or two on one slow core, so that
/// `longest` only ends what would occupy a thread for the whole cycle.
const LIMITS: Limits = Limits { patience: Duration::from_secs(2), longest: Duration::from_secs(20) };
/// Most threads beyond the usual number at one time.
const FURTHER: usize = 4;

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unread {
    /// A foreign reader panicked on it.
    #[error("the reader gave up")]
    Panicked,
    /// It took longer than [`LIMITS`] allow.
    #[error("reading it takes longer than {} s", LIMITS.longest.as_secs())]
    TooSlow,
}

impl Unread {
    pub(crate) fn kind(self) -> FailureKind {
        match self {
            Self::Panicked => FailureKind::Unreadable,
            Self::TooSlow => FailureKind::TooSlow,
        }
    }
}

/// Does its work; gives whether its thread goes on with the next job.
type Job = Box<dyn FnOnce() -> bool + Send>;

/// The way to the reading threads, which end with it.
pub struct ParsePool {
    jobs: Pool,
    /// Bodies above [`SMALL_BODY`] are read one after the other, by a thread of their own: reading takes ten times a
    /// body's size for a moment, and a machine of many cores is not to hold that many times as much.
    large: Pool,
}

impl fmt::Debug for ParsePool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Readers")
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

    /// Has `work` done on a body of `bytes`.
    ///
    /// # Errors
    /// Where it panicked, as foreign readers may on a body they do not expect, or takes too long.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unread> {
        self.read_within(LIMITS, bytes, work).await
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
            // Whoever asked may have gone: the cycle was stopped.
            if begin.send(()).is_err() {
                return true;
            }
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
            match timeout(limits.patience, &mut answer).await {
                Ok(done) => return done.map_err(|_| Unread::Panicked),
                Err(_) => replaced = replaced || pool.replace(&settled),
            }
            waited += limits.patience;
        }
        Err(Unread::TooSlow)
    }
}

/// Threads that share a queue.
struct Pool {
    jobs: Sender<Job>,
    queue: Arc<Mutex<Receiver<Job>>>,
    /// How many more threads may be started, over all pools.
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

    /// Starts a thread in the place of one that is occupied by a job, which is `settled` by whichever comes first: the end
    /// of that job, whose thread then goes on, or the new thread, so that the occupied one ends with its job. Gives
    /// whether a thread could be started.
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

/// Does the jobs of `queue` until there will be no more, or one says that this thread is no longer wanted.
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
    use super::*;

    fn on_a_runtime(work: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        // A fault is to end the test, not to hang it.
        runtime.block_on(async { timeout(Duration::from_mins(1), work).await.unwrap() });
    }

    #[test]
    fn a_reader_that_panics_is_followed_by_one_that_works() {
        let pool = ParsePool::start(1).unwrap();
        on_a_runtime(async {
            assert_eq!(
                pool.read(1, || -> u8 { std::panic::resume_unwind(Box::new("odd body")) }).await,
                Err(Unread::Panicked)
            );
            assert_eq!(pool.read(1, || 7).await, Ok(7));
            // While one large body is read, small ones are.
            let (go, wait) = mpsc::channel();
            let large = pool.read(SMALL_BODY + 1, move || wait.recv().is_ok());
            let small = pool.read(SMALL_BODY, move || go.send(()).is_ok());
            assert_eq!(futures_util::future::join(large, small).await, (Ok(true), Ok(true)));
        });
    }

    const IMPATIENT: Limits =
        Limits { patience: Duration::from_millis(1), longest: Duration::from_millis(2) };

    /// Has a body read until the sender it gives is dropped; nobody waits so long.
    async fn endless(pool: &ParsePool, bytes: usize) -> mpsc::Sender<()> {
        let (end, wait) = mpsc::channel();
        assert_eq!(pool.read_within(IMPATIENT, bytes, move || wait.recv()).await, Err(Unread::TooSlow));
        end
    }

    #[test]
    fn a_body_that_takes_too_long_is_given_up_and_holds_up_no_other() {
        let pool = ParsePool::start(1).unwrap();
        on_a_runtime(async {
            for bytes in [1, SMALL_BODY + 1] {
                let _end = endless(&pool, bytes).await;
                assert_eq!(pool.read(bytes, || 7).await, Ok(7));
            }
        });
    }

    #[test]
    fn further_threads_are_few_and_end_with_their_work() {
        let pool = ParsePool::start(1).unwrap();
        let left = || pool.jobs.further.load(Ordering::Acquire);
        on_a_runtime(async {
            let mut ends = Vec::new();
            for occupied in 1..=FURTHER {
                ends.push(endless(&pool, 1).await);
                assert_eq!(left(), FURTHER - occupied);
            }
            // The last thread is not replaced: it goes on when its job has ended.
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
