//! Bounds, pages and their tokens.

use super::{
    answers::Responder,
    api::{Asked, Violation},
    query::{self, Subject},
    render,
    world::{EPOCH_MS, Post, Reference, SEARCH_REACH_MS, World, id_at},
};
use crate::fixture_web::random;

/// Default age of the newest post that search returns, milliseconds (docs/reference/x-api.md#endpoints).
const SETTLING_MS: i64 = 30_000;
/// How close to the present `end_time` may be, milliseconds.
const END_MARGIN_MS: i64 = 10_000;
/// How long a deleted post still takes a place on its page, milliseconds: why pages can be short.
const GHOST_MS: i64 = 600_000;
/// Posts a timeline reaches back, and with `exclude=replies` (docs/reference/x-api.md#endpoints).
const DEPTH: (usize, usize) = (3_200, 800);

/// A stretch of ids: from `low` to before `high`.
#[derive(Debug, Clone)]
pub struct Bounds {
    query: query::Query,
    low: u64,
    high: u64,
}

impl Bounds {
    /// The moments it spans, Unix milliseconds, at most to `now`.
    pub fn times(&self, now: i64) -> (i64, i64) {
        let moment = |id: u64| i64::try_from(id >> 22).unwrap_or(0) + EPOCH_MS;
        (moment(self.low), moment(self.high).min(now))
    }
}

/// A page of posts.
#[derive(Debug)]
pub struct Page<'a> {
    /// Newest first.
    pub posts: Vec<&'a Post>,
    /// Where the next one starts.
    pub next: Option<String>,
}

/// What a counted or searched stretch is.
///
/// # Errors
/// X's refusals of bounds and queries.
pub fn bounds(responder: &Responder, asked: &Asked) -> Result<Bounds, Violation> {
    let text = asked.one("query").unwrap_or_default();
    let query = query::parse(text, responder.query_limit)
        .map_err(|reason| Violation::new("query", "query", text, reason))?;
    for (id, time) in [("since_id", "start_time"), ("since_id", "end_time"), ("until_id", "end_time")] {
        if asked.one(id).is_some() && asked.one(time).is_some() {
            let value = asked.one(id).unwrap_or_default();
            return Err(Violation::new(
                "bounds",
                id,
                value,
                format!("'{id}' can not be combined with '{time}'"),
            ));
        }
    }
    let oldest = responder.now - SEARCH_REACH_MS;
    for name in ["since_id", "until_id"] {
        if let Some(id) = asked.number(name).filter(|id| *id < id_at(oldest)) {
            return Err(stale(name, id, oldest));
        }
    }
    let refuse = |name: &str, reason: String| {
        Err(Violation::new("bounds", name, asked.one(name).unwrap_or_default(), reason))
    };
    let (start, end) = (asked.moment("start_time"), asked.moment("end_time"));
    if start.is_some_and(|start| start < oldest) {
        let reason =
            format!("Invalid 'start_time'. 'start_time' must be on or after {}.", render::time(oldest));
        return refuse("start_time", reason);
    }
    if end.is_some_and(|end| end > responder.now - END_MARGIN_MS) {
        let reason =
            "Invalid 'end_time'. 'end_time' must be a minimum of 10 seconds prior to the request time.";
        return refuse("end_time", reason.to_owned());
    }
    let low = asked.number("since_id").map(|id| id + 1);
    let low = low.unwrap_or_else(|| id_at(start.unwrap_or(oldest)));
    let high = asked.number("until_id").or_else(|| end.map(id_at));
    let high =
        high.unwrap_or(u64::MAX).min(id_at(responder.now - if end.is_some() { 0 } else { SETTLING_MS }));
    if let Some(end) = end
        && id_at(end) <= low
    {
        return refuse("end_time", "Invalid 'end_time'. 'end_time' must be after 'start_time'.".to_owned());
    }
    if asked.number("until_id").is_some_and(|until| until < low) {
        return refuse("until_id", "'until_id' must be larger than 'since_id'.".to_owned());
    }
    Ok(Bounds { query, low, high })
}

