//! The queries of a cycle, in as few calls as possible (docs/reference/x-api.md#windows). Pure.

use std::{collections::BTreeMap, fmt};

use jiff::{SignedDuration, Timestamp};

use super::{
    limits,
    money::{BUDGET_USED_UP, Prices, affordable},
    windows::{Bounds, Progress, bounds, id_at, low, oldest_searchable_id, time_of},
};
use crate::model::{XGap, XSource};

/// Longest query, characters (docs/reference/x-api.md#queries).
pub const QUERY_LIMIT: usize = 512;
/// Posts on a page, at most: longer pages need fewer calls, and only returned posts are charged.
const PAGE: u32 = 100;
/// Smallest `max_results` of a search (docs/reference/x-api.md#endpoints).
const LEAST_SEARCH: u32 = 10;
/// Smallest `max_results` of a timeline.
const LEAST_TIMELINE: u32 = 5;
/// Sources share a query if their windows begin within this time of each other (docs/reference/x-api.md#windows).
const TOGETHER: SignedDuration = SignedDuration::from_hours(1);

/// A followed account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub user: u64,
    /// Its present handle.
    pub username: String,
    /// Whether its replies are read too.
    pub replies: bool,
    /// How far it was read.
    pub state: XSource,
}

/// A search of the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The query in the settings.
    pub query: String,
    /// How far it was read.
    pub state: XSource,
}

/// Everything that a plan depends on. Money is in millionths of a dollar.
#[derive(Debug, Clone)]
pub struct Inputs<'a> {
    /// Accounts whose ids are known.
    pub accounts: &'a [Account],
    /// The searches.
    pub searches: &'a [Search],
    /// How far back the first read of a source goes.
    pub lookback: SignedDuration,
    /// The time by the server's clock.
    pub now: Timestamp,
    /// The budget of a month.
    pub budget: u64,
    /// What this month has cost.
    pub spent: u64,
    /// The price of a post and of its author.
    pub prices: Prices,
    /// Whether each post brings its author as an object that is charged for.
    pub paid_authors: bool,
}

/// The endpoint of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// Recent search with this text.
    Search(String),
    /// The posts of one account.
    Timeline {
        /// Id of the account.
        user: u64,
        /// Whether replies are wanted.
        replies: bool,
    },
}

impl Endpoint {
    pub(crate) fn route(&self) -> &'static str {
        match self {
            Self::Search(_) => limits::SEARCH,
            Self::Timeline { .. } => limits::TIMELINE,
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Search(query) => write!(f, "search {query}"),
            Self::Timeline { user, .. } => write!(f, "timeline of account {user}"),
        }
    }
}

/// One query: a call, and another one for each further page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Where it is sent.
    pub endpoint: Endpoint,
    /// The sources it reads, and how far.
    pub progress: Progress,
    /// Whether it is for searches: then authors need a minimum of followers.
    pub(crate) for_searches: bool,
    /// Posts on a page, at most.
    pub(crate) most: u32,
    /// The smallest maximum that the endpoint accepts.
    pub(crate) least: u32,
    /// Highest price of one post with its author.
    pub(crate) price: u64,
}

impl Query {
    fn new(endpoint: Endpoint, progress: Progress, for_searches: bool) -> Self {
        let least = match endpoint {
            Endpoint::Search(_) => LEAST_SEARCH,
            Endpoint::Timeline { .. } => LEAST_TIMELINE,
        };
        Self { endpoint, progress, for_searches, most: PAGE, least, price: 0 }
    }
}

/// Posts that search no longer returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lost {
    /// Keys of the sources.
    pub sources: Vec<String>,
    pub from: Timestamp,
    pub until: Timestamp,
}

/// The queries of a cycle.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// In order: new posts of accounts, new posts of searches, gaps from the newest on.
    pub queries: Vec<Query>,
    /// Queries that are not made, with the reason.
    pub left_out: Vec<(Endpoint, String)>,
    pub(crate) lost: Vec<Lost>,
    /// Gaps that can no longer be filled, with the key of their source.
    pub(crate) dropped: Vec<(String, XGap)>,
}

/// A source before it is packed into a query.
#[derive(Debug, Clone)]
struct Member {
    key: String,
    term: String,
    low: Option<u64>,
}

impl Member {
    fn account(account: &Account, low: Option<u64>) -> Self {
        Self { key: account.state.key.clone(), term: format!("from:{}", account.username), low }
    }

    fn search(search: &Search, low: Option<u64>) -> Self {
        Self { key: search.state.key.clone(), term: term(&search.query), low }
    }
}

