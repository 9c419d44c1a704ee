//! X, one call after another: each is reserved before it is sent and brings home a page, which the cycle saves
//! before the next call is made. What is asked, read and paid is decided in the room `x`.

mod call;
mod people;
mod planning;
mod posts;
mod preview;
mod usage;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;

use crate::{
    model::{Commit, XMemory, XPage, XUsage},
    store::StoreError,
    text::secret::Secrets,
    x::{
        Settings,
        api::{self, Dialect, Page},
        limits::server_time,
        lookup,
        money::Forecast,
        plan::{self, Account, Query, Search},
        usage as counted,
        windows::{self, Bounds, PageSpan},
    },
};

pub use planning::{followed, forecast, planned, way_name};
pub use preview::{Preview, PreviewCall, planned_by, preview};

use planning::route_of;

use super::{Context, Finding};

use call::{ApiCall, Sent};

/// Pages one question may take in a cycle; what is left becomes a gap for the next ones.
const PAGES: u32 = 10;

/// What one step brings home.
#[derive(Debug, Default)]
pub struct XVisit {
    /// What is to be saved.
    pub commit: Commit,
    /// What was found.
    pub found: Vec<Finding>,
    /// How long the network took.
    pub fetch: Duration,
}

/// What a round came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct XFigures {
    /// Calls sent.
    pub calls: u64,
    /// Accounts asked for.
    pub users: u64,
    /// Posts received.
    pub posts: u64,
    /// Posts never seen before.
    pub posts_new: u64,
    /// Calls left for later.
    pub deferred: u64,
    /// Refusals (429).
    pub violations: u64,
    /// Of the calls, those that asked for X's own count.
    pub usage: u64,
    /// Posts and accounts refused: from the future, or without an id.
    pub refused: u64,
    /// Accounts whose posts were asked for, and answered.
    pub accounts_read: u64,
    /// Searches answered.
    pub searches_read: u64,
}

/// What is still to be done.
#[derive(Debug)]
enum Work {
    Handles(Vec<String>),
    Ids(Vec<u64>),
    Plan,
    Usage,
    Ask { question: Box<Query>, next: Option<String>, pages: u32 },
}

/// A refusal of the oldest id asked for.
#[derive(Debug, Clone, Copy)]
struct Stale {
    /// The oldest id X says it takes.
    larger_than: Option<u64>,
}

/// A cycle's part on X.
#[derive(Debug)]
pub struct Session {
    settings: Arc<Settings>,
    /// The token, which no answer is to bring back.
    secrets: Secrets,
    credential: String,
    memory: XMemory,
    dialect: Dialect,
    work: VecDeque<Work>,
    accounts: Vec<Account>,
    topics: Vec<Search>,
    /// Calls by route.
    taken: HashMap<&'static str, u32>,
    /// Ids received in this round.
    received: HashSet<u64>,
    /// Newest posts of a source seen for the first time that may alert.
    catch_up: usize,
    /// No wait goes beyond this.
    deadline: Timestamp,
    /// Why X is left alone for the rest of the run.
    stopped: Option<String>,
    /// Why calls were left for later, each reason once.
    deferred: Vec<String>,
    /// What people should know.
    notices: Vec<String>,
    /// What single questions failed with.
    failures: Vec<String>,
    /// Whether the dialect was changed in this round, and a bound moved up for good reason.
    switched: bool,
    /// See `switched`.
    moved_up: bool,
    /// Set when X refused a question for its oldest id: the one it takes, where it said so.
    stale_since: Option<Stale>,
    /// The figures so far.
    pub figures: XFigures,
}

/// How the round went, for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct XOutcome {
    /// Why X could not be read, one sentence; `None` where it could.
    pub problem: Option<String>,
    /// Calls left for later and why, single failures, accounts that changed.
    pub notes: Vec<String>,
}

/// What X has cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bill {
    /// In this cycle, millionths of a dollar.
    pub cycle: u64,
    /// In this month.
    pub month: u64,
    /// What the month will come to.
    pub forecast: Forecast,
    /// What X itself counts.
    pub usage: Option<XUsage>,
}

impl Session {
    /// Begins: settles what earlier calls left open and looks at what is known.
    ///
    /// # Errors
    /// When the store cannot be read or written. Without a token there is no round.
    pub async fn begin(
        context: &Context,
        settings: Arc<Settings>,
        deadline: Timestamp,
    ) -> Result<Option<Self>, StoreError> {
        let Some(token) = settings.token.as_ref().filter(|_| settings.is_on()) else { return Ok(None) };
        let (now, credential) = (context.now(), token.fingerprint());
        context.store.x_resolve(now).await?;
        let memory = context.store.x_memory(credential.clone(), now).await?;
        let wanted = if context.settings.without_savings {
            lookup::alone(&settings.accounts)
        } else {
            lookup::wanted(&settings.accounts, &memory.accounts, settings.user_ttl, now)
        };
        let notices = wanted.impossible.iter().map(|handle| format!("{handle:?} cannot be a handle on X"));
        let mut work: VecDeque<Work> = wanted.calls.into_iter().map(Work::Handles).collect();
        work.push_back(Work::Plan);
        Ok(Some(Self {
            dialect: Dialect::from_name(memory.dialect.as_deref().unwrap_or_default()),
            notices: notices.collect(),
            catch_up: context.settings.catch_up,
            secrets: settings.secrets(),
            settings,
            credential,
            memory,
            work,
            accounts: Vec::new(),
            topics: Vec::new(),
            taken: HashMap::new(),
            received: HashSet::new(),
            deadline,
            stopped: None,
            deferred: Vec::new(),
            failures: Vec::new(),
            switched: false,
            moved_up: false,
            stale_since: None,
            figures: XFigures::default(),
        }))
    }

