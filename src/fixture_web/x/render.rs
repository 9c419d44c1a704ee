//! Posts and users as JSON, in either dialect, with the fields asked for.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    api::{Asked, Dialect},
    entities::{self, Span},
    world::{Account, Post, Reference, World},
};
use crate::fixture_web::random;

/// Characters of a post's `text`; more is in its note (docs/reference/x-api.md#posts).
const SHORT: usize = 280;
/// Characters of a repost's `text` (docs/reference/x-api.md#posts).
const REPOST: usize = 140;
/// How long a post can be edited, milliseconds: 30 minutes (docs/reference/x-api.md#posts).
const EDITABLE_MS: i64 = 30 * 60 * 1000;
/// Characters of X's own short addresses.
const LINK: usize = 23;

/// How answers are to look.
pub struct Look<'a> {
    /// The dialect.
    pub dialect: Dialect,
    /// The request.
    pub asked: &'a Asked,
    /// Unix milliseconds by the server.
    pub now: i64,
}

/// Unix milliseconds as X writes them.
pub fn time(ms: i64) -> String {
    let at = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

impl Look<'_> {
    /// The word of this dialect.
    pub fn word(&self, tweet: &'static str, post: &'static str) -> &'static str {
        match self.dialect {
            Dialect::Tweet => tweet,
            Dialect::Post => post,
        }
    }

    /// Whether a field of posts was asked for.
    pub fn post_field(&self, name: &str) -> bool {
        self.asked.all(self.word("tweet.fields", "post.fields")).iter().any(|field| field == name)
    }

    /// Whether an expansion was asked for.
    pub fn expands(&self, name: &str) -> bool {
        self.asked.all("expansions").iter().any(|expansion| expansion == name)
    }

    /// Whether posts referred to are to be included.
    pub fn expands_references(&self) -> bool {
        self.expands(self.word("referenced_tweets.id", "referenced_posts"))
    }

    /// A user.
    pub fn user(&self, account: &Account) -> Value {
        let wanted = |name: &str| self.asked.all("user.fields").iter().any(|field| field == name);
        let mut user = Map::new();
        user.insert("id".into(), json!(account.id.to_string()));
        user.insert("name".into(), json!(account.name));
        user.insert("username".into(), json!(account.username));
        if wanted("created_at") {
            user.insert("created_at".into(), json!(time(account.created_ms)));
        }
        if wanted("description") {
            user.insert("description".into(), json!(account.description));
        }
        if wanted("protected") {
            user.insert("protected".into(), json!(false));
        }
        if wanted("verified") {
            user.insert("verified".into(), json!(account.followers >= 10_000));
        }
        if wanted("public_metrics") {
            let posts = self.word("tweet_count", "post_count");
            let metrics = json!({
                "followers_count": account.followers, "following_count": account.followers / 50 + 3,
                posts: account.followers / 7, "listed_count": account.followers / 90, "like_count": account.followers / 11,
            });
            user.insert("public_metrics".into(), metrics);
        }
        if wanted("withheld") && !account.withheld.is_empty() {
            user.insert("withheld".into(), json!({"country_codes": account.withheld, "scope": "user"}));
        }
        Value::Object(user)
    }

    /// A post.
    pub fn post(&self, world: &World, post: &Post) -> Value {
        let shown = Shown::new(world, post);
        let mut out = Map::new();
        out.insert("id".into(), json!(post.id.to_string()));
        out.insert("text".into(), json!(shown.text));
        let known = |id: &&u64| world.posts.get(id).is_some_and(|version| version.created_ms <= self.now);
        let chain: Vec<String> = post.chain.iter().filter(known).map(u64::to_string).collect();
        out.insert(self.word("edit_history_tweet_ids", "edit_history_post_ids").into(), json!(chain));
        if self.post_field("author_id") || self.expands("author_id") {
            out.insert("author_id".into(), json!(post.author.to_string()));
        }
        if self.expands("username")
            && let Some(author) = world.accounts.get(&post.author)
        {
            out.insert("username".into(), json!(author.username));
        }
        let referring = self.post_field("referenced_tweets") || self.expands_references();
        if referring && !post.references.is_empty() {
            let refer = |(kind, id): &(Reference, u64)| json!({"type": kind, "id": id.to_string()});
            let references: Vec<Value> = post.references.iter().map(refer).collect();
            out.insert(self.word("referenced_tweets", "referenced_posts").into(), json!(references));
        }
        if let Some(user) = post.in_reply_to
            && (self.post_field("in_reply_to_user_id") || self.expands("in_reply_to_user_id"))
        {
            out.insert("in_reply_to_user_id".into(), json!(user.to_string()));
        }
        self.plain_fields(world, post, &mut out);
        let entities = entities_json(world, &shown.text, &shown.links);
        if self.post_field("entities") && entities.as_object().is_some_and(|found| !found.is_empty()) {
            out.insert("entities".into(), entities);
        }
        if let Some(note) = shown.note
            && self.post_field(self.word("note_tweet", "note_post"))
        {
            let entities = entities_json(world, &note, &shown.links);
            let note = json!({"text": note, "entities": entities});
            out.insert(self.word("note_tweet", "note_post").into(), note);
        }
        Value::Object(out)
    }

    fn plain_fields(&self, world: &World, post: &Post, out: &mut Map<String, Value>) {
        let mut put = |name: &str, value: Value| {
            if self.post_field(name) {
                out.insert(name.to_owned(), value);
            }
        };
        put("created_at", json!(time(post.created_ms)));
        put("lang", json!(post.lang));
        put("conversation_id", json!(post.conversation.to_string()));
        put("possibly_sensitive", json!(false));
        let reposts = self.word("retweet_count", "repost_count");
        let metrics = json!({
            reposts: post.likes / 4, "reply_count": post.likes / 8, "like_count": post.likes,
            "quote_count": post.likes / 20, "bookmark_count": post.likes / 15, "impression_count": post.likes * 60,
        });
        put("public_metrics", metrics);
        let first = post.chain.first().and_then(|id| world.posts.get(id)).unwrap_or(post);
        let controls = json!({
            "edits_remaining": 5_usize.saturating_sub(post.chain.iter().filter(|id| **id < post.id).count()),
            "is_edit_eligible": post.references.is_empty(),
            "editable_until": time(first.created_ms + EDITABLE_MS),
        });
        put("edit_controls", controls);
        if !post.withheld.is_empty() {
            let scope = self.word("tweet", "post");
            put("withheld", json!({"copyright": false, "country_codes": post.withheld, "scope": scope}));
        }
    }
}