/// Plans a cycle.
#[must_use]
pub fn plan(inputs: &Inputs) -> Plan {
    let mut plan = Plan::default();
    for replies in [false, true] {
        accounts(inputs, replies, &mut plan);
    }
    let members = inputs.searches.iter().map(|search| Member::search(search, low(&search.state)));
    heads(inputs, members.collect(), searches_suffix(inputs.searches), true, &mut plan);
    gaps(inputs, &mut plan);
    affordable_part(inputs, plan)
}

/// Plans a cycle without savings: one query for each account's timeline and each search. Its calls are
/// `calls.naive` of docs/reference/outputs.md#calls.
#[must_use]
pub(crate) fn plan_unbatched(inputs: &Inputs) -> Plan {
    let head = |state: &XSource| {
        let bounds = bounds(low(state), inputs.lookback, inputs.now).0;
        Progress::head(vec![state.key.clone()], bounds, inputs.now)
    };
    let accounts = inputs.accounts.iter().map(|account| {
        let endpoint = Endpoint::Timeline { user: account.user, replies: account.replies };
        Query::new(endpoint, head(&account.state), false)
    });
    let searches = inputs.searches.iter().map(|search| {
        let suffix = searches_suffix(std::slice::from_ref(search));
        let endpoint = Endpoint::Search(format!("{}{suffix}", term(&search.query)));
        Query::new(endpoint, head(&search.state), true)
    });
    affordable_part(inputs, Plan { queries: accounts.chain(searches).collect(), ..Plan::default() })
}

/// Moves the queries that the rest of the month's budget does not cover to `left_out`.
fn affordable_part(inputs: &Inputs, mut plan: Plan) -> Plan {
    let price = inputs.prices.post + if inputs.paid_authors { inputs.prices.user } else { 0 };
    for query in std::mem::take(&mut plan.queries) {
        match affordable(inputs.budget, inputs.spent, price, PAGE, query.least) {
            Some(most) if most > 0 => plan.queries.push(Query { most, price, ..query }),
            _ => plan.left_out.push((query.endpoint, BUDGET_USED_UP.to_owned())),
        }
    }
    plan
}

fn suffix(replies: bool) -> &'static str {
    if replies { " -is:retweet" } else { " -is:retweet -is:reply" }
}

/// English only, unless a query names a language.
fn searches_suffix(searches: &[Search]) -> &'static str {
    if searches.iter().any(|search| search.query.contains("lang:")) {
        " -is:retweet"
    } else {
        " -is:retweet lang:en"
    }
}

/// A search of the settings as part of a larger query: AND binds before OR, so it gets parentheses.
fn term(query: &str) -> String {
    let query = query.trim();
    if query.contains(char::is_whitespace) { format!("({query})") } else { query.to_owned() }
}

fn accounts(inputs: &Inputs, replies: bool, plan: &mut Plan) {
    let oldest = oldest_searchable_id(inputs.now);
    let mut members = Vec::new();
    for account in inputs.accounts.iter().filter(|account| account.replies == replies) {
        match low(&account.state) {
            // Search covers seven days; only the account's timeline has older posts.
            Some(since) if since < oldest => {
                let bounds = Bounds::Ids { since, until: None };
                let progress = Progress::head(vec![account.state.key.clone()], bounds, inputs.now);
                let endpoint = Endpoint::Timeline { user: account.user, replies };
                plan.queries.push(Query::new(endpoint, progress, false));
            }
            low => members.push(Member::account(account, low)),
        }
    }
    heads(inputs, members, suffix(replies), false, plan);
}

/// Queries for the new posts of `members`.
fn heads(inputs: &Inputs, members: Vec<Member>, suffix: &str, for_searches: bool, plan: &mut Plan) {
    for bucket in by_window(members) {
        for (query, members) in pack(bucket, suffix, &mut plan.left_out) {
            let low = members.iter().map(|member| member.low).min().flatten();
            let sources: Vec<String> = members.into_iter().map(|member| member.key).collect();
            let (bounds, lost) = bounds(low, inputs.lookback, inputs.now);
            if let Some((from, until)) = lost {
                let (from, until) = (time_of(from), time_of(until));
                plan.lost.push(Lost { sources: sources.clone(), from, until });
            }
            let progress = Progress::head(sources, bounds, inputs.now);
            plan.queries.push(Query::new(Endpoint::Search(query), progress, for_searches));
        }
    }
}

/// Groups members that may share a query: never read before, or to within an hour of each other.
fn by_window(mut members: Vec<Member>) -> Vec<Vec<Member>> {
    members.sort_by(|a, b| (a.low, &a.key).cmp(&(b.low, &b.key)));
    let mut buckets: Vec<Vec<Member>> = Vec::new();
    for member in members {
        let fits = |first: Option<u64>| match (first, member.low) {
            (None, None) => true,
            (Some(first), Some(low)) => time_of(low).duration_since(time_of(first)) <= TOGETHER,
            _ => false,
        };
        match buckets.last_mut() {
            Some(bucket) if fits(bucket[0].low) => bucket.push(member),
            _ => buckets.push(vec![member]),
        }
    }
    buckets
}

