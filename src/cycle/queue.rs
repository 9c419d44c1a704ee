//! The queue of visits: limits the running visits for each host, for each source and in total. Pure.
//!
//! A running visit costs a task and its buffers, so the settings bound their number; the others wait as plain data.
//! Pages go before sources: their host has an open connection, and pages are the longest path to the end of the cycle.
//! The pages of different sources alternate, at each host and in total, and no source may use all requests: a publisher
//! chooses the links, and may name a thousand hosts that never answer, or a thousand pages of another host.

use std::{
    cmp::Reverse,
    collections::{HashMap, VecDeque},
};

/// Waiting jobs from which a host is busy: more than most feeds have new pages in one cycle.
const BUSY: usize = 16;

/// How many visits may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Width {
    /// At one host: the HTTP client permits no more. At a busy host one more waits within the client.
    pub per_host: usize,
    /// At all hosts together.
    pub all: usize,
    /// Requests at once, which the pages of all sources share.
    pub requests: usize,
}

impl Width {
    /// Running visits, at least. Most of a visit is waiting for the interval of its host: with one second between
    /// requests, so many visits send a thousand requests a second. Each costs 4 kB (measured).
    const VISITS: usize = 1024;

    /// For `requests` at once, `per_host` of them at one host.
    #[must_use]
    pub fn of(requests: usize, per_host: usize) -> Self {
        Self { per_host: per_host.max(1), all: requests.saturating_mul(2).max(Self::VISITS), requests }
    }

    /// Whether a source with `own` running pages may start another while `pages` of all sources run. A source may have
    /// as many pages as there are free requests: one source gets half of the requests, two get a third each, and some
    /// are always free for others. The first page of a source may always start.
    fn admits(self, own: usize, pages: usize) -> bool {
        own == 0 || own + pages < self.requests
    }
}

/// The host and the source that a running visit counts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The requested host.
    pub host: String,
    /// The source whose page is read; `None` for a source's own visit.
    pub owner: Option<usize>,
}

/// Waiting jobs, and counts of the running ones.
#[derive(Debug)]
pub struct Queue<J> {
    width: Width,
    running: usize,
    /// Running jobs that read pages.
    pages: usize,
    hosts: HashMap<String, Host<J>>,
    /// Hosts that may start the visit of a source.
    sources: VecDeque<String>,
    owners: HashMap<usize, Owner>,
    /// Owners with a host that may start a page, the next one first.
    rotation: VecDeque<usize>,
}

#[derive(Debug)]
struct Host<J> {
    running: usize,
    waiting: usize,
    sources: Jobs<J>,
    /// Whether the last job that began was a source: pages and sources alternate, so that neither of a host with a thousand
    /// sources waits for ever.
    page_is_next: bool,
    /// The pages of each owner, the next owner first.
    pages: VecDeque<(usize, Jobs<J>)>,
}

/// Jobs of one kind at one host.
#[derive(Debug)]
struct Jobs<J> {
    jobs: VecDeque<J>,
    /// Whether the host is in the list from which these jobs start.
    listed: bool,
}

/// A source with pages to read.
#[derive(Debug, Default)]
struct Owner {
    running: usize,
    hosts: VecDeque<String>,
    /// Whether it is in `rotation`.
    listed: bool,
}

/// Result of the attempt to start a job at a listed host.
enum Begun<J> {
    /// It started; `more`: the host may start another one of the same owner.
    Job { job: J, more: bool },
    /// The host has capacity, but other jobs come first.
    Others,
    /// The host is full or has no such job; it is listed again when that changes.
    Full,
}

impl<J> Jobs<J> {
    fn new() -> Self {
        Self { jobs: VecDeque::new(), listed: false }
    }

    /// Whether the host must be put into the list for these jobs; marks it as listed.
    fn enlist(&mut self) -> bool {
        !self.jobs.is_empty() && !std::mem::replace(&mut self.listed, true)
    }
}

