//! The threads that read bodies: as many as there are cores, with a deep stack.
//!
//! Apart from the runtime's own blocking threads, because reading takes many times a body's size for a moment:
//! each thread that ever did it would keep that memory.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, Sender},
    },
    thread,
};

use tokio::sync::oneshot;

use crate::http::SMALL_BODY;

/// A page nested as deep as the guard lets through needs more than the usual two megabytes
/// (article-extraction, section 4).
const STACK: usize = 8 << 20;

type Job = Box<dyn FnOnce() + Send>;

/// The way to the reading threads, which end with it.
pub struct Readers {
    jobs: Sender<Job>,
    /// Bodies above [`SMALL_BODY`] are read one after the other, by a thread of their own: reading takes ten times a
    /// body's size for a moment, and a machine of many cores is not to hold that many times as much.
    large: Sender<Job>,
}

impl fmt::Debug for Readers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Readers")
    }
}

impl Readers {
    /// Starts `count` threads, and one for large bodies.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start(count: usize) -> std::io::Result<Self> {
        Ok(Self { jobs: threads(count.max(1))?, large: threads(1)? })
    }

    /// Has `work` done on a body of `bytes`; `None` where it panicked, as foreign readers may on a body they do
    /// not expect.
    pub async fn read<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move || {
            if let Ok(done) = catch_unwind(AssertUnwindSafe(work)) {
                // Whoever asked may have gone: the cycle was stopped.
                let _ = reply.send(done);
            }
        });
        let queue = if bytes > SMALL_BODY { &self.large } else { &self.jobs };
        queue.send(job).ok()?;
        answer.await.ok()
    }
}

/// Starts `count` threads that share a queue.
fn threads(count: usize) -> std::io::Result<Sender<Job>> {
    let (jobs, queue) = mpsc::channel::<Job>();
    let queue = Arc::new(Mutex::new(queue));
    for _ in 0..count {
        let queue = Arc::clone(&queue);
        thread::Builder::new().name("reader".to_owned()).stack_size(STACK).spawn(move || {
            while let Some(job) = next(&queue) {
                job();
            }
        })?;
    }
    Ok(jobs)
}

fn next(queue: &Mutex<Receiver<Job>>) -> Option<Job> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_panics_is_followed_by_one_that_works() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let readers = Readers::start(1).unwrap();
        runtime.block_on(async {
            assert_eq!(
                readers.read(1, || -> u8 { std::panic::resume_unwind(Box::new("odd body")) }).await,
                None
            );
            assert_eq!(readers.read(1, || 7).await, Some(7));
            // While one large body is read, small ones are.
            let (go, wait) = mpsc::channel();
            let large = readers.read(SMALL_BODY + 1, move || wait.recv().is_ok());
            let small = readers.read(SMALL_BODY, move || go.send(()).is_ok());
            assert_eq!(futures_util::future::join(large, small).await, (Some(true), Some(true)));
        });
    }
}
