//! What a cycle asks X, in which order, as few calls as possible (docs/reference/x-api.md#windows). Pure.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{
    money::{Prices, affordable},
    windows::{Bounds, Progress, bounds, id_at, low, oldest_searchable_id, time_of},
};
use crate::model::{XGap, XSource};

/// Characters of a query (docs/reference/x-api.md#queries).
pub const QUERY_LIMIT: usize = 512;
/// Posts on a page at most; a longer page means fewer calls, and only what comes is paid.
pub const PAGE: u32 = 100;
/// Fewest posts a search may be asked for (docs/reference/x-api.md#endpoints).
pub const LEAST_SEARCH: u32 = 10;
/// The same for a timeline.
pub const LEAST_TIMELINE: u32 = 5;
/// Sources are asked together if their windows begin within this much of each other (docs/reference/x-api.md#windows).
const TOGETHER: SignedDuration = SignedDuration::from_hours(1);

/// An account that is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub user: u64,
    /// What it is called now.
    pub username: String,
    /// Whether its replies are read too.
    pub replies: bool,
    /// Where reading stands.
    pub state: XSource,
}

/// A search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The query as the settings have it.
    pub query: String,
    /// Where reading stands.
    pub state: XSource,
}

/// All a plan is made from.
#[derive(Debug, Clone)]
pub struct Inputs<'a> {
    /// Accounts whose ids are known.
    pub accounts: &'a [Account],
    /// Searches.
    pub topics: &'a [Search],
    /// How far back a first look goes.
    pub lookback: SignedDuration,
    /// The time by the server's clock.
    pub now: Timestamp,
    /// What a month may cost, and what it has cost.
    pub budget: u64,
    /// See `budget`.
    pub spent: u64,
    /// What a post costs, with its author where the dialect makes us pay for one.
    pub prices: Prices,
    /// Whether each post brings its author as an object that is charged for.
    pub paid_authors: bool,
}

/// How a question is put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// Recent search with this query.
    Search(String),
    /// One account's timeline.
    Timeline {
        /// The account.
        user: u64,
        /// Whether replies are wanted.
        replies: bool,
    },
}

/// One question: a call, or several where there are more pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// How it is put.
    pub way: Endpoint,
    /// Whom it asks for, from where on.
    pub progress: Progress,
    /// Whether it asks for topics: then a follower floor applies.
    pub topics: bool,
    /// Posts a call may bring.
    pub most: u32,
    /// The fewest it may be asked for.
    pub least: u32,
    /// What one post may cost at most.
    pub price: u64,
}

/// Posts that can no longer be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// Keys of the sources.
    pub sources: Vec<String>,
    /// From then.
    pub from: Timestamp,
    /// Until then.
    pub until: Timestamp,
}

/// What a cycle would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Questions in the order they are put: heads of accounts, heads of topics, gaps from the newest on.
    pub questions: Vec<Query>,
    /// Questions that are left out, with the reason.
    pub left_out: Vec<(Endpoint, String)>,
    /// What search no longer reaches.
    pub lost: Vec<Lost>,
    /// Gaps that nobody can fill any more: source and owner.
    pub dropped: Vec<(String, XGap)>,
}

/// A source on its way into a query.
#[derive(Debug, Clone)]
struct Member {
    key: String,
    term: String,
    low: Option<u64>,
}

/// Plans a cycle.
#[must_use]
pub fn plan(inputs: &Inputs) -> Plan {
    let mut plan = Plan::default();
    for replies in [false, true] {
        accounts(inputs, replies, &mut plan);
    }
    let members = inputs.topics.iter().map(|topic| Member {
        key: topic.state.key.clone(),
        term: term(&topic.query),
        low: low(&topic.state),
    });
    heads(inputs, members.collect(), topics_suffix(inputs.topics), true, &mut plan);
    gaps(inputs, &mut plan);
    affordable_part(inputs, plan)
}