    /// Does one thing; `None` when all is done.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn step(&mut self, context: &Context) -> Result<Option<XVisit>, StoreError> {
        loop {
            if self.stopped.is_some() {
                self.figures.deferred +=
                    self.work.drain(..).filter(|work| !matches!(work, Work::Plan | Work::Usage)).count()
                        as u64;
                return Ok(None);
            }
            let Some(work) = self.work.pop_front() else { return Ok(None) };
            let done = match work {
                Work::Usage => {
                    self.usage(context).await?;
                    None
                }
                Work::Plan => {
                    self.make_plan(context).await?;
                    None
                }
                Work::Handles(handles) => self.look_up(context, handles).await?,
                Work::Ids(ids) => self.look_up_ids(context, ids).await?,
                Work::Ask { question, next, pages } => self.ask_page(context, *question, next, pages).await?,
            };
            if done.is_some() {
                return Ok(done);
            }
        }
    }

    /// Leaves X alone for the rest of the run, for the reason in the sentence `why`.
    pub fn stop(&mut self, why: String) {
        self.stopped = Some(why);
    }

    /// How it went.
    #[must_use]
    pub fn outcome(&self) -> XOutcome {
        let nothing_read = self.figures.accounts_read + self.figures.searches_read == 0;
        let problem =
            self.stopped.clone().or_else(|| self.failures.first().cloned().filter(|_| nothing_read));
        let mut notes = self.notices.clone();
        notes.extend(self.failures.iter().filter(|failure| Some(*failure) != problem.as_ref()).cloned());
        notes.extend(self.deferred.iter().map(|reason| format!("some calls were left for later: {reason}")));
        XOutcome { problem, notes }
    }

    /// What the month comes to at `now`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn bill(&self, context: &Context) -> Result<Bill, StoreError> {
        let now = context.now();
        let memory = context.store.x_memory(self.credential.clone(), now).await?;
        Ok(Bill {
            cycle: memory.spent.saturating_sub(self.memory.spent),
            month: memory.spent,
            forecast: forecast(&memory, self.settings.budget, now),
            usage: memory.usage,
        })
    }

    /// The time by the server's clock.
    fn server_now(&self, now: Timestamp) -> Timestamp {
        let skewed = self.memory.limits.iter().max_by_key(|(_, limit)| limit.reset);
        skewed.map_or(now, |(_, limit)| server_time(limit, now))
    }

    async fn make_plan(&mut self, context: &Context) -> Result<(), StoreError> {
        let now = context.now();
        self.memory = XMemory {
            // What the round is held against stays what it was at the start.
            spent: self.memory.spent,
            ..context.store.x_memory(self.credential.clone(), now).await?
        };
        let server_now = self.server_now(now);
        (self.accounts, self.topics) =
            followed(&self.settings, &self.memory, windows::latest(now, server_now));
        let how = if context.settings.without_savings { plan::plan_unbatched } else { plan::plan };
        let plan = planned(&self.settings, &self.memory, self.dialect, (now, server_now), how);
        if !plan.dropped.is_empty() {
            context.store.x_drop_gaps(plan.dropped).await?;
        }
        for lost in plan.lost {
            self.notices.push(format!(
                "X no longer searches posts from {} to {}: {}",
                lost.from.strftime("%Y-%m-%d %H:%M"),
                lost.until.strftime("%Y-%m-%d %H:%M UTC"),
                lost.sources.join(", ")
            ));
        }
        for (_, reason) in plan.left_out {
            self.defer(reason);
        }
        let asks = plan.questions.into_iter().map(|question| Work::Ask {
            question: Box::new(question),
            next: None,
            pages: 0,
        });
        self.work.extend(asks);
        if counted::is_due(self.memory.usage.as_ref(), &self.credential, now) {
            self.work.push_back(Work::Usage);
        }
        Ok(())
    }

    /// Refuses what cannot be of `page`, names it and counts it; gives what is said of it.
    fn refuse(&mut self, page: &mut Page, now: Timestamp) -> Vec<String> {
        let refusals = page.refuse(windows::latest(now, self.server_now(now)));
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

    async fn unreadable(&mut self, context: &Context, call: i64) -> Result<(), StoreError> {
        let ending = crate::store::XEnding::Lost { note: "unreadable".to_owned() };
        context.store.x_end(call, ending).await?;
        self.failures.push("X sent an answer that cannot be read".to_owned());
        Ok(())
    }

    /// Puts one question and reads one page of its answer.
    async fn ask_page(
        &mut self,
        context: &Context,
        question: Query,
        next: Option<String>,
        pages: u32,
    ) -> Result<Option<XVisit>, StoreError> {
        let mut ask = ApiCall::Posts { question: Box::new(question), next };
        let sent = self.send(context, &ask).await?;
        // A since_id that is too old is put right on the way.
        self.moved_up = false;
        if let Sent::Refused = &sent
            && let Some(fresh) = self.stale(&ask, context.now())
        {
            ask = fresh;
            return self.read(context, ask, pages, None).await;
        }
        self.read(context, ask, pages, Some(sent)).await
    }

    async fn read(
        &mut self,
        context: &Context,
        ask: ApiCall,
        pages: u32,
        sent: Option<Sent>,
    ) -> Result<Option<XVisit>, StoreError> {
        let sent = match sent {
            Some(sent) => sent,
            None => self.send(context, &ask).await?,
        };
        let ApiCall::Posts { mut question, next: token } = ask else { return Ok(None) };
        let answer = match sent {
            Sent::Answered(answer) => answer,
            Sent::Deferred => return Ok(None),
            Sent::Refused => {
                let sentence = self.stopped.clone().or_else(|| self.failures.last().cloned());
                let failed = question.progress.sources.iter();
                let failed = failed.map(|key| (key.clone(), sentence.clone().unwrap_or_default()));
                context.store.x_failed(failed.collect()).await?;
                return Ok(None);
            }
        };
        let Ok(mut page) = api::posts(&answer.body) else {
            self.unreadable(context, answer.call).await?;
            return Ok(None);
        };
        if pages == 0 {
            question.progress.asked_at = answer.asked_at;
        }
        let now = context.now();
        let refused = self.refuse(&mut page, now);
        api::attribute(&mut page);
        let fresh = page.posts.iter().filter(|post| self.received.insert(post.id)).count();
        // Timelines may take their bounds as included: a page without anything new is the last.
        let more = page.next.is_some() && (fresh > 0 || page.posts.is_empty());
        let span = PageSpan { newest: page.newest, oldest: page.oldest, more };
        let first_look = matches!(question.progress.bounds, Bounds::From(_));
        let mut failed = self.left_out(&page);
        if let Some(sentence) = refused.first() {
            failed.extend(question.progress.sources.iter().map(|key| (key.clone(), sentence.clone())));
        }
        let change = question.progress.after(answer.call, span);
        let server_now = self.server_now(now);
        let windows = windows::held(change, now.min(server_now), windows::latest(now, server_now));
        let read = self.judge(context, &question, &page, first_look).await?;
        self.count(&question, &page, more, read.new);
        let billed = XPage {
            call: answer.call,
            answered_at: answer.at,
            status: answer.status,
            posts_billed: api::billed_posts(&page),
            post_price: self.settings.post_price,
            users_billed: page.users.iter().map(|user| user.id).collect(),
            user_price: self.settings.user_price,
            posts: read.posts,
            windows,
            people: read.people,
            failed,
            ..XPage::default()
        };
        let mut answers = vec![billed];
        answers.extend(read.lookup);
        if more && page.next == token {
            self.defer("X names the same page again and again".to_owned());
        } else if more && pages + 1 < PAGES {
            self.work.push_front(Work::Ask { question, next: page.next, pages: pages + 1 });
        } else if more {
            self.defer(format!("more than {PAGES} pages of one question"));
        }
        let commit = Commit { x: answers, ..Commit::default() };
        Ok(Some(XVisit { commit, found: read.found, fetch: answer.elapsed }))
    }

    fn count(&mut self, question: &Query, page: &Page, more: bool, new: u64) {
        self.figures.posts += page.posts.len() as u64;
        self.figures.posts_new += new;
        if !more && !question.progress.repair {
            let sources = question.progress.sources.len() as u64;
            let slot = if question.topics {
                &mut self.figures.searches_read
            } else {
                &mut self.figures.accounts_read
            };
            *slot += sources;
        }
    }

    /// Sorts what X left out: of an account, its failure; of anything else, a word to people.
    fn left_out(&mut self, page: &Page) -> Vec<(String, String)> {
        let mut failed: Vec<(String, String)> = Vec::new();
        for error in &page.errors {
            let account = self.accounts.iter().find(|account| {
                error.value == account.user.to_string() || error.value.eq_ignore_ascii_case(&account.username)
            });
            let who = account.map_or_else(|| error.value.clone(), |account| format!("@{}", account.username));
            let sentence = format!("X leaves out {who}: {} ({})", error.detail, error.kind);
            failed.extend(account.map(|account| (account.state.key.clone(), sentence.clone())));
            self.failures.push(sentence);
        }
        failed
    }
}