impl<J> Host<J> {
    fn new() -> Self {
        Self { running: 0, waiting: 0, sources: Jobs::new(), page_is_next: false, pages: VecDeque::new() }
    }

    /// Whether another job may start. At a busy host one job more than its limit runs: it waits within the HTTP client, and
    /// requests at the moment the interval has passed, not when the visit before it has been read and saved.
    fn has_capacity(&self, width: Width) -> bool {
        self.running < width.per_host + usize::from(self.waiting > BUSY)
    }

    /// The jobs of `owner`; for `None` the visits of sources.
    fn jobs(&mut self, owner: Option<usize>) -> &mut Jobs<J> {
        let Some(owner) = owner else { return &mut self.sources };
        let at = self.pages.iter().position(|(other, _)| *other == owner).unwrap_or_else(|| {
            self.pages.push_back((owner, Jobs::new()));
            self.pages.len() - 1
        });
        &mut self.pages[at].1
    }

    /// Jobs that run or wait.
    fn jobs_left(&self) -> usize {
        self.running + self.waiting
    }
}

impl<J> Queue<J> {
    pub fn new(width: Width) -> Self {
        Self {
            width,
            running: 0,
            pages: 0,
            hosts: HashMap::new(),
            sources: VecDeque::new(),
            owners: HashMap::new(),
            rotation: VecDeque::new(),
        }
    }

    /// Adds the visit of a source at `host`, behind the other sources.
    pub fn push_source(&mut self, host: &str, job: J) {
        self.push(Place { host: host.to_owned(), owner: None }, job);
    }

    /// Adds the visit of a page at `host` to which the source `owner` links.
    pub fn push_page(&mut self, host: &str, owner: usize, job: J) {
        self.push(Place { host: host.to_owned(), owner: Some(owner) }, job);
    }

    fn push(&mut self, place: Place, job: J) {
        let host = self.hosts.entry(place.host.clone()).or_insert_with(Host::new);
        host.waiting += 1;
        let free = host.has_capacity(self.width);
        let jobs = host.jobs(place.owner);
        jobs.jobs.push_back(job);
        if free && jobs.enlist() {
            self.list(place, false);
        }
    }

    /// Puts the host of `place` into the list of its owner, or of sources; at its front if `first`.
    fn list(&mut self, Place { host, owner }: Place, first: bool) {
        let hosts = match owner {
            None => &mut self.sources,
            Some(id) => {
                let owner = self.owners.entry(id).or_default();
                if !std::mem::replace(&mut owner.listed, true) {
                    self.rotation.push_back(id);
                }
                &mut owner.hosts
            }
        };
        if first { hosts.push_front(host) } else { hosts.push_back(host) }
    }

    /// The next job that may start, with its place for [`Self::done`].
    pub fn next(&mut self) -> Option<(Place, J)> {
        if self.running >= self.width.all {
            return None;
        }
        let (place, job) = self.next_page().or_else(|| self.next_source())?;
        self.running += 1;
        Some((place, job))
    }

    /// The next page, of the first owner in the rotation that may start one.
    fn next_page(&mut self) -> Option<(Place, J)> {
        for _ in 0..self.rotation.len() {
            let id = self.rotation.pop_front()?;
            let begun = self.page_of(id);
            let Some(owner) = self.owners.get_mut(&id) else { continue };
            owner.listed = !owner.hosts.is_empty();
            owner.running += usize::from(begun.is_some());
            if owner.listed {
                self.rotation.push_back(id);
            } else if owner.running == 0 {
                self.owners.remove(&id);
            }
            if begun.is_some() {
                self.pages += 1;
                return begun;
            }
        }
        None
    }

