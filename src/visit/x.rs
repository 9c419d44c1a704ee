//! A session with X: one API call after another. The cycle saves the page of a call before the next call is made.
//!
//! [`Session`] decides what comes next, `caller` makes the calls, `posts` turns pages into findings. Which queries
//! there are and what they cost is decided in [`crate::x`].

mod call;
mod caller;
mod outcome;
mod people;
mod planning;
mod posts;
mod preview;
mod threads;
mod usage;

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;

use crate::{
    model::{Commit, XMemory, XPage},
    store::StoreError,
    x::{
        Settings,
        api::{self, Page},
        lookup,
        plan::{self, Query},
        usage as counted,
        windows::{self, Bounds, PageSpan, oldest_searchable_id, time_of},
    },
};

pub use outcome::XOutcome;
pub(crate) use outcome::{Bill, XFigures};
pub(crate) use planning::{Followed, forecast, planned};
pub(crate) use preview::{Preview, PreviewCall, planned_by, preview};

use super::{Context, Finding};
use call::{ApiCall, CallResult, Response, newer_bounds};
use caller::ApiCaller;

/// Pages that one query may take in a cycle; what is left becomes a gap, which later cycles fill.
const PAGES: u32 = 10;

/// The result of one call.
#[derive(Debug, Default)]
pub struct XVisit {
    pub(crate) commit: Commit,
    pub(crate) found: Vec<Finding>,
    /// Time spent on the network.
    pub(crate) fetch: Duration,
}

/// A step that remains to be done.
#[derive(Debug)]
enum Work {
    Handles(Vec<String>),
    Ids(Vec<u64>),
    Plan,
    Usage,
    Posts { query: Box<Query>, next: Option<String>, pages: u32 },
}

/// What one cycle does on X.
#[derive(Debug)]
pub struct Session {
    settings: Arc<Settings>,
    caller: ApiCaller,
    /// As of the start, then as of the plan; `spent` stays that of the start.
    memory: XMemory,
    followed: Followed,
    work: VecDeque<Work>,
    /// Ids of the posts that this session received.
    received: HashSet<u64>,
    /// Why the session ended early.
    stopped: Option<String>,
    /// Why calls were left for a later cycle, each reason once.
    deferred: Vec<String>,
    /// Changes that the user should see.
    notices: Vec<String>,
    failures: Vec<String>,
    /// Without the counts of `caller`.
    figures: XFigures,
}

impl Session {
    /// Settles what earlier calls left open and reads what is known; `None` without a token.
    pub async fn begin(
        context: &Context,
        settings: Arc<Settings>,
        deadline: Timestamp,
    ) -> Result<Option<Self>, StoreError> {
        let Some(token) = settings.token.as_ref().filter(|_| settings.is_on()) else { return Ok(None) };
        let (now, credential) = (context.now(), token.fingerprint());
        context.store.x_resolve(now).await?;
        let mut memory = context.store.x_memory(credential.clone(), now).await?;
        let wanted = if context.settings.without_savings {
            lookup::unbatched(&settings.accounts)
        } else {
            lookup::wanted(&settings.accounts, &memory.accounts, settings.user_ttl, now)
        };
        let notices = wanted.impossible.iter().map(|handle| format!("{handle:?} cannot be a handle on X"));
        let lookups = wanted.calls.into_iter().map(Work::Handles);
        let limits = std::mem::take(&mut memory.limits);
        let dialect = planning::dialect(&memory);
        Ok(Some(Self {
            caller: ApiCaller::new(Arc::clone(&settings), credential, dialect, limits, deadline),
            notices: notices.collect(),
            work: lookups.chain([Work::Plan]).collect(),
            settings,
            memory,
            followed: Followed::default(),
            received: HashSet::new(),
            stopped: None,
            deferred: Vec::new(),
            failures: Vec::new(),
            figures: XFigures::default(),
        }))
    }

    /// Makes the next call that brings a page; `None` when all is done.
    pub async fn step(&mut self, context: &Context) -> Result<Option<XVisit>, StoreError> {
        while self.stopped.is_none()
            && let Some(work) = self.work.pop_front()
        {
            let visit = match work {
                Work::Usage => {
                    self.caller.ask_usage(context, self.memory.first_call_at).await?;
                    None
                }
                Work::Plan => {
                    self.make_plan(context).await?;
                    None
                }
                Work::Handles(handles) => self.look_up_handles(context, &handles).await?,
                Work::Ids(ids) => self.look_up_ids(context, &ids).await?,
                Work::Posts { query, next, pages } => self.read_posts(context, query, next, pages).await?,
            };
            if visit.is_some() {
                return Ok(visit);
            }
        }
        let calls = self.work.drain(..).filter(|work| !matches!(work, Work::Plan | Work::Usage));
        self.figures.deferred += calls.count() as u64;
        Ok(None)
    }