/// The refusal of an id that search does not reach; no violation of who asks, as time passes.
pub fn stale(name: &str, id: u64, oldest: i64) -> Violation {
    let reason = format!(
        "'{name}' must be a tweet id created after {}. Please use a '{name}' that is larger than {}",
        render::time(oldest),
        id_at(oldest)
    );
    Violation::new("stale", name, &id.to_string(), reason)
}

/// Every post the bounds hold that search shows now, newest first.
pub fn matching<'a>(responder: &Responder<'a>, bounds: &Bounds) -> Vec<&'a Post> {
    let shown = |post: &&Post| post.stands(responder.now) && responder.world.is_open(post.author);
    candidates(responder.world, responder.now, bounds, bounds.high).filter(shown).collect()
}

/// Every post since a moment that search shows now for a query, newest first.
///
/// # Errors
/// X's refusal of the query.
pub fn all<'a>(responder: &Responder<'a>, text: &str, since_ms: i64) -> Result<Vec<&'a Post>, String> {
    let query = query::parse(text, responder.query_limit)?;
    let bounds = Bounds { query, low: id_at(since_ms), high: id_at(responder.now - SETTLING_MS) };
    Ok(matching(responder, &bounds))
}

/// From when to when search shows a post, Unix milliseconds.
pub fn shown(post: &Post) -> (i64, i64) {
    let ends = [post.deleted_ms, post.replaced_ms, Some(post.created_ms + SEARCH_REACH_MS)];
    let end = ends.into_iter().flatten().min().unwrap_or(i64::MAX);
    (post.indexed_ms.max(post.created_ms + SETTLING_MS), end)
}

/// Posts in the index that match, newest first, those deleted a moment ago among them.
fn candidates<'a>(world: &'a World, now: i64, bounds: &Bounds, high: u64) -> impl Iterator<Item = &'a Post> {
    let query = bounds.query.clone();
    let range = world.posts.range(bounds.low..high.max(bounds.low)).rev().map(|(_, post)| post);
    range.filter(move |post| {
        post.indexed_ms <= now
            && post.replaced_ms.is_none_or(|replaced| now < replaced)
            && post.deleted_ms.is_none_or(|gone| now < gone + GHOST_MS)
            && Subject::new(world, post).matches(&query)
    })
}

/// A page of recent search.
///
/// # Errors
/// X's refusals.
pub fn search<'a>(responder: &Responder<'a>, asked: &Asked) -> Result<Page<'a>, Violation> {
    if asked.one("next_token").is_some() && asked.one("pagination_token").is_some() {
        let reason = "'next_token' and 'pagination_token' can not be combined";
        return Err(Violation::new("bounds", "next_token", "", reason));
    }
    let bounds = bounds(responder, asked)?;
    let mark = mark(asked, &["query", "since_id", "until_id", "start_time", "end_time"]);
    let name = if asked.one("next_token").is_some() { "next_token" } else { "pagination_token" };
    let high = opened(asked, name, mark)?.unwrap_or(bounds.high).min(bounds.high);
    let mut page = cut(responder, candidates(responder.world, responder.now, &bounds, high), asked, mark);
    if asked.one("sort_order") == Some("relevancy") {
        page.posts.sort_by_key(|post| std::cmp::Reverse((post.likes, post.id)));
    }
    Ok(page)
}

/// A page of an account's timeline.
///
/// # Errors
/// X's refusals.
pub fn timeline<'a>(responder: &Responder<'a>, author: u64, asked: &Asked) -> Result<Page<'a>, Violation> {
    let excludes = |name: &str| asked.all("exclude").iter().any(|kind| kind == name);
    let (no_replies, no_reposts) = (excludes("replies"), excludes("retweets"));
    let edge = u64::from(!responder.inclusive);
    let low = asked.number("since_id").map(|id| id + edge);
    let low = low.max(asked.moment("start_time").map(id_at)).unwrap_or(0);
    let until = asked.number("until_id").map(|id| id + 1 - edge);
    let end = asked.moment("end_time").map(id_at).or(Some(u64::MAX));
    let high = until.into_iter().chain(end).min().unwrap_or(u64::MAX);
    let mark = mark(asked, &["id", "since_id", "until_id", "start_time", "end_time", "exclude"]);
    let high = opened(asked, "pagination_token", mark)?.unwrap_or(high).min(high);
    let depth = if no_replies { DEPTH.1 } else { DEPTH.0 };
    let now = responder.now;
    let standing = move |post: &&Post| {
        post.created_ms <= now
            && post.replaced_ms.is_none_or(|replaced| now < replaced)
            && post.deleted_ms.is_none_or(|gone| now < gone + GHOST_MS)
    };
    let reach = responder.world.of(author, 0, u64::MAX).filter(standing).take(depth);
    let wanted = reach.filter(move |post| {
        (low..high).contains(&post.id)
            && !(no_replies && post.is(Reference::RepliedTo))
            && !(no_reposts && post.is(Reference::Retweeted))
    });
    Ok(cut(responder, wanted, asked, mark))
}