/// The text a post shows: its own, or that of what it repeats.
fn whole(world: &World, post: &Post) -> String {
    if !post.withheld.is_empty() {
        return "This post is not available in your country.".to_owned();
    }
    let repeated = post.references.iter().find(|(kind, _)| *kind == Reference::Retweeted);
    let Some(original) = repeated.and_then(|(_, id)| world.posts.get(id)) else { return post.text.clone() };
    let author = world.accounts.get(&original.author).map_or("", |author| author.username.as_str());
    format!("RT @{author}: {}", original.text)
}

/// A post's texts as X gives them.
struct Shown {
    /// The text, shortened where it is long.
    text: String,
    /// The whole text, where the other is shortened.
    note: Option<String>,
    /// Short addresses and what they stand for.
    links: Vec<(String, String)>,
}

impl Shown {
    fn new(world: &World, post: &Post) -> Self {
        let (text, mut links) = linked(&whole(world, post));
        let repost = post.is(Reference::Retweeted);
        let most = if repost { REPOST } else { SHORT };
        if text.chars().count() <= most {
            return Self { text, note: None, links };
        }
        if repost {
            let head: String = text.chars().take(most - 1).collect();
            return Self { text: format!("{head}…"), note: None, links };
        }
        let kept: String = text.chars().take(most - LINK - 3).collect();
        // Cut between words, so that no address is left as a stump.
        let kept = kept.rsplit_once(' ').map_or(kept.as_str(), |(head, _)| head);
        let own = format!("https://x.com/i/status/{}", post.id);
        let cut = format!("{kept}… {}", short(&own));
        links.push((short(&own), own));
        Self { text: cut, note: Some(text), links }
    }
}

/// What short addresses are made of.
const LETTERS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// X's own short address of `address`.
fn short(address: &str) -> String {
    let number = random::number(address);
    let letter = |at: u32| char::from(LETTERS[usize::try_from((number >> (6 * at)) % 36).unwrap_or(0)]);
    let tail: String = (0..10).map(letter).collect();
    format!("https://t.co/{tail}")
}

/// A text with short addresses, and what they stand for.
fn linked(text: &str) -> (String, Vec<(String, String)>) {
    let mut out = text.to_owned();
    let mut found = Vec::new();
    for span in entities::find(text).urls {
        let address = short(&span.value);
        out = out.replacen(&span.value, &address, 1);
        found.push((address, span.value));
    }
    (out, found)
}

fn entities_json(world: &World, text: &str, links: &[(String, String)]) -> Value {
    let found = entities::find(text);
    let mut out = Map::new();
    let tags = |spans: &[Span]| -> Vec<Value> {
        spans.iter().map(|span| json!({"start": span.start, "end": span.end, "tag": span.value})).collect()
    };
    let mention = |span: &Span| {
        let id = world.account(&span.value).map(|account| account.id.to_string());
        let mut mention = json!({"start": span.start, "end": span.end, "username": span.value});
        if let Some(id) = id {
            mention["id"] = json!(id);
        }
        mention
    };
    let url = |span: &Span| {
        let expanded = links.iter().find(|(short, _)| *short == span.value).map(|(_, long)| long.as_str());
        let expanded = expanded.unwrap_or(&span.value);
        let display: String = expanded.split("://").nth(1).unwrap_or(expanded).chars().take(26).collect();
        json!({"start": span.start, "end": span.end, "url": span.value, "expanded_url": expanded, "display_url": display})
    };
    let mut put = |name: &str, values: Vec<Value>| {
        if !values.is_empty() {
            out.insert(name.to_owned(), Value::Array(values));
        }
    };
    put("urls", found.urls.iter().map(url).collect());
    put("hashtags", tags(&found.hashtags));
    put("cashtags", tags(&found.cashtags));
    put("mentions", found.mentions.iter().map(mention).collect());
    Value::Object(out)
}
