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

/// A page nested as deep as the guard lets through needs more than the usual two megabytes
/// (article-extraction, section 4).
const STACK: usize = 8 << 20;

type Job = Box<dyn FnOnce() + Send>;

/// The way to the reading threads, which end with it.
pub struct Readers {
    jobs: Sender<Job>,
}

impl fmt::Debug for Readers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Readers")
    }
}

impl Readers {
    /// Starts `count` threads.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start(count: usize) -> std::io::Result<Self> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..count.max(1) {
            let queue = Arc::clone(&queue);
            thread::Builder::new().name("reader".to_owned()).stack_size(STACK).spawn(move || {
                while let Some(job) = next(&queue) {
                    job();
                }
            })?;
        }
        Ok(Self { jobs })
    }

    /// Has `work` done; `None` where it panicked, as foreign readers may on a body they do not expect.
    pub async fn read<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move || {
            if let Ok(done) = catch_unwind(AssertUnwindSafe(work)) {
                // Whoever asked may have gone: the cycle was stopped.
                let _ = reply.send(done);
            }
        });
        self.jobs.send(job).ok()?;
        answer.await.ok()
    }
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
                readers.read(|| -> u8 { std::panic::resume_unwind(Box::new("odd body")) }).await,
                None
            );
            assert_eq!(readers.read(|| 7).await, Some(7));
        });
    }
}
