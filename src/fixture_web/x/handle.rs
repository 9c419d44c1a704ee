//! The interface of the simulation for tests.

use std::time::Instant;

use super::{
    Content, Day, InjectedFailure, Options, SentPost, Simulator, Standing, Summary,
    answers::Responder,
    generate, paging,
    query::{self, Subject},
    request_log::Call,
    state::State,
    world::{Draft, Post, SEARCH_REACH_MS},
    written::Written,
};
use crate::fixture_web::injection::Injection;

impl Simulator {
    /// The present, Unix milliseconds, without the server's skew.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.state().now()
    }

    /// Sets the clock, Unix milliseconds.
    pub fn set_clock(&self, now_ms: i64) {
        let mut state = self.state();
        state.options.now_ms = now_ms;
        state.set_at = Instant::now();
    }

    /// Moves the clock forward.
    pub fn advance_clock(&self, ms: i64) {
        self.set_clock(self.now_ms() + ms);
    }

    /// Publishes what is written for this tick of the simulated internet, dated a minute ago.
    pub fn publish_tick(&self, tick: u32) {
        let mut state = self.state();
        let now = state.now();
        let State { written, world, .. } = &mut *state;
        written.publish(world, tick, now - 60_000);
    }

    /// Changes options on the way; the population stays.
    pub fn change(&self, change: impl FnOnce(&mut Options)) {
        change(&mut self.state().options);
    }

    /// Another limit for a route (template, without method).
    pub fn set_limit(&self, route: &str, limit: u64) {
        self.state().limits.set(route, limit);
    }

    /// Adds an injected failure.
    pub fn inject(&self, injection: Injection<InjectedFailure>) {
        self.state().options.failures.push(injection);
    }

    /// Replaces the injected failures, and lifts 24-hour limits and caps.
    pub fn set_failures(&self, failures: Vec<Injection<InjectedFailure>>) {
        let mut state = self.state();
        state.options.failures = failures;
        state.day_limit_until = i64::MIN;
        state.usage_cap_until = i64::MIN;
    }

    /// Every request from number `from` on.
    #[must_use]
    pub fn calls(&self, from: usize) -> Vec<Call> {
        self.state().calls.get(from..).unwrap_or_default().to_vec()
    }

    /// All requests counted.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary::of(&self.state().calls)
    }

    /// The bill by day, days since 1970.
    #[must_use]
    pub fn bill(&self) -> Vec<(i64, Day)> {
        self.state().billing.days().iter().map(|(number, day)| (*number, *day)).collect()
    }

    /// The whole bill.
    #[must_use]
    pub fn billed(&self) -> Day {
        self.state().billing.total()
    }

    /// Handles of the accounts worth following.
    #[must_use]
    pub fn handles(&self) -> Vec<String> {
        let state = self.state();
        let members = state.world.lists.first().map(|list| list.members.clone()).unwrap_or_default();
        members.iter().filter_map(|id| state.world.accounts.get(id)).map(|a| a.username.clone()).collect()
    }

    /// Queries of the topics people talk about.
    #[must_use]
    pub fn topics(&self) -> Vec<String> {
        match &self.state().options.content {
            Content::Generated(plan) => (0..plan.topics).map(generate::topic).collect(),
            Content::Written => Written::topics(),
        }
    }

    /// What is true of every post of [`Content::Written`].
    #[must_use]
    pub fn sent_posts(&self) -> Vec<SentPost> {
        self.state().written.sent_posts()
    }

    /// Ids of posts that recent search shows now for a query, newest first, however many; those created at or after
    /// `since_ms` (Unix milliseconds).
    ///
    /// # Errors
    /// X's refusal of the query.
    pub fn matching(&self, query: &str, since_ms: i64) -> Result<Vec<u64>, String> {
        let state = self.state();
        let now = state.server_now();
        let responder = Responder { query_limit: usize::MAX, ..state.responder(now, 0) };
        let found = paging::all(&responder, query, since_ms.max(now - SEARCH_REACH_MS))?;
        Ok(found.iter().map(|post| post.id).collect())
    }

    /// Ids of posts that recent search showed for one of `queries` without a break for at least `lasting_ms` between
    /// two moments (Unix milliseconds by the server), oldest first: what nobody may miss who asks that often. A post
    /// is shown from when it is indexed and half a minute old until it is deleted, replaced or seven days old.
    ///
    /// # Errors
    /// X's refusal of a query.
    pub fn offered(
        &self,
        queries: &[String],
        between: (i64, i64),
        lasting_ms: i64,
    ) -> Result<Vec<u64>, String> {
        let state = self.state();
        let read = |text: &String| query::parse(text, usize::MAX);
        let queries = queries.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let lasts = |post: &&Post| {
            let (from, to) = paging::shown(post);
            to.min(between.1) - from.max(between.0) >= lasting_ms
        };
        let matches = |post: &&Post| {
            let subject = Subject::new(&state.world, post);
            queries.iter().any(|query| subject.matches(query))
        };
        let posts = state.world.posts.values();
        Ok(posts.filter(lasts).filter(matches).map(|post| post.id).collect())
    }

    /// Publishes a post now; `None` without such an account.
    pub fn publish(&self, username: &str, text: &str) -> Option<u64> {
        let mut state = self.state();
        let at_ms = state.server_now();
        let author = state.world.account(username)?.id;
        Some(state.world.publish(Draft { author, at_ms, text: text.to_owned(), ..Draft::default() }))
    }

    /// Replaces a post by a new version now; `None` without such a post.
    pub fn edit(&self, id: u64, text: &str) -> Option<u64> {
        let mut state = self.state();
        let now = state.server_now();
        state.world.edit(id, now, text.to_owned())
    }

    /// Deletes a post now; false without such a post.
    pub fn delete(&self, id: u64) -> bool {
        let mut state = self.state();
        let now = state.server_now();
        state.world.posts.get_mut(&id).map(|post| post.deleted_ms = Some(now)).is_some()
    }

    /// Keeps a post from readers in these countries; false without such a post.
    pub fn withhold(&self, id: u64, countries: &[&str]) -> bool {
        let countries = countries.iter().map(|&country| country.to_owned()).collect();
        self.state().world.posts.get_mut(&id).map(|post| post.withheld = countries).is_some()
    }

    /// Changes how an account stands, and its handle where one is given; false without such an account.
    pub fn set_account(&self, username: &str, standing: Standing, handle: Option<&str>) -> bool {
        let mut state = self.state();
        let found = state.world.accounts.values_mut().find(|a| a.username.eq_ignore_ascii_case(username));
        let Some(account) = found else { return false };
        account.standing = standing;
        if let Some(handle) = handle {
            handle.clone_into(&mut account.username);
        }
        true
    }

    /// The `[x]` section of a settings file that follows everybody and every topic at `base_url`.
    #[must_use]
    pub fn settings_toml(&self, base_url: &str) -> String {
        let quoted = |texts: Vec<String>| {
            let texts: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
            texts.join(", ")
        };
        let handles = self.handles().iter().map(|handle| format!("@{handle}")).collect();
        format!(
            "\n[x]\nbase_url = \"{base_url}\"\naccounts = [{}]\nsearches = [{}]\n",
            quoted(handles),
            quoted(self.topics())
        )
    }
}
