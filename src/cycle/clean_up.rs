//! Deletes expired rows at the end of a cycle.

use std::pin::Pin;

use jiff::Timestamp;

use super::Stop;
use crate::store::{CleanUp, Retention, Store, StoreError};

/// Deletes expired rows, at least as many as came in since the last clean-up. After a signal to stop, or without `stop`
/// because there was one, it ends with the running transaction. Returns the signal.
pub(super) async fn clean_up(
    store: &Store,
    now: Timestamp,
    keep: Retention,
    mut stop: Option<Pin<&mut impl Future<Output = Stop>>>,
) -> Result<Option<Stop>, StoreError> {
    let mut rest = CleanUp::after(store.begin_clean_up(now).await?);
    while let Some(limit) = rest.next_step() {
        let step = store.prune(now, limit, keep);
        let done = match stop.as_mut() {
            None => {
                step.await?;
                return Ok(None);
            }
            Some(signal) => tokio::select! {
                biased;
                signal = signal => return Ok(Some(signal)),
                done = step => done?,
            },
        };
        rest.record(&done);
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::{future, pin::pin};

    use jiff::SignedDuration;

    use super::*;
    use crate::model::{Commit, RobotsRecord, samples};

    const FILES: usize = 3_000;

    /// A store with files that have expired at the returned time.
    async fn with_expired_files() -> (Store, Timestamp) {
        let store = Store::open_in_memory().unwrap();
        let rules = |number: usize| RobotsRecord {
            origin: format!("https://{number}.example"),
            fetched_at: samples::now(),
            body: String::new(),
        };
        let commit = Commit { robots: (0..FILES).map(rules).collect(), ..Commit::default() };
        store.commit(commit).await.unwrap();
        (store, samples::now() + SignedDuration::from_hours(24 * 365))
    }

    async fn left(store: &Store) -> u64 {
        store.cache_sizes().await.unwrap().robots.entries
    }

    #[tokio::test]
    async fn what_came_in_may_be_deleted_in_one_clean_up() {
        let (store, now) = with_expired_files().await;
        let stop = pin!(future::pending());
        let signal = clean_up(&store, now, Retention::default(), Some(stop)).await.unwrap();
        assert_eq!((signal, left(&store).await), (None, 0));
        assert_eq!(store.begin_clean_up(now).await.unwrap(), 0, "nothing remains to be answered");
    }

    #[tokio::test]
    async fn a_signal_ends_a_clean_up_after_one_transaction() {
        let (store, now) = with_expired_files().await;
        let stop = pin!(future::ready(Stop::Terminated));
        let signal = clean_up(&store, now, Retention::default(), Some(stop)).await.unwrap();
        assert_eq!((signal, left(&store).await), (Some(Stop::Terminated), FILES as u64));
        let none = None::<Pin<&mut future::Pending<Stop>>>;
        clean_up(&store, now, Retention::default(), none).await.unwrap();
        let left = left(&store).await;
        assert!(left > 0 && left < FILES as u64, "{left}");
        assert!(store.begin_clean_up(now).await.unwrap() > 0, "the next clean-up answers the rest");
    }
}
