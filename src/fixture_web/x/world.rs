//! Accounts and posts: what exists, and what of it can be seen at a moment.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

/// The first millisecond of the id scheme, Unix time (docs/reference/x-api.md#ids).
pub const EPOCH_MS: i64 = 1_288_834_974_657;
/// A search reaches back so far, milliseconds: seven days (docs/reference/x-api.md#endpoints).
pub const SEARCH_REACH_MS: i64 = 7 * 24 * 3600 * 1000;

/// The smallest id of a moment, milliseconds since 1970 (docs/reference/x-api.md#ids).
#[must_use]
pub fn id_at(ms: i64) -> u64 {
    u64::try_from(ms - EPOCH_MS).unwrap_or(0) << 22
}

/// How an account stands with X.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Anybody can read it.
    #[default]
    Open,
    /// X took it down.
    Suspended,
    /// Its owner hides it from strangers.
    Protected,
    /// It does not exist any more.
    Gone,
}

/// An account.
#[derive(Debug, Clone)]
pub struct Account {
    /// Number that never changes.
    pub id: u64,
    /// Handle without `@`; can change.
    pub username: String,
    /// Name shown.
    pub name: String,
    /// Its profile text.
    pub description: String,
    /// Followers.
    pub followers: u64,
    /// Unix time of its creation, milliseconds.
    pub created_ms: i64,
    /// How it stands.
    pub standing: Standing,
    /// Countries that may not see it.
    pub withheld: Vec<String>,
}

/// How a post refers to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// It repeats it.
    Retweeted,
    /// It shows it with words of its own.
    Quoted,
    /// It answers it.
    RepliedTo,
}

/// A post, or one version of an edited one.
#[derive(Debug, Clone)]
pub struct Post {
    /// Chronological number.
    pub id: u64,
    /// Account it is of.
    pub author: u64,
    /// Unix time, milliseconds.
    pub created_ms: i64,
    /// From when search knows it.
    pub indexed_ms: i64,
    /// From when it is gone.
    pub deleted_ms: Option<i64>,
    /// From when a later version stands for it.
    pub replaced_ms: Option<i64>,
    /// Every version's id, oldest first, its own included.
    pub chain: Vec<u64>,
    /// The whole text, addresses written out.
    pub text: String,
    /// Language tag.
    pub lang: String,
    /// Other posts it speaks of.
    pub references: Vec<(Reference, u64)>,
    /// First post of its thread.
    pub conversation: u64,
    /// Whom it answers.
    pub in_reply_to: Option<u64>,
    /// Likes; the other counts derive from it.
    pub likes: u64,
    /// Countries that may not see it.
    pub withheld: Vec<String>,
}

impl Post {
    /// Whether it refers to another post in that way.
    pub fn is(&self, kind: Reference) -> bool {
        self.references.iter().any(|(known, _)| *known == kind)
    }

    /// Whether it exists and is the version to show at `now` (Unix milliseconds).
    pub fn stands(&self, now: i64) -> bool {
        self.created_ms <= now
            && self.deleted_ms.is_none_or(|gone| now < gone)
            && self.replaced_ms.is_none_or(|replaced| now < replaced)
    }
}

/// A list of accounts.
#[derive(Debug, Clone)]
pub struct List {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Who is on it.
    pub members: Vec<u64>,
}

/// What somebody publishes.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// Account it is of.
    pub author: u64,
    /// Unix time, milliseconds.
    pub at_ms: i64,
    /// Text.
    pub text: String,
    /// Language tag; `en` where empty.
    pub lang: String,
    /// Another post it speaks of.
    pub about: Option<(Reference, u64)>,
    /// How long search takes to learn of it.
    pub index_delay_ms: i64,
    /// How long it lives.
    pub lives_ms: Option<i64>,
    /// Likes.
    pub likes: u64,
}

/// All there is.
#[derive(Debug, Clone, Default)]
pub struct World {
    /// Accounts by number.
    pub accounts: BTreeMap<u64, Account>,
    /// Posts by number.
    pub posts: BTreeMap<u64, Post>,
    /// Lists.
    pub lists: Vec<List>,
    by_author: HashMap<u64, BTreeSet<u64>>,
}

impl World {
    /// The account with this handle, whatever its case.
    pub fn account(&self, username: &str) -> Option<&Account> {
        self.accounts.values().find(|account| {
            account.standing != Standing::Gone && account.username.eq_ignore_ascii_case(username)
        })
    }

    /// Whether strangers can read the account.
    pub fn is_open(&self, account: u64) -> bool {
        self.accounts.get(&account).is_some_and(|account| account.standing == Standing::Open)
    }

    /// Publishes a draft and gives its number: larger than that of every post of the same moment.
    pub fn publish(&mut self, draft: Draft) -> u64 {
        let first = id_at(draft.at_ms);
        let last = self.posts.range(first..first + (1 << 22)).next_back().map(|(id, _)| *id);
        let id = last.map_or(first + 1, |last| last + 1 + crate::fixture_web::random::mix(last) % 997);
        let target = draft.about.and_then(|(_, id)| self.posts.get(&id));
        let reply = matches!(draft.about, Some((Reference::RepliedTo, _)));
        let conversation = target.filter(|_| reply).map_or(id, |target| target.conversation);
        let in_reply_to = target.filter(|_| reply).map(|target| target.author);
        let post = Post {
            id,
            author: draft.author,
            created_ms: draft.at_ms,
            indexed_ms: draft.at_ms + draft.index_delay_ms,
            deleted_ms: draft.lives_ms.map(|lives| draft.at_ms + lives),
            replaced_ms: None,
            chain: vec![id],
            text: draft.text,
            lang: if draft.lang.is_empty() { "en".to_owned() } else { draft.lang },
            references: draft.about.into_iter().collect(),
            conversation,
            in_reply_to,
            likes: draft.likes,
            withheld: Vec::new(),
        };
        self.by_author.entry(post.author).or_default().insert(id);
        self.posts.insert(id, post);
        id
    }

    /// Puts a new version in the place of `id` and gives the version's number; `None` without such a post.
    pub fn edit(&mut self, id: u64, at_ms: i64, text: String) -> Option<u64> {
        let old = self.posts.get(&id)?.clone();
        let draft = Draft { author: old.author, at_ms, text, lang: old.lang.clone(), ..Draft::default() };
        let new = self.publish(draft);
        let mut chain = old.chain.clone();
        chain.push(new);
        for version in &old.chain {
            if let Some(post) = self.posts.get_mut(version) {
                post.chain.clone_from(&chain);
                post.replaced_ms = post.replaced_ms.or(Some(at_ms));
            }
        }
        let post = self.posts.get_mut(&new)?;
        post.chain = chain;
        post.references = old.references;
        post.conversation = old.conversation;
        post.in_reply_to = old.in_reply_to;
        post.likes = old.likes;
        post.deleted_ms = old.deleted_ms;
        Some(new)
    }

    /// Posts of an account with numbers in `low..high`, newest first.
    pub fn of(&self, author: u64, low: u64, high: u64) -> impl Iterator<Item = &Post> {
        let ids = self.by_author.get(&author).into_iter();
        ids.flat_map(move |ids| ids.range(low..high.max(low)).rev()).filter_map(|id| self.posts.get(id))
    }
}
