//! Addresses and responses of the endpoints in use, in both dialects (docs/reference/x-api.md#two-dialects). Pure.
//!
//! Requests use one dialect, responses may have either. Missing and unknown fields are no errors.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;
use url::Url;

use super::windows::{Bounds, time_of};
use crate::text;

mod checks;
mod dialect;

pub use dialect::Dialect;

use checks::{EDITED, chain_of, id, own_edits};

/// Fields of a post in the older dialect. X refuses requests for private metrics.
const TWEET_FIELDS: &str = "author_id,conversation_id,created_at,edit_history_tweet_ids,entities,lang,note_tweet,possibly_sensitive,public_metrics,referenced_tweets,withheld";
/// The same in the newer dialect, as far as it has them.
const POST_FIELDS: &str =
    "conversation_id,created_at,entities,lang,note_post,possibly_sensitive,public_metrics,withheld";
/// Fields of a user.
const USER_FIELDS: &str = "public_metrics,protected";
/// Handles or ids in a lookup, at most (docs/reference/x-api.md#endpoints).
pub const LOOKUP: usize = 100;

fn route(base: &Url, path: &[&str]) -> Url {
    let mut url = base.clone();
    url.set_query(None);
    url.set_fragment(None);
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    url
}

/// RFC 3339 with whole seconds, as X requires.
fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn add_common(url: &mut Url, dialect: Dialect, bounds: Bounds, most: u32) {
    let mut query = url.query_pairs_mut();
    query.append_pair("max_results", &most.to_string());
    match bounds {
        Bounds::From(at) => {
            query.append_pair("start_time", &instant(at));
        }
        Bounds::Ids { since, until } => {
            query.append_pair("since_id", &since.to_string());
            if let Some(until) = until {
                query.append_pair("until_id", &until.to_string());
            }
        }
    }
    match dialect {
        Dialect::Tweet => query.append_pair("tweet.fields", TWEET_FIELDS),
        Dialect::Post => query
            .append_pair("post.fields", POST_FIELDS)
            .append_pair("expansions", "author_id")
            .append_pair("user.fields", USER_FIELDS),
    };
}

/// Recent search: `most` is 10 to 100.
#[must_use]
pub fn search(
    base: &Url,
    dialect: Dialect,
    query: &str,
    bounds: Bounds,
    most: u32,
    next: Option<&str>,
) -> Url {
    let mut url = route(base, &["2", "tweets", "search", "recent"]);
    url.query_pairs_mut().append_pair("query", query);
    add_common(&mut url, dialect, bounds, most);
    if let Some(next) = next {
        url.query_pairs_mut().append_pair("next_token", next);
    }
    url
}

/// Timeline of an account: `most` is 5 to 100.
#[must_use]
pub fn timeline(
    base: &Url,
    dialect: Dialect,
    user: u64,
    replies: bool,
    bounds: Bounds,
    most: u32,
    next: Option<&str>,
) -> Url {
    let mut url = route(base, &["2", "users", &user.to_string(), "tweets"]);
    add_common(&mut url, dialect, bounds, most);
    let exclude = if replies { "retweets" } else { "replies,retweets" };
    url.query_pairs_mut().append_pair("exclude", exclude);
    if let Some(next) = next {
        url.query_pairs_mut().append_pair("pagination_token", next);
    }
    url
}

/// Lookup of up to [`LOOKUP`] handles.
#[must_use]
pub fn users_by(base: &Url, handles: &[String]) -> Url {
    let mut url = route(base, &["2", "users", "by"]);
    url.query_pairs_mut()
        .append_pair("usernames", &handles.join(","))
        .append_pair("user.fields", USER_FIELDS);
    url
}

/// Lookup of up to [`LOOKUP`] ids.
#[must_use]
pub fn users(base: &Url, ids: &[u64]) -> Url {
    let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
    let mut url = route(base, &["2", "users"]);
    url.query_pairs_mut().append_pair("ids", &ids.join(",")).append_pair("user.fields", USER_FIELDS);
    url
}

/// X's count of the delivered posts, by day.
#[must_use]
pub fn usage(base: &Url) -> Url {
    let mut url = route(base, &["2", "usage", "tweets"]);
    url.query_pairs_mut().append_pair("days", "7").append_pair("usage.fields", "daily_project_usage");
    url
}