    /// The next page of the owner `id`, if it may start one.
    fn page_of(&mut self, id: usize) -> Option<(Place, J)> {
        let owner = self.owners.get_mut(&id).filter(|owner| self.width.admits(owner.running, self.pages))?;
        let mut hosts = std::mem::take(&mut owner.hosts);
        let mut begun = None;
        for _ in 0..hosts.len() {
            let Some(host) = hosts.pop_front() else { break };
            match self.begin(&host, Some(id)) {
                Begun::Job { job, more } => {
                    if more {
                        hosts.push_front(host.clone());
                    }
                    begun = Some((Place { host, owner: Some(id) }, job));
                    break;
                }
                Begun::Others => hosts.push_back(host),
                Begun::Full => {}
            }
        }
        if let Some(owner) = self.owners.get_mut(&id) {
            owner.hosts = hosts;
        }
        begun
    }

    fn next_source(&mut self) -> Option<(Place, J)> {
        while let Some(host) = self.sources.pop_front() {
            if let Begun::Job { job, more } = self.begin(&host, None) {
                if more {
                    self.sources.push_front(host.clone());
                }
                return Some((Place { host, owner: None }, job));
            }
        }
        None
    }

    /// Starts a job of `owner` at the host `name`, if the host has capacity and no other job comes first: sources and pages
    /// alternate, beginning with a source, and among owners the one whose last page of this host is the oldest is next.
    fn begin(&mut self, name: &str, owner: Option<usize>) -> Begun<J> {
        let Some(host) = self.hosts.get_mut(name) else { return Begun::Full };
        let free = host.has_capacity(self.width);
        let (owners, width, pages) = (&self.owners, self.width, self.pages);
        let running = |id: &usize| owners.get(id).map_or(0, |owner| owner.running);
        let others = owner.is_some_and(|id| {
            let before = host.pages.iter().take_while(|(other, _)| *other != id);
            !host.page_is_next && !host.sources.jobs.is_empty()
                || before
                    .into_iter()
                    .any(|(other, jobs)| !jobs.jobs.is_empty() && width.admits(running(other), pages))
        });
        if free && others {
            return Begun::Others;
        }
        let jobs = host.jobs(owner);
        jobs.listed = false;
        let job = if free { jobs.jobs.pop_front() } else { None };
        let Some(job) = job else { return Begun::Full };
        host.running += 1;
        host.waiting -= 1;
        host.page_is_next = owner.is_none();
        let more = host.has_capacity(self.width) && host.jobs(owner).enlist();
        Begun::Job { job, more }
    }

    /// The hosts with jobs that run or wait, with their number, most first.
    pub fn unfinished(&self) -> Vec<(&str, usize)> {
        let mut hosts: Vec<_> =
            self.hosts.iter().map(|(name, host)| (name.as_str(), host.jobs_left())).collect();
        hosts.sort_by_key(|(name, jobs)| (Reverse(*jobs), *name));
        hosts
    }

    /// Whether a job at `host` runs or waits.
    pub fn contains(&self, host: &str) -> bool {
        self.hosts.contains_key(host)
    }

    /// Frees the place of a finished job.
    pub fn done(&mut self, place: &Place) {
        self.running -= 1;
        if let Some(id) = place.owner {
            self.pages -= 1;
            if let Some(owner) = self.owners.get_mut(&id) {
                owner.running -= 1;
                if owner.running == 0 && !owner.listed {
                    self.owners.remove(&id);
                }
            }
        }
        let Some(host) = self.hosts.get_mut(&place.host) else { return };
        host.running -= 1;
        if host.jobs_left() == 0 {
            self.hosts.remove(&place.host);
            return;
        }
        // The owner whose page finished here goes behind the others at this host.
        if let Some(at) = host.pages.iter().position(|(owner, _)| Some(*owner) == place.owner)
            && let Some(last) = host.pages.remove(at)
        {
            host.pages.push_back(last);
        }
        host.pages.retain(|(_, pages)| !pages.jobs.is_empty() || pages.listed);
        let owners =
            host.pages.iter_mut().filter_map(|(owner, pages)| pages.enlist().then_some(Some(*owner)));
        let mut listed: Vec<Option<usize>> = owners.collect();
        if host.sources.enlist() {
            listed.push(None);
        }
        for owner in listed {
            self.list(Place { host: place.host.clone(), owner }, true);
        }
    }
}

#[cfg(test)]
mod tests;
