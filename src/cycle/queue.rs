//! Which visits are under way: so many at each host, so many for each source, so many in all; the others wait as
//! plain data. Pure.
//!
//! A visit under way costs a task and its buffers. Their number is bounded by the settings, however many sources there
//! are and however much each has brought. Pages go before sources, because a host that was asked has an open
//! connection and its pages are the longest way to the end of the cycle. Sources take turns with their pages, at each
//! host and in all, and none may use up the requests: what a feed links to is chosen by its publisher, who may name
//! a thousand hosts that never answer, or a thousand pages of somebody else's host.

use std::collections::{HashMap, VecDeque};

/// How many visits may be under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Width {
    /// At one host: more could not be asked at once anyway.
    pub per_host: usize,
    /// At all hosts together.
    pub all: usize,
    /// Requests at once, which the pages of all sources share.
    pub requests: usize,
}

impl Width {
    /// Visits under way, if that is not fewer than twice the requests. Most of a visit is waiting for its host's spacing:
    /// with a second between requests so many send a thousand a second. Each costs 4 kB (measured).
    const VISITS: usize = 1024;

    /// The width for `requests` at once, `per_host` of them at one host.
    #[must_use]
    pub fn of(requests: usize, per_host: usize) -> Self {
        Self { per_host: per_host.max(1), all: requests.saturating_mul(2).max(Self::VISITS), requests }
    }

    /// Whether a source with `own` pages under way may begin one more while `pages` of all sources are under way.
    /// A source may have as many as requests are left over, so one source gets half of the requests at most, two
    /// get a third each, and some are always left for the others. The first page of a source always may.
    fn admits(self, own: usize, pages: usize) -> bool {
        own == 0 || own + pages < self.requests
    }
}

/// Where a visit is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The host that is asked.
    pub host: String,
    /// The source whose page is read; `None` where the source itself is.
    pub owner: Option<usize>,
}

/// Jobs held back by host, by source and in all.
#[derive(Debug)]
pub struct Queue<J> {
    width: Width,
    under_way: usize,
    /// Those under way that read pages.
    pages: usize,
    hosts: HashMap<String, Host<J>>,
    /// Hosts that a source may be asked at.
    sources: VecDeque<String>,
    owners: HashMap<usize, Owner>,
    /// Owners with a host that a page may be read from, the next one first.
    rotation: VecDeque<usize>,
}

#[derive(Debug)]
struct Host<J> {
    under_way: usize,
    sources: Jobs<J>,
    /// The pages of each owner, the next owner first.
    pages: VecDeque<(usize, Jobs<J>)>,
}

/// Jobs of one kind at one host.
#[derive(Debug)]
struct Jobs<J> {
    jobs: VecDeque<J>,
    /// Whether the host stands in the list from which these jobs are begun.
    listed: bool,
}

/// A source that has pages to be read.
#[derive(Debug, Default)]
struct Owner {
    under_way: usize,
    hosts: VecDeque<String>,
    /// Whether it stands in `rotation`.
    listed: bool,
}

/// What became of the attempt to begin a job at a listed host.
enum Begun<J> {
    /// It began; whether the host may begin another one of the same owner.
    Job { job: J, more: bool },
    /// The host has room, but others come first.
    Others,
    /// The host is full or has no such job any more: it is listed again when it has.
    Full,
}

impl<J> Jobs<J> {
    fn new() -> Self {
        Self { jobs: VecDeque::new(), listed: false }
    }

    /// Whether the host is to be put into the list for these jobs; it counts as put there then.
    fn enlist(&mut self) -> bool {
        !self.jobs.is_empty() && !std::mem::replace(&mut self.listed, true)
    }
}

impl<J> Host<J> {
    fn new() -> Self {
        Self { under_way: 0, sources: Jobs::new(), pages: VecDeque::new() }
    }

    /// The jobs of `owner`, or those that ask sources.
    fn jobs(&mut self, owner: Option<usize>) -> &mut Jobs<J> {
        let Some(owner) = owner else { return &mut self.sources };
        let at = self.pages.iter().position(|(other, _)| *other == owner).unwrap_or_else(|| {
            self.pages.push_back((owner, Jobs::new()));
            self.pages.len() - 1
        });
        &mut self.pages[at].1
    }

    fn is_idle(&self) -> bool {
        self.under_way == 0
            && self.sources.jobs.is_empty()
            && self.pages.iter().all(|(_, pages)| pages.jobs.is_empty())
    }
}