    /// Makes no further call in this run; `why` is a sentence for the user.
    pub fn stop(&mut self, why: String) {
        self.stopped = Some(why);
    }

    pub(crate) fn figures(&self) -> XFigures {
        XFigures {
            calls: self.caller.sent(None),
            usage: self.caller.sent(Some(ApiCall::Usage.route())),
            violations: self.caller.violations,
            ..self.figures.clone()
        }
    }

    pub(crate) fn outcome(&self) -> XOutcome {
        let nothing_read = self.figures.accounts_read + self.figures.searches_read == 0;
        let problem =
            self.stopped.clone().or_else(|| self.failures.first().cloned().filter(|_| nothing_read));
        let mut notes = self.notices.clone();
        notes.extend(self.failures.iter().filter(|failure| Some(*failure) != problem.as_ref()).cloned());
        notes.extend(self.deferred.iter().map(|reason| format!("some calls were left for later: {reason}")));
        XOutcome { problem, notes }
    }

    pub(crate) async fn bill(&self, context: &Context) -> Result<Bill, StoreError> {
        let now = context.now();
        let memory = context.store.x_memory(self.caller.credential.clone(), now).await?;
        Ok(Bill {
            cycle: memory.spent.saturating_sub(self.memory.spent),
            month: memory.spent,
            forecast: forecast(&memory, self.settings.budget, now),
            usage: memory.usage,
        })
    }

    async fn make_plan(&mut self, context: &Context) -> Result<(), StoreError> {
        let now = context.now();
        let credential = &self.caller.credential;
        self.memory =
            XMemory { spent: self.memory.spent, ..context.store.x_memory(credential.clone(), now).await? };
        let usage_is_due = counted::is_due(self.memory.usage.as_ref(), credential, now);
        self.caller.limits = std::mem::take(&mut self.memory.limits);
        let server_now = self.caller.server_now(now);
        self.followed = Followed::new(&self.settings, &self.memory, windows::latest(now, server_now));
        let how = if context.settings.without_savings { plan::plan_unbatched } else { plan::plan };
        let dialect = self.caller.dialect;
        let plan = planned(&self.settings, &self.followed, self.memory.spent, dialect, server_now, how);
        if !plan.dropped.is_empty() {
            context.store.x_drop_gaps(plan.dropped).await?;
        }
        for lost in plan.lost {
            let sources = lost.sources.join(", ");
            self.notices.push(format!("{}: {sources}", no_longer_searched(lost.from, lost.until)));
        }
        for (_, reason) in plan.left_out {
            self.defer(reason);
        }
        let queries = plan.queries.into_iter();
        self.work.extend(queries.map(|query| Work::Posts { query: Box::new(query), next: None, pages: 0 }));
        self.work.extend(usage_is_due.then_some(Work::Usage));
        Ok(())
    }

    /// Takes what cannot be true out of `page` and counts it; gives a sentence for each reason.
    fn refuse(&mut self, page: &mut Page, now: Timestamp) -> Vec<String> {
        let refusals = page.refuse(windows::latest(now, self.caller.server_now(now)));
        self.figures.refused += page.refused();
        for sentence in &refusals {
            if !self.failures.contains(sentence) {
                self.failures.push(sentence.clone());
            }
        }
        refusals
    }

    fn defer(&mut self, reason: String) {
        self.figures.deferred += 1;
        if !self.deferred.contains(&reason) {
            self.deferred.push(reason);
        }
    }

    /// The response of a call. Without one, records the reason, and gives it if the call failed.
    fn response(&mut self, result: CallResult) -> Result<Response, Option<String>> {
        match result {
            CallResult::Page(response) => Ok(*response),
            CallResult::Deferred(reason) => {
                self.defer(reason);
                Err(None)
            }
            CallResult::StaleBounds { sentence, .. } | CallResult::Failed(sentence) => {
                self.failures.push(sentence.clone());
                Err(Some(sentence))
            }
            CallResult::Stop(sentence) => {
                self.stopped = Some(sentence.clone());
                Err(Some(sentence))
            }
        }
    }

