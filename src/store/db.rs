//! Async access to a blocking connection: one thread owns it and runs the jobs in order.

use std::{
    sync::mpsc::{self, Sender},
    thread,
};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{StoreError, sqlite};

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// Clones share the thread. It ends, and the database closes, when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct DbThread {
    jobs: Sender<Job>,
}

impl DbThread {
    pub fn new(mut connection: Connection) -> Result<Self, StoreError> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let work = move || {
            sqlite::watch(&connection);
            for job in queue {
                job(&mut connection);
            }
        };
        let thread = thread::Builder::new().name("store".to_owned()).spawn(work);
        thread.map_err(|error| StoreError::Other(format!("no thread for the database: {error}")))?;
        Ok(Self { jobs })
    }

    /// Runs `step` on the thread and returns its result.
    pub async fn call<T: Send + 'static>(
        &self,
        step: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // The caller may have been dropped.
            let _ = reply.send(step(connection));
        });
        let gone = || StoreError::Other("the database thread has ended".to_owned());
        self.jobs.send(job).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}