impl<J> Queue<J> {
    /// An empty queue.
    #[must_use]
    pub fn new(width: Width) -> Self {
        Self {
            width,
            under_way: 0,
            pages: 0,
            hosts: HashMap::new(),
            sources: VecDeque::new(),
            owners: HashMap::new(),
            rotation: VecDeque::new(),
        }
    }

    /// Adds a job that asks a source at `host`, behind the other sources.
    pub fn push_source(&mut self, host: &str, job: J) {
        self.push(Place { host: host.to_owned(), owner: None }, job);
    }

    /// Adds a job that reads a page at `host` to which the source `owner` links.
    pub fn push_page(&mut self, host: &str, owner: usize, job: J) {
        self.push(Place { host: host.to_owned(), owner: Some(owner) }, job);
    }

    fn push(&mut self, place: Place, job: J) {
        let host = self.hosts.entry(place.host.clone()).or_insert_with(Host::new);
        let free = host.under_way < self.width.per_host;
        let jobs = host.jobs(place.owner);
        jobs.jobs.push_back(job);
        if free && jobs.enlist() {
            self.list(place, false);
        }
    }

    /// Puts the host of `place` into the list of its owner, or of sources; `first` for one that was begun.
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

    /// The next job that may begin, with its place, which is to be given to [`Self::done`].
    pub fn next(&mut self) -> Option<(Place, J)> {
        if self.under_way >= self.width.all {
            return None;
        }
        let (place, job) = self.next_page().or_else(|| self.next_source())?;
        self.under_way += 1;
        Some((place, job))
    }

    /// The next page of the owner whose turn it is, of those that may begin one.
    fn next_page(&mut self) -> Option<(Place, J)> {
        for _ in 0..self.rotation.len() {
            let id = self.rotation.pop_front()?;
            let begun = self.page_of(id);
            let Some(owner) = self.owners.get_mut(&id) else { continue };
            owner.listed = !owner.hosts.is_empty();
            owner.under_way += usize::from(begun.is_some());
            if owner.listed {
                self.rotation.push_back(id);
            } else if owner.under_way == 0 {
                self.owners.remove(&id);
            }
            if begun.is_some() {
                self.pages += 1;
                return begun;
            }
        }
        None
    }

    /// The next page of the owner `id`, if it may begin one.
    fn page_of(&mut self, id: usize) -> Option<(Place, J)> {
        let owner =
            self.owners.get_mut(&id).filter(|owner| self.width.admits(owner.under_way, self.pages))?;
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

    /// Begins a job of `owner` at the host `name`, if the host has room and nobody else's turn comes first: sources go
    /// before pages, and an owner goes before those that had a page of this host later than it.
    fn begin(&mut self, name: &str, owner: Option<usize>) -> Begun<J> {
        let Some(host) = self.hosts.get_mut(name) else { return Begun::Full };
        let free = host.under_way < self.width.per_host;
        let (owners, width, pages) = (&self.owners, self.width, self.pages);
        let under_way = |id: &usize| owners.get(id).map_or(0, |owner| owner.under_way);
        let others = owner.is_some_and(|id| {
            let before = host.pages.iter().take_while(|(other, _)| *other != id);
            !host.sources.jobs.is_empty()
                || before
                    .into_iter()
                    .any(|(other, jobs)| !jobs.jobs.is_empty() && width.admits(under_way(other), pages))
        });
        if free && others {
            return Begun::Others;
        }
        let jobs = host.jobs(owner);
        jobs.listed = false;
        let job = if free { jobs.jobs.pop_front() } else { None };
        let Some(job) = job else { return Begun::Full };
        host.under_way += 1;
        let more = host.under_way < self.width.per_host && host.jobs(owner).enlist();
        Begun::Job { job, more }
    }

    /// Whether a job at `host` is under way or waits.
    pub fn knows(&self, host: &str) -> bool {
        self.hosts.contains_key(host)
    }

    /// The job at `place` is over.
    pub fn done(&mut self, place: &Place) {
        self.under_way -= 1;
        if let Some(id) = place.owner {
            self.pages -= 1;
            if let Some(owner) = self.owners.get_mut(&id) {
                owner.under_way -= 1;
                if owner.under_way == 0 && !owner.listed {
                    self.owners.remove(&id);
                }
            }
        }
        let Some(host) = self.hosts.get_mut(&place.host) else { return };
        host.under_way -= 1;
        if host.is_idle() {
            self.hosts.remove(&place.host);
            return;
        }
        // The owner that had its page here goes behind the others at this host.
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
