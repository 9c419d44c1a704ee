//! Addresses and answers of the routes we use, in both dialects (facts sheet on X, sections 1 and 2). Pure.
//!
//! One dialect is sent, both are read. Fields that are missing or unknown harm nothing.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;
use url::Url;

use super::windows::{Bounds, time_of};
use crate::text;

/// How fields are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// `tweet.fields`.
    #[default]
    Tweet,
    /// `post.fields`; the author's id costs an expansion.
    Post,
}

impl Dialect {
    /// The name the database keeps.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tweet => "tweet",
            Self::Post => "post",
        }
    }

    /// The dialect of that name; the older one for any other.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        if name == "post" { Self::Post } else { Self::Tweet }
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Tweet => Self::Post,
            Self::Post => Self::Tweet,
        }
    }

    /// The parameter that names the fields of posts.
    #[must_use]
    pub fn fields(self) -> &'static str {
        match self {
            Self::Tweet => "tweet.fields",
            Self::Post => "post.fields",
        }
    }

    /// Whether answers bring the author as an object that is charged for.
    #[must_use]
    pub fn expands_authors(self) -> bool {
        self == Self::Post
    }
}

/// Fields of a post in the older dialect. Private metrics would be refused and are never asked for.
const TWEET_FIELDS: &str = "author_id,conversation_id,created_at,edit_history_tweet_ids,entities,lang,note_tweet,possibly_sensitive,public_metrics,referenced_tweets,withheld";
/// The same in the newer one, as far as it has them.
const POST_FIELDS: &str =
    "conversation_id,created_at,entities,lang,note_post,possibly_sensitive,public_metrics,withheld";
/// Fields of a user.
const USER_FIELDS: &str = "public_metrics,protected";
/// Handles or ids a lookup takes (facts sheet on X, section 2).
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

/// RFC 3339 with whole seconds: all that X takes.
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

/// One account's posts: `most` is 5 to 100.
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

/// Up to [`LOOKUP`] handles to accounts.
#[must_use]
pub fn users_by(base: &Url, handles: &[String]) -> Url {
    let mut url = route(base, &["2", "users", "by"]);
    url.query_pairs_mut()
        .append_pair("usernames", &handles.join(","))
        .append_pair("user.fields", USER_FIELDS);
    url
}

/// Up to [`LOOKUP`] ids to accounts.
#[must_use]
pub fn users(base: &Url, ids: &[u64]) -> Url {
    let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
    let mut url = route(base, &["2", "users"]);
    url.query_pairs_mut().append_pair("ids", &ids.join(",")).append_pair("user.fields", USER_FIELDS);
    url
}

/// How a post stands to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// It repeats it.
    Repost,
    /// It comments on it.
    Quote,
    /// It answers it.
    Reply,
}

/// A post as X tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// Its id.
    pub id: u64,
    /// The ids of its versions, oldest first; itself where X tells none.
    pub chain: Vec<u64>,
    /// The whole text, long posts included.
    pub text: String,
    /// Who wrote it.
    pub author: Option<u64>,
    /// When; from the id where X does not say.
    pub posted_at: Timestamp,
    /// The post that began the conversation.
    pub conversation: Option<u64>,
    /// Addresses it links to, in full.
    pub links: Vec<String>,
    /// Posts it refers to.
    pub refers: Vec<(Relation, u64)>,
    /// BCP 47 tag as X guessed it; empty if unknown.
    pub lang: String,
    /// Whether its text is withheld somewhere and may have been replaced.
    pub withheld: bool,
}

/// An account as X tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: u64,
    /// Its handle.
    pub username: String,
    /// Its followers, where told.
    pub followers: Option<u64>,
    /// Whether only its followers may read it.
    pub protected: bool,
}

/// Something an answer with a 200 could not give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partial {
    /// Last part of the problem's type, such as `resource-not-found`.
    pub kind: String,
    /// The handle or id asked for.
    pub value: String,
    /// X's own words.
    pub detail: String,
}

/// A page of posts or of users.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// Posts of `data`, newest first as a rule.
    pub posts: Vec<Post>,
    /// Posts beside them, which are charged as well.
    pub further_posts: Vec<u64>,
    /// Users of `data` or beside the posts.
    pub users: Vec<User>,
    /// What could not be given.
    pub errors: Vec<Partial>,
    /// `meta.newest_id`, or the newest of the posts.
    pub newest: Option<u64>,
    /// `meta.oldest_id`, or the oldest of the posts.
    pub oldest: Option<u64>,
    /// The way to the next page.
    pub next: Option<String>,
}