/// Packs terms into few queries: the longest first, each into the first query with enough space.
fn pack(
    mut members: Vec<Member>,
    suffix: &str,
    too_long: &mut Vec<(Endpoint, String)>,
) -> Vec<(String, Vec<Member>)> {
    members.sort_by(|a, b| (b.term.chars().count(), &a.key).cmp(&(a.term.chars().count(), &b.key)));
    let frame = "()".len() + suffix.chars().count();
    let mut bins: Vec<(usize, Vec<Member>)> = Vec::new();
    for member in members {
        let length = member.term.chars().count();
        if frame + length > QUERY_LIMIT {
            let reason = format!("longer than the {QUERY_LIMIT} characters X allows");
            too_long.push((Endpoint::Search(member.term), reason));
            continue;
        }
        let more = length + " OR ".len();
        match bins.iter_mut().find(|(used, _)| used + more <= QUERY_LIMIT) {
            Some((used, bin)) => {
                *used += more;
                bin.push(member);
            }
            None => bins.push((frame + length, vec![member])),
        }
    }
    let query = |members: &[Member]| {
        let terms: Vec<&str> = members.iter().map(|member| member.term.as_str()).collect();
        format!("({}){suffix}", terms.join(" OR "))
    };
    bins.into_iter().map(|(_, members)| (query(&members), members)).collect()
}

/// Queries for gaps, the newest first.
fn gaps(inputs: &Inputs, plan: &mut Plan) {
    let oldest = oldest_searchable_id(inputs.now);
    let mut repairs: Vec<Query> = Vec::new();
    let mut groups: BTreeMap<(XGap, bool, bool), Vec<Member>> = BTreeMap::new();
    for account in inputs.accounts {
        for gap in &account.state.gaps {
            if gap.low < oldest {
                let progress = Progress::repair(vec![account.state.key.clone()], *gap, inputs.now);
                let endpoint = Endpoint::Timeline { user: account.user, replies: account.replies };
                repairs.push(Query::new(endpoint, progress, false));
            } else {
                let members = groups.entry((*gap, false, account.replies)).or_default();
                members.push(Member::account(account, None));
            }
        }
    }
    for search in inputs.searches {
        for gap in &search.state.gaps {
            let key = &search.state.key;
            if gap.low < oldest {
                let (from, until) = (time_of(gap.low), time_of(gap.high.min(oldest)));
                plan.lost.push(Lost { sources: vec![key.clone()], from, until });
            }
            if gap.high <= oldest {
                plan.dropped.push((key.clone(), *gap));
                continue;
            }
            let clamped = XGap { low: gap.low.max(oldest), ..*gap };
            groups.entry((clamped, true, false)).or_default().push(Member::search(search, None));
        }
    }
    for ((gap, for_searches, replies), members) in groups {
        let suffix = if for_searches { searches_suffix(inputs.searches) } else { suffix(replies) };
        for (query, members) in pack(members, suffix, &mut plan.left_out) {
            let sources = members.into_iter().map(|member| member.key).collect();
            let progress = Progress::repair(sources, gap, inputs.now);
            repairs.push(Query::new(Endpoint::Search(query), progress, for_searches));
        }
    }
    repairs.sort_by_key(|query| std::cmp::Reverse(query.progress.gap.map(|gap| gap.high)));
    plan.queries.extend(repairs);
}

/// The first of `searches` with all of its plain words in `text`, a text that a packed query found.
pub(crate) fn matching<'a>(searches: &'a [Search], sources: &[String], text: &str) -> Option<&'a Search> {
    let text = text.to_lowercase();
    let is_match = |search: &&Search| {
        search.query.to_lowercase().split(" or ").any(|branch| {
            let words = branch.replace(['(', ')', '"'], " ");
            let mut words = words
                .split_whitespace()
                .filter(|word| !word.starts_with('-') && !word.contains(':'))
                .peekable();
            words.peek().is_some() && words.all(|word| text.contains(word))
        })
    };
    searches.iter().filter(|search| sources.contains(&search.state.key)).find(is_match)
}

/// Key of an account as a source.
#[must_use]
pub fn account_key(user: u64) -> String {
    format!("a:{user}")
}

/// Key of a search as a source: another query is another source.
#[must_use]
pub fn search_key(query: &str) -> String {
    format!("t:{}", query.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The highest id that a call sent at `now` can return.
pub(crate) fn ceiling(now: Timestamp) -> u64 {
    id_at(now.checked_add(SignedDuration::from_secs(60)).unwrap_or(now))
}

#[cfg(test)]
mod tests;
