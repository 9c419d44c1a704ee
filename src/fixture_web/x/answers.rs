//! What each route answers, from the world as it stands.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{
    api::{Asked, Dialect, Violation},
    billing::{Billing, Resource},
    paging::{self, Page},
    problem::Partial,
    render::Look,
    world::{Post, Standing, World},
};

/// What an answer needs to know.
pub struct Responder<'a> {
    /// All there is.
    pub world: &'a World,
    /// What was charged so far.
    pub billing: &'a Billing,
    /// Posts a billing period allows.
    pub post_cap: u64,
    /// Longest query, characters.
    pub query_limit: usize,
    /// Whether timelines take `since_id` and `until_id` as included (docs/reference/x-api.md#windows).
    pub inclusive: bool,
    /// The dialect spoken.
    pub dialect: Dialect,
    /// Unix milliseconds by the server.
    pub now: i64,
    /// Number of the request.
    pub turn: usize,
}

/// An answer and what it is charged for.
#[derive(Debug, Default)]
pub struct Given {
    /// The body.
    pub body: Value,
    /// What is in `data`.
    pub data: Vec<Resource>,
    /// What is in `includes`.
    pub includes: Vec<Resource>,
}

impl Responder<'_> {
    /// Answers a valid request to the route with this path.
    ///
    /// # Errors
    /// What X refuses beyond the tables.
    pub fn answer(&self, path: &str, asked: &Asked) -> Result<Given, Violation> {
        let look = Look { dialect: self.dialect, asked, now: self.now };
        Ok(match path {
            "/2/users/by" => self.users(&look, "usernames", asked.all("usernames")),
            "/2/users" => self.users(&look, "ids", asked.all("ids")),
            "/2/users/by/username/{username}" => first(self.users(&look, "username", asked.all("username"))),
            "/2/users/{id}" => first(self.users(&look, "id", asked.all("id"))),
            "/2/tweets" => self.posts(&look, "ids", asked.all("ids")),
            "/2/tweets/{id}" => first(self.posts(&look, "id", asked.all("id"))),
            "/2/tweets/search/recent" => {
                let page = paging::search(self, asked)?;
                self.page(&look, &page, true)
            }
            "/2/users/{id}/tweets" => self.timeline(&look, asked)?,
            "/2/lists/{id}" => self.list(&look),
            "/2/lists/{id}/tweets" => match self.list_of(asked) {
                Some(_) => {
                    let page = paging::list(self, asked)?;
                    self.page(&look, &page, false)
                }
                None => self.missing_list(asked),
            },
            "/2/lists/{id}/members" => self.members(&look, asked)?,
            "/2/tweets/counts/recent" => self.counts(&look, &paging::bounds(self, asked)?),
            _ => self.usage(asked),
        })
    }

    pub(super) fn partial(
        &self,
        name: &str,
        title: &str,
        detail: String,
        resource: &str,
        from: (&str, &str),
    ) -> Value {
        let (parameter, value) = from;
        Partial { name, title, detail, resource, parameter, value, section: "data" }
            .body(self.turn, self.dialect)
    }

    fn posts(&self, look: &Look, parameter: &str, wanted: &[String]) -> Given {
        let mut found: Vec<&Post> = Vec::new();
        let mut errors = Vec::new();
        for value in wanted {
            let post = value.parse().ok().and_then(|id: u64| self.world.posts.get(&id));
            // An older version of an edited post can still be read by its id.
            let exists = |post: &&Post| {
                post.created_ms <= self.now && post.deleted_ms.is_none_or(|gone| self.now < gone)
            };
            match post.filter(exists) {
                Some(post) if self.world.is_open(post.author) => {
                    if !found.iter().any(|known| known.id == post.id) {
                        found.push(post);
                    }
                }
                Some(_) => {
                    let detail =
                        format!("Sorry, you are not authorized to see the post with {parameter}: [{value}].");
                    let name = "not-authorized-for-resource";
                    errors.push(self.partial(
                        name,
                        "Authorization Error",
                        detail,
                        "post",
                        (parameter, value),
                    ));
                }
                None => {
                    let detail = format!("Could not find post with {parameter}: [{value}].");
                    let name = "resource-not-found";
                    errors.push(self.partial(name, "Not Found Error", detail, "post", (parameter, value)));
                }
            }
        }
        let mut given = self.rendered(look, &found, errors);
        if let Some(body) = given.body.as_object_mut() {
            body.remove("meta");
        }
        given
    }

    fn timeline(&self, look: &Look, asked: &Asked) -> Result<Given, Violation> {
        let id = asked.number("id").unwrap_or(0);
        let account = self.world.accounts.get(&id);
        if account.is_none_or(|account| account.standing != Standing::Open) {
            let error = self.unreadable(account, "id", asked.one("id").unwrap_or_default());
            return Ok(Given { body: json!({"errors": [error]}), ..Given::default() });
        }
        let page = paging::timeline(self, id, asked)?;
        Ok(self.page(look, &page, true))
    }

    /// A page of posts; with `ends`, the answer names its newest and oldest.
    pub(super) fn page(&self, look: &Look, page: &Page, ends: bool) -> Given {
        let mut given = self.rendered(look, &page.posts, Vec::new());
        let mut meta = Map::new();
        let ids: Vec<u64> = page.posts.iter().map(|post| post.id).collect();
        if let (true, Some(newest), Some(oldest)) = (ends, ids.iter().max(), ids.iter().min()) {
            meta.insert("newest_id".into(), json!(newest.to_string()));
            meta.insert("oldest_id".into(), json!(oldest.to_string()));
        }
        meta.insert("result_count".into(), json!(ids.len()));
        if let Some(token) = &page.next {
            meta.insert("next_token".into(), json!(token));
        }
        given.body["meta"] = Value::Object(meta);
        given
    }

    fn rendered(&self, look: &Look, posts: &[&Post], mut errors: Vec<Value>) -> Given {
        let data: Vec<Value> = posts.iter().map(|post| look.post(self.world, post)).collect();
        let mut users: BTreeSet<u64> = BTreeSet::new();
        let mut others: BTreeSet<u64> = BTreeSet::new();
        let authors = look.expands("author_id") || look.expands("username");
        for post in posts {
            users.extend(authors.then_some(post.author));
            users.extend(post.in_reply_to.filter(|_| look.expands("in_reply_to_user_id")));
            if look.expands_references() {
                others.extend(post.references.iter().map(|(_, id)| *id));
            }
            if look.expands("referenced_tweets.id.author_id") {
                let author = |(_, id): &(_, u64)| self.world.posts.get(id).map(|post| post.author);
                users.extend(post.references.iter().filter_map(author));
            }
        }
        for private in ["non_public_metrics", "organic_metrics", "promoted_metrics"] {
            if look.post_field(private) {
                errors.extend(posts.iter().map(|post| {
                    let id = post.id.to_string();
                    let detail = format!("Sorry, you are not authorized to access {private} of [{id}].");
                    self.partial(
                        "not-authorized-for-field",
                        "Field Authorization Error",
                        detail,
                        "post",
                        ("id", &id),
                    )
                }));
            }
        }
        let (mut posts_in, mut users_in, mut includes) = (Vec::new(), Vec::new(), Vec::new());
        for id in others {
            let post = self.world.posts.get(&id).filter(|post| {
                post.deleted_ms.is_none_or(|gone| self.now < gone) && self.world.is_open(post.author)
            });
            if let Some(post) = post {
                posts_in.push(look.post(self.world, post));
                includes.push(Resource::Post(id));
            } else {
                let id = id.to_string();
                let detail = format!("Could not find post with referenced id: [{id}].");
                let parameter = look.word("referenced_tweets.id", "referenced_posts");
                errors.push(self.partial(
                    "resource-not-found",
                    "Not Found Error",
                    detail,
                    "post",
                    (parameter, &id),
                ));
            }
        }
        for account in users.iter().filter_map(|id| self.world.accounts.get(id)) {
            users_in.push(look.user(account));
            includes.push(Resource::User(account.id));
        }
        let mut included = Map::new();
        for (name, values) in [(look.word("tweets", "posts"), posts_in), ("users", users_in)] {
            if !values.is_empty() {
                included.insert(name.to_owned(), Value::Array(values));
            }
        }
        Given {
            body: body(Value::Array(data), errors, (!included.is_empty()).then_some(included)),
            data: posts.iter().map(|post| Resource::Post(post.id)).collect(),
            includes,
        }
    }
}

/// An answer with what there is of data, errors and includes.
pub(super) fn body(data: Value, errors: Vec<Value>, includes: Option<Map<String, Value>>) -> Value {
    let mut body = Map::new();
    if data.as_array().is_none_or(|data| !data.is_empty()) {
        body.insert("data".into(), data);
    }
    if let Some(includes) = includes {
        body.insert("includes".into(), Value::Object(includes));
    }
    if !errors.is_empty() {
        body.insert("errors".into(), Value::Array(errors));
    }
    Value::Object(body)
}

/// The same with the only thing found instead of a list of it.
fn first(mut given: Given) -> Given {
    if let Some(one) = given.body.get_mut("data").and_then(Value::as_array_mut).and_then(Vec::pop) {
        given.body["data"] = one;
    }
    given
}
