//! Which visits are under way: so many at each host, so many altogether; the rest wait as plain data. Pure.
//!
//! A visit under way costs a task and its buffers. With this its number is bounded by the settings, however many
//! sources there are and however much each has brought. A host that was begun goes on before another begins: its
//! connection is open, and its pages are the longest way to the end of the cycle.

use std::collections::{HashMap, VecDeque};

/// How many visits may be under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Width {
    /// At one host: more could not be asked at once anyway.
    pub per_host: usize,
    /// At all hosts together.
    pub all: usize,
}

impl Width {
    /// Visits under way, if that is not fewer than twice the requests. Most of a visit is waiting for its host's spacing:
    /// with a second between requests so many send a thousand a second. Each costs 4 kB (measured).
    const VISITS: usize = 1024;

    /// The width for `requests` at once, `per_host` of them at one host.
    #[must_use]
    pub fn of(requests: usize, per_host: usize) -> Self {
        Self { per_host: per_host.max(1), all: requests.saturating_mul(2).max(Self::VISITS) }
    }
}

/// Jobs in the order they came, held back by host and altogether.
#[derive(Debug)]
pub struct Queue<J> {
    width: Width,
    under_way: usize,
    hosts: HashMap<String, Host<J>>,
    /// Hosts with a job that may begin, each as often as it has such jobs.
    ready: VecDeque<String>,
}

#[derive(Debug)]
struct Host<J> {
    under_way: usize,
    jobs: VecDeque<J>,
}

impl<J> Queue<J> {
    /// An empty queue.
    #[must_use]
    pub fn new(width: Width) -> Self {
        Self { width, under_way: 0, hosts: HashMap::new(), ready: VecDeque::new() }
    }

    /// Adds a job at `host`, behind all others.
    pub fn push(&mut self, host: &str, job: J) {
        if self.add(host, job) {
            self.ready.push_back(host.to_owned());
        }
    }

    /// Adds a job that goes on where one at `host` has ended, before others begin.
    pub fn push_next(&mut self, host: &str, job: J) {
        if self.add(host, job) {
            self.ready.push_front(host.to_owned());
        }
    }

    /// Whether the job may begin.
    fn add(&mut self, host: &str, job: J) -> bool {
        let place =
            self.hosts.entry(host.to_owned()).or_insert_with(|| Host { under_way: 0, jobs: VecDeque::new() });
        place.jobs.push_back(job);
        place.under_way + place.jobs.len() <= self.width.per_host
    }

    /// The next job that may begin, with its host, to which [`Self::done`] is owed.
    pub fn next(&mut self) -> Option<(String, J)> {
        if self.under_way >= self.width.all {
            return None;
        }
        let host = self.ready.pop_front()?;
        let place = self.hosts.get_mut(&host)?;
        let job = place.jobs.pop_front()?;
        place.under_way += 1;
        self.under_way += 1;
        Some((host, job))
    }

    /// Whether a job at `host` is under way or waits.
    pub fn knows(&self, host: &str) -> bool {
        self.hosts.contains_key(host)
    }

    /// A job at `host` is over.
    pub fn done(&mut self, host: &str) {
        self.under_way -= 1;
        let Some(place) = self.hosts.get_mut(host) else { return };
        place.under_way -= 1;
        if place.jobs.len() + place.under_way >= self.width.per_host && !place.jobs.is_empty() {
            self.ready.push_front(host.to_owned());
        } else if place.jobs.is_empty() && place.under_way == 0 {
            self.hosts.remove(host);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_host_waits_for_itself_all_for_each_other_and_none_is_left_half_done() {
        let mut queue = Queue::new(Width { per_host: 1, all: 2 });
        for (host, job) in [("a", 1), ("a", 2), ("b", 3), ("c", 4)] {
            queue.push(host, job);
        }
        assert_eq!(queue.next(), Some(("a".to_owned(), 1)));
        assert_eq!(queue.next(), Some(("b".to_owned(), 3)), "a's second waits for its first");
        assert_eq!(queue.next(), None, "two are under way");
        queue.done("a");
        assert_eq!(queue.next(), Some(("a".to_owned(), 2)), "a goes on before c begins");
        queue.done("b");
        queue.push_next("b", 5);
        assert_eq!(queue.next(), Some(("b".to_owned(), 5)));
        queue.done("a");
        assert_eq!(queue.next(), Some(("c".to_owned(), 4)));
    }

    proptest! {
        /// Whatever comes in whatever order: every job begins once, and no bound is ever broken.
        #[test]
        fn every_job_begins_once_within_the_bounds(
            hosts in prop::collection::vec(0_u8..6, 0..60), per_host in 1_usize..4, all in 1_usize..8, later in 0_usize..60,
        ) {
            let mut queue = Queue::new(Width { per_host, all });
            let mut hosts = hosts.into_iter().enumerate();
            for (job, host) in hosts.by_ref().take(later) {
                queue.push(&host.to_string(), job);
            }
            let (mut begun, mut running) = (Vec::new(), Vec::<String>::new());
            loop {
                while let Some((host, job)) = queue.next() {
                    begun.push(job);
                    running.push(host);
                }
                let mut at: HashMap<&String, usize> = HashMap::new();
                for host in &running {
                    *at.entry(host).or_default() += 1;
                }
                prop_assert!(running.len() <= all && at.values().all(|count| *count <= per_host));
                if let Some((job, host)) = hosts.next() {
                    queue.push_next(&host.to_string(), job);
                } else if running.is_empty() {
                    break;
                }
                if !running.is_empty() {
                    queue.done(&running.remove(begun.len() % running.len()));
                }
            }
            begun.sort_unstable();
            prop_assert_eq!(begun.clone(), (0..begun.len()).collect::<Vec<_>>());
            prop_assert_eq!(queue.under_way, 0);
            prop_assert!(queue.hosts.is_empty() && queue.ready.is_empty());
        }
    }
}