/// The relation of a post to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// It repeats it.
    Repost,
    /// It comments on it.
    Quote,
    /// It answers it.
    Reply,
}

/// A post in a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// Its id.
    pub id: u64,
    /// The ids of its versions, oldest first, with its own last.
    pub chain: Vec<u64>,
    /// The whole text, also of a long post.
    pub text: String,
    /// Id of its author.
    pub author: Option<u64>,
    /// From the id where X gives no time.
    pub posted_at: Timestamp,
    /// The post that began the conversation.
    pub conversation: Option<u64>,
    /// Linked addresses, in full.
    pub links: Vec<String>,
    /// Posts it refers to.
    pub refers: Vec<(Relation, u64)>,
    /// BCP 47 tag as X guessed it; empty if unknown.
    pub lang: String,
    /// Whether its text is withheld somewhere and may have been replaced.
    pub withheld: bool,
}

impl Post {
    /// The first id of its chain of edits.
    pub(crate) fn first_version(&self) -> u64 {
        self.chain.first().copied().unwrap_or(self.id)
    }
}

/// An account in a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: u64,
    /// Its handle.
    pub username: String,
    /// Number of followers, if given.
    pub followers: Option<u64>,
    /// Whether only its followers may read it.
    pub protected: bool,
}

/// An object that a response with status 200 lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partial {
    /// Last part of the problem's type, such as `resource-not-found`.
    pub kind: String,
    /// The requested handle or id.
    pub value: String,
    /// X's message.
    pub detail: String,
}

/// A page of posts or of users.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// Posts of `data`, newest first as a rule.
    pub posts: Vec<Post>,
    /// Included posts, which are charged as well.
    pub further_posts: Vec<u64>,
    /// Users of `data`, or included ones.
    pub users: Vec<User>,
    /// Objects that are missing.
    pub errors: Vec<Partial>,
    /// Ids of posts that are refused because they are from the future. They are charged like the others.
    pub ahead: Vec<u64>,
    /// Objects without a valid id.
    pub without_id: usize,
    /// `meta.newest_id`, which is only compared.
    pub claimed: Option<u64>,
    /// Id of the newest post.
    pub newest: Option<u64>,
    /// Id of the oldest post.
    pub oldest: Option<u64>,
    /// Token of the next page.
    pub next: Option<String>,
}

/// Why a response could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the answer is not what X's API sends: {0}")]
pub struct Unreadable(String);

/// Reads a page of posts.
///
/// # Errors
/// When it is no JSON object.
pub fn posts(body: &[u8]) -> Result<Page, Unreadable> {
    let (root, mut page) = envelope(body)?;
    page.posts = list(&root["data"]).filter_map(post).collect();
    page.without_id = list(&root["data"]).count() - page.posts.len();
    own_edits(&mut page.posts);
    page.users = list(&root["includes"]["users"]).filter_map(user).collect();
    let beside = ["tweets", "posts"].into_iter().flat_map(|name| list(&root["includes"][name]));
    page.further_posts = beside.filter_map(|post| id(&post["id"])).collect();
    page.claimed = number(&root["meta"]["newest_id"]);
    page.measure();
    page.next = root["meta"]["next_token"].as_str().filter(|token| !token.is_empty()).map(str::to_owned);
    Ok(page)
}

/// Reads a page of users.
///
/// # Errors
/// When it is no JSON object.
pub fn people(body: &[u8]) -> Result<Page, Unreadable> {
    let (root, mut page) = envelope(body)?;
    page.users = list(&root["data"]).filter_map(user).collect();
    page.without_id = list(&root["data"]).count() - page.users.len();
    Ok(page)
}

fn envelope(body: &[u8]) -> Result<(Value, Page), Unreadable> {
    let root: Value = serde_json::from_slice(body).map_err(|error| Unreadable(error.to_string()))?;
    if !root.is_object() {
        return Err(Unreadable("it is no object".to_owned()));
    }
    let errors = list(&root["errors"]).map(partial).collect();
    Ok((root, Page { errors, ..Page::default() }))
}

