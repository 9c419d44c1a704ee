//! The async door to a connection that blocks: one thread owns it and works through what it is sent, in order.

use std::{
    fmt,
    sync::mpsc::{self, Sender},
    thread,
};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{StoreError, sqlite};

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// The way to the connection; clones share it. The thread ends, and the database closes, with the last one.
#[derive(Clone)]
pub struct DbThread {
    jobs: Sender<Job>,
}

impl fmt::Debug for DbThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Desk")
    }
}

impl DbThread {
    /// Gives `connection` a thread of its own.
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

    /// Has `step` done and waits for what it gives.
    pub async fn call<T: Send + 'static>(
        &self,
        step: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // Whoever asked may have gone; the step is done all the same.
            let _ = reply.send(step(connection));
        });
        let gone = || StoreError::Other("the database thread has ended".to_owned());
        self.jobs.send(job).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}