/// Plans a cycle that saves nothing: each account's timeline and each search is a question of its own. What it
/// would have cost is what `calls.naive` counts (docs/reference/outputs.md#calls).
#[must_use]
pub fn plan_unbatched(inputs: &Inputs) -> Plan {
    let mut plan = Plan::default();
    let progress = |state: &XSource| Progress {
        sources: vec![state.key.clone()],
        bounds: bounds(low(state), inputs.lookback, inputs.now).0,
        gap: None,
        repair: false,
        asked_at: inputs.now,
    };
    let ask = |way, progress, topics, least| Query { way, progress, topics, most: PAGE, least, price: 0 };
    for account in inputs.accounts {
        let way = Endpoint::Timeline { user: account.user, replies: account.replies };
        plan.questions.push(ask(way, progress(&account.state), false, LEAST_TIMELINE));
    }
    for topic in inputs.topics {
        let way =
            Endpoint::Search(format!("{}{}", term(&topic.query), topics_suffix(std::slice::from_ref(topic))));
        plan.questions.push(ask(way, progress(&topic.state), true, LEAST_SEARCH));
    }
    affordable_part(inputs, plan)
}

/// Leaves out what the rest of the month's budget does not pay for.
fn affordable_part(inputs: &Inputs, mut plan: Plan) -> Plan {
    let price = inputs.prices.post + if inputs.paid_authors { inputs.prices.user } else { 0 };
    let (kept, poor): (Vec<Query>, Vec<Query>) = std::mem::take(&mut plan.questions)
        .into_iter()
        .map(|question| {
            let most = affordable(inputs.budget, inputs.spent, price, PAGE, question.least);
            Query { most: most.unwrap_or(0), price, ..question }
        })
        .partition(|question| question.most > 0);
    plan.questions = kept;
    plan.left_out
        .extend(poor.into_iter().map(|question| (question.way, "the month's budget is used up".into())));
    plan
}

fn suffix(replies: bool) -> &'static str {
    if replies { " -is:retweet" } else { " -is:retweet -is:reply" }
}

/// English only, unless a query says otherwise itself.
fn topics_suffix(topics: &[Search]) -> &'static str {
    if topics.iter().any(|topic| topic.query.contains("lang:")) {
        " -is:retweet"
    } else {
        " -is:retweet lang:en"
    }
}

/// A query of the settings as a part of a larger one: AND binds before OR, so it gets parentheses.
fn term(query: &str) -> String {
    let query = query.trim();
    if query.contains(char::is_whitespace) { format!("({query})") } else { query.to_owned() }
}

fn accounts(inputs: &Inputs, replies: bool, plan: &mut Plan) {
    let oldest = oldest_searchable_id(inputs.now);
    let mut members = Vec::new();
    for account in inputs.accounts.iter().filter(|account| account.replies == replies) {
        let low = low(&account.state);
        match low {
            // Search reaches seven days back; what is older only the account's own timeline has.
            Some(old) if old < oldest => plan.questions.push(Query {
                way: Endpoint::Timeline { user: account.user, replies },
                progress: Progress {
                    sources: vec![account.state.key.clone()],
                    bounds: Bounds::Ids { since: old, until: None },
                    gap: None,
                    repair: false,
                    asked_at: inputs.now,
                },
                topics: false,
                most: PAGE,
                least: LEAST_TIMELINE,
                price: 0,
            }),
            _ => members.push(Member {
                key: account.state.key.clone(),
                term: format!("from:{}", account.username),
                low,
            }),
        }
    }
    heads(inputs, members, suffix(replies), false, plan);
}

/// Questions for everything new of `members`.
fn heads(inputs: &Inputs, members: Vec<Member>, suffix: &str, topics: bool, plan: &mut Plan) {
    for bucket in by_window(members) {
        for (query, members) in pack(bucket, suffix, &mut plan.left_out) {
            let low = members.iter().map(|member| member.low).min().flatten();
            let sources: Vec<String> = members.into_iter().map(|member| member.key).collect();
            let (bounds, lost) = bounds(low, inputs.lookback, inputs.now);
            if let Some((from, until)) = lost {
                let (from, until) = (time_of(from), time_of(until));
                plan.lost.push(Lost { sources: sources.clone(), from, until });
            }
            plan.questions.push(Query {
                way: Endpoint::Search(query),
                progress: Progress { sources, bounds, gap: None, repair: false, asked_at: inputs.now },
                topics,
                most: PAGE,
                least: LEAST_SEARCH,
                price: 0,
            });
        }
    }
}