/// The items of a list, or a single object.
fn list(value: &Value) -> impl Iterator<Item = &Value> {
    let one = value.is_object().then_some(value);
    value.as_array().into_iter().flatten().chain(one)
}

/// A number, which X sends as a string.
pub(super) fn number(value: &Value) -> Option<u64> {
    value.as_str().map_or_else(|| value.as_u64(), |text| text.parse().ok())
}

/// The last part of a problem's type: its host is api.x.com or api.twitter.com.
pub(super) fn kind(problem: &Value) -> String {
    let address = problem["type"].as_str().unwrap_or_default();
    text::plain(address.rsplit('/').next().unwrap_or_default())
}

fn partial(error: &Value) -> Partial {
    let text = |name: &str| match &error[name] {
        Value::String(said) => text::plain(said),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    let value = [text("value"), text("resource_id")].into_iter().find(|value| !value.is_empty());
    let detail = [text("detail"), text("message"), text("title")].into_iter().find(|text| !text.is_empty());
    Partial {
        kind: kind(error),
        value: value.unwrap_or_default(),
        detail: detail.unwrap_or_else(|| "no reason given".to_owned()),
    }
}

fn user(value: &Value) -> Option<User> {
    Some(User {
        id: id(&value["id"])?,
        username: text::plain(value["username"].as_str().unwrap_or_default()),
        followers: number(&value["public_metrics"]["followers_count"]),
        protected: value["protected"].as_bool().unwrap_or(false),
    })
}

fn post(value: &Value) -> Option<Post> {
    let own = id(&value["id"])?;
    let first = |names: [&str; 2]| names.into_iter().map(|name| &value[name]).find(|found| !found.is_null());
    let note = first(["note_tweet", "note_post"]);
    let text = note.and_then(|note| note["text"].as_str()).or_else(|| value["text"].as_str());
    let chain = first(["edit_history_tweet_ids", "edit_history_post_ids"]);
    let chain = chain_of(own, chain.and_then(Value::as_array).into_iter().flatten().filter_map(id));
    let mut links: Vec<String> = Vec::new();
    let entities = [Some(&value["entities"]), note.map(|note| &note["entities"])];
    for found in entities.into_iter().flatten().flat_map(|entities| list(&entities["urls"])) {
        let address = ["unwound_url", "expanded_url"].into_iter().find_map(|name| found[name].as_str());
        if let Some(address) = address.filter(|address| links.iter().all(|known| known != address)) {
            links.push(address.to_owned());
        }
    }
    let refers = first(["referenced_tweets", "referenced_posts"]);
    let refers = refers.map(list).into_iter().flatten().filter_map(|one| {
        let relation = match one["type"].as_str()? {
            "retweeted" | "reposted" => Relation::Repost,
            "quoted" => Relation::Quote,
            "replied_to" => Relation::Reply,
            _ => return None,
        };
        Some((relation, id(&one["id"])?))
    });
    let by_id = time_of(own);
    let created = value["created_at"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
    let created = created.filter(|at| at.duration_since(by_id).abs() <= EDITED);
    Some(Post {
        id: own,
        chain,
        text: plain(text.unwrap_or_default()),
        author: id(&value["author_id"]),
        posted_at: created.unwrap_or(by_id),
        conversation: id(&value["conversation_id"]),
        links,
        refers: refers.collect(),
        lang: value["lang"].as_str().unwrap_or_default().to_owned(),
        withheld: value["withheld"].is_object(),
    })
}

/// Texts have three escaped characters.
fn plain(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// In the newer dialect posts have no author ids: a single included user is the author of all.
pub fn attribute(page: &mut Page) {
    if let [only] = page.users.as_slice() {
        let id = only.id;
        page.posts.iter_mut().filter(|post| post.author.is_none()).for_each(|post| post.author = Some(id));
    }
}

/// Ids of the posts that the page is charged for.
#[must_use]
pub fn billed_posts(page: &Page) -> Vec<u64> {
    let all: BTreeSet<u64> = page
        .posts
        .iter()
        .map(|post| post.id)
        .chain(page.further_posts.iter().chain(&page.ahead).copied())
        .collect();
    all.into_iter().collect()
}

#[cfg(test)]
mod tests;