    /// Reads one page of `query`, and once more from newer bounds where X refuses its bounds as too old.
    async fn read_posts(
        &mut self,
        context: &Context,
        mut query: Box<Query>,
        next: Option<String>,
        pages: u32,
    ) -> Result<Option<XVisit>, StoreError> {
        let mut result = self.caller.call(context, ApiCall::Posts(&query, next.as_deref())).await?;
        if let CallResult::StaleBounds { larger_than, .. } = result
            && next.is_none()
            && let oldest =
                larger_than.unwrap_or_else(|| oldest_searchable_id(self.caller.server_now(context.now())))
            && let Some((before, bounds)) = newer_bounds(query.progress.bounds, oldest)
        {
            self.notices.push(no_longer_searched(time_of(before), time_of(oldest)));
            query.progress.bounds = bounds;
            result = self.caller.call(context, ApiCall::Posts(&query, None)).await?;
        }
        match self.response(result) {
            Ok(response) => self.take_page(context, response, query, next, pages).await,
            Err(None) => Ok(None),
            Err(Some(sentence)) => {
                let failed = query.progress.sources.into_iter().map(|key| (key, sentence.clone()));
                context.store.x_failed(failed.collect()).await?;
                Ok(None)
            }
        }
    }

    async fn take_page(
        &mut self,
        context: &Context,
        response: Response,
        mut query: Box<Query>,
        token: Option<String>,
        pages: u32,
    ) -> Result<Option<XVisit>, StoreError> {
        let Ok(mut page) = api::posts(&response.body) else {
            self.failures.push(self.caller.settle_unreadable(context, response.call).await?);
            return Ok(None);
        };
        if pages == 0 {
            query.progress.asked_at = response.asked_at;
        }
        let now = context.now();
        let refused = self.refuse(&mut page, now);
        api::attribute(&mut page);
        let fresh = page.posts.iter().filter(|post| self.received.insert(post.id)).count();
        // Timelines may take their bounds as included: a page without anything new is the last.
        let more = page.next.is_some() && (fresh > 0 || page.posts.is_empty());
        let span = PageSpan { newest: page.newest, oldest: page.oldest, more };
        let first_look = matches!(query.progress.bounds, Bounds::From(_));
        let mut failed = self.missing_accounts(&page);
        if let Some(sentence) = refused.first() {
            failed.extend(query.progress.sources.iter().map(|key| (key.clone(), sentence.clone())));
        }
        let change = query.progress.after(response.call, span);
        let server_now = self.caller.server_now(now);
        let windows = windows::held(change, now.min(server_now), windows::latest(now, server_now));
        let reading = self.judge(context, &query, &page, first_look).await?;
        self.figures.posts += page.posts.len() as u64;
        self.figures.posts_new += reading.new;
        if !more && !query.progress.repair {
            let figures = &mut self.figures;
            let read =
                if query.for_searches { &mut figures.searches_read } else { &mut figures.accounts_read };
            *read += query.progress.sources.len() as u64;
        }
        let read = XPage {
            posts: reading.posts,
            people: reading.people,
            windows,
            failed,
            ..response.charge(&page, &self.settings)
        };
        if more && page.next == token {
            self.defer("X names the same page again and again".to_owned());
        } else if more && pages + 1 < PAGES {
            self.work.push_front(Work::Posts { query, next: page.next, pages: pages + 1 });
        } else if more {
            self.defer(format!("more than {PAGES} pages of one question"));
        }
        let commit =
            Commit { x: std::iter::once(read).chain(reading.lookups).collect(), ..Commit::default() };
        Ok(Some(XVisit { commit, found: reading.found, fetch: response.elapsed }))
    }

    /// Records the errors beside the posts of `page`; gives the keys of followed accounts among them.
    fn missing_accounts(&mut self, page: &Page) -> Vec<(String, String)> {
        let mut failed = Vec::new();
        for error in &page.errors {
            let account = self.followed.accounts.iter().find(|account| {
                error.value == account.user.to_string() || error.value.eq_ignore_ascii_case(&account.username)
            });
            let who = account.map_or_else(|| error.value.clone(), |account| format!("@{}", account.username));
            let sentence = format!("X omits {who}: {} ({})", error.detail, error.kind);
            failed.extend(account.map(|account| (account.state.key.clone(), sentence.clone())));
            self.failures.push(sentence);
        }
        failed
    }
}

fn no_longer_searched(from: Timestamp, until: Timestamp) -> String {
    format!(
        "X no longer searches posts from {} to {}",
        from.strftime("%Y-%m-%d %H:%M"),
        until.strftime("%Y-%m-%d %H:%M UTC")
    )
}