/// A page of what the members of a list post.
///
/// # Errors
/// X's refusals.
pub fn list<'a>(responder: &Responder<'a>, asked: &Asked) -> Result<Page<'a>, Violation> {
    let id = asked.number("id");
    let members = responder.world.lists.iter().find(|list| Some(list.id) == id);
    let members = members.map(|list| list.members.clone()).unwrap_or_default();
    let mark = mark(asked, &["id"]);
    let high = opened(asked, "pagination_token", mark)?.unwrap_or_else(|| id_at(responder.now + 1));
    let now = responder.now;
    let posts = responder.world.posts.range(..high).rev().map(|(_, post)| post);
    let posts = posts.filter(move |post| post.stands(now) && members.contains(&post.author));
    Ok(cut(responder, posts, asked, mark))
}

/// Which members of a list of `count` a page holds, and the token of the next.
///
/// # Errors
/// When the token is none of ours.
pub fn members(count: usize, asked: &Asked) -> Result<(usize, usize, Option<String>), Violation> {
    let most = asked.number("max_results").and_then(|most| usize::try_from(most).ok()).unwrap_or(100);
    let from = match asked.one("pagination_token") {
        None => 0,
        Some(token) => match usize::from_str_radix(token, 16) {
            Ok(from) if token.len() == 16 && from <= count => from,
            _ => return Err(bad_token("pagination_token", token)),
        },
    };
    let to = (from + most).min(count);
    Ok((from, to, (to < count).then(|| format!("{to:016x}"))))
}

/// Takes a page off the row; what was deleted a moment ago takes a place and is not shown.
fn cut<'a>(
    responder: &Responder,
    mut row: impl Iterator<Item = &'a Post>,
    asked: &Asked,
    mark: u32,
) -> Page<'a> {
    let most = asked.number("max_results").and_then(|most| usize::try_from(most).ok()).unwrap_or(10);
    let taken: Vec<&Post> = row.by_ref().take(most).collect();
    let last = taken.last().map(|post| post.id);
    let next = last.filter(|_| row.next().is_some()).map(|last| format!("{last:016x}{mark:08x}"));
    let shown = |post: &&Post| post.stands(responder.now) && responder.world.is_open(post.author);
    Page { posts: taken.into_iter().filter(shown).collect(), next }
}

/// What a token is bound to: it goes with the same question only.
fn mark(asked: &Asked, names: &[&str]) -> u32 {
    let bytes = names.iter().flat_map(|name| format!("{name}={};", asked.all(name).join(",")).into_bytes());
    let number = bytes.fold(11, |sum, byte| random::mix(sum ^ u64::from(byte)));
    u32::try_from(number >> 32).unwrap_or(0)
}

/// The id before which the page of a token starts.
fn opened(asked: &Asked, name: &str, mark: u32) -> Result<Option<u64>, Violation> {
    let Some(token) = asked.one(name) else { return Ok(None) };
    let parts = token.get(..16).zip(token.get(16..));
    let parts = parts.map(|(id, rest)| (u64::from_str_radix(id, 16), u32::from_str_radix(rest, 16)));
    match parts {
        Some((Ok(id), Ok(known))) if known == mark => Ok(Some(id)),
        _ => Err(bad_token(name, token)),
    }
}

fn bad_token(name: &str, token: &str) -> Violation {
    let reason = format!("Invalid '{name}': '{token}'. The token goes with another question, or none.");
    Violation::new("token", name, token, reason)
}