/// Why an answer could not be read.
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
    page.users = list(&root["includes"]["users"]).filter_map(user).collect();
    let beside = ["tweets", "posts"].into_iter().flat_map(|name| list(&root["includes"][name]));
    page.further_posts = beside.filter_map(|post| number(&post["id"])).collect();
    let ids = || page.posts.iter().map(|post| post.id);
    page.newest = ids().max().max(number(&root["meta"]["newest_id"]));
    let oldest = [ids().min(), number(&root["meta"]["oldest_id"])];
    let oldest = oldest.into_iter().flatten().min();
    page.oldest = page.newest.and_then(|newest| Some(oldest?.min(newest)));
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

/// A list, or one object standing for itself, or nothing.
fn list(value: &Value) -> impl Iterator<Item = &Value> {
    let one = value.is_object().then_some(value);
    value.as_array().into_iter().flatten().chain(one)
}

/// An id as X sends it: a string, as numbers lose digits.
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
        id: number(&value["id"])?,
        username: text::plain(value["username"].as_str().unwrap_or_default()),
        followers: number(&value["public_metrics"]["followers_count"]),
        protected: value["protected"].as_bool().unwrap_or(false),
    })
}

fn post(value: &Value) -> Option<Post> {
    let id = number(&value["id"])?;
    let first = |names: [&str; 2]| names.into_iter().map(|name| &value[name]).find(|found| !found.is_null());
    let note = first(["note_tweet", "note_post"]);
    let text = note.and_then(|note| note["text"].as_str()).or_else(|| value["text"].as_str());
    let chain = first(["edit_history_tweet_ids", "edit_history_post_ids"]);
    let mut chain: Vec<u64> =
        chain.and_then(Value::as_array).into_iter().flatten().filter_map(number).collect();
    if !chain.contains(&id) {
        chain.push(id);
    }
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
        Some((relation, number(&one["id"])?))
    });
    Some(Post {
        id,
        chain,
        text: plain(text.unwrap_or_default()),
        author: number(&value["author_id"]),
        posted_at: value["created_at"].as_str().and_then(|at| at.parse().ok()).unwrap_or_else(|| time_of(id)),
        conversation: number(&value["conversation_id"]),
        links,
        refers: refers.collect(),
        lang: value["lang"].as_str().unwrap_or_default().to_owned(),
        withheld: value["withheld"].is_object(),
    })
}