/// Parts `members` into those that may be asked together: never asked before, or within an hour of each other.
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

/// Packs terms into as few queries as they fit in: the longest first, each into the first query with room.
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

/// Questions for what was left unread, the newest first.
fn gaps(inputs: &Inputs, plan: &mut Plan) {
    let oldest = oldest_searchable_id(inputs.now);
    let mut repairs: Vec<(u64, Query)> = Vec::new();
    let mut groups: BTreeMap<(XGap, bool, bool), Vec<Member>> = BTreeMap::new();
    for account in inputs.accounts {
        for gap in &account.state.gaps {
            let progress = |bounds| Progress {
                sources: vec![account.state.key.clone()],
                bounds,
                gap: Some(*gap),
                repair: true,
                asked_at: inputs.now,
            };
            if gap.low < oldest {
                let bounds = Bounds::Ids { since: gap.low, until: Some(gap.high) };
                repairs.push((
                    gap.high,
                    Query {
                        way: Endpoint::Timeline { user: account.user, replies: account.replies },
                        progress: progress(bounds),
                        topics: false,
                        most: PAGE,
                        least: LEAST_TIMELINE,
                        price: 0,
                    },
                ));
            } else {
                let term = format!("from:{}", account.username);
                let member = Member { key: account.state.key.clone(), term, low: None };
                groups.entry((*gap, false, account.replies)).or_default().push(member);
            }
        }
    }
    for topic in inputs.topics {
        for gap in &topic.state.gaps {
            let key = topic.state.key.clone();
            if gap.low < oldest {
                let (from, until) = (time_of(gap.low), time_of(gap.high.min(oldest)));
                plan.lost.push(Lost { sources: vec![key.clone()], from, until });
            }
            if gap.high <= oldest {
                plan.dropped.push((key, *gap));
                continue;
            }
            let clamped = XGap { low: gap.low.max(oldest), ..*gap };
            let member = Member { key, term: term(&topic.query), low: None };
            groups.entry((clamped, true, false)).or_default().push(member);
        }
    }
    for ((gap, topics, replies), members) in groups {
        let suffix = if topics { topics_suffix(inputs.topics) } else { suffix(replies) };
        for (query, members) in pack(members, suffix, &mut plan.left_out) {
            let progress = Progress {
                sources: members.into_iter().map(|member| member.key).collect(),
                bounds: Bounds::Ids { since: gap.low, until: Some(gap.high) },
                gap: Some(gap),
                repair: true,
                asked_at: inputs.now,
            };
            let way = Endpoint::Search(query);
            let question = Query { way, progress, topics, most: PAGE, least: LEAST_SEARCH, price: 0 };
            repairs.push((gap.high, question));
        }
    }
    repairs.sort_by_key(|(high, _)| std::cmp::Reverse(*high));
    plan.questions.extend(repairs.into_iter().map(|(_, question)| question));
}

/// Which of `topics` a text found by a packed query answers: the first whose plain words all stand in it.
#[must_use]
pub fn matching<'a>(topics: &'a [Search], sources: &[String], text: &str) -> Option<&'a Search> {
    let text = text.to_lowercase();
    let is_said = |topic: &&Search| {
        topic.query.to_lowercase().split(" or ").any(|branch| {
            let words = branch.replace(['(', ')', '"'], " ");
            let mut words = words
                .split_whitespace()
                .filter(|word| !word.starts_with('-') && !word.contains(':'))
                .peekable();
            words.peek().is_some() && words.all(|word| text.contains(word))
        })
    };
    topics.iter().filter(|topic| sources.contains(&topic.state.key)).find(is_said)
}

/// Key of an account's state.
#[must_use]
pub fn account_key(user: u64) -> String {
    format!("a:{user}")
}

/// Key of a search's state: another query is another source.
#[must_use]
pub fn topic_key(query: &str) -> String {
    format!("t:{}", query.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The highest id a call sent at `now` could be answered with.
#[must_use]
pub fn ceiling(now: Timestamp) -> u64 {
    id_at(now.checked_add(SignedDuration::from_secs(60)).unwrap_or(now))
}

#[cfg(test)]
mod tests;