/// X escapes three characters in texts.
fn plain(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// The new-dialect answers name authors only beside the posts: where there is exactly one, it wrote them all.
pub fn attribute(page: &mut Page) {
    if let [only] = page.users.as_slice() {
        let id = only.id;
        page.posts.iter_mut().filter(|post| post.author.is_none()).for_each(|post| post.author = Some(id));
    }
}

/// Every post the page is charged for.
#[must_use]
pub fn billed_posts(page: &Page) -> Vec<u64> {
    let all: BTreeSet<u64> =
        page.posts.iter().map(|post| post.id).chain(page.further_posts.iter().copied()).collect();
    all.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Url {
        Url::parse("https://api.x.com").unwrap()
    }

    fn pairs(url: &Url) -> Vec<(String, String)> {
        url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
    }

    #[test]
    fn a_search_has_ids_or_times_and_one_dialect() {
        let ids = Bounds::Ids { since: 7, until: Some(9) };
        let url = search(&base(), Dialect::Tweet, "(from:a OR from:b) -is:retweet", ids, 100, Some("t"));
        assert!(url.as_str().starts_with("https://api.x.com/2/tweets/search/recent?query="));
        let names: Vec<String> = pairs(&url).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["query", "max_results", "since_id", "until_id", "tweet.fields", "next_token"]);
        let from = Bounds::From("2026-11-20T10:00:00.7Z".parse().unwrap());
        let url = search(&base(), Dialect::Post, "q", from, 10, None);
        assert!(pairs(&url).contains(&("start_time".to_owned(), "2026-11-20T10:00:00Z".to_owned())));
        assert!(!url.as_str().contains("tweet.fields") && !url.as_str().contains("since_id"));
        assert!(pairs(&url).contains(&("expansions".to_owned(), "author_id".to_owned())));
    }

    #[test]
    fn a_timeline_pages_by_its_own_token_name() {
        let ids = Bounds::Ids { since: 7, until: None };
        let url = timeline(&base(), Dialect::Tweet, 12, false, ids, 5, Some("t"));
        assert_eq!(url.path(), "/2/users/12/tweets");
        assert!(pairs(&url).contains(&("exclude".to_owned(), "replies,retweets".to_owned())));
        assert!(pairs(&url).contains(&("pagination_token".to_owned(), "t".to_owned())));
        let lookup = users_by(&Url::parse("http://127.0.0.1:9/x/").unwrap(), &["a".into(), "B_2".into()]);
        assert_eq!(lookup.path(), "/x/2/users/by");
        assert!(pairs(&lookup).contains(&("usernames".to_owned(), "a,B_2".to_owned())));
    }

    #[test]
    fn both_dialects_read_alike() {
        let body = |names: [&str; 4]| {
            format!(
                r#"{{"data":[{{"id":"30","text":"short &amp; cut…","{0}":{{"text":"the whole &lt;text&gt;",
                "entities":{{"urls":[{{"expanded_url":"https://a.example/1"}}]}}}},"{1}":["10","30"],
                "{2}":[{{"type":"quoted","id":"5"}}],"author_id":"77","created_at":"2026-11-21T10:00:00.000Z",
                "entities":{{"urls":[{{"expanded_url":"https://t.example/s","unwound_url":"https://b.example/2"}}]}},
                "public_metrics":{{"{3}":4}},"news":1}}],
                "meta":{{"newest_id":"30","oldest_id":"30","result_count":1,"next_token":"n"}}}}"#,
                names[0], names[1], names[2], names[3]
            )
        };
        let old = posts(
            body(["note_tweet", "edit_history_tweet_ids", "referenced_tweets", "retweet_count"]).as_bytes(),
        );
        let new = posts(
            body(["note_post", "edit_history_post_ids", "referenced_posts", "repost_count"]).as_bytes(),
        );
        assert_eq!(old, new);
        let page = old.unwrap();
        let post = &page.posts[0];
        assert_eq!(post.text, "the whole <text>");
        assert_eq!((post.chain.as_slice(), post.author), ([10, 30].as_slice(), Some(77)));
        assert_eq!(post.links, ["https://b.example/2", "https://a.example/1"]);
        assert_eq!(post.refers, [(Relation::Quote, 5)]);
        assert_eq!((page.newest, page.next.as_deref()), (Some(30), Some("n")));
    }

    #[test]
    fn an_answer_may_lack_almost_everything() {
        assert_eq!(posts(b"{\"meta\":{\"result_count\":0}}").unwrap(), Page::default());
        let bare = posts(br#"{"data":[{"id":"1700000000000000000"},{"text":"no id"}]}"#).unwrap();
        assert_eq!(bare.posts.len(), 1);
        assert_eq!(bare.posts[0].posted_at, time_of(1_700_000_000_000_000_000));
        assert_eq!(bare.oldest, Some(1_700_000_000_000_000_000));
        assert!(posts(b"<html>").is_err() && posts(b"[]").is_err());
    }

    #[test]
    fn partial_errors_stand_beside_what_was_found() {
        let page = people(
            br#"{"data":[{"id":"9","username":"Real","public_metrics":{"followers_count":12}}],
            "errors":[{"value":"gone","resource_type":"user","title":"Not Found Error","detail":"Could not find it",
            "type":"https://api.twitter.com/2/problems/resource-not-found","parameter":"usernames"}]}"#,
        )
        .unwrap();
        assert_eq!((page.users[0].id, page.users[0].followers), (9, Some(12)));
        assert_eq!(
            (page.errors[0].kind.as_str(), page.errors[0].value.as_str()),
            ("resource-not-found", "gone")
        );
    }

    #[test]
    fn what_stands_beside_the_posts_is_charged_too() {
        let mut page = posts(
            br#"{"data":[{"id":"4"}],"includes":{"posts":[{"id":"2"}],"users":[{"id":"8","username":"u"}]}}"#,
        )
        .unwrap();
        assert_eq!(billed_posts(&page), [2, 4]);
        attribute(&mut page);
        assert_eq!(page.posts[0].author, Some(8));
    }
}
